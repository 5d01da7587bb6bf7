"""
Dates that their platforms moved, in words: which platform lists what at which time,
where the show is, and what to do.

They are put into words once all accounts of a run have been read: what another platform
lists, and where the show is, may change with each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from ticketsync.catalogue import moves, shows
from ticketsync.catalogue.moves import Move
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core import clock, moved_dates
from ticketsync.core.date_keys import date_key, group_parts
from ticketsync.core.plurals import joined, noun_for
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import occurrences, show_links
from ticketsync.store.upsert import rows_among


def describe_moves(connection: Connection, found: Sequence[Move]) -> list[str]:
    """
    What these moves came to, a sentence for each show that moved along and for each
    date of a show that did not.
    """
    by_show: dict[int, list[Move]] = {}
    for move in found:
        by_show.setdefault(move.show_id, []).append(move)
    return [
        note
        for show_id, of_show in by_show.items()
        for note in _describe_show(connection, show_id, of_show)
    ]


def _describe_show(
    connection: Connection, show_id: int, found: Sequence[Move]
) -> list[str]:
    rows = _read_dates(connection, show_id, [move.occurrence_id for move in found])
    if not rows:
        return []  # a person took them apart meanwhile
    show = shows.get_show(connection, show_id)
    before = found[0].show_was_at
    dates = [parts[0] for parts in group_parts(rows, date_key)]
    along = [row for row in dates if before != show.starts_at == row.starts_at]
    return [
        *([_moved_along(along, show, before)] if along else ()),
        *(_describe_date(connection, row, show) for row in dates if row not in along),
    ]


def _describe_date(connection: Connection, row: Any, show: ShowInfo) -> str:
    if row.status == "conflict":
        return _stays(connection, row, show)
    return _settled(row, show)


def _moved_along(rows: Sequence[Any], show: ShowInfo, before: datetime) -> str:
    names = list(dict.fromkeys(row.account for row in rows))
    verb = noun_for(len(names), "lists", "list")
    them = noun_for(len(names), "it", "them")
    return (
        f"{joined(names)} {verb} {rows[0].name} at {show.starts_local} now; your show, "
        f"{show.production}, moved there with {them}, from "
        f"{clock.local_text(before, show.timezone)}"
    )


def _settled(row: Any, show: ShowInfo) -> str:
    now = _listed(row)
    if row.starts_at == show.starts_at:
        return f"{now}, when your show, {show.production}, starts"
    return (
        f"{now}, as when it was linked; your show, {show.production}, stays at "
        f"{show.starts_local}"
    )


def _stays(connection: Connection, row: Any, show: ShowInfo) -> str:
    choices = moved_dates.choices(
        *(row.account, str(row.id), str(show.id)),
        row.starts_local if row.is_dated else "",
    )
    return (
        f"{_listed(row)}; your show, {show.production}, stays at {show.starts_local}"
        f"{_why_it_stays(connection, row, show)}. {choices[0].upper()}{choices[1:]}"
    )


def _why_it_stays(connection: Connection, row: Any, show: ShowInfo) -> str:
    if shows.is_taken(connection, show.id, row.starts_at):
        return ", because another show of yours starts then"
    others = moves.list_other_times(connection, show.id, row.starts_at)
    said = joined(f"{other.name} at {other.starts_local}" for other in others)
    return f", and is listed by {said}" if said else ""


def _listed(row: Any) -> str:
    """
    What a platform lists now, as the beginning of a sentence.
    """
    if not row.is_dated:
        return f"{row.account} lists {row.name} without a date now"
    return f"{row.account} lists {row.name} at {row.starts_local} now"


def _read_dates(
    connection: Connection, show_id: int, occurrence_ids: Sequence[int]
) -> list[Any]:
    """
    These dates as far as they are still linked to the show, by account.
    """
    query = (
        select(
            occurrences.c.id,
            occurrences.c.event_id,
            occurrences.c.name,
            occurrences.c.starts_at,
            occurrences.c.starts_local,
            occurrences.c.is_dated,
            accounts.c.name.label("account"),
            show_links.c.show_id,
            show_links.c.status,
        )
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .join(show_links, show_links.c.occurrence_id == occurrences.c.id)
        .where(show_links.c.show_id == show_id)
    )
    rows = rows_among(connection, query, occurrences.c.id, occurrence_ids)
    return sorted(rows, key=lambda row: (row.account, row.id))
