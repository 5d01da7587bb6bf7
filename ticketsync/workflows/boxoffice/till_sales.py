"""
What a till does with a basket. A basket is a held order: its seats are allocated at the
first key, so that "sold out" is said before money is on the table, and every change
keeps the hold and the member. Each function is one transaction (`box_office.sale_of`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ticketsync.boxoffice import (
    basket,
    members,
    orders,
    placed_orders,
    refusals,
    seats,
    shows_on_sale,
    tills,
    vouchers,
)
from ticketsync.boxoffice.placed_orders import CANCELLED, PENDING, PlacedOrder
from ticketsync.boxoffice.tills import TillSession
from ticketsync.boxoffice.vouchers import Voucher
from ticketsync.core import clock, errors
from ticketsync.core.records import People, Person
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.box_office import (
    BoxOffice,
    Sale,
    end_hold,
    find_order,
    refuse_ended,
    sale_of,
)
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import NOBODY, Sold, Tender


def change_basket(
    office: BoxOffice, reference: str, wanted: Mapping[str, int], *, member: str = ""
) -> PlacedOrder:
    """
    Let a held order have so many seats of each tier instead, by the tiers' names, all
    of them or none; its hold begins anew, as long as it may be extended. It stays the
    order of its member, or with a number becomes that of another one.

    Raises: `SaleRefused` by name; then the order is as it was.
    """
    show_id, order_id = find_order(office, reference)
    with sale_of(office, show_id) as sale:
        connection, show, now = sale.connection, sale.show, sale.now
        order = sale.read(order_id)
        sell.refuse_ended_hold(order, now)
        numbers = basket.by_tier_id(show, sale.tiers, wanted)
        held_until = sell.longer_hold(show, order, now)
        seats.free_seats(connection, order_id)
        member_id = basket.refuse(
            *(connection, show, sale.tiers, numbers, member, now),
            member_id=order.member_id,
        )
        if member:
            _name_member(sale, order, member, member_id)
        _allocate(sale, order_id, numbers, held_until)
        orders.set_basket(connection, order, sale.tiers, numbers, now)
        orders.extend(connection, order, held_until, now, "another basket")
    return sale.saved[order_id]


def _allocate(
    sale: Sale, order_id: int, numbers: Mapping[int, int], held_until: datetime
) -> None:
    """
    Raises: `SaleRefused` (`event-full`, `tier-full`); what is left is with the seats
    that the basket has already.
    """
    connection, show, tiers = sale.connection, sale.show, sale.tiers
    try:
        seats.allocate(connection, show, tiers, order_id, numbers, held_until, sale.now)
    except errors.SaleRefused as refused:
        if not refused.left:
            raise
        raise refusals.refused(
            refused.word,
            f"{refused.message.rstrip('.')}, those in the basket included.",
            hint=refused.hint,
            left=refused.left,
        ) from None


def _name_member(
    sale: Sale, order: PlacedOrder, member: str, member_id: int | None
) -> None:
    """
    Raises: `SaleRefused` (`already-pending`) where the member holds seats by another
    order, and the show allows one.
    """
    key = basket.buyer_key(sale.show, NOBODY, member)
    for order_id in basket.list_pending_of(sale.connection, sale.show, key):
        if order_id != order.id:
            sell.refuse_second(sale, sale.read(order_id))
    orders.name_member(sale.connection, order.id, member_id, key)


def pay_basket(
    office: BoxOffice, reference: str, tender: Tender, *, buyer: Person = NOBODY
) -> Sold:
    """
    Take the money for a basket, as `sell.pay`, and note whose it is.

    Raises: what `sell.pay` raises.
    """
    key = office.key
    show_id, order_id = find_order(office, reference)
    with sale_of(office, show_id) as sale:
        order = sale.read(order_id)
        codes = sell.pay_within(sale, order, tender, key)
        if not buyer.is_nobody:
            sale.people[order.reference] = People(buyer)
    return Sold(sale.saved[order_id], codes)


def give_away(
    office: BoxOffice,
    reference: str,
    session: TillSession,
    *,
    buyer: Person = NOBODY,
    note: str = "",
) -> Sold:
    """
    Give the tickets of a basket away: its order costs nothing.

    Raises: `SaleRefused` by name.
    """
    key = office.key
    show_id, order_id = find_order(office, reference)
    with sale_of(office, show_id) as sale:
        order = sale.read(order_id)
        refuse_ended(order)
        orders.make_free(sale.connection, order, sell.GUEST_LIST, note)
        free = sale.read(order_id)
        codes = sell.pay_within(sale, free, Tender(till_id=session.id), key)
        if not buyer.is_nobody:
            sale.people[free.reference] = People(buyer)
    return Sold(sale.saved[order_id], codes)


def by_name(order: PlacedOrder) -> dict[str, int]:
    """
    How many of each tier an order has, by the tiers' names.
    """
    names = {ticket.tier.id: ticket.tier.name for ticket in order.tickets}
    return {names[tier_id]: number for tier_id, number in order.wanted.items()}


def drop_basket(office: BoxOffice, reference: str) -> None:
    """
    Give up a basket; nothing happens where it is none any more.
    """
    show_id, order_id = find_order(office, reference)
    with sale_of(office, show_id) as sale:
        order = sale.read(order_id)
        if order.state == PENDING:
            end_hold(sale, order, CANCELLED, "dropped at the till")


def find_voucher(office: BoxOffice, code: str, currency: str) -> Voucher:
    """
    Raises: what `vouchers.find` raises.
    """
    with office.database.read() as connection:
        return vouchers.find(connection, code, currency, clock.now())


def refuse_no_member(office: BoxOffice, show_id: int, number: str) -> None:
    """
    Raises: `SaleRefused` (`members-only`) where nobody has that number, or is no member
    on the day of the show.
    """
    with office.database.read() as connection:
        member = members.find_member(connection, number)
        members.refuse_on_day(member, shows_on_sale.get_show(connection, show_id).day)


def amount_due(order: PlacedOrder, found: Sequence[Voucher]) -> int:
    """
    What is to be paid for a basket with these vouchers, in minor units.
    """
    tickets = order.basket
    for voucher in found:
        if voucher.kind != vouchers.GIFT:
            tickets = placed_orders.discounted(tickets, voucher.left)
    due = sum(ticket.due for ticket in tickets)
    gifts = sum(voucher.left for voucher in found if voucher.kind == vouchers.GIFT)
    return max(0, due - gifts)


@dataclass(frozen=True, slots=True)
class Undone:
    """
    An order that was taken back, and what went back now, in minor units by the method
    of payment.
    """

    order: PlacedOrder
    returned: Mapping[str, int]


def undo(
    office: BoxOffice, session: TillSession, reference: str, most_admitted: int = 0
) -> Undone:
    """
    Take back the last order of a till session: its tickets are void, its money goes
    back out of the drawer, or by the card terminal.

    Raises: `SaleRefused` (`wrong-state`) where another one is the last by now, or more
    of its guests than so many are in.
    """
    show_id, order_id = find_order(office, reference)
    with sale_of(office, show_id) as sale:
        if tills.last_order(sale.connection, session) != reference:
            raise refusals.refused(
                refusals.WRONG_STATE,
                f"Order {reference} is not the last of this till any more.",
                hint="Look at the last one.",
            )
        before = sale.read(order_id)
        wanted = Refund(till_id=session.id, most_admitted=most_admitted)
        reason = f"undone at till {session.till}"
        after = cancel_and_refund.refund_within(sale, before, wanted, reason)
    found: dict[str, int] = {}
    for old, new in zip(before.payments, after.payments, strict=True):
        if new.returned > old.returned:
            more = new.returned - old.returned
            found[new.method] = found.get(new.method, 0) + more
    return Undone(after, found)
