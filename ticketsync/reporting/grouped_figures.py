"""
The figures of all shows in groups: one line for each show, account, production, venue,
platform, or for each day, week or month in which shows play.

The sums are those of `store.totals`, as in the views.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    case,
    cast,
    func,
    select,
)

from ticketsync.core.tables import Column, Kind, Table
from ticketsync.reporting.figure_filter import EVERYTHING, FigureFilter, order_by
from ticketsync.reporting.figures_of_shows import GROSS_PARTS, SUMS, TOTALS, FigureSums
from ticketsync.store import query_results, totals
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import venues
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.types import WHOLE

_SUMS: Final = (
    Column("currency"),
    Column("shows", Kind.NUMBER),
    Column("capacity", Kind.NUMBER),
    *SUMS,
)
# `figures` are those that a line consists of, one for each show, account and currency;
# `fees_unknown` also counts those whose net is unknown.
PARTS: Final = (
    Column("figures", Kind.COUNT),
    Column("fees_unknown", Kind.COUNT),
    Column("tax_unknown", Kind.COUNT),
    Column("fees_known", Kind.MONEY),
    Column("tax_known", Kind.MONEY),
    Column("net_known", Kind.MONEY),
)
PRODUCTIONS: Final = (
    Column("production_id", Kind.ID),
    Column("production"),
    *_SUMS,
    Column("platforms"),
    *GROSS_PARTS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductionTotals(FigureSums):
    """
    A production over all its shows, in one currency; a row of `production_totals`.
    `capacity` is that of the shows with figures, `None` where one of them is unknown;
    `platforms` the providers that sell it.
    """

    production_id: int
    production: str
    shows: int
    capacity: int | None
    platforms: str

    @property
    def providers(self) -> list[str]:
        return self.platforms.split(", ")


@dataclass(frozen=True, slots=True)
class _Grouping:
    """
    What a line is for: its columns, in which order lines are listed, and whether its
    keys are values of an account; else they are values of a show.
    """

    columns: tuple[Column, ...]
    order: tuple[str, ...]
    keys: Mapping[str, Any]
    is_of_accounts: bool = False


def _groupings() -> dict[str, _Grouping]:
    account = {"account": accounts.c.name, "provider": accounts.c.provider}
    venue = {"venue": venues.c.name}
    platform = {"platform": accounts.c.provider}
    return {
        "show": _Grouping(TOTALS, ("starts_at", "show_id"), {}),
        "account": _Grouping(
            (Column("account"), Column("provider"), *_SUMS),
            ("account",),
            account,
            is_of_accounts=True,
        ),
        "production": _Grouping(PRODUCTIONS, ("production", "production_id"), {}),
        "venue": _Grouping((Column("venue"), *_SUMS), ("venue",), venue),
        "platform": _Grouping(
            (Column("platform"), *_SUMS), ("platform",), platform, is_of_accounts=True
        ),
        **{
            name: _Grouping((Column(name, kind), *_SUMS), (name,), {name: column})
            for name, kind, column in (
                ("day", Kind.DAY, totals.day()),
                ("week", Kind.DAY, totals.MondayOf(totals.day())),
                ("month", Kind.TEXT, totals.month()),
            )
        },
    }


_GROUPINGS: Final = _groupings()
GROUPINGS: Final = tuple(_GROUPINGS)


def columns_of(per: str) -> tuple[Column, ...]:
    """
    The columns of a report per one of `GROUPINGS`.
    """
    own = [c for c in _GROUPINGS[per].columns if c not in GROSS_PARTS]
    return (*own, *PARTS, *GROSS_PARTS)


def grouped_table(
    connection: Connection,
    per: str,
    chosen: FigureFilter = EVERYTHING,
    *,
    sort: str = "",
) -> Table:
    """
    One line for each group (one of `GROUPINGS`) and currency, of the figures chosen. A
    week is named by its Monday. The seats of a show are for all that sell it, in every
    currency, so that there is no capacity where an account or a currency is chosen, nor
    where a group has more than one currency.

    Raises: `UsageError` for a `sort` that is not one of its columns.
    """
    columns = columns_of(per)
    lines = _lines(per, chosen)
    return _table(connection, columns, lines, chosen, _GROUPINGS[per].order, sort)


def totals_table(connection: Connection, chosen: FigureFilter = EVERYTHING) -> Table:
    """
    The sums of all figures chosen, one line for each currency; with a capacity as in
    `grouped_table`.
    """
    query = totals.by_shows({}, *chosen.conditions(), with_parts=True)
    columns = (*_SUMS, *PARTS, *GROSS_PARTS)
    return _table(connection, columns, query.subquery("lines"), chosen, (), "")


def list_currencies(connection: Connection) -> list[str]:
    """
    The currencies in which shows have figures.
    """
    currency = show_financials.c.currency
    known = select(currency).where(query_results.is_known(currency))
    return [*connection.scalars(known.distinct().order_by(currency))]


def _table(
    connection: Connection,
    columns: tuple[Column, ...],
    lines: Subquery,
    chosen: FigureFilter,
    order: tuple[str, ...],
    sort: str,
) -> Table:
    seats = _capacity(lines, chosen, order)
    query = (
        select(
            *query_results.named(
                query_results.column_names(columns), lines, capacity=seats
            )
        )
        .where(query_results.is_known(lines.c.currency))
        .order_by(*order_by(columns, lines, (*order, "currency"), sort))
    )
    return query_results.stream(connection, columns, query)


def _capacity(
    lines: Subquery, chosen: FigureFilter, group: tuple[str, ...]
) -> ColumnElement[Any]:
    """
    The seats of a line that is the only one of its group.
    """
    if chosen.account or chosen.currency:
        return cast(None, WHOLE)
    number = func.count().over(partition_by=[lines.c[name] for name in group])
    return case((number == 1, lines.c.capacity))


def production_totals(
    connection: Connection, production_id: int
) -> list[ProductionTotals]:
    """
    The totals of a production (our id), one for each currency.
    """
    lines = totals.production_totals().subquery("lines")
    query = (
        select(*query_results.named(query_results.field_names(ProductionTotals), lines))
        .where(
            lines.c.production_id == production_id,
            query_results.is_known(lines.c.currency),
        )
        .order_by(lines.c.currency)
    )
    return query_results.values(connection, ProductionTotals, PRODUCTIONS, query)


def _lines(per: str, chosen: FigureFilter) -> Subquery:
    grouping, only = _GROUPINGS[per], chosen.conditions()
    query: Select[Any]
    if per == "show":
        query = totals.show_totals(*only, with_parts=True)
    elif per == "production":
        query = totals.production_totals(*only, with_parts=True)
    elif grouping.is_of_accounts:
        query = totals.by_accounts(grouping.keys, *only, with_parts=True)
    else:
        query = totals.by_shows(grouping.keys, *only, with_parts=True)
    return query.subquery("lines")
