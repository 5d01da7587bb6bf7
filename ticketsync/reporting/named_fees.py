"""
The named fees of shows, each with the rate that made it where the venue's own did: a
later change of the settings alters neither before the show is recomputed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from ticketsync.core.money import Money
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.reporting.export_filter import ExportFilter
from ticketsync.store import query_results, totals
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import productions, shows
from ticketsync.store.tables.financials import ticket_fees

FEES: Final = (
    Column("show_id", Kind.ID),
    Column("production"),
    Column("starts_at", Kind.INSTANT),
    Column("account"),
    Column("currency"),
    Column("name"),
    Column("amount", Kind.MONEY),
    Column("source"),
    Column("per_ticket", Kind.MONEY, is_repeated=True),
    Column("rate_ppm", Kind.NUMBER),
    Column("per_order", Kind.MONEY, is_repeated=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """
    One named fee of a show on one account. At most one of the rates is known: of a line
    by the venue's own rates, where its orders do not have several.
    """

    show_id: int
    production: str
    starts_at: datetime
    account: str
    currency: str
    name: str
    amount: Money
    source: str
    per_ticket: Money | None
    rate_ppm: int | None
    per_order: Money | None


def list_fees(connection: Connection, show_id: int | None = None) -> list[FeeLine]:
    """
    The named fees of one show or of all.
    """
    query = _fees(query_results.field_names(FeeLine), show_id)
    return query_results.values(connection, FeeLine, FEES, query)


def exported_fees(connection: Connection, chosen: ExportFilter) -> Table:
    """
    The named fees of the shows chosen as a report to export.
    """
    query = _fees(query_results.column_names(FEES), None)
    of_shows = query.where(totals.starts_within(chosen.shows))
    return query_results.stream(connection, FEES, of_shows)


def _fees(names: list[str], show_id: int | None) -> Select[Any]:
    query = (
        select(
            *query_results.named(
                names,
                ticket_fees,
                production=productions.c.title,
                starts_at=shows.c.starts_at,
                account=accounts.c.name,
            )
        )
        .select_from(ticket_fees)
        .join(shows, shows.c.id == ticket_fees.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(accounts, accounts.c.id == ticket_fees.c.account_id)
        .order_by(
            shows.c.starts_at,
            ticket_fees.c.show_id,
            accounts.c.name,
            ticket_fees.c.name,
        )
    )
    return query if show_id is None else query.where(ticket_fees.c.show_id == show_id)
