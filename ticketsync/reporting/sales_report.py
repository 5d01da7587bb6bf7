"""
What was sold in a time: per day, week, month, platform, production, show or promo code.

A sale belongs to the day on which it was ordered, by the calendar of the business, or
to the day of its show. Either way the same tickets count as in the figures
(`store.counted`), so that the sums over all days are the totals of `financials list`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, case, func, or_, select

from ticketsync.core import clock, tables
from ticketsync.core.net_formula import net
from ticketsync.core.periods import ALWAYS, Period, monday_of
from ticketsync.core.tables import Column, Kind, Row, Table
from ticketsync.store import counted, order_spans, query_results, totals
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import productions, shows
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import orders, tickets
from ticketsync.store.types import whole_sum

BY: Final = ("sale", "show")
_SUMS: Final = (
    Column("currency"),
    Column("tickets", Kind.COUNT),
    Column("gross", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("tax_remitted", Kind.MONEY),
    Column("fees", Kind.MONEY),
    Column("net", Kind.MONEY),
)
_KEYS: Final[Mapping[str, tuple[Column, ...]]] = {
    "day": (Column("day", Kind.DAY),),
    "week": (Column("week", Kind.DAY),),
    "month": (Column("month"),),
    "platform": (Column("platform"),),
    "production": (Column("production"),),
    "show": (
        Column("starts_local", Kind.LOCAL),
        Column("show_id", Kind.ID),
        Column("production"),
    ),
}
PER: Final = tuple(_KEYS)
_EVERY_KEY: Final = tuple(
    {column.name: column for of_one in _KEYS.values() for column in of_one}.values()
)
PLATFORMS: Final = (
    Column("platform"),
    Column("currency"),
    Column("tickets", Kind.COUNT),
    Column("gross", Kind.MONEY),
    Column("fees", Kind.MONEY),
    Column("fee_rate", Kind.RATE),
    Column("refunded", Kind.MONEY),
    Column("refund_rate", Kind.RATE),
    Column("net", Kind.MONEY),
)
PROMO_CODES: Final = (
    Column("promo_code"),
    Column("currency"),
    Column("orders", Kind.COUNT),
    Column("tickets", Kind.COUNT),
    Column("discount", Kind.MONEY),
    Column("gross", Kind.MONEY),
)


@dataclass(frozen=True, slots=True)
class OwnRates:
    """
    The venue's own fee rates as applied: the accounts (our ids) that have some, and
    what they make of each order and show (our ids) whose fees are not reported.
    """

    accounts: Collection[int] = ()
    amounts: Mapping[tuple[int, int], int] = field(default_factory=dict)


def sales_table(
    connection: Connection,
    per: str,
    rates: OwnRates,
    *,
    zone: str,
    by: str = "sale",
    period: Period = ALWAYS,
) -> Table:
    """
    One line for each group (one of `PER`) and currency. `by` says which day of a sale
    counts (one of `BY`); the days of sales are those in `zone`, the days of shows those
    at their venue. A ticket without an order was sold on an unknown day, and in no
    period.
    """
    columns = (*_KEYS[per], *_SUMS)
    every = Table((*_EVERY_KEY, *_SUMS), _rows(connection, rates, zone, by, period))
    return tables.grouped(every, query_results.column_names(_KEYS[per])).shown(*columns)


def platforms_table(
    connection: Connection,
    rates: OwnRates,
    *,
    zone: str,
    by: str = "sale",
    period: Period = ALWAYS,
) -> Table:
    """
    One line for each platform and currency, with what it kept and what went back, in
    parts of the gross.
    """
    of_platforms = sales_table(
        connection, "platform", rates, zone=zone, by=by, period=period
    )
    rate = [Column("fee_rate", Kind.RATE), Column("refund_rate", Kind.RATE)]
    rows = [(*row, None, None) for row in of_platforms.rows]
    return with_rates(Table([*of_platforms.columns, *rate], rows)).shown(*PLATFORMS)


def with_rates(table: Table) -> Table:
    """
    A loaded report whose columns `fee_rate` and `refund_rate`, if it has them, are what
    fees and refunds are of the gross.
    """
    if "fee_rate" not in table.names:
        return table
    rows = []
    for row in table.rows:
        values = dict(zip(table.names, row, strict=True))
        values["fee_rate"] = tables.rate(values["fees"], values["gross"])
        values["refund_rate"] = tables.rate(values["refunded"], values["gross"])
        rows.append(tuple(values.values()))
    return Table(table.columns, rows)


def promo_codes_table(
    connection: Connection, *, zone: str, by: str = "sale", period: Period = ALWAYS
) -> Table:
    """
    One line for each promo code and currency: the orders with it that were placed in
    the period, or by `show` those for shows that play in it, as far as they count. An
    order that nobody has paid yet does not.
    """
    is_order = or_(counted.admits(), tickets.c.charged != 0)
    number = func.count(case((is_order, orders.c.id)).distinct())
    query = (
        select(
            orders.c.promo_code,
            tickets.c.currency,
            number.label("orders"),
            whole_sum(case((counted.admits(), 1), else_=0)).label("tickets"),
            whole_sum(tickets.c.discount).label("discount"),
            whole_sum(tickets.c.charged).label("gross"),
        )
        .select_from(counted.counted_tickets())
        .join(orders, orders.c.id == tickets.c.order_id)
        .where(
            orders.c.promo_code != "",
            query_results.is_known(tickets.c.currency),
            *_within(by, period, zone),
        )
        .group_by(orders.c.promo_code, tickets.c.currency)
        .having(number > 0)
        .order_by(orders.c.promo_code, tickets.c.currency)
    )
    return query_results.stream(connection, PROMO_CODES, query)


def _rows(
    connection: Connection, rates: OwnRates, zone: str, by: str, period: Period
) -> Iterator[Row]:
    """
    A row for each order and show, or for each show and account.
    """
    if by == "show":
        for row in connection.execute(_by_show(period)):
            yield _row(row, date.fromisoformat(row.starts_local[:10]), row.fees)
        return
    orders_ = _by_sale(period, zone).execution_options(yield_per=tables.BATCH)
    for row in connection.execute(orders_):
        yield _row(row, _day_of(row.placed_at, zone), _fees(row, rates))


def _row(row: Any, day: date | None, fees: int | None) -> Row:
    return (
        day,
        None if day is None else monday_of(day),
        None if day is None else f"{day:%Y-%m}",
        row.platform,
        row.production,
        row.starts_local,
        row.show_id,
        row.currency,
        row.tickets,
        row.gross,
        row.refunded,
        row.tax_remitted,
        fees,
        net(row.gross, row.refunded, row.tax_remitted, fees),
    )


def _fees(row: Any, rates: OwnRates) -> int | None:
    """
    The fees of an order's part: as reported, else by the venue's own rate, else
    unknown.
    """
    own = rates.amounts.get((row.order_id, row.show_id))
    if not row.unreported:
        return int(row.reported_fees) + (own or 0)  # of free tickets
    if row.account_id not in rates.accounts:
        return None
    if own is None and row.order_id is not None:
        return None  # sold before the first of the account's dated rates
    return int(row.reported_fees) + (own or 0)


def _day_of(moment: datetime | None, zone: str) -> date | None:
    return None if moment is None else clock.day_of(moment, zone)


def _by_show(period: Period) -> Select[Any]:
    return (
        select(
            *_names(show_financials.c.account_id, show_financials.c.currency),
            show_financials.c.tickets_sold.label("tickets"),
            show_financials.c.gross,
            show_financials.c.refunded,
            show_financials.c.tax_remitted,
            show_financials.c.fees,
        )
        .select_from(show_financials)
        .join(shows, shows.c.id == show_financials.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(accounts, accounts.c.id == show_financials.c.account_id)
        .where(
            query_results.is_known(show_financials.c.currency),
            totals.starts_within(period),
        )
    )


def _by_sale(period: Period, zone: str) -> Select[Any]:
    names = _names(tickets.c.account_id, tickets.c.currency)
    return (
        select(
            *names,
            tickets.c.order_id,
            orders.c.placed_at,
            whole_sum(case((counted.admits(), 1), else_=0)).label("tickets"),
            whole_sum(tickets.c.charged).label("gross"),
            whole_sum(tickets.c.refunded).label("refunded"),
            whole_sum(tickets.c.tax_remitted).label("tax_remitted"),
            func.coalesce(whole_sum(tickets.c.fees), 0).label("reported_fees"),
            whole_sum(case((totals.lacks_fees(), 1), else_=0)).label("unreported"),
        )
        .select_from(counted.counted_tickets())
        .join(productions, productions.c.id == shows.c.production_id)
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .outerjoin(orders, orders.c.id == tickets.c.order_id)
        .where(
            query_results.is_known(tickets.c.currency),
            *order_spans.placed_within(period, zone),
        )
        .group_by(*names, tickets.c.order_id, orders.c.placed_at)
    )


def _names(
    account_id: ColumnElement[Any], currency: ColumnElement[Any]
) -> list[ColumnElement[Any]]:
    return [
        account_id,
        currency,
        accounts.c.provider.label("platform"),
        productions.c.title.label("production"),
        shows.c.starts_local,
        shows.c.id.label("show_id"),
    ]


def _within(by: str, period: Period, zone: str) -> list[ColumnElement[bool]]:
    if by == "show":
        return [totals.starts_within(period)]
    return order_spans.placed_within(period, zone)
