"""
Which figures a money report is about, and in which order its lines are listed. One
filter serves commands, pages and files, so that they agree.

A period holds the shows that play in it: the day of a show is the one at its venue.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, select

from ticketsync.core import errors
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.redact import safe
from ticketsync.core.tables import NUMERIC, Column, Kind
from ticketsync.store import totals
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import productions, shows, venues
from ticketsync.store.tables.financials import show_financials

# What people call a column that has another name.
_ALIASES: Final = {"date": "starts_at", "sold": "tickets_sold", "seats": "capacity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureFilter:
    """
    Names are exact, an empty one means all. Shows begin before `begins_before` and not
    before `begins_from`; `None` where that is open.
    """

    period: Period = ALWAYS
    account: str = ""
    venue: str = ""
    production: str = ""
    currency: str = ""
    begins_from: datetime | None = None
    begins_before: datetime | None = None

    def of_shows(self) -> list[ColumnElement[bool]]:
        """
        The conditions on shows, their productions and venues.
        """
        return [
            totals.starts_within(self.period),
            *([venues.c.name == self.venue] if self.venue else []),
            *([productions.c.title == self.production] if self.production else []),
            *([shows.c.starts_at >= self.begins_from] if self.begins_from else []),
            *([shows.c.starts_at < self.begins_before] if self.begins_before else []),
        ]

    def conditions(self) -> list[ColumnElement[bool]]:
        """
        The conditions on figures, their shows, productions and venues.
        """
        own = select(accounts.c.id).where(accounts.c.name == self.account)
        return [
            *self.of_shows(),
            *([show_financials.c.account_id.in_(own)] if self.account else []),
            *([show_financials.c.currency == self.currency] if self.currency else []),
        ]


EVERYTHING: Final = FigureFilter()


def sort_column(columns: Sequence[Column], sort: str) -> Column | None:
    """
    The column that a person means by `sort`; `None` where a report has none.
    """
    named = {column.name: column for column in columns}
    return named.get(_ALIASES.get(sort, sort))


def order_by(
    columns: Sequence[Column], lines: FromClause, default: Iterable[str], sort: str
) -> list[ColumnElement[Any]]:
    """
    The order of a report's lines: by the column `sort`, where there is one, then as
    usual. Numbers begin with the largest, unknown ones come last; amounts are compared
    in their currency only.

    Raises: `UsageError` for a column that the report does not have.
    """
    usual: list[ColumnElement[Any]] = [lines.c[name] for name in default]
    if not sort:
        return usual
    column = sort_column(columns, sort)
    if column is None:
        named = [column.name for column in columns]
        possible = [n for n in _ALIASES if _ALIASES[n] in named]
        possible += [n for n in named if n not in _ALIASES.values()]
        raise errors.UsageError(
            f"There is no column {safe(sort)!r} to sort by.",
            hint=f"Use one of: {', '.join(possible)}.",
        )
    chosen: ColumnElement[Any] = lines.c[column.name]
    if column.kind not in NUMERIC:
        return [chosen, *usual]
    largest = [chosen.desc().nulls_last(), *usual]
    return [lines.c.currency, *largest] if column.kind is Kind.MONEY else largest


def of_accounts(names: Collection[str]) -> list[ColumnElement[bool]]:
    """
    Whether it is of one of these accounts; without names those of all are meant.
    """
    return [accounts.c.name.in_(sorted(names))] if names else []
