"""
A report is a typed table: columns that say what they hold, and rows of plain tuples.

Terminal, CSV and JSON are drawn from it, so that none of them keeps a list of its own
of which columns are money. Amounts in the rows are integer minor units; their currency
stands in another column of the same row, which the money column names. What a newcomer
would get wrong: there is no sum over a whole table, only `totals`, which answers with
one row for each currency.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from ticketsync.core import clock, money
from ticketsync.core.money import Money, MoneyError

Row = Sequence[Any]

BATCH = 500  # rows that are converted together, a column at a time


class Kind(Enum):
    """
    What a column holds, as it stands in a row; every kind may be `None` for unknown.
    """

    TEXT = "text"  # str; may come from outside and begin with anything
    MONEY = "money"  # int, minor units
    COUNT = "count"  # int that is added up: tickets, orders
    NUMBER = "number"  # int that is not: an id, a capacity
    INSTANT = "instant"  # aware datetime, or its ISO text in UTC
    LOCAL = "local"  # str, the time on a poster: 2026-11-27 19:30
    DAY = "day"  # date, or its ISO text
    FLAG = "flag"  # bool


SUMMED = (Kind.MONEY, Kind.COUNT)
NUMERIC = (Kind.MONEY, Kind.COUNT, Kind.NUMBER)


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column. `name` is its JSON key and CSV heading, `heading` what a person reads,
    by default the name. `currency` is the name of the column with the currency of a
    money column.
    """

    name: str
    kind: Kind = Kind.TEXT
    heading: str | None = None
    currency: str = "currency"

    @property
    def title(self) -> str:
        if self.heading is None:
            return self.name.replace("_", " ").upper()
        return self.heading


@dataclass(frozen=True, slots=True)
class Table:
    """
    Columns and their rows. `rows` may be an iterator over a query, which can be walked
    once; `loaded()` keeps them.

    Raises: `MoneyError` for a money column whose currency is not in the table.
    """

    columns: Sequence[Column]
    rows: Iterable[Row]

    def __post_init__(self) -> None:
        names = self.names
        if len({*names}) != len(names):
            raise ValueError(f"two columns have the same name: {names}")
        for column in self.columns:
            if column.kind is Kind.MONEY and column.currency not in names:
                raise MoneyError(f"the column {column.name} has no currency beside it")

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def position(self, name: str) -> int:
        """
        Where in a row the column stands.
        """
        return self.names.index(name)

    def shown(self, *columns: Column) -> Table:
        """
        Some of the columns, with the headings and in the order of these.

        Raises: `ValueError` for one that the table does not have.
        """
        places = [self.position(column.name) for column in columns]
        return Table(columns, [tuple(row[n] for n in places) for row in self.rows])

    def loaded(self) -> Table:
        """
        The same with its rows in memory, so that they can be walked again.
        """
        return Table(self.columns, list(self.rows))

    def first(self, most: int) -> Table:
        """
        The same with no more than so many rows.
        """
        return Table(self.columns, list(itertools.islice(self.rows, most)))


def totals(table: Table) -> Table:
    """
    Money and counts added up: one row for each currency, in the order of their codes.

    The other columns are unknown in it. A sum with something unknown in it is unknown.
    Raises: `MoneyError` if the money of a row is in more than one currency.
    """
    code = _place_of_the_currency(table)
    places = [n for n, c in enumerate(table.columns) if c.kind in SUMMED]
    sums: dict[str, list[int | None]] = {}
    for row in table.rows:
        held = sums.setdefault(row[code], [0] * len(places))
        for n, place in enumerate(places):
            held[n] = _added(held[n], row[place])
    found = []
    for currency in sorted(sums, key=lambda code: code or ""):
        total: list[Any] = [None] * len(table.columns)
        total[code] = currency
        for place, value in zip(places, sums[currency], strict=True):
            total[place] = value
        found.append(tuple(total))
    return Table(table.columns, found)


def of_values(columns: Sequence[Column], values: Iterable[Any]) -> Table:
    """
    A table of objects, from their attributes of these names; `Money` becomes minor
    units beside its currency.

    Raises: `MoneyError` where an amount is not in the currency of its row.
    """
    return Table(columns, [_row_of(columns, value) for value in values])


def with_money(columns: Sequence[Column], row: Mapping[str, Any]) -> dict[str, Any]:
    """
    A row by names, its minor units made `Money`.
    """
    found = dict(row)
    for column in columns:
        if column.kind is Kind.MONEY and found[column.name] is not None:
            found[column.name] = Money(found[column.name], found[column.currency])
    return found


def by_name(table: Table) -> Iterator[dict[str, Any]]:
    """
    The rows by the names of their columns, their amounts `Money`.
    """
    names = table.names
    for row in table.rows:
        yield with_money(table.columns, dict(zip(names, row, strict=True)))


def record(columns: Sequence[Column], value: Any) -> dict[str, Any]:
    """
    One object as JSON takes it: amounts as decimal texts, instants as ISO 8601 in UTC.
    """
    return next(records(of_values(columns, [value])))


def records(table: Table) -> Iterator[dict[str, Any]]:
    """
    All rows as JSON takes them, one after another.
    """
    names = table.names
    for columns in plain_batches(table):
        for values in zip(*columns, strict=True):
            yield dict(zip(names, values, strict=True))


def plain_batches(table: Table) -> Iterator[list[Sequence[Any]]]:
    """
    The rows as files take them, in batches that are lists of columns, which is several
    times faster than row by row. Never more than one batch is held.
    """
    places = [
        table.position(c.currency) if _is_money(c) else n
        for n, c in enumerate(table.columns)
    ]
    rows = iter(table.rows)
    while batch := list(itertools.islice(rows, BATCH)):
        columns = list(zip(*batch, strict=True))
        yield [
            _decimal_texts(values, columns[place])
            if _is_money(column)
            else _PLAIN.get(column.kind, _as_they_are)(values)
            for column, values, place in zip(
                table.columns, columns, places, strict=True
            )
        ]


def _place_of_the_currency(table: Table) -> int:
    codes = {column.currency for column in table.columns if _is_money(column)}
    if len(codes) != 1:
        raise MoneyError(f"one currency per row can be added up, not {len(codes)}")
    return table.position(codes.pop())


def _row_of(columns: Sequence[Column], value: Any) -> Row:
    return tuple(
        _minor(getattr(value, column.name), getattr(value, column.currency))
        if _is_money(column)
        else getattr(value, column.name)
        for column in columns
    )


def _minor(amount: Money | None, currency: str) -> int | None:
    if amount is None:
        return None
    if amount.currency != currency:
        raise MoneyError(f"{amount} stands in a row of {currency}")
    return amount.minor


def _added(sum_: int | None, value: int | None) -> int | None:
    return None if sum_ is None or value is None else sum_ + value


def _is_money(column: Column) -> bool:
    return column.kind is Kind.MONEY


# Prices repeat, and looking one up is much faster than writing it out.
_decimal_text = functools.lru_cache(maxsize=1 << 14)(money.decimal_text)


def _decimal_texts(
    amounts: Sequence[int | None], currencies: Sequence[str]
) -> list[str | None]:
    return [
        None if minor is None else _decimal_text(minor, currency)
        for minor, currency in zip(amounts, currencies, strict=True)
    ]


def _instants(values: Sequence[datetime | str | None]) -> list[str | None]:
    return [
        value if value is None or isinstance(value, str) else clock.iso(value)
        for value in values
    ]


def _days(values: Sequence[Any]) -> list[str | None]:
    return [None if value is None else str(value) for value in values]


def _as_they_are(values: Sequence[Any]) -> Sequence[Any]:
    return values


_PLAIN: dict[Kind, Callable[[Sequence[Any]], Sequence[Any]]] = {
    Kind.INSTANT: _instants,
    Kind.DAY: _days,
}
