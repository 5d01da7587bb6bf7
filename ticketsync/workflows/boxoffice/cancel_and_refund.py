"""
Taking back what our own box office sold: held seats are given up, tickets are void,
money is returned. Void and money are two things.

Each function is one transaction (`box_office.sale_of`), a show at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from ticketsync.boxoffice import (
    order_records,
    orders,
    payments,
    placed_orders,
    refusals,
    seats,
    tills,
    vouchers,
)
from ticketsync.boxoffice.placed_orders import (
    CANCELLED,
    EXPIRED,
    ISSUED,
    PAID,
    PENDING,
    REFUNDED,
    OrderedTicket,
    PlacedOrder,
)
from ticketsync.boxoffice.shows_on_sale import ShowOnSale
from ticketsync.core import clock, errors, money
from ticketsync.core.plurals import number_of
from ticketsync.door import attendees, recorded_scans
from ticketsync.workflows.boxoffice import nothing_to_return, open_sale
from ticketsync.workflows.boxoffice.box_office import (
    BoxOffice,
    OrderChanges,
    Sale,
    changes_of,
    end_hold,
    find_order,
    refuse_ended,
    sale_of,
)


def cancel(office: BoxOffice, reference: str, reason: str) -> PlacedOrder:
    """
    Give up a held order; its seats are free at once.

    Raises: `SaleRefused` where it is not pending.
    """
    show_id, order_id = find_order(office, reference)
    with sale_of(office, show_id) as sale:
        order = sale.read(order_id)
        refuse_ended(order)
        end_hold(sale, order, CANCELLED, reason)
        return sale.read(order_id)


def expire(office: BoxOffice, show_id: int | None = None) -> list[str]:
    """
    Mark the orders whose hold is over, of one show or of all; returns their references.
    Their seats were free since.
    """
    with office.database.read() as connection:
        ended = orders.list_ended_holds(connection, clock.now(), show_id)
    found = []
    for show in sorted({show for show, _ in ended}):
        with sale_of(office, show) as sale:
            for _, order_id in orders.list_ended_holds(sale.connection, sale.now, show):
                order = sale.read(order_id)
                end_hold(sale, order, EXPIRED, "its hold was over")
                found.append(order.reference)
    return found


@dataclass(frozen=True, slots=True)
class Refund:
    """
    What is taken back of a paid order: these tickets by their numbers (`None`: all that
    are left) and so much money (`None`: what they cost, or all that is left of what was
    paid where no tickets are named). With `keeps_tickets` only
    money goes back. `is_paid_out`: somebody has given it to the buyer. `till_id` is
    the till session whose drawer cash is taken out of. `most_admitted` is how many of
    its guests may be in, if somebody has looked.
    """

    tickets: Collection[int] | None = None
    amount: int | None = None
    keeps_tickets: bool = False
    is_paid_out: bool = True
    till_id: int | None = None
    most_admitted: int | None = None


def refund(
    office: BoxOffice, reference: str, wanted: Refund, reason: str
) -> PlacedOrder:
    """
    Void tickets and return money; also what was planned to go back before. Of an order
    that sold a voucher, what is left of the voucher is taken back, or the amount.

    Raises: `SaleRefused` (`wrong-state`) where the order was not paid, or more guests
    are in than somebody knew, (`amount-mismatch`) for more than is left of what was
    paid; `NotFound` for a ticket that it has not, or that is void; `GuardRefused`
    (`till-short`) for more cash than is in the drawer; `UsageError` for an amount that
    cannot be, or that keeps money of tickets which nobody named.
    """
    with office.database.read() as connection:
        found = placed_orders.get_order(connection, reference)
    if found.voucher is not None:
        with changes_of(office, found.id) as changes:
            return _refund_voucher(changes, changes.read(found.id), wanted, reason)
    with sale_of(office, found.show_id) as sale:
        return refund_within(sale, sale.read(found.id), wanted, reason)


def refund_within(
    sale: Sale, order: PlacedOrder, wanted: Refund, reason: str
) -> PlacedOrder:
    """
    The same in the transaction of a sale.

    Raises: as `refund`.
    """
    connection = sale.connection
    nothing_to_return.refuse_unpaid(order)
    tills.lock_open(connection, wanted.till_id, order.currency, alone=True)
    payments.lock_vouchers(connection, [order])
    _refuse_more_admitted(connection, order, wanted.most_admitted)
    nothing_to_return.refuse_nothing_paid(
        *(order, wanted.amount),
        keeps_tickets=wanted.keeps_tickets,
        is_paid_out=wanted.is_paid_out,
    )
    order = _with_planned(sale, order, wanted)
    taken = _take_back(sale, order, wanted, reason)
    tills.refuse_overdrawn(connection, wanted.till_id)
    return taken


def _refund_voucher(
    changes: OrderChanges, order: PlacedOrder, wanted: Refund, reason: str
) -> PlacedOrder:
    """
    The same for an order that sold a voucher: only what is left of that goes back.
    """
    connection, voucher = changes.connection, order.voucher
    assert voucher is not None, "an order of no show sold one"
    nothing_to_return.refuse_unpaid(order)
    _refuse_for_voucher(order, wanted)
    tills.lock_open(connection, wanted.till_id, order.currency, alone=True)
    vouchers.lock(connection, [voucher.id])
    order = changes.read(order.id)
    nothing_to_return.refuse_spent_voucher(
        order, wanted.amount, is_paid_out=wanted.is_paid_out
    )
    order = _with_planned(changes, order, wanted)
    assert order.voucher is not None
    amount = order.voucher.left if wanted.amount is None else wanted.amount
    if wanted.amount is not None and wanted.amount <= 0:
        raise errors.UsageError(
            "The amount must be more than 0.",
            hint="For example --amount 50.00; leave it out to return what is left of "
            "the voucher.",
        )
    vouchers.take_back(connection, voucher.id, amount)
    order = _return_money(changes, order, amount, wanted, reason)
    tills.refuse_overdrawn(connection, wanted.till_id)
    return order


def _refuse_for_voucher(order: PlacedOrder, wanted: Refund) -> None:
    """
    Raises: `NotFound` for tickets of an order that has none, `UsageError` for money
    without what it was paid for.
    """
    if wanted.tickets is not None:
        raise errors.NotFound(
            f"Order {order.reference} has no tickets: it sold a voucher.",
            hint="Leave --ticket out.",
        )
    if wanted.keeps_tickets:
        raise errors.UsageError(
            "What goes back of a voucher is owed no more.",
            hint="Leave --keep-tickets out.",
        )


def _with_planned(
    changes: OrderChanges, order: PlacedOrder, wanted: Refund
) -> PlacedOrder:
    """
    The order after what was planned to go back was paid out, if it is.
    """
    if wanted.is_paid_out and payments.settle_planned(
        changes.connection, order, changes.now, wanted.till_id
    ):
        return changes.read(order.id)
    return order


def admitted_of(
    connection: Connection, placed: Iterable[PlacedOrder], state: str = ISSUED
) -> Mapping[str, list[int]]:
    """
    The numbers of the valid tickets (or of those in another state) whose guests are in,
    by the reference of their order.
    """
    by_id = _by_ticket_id(placed, state)
    found: dict[str, list[int]] = {}
    for account_id in {order.account_id for order, _ in by_id.values()}:
        for id_ in attendees.list_admitted(connection, account_id, list(by_id)):
            order, number = by_id[id_]
            found.setdefault(order.reference, []).append(number)
    return {reference: sorted(numbers) for reference, numbers in found.items()}


def _by_ticket_id(
    placed: Iterable[PlacedOrder], state: str
) -> dict[str, tuple[PlacedOrder, int]]:
    """
    The tickets in that state by the id under which they are known elsewhere: order and
    number.
    """
    return {
        order_records.ticket_id(order, ticket.number): (order, ticket.number)
        for order in placed
        for ticket in order.basket
        if ticket.state == state
    }


def _lock_guests(connection: Connection, placed: Iterable[PlacedOrder]) -> None:
    """
    Let nobody in or out with a valid ticket of these orders until the transaction ends:
    how many of them are in stays true.
    """
    by_id = _by_ticket_id(placed, ISSUED)
    for account_id in {order.account_id for order, _ in by_id.values()}:
        ids = attendees.list_ticket_ids(connection, account_id, list(by_id))
        recorded_scans.lock_tickets(connection, ids)


def _refuse_more_admitted(
    connection: Connection, order: PlacedOrder, most: int | None
) -> None:
    if most is None:
        return
    _lock_guests(connection, [order])
    admitted = len(admitted_of(connection, [order]).get(order.reference, ()))
    if admitted > most:
        raise refusals.refused(
            refusals.WRONG_STATE,
            f"{number_of(admitted - most, 'guest')} of order {order.reference} came in "
            "meanwhile; nothing was undone.",
            hint="Look again.",
        )


def _take_back(
    sale: Sale, order: PlacedOrder, wanted: Refund, reason: str
) -> PlacedOrder:
    chosen = _chosen(order, wanted)
    amount = _amount_of(order, chosen, wanted)
    if not wanted.keeps_tickets:
        orders.void_tickets(sale.connection, chosen, sale.now, reason)
        _free_seats_of(sale, order, chosen)
    return _return_money(sale, order, amount, wanted, reason)


def _return_money(
    changes: OrderChanges, order: PlacedOrder, amount: int, wanted: Refund, reason: str
) -> PlacedOrder:
    """
    Return so much of what was paid. The order ends where nothing is left of it.

    Raises: `SaleRefused` (`amount-mismatch`) for more than is left.
    """
    parts = payments.plan_refunds(order, amount)
    if sum(part for _, part in parts) != amount:
        raise refusals.refused(
            refusals.AMOUNT_MISMATCH,
            f"Less than that is left of what was paid for order {order.reference}.",
            hint="Leave the amount out to return what the tickets cost.",
        )
    payments.save_refunds(
        *(changes.connection, order, parts, changes.now, reason),
        is_paid_out=wanted.is_paid_out,
        till_id=wanted.till_id,
    )
    order = changes.read(order.id)
    payments.note_returned(changes.connection, order, changes.now)
    has_tickets = any(ticket.state == ISSUED for ticket in order.tickets)
    if not has_tickets and order.returned == order.received:
        orders.end(changes.connection, order, REFUNDED, changes.now, reason)
        order = changes.read(order.id)
    return order


def _free_seats_of(
    sale: Sale, order: PlacedOrder, chosen: Sequence[OrderedTicket]
) -> None:
    numbers: dict[int, int] = {}
    for ticket in chosen:
        numbers[ticket.tier.id] = numbers.get(ticket.tier.id, 0) + 1
    seats.free_seats(sale.connection, order.id, numbers)


def _chosen(order: PlacedOrder, wanted: Refund) -> list[OrderedTicket]:
    """
    The tickets that are taken back, or that money is returned for.
    """
    valid = {
        ticket.number: ticket for ticket in order.tickets if ticket.state == ISSUED
    }
    if wanted.tickets is None:
        return list(valid.values())
    missing = sorted(set(wanted.tickets) - valid.keys())
    if missing:
        raise errors.NotFound(
            f"Order {order.reference} has no valid ticket {missing[0]}.",
            hint=f"See `ticketsync boxoffice orders show {order.reference}`.",
        )
    return [valid[number] for number in sorted(set(wanted.tickets))]


def _amount_of(
    order: PlacedOrder, chosen: Sequence[OrderedTicket], wanted: Refund
) -> int:
    kept = sum(payment.kept for payment in order.payments)
    if wanted.amount is not None:
        _refuse_unclear(order, wanted, wanted.amount, kept)
        return wanted.amount
    if wanted.tickets is None:
        return kept
    return min(kept, sum(ticket.due for ticket in chosen))


def _refuse_unclear(order: PlacedOrder, wanted: Refund, amount: int, kept: int) -> None:
    """
    Raises: `UsageError` for less than nothing; for nothing at all; for a part of what
    was paid where nobody said which tickets it is for: all would be void.
    """
    if amount < 0 or (wanted.keeps_tickets and not amount):
        raise errors.UsageError(
            "The amount must be more than 0.",
            hint="For example --amount 55.00; leave it out to return what the tickets "
            "cost.",
        )
    if wanted.tickets is None and not wanted.keeps_tickets and amount < kept:
        rest = money.grouped_text(kept - amount, order.currency)
        raise errors.UsageError(
            f"All tickets of order {order.reference} would be void, and {rest} "
            f"{order.currency} of their money would be kept.",
            hint="Name the tickets that are to be void (--ticket 1 --ticket 2), or use "
            "--keep-tickets to return money only.",
        )


@dataclass(frozen=True, slots=True)
class CancelledShow:
    """
    What the cancellation of a show came to: held orders that were given up, paid ones
    whose tickets are void now, the money that is to go back, in minor units, and how
    many guests with these tickets are in.
    """

    show: ShowOnSale
    held: int
    paid: int
    planned: int
    admitted: int


def cancel_show(office: BoxOffice, show_id: int, reason: str) -> CancelledShow:
    """
    Close the sale of a show that does not play, give up what is held, void all tickets
    and plan the refunds: each is paid out by `refund`.

    Raises: `SaleRefused` (`not-on-sale`) where it is not sold here.
    """
    with sale_of(office, show_id) as sale:
        show = open_sale.close_within(sale.connection, show_id)
        held = paid = planned = 0
        for pending in placed_orders.list_in_state(sale.connection, show_id, PENDING):
            end_hold(sale, sale.read(pending.id), CANCELLED, reason)
            held += 1
        sold = placed_orders.list_in_state(sale.connection, show_id, PAID)
        payments.lock_vouchers(sale.connection, sold)
        _lock_guests(sale.connection, sold)
        admitted = admitted_of(sale.connection, sold)
        for order in sold:
            sale.touched.add(order.id)
            after = _take_back(sale, order, Refund(is_paid_out=False), reason)
            planned += sum(payment.planned for payment in after.payments)
            paid += 1
    return CancelledShow(
        show, held, paid, planned, sum(len(numbers) for numbers in admitted.values())
    )


def count_admitted(office: BoxOffice, show_id: int) -> int:
    """
    How many guests of our own valid tickets of a show are in.
    """
    with office.database.read() as connection:
        sold = placed_orders.list_in_state(connection, show_id, PAID)
        return sum(len(numbers) for numbers in admitted_of(connection, sold).values())
