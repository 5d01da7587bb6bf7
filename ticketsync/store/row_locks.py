"""
Row locks that a transaction holds until it ends.

For PostgreSQL, where writers run in parallel: code that reads rows in order to write
what follows from them locks them first. SQLite has one writer at a time, and nothing
happens here.

Two transactions that lock the same rows in different orders deadlock. Hence one order
for all: tickets, events, occurrences, shows, productions, venues, links; within a table
by id, all needed rows at once. Shows come before what they refer to, because saving a
show locks its production and its venue, too. Who needs rows of an earlier table, or
more of the same table, later on locks them at the beginning.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Connection, Select, Table, bindparam, func, select, text

from ticketsync.store.types import WHOLE

_WRITERS = 0x7469636B_65747379  # what all who write share
_OPENINGS = 0x7469636B_65747378  # held by one who puts a show on sale
Ids = Iterable[int] | Select[Any]  # a query is only executed where rows are locked


def lock(connection: Connection, table: Table, ids: Ids) -> None:
    """
    Lock these rows: nobody else may lock, change or delete them; new rows may refer to
    them. Later statements see what the previous holders committed.
    """
    _lock(connection, table, ids, key_share=True)


def lock_keys(connection: Connection, table: Table, ids: Ids) -> None:
    """
    Lock these rows so that no new row may refer to them either: before changing a
    column of a unique key, which would have to wait for those references otherwise.
    """
    _lock(connection, table, ids)


def lock_shared(connection: Connection, table: Table, ids: Ids) -> None:
    """
    Lock these rows in share mode: several may do so at once, but not together with
    `lock`.
    """
    _lock(connection, table, ids, read=True)


def _lock(
    connection: Connection,
    table: Table,
    ids: Ids,
    *,
    read: bool = False,
    key_share: bool = False,
) -> None:
    if connection.dialect.name != "postgresql":
        return
    wanted: list[int] = sorted(
        set(connection.scalars(ids).all() if isinstance(ids, Select) else ids)
    )
    if not wanted:
        return
    number = table.c.id
    these = bindparam("ids", wanted, type_=ARRAY(WHOLE))
    connection.execute(
        select(number)
        .where(number == func.any(these))
        .order_by(number)
        .with_for_update(read=read, key_share=key_share)
    )


def lock_writers(connection: Connection, *, shared: bool) -> None:
    """
    On PostgreSQL writers share a lock, so that somebody can wait for all of them.
    SQLite has one writer at a time.
    """
    if connection.dialect.name != "postgresql":
        return
    name = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    connection.execute(text(f"SELECT {name}(:key)"), {"key": _WRITERS})


def lock_openings(connection: Connection) -> None:
    """
    Block everybody else who puts a show on sale, or changes the seats of one that may
    not be on sale yet, until the transaction ends. Taken first of all locks, because a
    show that was never on sale has no row to lock.
    """
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:key)")
        connection.execute(lock, {"key": _OPENINGS})
