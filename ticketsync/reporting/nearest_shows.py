"""
Which shows lie next to a period in which nothing played.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, select

from ticketsync.core.periods import ALWAYS
from ticketsync.reporting.figure_filter import FigureFilter
from ticketsync.store import totals
from ticketsync.store.tables.catalogue import productions, shows, venues


@dataclass(frozen=True, slots=True)
class NearestShows:
    """
    The local starts of the last show with figures before a period and of the first one
    after it, `None` where there is none; and how many shows without figures are in it.
    """

    earlier: str | None
    later: str | None
    without_figures: int


def find_nearest(connection: Connection, chosen: FigureFilter) -> NearestShows:
    """
    The shows next to the period of a choice, with its other filters.
    """
    begin, end = chosen.period.local_starts
    anywhere = replace(chosen, period=ALWAYS)
    with_figures = (
        select(shows.c.starts_local)
        .select_from(totals.figures_of_shows())
        .where(*anywhere.conditions())
        .subquery()
    )
    starts = with_figures.c.starts_local
    before = select(func.max(starts)).where(starts < (begin or ""))
    after = select(func.min(starts)).where(starts >= end) if end else None
    inside = (
        select(func.count())
        .select_from(
            shows.join(productions, productions.c.id == shows.c.production_id).join(
                venues, venues.c.id == shows.c.venue_id
            )
        )
        .where(*chosen.of_shows())
    )
    return NearestShows(
        connection.scalar(before),
        None if after is None else connection.scalar(after),
        connection.scalar(inside) or 0,
    )
