"""
The productions that have shows ahead, in few rows: how many, the first one, the
platforms that sell them, and what these shows brought so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from ticketsync.core.money import Money
from ticketsync.store import counted, query_results
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    occurrences,
    productions,
    show_links,
    shows,
)
from ticketsync.store.tables.financials import show_financials


@dataclass(frozen=True, slots=True)
class ComingProduction:
    """
    A production (our id) with its number of coming shows that are not excluded; the
    first of them starts at `starts_local` in `timezone`. `providers` are those of its
    links that are on, in their order. `tickets_sold` and `gross` are the figures of
    these shows, `gross` in each currency.
    """

    production_id: int
    production: str
    shows: int
    starts_local: str
    timezone: str
    providers: Sequence[str]
    tickets_sold: int
    gross: Sequence[Money]


def list_coming(connection: Connection, since: datetime) -> list[ComingProduction]:
    """
    The productions with shows that start at `since` or later, in the order in which
    they play first.
    """
    ahead = (shows.c.starts_at >= since, counted.takes_part())
    rows = connection.execute(
        select(
            productions.c.id,
            productions.c.title,
            shows.c.starts_local,
            shows.c.timezone,
        )
        .join(productions, productions.c.id == shows.c.production_id)
        .where(*ahead)
        .order_by(shows.c.starts_at, shows.c.id)
    )
    found: dict[int, list[tuple[str, str, str]]] = {}
    for id_, *show in rows:
        found.setdefault(id_, []).append((show[0], show[1], show[2]))
    selling: dict[int, list[str]] = {}
    for id_, provider in connection.execute(
        select(shows.c.production_id, accounts.c.provider)
        .select_from(counted.followed_links())
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .where(*ahead)
        .distinct()
        .order_by(accounts.c.provider)
    ):
        selling.setdefault(id_, []).append(provider)
    sold = _read_sold(connection, since)
    return [
        ComingProduction(
            production_id=id_,
            production=of_it[0][0],
            shows=len(of_it),
            starts_local=of_it[0][1],
            timezone=of_it[0][2],
            providers=selling.get(id_, []),
            tickets_sold=sum(tickets for tickets, _ in sold.get(id_, ())),
            gross=[gross for _, gross in sold.get(id_, ())],
        )
        for id_, of_it in found.items()
    ]


def _read_sold(
    connection: Connection, since: datetime
) -> dict[int, list[tuple[int, Money]]]:
    """
    The tickets and gross of the coming shows of each production, in each currency.
    """
    found: dict[int, list[tuple[int, Money]]] = {}
    for id_, currency, tickets, gross in connection.execute(
        select(
            shows.c.production_id,
            show_financials.c.currency,
            func.sum(show_financials.c.tickets_sold),
            func.sum(show_financials.c.gross),
        )
        .join(shows, shows.c.id == show_financials.c.show_id)
        .where(
            shows.c.starts_at >= since,
            query_results.is_known(show_financials.c.currency),
        )
        .group_by(shows.c.production_id, show_financials.c.currency)
        .order_by(show_financials.c.currency)
    ):
        of_it = (int(tickets), Money(int(gross), currency))
        found.setdefault(id_, []).append(of_it)
    return found
