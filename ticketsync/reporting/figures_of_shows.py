"""
The figures of shows, for terminal, pages, exports and JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    case,
    column,
    func,
    select,
    table,
)

from ticketsync.core import tables
from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.reporting import last_reads
from ticketsync.reporting.export_filter import ExportFilter
from ticketsync.reporting.figure_filter import EVERYTHING, FigureFilter, order_by
from ticketsync.store import account_health_rules, query_results
from ticketsync.store import totals as store_totals
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import productions, shows, venues
from ticketsync.store.tables.financials import (
    show_financials,
    show_ticket_types,
)
from ticketsync.store.types import Instant

# What gross consists of beside `face`; `vouchers` are taken off.
GROSS_PARTS = tuple(Column(name, Kind.MONEY) for name in store_totals.GROSS_PARTS)
SUMS = tuple(
    Column(name, Kind.COUNT if name in store_totals.COUNTS else Kind.MONEY)
    for name in store_totals.SUMMED
)
_SUMS_TO_FEES = SUMS[: store_totals.SUMMED.index("fees") + 1]
FIGURES = (
    Column("show_id", Kind.ID),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("venue"),
    Column("account"),
    Column("provider"),
    Column("currency"),
    *_SUMS_TO_FEES,
    Column("fees_source"),
    *SUMS[len(_SUMS_TO_FEES) :],
    Column("revenue", Kind.MONEY),
    Column("revenue_basis"),
    Column("last_synced_at", Kind.INSTANT),
    Column("last_complete_at", Kind.INSTANT),
    *GROSS_PARTS,
)
TOTALS = (
    Column("show_id", Kind.ID),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("starts_local", Kind.LOCAL),
    Column("venue"),
    Column("currency"),
    Column("capacity", Kind.NUMBER),
    *SUMS,
    *GROSS_PARTS,
)
TYPES = (
    Column("account"),
    Column("type_name"),
    Column("currency"),
    Column("tickets_sold", Kind.COUNT),
    Column("tickets_comp", Kind.COUNT),
    Column("tickets_refunded", Kind.COUNT),
    Column("face", Kind.MONEY),
    Column("discounts", Kind.MONEY),
    Column("gross", Kind.MONEY),
    Column("refunded", Kind.MONEY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSums:
    """
    What figures in one currency sum up. The parts of gross beside `face` are `None`
    until they were parsed for all orders; `vouchers` are taken off.
    """

    currency: str
    tickets_sold: int
    tickets_comp: int
    tickets_refunded: int
    checked_in: int
    face: Money
    discounts: Money
    gross: Money
    fees: Money | None
    refunded: Money
    tax: Money | None
    tax_remitted: Money
    net: Money | None
    net_before_fees: Money
    buyer_fees: Money | None
    addons: Money | None
    donations: Money | None
    vouchers: Money | None
    tax_added: Money | None
    unexplained: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures(FigureSums):
    """
    One row of `show_financials` with the names of its show and account. `revenue` is
    net where it is known, else gross, and `revenue_basis` says which. `last_synced_at`
    is the newest read of any of its orders, `last_complete_at` when all orders of the
    account were last read.
    """

    show_id: int
    production: str
    starts_at: datetime
    starts_local: str
    venue: str
    capacity: int | None
    account: str
    provider: str
    fees_source: str
    revenue: Money
    revenue_basis: str
    last_synced_at: datetime | None
    last_complete_at: datetime | None
    needs_reading: bool  # false for our own box office

    @property
    def synced_ago(self) -> str:
        """
        For people: how long ago any of its orders were read, where that matters.
        """
        return last_reads.ago(self.last_synced_at, needs_reading=self.needs_reading)

    def as_json(self) -> dict[str, Any]:
        """
        The stable shape of `financials list --json`: amounts are decimal texts.
        """
        return tables.record(FIGURES, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTotals(FigureSums):
    """
    A show over all its accounts, in one currency; a row of the view `show_totals`.
    """

    show_id: int
    production: str
    starts_at: datetime
    starts_local: str
    venue: str
    capacity: int | None

    def as_json(self) -> dict[str, Any]:
        return tables.record(TOTALS, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeFigures:
    """
    A show's figures for one ticket type.
    """

    account: str
    type_name: str
    currency: str
    tickets_sold: int
    tickets_comp: int
    tickets_refunded: int
    face: Money
    discounts: Money
    gross: Money
    refunded: Money


def last_written(connection: Connection) -> tuple[datetime | None, int]:
    """
    When figures were written last, and of how many shows and accounts there are some.
    """
    query = select(func.max(show_financials.c.updated_at), func.count())
    moment, number = connection.execute(query.select_from(show_financials)).one()
    return moment, number


def figures(
    connection: Connection,
    show_id: int | None = None,
    *,
    chosen: FigureFilter = EVERYTHING,
    sort: str = "",
) -> list[Figures]:
    """
    The financials of one show or of those chosen, in the order they play or by the
    column `sort`.

    Raises: `UsageError` for a `sort` that is not one of `FIGURES`.
    """
    names = query_results.field_names(Figures)
    query = _sorted(_figures(names, show_id).where(*chosen.conditions()), sort)
    return query_results.values(connection, Figures, FIGURES, query)


def figures_table(
    connection: Connection, chosen: FigureFilter = EVERYTHING, *, sort: str = ""
) -> Table:
    """
    The same of all shows, as a report.

    Raises: `UsageError` for a `sort` that is not one of `FIGURES`.
    """
    names = query_results.column_names(FIGURES)
    query = _sorted(_figures(names, None).where(*chosen.conditions()), sort)
    return query_results.stream(connection, FIGURES, query)


def exported_figures(connection: Connection, chosen: ExportFilter) -> Table:
    """
    The figures of the shows chosen, as a report to export.
    """
    return figures_table(connection, FigureFilter(period=chosen.shows))


def _sorted(query: Select[Any], sort: str) -> Select[Any]:
    if not sort:
        return query
    lines = query.order_by(None).subquery("lines")
    usual = ("starts_at", "show_id", "account", "currency")
    return select(*lines.c).order_by(*order_by(FIGURES, lines, usual, sort))


def totals(connection: Connection, show_id: int) -> list[ShowTotals]:
    """
    The totals of a show over all its accounts, one for each currency.
    """
    view = table(
        "show_totals",
        *(
            column(name)
            for name in query_results.column_names(TOTALS)
            if name != "starts_at"
        ),
        column("starts_at", Instant),
    )
    query = (
        select(*query_results.named(query_results.field_names(ShowTotals), view))
        .where(view.c.show_id == show_id, query_results.is_known(view.c.currency))
        .order_by(view.c.currency)
    )
    return query_results.values(connection, ShowTotals, TOTALS, query)


def by_type(connection: Connection, show_id: int) -> list[TypeFigures]:
    query = (
        select(
            *query_results.named(
                query_results.field_names(TypeFigures),
                show_ticket_types,
                account=accounts.c.name,
            )
        )
        .join(accounts, accounts.c.id == show_ticket_types.c.account_id)
        .where(show_ticket_types.c.show_id == show_id)
        .order_by(
            accounts.c.name,
            show_ticket_types.c.currency,
            show_ticket_types.c.gross.desc(),
        )
        .order_by(show_ticket_types.c.type_name)
    )
    return query_results.values(connection, TypeFigures, TYPES, query)


def _figures(names: list[str], show_id: int | None) -> Select[Any]:
    complete, part = account_health_rules.complete_reads(), last_reads.partial_reads()
    query = (
        select(
            *query_results.named(
                names,
                show_financials,
                production=productions.c.title,
                starts_at=shows.c.starts_at,
                starts_local=shows.c.starts_local,
                venue=venues.c.name,
                capacity=shows.c.capacity,
                account=accounts.c.name,
                provider=accounts.c.provider,
                needs_reading=accounts.c.needs_reading,
                revenue=func.coalesce(show_financials.c.net, show_financials.c.gross),
                revenue_basis=case(
                    (show_financials.c.net.is_(None), "gross"), else_="net"
                ),
                last_synced_at=last_reads.later(complete.c.at, part.c.at),
                last_complete_at=complete.c.at,
            )
        )
        .select_from(show_financials)
        .join(shows, shows.c.id == show_financials.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .join(accounts, accounts.c.id == show_financials.c.account_id)
        .outerjoin(complete, complete.c.account_id == show_financials.c.account_id)
        .outerjoin(
            part,
            (part.c.show_id == show_financials.c.show_id)
            & (part.c.account_id == show_financials.c.account_id),
        )
        .where(query_results.is_known(show_financials.c.currency))
        .order_by(
            shows.c.starts_at,
            show_financials.c.show_id,
            accounts.c.name,
            show_financials.c.currency,
        )
    )
    return (
        query if show_id is None else query.where(show_financials.c.show_id == show_id)
    )


def _show_columns() -> Select[Any]:
    """
    What figures say of their show.
    """
    return (
        select(
            shows.c.id.label("show_id"),
            productions.c.title.label("production"),
            shows.c.starts_at,
            shows.c.starts_local,
            venues.c.name.label("venue"),
            shows.c.capacity,
        )
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
    )


def with_values(
    connection: Connection, show_id: int, account_id: int, values: Mapping[str, Any]
) -> Figures | None:
    """
    The figures of a row of `show_financials` that is not stored (minor units); `None`
    where there is no such show or account.
    """
    show = connection.execute(_show_columns().where(shows.c.id == show_id)).first()
    account = connection.execute(
        select(
            accounts.c.name.label("account"),
            accounts.c.provider,
            accounts.c.needs_reading,
        ).where(accounts.c.id == account_id)
    ).first()
    if show is None or account is None:
        return None
    is_net = values["net"] is not None
    row = {
        **values,
        **show._mapping,
        **account._mapping,
        "revenue": values["net"] if is_net else values["gross"],
        "revenue_basis": "net" if is_net else "gross",
        "last_synced_at": None,
        "last_complete_at": None,
    }
    wanted = {name: row[name] for name in query_results.field_names(Figures)}
    return Figures(**tables.with_money(FIGURES, wanted))
