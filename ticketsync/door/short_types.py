"""
What a door calls ticket types: without what all types of one date begin with, where a
platform sells it in parts. Square writes the date into each of them, and everybody at
the door holds a ticket of that date.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, select

from ticketsync.core.date_keys import date_key, group_parts, shorten_part_names
from ticketsync.store import counted
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import occurrences, show_links, ticket_types
from ticketsync.store.upsert import rows_among

TypeKey = tuple[int, str, str]  # our show, the account and the type, by their names


def read_short_types(
    connection: Connection, show_ids: Collection[int]
) -> dict[TypeKey, str]:
    """
    The short names of types that have one. Types that are on sale no more have theirs,
    too: they were sold.
    """
    rows = rows_among(connection, _query(), show_links.c.show_id, show_ids)
    found: dict[TypeKey, str] = {}
    for types in group_parts(rows, date_key):
        if len({row.id for row in types}) > 1:
            names = list(dict.fromkeys(row.name for row in types))
            key = (types[0].show_id, types[0].account)
            for name, short in zip(names, shorten_part_names(names), strict=True):
                found[*key, name] = short
    return found


@functools.cache
def _query() -> Select[Any]:
    """
    Built once: each scan asks for it several times.
    """
    return (
        select(
            show_links.c.show_id,
            accounts.c.name.label("account"),
            occurrences.c.id,
            occurrences.c.event_id,
            occurrences.c.starts_at,
            occurrences.c.is_dated,
            ticket_types.c.name,
        )
        .select_from(counted.followed_links())
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .join(ticket_types, ticket_types.c.occurrence_id == occurrences.c.id)
        .where(occurrences.c.is_dated)
    )
