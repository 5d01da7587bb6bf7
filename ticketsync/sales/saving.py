"""
Saving orders, tickets, refunds and fees, a page at a time.

Only changes are written. An order is never deleted: one that vanished is marked and
still counts, because absence is not proof of a refund.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    select,
    update,
)

from ticketsync.core import records
from ticketsync.core.digest import CODE
from ticketsync.sales import refunds, superseded_versions
from ticketsync.sales.allocation import (
    AllocatedOrder,
    IncomingTicket,
    TicketAllocation,
)
from ticketsync.sales.charged_parts import NO_PARTS, ChargedParts
from ticketsync.sales.refunds import Moment
from ticketsync.sales.superseded_versions import HeldOrder, HeldTicket, Superseded
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.sales import fees, orders, tickets
from ticketsync.store.upsert import known, upsert, upsert_rows

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
    before = superseded_versions.read_orders(connection, account_id, order_ids)
    superseded = Superseded(now)
    _save_order_rows(connection, account_id, incoming, occurrences, before, superseded)
    new = [id_ for id_ in order_ids if id_ not in before]
    row_of = {id_: held.id for id_, held in before.items()}
    row_of |= _read_order_ids(connection, account_id, new)
    saved.updated = len(before)
    saved.created = len(incoming) - saved.updated
    ticket_rows = [
        _ticket_row(
            account_id,
            row_of[item.order.id],
            item.order.currency,
            share,
            occurrences[share.occurrence_id],
            now,
        )
        for item in incoming
        for share in item.shares
    ]
    held = _read_tickets(connection, account_id, before, ticket_rows)
    _save_ticket_rows(connection, ticket_rows, held, superseded)
    saved.touched = {row[_OCCURRENCE] for row in ticket_rows}
    saved.touched |= {row.version[_HELD_OCCURRENCE] for row in held.values()}
    moment = Moment(now, zone)
    were = _void_tickets(before.values(), held), _refunded(before.values(), held)
    refunds.save_movements(
        connection, account_id, incoming, row_of, occurrences, *were, moment
    )
    _save_fees(connection, incoming, before, row_of, occurrences)
    superseded.write(connection)
    return saved


def save_loose_tickets(
    connection: Connection,
    account_id: int,
    incoming: Sequence[IncomingTicket],
    occurrences: dict[str, int],
    now: datetime,
) -> SavedOrders:
    """
    Save tickets that belong to no order.
    """
    rows = [_loose_row(account_id, item, occurrences) for item in incoming]
    ids = [row["provider_id"] for row in rows]
    held = superseded_versions.read_tickets(connection, account_id, ids)
    superseded = Superseded(now)
    for row in rows:
        version = tuple(row[name] for name in superseded_versions.TICKET)
        before = held.get(row["provider_id"])
        row["known_from"] = superseded.ticket(before, version)
    upsert(connection, tickets, rows, key=_KEY)
    superseded.write(connection)
    left = {row.version[_HELD_OCCURRENCE] for row in held.values()}
    return SavedOrders(
        created=len(rows) - len(held),
        updated=len(held),
        touched={row["occurrence_id"] for row in rows} | left,
    )


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


_NO_MONEY = {
    "face": 0,
    "discount": 0,
    "charged": 0,
    "refunded": 0,
    "tax": 0,
    "tax_remitted": 0,
    "fees": None,
    **msgspec.structs.asdict(NO_PARTS),
}
_GONE = {
    **_NO_MONEY,
    "is_sold": False,
    "is_comp": False,
    "is_refunded": False,
    "is_checked_in": False,
    "status": "gone",
}


def _save_order_rows(
    connection: Connection,
    account_id: int,
    incoming: Sequence[AllocatedOrder],
    occurrences: dict[str, int],
    before: Mapping[str, HeldOrder],
    superseded: Superseded,
) -> None:
    """
    Save the orders themselves, each with when what it says was known.
    """
    held_fees = superseded_versions.read_fees(
        connection, [held.id for held in before.values()]
    )
    rows = []
    for item in incoming:
        row = _order_row(account_id, item, occurrences)
        known_from = superseded.now
        if held := before.get(item.order.id):
            version = tuple([row[place] for place in _ORDER_VERSION])
            known_from = superseded.order(
                held,
                version,
                held_fees.get(held.id, frozenset()),
                superseded_versions.fee_versions(_fee_rows(held.id, item, occurrences)),
            )
        rows.append((*row, known_from))
    upsert_rows(connection, orders, (*_ORDER, "known_from"), rows, key=_KEY)


def _read_tickets(
    connection: Connection,
    account_id: int,
    before: Mapping[str, HeldOrder],
    rows: Iterable[tuple[Any, ...]],
) -> dict[str, HeldTicket]:
    """
    The stored tickets of these orders, and those of `rows` that were another order's or
    nobody's.
    """
    held = superseded_versions.read_tickets_of(
        connection, [row.id for row in before.values()]
    )
    others = [id_ for row in rows if (id_ := row[_PROVIDER_ID]) not in held]
    return held | superseded_versions.read_tickets(connection, account_id, others)


def _save_ticket_rows(
    connection: Connection,
    rows: Iterable[tuple[Any, ...]],
    held: Mapping[str, HeldTicket],
    superseded: Superseded,
) -> None:
    """
    Save these tickets, each with when what it says was known. Those that were held and
    are not among them have left their order: they stay, without their amounts.
    """
    written = {row[_PROVIDER_ID]: row for row in rows}
    for id_, before in held.items():
        if row := written.get(id_):
            version = tuple([row[place] for place in _TICKET_VERSION])
            written[id_] = (*row[:-1], superseded.ticket(before, version))
    upsert_rows(connection, tickets, _TICKET, list(written.values()), key=_KEY)
    left = []
    for before in (row for id_, row in held.items() if id_ not in written):
        version = tuple(
            _GONE.get(name, value)
            for name, value in zip(
                superseded_versions.TICKET, before.version, strict=True
            )
        )
        known_from = superseded.ticket(before, version)
        left.append({"b_id": before.id, "b_known": known_from})
    if left:
        connection.execute(
            update(tickets)
            .where(tickets.c.id == bindparam("b_id"))
            .values(known_from=bindparam("b_known"), **_GONE),
            left,
        )


def _refunded(
    before: Iterable[HeldOrder], held: Mapping[str, HeldTicket]
) -> dict[int, dict[refunds.Part, int]]:
    """
    What had gone back of each part of each order.
    """
    found: dict[int, dict[refunds.Part, int]] = {order.id: {} for order in before}
    for row in held.values():
        order_id, occurrence, kind, amount = _HELD_REFUND(row.version)
        if amount and order_id in found:
            part = occurrence, kind == records.LineKind.VOUCHER_SALE
            parts = found[order_id]
            parts[part] = parts.get(part, 0) + amount
    return found


def _void_tickets(
    before: Iterable[HeldOrder], held: Mapping[str, HeldTicket]
) -> dict[int, frozenset[str]]:
    """
    Which tickets of each order were void.
    """
    void: dict[int, set[str]] = {order.id: set() for order in before}
    for id_, row in held.items():
        order = row.version[_HELD_ORDER]
        if order in void and row.version[_HELD_STATUS] == records.TicketStatus.VOID:
            void[order].add(id_)
    return {order: frozenset(ids) for order, ids in void.items()}


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
    "known_from",
)
_PROVIDER_ID, _OCCURRENCE = map(_TICKET.index, ("provider_id", "occurrence_id"))
_HELD_REFUND = itemgetter(
    *map(
        superseded_versions.TICKET.index,
        ("order_id", "occurrence_id", "kind", "refunded"),
    )
)
_HELD_ORDER, _HELD_OCCURRENCE, _HELD_STATUS = map(
    superseded_versions.TICKET.index, ("order_id", "occurrence_id", "status")
)
_ORDER_VERSION = [_ORDER.index(name) for name in superseded_versions.ORDER]
_TICKET_VERSION = [_TICKET.index(name) for name in superseded_versions.TICKET]


def _ticket_row(
    account_id: int,
    order_row: int,
    currency: str,
    share: TicketAllocation,
    occurrence: int,
    known_from: datetime,
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
        known_from,
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
        "kind": records.LineKind.ADMISSION.value,
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
        **_NO_MONEY,
        "content": item.content,
        "voided_at": ticket.voided_at,
        "seat": ticket.seat,
    }


def _code(digest: str | None) -> bytes | None:
    return bytes.fromhex(digest.removeprefix(CODE)) if digest else None


def _fee_rows(
    order_row: int, item: AllocatedOrder, occurrences: Mapping[str, int]
) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order_row,
            "occurrence_id": occurrences[fee.occurrence_id],
            "name": fee.name,
            "amount": fee.amount,
            "tax": fee.tax,
        }
        for fee in item.fees
    ]


def _save_fees(
    connection: Connection,
    incoming: Sequence[AllocatedOrder],
    before: Mapping[str, HeldOrder],
    row_of: Mapping[str, int],
    occurrences: Mapping[str, int],
) -> None:
    old = [held.id for held in before.values()]
    if old:
        connection.execute(delete(fees).where(fees.c.order_id.in_(old)))
    rows = [
        row
        for item in incoming
        for row in _fee_rows(row_of[item.order.id], item, occurrences)
    ]
    upsert(connection, fees, rows, key=["order_id", "occurrence_id", "name"])
