"""
Sales and refunds as exports: order by order, ticket by ticket, or summed up per show,
day or month. The sums are made of the rows of `sales.SALES`, so that they agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Final

from sqlalchemy import Connection

from ticketsync.core import clock, tables
from ticketsync.core.tables import Column, Kind, Row, Table
from ticketsync.reporting import exported_tickets, sales
from ticketsync.reporting.export_filter import ExportFilter

PER: Final = ("order", "ticket", "show", "day", "month")
_SHOW: Final = ("starts_at", "show_id", "production")
_SUMS: Final = ("tickets", "currency", "charged", "refunded", "fees", "net")


def exported_table(
    connection: Connection, chosen: ExportFilter, *, per: str = "order"
) -> Table:
    """
    The sales chosen, with a row per one of `PER`. Days and months are those of the sale
    by the calendar of the business. A sum of fees with an unknown part is unknown.
    """
    if per == "ticket":
        return exported_tickets.tickets_table(connection, chosen)
    found = sales.sales_table(connection, chosen=chosen)
    if per == "order":
        return found
    if per == "show":
        return _summed(found, [_column(name) for name in _SHOW])
    return _per_day(found, chosen.zone, is_month=per == "month")


def exported_refunds(connection: Connection, chosen: ExportFilter) -> Table:
    """
    The refunds chosen, those seen last first.
    """
    query = sales.refunds_query().where(*chosen.of_refunds())
    rows = sales.refund_rows(connection, query)
    start = Table(sales.REFUNDS, ()).position("starts_local")
    if chosen.of_shows():
        has_start = chosen.shows.has_start
        rows = (row for row in rows if row[start] and has_start(row[start]))
    return Table(sales.REFUNDS, rows)


def _column(name: str) -> Column:
    return next(column for column in sales.SALES if column.name == name)


def _summed(found: Table, keys: Sequence[Column]) -> Table:
    columns = [*keys, *map(_column, _SUMS)]
    as_row = itemgetter(*(found.position(column.name) for column in columns))
    return tables.grouped(
        Table(columns, map(as_row, found.rows)), [c.name for c in keys]
    )


def _per_day(found: Table, zone_name: str, *, is_month: bool) -> Table:
    """
    The sums per day or month of the sale by the clocks of a zone.
    """
    zone = clock.zone(zone_name)
    key = Column("month") if is_month else Column("day", Kind.DAY)
    length = len("2026-11") if is_month else len("2026-11-27")
    placed = found.position("placed_at")

    def rows() -> Iterator[Row]:
        for row in found.rows:
            at = row[placed]
            moment = datetime.fromisoformat(at) if isinstance(at, str) else at
            yield (*row, moment.astimezone(zone).date().isoformat()[:length])

    return _summed(Table((*found.columns, key), rows()), [key])
