"""
The exchange rates that were imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, insert, select

from ticketsync.core.tables import Column, Kind, Table
from ticketsync.financials.conversion import LONGEST_GAP, Rate
from ticketsync.store import audit
from ticketsync.store.tables.exchange_rates import rates

SOURCES = (
    Column("source"),
    Column("currencies", Kind.NUMBER),
    Column("days", Kind.NUMBER),
    Column("first", Kind.DAY),
    Column("last", Kind.DAY),
    Column("imported_at", Kind.INSTANT, "IMPORTED"),
)


@dataclass(frozen=True, slots=True)
class Saved:
    """
    How many rates were new, and how many were another number before.
    """

    new: int
    changed: int


def save_rates(connection: Connection, found: Iterable[Rate], now: datetime) -> Saved:
    """
    Save rates of one source; one that is held already is replaced. What was new is
    recorded in the audit trail.
    """
    rows = {(r.source, r.on_day.isoformat(), r.base, r.quote): r.rate for r in found}
    if not rows:
        return Saved(0, 0)
    sources = {key[0] for key in rows}
    days = [key[1] for key in rows]
    first, last = min(days), max(days)
    query = select(
        rates.c.source, rates.c.on_day, rates.c.base, rates.c.quote, rates.c.rate
    ).where(rates.c.source.in_(sources), rates.c.on_day.between(first, last))
    held = {tuple(row[:4]): row[4] for row in connection.execute(query)}
    other = {key: text for key, text in rows.items() if held.get(key) != text}
    changed = [key for key in other if key in held]
    for source, day, base, quote in changed:
        connection.execute(
            delete(rates).where(
                rates.c.source == source,
                rates.c.on_day == day,
                rates.c.base == base,
                rates.c.quote == quote,
            )
        )
    if other:
        names = ("source", "on_day", "base", "quote")
        values = [
            {**dict(zip(names, key, strict=True)), "rate": text, "imported_at": now}
            for key, text in other.items()
        ]
        connection.execute(insert(rates), values)
    saved = Saved(len(other) - len(changed), len(changed))
    if other:
        _record(connection, saved, sorted(sources), first, last)
    return saved


def _record(
    connection: Connection, saved: Saved, sources: Sequence[str], first: str, last: str
) -> None:
    counts = {"new": saved.new, "changed": saved.changed}
    audit.record(
        connection,
        audit.Decision(
            "import",
            "system",
            f"exchange rates of {', '.join(sources)}",
            after={"first": first, "last": last, **counts},
        ),
    )


def rates_near(connection: Connection, day: date) -> list[Rate]:
    """
    The rates of that day and of the week before it.
    """
    first = day - LONGEST_GAP
    query = (
        select(
            rates.c.source, rates.c.on_day, rates.c.base, rates.c.quote, rates.c.rate
        )
        .where(rates.c.on_day.between(first.isoformat(), day.isoformat()))
        .order_by(rates.c.source, rates.c.on_day, rates.c.base, rates.c.quote)
    )
    return [
        Rate(source, date.fromisoformat(on_day), base, quote, rate)
        for source, on_day, base, quote, rate in connection.execute(query)
    ]


def sources_table(connection: Connection) -> Table:
    """
    Whose rates there are, of which days.
    """
    query = (
        select(
            rates.c.source,
            func.count(func.distinct(rates.c.base + rates.c.quote)),
            func.count(func.distinct(rates.c.on_day)),
            func.min(rates.c.on_day),
            func.max(rates.c.on_day),
            func.max(rates.c.imported_at),
        )
        .group_by(rates.c.source)
        .order_by(rates.c.source)
    )
    return Table(SOURCES, [tuple(row) for row in connection.execute(query)])
