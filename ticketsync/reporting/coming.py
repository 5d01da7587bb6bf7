"""
The productions that have shows ahead, in few rows: how many, the first one, and the
platforms that sell them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ticketsync.store import counted
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    occurrences,
    productions,
    show_links,
    shows,
)


@dataclass(frozen=True, slots=True)
class ComingProduction:
    """
    A production (our id) with its number of coming shows that are not excluded; the
    first of them starts at `starts_local` in `timezone`. `providers` are those of its
    links that are on, in their order.
    """

    production_id: int
    production: str
    shows: int
    starts_local: str
    timezone: str
    providers: Sequence[str]


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
    return [
        ComingProduction(
            production_id=id_,
            production=of_it[0][0],
            shows=len(of_it),
            starts_local=of_it[0][1],
            timezone=of_it[0][2],
            providers=selling.get(id_, []),
        )
        for id_, of_it in found.items()
    ]
