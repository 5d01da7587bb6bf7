"""
A report is a typed table: columns that say what they hold, and rows of plain tuples.

Terminal, CSV and JSON output are rendered from it, so that none of them keeps its own
list of money columns. Amounts in the rows are integer minor units; their currency is in
another column of the same row, which the money column names. There is no sum over a
whole table, only `totals`, which returns one row for each currency.
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
    The type of a column's values; every kind may be `None` for unknown.
    """

    TEXT = "text"  # str; may be foreign text
    MONEY = "money"  # int, minor units
    COUNT = "count"  # int that can be summed: tickets, orders
    NUMBER = "number"  # int that cannot: a capacity
    ID = "id"  # int that is a name and no number
    INSTANT = "instant"  # aware datetime, or its ISO text in UTC
    LOCAL = "local"  # str, local time as on a poster: 2026-11-27 19:30
    DAY = "day"  # date, or its ISO text
    FLAG = "flag"  # bool
    RATE = "rate"  # int, parts per million; as text per cent with one decimal: 3.5


SUMMED = (Kind.MONEY, Kind.COUNT)
NUMERIC = (Kind.MONEY, Kind.COUNT, Kind.NUMBER, Kind.ID, Kind.RATE)


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column. `name` is its JSON key and CSV heading, `heading` the one for people, by
    default the name. `currency` is the name of the column with the currency of a
    money column. `is_repeated` says that the same amount may be in several rows, as the
    total of an order is in the rows of its shows: it is never summed.
    """

    name: str
    kind: Kind = Kind.TEXT
    heading: str | None = None
    currency: str = "currency"
    is_repeated: bool = False

    @property
    def is_summed(self) -> bool:
        return self.kind in SUMMED and not self.is_repeated

    @property
    def title(self) -> str:
        if self.heading is None:
            return self.name.replace("_", " ").upper()
        return self.heading


@dataclass(frozen=True, slots=True)
class Table:
    """
    Columns and their rows. `rows` may be an iterator over a query, which can be used
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
                raise MoneyError(f"the column {column.name} has no currency column")

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def position(self, name: str) -> int:
        """
        The index of a column in a row.
        """
        return self.names.index(name)

    def shown(self, *columns: Column) -> Table:
        """
        The table with only these columns, in their order and with their headings.

        Raises: `ValueError` for one that the table does not have.
        """
        indexes = [self.position(column.name) for column in columns]
        return Table(columns, [tuple(row[n] for n in indexes) for row in self.rows])

    def loaded(self) -> Table:
        """
        The table with its rows in memory, so that they can be read more than once.
        """
        return Table(self.columns, list(self.rows))

    def first(self, most: int) -> Table:
        """
        The table with at most this many rows.
        """
        return Table(self.columns, list(itertools.islice(self.rows, most)))


def totals(table: Table) -> Table:
    """
    The sums of money and counts: one row for each currency, in the order of the codes.

    Other columns are `None`, and so is a sum over an unknown value.

    Raises: `MoneyError` if the money columns of a row have more than one currency.
    """
    return grouped(table, ())


def grouped(table: Table, by: Sequence[str]) -> Table:
    """
    The same for each group of rows with equal values in the columns `by`, in the order
    of these values, unknown ones last.

    Raises: `MoneyError` if the money columns of a row have more than one currency.
    """
    sums = Sums(table, by)
    for row in table.rows:
        sums.add(row)
    return sums.table()


class Sums:
    """
    The sums of `grouped`, made row by row while the rows are used for something else.

    Raises: `MoneyError` if the money columns of a row have more than one currency.
    """

    def __init__(self, table: Table, by: Sequence[str] = ()) -> None:
        self._columns = table.columns
        self._keys = [*map(table.position, by), _currency_position(table)]
        self._indexes = [n for n, c in enumerate(table.columns) if c.is_summed]
        self._sums: dict[tuple[Any, ...], list[int | None]] = {}

    def add(self, row: Row) -> None:
        key = tuple([row[n] for n in self._keys])
        sums = self._sums.get(key)
        if sums is None:
            sums = self._sums[key] = [0] * len(self._indexes)
        for n, index in enumerate(self._indexes):
            sums[n] = _add(sums[n], row[index])

    def table(self) -> Table:
        """
        The sums so far, a row for each group.
        """
        found = []
        for key in sorted(self._sums, key=_unknown_last):
            total: list[Any] = [None] * len(self._columns)
            for index, value in zip(self._keys, key, strict=True):
                total[index] = value
            for index, value in zip(self._indexes, self._sums[key], strict=True):
                total[index] = value
            found.append(tuple(total))
        return Table(self._columns, found)


def _unknown_last(key: Sequence[Any]) -> list[Any]:
    return [(value is None, "" if value is None else value) for value in key]


def of_values(columns: Sequence[Column], values: Iterable[Any]) -> Table:
    """
    A table of objects, one row each, from their attributes of these names; `Money`
    becomes minor units.

    Raises: `MoneyError` where an amount is not in the currency of its row.
    """
    return Table(columns, [_as_row(columns, value) for value in values])


def with_money(columns: Sequence[Column], row: Mapping[str, Any]) -> dict[str, Any]:
    """
    A row as a dict, with its minor units converted to `Money`.
    """
    found = dict(row)
    for column in columns:
        if column.kind is Kind.MONEY and found[column.name] is not None:
            found[column.name] = Money(found[column.name], found[column.currency])
    return found


def by_name(table: Table) -> Iterator[dict[str, Any]]:
    """
    The rows as dicts, with `Money` amounts.
    """
    names = table.names
    for row in table.rows:
        yield with_money(table.columns, dict(zip(names, row, strict=True)))


def record(columns: Sequence[Column], value: Any) -> dict[str, Any]:
    """
    One object as JSON values: amounts as decimal texts, instants as ISO 8601 in UTC.
    """
    return next(records(of_values(columns, [value])))


def records(table: Table) -> Iterator[dict[str, Any]]:
    """
    All rows as JSON values, one at a time.
    """
    names = table.names
    for columns in plain_batches(table):
        for values in zip(*columns, strict=True):
            yield dict(zip(names, values, strict=True))


def plain_batches(table: Table) -> Iterator[list[Sequence[Any]]]:
    """
    The rows as plain values for files, in batches that are lists of columns, which is
    several times faster than row by row. Only one batch is in memory at a time.
    """
    indexes = [
        table.position(c.currency) if _is_money(c) else n
        for n, c in enumerate(table.columns)
    ]
    rows = iter(table.rows)
    while batch := list(itertools.islice(rows, BATCH)):
        columns = list(zip(*batch, strict=True))
        yield [
            _decimal_texts(values, columns[index])
            if _is_money(column)
            else _PLAIN.get(column.kind, _unchanged)(values)
            for column, values, index in zip(
                table.columns, columns, indexes, strict=True
            )
        ]


def _currency_position(table: Table) -> int:
    codes = {column.currency for column in table.columns if _is_money(column)}
    if len(codes) != 1:
        raise MoneyError(f"a row must have one currency column, not {len(codes)}")
    return table.position(codes.pop())


def _as_row(columns: Sequence[Column], value: Any) -> Row:
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
        raise MoneyError(f"{amount} is in a row of {currency}")
    return amount.minor


def _add(sum_: int | None, value: int | None) -> int | None:
    return None if sum_ is None or value is None else sum_ + value


def _is_money(column: Column) -> bool:
    return column.kind is Kind.MONEY


# Prices repeat, and a cache is much faster than formatting them again.
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


def rate(part: int | None, whole: int) -> int | None:
    """
    A share in parts per million, rounded down; unknown where the part is, or where
    there is nothing that it could be a share of.
    """
    return None if part is None or whole <= 0 else part * 1_000_000 // whole


def per_cent(rate_ppm: int) -> str:
    """
    A rate as per cent with one decimal: `3.5`.
    """
    tenths = (rate_ppm + 500) // 1000
    return f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}"


def _rates(values: Sequence[int | None]) -> list[str | None]:
    return [None if value is None else per_cent(value) for value in values]


def _unchanged(values: Sequence[Any]) -> Sequence[Any]:
    return values


_PLAIN: dict[Kind, Callable[[Sequence[Any]], Sequence[Any]]] = {
    Kind.INSTANT: _instants,
    Kind.DAY: _days,
    Kind.RATE: _rates,
}
