"""
The morning's summary: every show on sale, what sold lately, what it stands at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from ticketsync.store import counted
from ticketsync.store.tables.catalogue import Occurrence, Production, Show, ShowLink
from ticketsync.store.tables.financials import ShowFinancials
from ticketsync.store.tables.sales import Order, Ticket
from ticketsync.store.upsert import table_of


@dataclass(frozen=True, slots=True)
class OnSale:
    """
    One show ahead. `allocation` is the show's own capacity, else what its platforms
    have for sale together; `None` if nobody says. `recently` counts tickets that were
    ordered since the given instant and still admit somebody. `gross` is in minor units
    by currency.
    """

    show_id: int
    production: str
    starts_at: datetime
    starts_local: str
    allocation: int | None
    recently: int
    sold: int
    comps: int
    gross: dict[str, int]


def on_sale(session: Session, *, now: datetime, since: datetime) -> list[OnSale]:
    """
    The shows ahead that some platform has on sale, in the order they play.
    """
    shows, works = table_of(Show), table_of(Production)
    links, dates = table_of(ShowLink), table_of(Occurrence)
    rows = (
        session.connection()
        .execute(
            select(
                shows.c.id,
                works.c.title,
                shows.c.starts_at,
                shows.c.starts_local,
                shows.c.capacity,
                func.sum(dates.c.capacity).label("offered"),
            )
            .select_from(counted.counted_links())
            .join(works, works.c.id == shows.c.production_id)
            .join(dates, dates.c.id == links.c.occurrence_id)
            .where(
                shows.c.starts_at >= now,
                dates.c.status == "on_sale",
                dates.c.gone_since.is_(None),
            )
            .group_by(
                shows.c.id,
                works.c.title,
                shows.c.starts_at,
                shows.c.starts_local,
                shows.c.capacity,
            )
            .order_by(shows.c.starts_at, shows.c.id)
        )
        .all()
    )
    recently = _recently(session, since)
    totals = _totals(session)
    return [
        OnSale(
            show_id=row.id,
            production=row.title,
            starts_at=row.starts_at,
            starts_local=row.starts_local,
            allocation=row.capacity if row.capacity is not None else row.offered,
            recently=recently.get(row.id, 0),
            sold=sum(total.sold for total in totals.get(row.id, ())),
            comps=sum(total.comps for total in totals.get(row.id, ())),
            gross={total.currency: total.gross for total in totals.get(row.id, ())},
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class _Total:
    currency: str
    sold: int
    comps: int
    gross: int


def _recently(session: Session, since: datetime) -> dict[int, int]:
    tickets, orders, links = table_of(Ticket), table_of(Order), table_of(ShowLink)
    rows = session.connection().execute(
        select(links.c.show_id, func.count())
        .select_from(counted.counted_tickets())
        .join(orders, orders.c.id == tickets.c.order_id)
        .where(orders.c.placed_at >= since, counted.admits())
        .group_by(links.c.show_id)
    )
    return {int(show): int(count) for show, count in rows}


def _totals(session: Session) -> dict[int, list[_Total]]:
    table = table_of(ShowFinancials)
    rows = session.connection().execute(
        select(
            table.c.show_id,
            table.c.currency,
            func.sum(table.c.tickets_sold),
            func.sum(table.c.tickets_comp),
            func.sum(table.c.gross),
        ).group_by(table.c.show_id, table.c.currency)
    )
    found: dict[int, list[_Total]] = {}
    for show_id, currency, sold, comps, gross in rows:
        total = _Total(currency, int(sold), int(comps), int(gross))
        found.setdefault(show_id, []).append(total)
    return found
