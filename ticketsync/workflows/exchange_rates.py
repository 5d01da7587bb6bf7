"""
Importing exchange rates, and reports in one currency beside their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ticketsync.catalogue import shows
from ticketsync.core import clock, tables
from ticketsync.core.periods import Period
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.financials import conversion, exchange_rate_files, stored_exchange_rates
from ticketsync.financials.conversion import Conversion
from ticketsync.financials.stored_exchange_rates import Saved
from ticketsync.store.engine import Database


@dataclass(frozen=True, slots=True)
class Imported:
    """
    Whose rates a file has, of which days, and what of them was new.
    """

    source: str
    first: date
    last: date
    saved: Saved


def import_rates(database: Database, file: Path) -> Imported:
    """
    Save the rates of a central bank's file. The import is recorded in the audit trail.

    Raises: `BadFile` where the file has none.
    """
    found = exchange_rate_files.read_rates(file)
    days = sorted({rate.on_day for rate in found})
    source = found[0].source
    with database.write() as connection:
        saved = stored_exchange_rates.save_rates(connection, found, clock.now())
    return Imported(source, days[0], days[-1], saved)


def day_of(period: Period, today: date) -> date:
    """
    The day whose rates a period is converted by: its last one, or today before it.
    """
    return today if period.last is None else min(period.last, today)


def read_conversions(
    connection: Connection, report: Table, target: str, day: date, source: str = ""
) -> dict[str, Conversion]:
    """
    How to convert what is in a report, by currency.

    Raises: `UsageError` for a text that is not a currency, `NotFound` without a rate.
    """
    wanted = shows.check_currency(target)
    found = {row["currency"] for row in tables.by_name(report)}
    rates = stored_exchange_rates.rates_near(connection, day)
    return conversion.conversions(found, wanted, day, rates, source)


def converted_totals(totals: Table, by: Mapping[str, Conversion]) -> Table:
    """
    The totals of each currency in another one, with the rate, its source and its day.
    Their `currency` is the one they are in; `of` names their own.
    """
    amounts = _amounts(totals)
    columns = (
        *(Column("of", heading="TOTAL OF"), Column("rate"), Column("source")),
        *(Column("rate_day", Kind.DAY), *amounts, Column("currency")),
    )
    return Table(columns, _rows(totals, amounts, by, with_own=False))


def with_converted(report: Table, by: Mapping[str, Conversion]) -> Table:
    """
    A report whose rows end with their amounts in another currency, and with the rate,
    its source and its day.
    """
    amounts = _amounts(report)
    more = [Column(f"{it.name}_in", Kind.MONEY, None, "currency_in") for it in amounts]
    more += [Column(name) for name in ("currency_in", "rate", "rate_source")]
    columns = (*report.columns, *more, Column("rate_day", Kind.DAY))
    return Table(columns, _rows(report, amounts, by, with_own=True))


def _amounts(report: Table) -> list[Column]:
    return [column for column in report.columns if column.kind is Kind.MONEY]


def _rows(
    report: Table,
    amounts: Sequence[Column],
    by: Mapping[str, Conversion],
    *,
    with_own: bool,
) -> Iterator[tuple[Any, ...]]:
    """
    The converted amounts of each row with their rate: behind the row, or in its place.
    """
    places = [report.position(column.name) for column in amounts]
    currency = report.position("currency")
    for row in report.rows:
        conversion = by[row[currency]]
        found = [conversion.convert(row[place]) for place in places]
        rate = _words(conversion)
        if with_own:
            yield (*row, *found, conversion.quote, *rate)
        else:
            yield (conversion.base, *rate, *found, conversion.quote)


def _words(conversion: Conversion) -> tuple[str | None, str | None, date | None]:
    if not conversion.source:
        return None, None, None
    return conversion.rate_text, conversion.source, conversion.on_day
