"""
Writing rows that may exist already: one statement, executed for many.

The same statement on SQLite and PostgreSQL; SQLAlchemy compiles it once.
"""

from __future__ import annotations

import functools
import importlib
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    LargeBinary,
    Select,
    Table,
    and_,
    bindparam,
    or_,
    select,
)

from ticketsync.store import link_writes
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.types import Flag

_BATCH = 500
_VALUES = 10_000  # bound to one statement; both databases take 32,000


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    keep: Sequence[str] = (),
    unless: str = "",
) -> None:
    """
    Insert the rows; where one with the same `key` exists, update all but `keep`, and
    leave it alone if its column `unless` is set.

    All rows must have the same columns.
    """
    if rows:
        columns = tuple(rows[0])
        values = [tuple(map(row.__getitem__, columns)) for row in rows]
        upsert_rows(
            connection, table, columns, values, key=key, keep=keep, unless=unless
        )


def upsert_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    key: Sequence[str],
    keep: Sequence[str] = (),
    unless: str = "",
) -> None:
    """
    The same for rows that are the values of these columns.
    """
    if not rows:
        return
    link_writes.note_write(connection, table.name)
    names = map(tuple, (columns, key, keep))
    shape = (connection.dialect.name, table, *names, unless)
    if shape not in _compiled:
        statement = _statement(connection.dialect, table, columns, key, keep, unless)
        _compiled[shape] = _Compiled(statement, connection.dialect, table, columns)
    _compiled[shape].execute(connection, rows)


def insert_for(dialect: Dialect, table: Table) -> Any:
    """
    An INSERT that supports ON CONFLICT, which SQLAlchemy has once for each dialect.
    """
    # Imported by name, because only one of them is needed.
    module = importlib.import_module(f"sqlalchemy.dialects.{dialect.name}")
    return module.insert(table)


def insert_new(
    connection: Connection, table: Table, row: Mapping[str, Any]
) -> int | None:
    """
    Insert a row and return its id; `None` where a unique key exists already, also if
    another transaction has just inserted it.
    """
    statement = insert_for(connection.dialect, table).values(**row)
    found: int | None = connection.execute(
        statement.on_conflict_do_nothing().returning(*table.primary_key)
    ).scalar()
    return found


def insert_all_new(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    returning: Sequence[str] = (),
) -> list[Any]:
    """
    Insert those rows whose unique keys do not exist yet, in one statement; returns
    these columns of the inserted rows. All rows must have the same columns.
    """
    if not rows:
        return []
    statement = insert_for(connection.dialect, table).on_conflict_do_nothing()
    values = [dict(row) for row in rows]
    if not returning:
        connection.execute(statement, values)
        return []
    columns = [table.c[name] for name in returning]
    return list(connection.execute(statement.returning(*columns), values))


def rows_among(
    connection: Connection,
    query: Select[Any],
    column: ColumnElement[Any],
    values: Iterable[Any],
) -> Iterator[Any]:
    """
    The rows of a query where a column has one of these values, however many there are:
    one statement can only bind so many.
    """
    wanted = list(dict.fromkeys(values))
    for start in range(0, len(wanted), _VALUES):
        part = {"among": wanted[start : start + _VALUES]}
        yield from connection.execute(_among(query, column), part).all()


@functools.lru_cache(maxsize=100)
def _among(query: Select[Any], column: ColumnElement[Any]) -> Select[Any]:
    """
    Made once for a query that is made once, too.
    """
    return query.where(column.in_(bindparam("among", expanding=True)))


def _statement(
    dialect: Dialect,
    table: Table,
    columns: Sequence[str],
    key: Sequence[str],
    keep: Sequence[str],
    unless: str,
) -> Any:
    statement = insert_for(dialect, table).values(
        {column: bindparam(column) for column in columns}
    )
    changing = [c for c in columns if c not in key and c not in keep]
    if not changing:
        return statement.on_conflict_do_nothing(index_elements=list(key))
    return statement.on_conflict_do_update(
        index_elements=list(key),
        set_={column: statement.excluded[column] for column in changing},
        where=table.c[unless].is_(None) if unless else None,
    )


class _Compiled:
    """
    A statement that is compiled once and executed with plain tuples.

    Going through SQLAlchemy's own parameter handling for each row costs as much as
    the database itself on pages of thousands of tickets (measured). Values are
    converted a column at a time for the same reason.
    """

    def __init__(
        self, statement: Any, dialect: Dialect, table: Table, columns: Sequence[str]
    ) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._columns = columns
        # SQLite takes values by position, PostgreSQL by name.
        self._positions = compiled.positiontup and [
            columns.index(name) for name in compiled.positiontup
        ]
        self._convert = [
            (position, convert)
            for position, name in enumerate(columns)
            if (convert := _converter(table.c[name].type, dialect))
        ]
        self._is_plain = not self._convert and self._positions == [*range(len(columns))]

    def execute(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        if self._is_plain:
            connection.exec_driver_sql(self._sql, list(rows))
            return
        values: list[Iterable[Any]] = list(zip(*rows, strict=True))
        for position, convert in self._convert:
            values[position] = _converted(values[position], convert)
        if self._positions is None:
            named = [
                dict(zip(self._columns, row, strict=True))
                for row in zip(*values, strict=True)
            ]
            connection.exec_driver_sql(self._sql, named)
            return
        ordered = [values[position] for position in self._positions]
        connection.exec_driver_sql(self._sql, list(zip(*ordered, strict=True)))


def _converter(type_: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """
    What a value must go through for this database; SQLite's driver takes a truth value
    for an integer, and bytes, as they are.
    """
    if dialect.name == "sqlite" and isinstance(type_, Flag | LargeBinary):
        return None
    found: Callable[[Any], Any] | None = type_.dialect_impl(dialect).bind_processor(
        dialect
    )
    return found


def _converted(values: Iterable[Any], convert: Callable[[Any], Any]) -> list[Any]:
    """
    The values of a column, converted: the same object in row after row only once.
    """
    found = []
    before = after = None
    for value in values:
        if value is not before:
            before, after = value, None if value is None else convert(value)
        found.append(after)
    return found


_compiled: dict[tuple[Any, ...], _Compiled] = {}


def known(
    connection: Connection,
    table: Table,
    account_id: int,
    provider_ids: Iterable[str],
    *columns: str,
) -> dict[str, Any]:
    """
    What we hold of an account's records: provider id → row with `columns`.
    """
    wanted = list(dict.fromkeys(provider_ids))
    if not wanted:
        return {}
    selected = ["provider_id", *columns]
    read = [
        table.c[name]
        .type.dialect_impl(connection.dialect)
        .result_processor(connection.dialect, None)
        for name in selected
    ]
    # Names come from our own tables, values are bound.
    start = f"SELECT {', '.join(selected)} FROM {table.name} WHERE account_id = "  # noqa: S608  # nosec B608  # as above
    rows = _in_batches(connection, start, account_id, wanted)
    values: list[Iterable[Any]] = list(zip(*rows, strict=True))
    if not values:
        return {}
    for position, convert in enumerate(read):
        if convert is not None:
            values[position] = _converted(values[position], convert)
    ids, *rest = values
    return dict(zip(ids, map(_row_type(columns), *rest), strict=True))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """
    A record that another account of the same platform has.
    """

    provider_id: str
    account: str
    is_retired: bool


def held_elsewhere(
    connection: Connection,
    table: Table,
    account_id: int,
    provider_ids: Iterable[str],
) -> list[Elsewhere]:
    """
    Which of these records another account of the same platform has. One that both have
    belongs to the account that was added first. One indexed statement.
    """
    wanted = list(dict.fromkeys(provider_ids))
    if not wanted:
        return []
    me, mine = accounts.alias("me"), table.alias("mine")
    held_by_me = and_(
        mine.c.account_id == account_id, mine.c.provider_id == table.c.provider_id
    )
    query = (
        select(table.c.provider_id, accounts.c.name, accounts.c.state)
        .join(accounts, accounts.c.id == table.c.account_id)
        .join(me, me.c.provider == accounts.c.provider)
        .outerjoin(mine, held_by_me)
        .where(
            me.c.id == account_id,
            table.c.account_id != account_id,
            table.c.provider_id.in_(wanted),
            or_(mine.c.provider_id.is_(None), table.c.account_id < account_id),
        )
        .order_by(accounts.c.id, table.c.provider_id)
    )
    rows = connection.execute(query)
    return [Elsewhere(id_, name, state == "retired") for id_, name, state in rows]


@functools.cache
def _row_type(columns: tuple[str, ...]) -> Any:
    return namedtuple("row_type", columns)


def _in_batches(
    connection: Connection, start: str, account_id: int, ids: list[str]
) -> list[Any]:
    """
    The rows with these ids, by statements that are the same text each time.
    """
    if connection.dialect.name == "postgresql":
        sql = f"{start}%(account)s AND provider_id = ANY(%(ids)s)"
        found = connection.exec_driver_sql(sql, {"account": account_id, "ids": ids})
        return list(found.all())
    rows: list[Any] = []
    for begin in range(0, len(ids), _BATCH):
        batch = ids[begin : begin + _BATCH]
        marks = ", ".join("?" * len(batch))
        sql = f"{start}? AND provider_id IN ({marks})"
        rows += connection.exec_driver_sql(sql, (account_id, *batch)).all()
    return rows
