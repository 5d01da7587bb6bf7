"""
Digests of rows that nothing recomputes: what stood in the database before. Whoever
changes a cell by hand leaves the digest as it was, and the check finds the row.

They are not signed: they find edits, not somebody who computes the digest again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    TableClause,
    bindparam,
    literal_column,
    select,
    update,
)

from ticketsync.core import digest

COLUMN = "digest"
_NOT_PART = ("id", COLUMN)  # an id is given by the database
_CHUNK = 2000
_AS_IN_JSON = (int, str)


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """
    A row that is not as it was written; `key` is its primary key, as it is stored.
    """

    table: str
    key: tuple[str, ...]


def digest_of(table: TableClause, values: Mapping[str, Any]) -> bytes:
    """
    The digest of a row of that table, from what is written or from what is stored.
    Empty columns are not part of it, so that a later column changes no digest.
    """
    found = {
        name: value if type(value) in _AS_IN_JSON else _plain(value)
        for name in _names(table)
        if (value := values.get(name)) is not None
    }
    return digest.content(json.dumps([table.name, found]).encode())


@cache
def _names(table: TableClause) -> tuple[str, ...]:
    return tuple(c.name for c in table.c if c.name not in _NOT_PART)


def with_digest(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """
    A row with its digest, to be written.
    """
    return {**values, COLUMN: digest_of(table, values)}


def is_as_written(table: Table, stored: Mapping[str, Any]) -> bool:
    """
    Whether a stored row has the digest of what stands in it.
    """
    return bool(_plain(stored[COLUMN]) == digest_of(table, stored).hex())


def find_changed(
    connection: Connection, tables: Iterable[Table]
) -> Iterator[ChangedRow]:
    """
    Every row of these tables that is not as it was written.
    """
    for table in tables:
        for stored in read_stored(connection, table):
            if not is_as_written(table, stored):
                key = tuple(str(_plain(stored[c.name])) for c in table.primary_key)
                yield ChangedRow(table.name, key)


def rewrite(
    connection: Connection,
    table: Table,
    wanted: ColumnElement[bool],
    values: Mapping[str, Any],
) -> None:
    """
    Give these rows other values, and the digest of them. A row that somebody edited
    stays recognisable: it has no digest from then on.
    """
    rows = []
    for stored in list(read_stored(connection, table, wanted)):
        is_sound = is_as_written(table, stored)
        found = digest_of(table, {**stored, **values}) if is_sound else None
        rows.append({"b_id": stored["id"], "b_digest": found})
    if rows:
        is_this = table.c.id == bindparam("b_id")
        changed = {**values, COLUMN: bindparam("b_digest")}
        connection.execute(update(table).where(is_this).values(changed), rows)


def read_stored(
    connection: Connection, table: Table, wanted: ColumnElement[bool] | None = None
) -> Iterator[Mapping[str, Any]]:
    """
    Rows with their values as they are stored: they may be nonsense.
    """
    stored: list[Any] = [
        literal_column(f"{table.name}.{column.name}").label(column.name)
        for column in table.columns
    ]
    query = select(*stored).select_from(table).order_by(*table.primary_key)
    if wanted is not None:
        query = query.where(wanted)
    rows = connection.execute(query.execution_options(yield_per=_CHUNK)).mappings()
    yield from map(dict, rows)


def _plain(value: Any) -> Any:
    """
    A value as it is in JSON, from either database or before it is written.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()[:19] + "Z"
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return int(value) if isinstance(value, bool) else value
