"""
Orders of our own box office: placing them and bringing them from state to state.

Each function belongs into a transaction that has locked the show (`seats.lock_show`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ticketsync.boxoffice import codes, transitions
from ticketsync.boxoffice.placed_orders import (
    ISSUED,
    PAID,
    PENDING,
    RESERVED,
    VOID,
    OrderedTicket,
    PlacedOrder,
    discounted,
    get_order_by_id,
    sum_taxes,
)
from ticketsync.boxoffice.price_tiers import Tier
from ticketsync.boxoffice.shows_on_sale import ShowOnSale
from ticketsync.core import digest, errors
from ticketsync.core.redact import Secret
from ticketsync.store import row_locks
from ticketsync.store.boxoffice_states import ORDER, TICKET
from ticketsync.store.tables.boxoffice import (
    boxoffice_order_lines,
    boxoffice_orders,
    boxoffice_tickets,
)
from ticketsync.store.upsert import insert_new

_DRAWS = 8  # of a reference, until one is free


def create(
    connection: Connection,
    show: ShowOnSale,
    now: datetime,
    *,
    channel: str,
    held_until: datetime,
    buyer_key: str = "",
    member_id: int | None = None,
    till_id: int | None = None,
    note: str = "",
) -> int:
    """
    Place an order without tickets; returns our id of it.

    Raises: `Busy` where no reference is free.
    """
    row = {
        "show_id": show.show_id,
        "channel": channel,
        "buyer_key": buyer_key,
        "member_id": member_id,
        "till_id": till_id,
        "held_until": held_until,
        "total": 0,
        "currency": show.currency,
        "note": note,
    }
    return _place(connection, row, now)


def create_for_voucher(
    connection: Connection,
    occurrence_id: int,
    price: int,
    currency: str,
    now: datetime,
    *,
    channel: str,
    note: str = "",
) -> int:
    """
    Place an order that sells a voucher; returns our id of it. `occurrence_id` is our id
    of what vouchers are listed as. It holds nothing: it is paid at once.

    Raises: `Busy` where no reference is free.
    """
    row = {
        "occurrence_id": occurrence_id,
        "channel": channel,
        "held_until": now,
        "total": price,
        "currency": currency,
        "note": note,
    }
    return _place(connection, row, now)


def _place(connection: Connection, values: Mapping[str, Any], now: datetime) -> int:
    row = {**values, "state": PENDING, "created_at": now}
    for _ in range(_DRAWS):
        new = {**row, "reference": codes.new_reference()}
        order_id = insert_new(connection, boxoffice_orders, new)
        if order_id is not None:
            transitions.record(connection, ORDER, order_id, "", PENDING, now)
            return order_id
    raise errors.Busy(
        "No reference is free for another order.", hint="Run the command again."
    )


def lock(connection: Connection, order_ids: Iterable[int]) -> None:
    """
    Block everybody else who changes these orders of no show, until the transaction
    ends: other ones are locked with their show.
    """
    row_locks.lock(connection, boxoffice_orders, order_ids)


def set_basket(
    connection: Connection,
    order: PlacedOrder,
    tiers: Sequence[Tier],
    wanted: Mapping[int, int],
    now: datetime,
) -> None:
    """
    Give a pending order so many tickets of each tier; those that are too many leave the
    basket, their numbers are not used again.
    """
    held = order.wanted
    for tier_id in held:
        too_many = held[tier_id] - wanted.get(tier_id, 0)
        mine = [it for it in order.tickets if it.state == RESERVED]
        mine = [it for it in mine if it.tier.id == tier_id]
        for ticket in mine[len(mine) - max(0, too_many) :]:
            transitions.change_state(
                *(connection, TICKET, ticket.id, RESERVED, VOID, now), voided_at=now
            )
    more = {tier_id: count - held.get(tier_id, 0) for tier_id, count in wanted.items()}
    prices = {tier.id: tier.price for tier in tiers}
    _add_tickets(connection, order.id, len(order.tickets), prices, more, now)
    _clear_lines(connection, order.id)
    _write_lines(connection, get_order_by_id(connection, order.id))


def fill_basket(
    connection: Connection,
    order_id: int,
    tiers: Sequence[Tier],
    wanted: Mapping[int, int],
    now: datetime,
    *,
    is_free: bool = False,
) -> PlacedOrder:
    """
    Give an order that was just placed so many tickets of each tier; returns the order
    with them. `is_free`: they cost nothing.
    """
    prices = {tier.id: 0 if is_free else tier.price for tier in tiers}
    _add_tickets(connection, order_id, 0, prices, wanted, now)
    return _write_lines(connection, get_order_by_id(connection, order_id))


def _add_tickets(
    connection: Connection,
    order_id: int,
    number: int,
    prices: Mapping[int, int],
    wanted: Mapping[int, int],
    now: datetime,
) -> None:
    """
    Add so many tickets of each tier to an order that has `number` of them.
    """
    tier_ids = [id_ for id_, count in wanted.items() for _ in range(count)]
    rows = [
        {
            "order_id": order_id,
            "tier_id": tier_id,
            "number": place,
            "state": RESERVED,
            "price": prices[tier_id],
        }
        for place, tier_id in enumerate(tier_ids, number + 1)
    ]
    if rows:
        added = insert(boxoffice_tickets).returning(boxoffice_tickets.c.id)
        ids = sorted(connection.scalars(added, rows))
        transitions.record_all(connection, TICKET, ids, "", RESERVED, now)


def name_member(
    connection: Connection, order_id: int, member_id: int | None, buyer_key: str
) -> None:
    """
    Record for which member a pending order is.
    """
    connection.execute(
        update(boxoffice_orders)
        .where(boxoffice_orders.c.id == order_id)
        .values(member_id=member_id, buyer_key=buyer_key)
    )


def make_free(
    connection: Connection, order: PlacedOrder, channel: str, note: str
) -> None:
    """
    Let the tickets of a pending order cost nothing.
    """
    connection.execute(
        update(boxoffice_tickets)
        .where(boxoffice_tickets.c.order_id == order.id)
        .values(price=0)
    )
    connection.execute(
        update(boxoffice_orders)
        .where(boxoffice_orders.c.id == order.id)
        .values(channel=channel, note=note)
    )
    _clear_lines(connection, order.id)
    _write_lines(connection, get_order_by_id(connection, order.id))


def take_off(connection: Connection, order: PlacedOrder, amount: int) -> int:
    """
    Take so much off the prices of a pending order, divided by price; returns what that
    was, which is not more than they come to.
    """
    before = order.basket
    after = discounted(before, amount)
    for ticket in after:
        connection.execute(
            update(boxoffice_tickets)
            .where(boxoffice_tickets.c.id == ticket.id)
            .values(price=ticket.price, discount=ticket.discount)
        )
    _clear_lines(connection, order.id)
    _write_lines(connection, get_order_by_id(connection, order.id))
    return sum(ticket.price for ticket in before) - sum(it.price for it in after)


def _clear_lines(connection: Connection, order_id: int) -> None:
    mine = boxoffice_order_lines.c.order_id == order_id
    connection.execute(delete(boxoffice_order_lines).where(mine))


def _write_lines(connection: Connection, order: PlacedOrder) -> PlacedOrder:
    """
    The lines and the total of an order that has none, from its tickets; returns the
    order with its total.
    """
    rows = lines_of(order)
    if rows:
        connection.execute(insert(boxoffice_order_lines), rows)
    total = sum(ticket.due for ticket in order.basket)
    connection.execute(
        update(boxoffice_orders)
        .where(boxoffice_orders.c.id == order.id)
        .values(total=total)
    )
    return replace(order, total=total)


def lines_of(order: PlacedOrder) -> list[dict[str, Any]]:
    """
    The rows of its lines: its tickets by tier.
    """
    by_tier: dict[int, list[OrderedTicket]] = {}
    for ticket in order.basket:
        by_tier.setdefault(ticket.tier.id, []).append(ticket)
    return [
        {
            "order_id": order.id,
            "tier_id": tier_id,
            "quantity": len(tickets),
            "unit_price": max(ticket.price + ticket.discount for ticket in tickets),
            "discount": sum(ticket.discount for ticket in tickets),
            "tax": sum_taxes(tickets),
        }
        for tier_id, tickets in by_tier.items()
    ]


def extend(
    connection: Connection,
    order: PlacedOrder,
    held_until: datetime,
    now: datetime,
    reason: str,
) -> None:
    """
    Record that a pending order is held until another instant, or has another basket.
    """
    transitions.change_state(
        *(connection, ORDER, order.id, PENDING, PENDING, now),
        reason=reason,
        held_until=held_until,
    )


def mark_paid(
    connection: Connection,
    order: PlacedOrder,
    now: datetime,
    *,
    till_id: int | None = None,
) -> None:
    """
    Record that an order was paid; with a till session, in that one.
    """
    transitions.change_state(
        *(connection, ORDER, order.id, order.state, PAID, now),
        till_id=order.till_id if till_id is None else till_id,
        paid_at=now,
        ended_at=None,
        buyer_key="",
    )


def end(
    connection: Connection,
    order: PlacedOrder,
    to_state: str,
    now: datetime,
    reason: str,
) -> None:
    """
    End an order: pending ones expire or are cancelled, a paid one is refunded.
    """
    transitions.change_state(
        *(connection, ORDER, order.id, order.state, to_state, now),
        reason=reason,
        ended_at=now,
        end_reason=reason,
        buyer_key="",
    )


def issue_tickets(
    connection: Connection, order: PlacedOrder, key: Secret, now: datetime
) -> dict[int, str]:
    """
    Issue the tickets of an order; returns the codes by the tickets' numbers.
    """
    reserved = [ticket for ticket in order.tickets if ticket.state == RESERVED]
    issued = {it.number: code_of(order, it, key) for it in reserved}
    digests = {
        it.id: {"code": digest.code_as_scanned(issued[it.number])} for it in reserved
    }
    transitions.change_states(connection, TICKET, digests, RESERVED, ISSUED, now)
    return issued


def code_of(order: PlacedOrder, ticket: OrderedTicket, key: Secret) -> str:
    """
    The code that a ticket is scanned by.
    """
    return codes.ticket_code(key, order.reference, ticket.number, ticket.issue_number)


def void_tickets(
    connection: Connection,
    tickets: Collection[OrderedTicket],
    now: datetime,
    reason: str,
) -> None:
    """
    Void issued tickets: they admit nobody any more. Their money is another matter.
    """
    for ticket in tickets:
        transitions.change_state(
            *(connection, TICKET, ticket.id, ISSUED, VOID, now),
            reason=reason,
            voided_at=now,
        )


def list_ended_holds(
    connection: Connection, now: datetime, show_id: int | None = None
) -> list[tuple[int, int]]:
    """
    The pending orders whose time is over: show and order, by our ids.
    """
    query = select(boxoffice_orders.c.show_id, boxoffice_orders.c.id).where(
        boxoffice_orders.c.state == PENDING, boxoffice_orders.c.held_until <= now
    )
    if show_id is not None:
        query = query.where(boxoffice_orders.c.show_id == show_id)
    return [(int(show), int(order)) for show, order in connection.execute(query)]
