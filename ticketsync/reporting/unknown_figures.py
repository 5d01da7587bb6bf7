"""
Why a sum of fees, net or tax is unknown: the accounts that do not report it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from ticketsync.core.plurals import joined, number_of
from ticketsync.reporting.figure_filter import FigureFilter
from ticketsync.store import query_results
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import productions, shows, venues
from ticketsync.store.tables.financials import show_financials

FEES: Final = "fees"
TAX: Final = "tax"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownFigures:
    """
    An account that does not report `what` (`FEES`, and net with them, or `TAX`) for so
    many shows.
    """

    what: str
    account: str
    provider: str
    shows: int


def list_unknown(connection: Connection, chosen: FigureFilter) -> list[UnknownFigures]:
    """
    What is unknown of the figures chosen, by account.
    """
    found = []
    for what in (FEES, TAX):
        number = func.count(show_financials.c.show_id.distinct())
        query = (
            select(accounts.c.name, accounts.c.provider, number)
            .select_from(show_financials)
            .join(accounts, accounts.c.id == show_financials.c.account_id)
            .join(shows, shows.c.id == show_financials.c.show_id)
            .join(productions, productions.c.id == shows.c.production_id)
            .join(venues, venues.c.id == shows.c.venue_id)
            .where(
                show_financials.c[what].is_(None),
                query_results.is_known(show_financials.c.currency),
                *chosen.conditions(),
            )
            .group_by(accounts.c.name, accounts.c.provider)
            .order_by(accounts.c.name)
        )
        found += [
            UnknownFigures(what=what, account=name, provider=provider, shows=shows_)
            for name, provider, shows_ in connection.execute(query)
        ]
    return found


def in_words(unknown: Sequence[UnknownFigures], what: str) -> str:
    """
    Whose fees or tax are unknown: `tt (12 shows) and wix (1 show)`; empty for nobody's.
    """
    parts = [
        f"{item.account} ({number_of(item.shows, 'show')})"
        for item in unknown
        if item.what == what
    ]
    return joined(parts)
