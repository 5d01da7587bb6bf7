"""
Orders by the span in which they were placed: the same on both databases, and on SQLite
with indexes alone.
"""

from datetime import timedelta

import pytest
from sqlalchemy import event, insert, select, text
from support.saved_orders import ZONE, instant, prepare

from ticketsync.reporting import daily, sales_over_time, unlinked_orders, waiting
from ticketsync.store import order_spans
from ticketsync.store.tables.sales import orders, tickets

# Midnights in Sydney: an ordinary day, and one an hour shorter than others.
MOMENTS = [
    instant(midnight)
    for midnight in ("2026-09-01T14:00", "2026-09-02T14:00", "2026-10-03T14:00")
]
NOW = instant("2026-10-10T12:00")
SECOND = timedelta(seconds=1)
PLACED = {
    "too-early": MOMENTS[0] - SECOND,
    "first": MOMENTS[0],
    "last-of-the-day": MOMENTS[1] - SECOND,
    "next": MOMENTS[1],
    "weeks-later": MOMENTS[2] - SECOND,
    "newest": MOMENTS[2],
    "years-later": instant("2031-01-01T00:00"),
}


@pytest.fixture
def placed(database):
    prepare(database)
    amounts = dict.fromkeys(("total", "charged", "refunded", "credited"), 0)
    rows = [
        {
            **amounts,
            "account_id": 1,
            "provider_id": name,
            "status": "paid",
            "placed_at": moment,
            "currency": "AUD",
            "channel": "",
            "promo_code": "",
            "content": b"",
            "known_from": NOW,
        }
        for name, moment in PLACED.items()
    ]
    with database.write() as connection:
        connection.execute(insert(orders), rows)
    return database


def test_an_order_belongs_to_the_last_moment_that_is_not_after_it(placed):
    with placed.read() as connection:
        spans = order_spans.orders_by_span(connection, MOMENTS).subquery()
        found = connection.execute(
            select(orders.c.provider_id, spans.c.span)
            .join(spans, spans.c.order_id == orders.c.id)
            .order_by(orders.c.placed_at)
        )
        assert [tuple(row) for row in found] == [
            ("first", 0),
            ("last-of-the-day", 0),
            ("next", 1),
            ("weeks-later", 1),
            ("newest", 2),
            ("years-later", 2),
        ]


def test_the_statement_is_the_same_however_many_moments_there_are(placed):
    """
    Else it is compiled anew for every page.
    """
    with placed.read() as connection:
        few, many = (
            order_spans.orders_by_span(connection, moments).compile(connection.engine)
            for moments in (MOMENTS[:1], MOMENTS)
        )
    assert str(few) == str(many)


def executed(connection, read):
    """
    The statements that a function executed, with their parameters.
    """
    found = []

    def note(_connection, _cursor, statement, parameters, *_):
        found.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    read(connection)
    event.remove(connection, "before_cursor_execute", note)
    return found


def plan_of(connection, read, table):
    """
    How SQLite looks into a table for these statements.
    """
    steps = [
        row[3]
        for statement, parameters in executed(connection, read)
        if f" {table}" in statement
        for row in connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", parameters
        )
    ]
    return {step for step in steps if step.split()[1] == table}


def test_sqlite_sums_days_up_in_indexes_alone(sqlite):
    """
    Looking into each ticket's row takes as long as all the rest of the page.
    """
    prepare(sqlite)
    with sqlite.read() as connection:
        for read in (
            lambda connection: sales_over_time.read_recent_activity(
                connection, "month", ZONE, NOW
            ),
            lambda connection: daily.list_on_sale(connection, now=NOW, since=NOW),
        ):
            assert plan_of(connection, read, "tickets") == {
                "SEARCH tickets USING COVERING INDEX ix_tickets_of_order (order_id=?)"
            }


def test_orders_of_dates_without_a_show_are_found_from_these_dates(sqlite):
    """
    They are few; whoever begins at the tickets reads all of them.
    """
    prepare(sqlite)
    with sqlite.read() as connection:
        found = plan_of(connection, unlinked_orders.find_unlinked, "tickets")
    assert found == {
        "SEARCH tickets USING INDEX ix_tickets_occurrence_id (occurrence_id=?)"
    }


@pytest.mark.parametrize(
    ("since", "names"),
    [
        (MOMENTS[2], {"newest", "years-later"}),
        (MOMENTS[2] + SECOND, {"years-later"}),
        (PLACED["years-later"] + SECOND, set()),
    ],
)
def test_tickets_of_the_orders_placed_since(placed, since, names):
    with placed.write() as connection:
        connection.execute(insert(tickets), [*_tickets_of(connection)])
        every = select(tickets.c.provider_id).select_from(tickets)
        chosen = order_spans.of_orders_since(connection, every, since)
        found = connection.scalars(chosen)
        assert {*found} == names


def _tickets_of(connection):
    """
    A ticket of each order, by its name.
    """
    for id_, name in connection.execute(select(orders.c.id, orders.c.provider_id)):
        flags = ("is_sold", "is_comp", "is_refunded", "is_checked_in")
        amounts = ("face", "discount", "charged", "refunded", "tax_remitted")
        yield {
            **dict.fromkeys(flags, False),
            **dict.fromkeys(amounts, 0),
            "account_id": 1,
            "order_id": id_,
            "occurrence_id": 1,
            "provider_id": name,
            "kind": "admission",
            "status": "valid",
            "type_id": "tt",
            "type_name": "Adult",
            "currency": "AUD",
        }


def test_the_few_orders_that_do_not_add_up_have_an_index(database):
    with database.read() as connection:
        if database.dialect == "sqlite":
            assert plan_of(connection, waiting.list_discrepancies, "orders") == {
                "SCAN orders USING INDEX ix_orders_doubtful"
            }
        else:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            steps = connection.exec_driver_sql(
                "EXPLAIN SELECT id FROM orders WHERE doubt IS NOT NULL"
            ).scalars()
            assert any("ix_orders_doubtful" in step for step in steps)
