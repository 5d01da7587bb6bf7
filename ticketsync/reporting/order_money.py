"""
The money of orders as it counts for the figures: what each charged and kept back.
With what went back (`refund_money`), worksheets and exported books are made of it.

The same tickets count as in the figures (`store.counted`), so that the sums over all
orders are the totals of `financials list`. What does not count is summed up apart.
The vouchers that an order sold are a part of it, too: for `records.NO_SHOW`, and in no
figure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    case,
    func,
    or_,
    select,
)

from ticketsync.core import clock, records
from ticketsync.core.periods import Period
from ticketsync.reporting import figure_filter
from ticketsync.reporting.order_parts import parts_of_orders
from ticketsync.store import counted, order_spans, query_results, totals
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    occurrences,
    productions,
    show_links,
    shows,
    venues,
)
from ticketsync.store.tables.history import past_orders
from ticketsync.store.tables.sales import fees, orders, tickets
from ticketsync.store.types import sum_or_zero, whole_sum

_BATCH: Final = 500  # orders that are asked for together


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMoney:
    """
    One order's part for one show, in minor units, or for no show the vouchers that it
    sold: `voucher_sold` is their price. `order_row` and `show_id` are our ids,
    `order_id` is the platform's; `day` is that of the sale by the calendar of the
    business. The parts of `charged` are `None` while they are not known, `tax` where
    the platform does not report it, `fees` while they are not reported completely, and
    `fee_tax` where the tax inside them is not. `known_at` is since when it says what it
    says, `content` the content hash of its record.
    """

    order_row: int
    show_id: int
    account: str
    order_id: str
    day: date
    currency: str
    charged: int
    refunded: int
    face: int
    buyer_fee: int | None
    addons: int | None
    donation: int | None
    voucher: int | None
    tax_added: int | None
    unexplained: int | None
    tax: int | None
    tax_remitted: int
    fees: int | None
    fee_tax: int | None
    discount: int
    tickets_sold: int
    tickets_comp: int
    known_at: datetime
    content: bytes
    voucher_sold: int = 0


@dataclass(frozen=True, slots=True)
class ShowName:
    """
    How a show is named: its production, its venue, its local start.
    """

    production: str
    venue: str
    starts_local: str


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """
    What is known of an order, whether it counts or not: since when there is one, since
    when it says what it says, and the content hash of its record.
    """

    first_known: datetime
    known_at: datetime
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """
    What was charged and does not count: minor units of so many orders of an account.
    `why` is `unlinked` or `switched-off`.
    """

    account: str
    currency: str
    why: str
    orders: int
    charged: int


def list_order_money(
    connection: Connection,
    zone: str,
    period: Period,
    accounts_: Collection[str] = (),
    *,
    by: str = "sale",
) -> list[OrderMoney]:
    """
    The orders that were placed in a period and count, by the calendar of `zone`, each
    for each of its shows; of these accounts, or of all. By `show` what was sold for the
    shows of the period, by their local days: vouchers are for none.
    """
    if by == "show":
        of_shows = [totals.starts_within(period)]
        return [*_orders(connection, zone, of_shows, accounts_)]
    return _orders_with_vouchers(
        connection, zone, order_spans.placed_within(period, zone), accounts_
    )


def list_orders_again(
    connection: Connection, zone: str, keys: Iterable[tuple[str, str]]
) -> list[OrderMoney]:
    """
    The same for orders by their account and the platform's id, whenever they were
    placed.
    """
    wanted = {*keys}
    ids = sorted({order_id for _, order_id in wanted})
    return [
        found
        for begin in range(0, len(ids), _BATCH)
        for found in _orders_with_vouchers(
            connection,
            zone,
            [orders.c.provider_id.in_(ids[begin : begin + _BATCH])],
            (),
        )
        if (found.account, found.order_id) in wanted
    ]


def list_left_out(
    connection: Connection, zone: str, period: Period, accounts_: Collection[str] = ()
) -> list[LeftOut]:
    """
    What orders of the period charged that counts for no show: it is linked to none, or
    its link or show is switched off.
    """
    parts = parts_of_orders(order_spans.placed_within(period, zone))
    why = case((parts.c.show_id.is_(None), "unlinked"), else_="switched-off")
    is_left_out = or_(parts.c.show_id.is_(None), parts.c.is_listed == 0)
    is_left_out = and_(is_left_out, parts.c.is_voucher_sale == 0)
    group = (accounts.c.name, orders.c.currency, why.label("why"))
    query = (
        select(
            *group,
            func.count(orders.c.id.distinct()),
            whole_sum(parts.c.charged),
        )
        .select_from(parts)
        .join(orders, orders.c.id == parts.c.order_row)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .where(is_left_out, parts.c.charged != 0, *figure_filter.of_accounts(accounts_))
        .group_by(accounts.c.name, orders.c.currency, "why")
        .order_by(accounts.c.name, orders.c.currency, "why")
    )
    return [
        LeftOut(account=name, currency=currency, why=why_, orders=number, charged=sum_)
        for name, currency, why_, number, sum_ in connection.execute(query)
    ]


def _orders_with_vouchers(
    connection: Connection,
    zone: str,
    of_orders: Sequence[ColumnElement[bool]],
    accounts_: Collection[str],
) -> list[OrderMoney]:
    """
    Where fees are not reported, those of an order with paid tickets are the tickets'.
    """
    of_shows = [*_orders(connection, zone, of_orders, accounts_)]
    with_unknown = {found.order_row for found in of_shows if found.fees is None}
    vouchers = (
        replace(found, fees=0)
        if found.fees is None and found.order_row in with_unknown
        else found
        for found in _vouchers_sold(connection, zone, of_orders, accounts_)
    )
    return [*of_shows, *vouchers]


def _vouchers_sold(
    connection: Connection,
    zone: str,
    of_orders: Sequence[ColumnElement[bool]],
    accounts_: Collection[str],
) -> Iterator[OrderMoney]:
    query = _sums_by_order(None, tickets, accounts_).where(
        counted.is_voucher_sale(), tickets.c.charged != 0, *of_orders
    )
    for found in _as_money(connection, query, zone, {}):
        yield replace(found, face=0, voucher_sold=found.face)


def _orders(
    connection: Connection,
    zone: str,
    of_orders: Sequence[ColumnElement[bool]],
    accounts_: Collection[str],
) -> Iterator[OrderMoney]:
    taxes = _fee_taxes(connection, of_orders)
    joined = counted.counted_tickets()
    query = _sums_by_order(show_links.c.show_id, joined, accounts_).where(*of_orders)
    return _as_money(connection, query, zone, taxes)


def _sums_by_order(
    show_id: ColumnElement[int] | None, joined: FromClause, accounts_: Collection[str]
) -> Select[Any]:
    """
    The sums over tickets by order and show; without a show by order.
    """
    is_paid = tickets.c.charged != 0
    group = (
        orders.c.id.label("order_row"),
        *(() if show_id is None else (show_id,)),
        accounts.c.name.label("account"),
        orders.c.provider_id.label("order_id"),
        orders.c.placed_at,
        tickets.c.currency,
        orders.c.known_from,
        orders.c.content,
    )
    untaxed = func.sum(case((and_(is_paid, tickets.c.tax.is_(None)), 1), else_=0))
    return (
        select(
            *group,
            sum_or_zero(tickets.c.charged).label("charged"),
            sum_or_zero(tickets.c.refunded).label("refunded"),
            sum_or_zero(tickets.c.face).label("face"),
            sum_or_zero(tickets.c.tax_remitted).label("tax_remitted"),
            *(
                totals.known_sum(tickets.c[name]).label(name)
                for name in totals.GROSS_PARTS.values()
            ),
            case((untaxed == 0, sum_or_zero(tickets.c.tax))).label("tax"),
            totals.ticket_fees().label("fees"),
            sum_or_zero(tickets.c.discount).label("discount"),
            sum_or_zero(tickets.c.is_sold).label("tickets_sold"),
            sum_or_zero(tickets.c.is_comp).label("tickets_comp"),
            func.max(tickets.c.known_from).label("tickets_known_from"),
        )
        .select_from(joined)
        .join(orders, orders.c.id == tickets.c.order_id)
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .where(
            query_results.is_known(tickets.c.currency),
            *figure_filter.of_accounts(accounts_),
        )
        .group_by(*group)
        .order_by(orders.c.placed_at, *group[:2])
    )


def _as_money(
    connection: Connection,
    query: Select[Any],
    zone: str,
    fee_taxes: Mapping[tuple[int, int], int | None],
) -> Iterator[OrderMoney]:
    for row in connection.execute(query.execution_options(yield_per=_BATCH)):
        values: dict[str, Any] = {**row._mapping}
        placed_at: datetime = values.pop("placed_at")
        values["day"] = clock.day_of(placed_at, zone)
        order_known, its_tickets = (
            values.pop(name) for name in ("known_from", "tickets_known_from")
        )
        values["known_at"] = max(order_known, its_tickets)
        values.setdefault("show_id", records.NO_SHOW)
        values["fee_tax"] = fee_taxes.get((row.order_row, values["show_id"]))
        yield OrderMoney(**values)


def _fee_taxes(
    connection: Connection, of_orders: Sequence[ColumnElement[bool]]
) -> dict[tuple[int, int], int | None]:
    """
    The reported tax inside the fees of each order and show (our ids), `None` where that
    of one of them is not reported.
    """
    query = (
        select(
            fees.c.order_id,
            show_links.c.show_id,
            totals.known_sum(fees.c.tax),
        )
        .select_from(
            counted.counted_links().join(
                fees, fees.c.occurrence_id == show_links.c.occurrence_id
            )
        )
        .join(orders, orders.c.id == fees.c.order_id)
        .where(*of_orders)
        .group_by(fees.c.order_id, show_links.c.show_id)
    )
    return {(order, show): tax for order, show, tax in connection.execute(query)}


def list_show_names(connection: Connection) -> dict[int, ShowName]:
    """
    How each show (our id) is named, and what is of none.
    """
    query = (
        select(shows.c.id, productions.c.title, venues.c.name, shows.c.starts_local)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
    )
    found = {id_: ShowName(*names) for id_, *names in connection.execute(query)}
    return {**found, records.NO_SHOW: ShowName(records.VOUCHERS_SOLD, "", "")}


def list_stored_orders(
    connection: Connection, keys: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], StoredOrder]:
    """
    What is known of orders by their account (our id) and the platform's id.
    """
    wanted = {*keys}
    ids = sorted({order_id for _, order_id in wanted})
    found = {}
    for begin in range(0, len(ids), _BATCH):
        query = _stored_orders(ids[begin : begin + _BATCH])
        for account_id, order_id, known, content, past, newest in connection.execute(
            query
        ):
            if (account_id, order_id) in wanted:
                found[account_id, order_id] = StoredOrder(
                    min(known, past or known), max(known, newest or known), content
                )
    return found


def _stored_orders(order_ids: Sequence[str]) -> Select[Any]:
    first = (
        select(func.min(past_orders.c.known_from))
        .where(past_orders.c.order_id == orders.c.id)
        .scalar_subquery()
    )
    newest = (
        select(func.max(tickets.c.known_from))
        .where(tickets.c.order_id == orders.c.id)
        .scalar_subquery()
    )
    return select(
        *(orders.c.account_id, orders.c.provider_id),
        *(orders.c.known_from, orders.c.content),
        *(first, newest),
    ).where(orders.c.provider_id.in_(order_ids))


def list_show_days(connection: Connection) -> list[tuple[int, date, str, bool]]:
    """
    Our id of each show, its local day, its title, and whether it is cancelled: on every
    platform that sells it.
    """
    is_cancelled = occurrences.c.status == "cancelled"
    cancelled = func.sum(case((is_cancelled, 1), else_=0))
    query = (
        select(
            shows.c.id,
            shows.c.starts_local,
            productions.c.title,
            case((cancelled == func.count(occurrences.c.id), 1), else_=0),
            func.count(occurrences.c.id),
        )
        .join(productions, productions.c.id == shows.c.production_id)
        .outerjoin(show_links, show_links.c.show_id == shows.c.id)
        .outerjoin(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .group_by(shows.c.id, shows.c.starts_local, productions.c.title)
        .order_by(shows.c.id)
    )
    return [
        (id_, date.fromisoformat(starts[:10]), title, bool(number and cancelled_))
        for id_, starts, title, cancelled_, number in connection.execute(query)
    ]
