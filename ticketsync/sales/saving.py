"""
Saving orders, tickets, refunds and fees, a page at a time.

Only changes are written. An order is never deleted: one that vanished is marked and
still counts, because absence is not proof of a refund.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    delete,
    select,
    update,
)

from ticketsync.core import records
from ticketsync.core.digest import CODE
from ticketsync.sales import refunds
from ticketsync.sales.allocation import (
    AllocatedOrder,
    IncomingTicket,
    TicketAllocation,
)
from ticketsync.sales.charged_parts import NO_PARTS, ChargedParts
from ticketsync.sales.refunds import Moment
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.sales import fees, orders, tickets
from ticketsync.store.upsert import known, upsert, upsert_rows

DELISTED = "the platform no longer lists this order; it still counts"
_KEY = ["account_id", "provider_id"]


@dataclass(slots=True)
class SavedOrders:
    """
    How many orders were written, and the occurrences (our ids) they belong to.
    """

    created: int = 0
    updated: int = 0
    touched: set[int] = field(default_factory=set)


def save_orders(
    connection: Connection,
    account_id: int,
    incoming: Sequence[AllocatedOrder],
    occurrences: dict[str, int],
    now: datetime,
    *,
    zone: str,
) -> SavedOrders:
    """
    Save these orders; of duplicates the last one. `occurrences` maps the platform's
    occurrence ids to ours, `zone` decides on which calendar day a refund was made.

    Raises: `KeyError` for an occurrence that is not among them.
    """
    saved = SavedOrders()
    if not incoming:
        return saved
    incoming = list({item.order.id: item for item in incoming}.values())
    _lock_account(connection, account_id)
    order_ids = [item.order.id for item in incoming]
    before = _read_order_ids(connection, account_id, order_ids)
    upsert_rows(
        connection,
        orders,
        _ORDER,
        [_order_row(account_id, item, occurrences) for item in incoming],
        key=_KEY,
    )
    new = [id_ for id_ in order_ids if id_ not in before]
    row_of = before | _read_order_ids(connection, account_id, new)
    saved.updated = len(before)
    saved.created = len(incoming) - saved.updated
    void_tickets: dict[int, frozenset[str]] = {}
    if before:
        touched, void_tickets = _reset_tickets(connection, list(before.values()))
        saved.touched |= touched
    ticket_rows = [
        _ticket_row(
            account_id,
            row_of[item.order.id],
            item.order.currency,
            share,
            occurrences[share.occurrence_id],
        )
        for item in incoming
        for share in item.shares
    ]
    upsert_rows(connection, tickets, _TICKET, ticket_rows, key=_KEY)
    place = _TICKET.index("occurrence_id")
    saved.touched |= {row[place] for row in ticket_rows}
    moment = Moment(now, zone)
    refunds.save_movements(
        connection, account_id, incoming, row_of, void_tickets, moment
    )
    _save_fees(connection, incoming, row_of, occurrences)
    return saved


def save_loose_tickets(
    connection: Connection,
    account_id: int,
    incoming: Sequence[IncomingTicket],
    occurrences: dict[str, int],
) -> SavedOrders:
    """
    Save tickets that belong to no order.
    """
    rows = [_loose_row(account_id, item, occurrences) for item in incoming]
    ids = [row["provider_id"] for row in rows]
    before = known(connection, tickets, account_id, ids, "occurrence_id")
    upsert(connection, tickets, rows, key=_KEY)
    left = {row.occurrence_id for row in before.values()}
    return SavedOrders(
        created=len(rows) - len(before),
        updated=len(before),
        touched={row["occurrence_id"] for row in rows} | left,
    )


def restore_delisted_tickets(
    source: Connection, target: Connection, account_id: int, ticket_ids: Iterable[str]
) -> None:
    """
    Copy tickets that left their orders to another database: a new read of the order
    does not contain them.
    """
    for id_ in ticket_ids:
        this = and_(tickets.c.account_id == account_id, tickets.c.provider_id == id_)
        row = source.execute(select(tickets).where(this)).mappings().one()
        values = {k: v for k, v in row.items() if k not in ("id", "order_id")}
        target.execute(update(tickets).where(this).values(**values))


def mark_delisted(
    connection: Connection, account_id: int, provider_ids: Iterable[str], now: datetime
) -> None:
    """
    Mark orders that a complete read no longer returned; they still count.
    """
    delisted = [
        {"b_account": account_id, "b_id": id_, "b_now": now} for id_ in provider_ids
    ]
    if delisted:
        statement = (
            update(orders)
            .where(
                orders.c.account_id == bindparam("b_account"),
                orders.c.provider_id == bindparam("b_id"),
            )
            .values(
                gone_since=bindparam("b_now"),
                doubt=DELISTED,
            )
        )
        connection.execute(statement, delisted)


def _lock_account(connection: Connection, account_id: int) -> None:
    """
    Block others that save orders of this account until this transaction ends: rows are
    read before they are written, and must not change in between.

    SQLite has one writer at a time anyway. Rows may still refer to the account.
    """
    if connection.dialect.name == "postgresql":
        ours = select(accounts.c.id).where(accounts.c.id == account_id)
        connection.execute(ours.with_for_update(key_share=True))


def _read_order_ids(
    connection: Connection, account_id: int, order_ids: Iterable[str]
) -> dict[str, int]:
    """
    Our ids of those of these orders that are stored.
    """
    rows = known(connection, orders, account_id, order_ids, "id")
    return {id_: int(row.id) for id_, row in rows.items()}


_GONE = {
    "face": 0,
    "discount": 0,
    "charged": 0,
    "refunded": 0,
    "tax": 0,
    "tax_remitted": 0,
    "fees": None,
    "is_sold": False,
    "is_comp": False,
    "is_refunded": False,
    "is_checked_in": False,
    "status": "gone",
    **msgspec.structs.asdict(NO_PARTS),
}


def _reset_tickets(
    connection: Connection, order_rows: list[int]
) -> tuple[set[int], dict[int, frozenset[str]]]:
    """
    Reset the amounts of the tickets of orders that are about to be written again;
    returns their occurrences, and which tickets of each order were void.

    Those still in the order are written again at once; the others stay as `gone`.
    """
    ours = tickets.c.order_id.in_(order_rows)
    held = select(
        tickets.c.order_id,
        tickets.c.occurrence_id,
        tickets.c.provider_id,
        tickets.c.status,
    )
    touched = set()
    void: dict[int, set[str]] = {row: set() for row in order_rows}
    for order, occurrence, id_, status in connection.execute(held.where(ours)):
        touched.add(int(occurrence))
        if status == records.TicketStatus.VOID:
            void[order].add(id_)
    connection.execute(update(tickets).where(ours).values(**_GONE))
    connection.execute(delete(fees).where(fees.c.order_id.in_(order_rows)))
    return touched, {order: frozenset(ids) for order, ids in void.items()}


_ORDER = (
    *("account_id", "provider_id", "occurrence_id", "status", "placed_at"),
    *("currency", "total", "charged", "refunded", "credited", "channel"),
    *("payment_reference", "doubt", "gone_since", "content", "promo_code"),
    *("tax_on_top", "buyer_fees", "addons", "donations", "vouchers"),
)


def _order_row(
    account_id: int, item: AllocatedOrder, occurrences: dict[str, int]
) -> tuple[Any, ...]:
    order, parts = item.order, item.parts
    occurrence = order.occurrence_id
    return (
        account_id,
        order.id,
        None if occurrence is None else occurrences[occurrence],
        order.status.value,
        order.placed_at,
        order.currency,
        order.total,
        order.charged,
        sum([refund.amount for refund in order.refunds]),
        order.credited,
        order.channel,
        order.payment_reference,
        order.doubt,
        None,
        item.content,
        order.promo_code,
        order.tax_on_top or bool(parts.tax_added),
        parts.buyer_fee,
        parts.addons,
        parts.donation,
        parts.voucher,
    )


_TICKET = (
    *("account_id", "provider_id", "order_id", "occurrence_id", "kind", "status"),
    *("type_id", "type_name", "currency"),
    *("is_sold", "is_comp", "is_refunded", "is_checked_in"),
    *("face", "discount", "charged", "refunded", "tax", "tax_remitted", "fees"),
    *("content", "code", "second_code", "voided_at", "seat"),
    *ChargedParts.__struct_fields__,
)


def _ticket_row(
    account_id: int,
    order_row: int,
    currency: str,
    share: TicketAllocation,
    occurrence: int,
) -> tuple[Any, ...]:
    return (
        account_id,
        share.id,
        order_row,
        occurrence,
        share.kind,
        share.status,
        share.type_id,
        share.type_name,
        currency,
        share.is_sold,
        share.is_comp,
        share.is_refunded,
        share.is_checked_in,
        share.face,
        share.discount,
        share.charged,
        share.refunded,
        share.tax,
        share.tax_remitted,
        share.fees,
        None,
        _code(share.code),
        _code(share.second_code),
        share.voided_at,
        share.seat,
        *msgspec.structs.astuple(share.parts),
    )


def _loose_row(
    account_id: int, item: IncomingTicket, occurrences: dict[str, int]
) -> dict[str, Any]:
    ticket = item.loose.ticket
    is_valid = ticket.status is records.TicketStatus.VALID
    return {
        "account_id": account_id,
        "provider_id": ticket.id,
        "order_id": None,
        "occurrence_id": occurrences[ticket.occurrence_id],
        "kind": "admission",
        "status": ticket.status.value,
        "type_id": ticket.type_id,
        "type_name": ticket.type_name,
        "currency": item.currency,
        "is_sold": is_valid,
        "is_comp": is_valid and not ticket.listed,
        "is_refunded": False,
        "is_checked_in": is_valid and ticket.checked_in,
        "code": _code(ticket.code),
        "second_code": _code(ticket.second_code),
        "face": 0,
        "discount": 0,
        "charged": 0,
        "refunded": 0,
        "tax": 0,
        "tax_remitted": 0,
        "fees": None,
        "content": item.content,
        "voided_at": ticket.voided_at,
        "seat": ticket.seat,
        **msgspec.structs.asdict(NO_PARTS),
    }


def _code(digest: str | None) -> bytes | None:
    return bytes.fromhex(digest.removeprefix(CODE)) if digest else None


def _save_fees(
    connection: Connection,
    incoming: Sequence[AllocatedOrder],
    row_of: dict[str, int],
    occurrences: dict[str, int],
) -> None:
    rows = [
        {
            "order_id": row_of[item.order.id],
            "occurrence_id": occurrences[fee.occurrence_id],
            "name": fee.name,
            "amount": fee.amount,
            "tax": fee.tax,
        }
        for item in incoming
        for fee in item.fees
    ]
    upsert(connection, fees, rows, key=["order_id", "occurrence_id", "name"])
