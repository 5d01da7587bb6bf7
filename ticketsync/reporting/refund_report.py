"""
Refunds of a time or of shows: each movement with its day and what that day is based on.

The sums are one for each currency and basis, so that a platform's dates and days on
which we first saw a refund are never added up without saying so.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    select,
    true,
)

from ticketsync.core import tables
from ticketsync.core.tables import Column, Kind, Row, Table
from ticketsync.reporting import order_parts, sales
from ticketsync.reporting.figure_filter import EVERYTHING, FigureFilter
from ticketsync.store import order_spans
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import productions, shows, venues
from ticketsync.store.tables.sales import orders, refunds
from ticketsync.store.types import whole_sum

BY: Final = ("refund", "show")
# In the order in which sums are listed.
BASES: Final[Mapping[str, str]] = {
    "reported": "the platform's date",
    "void": "the day of the void",
    "seen": "the day first seen",
    "assumed": "an assumed day (refunded before the first read)",
}
SUMS: Final = (
    Column("basis"),
    Column("currency"),
    Column("refunds", Kind.COUNT),
    Column("amount", Kind.MONEY),
)


def refunds_table(
    connection: Connection, chosen: FigureFilter = EVERYTHING, *, by: str = "refund"
) -> Table:
    """
    The refunds chosen, loaded, the newest day first. `by` says which day is in the
    period (one of `BY`): that of the refund, by the calendar of the default venue, or
    that of the show, at its venue.
    """
    return Table(sales.REFUNDS, [*_rows(connection, chosen, by)])


def list_show_refunds(connection: Connection, show_id: int) -> list[sales.RefundLine]:
    """
    The refund movements as far as they are for one show, in the order in which they
    were recorded.
    """
    query = sales.refunds_query().where(sales.is_of_show(show_id))
    query = query.order_by(None).order_by(refunds.c.id)
    found = Table(sales.REFUNDS, sales.refund_rows(connection, query))
    return [
        sales.RefundLine(**row)
        for row in tables.by_name(found)
        if row["show_id"] == show_id
    ]


def newest_refunds(
    connection: Connection, chosen: FigureFilter, *, by: str, most: int
) -> Table:
    """
    The first rows of `refunds_table`, at most so many, without reading the others.
    """
    with closing(_rows(connection, chosen, by, batch=min(most, sales.BATCH))) as rows:
        return Table(sales.REFUNDS, [*islice(rows, most)])


def read_sums(connection: Connection, chosen: FigureFilter, *, by: str) -> Table:
    """
    The `sums_by_basis` of the refunds chosen, added up by the database. Only orders
    with shows of which some are chosen and others are not are read one by one.
    """
    # They are asked for three times: a CTE is computed once.
    refunded = select(refunds.c.order_id).where(*_within(chosen, by)).distinct().cte()
    of_refunded = orders.c.id.in_(select(refunded.c.order_id))
    parts = order_parts.shows_of_orders([of_refunded])
    shows_ = _shows(chosen, by)
    of_show = true() if shows_ is None else parts.c.show_id.in_(shows_)
    is_chosen = case((and_(parts.c.is_listed == 1, of_show), 1), else_=0)
    orders_ = (
        select(
            parts.c.order_row,
            func.min(is_chosen).label("has_all"),
            func.max(is_chosen).label("has_any"),
        )
        .group_by(parts.c.order_row)
        .subquery("chosen_orders")
    )
    query = (
        select(
            refunds.c.basis,
            orders.c.currency,
            orders_.c.has_all,
            func.count(),
            whole_sum(refunds.c.amount),
        )
        .join(orders, orders.c.id == refunds.c.order_id)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .join(orders_, orders_.c.order_row == orders.c.id)
        .where(orders_.c.has_any == 1, sales.refunds_count(), *_of_refunds(chosen, by))
        .group_by(refunds.c.basis, orders.c.currency, orders_.c.has_all)
    )
    found = connection.execute(query).all()
    rows: list[Row] = [
        (basis, code, n, amount) for basis, code, all_, n, amount in found if all_
    ]
    if len(rows) < len(found):
        divided = select(orders_.c.order_row).where(
            orders_.c.has_all == 0, orders_.c.has_any == 1
        )
        only = orders.c.id.in_(divided)
        rows += _movements(Table(sales.REFUNDS, _rows(connection, chosen, by, only)))
    return _summed(rows)


def _rows(
    connection: Connection,
    chosen: FigureFilter,
    by: str,
    *only: ColumnElement[bool],
    batch: int = sales.BATCH,
) -> Generator[Row]:
    query = sales.refunds_query().where(*_of_refunds(chosen, by), *only)
    query = query.order_by(None).order_by(refunds.c.on_day.desc(), refunds.c.id.desc())
    show = Table(sales.REFUNDS, ()).position("show_id")
    shows_ = _shows(chosen, by)
    ids = None if shows_ is None else frozenset(connection.scalars(shows_))
    for row in sales.refund_rows(connection, query, batch=batch):
        if ids is None or row[show] in ids:
            yield row


def _of_refunds(chosen: FigureFilter, by: str) -> list[ColumnElement[bool]]:
    """
    The conditions on refunds, their orders and accounts.
    """
    return [
        *([accounts.c.name == chosen.account] if chosen.account else []),
        *([orders.c.currency == chosen.currency] if chosen.currency else []),
        *_within(chosen, by),
    ]


def _within(chosen: FigureFilter, by: str) -> list[ColumnElement[bool]]:
    return order_spans.refunded_within(chosen.period) if by == "refund" else []


def _shows(chosen: FigureFilter, by: str) -> Select[tuple[int]] | None:
    """
    The shows (our ids) that are chosen; `None` where refunds without a show are, too.
    """
    if by == "refund":
        chosen = replace(chosen, period=EVERYTHING.period)
        if chosen == replace(
            EVERYTHING, account=chosen.account, currency=chosen.currency
        ):
            return None
    return (
        select(shows.c.id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .where(*chosen.of_shows())
    )


def sums_by_basis(report: Table) -> Table:
    """
    The sums of loaded refunds: one for each basis and currency. A refund of an order
    over several shows, which has a row for each of them, counts once.
    """
    return _summed(_movements(report))


def _movements(report: Table) -> Iterator[Row]:
    """
    A row of `SUMS` for each row of a report; the number is 0 for a movement that was
    there before.
    """
    counted: set[tuple[Any, ...]] = set()
    names = ("account", "refund_id", "number", "basis", "currency", "amount")
    places = [report.position(name) for name in names]
    for row in report.rows:
        *movement, basis, currency, amount = (row[place] for place in places)
        yield basis, currency, 0 if tuple(movement) in counted else 1, amount
        counted.add(tuple(movement))


def _summed(rows: Iterable[Row]) -> Table:
    sums = tables.grouped(Table(SUMS, rows), ["basis"])
    order = [*BASES]
    return Table(SUMS, sorted(sums.rows, key=lambda row: (row[1], order.index(row[0]))))
