"""
How the box office sells: every number written by hand, from a story of two shows.
"""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from support.own_box_office import NOW, copied_office, put_on_sale

from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.boxoffice.shows_on_sale import Terms
from ticketsync.catalogue import new_shows
from ticketsync.core import clock, tables
from ticketsync.core.periods import Period
from ticketsync.reporting import boxoffice_selling
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.boxoffice import cancel_and_refund, open_sale, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender

CASH = Tender("cash")
ADULT = NewTier("Adult", 5500)
ZONE = "Australia/Sydney"
FIRST, SECOND = 1, 2
NEXT_DAY = datetime(2026, 11, 27, 13, 1, tzinfo=UTC)  # in Sydney
TODAY = Period(date(2026, 11, 27), date(2026, 11, 27))
# Columns: orders, paid, held, expired, cancelled, conversion, expiry rate, tickets,
# seats, taken, use of seats, currency, gross; rates in parts per million.
OF_FIRST = (6, 3, 1, 1, 1, 600_000, 200_000, 3, 10, 3, 300_000, "AUD", 22000)
OF_SECOND = (1, 1, 0, 0, 0, 1_000_000, 0, 4, 20, 4, 200_000, "AUD", 22000)


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request, templates, frozen):
    """
    Of the first show three orders are paid (two tickets and a refunded third, one given
    away, one refunded as a whole), one expired with nothing to mark it, one was given
    up, and one is held. Of the second, four tickets were sold the day after.
    """

    def play(office):
        sell_both(office, frozen)

    frozen(NOW)
    with copied_office(
        *(templates, request.param, ADULT),
        starts_at=NOW + timedelta(days=30),
        then=play,
    ) as office:
        frozen(NEXT_DAY)
        yield office


def sell_both(office, frozen):
    database = office.database
    with database.write() as connection:
        new_shows.add_show(
            connection,
            new_shows.NewShow(
                *("Gala", NOW + timedelta(days=60), "The Lantern Room", ZONE, "AUD"),
                capacity=20,
            ),
        )
    open_sale.open_show(
        *(database, office.settings, SECOND, Terms(), (ADULT,)),
        SecretSource("env", "BOX_KEY"),
    )
    sell.hold(office, FIRST, {"Adult": 1})
    frozen(NOW + timedelta(minutes=20))
    three = sell.sell(office, FIRST, {"Adult": 3}, CASH).order.reference
    cancel_and_refund.refund(office, three, Refund(tickets=[1]), "ill")
    sell.comp(office, FIRST, {"Adult": 1})
    one = sell.sell(office, FIRST, {"Adult": 1}, CASH).order.reference
    cancel_and_refund.refund(office, one, Refund(), "ill")
    left = sell.hold(office, FIRST, {"Adult": 2}).reference
    cancel_and_refund.cancel(office, left, "changed their mind")
    sell.hold(office, FIRST, {"Adult": 2})
    frozen(NEXT_DAY)
    with database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE boxoffice_orders SET held_until = '2026-11-27T13:10:00Z'"
            " WHERE id = (SELECT MAX(id) FROM boxoffice_orders)"
            if connection.dialect.name == "sqlite"
            else "UPDATE boxoffice_orders SET held_until = '2026-11-27 13:10:00+00'"
            " WHERE id = (SELECT MAX(id) FROM boxoffice_orders)"
        )
    sell.sell(office, SECOND, {"Adult": 4}, CASH)


def lines(office, **options):
    with office.database.read() as connection:
        table = boxoffice_selling.selling_table(
            connection, clock.now(), zone=ZONE, **options
        )
    return {row[1]: row[3:] for row in table.rows}, table


def test_orders_conversion_expiry_and_use_of_seats(office):
    found, table = lines(office)
    assert found == {FIRST: OF_FIRST, SECOND: OF_SECOND}
    (total,) = boxoffice_selling.with_rates(tables.totals(table)).rows
    # 4 of 6 decided orders were paid, 1 expired, 7 of 30 seats are taken.
    assert total[3:] == (
        *(7, 4, 1, 1, 1, 666_666, 166_666, 7, 30, 7, 233_333, "AUD", 44000),
    )


def test_a_span_has_the_orders_that_were_begun_in_it(office):
    assert lines(office, period=TODAY)[0] == {FIRST: OF_FIRST}
    tomorrow = Period(date(2026, 11, 28), None)
    assert lines(office, period=tomorrow)[0] == {SECOND: OF_SECOND}
    assert lines(office, period=Period(None, date(2026, 11, 26)))[0] == {}


def test_by_show_the_span_has_the_shows_that_play_in_it(office):
    december = Period(date(2026, 12, 1), date(2026, 12, 31))
    assert lines(office, period=december, by="show")[0] == {FIRST: OF_FIRST}


def test_a_mark_that_an_order_has_expired_changes_nothing(office):
    cancel_and_refund.expire(office)
    assert lines(office)[0][FIRST] == OF_FIRST


def test_what_nobody_ordered_has_no_rates(database, frozen):
    frozen(NOW)
    office = put_on_sale(database, ADULT)
    assert lines(office)[0] == {
        FIRST: (*(0, 0, 0, 0, 0, None, None, 0, 10, 0, 0, "AUD", 0),)
    }
    assert lines(office, period=TODAY)[0] == {}


def test_the_report_from_the_command_line(home):
    from support import commands

    def run(*words):
        done = commands.run(*words)
        assert done.returncode == 0, done
        return done.stdout

    run(
        *("init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"),
        *("--currency", "AUD", "--no-input"),
    )
    assert run("report", "selling") == "Your box office has no such orders.\n"
    put_on_sale_by_command(run)
    (row,) = json.loads(run("report", "selling", "--json"))
    assert row == {
        "starts_local": "2030-11-27 19:30",
        "show_id": 1,
        "production": "Late Laughs",
        "orders": 2,
        "paid": 1,
        "held": 1,
        "expired": 0,
        "cancelled": 0,
        "conversion": "100.0",
        "expiry_rate": "0.0",
        "tickets": 3,
        "seats": 12,
        "taken": 3,
        "use_of_seats": "25.0",
        "currency": "AUD",
        "gross": "165.00",
    }
    assert (
        run("report", "selling", "--format", "csv")
        .splitlines()[0]
        .startswith(
            "starts_local,show_id,production,orders,paid,held,expired,cancelled,conversion"
        )
    )
    assert "25.0" in run("report", "selling")


def put_on_sale_by_command(run):
    import os

    from support.own_box_office import KEY

    os.environ["BOX_KEY"] = KEY
    run("shows", "add", "Late Laughs", "2030-11-27 19:30", "--capacity", "12")
    price = ("--tier", "Adult=55.00", "--secret-env", "BOX_KEY")
    run("boxoffice", "open", "1", *price)
    run("boxoffice", "sell", "1", "--tier", "Adult=3", "--cash")
    run("boxoffice", "hold", "1", "--tier", "Adult=1")
