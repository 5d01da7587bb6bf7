"""
Renaming, merging and removing productions.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, select, update

from ticketsync.catalogue import (
    entered_values,
    known_names,
    known_offsets,
    merged_shows,
    other_names,
    shows,
)
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.store import audit, row_locks
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import production_links, productions
from ticketsync.store.tables.catalogue import shows as shows_table

_SWITCHES = ("sync_enabled", "sync_ticket_sales")


def find_production(connection: Connection, title: str) -> int:
    """
    Our id of the production of that title.

    Raises: `NotFound` with the titles that are nearly the same.
    """

    titles = [known for _, known, _ in shows.list_productions(connection)]
    if title in titles:
        return shows.get_production_id(connection, title)
    others = other_names.list_names(connection, "production")
    question = known_names.question_about("production", title, titles, others)
    raise errors.NotFound(
        f"There is no production {safe(title)!r}.{question}",
        hint="See `ticketsync productions list`.",
    )


def rename_production(connection: Connection, title: str, new_title: str) -> int:
    """
    Give a production another title; returns its id.

    Raises: `NotFound`; `UsageError` where another one has that title.
    """
    production_id = find_production(connection, title)
    new_title = check_title(connection, title, new_title)
    is_this = productions.c.id == production_id
    connection.execute(update(productions).where(is_this).values(title=new_title))
    other_names.follow_rename(connection, "production", production_id, title, new_title)
    _record(connection, "rename", production_id, title, {"title": new_title})
    return production_id


def check_title(connection: Connection, title: str, new_title: str) -> str:
    """
    A new title of a production, as it is stored.

    Raises: `UsageError` for one that is empty or another production's.
    """
    wanted = entered_values.check_name(new_title, "production")
    others = [known for _, known, _ in shows.list_productions(connection)]
    entered_values.refuse_same_name(
        wanted, (known for known in others if known != title), "production"
    )
    return wanted


def add_production(connection: Connection, title: str) -> tuple[int, str]:
    """
    Add a production, unless there is one with that title, in whatever letters; returns
    its id and its title.

    Raises: `UsageError` for a title that is none.
    """
    same = known_title(connection, title)
    return shows.add_production(connection, same), same


def known_title(connection: Connection, title: str) -> str:
    """
    A title that a person typed, as a production of ours has it if it is one of them.

    Raises: `UsageError` for a title that is none.
    """
    wanted = entered_values.check_name(title, "production")
    known = [other for _, other, _ in shows.list_productions(connection)]
    return known_names.same_name(wanted, known) or wanted


def refuse_merge(connection: Connection, title: str, into: str) -> tuple[int, int]:
    """
    Check that two productions can be one; returns their ids.

    Raises: `NotFound`; `UsageError` where both are the same, their switches differ, or
    both have a show at the same place and time.
    """
    source, target = (
        find_production(connection, title),
        find_production(connection, into),
    )
    if source == target:
        raise errors.UsageError("That is the same production.", hint="Give two titles.")
    refuse_other_switches(connection, source, target)
    merged_shows.refuse_same_shows(
        connection, "production_id", source, target, clash="Both have a show"
    )
    return source, target


def lock(connection: Connection, *titles: str) -> None:
    """
    Lock these productions, so that no show can be added to them either.

    Raises: `NotFound`.
    """
    ids = [find_production(connection, title) for title in titles]
    row_locks.lock_keys(connection, productions, ids)


def merge_productions(connection: Connection, title: str, into: str) -> None:
    """
    Make one production of two: the shows of the first and its links to events, with
    their ticket-type names and switches, become those of the second, and so do its
    offsets.

    The caller has locked the shows of the first, and then both (`lock`).

    Raises: as `refuse_merge`.
    """
    source, target = refuse_merge(connection, title, into)
    for table in (shows_table, production_links):
        connection.execute(
            update(table)
            .where(table.c.production_id == source)
            .values(production_id=target)
        )
    known_offsets.move_offsets(connection, source, target)
    other_names.follow_merge(connection, "production", source, title, target)
    connection.execute(delete(productions).where(productions.c.id == source))
    _record(connection, "merge", source, title, {"title": into})


def remove_production(connection: Connection, title: str) -> None:
    """
    Remove a production that has no shows any more, and its links to events.

    Raises: `NotFound`.
    """
    production_id = find_production(connection, title)
    row_locks.lock_keys(connection, productions, [production_id])
    is_of = production_links.c.production_id == production_id
    connection.execute(delete(production_links).where(is_of))
    connection.execute(delete(productions).where(productions.c.id == production_id))
    _record(connection, "remove", production_id, title, {})


def refuse_other_switches(connection: Connection, one: int, other: int) -> None:
    """
    Shows must not begin or cease to count because they change their production.

    Raises: `UsageError` where the switches of two productions differ.
    """
    columns = (productions.c.title, *(productions.c[name] for name in _SWITCHES))
    rows = connection.execute(
        select(*columns).where(productions.c.id.in_([one, other]))
    ).all()
    if len({tuple(row[1:]) for row in rows}) < 2:
        return
    words = "; ".join(f"{safe(row.title)}: {_switch_words(row)}" for row in rows)
    raise errors.UsageError(
        f"The switches of the two productions differ ({words}).",
        hint="Set them alike first: `ticketsync link set --production TITLE --sales`.",
    )


def _switch_words(row: Any) -> str:
    enabled, sales = row[1:]
    return "off" if not enabled else "on" if sales else "sales off"


def _record(
    connection: Connection,
    action: str,
    production_id: int,
    title: str,
    after: dict[str, str],
) -> None:
    audit.record(
        connection,
        Decision(action, "production", title, production_id, {"title": title}, after),
    )
