"""
Sales by order, ticket, show, day and month agree, whatever times are chosen.
"""

from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from ticketsync.core import tables
from ticketsync.core.periods import Period
from ticketsync.reporting import exported_sales, figures_of_shows, sales
from ticketsync.reporting.export_filter import ExportFilter

SYDNEY = "Australia/Sydney"


def rows(connection, chosen, per):
    table = exported_sales.exported_table(connection, chosen, per=per)
    return list(tables.by_name(table))


def day_of(row, column="placed_at"):
    at = row[column]
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return moment.astimezone(ZoneInfo(SYDNEY)).date()


def test_every_grouping_has_the_sums_of_the_orders(read_once):
    with read_once.read() as connection:
        orders = sales.list_sales(connection)
        for per in ("ticket", "show", "day", "month"):
            found = rows(connection, ExportFilter(zone=SYDNEY), per)
            assert_sums_of(orders, found, per)


def assert_sums_of(orders, found, per):
    for name in ("charged", "refunded"):
        expected = Counter()
        for order in orders:
            amount = getattr(order, name)
            expected[amount.currency] += amount.minor
        summed = Counter()
        for row in found:
            summed[row["currency"]] += row[name].minor
        assert summed == expected, per
        assert sum(expected.values()) > 0
    if per in ("day", "month"):
        length = 10 if per == "day" else 7
        days = Counter()
        for order in orders:
            at = order.placed_at.astimezone(ZoneInfo(SYDNEY))
            days[at.isoformat()[:length]] += order.charged.minor
        assert {row[per]: row["charged"].minor for row in found} == days


def test_both_dates_can_be_chosen_at_once(read_once):
    whole = ExportFilter(zone=SYDNEY)
    with read_once.read() as connection:
        every = rows(connection, whole, "order")
        starts = sorted({day_of(row, "starts_at") for row in every if row["show_id"]})
        placed = sorted(day_of(row) for row in every)
        show_days = Period(starts[0], starts[len(starts) // 2])
        sale_days = Period(placed[len(placed) // 4], placed[len(placed) // 2])
        chosen = ExportFilter(zone=SYDNEY, sold=sale_days, shows=show_days)
        found = rows(connection, chosen, "order")
        found_tickets = rows(connection, chosen, "ticket")
    expected = [
        row
        for row in every
        if sale_days.first <= day_of(row) <= sale_days.last
        and row["show_id"]
        and show_days.first <= day_of(row, "starts_at") <= show_days.last
    ]
    assert found == expected
    assert 0 < len(expected) < len(every)
    charged = sum(row["charged"].minor for row in expected)
    assert sum(row["charged"].minor for row in found_tickets) == charged


def test_refunds_are_chosen_by_their_day_and_that_of_the_show(read_once):
    with read_once.read() as connection:
        every = [*tables.by_name(sales.refunds_table(connection))]
        middle = sorted(row["on_day"] for row in every)[len(every) // 2]
        day = date.fromisoformat(str(middle))
        show_day = every[0]["starts_local"][:10]
        by_day = exported_sales.exported_refunds(
            connection, ExportFilter(refunded=Period(day, day))
        )
        only = date.fromisoformat(show_day)
        by_show = exported_sales.exported_refunds(
            connection, ExportFilter(shows=Period(only, only))
        )
        found, of_show = ([*tables.by_name(t)] for t in (by_day, by_show))
    assert found == [row for row in every if str(row["on_day"]) == str(middle)]
    assert of_show == [
        row for row in every if (row["starts_local"] or "").startswith(show_day)
    ]
    assert found
    assert of_show


@pytest.mark.parametrize("limit", [1, 3, 50, 10_000])
def test_a_short_list_is_the_beginning_of_the_whole(read_once, limit):
    with read_once.read() as connection:
        whole = sales.list_sales(connection)
        assert sales.list_sales(connection, limit=limit) == whole[:limit]
        show_id = whole[0].show_id
        of_show = [sale for sale in whole if sale.show_id == show_id]
        found = sales.list_sales(connection, show_id=show_id, limit=limit)
        assert found == of_show[:limit]


def test_a_report_is_streamed_with_little_memory(sqlite):
    """
    SQLite sorts in as much memory as it caches, several times for one report: 40 MB of
    a million tickets. Whatever comes afterwards on the connection has it back.
    """

    def megabytes(connection):
        return -connection.exec_driver_sql("PRAGMA cache_size").scalar() // 1000

    with sqlite.read() as connection:
        assert megabytes(connection) == 16
        for export in (
            exported_sales.exported_table,
            figures_of_shows.exported_figures,
        ):
            table = export(connection, ExportFilter(zone=SYDNEY))
            assert megabytes(connection) == 2
            assert not list(table.rows)
            assert megabytes(connection) == 16
