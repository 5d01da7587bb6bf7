"""
The morning's summary: every show on sale, what sold lately, what it stands at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, type_coerce
from sqlmodel import Session

from ticketsync.reporting import seats as reporting_seats
from ticketsync.store.capacity import Seats
from ticketsync.store.tables.catalogue import Occurrence, Production, Show, ShowLink
from ticketsync.store.tables.financials import ShowFinancials
from ticketsync.store.tables.sales import Order, Ticket
from ticketsync.store.types import WHOLE
from ticketsync.store.upsert import table_of


@dataclass(frozen=True, slots=True)
class OnSale:
    """
    One show ahead. `allocation` is its capacity by the rule of `store.capacity`; `None`
    if nobody says. `recently` counts tickets that were
    ordered since the given instant and still admit somebody. `gross` is in minor units
    by currency.
    """

    show_id: int
    production: str
    starts_at: datetime
    starts_local: str
    seats: Seats
    recently: int
    comps: int
    gross: dict[str, int]

    @property
    def allocation(self) -> int | None:
        return self.seats.capacity

    @property
    def sold(self) -> int:
        return self.seats.sold


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
            )
            .join(works, works.c.id == shows.c.production_id)
            .join(links, links.c.show_id == shows.c.id)
            .join(dates, dates.c.id == links.c.occurrence_id)
            .where(
                shows.c.starts_at >= now,
                dates.c.status == "on_sale",
                dates.c.gone_since.is_(None),
                type_coerce(shows.c.is_excluded, WHOLE) == 0,
            )
            .group_by(
                shows.c.id,
                works.c.title,
                shows.c.starts_at,
                shows.c.starts_local,
            )
            .order_by(shows.c.starts_at, shows.c.id)
        )
        .all()
    )
    recently = _recently(session, since)
    totals = _totals(session)
    seats = reporting_seats.seats(session)
    return [
        OnSale(
            show_id=row.id,
            production=row.title,
            starts_at=row.starts_at,
            starts_local=row.starts_local,
            seats=seats[row.id],
            recently=recently.get(row.id, 0),
            comps=sum(total.comps for total in totals.get(row.id, ())),
            gross={total.currency: total.gross for total in totals.get(row.id, ())},
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class _Total:
    currency: str
    comps: int
    gross: int


def _recently(session: Session, since: datetime) -> dict[int, int]:
    tickets, orders, links = table_of(Ticket), table_of(Order), table_of(ShowLink)
    rows = session.connection().execute(
        select(links.c.show_id, func.count())
        .select_from(tickets)
        .join(orders, orders.c.id == tickets.c.order_id)
        .join(links, links.c.occurrence_id == tickets.c.occurrence_id)
        .where(
            orders.c.placed_at >= since,
            tickets.c.kind == "admission",
            type_coerce(tickets.c.is_sold, WHOLE) == 1,
            type_coerce(links.c.sync_enabled, WHOLE) == 1,
            type_coerce(links.c.sync_ticket_sales, WHOLE) == 1,
        )
        .group_by(links.c.show_id)
    )
    return {int(show): int(count) for show, count in rows}


def _totals(session: Session) -> dict[int, list[_Total]]:
    table = table_of(ShowFinancials)
    rows = session.connection().execute(
        select(
            table.c.show_id,
            table.c.currency,
            func.sum(table.c.tickets_comp),
            func.sum(table.c.gross),
        ).group_by(table.c.show_id, table.c.currency)
    )
    found: dict[int, list[_Total]] = {}
    for show_id, currency, comps, gross in rows:
        total = _Total(currency, int(comps), int(gross))
        found.setdefault(show_id, []).append(total)
    return found
