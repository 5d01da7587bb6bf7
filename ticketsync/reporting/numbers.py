"""
The figures of shows, for terminal, pages, exports and JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, column, func, select, table
from sqlmodel import Session

from ticketsync.core import tables
from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.store import health, reports
from ticketsync.store.tables.accounts import AccountRow, SyncRunRow
from ticketsync.store.tables.catalogue import ProductionRow, ShowRow, VenueRow
from ticketsync.store.tables.financials import (
    ShowFinancialsRow,
    ShowTicketTypeRow,
    TicketFeeRow,
)
from ticketsync.store.types import Instant
from ticketsync.store.upsert import table_of

FIGURES = (
    Column("show_id", Kind.NUMBER),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("venue"),
    Column("account"),
    Column("provider"),
    Column("currency"),
    Column("tickets_sold", Kind.COUNT),
    Column("tickets_comp", Kind.COUNT),
    Column("tickets_refunded", Kind.COUNT),
    Column("checked_in", Kind.COUNT),
    Column("face", Kind.MONEY),
    Column("discounts", Kind.MONEY),
    Column("gross", Kind.MONEY),
    Column("fees", Kind.MONEY),
    Column("fees_source"),
    Column("refunded", Kind.MONEY),
    Column("tax", Kind.MONEY),
    Column("tax_remitted", Kind.MONEY),
    Column("net", Kind.MONEY),
    Column("net_before_fees", Kind.MONEY),
    Column("revenue", Kind.MONEY),
    Column("revenue_basis"),
    Column("last_synced_at", Kind.INSTANT),
)
TOTALS = (
    Column("show_id", Kind.NUMBER),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("starts_local", Kind.LOCAL),
    Column("venue"),
    Column("currency"),
    Column("capacity", Kind.NUMBER),
    Column("tickets_sold", Kind.COUNT),
    Column("tickets_comp", Kind.COUNT),
    Column("tickets_refunded", Kind.COUNT),
    Column("checked_in", Kind.COUNT),
    Column("face", Kind.MONEY),
    Column("discounts", Kind.MONEY),
    Column("gross", Kind.MONEY),
    Column("fees", Kind.MONEY),
    Column("refunded", Kind.MONEY),
    Column("tax", Kind.MONEY),
    Column("tax_remitted", Kind.MONEY),
    Column("net", Kind.MONEY),
    Column("net_before_fees", Kind.MONEY),
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
FEES = (
    Column("show_id", Kind.NUMBER),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("account"),
    Column("currency"),
    Column("name"),
    Column("amount", Kind.MONEY),
    Column("source"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """
    One row of `show_financials` with the names of its show and account. `revenue` is
    net where it is known, else gross, and `revenue_basis` says which.
    """

    show_id: int
    production: str
    starts_at: datetime
    starts_local: str
    venue: str
    capacity: int | None
    account: str
    provider: str
    currency: str
    tickets_sold: int
    tickets_comp: int
    tickets_refunded: int
    checked_in: int
    face: Money
    discounts: Money
    gross: Money
    fees: Money | None
    fees_source: str
    refunded: Money
    tax: Money | None
    tax_remitted: Money
    net: Money | None
    net_before_fees: Money
    revenue: Money
    revenue_basis: str
    last_synced_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        """
        The stable shape of `financials list --json`: amounts are decimal texts.
        """
        return tables.record(FIGURES, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTotals:
    """
    A show over all its accounts, in one currency; a row of the view `show_totals`.
    """

    show_id: int
    production: str
    starts_at: datetime
    starts_local: str
    venue: str
    currency: str
    capacity: int | None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """
    One named fee of a show on one account.
    """

    show_id: int
    production: str
    starts_at: datetime
    account: str
    currency: str
    name: str
    amount: Money
    source: str


def figures(session: Session, show_id: int | None = None) -> list[Figures]:
    """
    The financials of one show or of all, in the order they play.
    """
    query = _figures(reports.field_names(Figures), show_id)
    return reports.values(session, Figures, FIGURES, query)


def figures_table(session: Session) -> Table:
    """
    The financials of all shows as a report, in the order they play.
    """
    query = _figures(reports.column_names(FIGURES), None)
    return reports.stream(session, FIGURES, query)


def totals(session: Session, show_id: int) -> list[ShowTotals]:
    """
    The totals of a show over all its accounts, one for each currency.
    """
    view = table(
        "show_totals",
        *(column(name) for name in reports.column_names(TOTALS) if name != "starts_at"),
        column("starts_at", Instant),
    )
    query = (
        select(*reports.named(reports.field_names(ShowTotals), view))
        .where(view.c.show_id == show_id, reports.is_known(view.c.currency))
        .order_by(view.c.currency)
    )
    return reports.values(session, ShowTotals, TOTALS, query)


def by_type(session: Session, show_id: int) -> list[TypeFigures]:
    financials, accounts = table_of(ShowTicketTypeRow), table_of(AccountRow)
    query = (
        select(
            *reports.named(
                reports.field_names(TypeFigures), financials, account=accounts.c.name
            )
        )
        .join(accounts, accounts.c.id == financials.c.account_id)
        .where(financials.c.show_id == show_id)
        .order_by(accounts.c.name, financials.c.currency, financials.c.gross.desc())
        .order_by(financials.c.type_name)
    )
    return reports.values(session, TypeFigures, TYPES, query)


def fee_lines(session: Session, show_id: int | None = None) -> list[FeeLine]:
    """
    The named fees of one show or of all.
    """
    query = _fees(reports.field_names(FeeLine), show_id)
    return reports.values(session, FeeLine, FEES, query)


def fees_table(session: Session) -> Table:
    """
    The named fees of all shows as a report.
    """
    query = _fees(reports.column_names(FEES), None)
    return reports.stream(session, FEES, query)


def _figures(names: list[str], show_id: int | None) -> Select[Any]:
    financials, shows = table_of(ShowFinancialsRow), table_of(ShowRow)
    productions, venues = table_of(ProductionRow), table_of(VenueRow)
    accounts, runs = table_of(AccountRow), table_of(SyncRunRow)
    synced = (
        select(runs.c.account_id, func.max(runs.c.finished_at).label("at"))
        .where(health.was_complete(runs))
        .group_by(runs.c.account_id)
        .subquery()
    )
    query = (
        select(
            *reports.named(
                names,
                financials,
                production=productions.c.title,
                starts_at=shows.c.starts_at,
                starts_local=shows.c.starts_local,
                venue=venues.c.name,
                capacity=shows.c.capacity,
                account=accounts.c.name,
                provider=accounts.c.provider,
                revenue=func.coalesce(financials.c.net, financials.c.gross),
                revenue_basis=case((financials.c.net.is_(None), "gross"), else_="net"),
                last_synced_at=synced.c.at,
            )
        )
        .select_from(financials)
        .join(shows, shows.c.id == financials.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .join(accounts, accounts.c.id == financials.c.account_id)
        .outerjoin(synced, synced.c.account_id == financials.c.account_id)
        .where(reports.is_known(financials.c.currency))
        .order_by(
            shows.c.starts_at,
            financials.c.show_id,
            accounts.c.name,
            financials.c.currency,
        )
    )
    return query if show_id is None else query.where(financials.c.show_id == show_id)


def with_values(
    session: Session, show_id: int, account_id: int, values: Mapping[str, Any]
) -> Figures | None:
    """
    The figures of a row of `show_financials` that is not stored (minor units); `None`
    where there is no such show or account.
    """
    shows, productions = table_of(ShowRow), table_of(ProductionRow)
    venues, accounts = table_of(VenueRow), table_of(AccountRow)
    connection = session.connection()
    show = connection.execute(
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
        .where(shows.c.id == show_id)
    ).first()
    account = connection.execute(
        select(accounts.c.name.label("account"), accounts.c.provider).where(
            accounts.c.id == account_id
        )
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
    }
    wanted = {name: row[name] for name in reports.field_names(Figures)}
    return Figures(**tables.with_money(FIGURES, wanted))


def _fees(names: list[str], show_id: int | None) -> Select[Any]:
    financials, shows = table_of(TicketFeeRow), table_of(ShowRow)
    productions, accounts = table_of(ProductionRow), table_of(AccountRow)
    query = (
        select(
            *reports.named(
                names,
                financials,
                production=productions.c.title,
                starts_at=shows.c.starts_at,
                account=accounts.c.name,
            )
        )
        .select_from(financials)
        .join(shows, shows.c.id == financials.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(accounts, accounts.c.id == financials.c.account_id)
        .order_by(
            shows.c.starts_at, financials.c.show_id, accounts.c.name, financials.c.name
        )
    )
    return query if show_id is None else query.where(financials.c.show_id == show_id)
