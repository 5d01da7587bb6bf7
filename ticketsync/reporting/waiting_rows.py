"""
The rows from which the list of what waits for a person is made.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, or_, select

from ticketsync.core import digest
from ticketsync.core.date_keys import date_key, group_parts
from ticketsync.store import counted
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    occurrences,
    productions,
    refusals,
    show_links,
    shows,
)
from ticketsync.store.tables.sales import orders, quarantine


@dataclass(frozen=True, slots=True)
class AccountRows:
    """
    The rows of a table that an account has: `identities` has a digest for each, which
    is another one as soon as another row, or another content, is there.
    """

    account: str
    identities: tuple[str, ...]


def _as_they_are(*values: Any) -> tuple[Any, ...]:
    return values


def list_by_account(
    connection: Connection,
    table: Table,
    identity: Sequence[ColumnElement[Any]],
    *restrictions: ColumnElement[bool],
    identify: Callable[..., tuple[Any, ...]] = _as_they_are,
) -> Iterator[AccountRows]:
    """
    The rows of a table by account, each identified by what `identify` makes of these
    columns. The highest of their numbers does not identify them: SQLite gives that of a
    deleted row again, and an earlier row may begin to wait last.
    """
    query = (
        select(accounts.c.name.label("account"), *identity)
        .select_from(table)
        .join(accounts, accounts.c.id == table.c.account_id)
        .where(*restrictions)
        .order_by(accounts.c.name, table.c.id)
    )
    rows = connection.execute(query)
    for account, group in itertools.groupby(rows, key=lambda row: str(row.account)):
        yield AccountRows(
            account, tuple(_digest_of(*identify(*row[1:])) for row in group)
        )


def _digest_of(*values: Any) -> str:
    return digest.content(repr(values).encode()).hex()[:12]


def read_shows(
    connection: Connection, seats: Any, reasons: Mapping[str, ColumnElement[bool]]
) -> Sequence[Any]:
    """
    Shows that wait for one of these reasons, with their seats and which of the reasons
    apply, by date; `seats` is a subquery of `capacity.show_seats`.
    """
    query = (
        select(
            shows.c.id,
            productions.c.title,
            shows.c.starts_local,
            seats.c.capacity,
            seats.c.tickets_sold,
            *(applies.label(name) for name, applies in reasons.items()),
        )
        .select_from(shows)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(seats, seats.c.show_id == shows.c.id)
        .where(or_(*reasons.values()))
        .order_by(shows.c.starts_at, shows.c.id)
    )
    return connection.execute(query).all()


def read_occurrences(
    connection: Connection,
    *restrictions: ColumnElement[bool],
    columns: Any = (),
    join: Any = None,
) -> Iterator[Any]:
    """
    Occurrences, linked or not, by date; with `columns` of what `join` adds.
    """
    joined = occurrences.join(
        accounts, accounts.c.id == occurrences.c.account_id
    ).outerjoin(show_links, show_links.c.occurrence_id == occurrences.c.id)
    query = (
        select(
            occurrences.c.id,
            accounts.c.name.label("account"),
            occurrences.c.name,
            occurrences.c.starts_local,
            occurrences.c.is_dated,
            occurrences.c.gone_since,
            occurrences.c.event_id,
            occurrences.c.starts_at,
            show_links.c.show_id,
            *columns,
        )
        .select_from(joined if join is None else join(joined))
        .where(*restrictions)
        .order_by(occurrences.c.starts_at, occurrences.c.id)
    )
    return iter(connection.execute(query))


def read_discrepancies(connection: Connection) -> Iterator[Any]:
    """
    Orders that do not add up, and those that are no longer listed and still count. One
    that is listed again and was set aside then waits in quarantine alone.
    """
    is_set_aside_since = (
        select(quarantine.c.id)
        .where(
            quarantine.c.account_id == orders.c.account_id,
            quarantine.c.kind == "order",
            quarantine.c.provider_id == orders.c.provider_id,
            quarantine.c.first_seen_at >= orders.c.gone_since,
        )
        .exists()
    )
    query = (
        select(
            accounts.c.name,
            orders.c.provider_id,
            orders.c.doubt,
            orders.c.gone_since,
        )
        .join(accounts, accounts.c.id == orders.c.account_id)
        .where(orders.c.doubt.is_not(None), ~is_set_aside_since)
        .order_by(orders.c.id)
    )
    return iter(connection.execute(query))


def has_no_show() -> tuple[ColumnElement[bool], ...]:
    """
    Whether a date is linked to no show, and no person said that it belongs to none.
    """
    never = select(refusals.c.occurrence_id).where(refusals.c.show_id.is_(None))
    return show_links.c.id.is_(None), occurrences.c.id.not_in(never)


def first_parts(rows: Iterable[Any]) -> Iterator[Any]:
    """
    Of these rows of occurrences the first one of each date.
    """
    return (parts[0] for parts in group_parts(rows, date_key))


def has_occurrence(status: str) -> ColumnElement[bool]:
    """
    Whether a show has a followed occurrence with this status.
    """
    return (
        select(show_links.c.id)
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .where(
            show_links.c.show_id == shows.c.id,
            counted.is_followed(),
            counted.is_listed_as(status),
        )
        .correlate(shows)
        .exists()
    )
