"""
The figures of shows, ready to be shown, exported or read by machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlmodel import Session

from ticketsync.core import clock, money
from ticketsync.store import health
from ticketsync.store.tables.accounts import Account, SyncRun
from ticketsync.store.tables.catalogue import Production, Show, Venue
from ticketsync.store.tables.financials import (
    ShowFinancials,
    ShowTicketType,
    TicketFee,
)
from ticketsync.store.upsert import table_of


@dataclass(frozen=True, slots=True)
class Figures:
    """
    One row of `show_financials` with its names. Amounts are minor units.
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
    face: int
    discounts: int
    gross: int
    fees: int | None
    fees_source: str
    refunded: int
    tax: int
    tax_remitted: int
    net: int | None
    net_before_fees: int
    last_synced_at: datetime | None

    @property
    def revenue(self) -> int:
        return self.gross if self.net is None else self.net

    @property
    def revenue_basis(self) -> str:
        return "gross" if self.net is None else "net"

    def as_json(self) -> dict[str, Any]:
        """
        The stable shape of `financials list --json`: amounts are decimal texts.
        """

        def shown(minor: int | None) -> str | None:
            return None if minor is None else money.decimal_text(minor, self.currency)

        return {
            "show_id": self.show_id,
            "production": self.production,
            "starts_at": clock.iso(self.starts_at),
            "venue": self.venue,
            "account": self.account,
            "provider": self.provider,
            "currency": self.currency,
            "tickets_sold": self.tickets_sold,
            "tickets_comp": self.tickets_comp,
            "tickets_refunded": self.tickets_refunded,
            "checked_in": self.checked_in,
            "face": shown(self.face),
            "discounts": shown(self.discounts),
            "gross": shown(self.gross),
            "fees": shown(self.fees),
            "fees_source": self.fees_source,
            "refunded": shown(self.refunded),
            "tax": shown(self.tax),
            "tax_remitted": shown(self.tax_remitted),
            "net": shown(self.net),
            "net_before_fees": shown(self.net_before_fees),
            "revenue": shown(self.revenue),
            "revenue_basis": self.revenue_basis,
            "last_synced_at": clock.iso(self.last_synced_at),
        }


@dataclass(frozen=True, slots=True)
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
    face: int
    discounts: int
    gross: int
    refunded: int


@dataclass(frozen=True, slots=True)
class FeeLine:
    show_id: int
    production: str
    starts_at: datetime
    account: str
    currency: str
    name: str
    amount: int
    source: str


def figures(session: Session, show_id: int | None = None) -> list[Figures]:
    """
    The financials of one show or of all, in the order they play.
    """
    table, shows = table_of(ShowFinancials), table_of(Show)
    works, places = table_of(Production), table_of(Venue)
    accounts, runs = table_of(Account), table_of(SyncRun)
    synced = (
        select(runs.c.account_id, func.max(runs.c.finished_at).label("at"))
        .where(health.was_complete(runs))
        .group_by(runs.c.account_id)
        .subquery()
    )
    numbers = Figures.__slots__[8:-1]
    query = (
        select(
            table.c.show_id,
            works.c.title.label("production"),
            shows.c.starts_at,
            shows.c.starts_local,
            places.c.name.label("venue"),
            shows.c.capacity,
            accounts.c.name.label("account"),
            accounts.c.provider,
            *(table.c[name] for name in numbers),
            synced.c.at.label("last_synced_at"),
        )
        .join(shows, shows.c.id == table.c.show_id)
        .join(works, works.c.id == shows.c.production_id)
        .join(places, places.c.id == shows.c.venue_id)
        .join(accounts, accounts.c.id == table.c.account_id)
        .outerjoin(synced, synced.c.account_id == table.c.account_id)
        .order_by(shows.c.starts_at, table.c.show_id, accounts.c.name, table.c.currency)
    )
    if show_id is not None:
        query = query.where(table.c.show_id == show_id)
    return [Figures(**row._mapping) for row in session.connection().execute(query)]


def totals(session: Session, show_id: int) -> list[dict[str, Any]]:
    """
    A show over all accounts, a row per currency, as the view `show_totals` has it:
    minor units, unknown is `None`.
    """
    rows = session.connection().execute(
        text("SELECT * FROM show_totals WHERE show_id = :show ORDER BY currency"),
        {"show": show_id},
    )
    return [dict(row._mapping) for row in rows]


def total_as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """
    A row of `totals` with its amounts as decimal texts.
    """
    amounts = ("face", "discounts", "gross", "fees", "refunded", "tax", "net")
    found = {**row, "starts_at": str(row["starts_at"])}
    for name in (*amounts, "tax_remitted", "net_before_fees"):
        if found[name] is not None:
            found[name] = money.decimal_text(found[name], row["currency"])
    return found


def by_type(session: Session, show_id: int) -> list[TypeFigures]:
    table, accounts = table_of(ShowTicketType), table_of(Account)
    query = (
        select(
            accounts.c.name.label("account"),
            *(table.c[name] for name in TypeFigures.__slots__[1:]),
        )
        .join(accounts, accounts.c.id == table.c.account_id)
        .where(table.c.show_id == show_id)
        .order_by(accounts.c.name, table.c.gross.desc(), table.c.type_name)
    )
    return [TypeFigures(**row._mapping) for row in session.connection().execute(query)]


def fee_lines(session: Session, show_id: int | None = None) -> list[FeeLine]:
    table, shows = table_of(TicketFee), table_of(Show)
    works, accounts = table_of(Production), table_of(Account)
    query = (
        select(
            table.c.show_id,
            works.c.title.label("production"),
            shows.c.starts_at,
            accounts.c.name.label("account"),
            *(table.c[name] for name in FeeLine.__slots__[4:]),
        )
        .join(shows, shows.c.id == table.c.show_id)
        .join(works, works.c.id == shows.c.production_id)
        .join(accounts, accounts.c.id == table.c.account_id)
        .order_by(shows.c.starts_at, table.c.show_id, accounts.c.name, table.c.name)
    )
    if show_id is not None:
        query = query.where(table.c.show_id == show_id)
    return [FeeLine(**row._mapping) for row in session.connection().execute(query)]
