"""
Whether closed periods are as they were closed: every digest is computed again, and what
differs is named. Whoever has changed a row must have dropped a trigger first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, exc, select

from ticketsync.core import clock
from ticketsync.financials import closed_periods, frozen_lines
from ticketsync.financials.period_order import CLOSED, PeriodEvent
from ticketsync.store import query_results
from ticketsync.store.tables.periods import digests, period_lines, periods


@dataclass(frozen=True, slots=True)
class Flaw:
    """
    A row that is not as it was written: its table, its place, and what is wrong.
    """

    table: str
    row: str
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """
    What was looked at, what is wrong, and the end of the chain (`b""` without any).
    """

    periods: int
    lines: int
    flaws: tuple[Flaw, ...]
    chain: bytes


def verify(connection: Connection) -> Verified:
    """
    Compute every digest of closed periods again, whatever stands in the rows.
    """
    try:
        return _verify(connection)
    except exc.OperationalError:
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name != "sqlite":
            raise
        # A text that is not UTF-8. Slower, so only then.
        before, driver.text_factory = driver.text_factory, _decoded
        try:
            return _verify(connection)
        finally:
            driver.text_factory = before


def _decoded(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def _verify(connection: Connection) -> Verified:
    lines = _Lines(connection)
    flaws: list[Flaw] = []
    chain, number = closed_periods.chain_start(), 0
    links = _links(connection)
    query = query_results.with_instants_as_stored(
        connection, select(periods).order_by(periods.c.id)
    )
    for row in connection.execute(query):
        number += 1
        flaws += _of_period(row, number, chain, lines, links.pop(row.id, None))
        chain = row.chain
    flaws += [
        Flaw("digests", str(left), "is of a period that is missing") for left in links
    ]
    flaws += lines.verify_rest()
    return Verified(number, lines.count, tuple(flaws), chain)


Link = tuple[bytes, bytes, str]  # digest, chain, instant


def _links(connection: Connection) -> dict[int, Link]:
    query = select(digests).where(digests.c.name == closed_periods.CHAIN)
    rows = connection.execute(
        query_results.with_instants_as_stored(
            connection, query.order_by(digests.c.number)
        )
    )
    return {
        row.number: (row.digest, row.chain, frozen_lines.as_stored(row.at))
        for row in rows
    }


def _of_period(
    row: Any, number: int, chain: bytes, lines: _Lines, link: Link | None
) -> Iterator[Flaw]:
    name = f"{row.name} version {row.version} ({row.state})"
    closed_at = frozen_lines.as_stored(row.closed_at)
    try:
        event = closed_periods.as_event(row, clock.from_iso(closed_at))
    except ValueError:
        yield Flaw("periods", name, "cannot be read")
        return
    yield from lines.verify(event)
    yield from _of_event(event, name, number, chain, lines.of_period)
    if link != (event.digest, event.chain, closed_at):
        yield Flaw("digests", str(event.id), "is not that of its period")


def _of_event(
    event: PeriodEvent,
    name: str,
    number: int,
    chain: bytes,
    of_lines: Sequence[bytes],
) -> Iterator[Flaw]:
    if event.id != number:
        yield Flaw("periods", name, f"is number {event.id}, and must be {number}")
    if len(of_lines) != event.line_count:
        found = f"has {len(of_lines)} lines, and must have {event.line_count}"
        yield Flaw("periods", name, found)
    elif closed_periods.event_digest(event, of_lines) != event.digest:
        yield Flaw("periods", name, "was changed after it was closed")
    if frozen_lines.chained(chain, event.digest) != event.chain:
        yield Flaw("periods", name, "does not follow from the periods before it")


class _Lines:
    """
    All lines in their order, period by period.
    """

    def __init__(self, connection: Connection) -> None:
        names = ("period_id", "number", *frozen_lines.NAMES, "digest")
        query = select(*(period_lines.c[name] for name in names)).order_by(
            period_lines.c.period_id, period_lines.c.number
        )
        stored = query_results.with_instants_as_stored(
            connection, query
        ).execution_options(yield_per=1000)
        self._rows = iter(connection.execute(stored))
        self._next: Any = next(self._rows, None)
        self.count = 0
        self.of_period: list[bytes] = []  # digests of the lines verified last

    def verify(self, event: PeriodEvent) -> Iterator[Flaw]:
        """
        What is wrong with the lines of a period. Those of periods that are missing come
        before them.
        """
        self.of_period = []
        while self._next is not None and self._next[0] <= event.id:
            row = tuple(self._next)
            self._next = next(self._rows, None)
            self.count += 1
            yield from self._of_line(row, event)
            self.of_period.append(row[-1])

    def verify_rest(self) -> Iterator[Flaw]:
        while self._next is not None:
            yield Flaw("period_lines", _place(self._next), "is of no period")
            self._next = next(self._rows, None)
            self.count += 1

    def _of_line(self, row: tuple[Any, ...], event: PeriodEvent) -> Iterator[Flaw]:
        period_id, number, *line, digest = row
        name = f"{event.name} line {number} (order {line[_ORDER]})"
        if period_id != event.id or event.state != CLOSED:
            yield Flaw("period_lines", _place(row), "is of no closed period")
        elif number != len(self.of_period) + 1:
            missing = len(self.of_period) + 1
            yield Flaw("period_lines", f"{event.name} line {missing}", "is missing")
        if frozen_lines.line_digest(period_id, number, tuple(line)) != digest:
            yield Flaw("period_lines", name, "was changed after it was closed")


_ORDER = frozen_lines.NAMES.index("order_id")


def _place(row: Any) -> str:
    return f"period {row[0]} line {row[1]}"
