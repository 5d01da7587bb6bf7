"""
Reports are streamed from both databases, and say the same as the values of which pages
are drawn.
"""

import csv
import io
import json

import pytest

from ticketsync.core import tables
from ticketsync.financials import explain
from ticketsync.reporting import figures_of_shows, file_writers, sales


def written(table, format):
    stream = io.StringIO()
    count = file_writers.write(table, format, stream)
    stream.seek(0)
    found = json.load(stream) if format == "json" else [*csv.DictReader(stream)]
    assert count == len(found)
    return found


@pytest.mark.parametrize("format", ["csv", "json"])
def test_orders_are_streamed_with_the_worlds_own_totals(read_once, sandbox, format):
    with read_once.read() as connection:
        found = written(sales.sales_table(connection), format)
        values = sales.list_sales(connection)
    by_order = {row["order_id"]: row for row in found}
    assert len(by_order) == len(found) == len(sandbox.world.purchases)
    for purchase in sandbox.world.purchases:
        row = by_order[f"or_{purchase.id}"]
        dollars, cents = divmod(purchase.total, 100)
        assert row["total"] == f"{dollars}.{cents:02d}"
    if format == "json":
        assert found == [tables.record(sales.SALES, value) for value in values]


def test_figures_and_fees_are_streamed_as_pages_have_them(read_once):
    with read_once.read() as connection:
        figures = figures_of_shows.figures(connection)
        show_id = figures[0].show_id
        parts = explain.list_contributions(connection, show_id)
        assert written(figures_of_shows.figures_table(connection), "json") == [
            item.as_json() for item in figures
        ]
        assert written(explain.contributions_table(connection, show_id), "json") == [
            tables.record(explain.CONTRIBUTIONS, part) for part in parts
        ]
        refunds = written(sales.refunds_table(connection), "csv")
        assert refunds
        assert all(row["first_seen_at"].endswith("Z") for row in refunds)


def test_a_report_is_read_while_it_is_written(read_once):
    with read_once.read() as connection:
        rows = iter(sales.sales_table(connection).rows)
        assert not isinstance(rows, list)
        assert len(next(rows)) == len(sales.SALES)
        assert sum(1 for _ in rows) > 100
