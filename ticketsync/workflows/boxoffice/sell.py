"""
Selling at our own box office: hold seats and take money for them.

Each function is one transaction (`box_office.sale_of`). What is refused raises
`SaleRefused` with its word, and nothing was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from ticketsync.boxoffice import (
    basket,
    orders,
    payments,
    placed_orders,
    refusals,
    seats,
    tills,
    vouchers,
)
from ticketsync.boxoffice.payments import NewPayment
from ticketsync.boxoffice.placed_orders import (
    CARD,
    CASH,
    COMPLIMENTARY,
    EXPIRED,
    ISSUED,
    PlacedOrder,
)
from ticketsync.boxoffice.shows_on_sale import ShowOnSale
from ticketsync.boxoffice.vouchers import Voucher
from ticketsync.core import clock, errors, money
from ticketsync.core.records import People, Person
from ticketsync.core.redact import Secret
from ticketsync.workflows.boxoffice.box_office import (
    BoxOffice,
    Sale,
    end_hold,
    find_order,
    refuse_ended,
    sale_of,
)

NOBODY = Person()
LONGEST_HOLD = 4  # times the minutes of the show, from the beginning of the order
TILL, GUEST_LIST = "till", "guest-list"  # channels


@dataclass(frozen=True, slots=True)
class Sold:
    """
    An order that was paid, and the codes of its tickets by their numbers.
    """

    order: PlacedOrder
    codes: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Tender:
    """
    How an order is paid: vouchers first, the rest by `method` (cash or card). `amount`
    is what was received for it, in minor units; `None`: exactly what is due.
    """

    method: str = ""
    amount: int | None = None
    vouchers: Sequence[str] = ()
    reference: str = ""
    till_id: int | None = None


# Holding


def hold(
    office: BoxOffice,
    show_id: int,
    wanted: Mapping[str, int],
    *,
    channel: str = TILL,
    buyer: Person = NOBODY,
    member: str = "",
    till_id: int | None = None,
    note: str = "",
) -> PlacedOrder:
    """
    Hold so many seats of each tier, by the tiers' names, all of them or none.

    Raises: `SaleRefused` by name, `NotFound` for a tier that there is not.
    """
    with sale_of(office, show_id) as sale:
        held = hold_within(
            *(sale, wanted),
            channel=channel,
            buyer=buyer,
            member=member,
            till_id=till_id,
            note=note,
        )
    return sale.saved[held.id]


def hold_within(
    sale: Sale,
    wanted: Mapping[str, int],
    *,
    channel: str,
    buyer: Person = NOBODY,
    member: str = "",
    till_id: int | None = None,
    note: str = "",
    is_free: bool = False,
) -> PlacedOrder:
    connection, show, now = sale.connection, sale.show, sale.now
    numbers = basket.by_tier_id(show, sale.tiers, wanted)
    member_id = basket.refuse(connection, show, sale.tiers, numbers, member, now)
    buyer_key = basket.buyer_key(show, buyer, member)
    for order_id in basket.list_pending_of(connection, show, buyer_key):
        refuse_second(sale, sale.read(order_id))
    held_until = now + show.hold
    order_id = orders.create(
        *(connection, show, now),
        channel=channel,
        held_until=held_until,
        buyer_key=buyer_key,
        member_id=member_id,
        till_id=till_id,
        note=note,
    )
    seats.allocate(connection, show, sale.tiers, order_id, numbers, held_until, now)
    order = orders.fill_basket(
        connection, order_id, sale.tiers, numbers, now, is_free=is_free
    )
    sale.touched.add(order_id)
    if not buyer.is_nobody:
        sale.people[order.reference] = People(buyer)
    return order


def refuse_second(sale: Sale, pending: PlacedOrder) -> None:
    """
    End another order of the same buyer, whose hold is over.

    Raises: `SaleRefused` (`already-pending`) where it is not.
    """
    if pending.is_held(sale.now):
        raise refusals.refused(
            refusals.ALREADY_PENDING,
            f"The buyer holds seats already: order {pending.reference}.",
            hint=f"Pay it, or run `ticketsync boxoffice cancel {pending.reference}`.",
        )
    end_hold(sale, pending, EXPIRED, "its hold was over")


def extend(office: BoxOffice, reference: str) -> PlacedOrder:
    """
    Hold an order's seats for the show's minutes from now on, at most four times as long
    altogether.

    Raises: `SaleRefused` (`hold-expired`) where its hold is over, or as long as it may
    be.
    """
    show_id, order_id = find_order(office, reference)
    with sale_of(office, show_id) as sale:
        order = sale.read(order_id)
        refuse_ended_hold(order, sale.now)
        if order.held_until >= _longest(sale.show, order):
            raise refusals.refused(
                refusals.HOLD_EXPIRED,
                f"Order {order.reference} cannot be held any longer.",
                hint="Pay it, or cancel it and hold the seats again.",
            )
        held_until = longer_hold(sale.show, order, sale.now)
        _renumber(sale, order)
        seats.extend_hold(sale.connection, order_id, held_until)
        orders.extend(sale.connection, order, held_until, sale.now, "extended")
    return sale.saved[order_id]


def longer_hold(show: ShowOnSale, order: PlacedOrder, now: datetime) -> datetime:
    return max(order.held_until, min(now + show.hold, _longest(show, order)))


def _longest(show: ShowOnSale, order: PlacedOrder) -> datetime:
    return order.created_at + timedelta(minutes=LONGEST_HOLD * show.hold_minutes)


def refuse_ended_hold(order: PlacedOrder, now: datetime) -> None:
    """
    Raises: `SaleRefused` where an order is not pending, or its hold is over.
    """
    refuse_ended(order)
    if not order.is_held(now):
        raise refusals.refused(
            refusals.HOLD_EXPIRED,
            f"The seats of order {order.reference} are held no longer.",
            hint="Hold them again.",
        )


# Paying


def sell(
    office: BoxOffice,
    show_id: int,
    wanted: Mapping[str, int],
    tender: Tender,
    *,
    channel: str = TILL,
    buyer: Person = NOBODY,
    member: str = "",
    note: str = "",
) -> Sold:
    """
    Hold and pay in one transaction.

    Raises: `SaleRefused` by name; what `read_confirmed_secret` raises.
    """
    key = office.key  # before anybody else has to wait
    with sale_of(office, show_id) as sale:
        order = hold_within(
            *(sale, wanted),
            channel=channel,
            buyer=buyer,
            member=member,
            till_id=tender.till_id,
            note=note,
        )
        codes = pay_within(sale, order, tender, key)
    return Sold(sale.saved[order.id], codes)


def comp(
    office: BoxOffice,
    show_id: int,
    wanted: Mapping[str, int],
    *,
    buyer: Person = NOBODY,
    note: str = "",
) -> Sold:
    """
    Give tickets away: they take seats and cost nothing.

    Raises: `SaleRefused` by name; what `read_confirmed_secret` raises.
    """
    key = office.key
    with sale_of(office, show_id) as sale:
        order = hold_within(
            sale, wanted, channel=GUEST_LIST, buyer=buyer, note=note, is_free=True
        )
        codes = pay_within(sale, order, Tender(), key)
    return Sold(sale.saved[order.id], codes)


def pay(office: BoxOffice, reference: str, tender: Tender) -> Sold:
    """
    Take the money for a held order and issue its tickets. One whose hold is over is
    paid all the same, if its seats are free.

    Raises: `SaleRefused` by name; what `read_confirmed_secret` raises.
    """
    key = office.key
    show_id, order_id = find_order(office, reference)
    with sale_of(office, show_id) as sale:
        codes = pay_within(sale, sale.read(order_id), tender, key)
    return Sold(sale.saved[order_id], codes)


def pay_within(
    sale: Sale, order: PlacedOrder, tender: Tender, key: Secret
) -> Mapping[int, str]:
    """
    Pay an order of this sale; returns the codes of its tickets by their numbers.
    """
    connection, now = sale.connection, sale.now
    tills.lock_open(connection, tender.till_id, order.currency)
    refuse_ended(order)
    basket.refuse_members_tiers(connection, sale.show, order, now)
    if order.is_held(now):
        _renumber(sale, order)
    else:
        _hold_again(sale, order)
    found = vouchers.find_all(connection, tender.vouchers, order.currency, now)
    order = _take_off_price(sale, order, found)
    received = _received(connection, order, found, tender)
    payments.add(connection, order, received, now)
    seats.keep_seats(connection, order.id)
    orders.mark_paid(connection, order, now, till_id=tender.till_id)
    return orders.issue_tickets(connection, order, key, now)


def _renumber(sale: Sale, order: PlacedOrder) -> None:
    """
    Give a held order other seats where the capacity was lowered below its own.

    Raises: `SaleRefused` (`event-full`, `tier-full`) where there are none.
    """
    connection, show, tiers = sale.connection, sale.show, sale.tiers
    if seats.are_above_capacity(connection, show, tiers, order.id):
        seats.free_seats(connection, order.id)
        seats.allocate(
            *(connection, show, tiers, order.id, order.wanted),
            order.held_until,
            sale.now,
        )


def _hold_again(sale: Sale, order: PlacedOrder) -> None:
    """
    Hold the seats of an order whose hold is over, as if they were asked for now.

    Raises: `SaleRefused` (`hold-expired`) where the seats are not free any more;
    what `basket.refuse` raises.
    """
    until = sale.now + sale.show.hold
    seats.free_seats(sale.connection, order.id)
    basket.refuse(
        *(sale.connection, sale.show, sale.tiers, order.wanted, "", sale.now),
        member_id=order.member_id,
    )
    try:
        seats.allocate(
            sale.connection,
            sale.show,
            sale.tiers,
            order.id,
            order.wanted,
            until,
            sale.now,
        )
    except errors.SaleRefused as refused:
        raise refusals.refused(
            refusals.HOLD_EXPIRED,
            f"The hold of order {order.reference} is over, and its seats are taken.",
            hint="Sell other seats.",
            left=refused.left,
        ) from None


def _take_off_price(
    sale: Sale, order: PlacedOrder, found: Sequence[Voucher]
) -> PlacedOrder:
    """
    Spend the vouchers that are something off the price.
    """
    for voucher in found:
        if voucher.kind != vouchers.GIFT:
            taken = orders.take_off(sale.connection, order, voucher.left)
            if taken:
                vouchers.spend(sale.connection, voucher, taken)
            order = sale.read(order.id)
    return order


def _received(
    connection: Connection,
    order: PlacedOrder,
    found: Sequence[Voucher],
    tender: Tender,
) -> list[NewPayment]:
    """
    The payments that make up what an order comes to.

    Raises: `SaleRefused` (`amount-mismatch`) where they do not.
    """
    due = order.total
    received = []
    for voucher in found:
        part = min(due, voucher.left) if voucher.kind == vouchers.GIFT else 0
        if part:
            vouchers.spend(connection, voucher, part)
            received.append(
                NewPayment(placed_orders.VOUCHER, part, voucher_id=voucher.id)
            )
            due -= part
    if not order.total:
        received.append(NewPayment(COMPLIMENTARY, 0))
    amount = due if tender.amount is None else tender.amount
    if amount != due or (due and tender.method not in (CASH, CARD)):
        raise _due(order, due, order.total - due)
    if due:
        till_id = tender.till_id if tender.method == CASH else None
        reference = tender.reference if tender.method == CARD else ""
        received.append(
            NewPayment(tender.method, due, reference=reference, till_id=till_id)
        )
    return received


def _due(order: PlacedOrder, due: int, by_voucher: int) -> errors.SaleRefused:
    """
    The refusal of another amount than is due beside `by_voucher`. It names no order: a
    new one is gone with it, and whoever pays a held one has just named it.
    """
    text = f"{money.grouped_text(due, order.currency)} {order.currency} is due"
    if by_voucher:
        paid = f"{money.grouped_text(by_voucher, order.currency)} {order.currency}"
        text = f"The vouchers pay {paid}; {text}"
    return refusals.refused(
        refusals.AMOUNT_MISMATCH,
        f"{text}; nothing was sold.",
        hint="Take exactly that, in cash or by card."
        if due
        else "Leave the amount out: nothing is left to pay.",
    )


# Vouchers and codes


def issue_voucher(
    office: BoxOffice,
    kind: str,
    amount: int,
    currency: str,
    valid_until: datetime | None = None,
) -> str:
    """
    Make a voucher; returns its code, which is stored nowhere.

    Raises: `UsageError` for a kind, an amount or an end that cannot be.
    """
    with office.database.write() as connection:
        now = clock.now()
        return vouchers.issue(connection, kind, amount, currency, valid_until, now)


def codes_of(office: BoxOffice, order: PlacedOrder) -> dict[int, str]:
    """
    The codes of an order's valid tickets by their numbers, to print them again.

    Raises: what `read_confirmed_secret` raises.
    """
    return {
        ticket.number: orders.code_of(order, ticket, office.key)
        for ticket in order.tickets
        if ticket.state == ISSUED
    }
