"""
Reports and values from queries: columns are selected by name, never by position, so
that a new field in the middle cannot shift the others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Result,
    Select,
    Text,
    literal_column,
    type_coerce,
)

from ticketsync.core import money, tables
from ticketsync.core.tables import Column, Kind, Row
from ticketsync.store.connection_settings import (
    CACHE_SIZE,
    STREAM_CACHE_SIZE,
    set_cache_size,
)
from ticketsync.store.types import Instant

Value = TypeVar("Value")
# As text, because they are constant and too many to bind in each query.
_KNOWN_CURRENCIES: ColumnElement[Any] = literal_column(
    str(tuple(sorted(money.EXPONENTS)))
)


def field_names(value: type[Any]) -> list[str]:
    """
    The names of a dataclass's fields.
    """
    return [field.name for field in dataclasses.fields(value)]


def column_names(columns: Iterable[Column]) -> list[str]:
    return [column.name for column in columns]


def named(
    names: Iterable[str], table: FromClause, **expressions: ColumnElement[Any]
) -> list[ColumnElement[Any]]:
    """
    The columns to select for these names: an expression of that name, else the table's
    own column.

    Raises: `KeyError` for a name that is neither.
    """
    return [
        (expressions[name] if name in expressions else table.c[name]).label(name)
        for name in names
    ]


def values(
    connection: Connection,
    kind: type[Value],
    columns: Sequence[Column],
    query: Select[Any],
) -> list[Value]:
    """
    One object for each row of a query that selects the fields of its dataclass. Money
    columns become `Money` in the currency of their row.
    """
    money_columns = [column for column in columns if column.kind is Kind.MONEY]
    return [
        kind(**tables.with_money(money_columns, row._asdict()))
        for row in connection.execute(query)
    ]


def stream(
    connection: Connection, columns: Sequence[Column], query: Select[Any]
) -> tables.Table:
    """
    A report over the rows of a query whose columns are those of the report in their
    order. The rows are read while they are used, before the connection closes, so that
    they are never all in memory; and SQLite sorts them with little of it.
    """
    assert list(query.selected_columns.keys()) == column_names(columns)
    set_cache_size(connection, STREAM_CACHE_SIZE)
    result = connection.execute(
        with_instants_as_stored(connection, query),
        execution_options={"stream_results": True, "max_row_buffer": tables.BATCH},
    )
    return tables.Table(columns, _rows(connection, result))


def with_instants_as_stored(connection: Connection, query: Select[Any]) -> Select[Any]:
    """
    The query with instants as SQLite stores them: as the text that files need, which to
    convert back and forth would take longer than everything else, and which may be no
    instant any more.
    """
    if connection.dialect.name != "sqlite":
        return query
    return query.with_only_columns(
        *(
            type_coerce(column, Text).label(column.key)
            if isinstance(column.type, Instant)
            else column
            for column in query.selected_columns
        )
    )


def is_known(currency: ColumnElement[Any]) -> ColumnElement[bool]:
    """
    Leave out a row of zeros in a currency from a listing that ISO 4217 does not have:
    no order in it was ever read, and such a row would fail the whole report.
    """
    return currency.bool_op("IN")(_KNOWN_CURRENCIES)


def _rows(connection: Connection, result: Result[Any]) -> Iterator[Row]:
    try:
        for part in result.partitions(tables.BATCH):
            yield from part
    finally:  # also where a reader stops midway: the connection is used again
        if not connection.closed:
            set_cache_size(connection, CACHE_SIZE)
