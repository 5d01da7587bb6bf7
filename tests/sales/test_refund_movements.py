"""
Refunds are movements that are written once; each has a day, and says on what it is
based. Amounts and days are worked out by hand.
"""

import threading

import msgspec
import pytest
from sqlalchemy import exc, text
from support.saved_orders import (
    BOUGHT,
    FIRST_DAY,
    ZONE,
    instant,
    movements,
    order,
    prepare,
    save,
    ticket,
)

from ticketsync.catalogue import occurrences
from ticketsync.core.records import Refund, TicketStatus
from ticketsync.sales import saving
from ticketsync.sales.allocation import allocate
from ticketsync.sales.refunds import Moment
from ticketsync.store import engine

DAY_2 = instant("2026-10-02T02:00")
DAY_3 = instant("2026-10-03T02:00")
DAY_4 = instant("2026-10-04T02:00")
VOIDED = instant("2026-09-15T14:30")  # already 16 September in Sydney


@pytest.fixture
def books(database):
    return prepare(database)


def bought(refunded=0, *, checked_in=False, refund_id="or_1", voided_at=None, **more):
    """
    20.00 for one ticket; the refund is one sum under the order's id.
    """
    refunds = (Refund(refund_id, refunded),) if refunded else ()
    one = ticket(1, 2000)
    if voided_at is not None or more.pop("is_void", False):
        one = msgspec.structs.replace(
            one, status=TicketStatus.VOID, voided_at=voided_at
        )
    one = msgspec.structs.replace(one, checked_in=checked_in)
    return order(one, refunds=refunds, **more)


def rows(database):
    """
    Every refund as it is stored.
    """
    with database.read() as connection:
        found = connection.execute(text("SELECT * FROM refunds ORDER BY id"))
        return [dict(row._mapping) for row in found]


def sums(database):
    """
    What the order, its tickets and its movements say went back.
    """
    queries = (
        "SELECT SUM(refunded) FROM orders",
        "SELECT SUM(refunded) FROM tickets",
        "SELECT COALESCE(SUM(amount), 0) FROM refunds",
    )
    with database.read() as connection:
        return [int(connection.execute(text(q)).scalar()) for q in queries]


def test_a_refund_keeps_the_day_on_which_it_was_seen(books):
    """
    The smallest input of the fault: saved on days 1 to 4, refunded first on day 2.
    """
    save(books, bought(), at=FIRST_DAY)
    save(books, bought(2000), at=DAY_2)
    (before,) = rows(books)
    save(books, bought(2000, checked_in=True), at=DAY_3)
    save(books, bought(2000, channel="edited"), at=DAY_4)
    assert rows(books) == [before]
    assert movements(books) == [(1, 2000, "2026-10-02", "seen")]
    assert str(before["seen_at"]).startswith("2026-10-02")


def test_f44_a_sum_that_grows_adds_the_difference(books):
    save(books, bought(), at=FIRST_DAY)
    save(books, bought(500), at=DAY_2)
    save(books, bought(1250), at=DAY_3)
    assert movements(books) == [
        (1, 500, "2026-10-02", "seen"),
        (2, 750, "2026-10-03", "seen"),
    ]
    assert sums(books) == [1250, 1250, 1250]


def test_a_sum_that_shrinks_is_a_negative_movement(books):
    save(books, bought(2000), at=FIRST_DAY)
    save(books, bought(1500), at=DAY_2)
    assert movements(books) == [
        (1, 2000, "2026-09-30", "assumed"),
        (2, -500, "2026-10-02", "seen"),
    ]
    assert sums(books) == [1500, 1500, 1500]


def test_a_refund_that_is_no_longer_reported_comes_back(books):
    """
    The platform has refund ids of its own: one of two vanishes.
    """
    two = order(
        ticket(1, 2000),
        refunds=(Refund("r1", 500, DAY_2), Refund("r2", 700, DAY_3)),
    )
    one = order(ticket(1, 2000), refunds=(Refund("r2", 700, DAY_3),))
    save(books, two, at=DAY_3)
    save(books, one, at=DAY_4)
    assert movements(books) == [
        (1, 500, "2026-10-02", "reported"),
        (1, 700, "2026-10-03", "reported"),
        (2, -500, "2026-10-04", "seen"),
    ]
    assert sums(books) == [700, 700, 700]
    save(books, two, at=instant("2026-10-05T02:00"))  # and is reported again
    assert movements(books)[-1] == (3, 500, "2026-10-05", "seen")
    assert sums(books) == [1200, 1200, 1200]


def test_the_platforms_date_comes_before_everything(books):
    """
    14:30 in UTC is half past midnight of the next day in Sydney.
    """
    save(books, bought(), at=FIRST_DAY)
    dated = order(
        msgspec.structs.replace(
            ticket(1, 2000), status=TicketStatus.VOID, voided_at=DAY_3
        ),
        refunds=(Refund("r1", 2000, instant("2026-09-15T14:30")),),
    )
    save(books, dated, at=DAY_4)
    assert movements(books) == [(1, 2000, "2026-09-16", "reported")]


def test_the_void_of_its_ticket_dates_a_refund(books):
    save(books, bought(), at=FIRST_DAY)
    save(books, bought(2000, voided_at=instant("2026-10-01T15:00")), at=DAY_4)
    assert movements(books) == [(1, 2000, "2026-10-02", "void")]


def test_a_first_read_dates_by_the_void_too(books):
    save(books, bought(2000, voided_at=VOIDED), at=DAY_4)
    assert movements(books) == [(1, 2000, "2026-09-16", "void")]


def test_a_refund_after_a_void_that_we_held_has_its_own_day(books):
    """
    Voided on day 2 and not refunded; the money goes back on day 4.
    """
    save(books, bought(voided_at=DAY_2), at=DAY_2)
    save(books, bought(2000, voided_at=DAY_2), at=DAY_4)
    assert movements(books) == [(1, 2000, "2026-10-04", "seen")]


def test_a_void_that_was_held_without_its_time_is_not_new(books):
    """
    As after an upgrade, before the stored records were read again.
    """
    save(books, bought(voided_at=DAY_2), at=DAY_2)
    with books.write() as connection:
        connection.execute(text("UPDATE tickets SET voided_at = NULL"))
    save(books, bought(2000, voided_at=DAY_2), at=DAY_4)
    assert movements(books) == [(1, 2000, "2026-10-04", "seen")]


def test_a_refund_of_the_first_read_is_assumed_on_the_last_change_or_the_sale(books):
    """
    Bought at 23:30 on 30 September in Sydney.
    """
    save(
        books,
        bought(2000, id_="or_1"),
        order(
            ticket(2, 2000),
            id_="or_2",
            refunds=(Refund("or_2", 300),),
            changed_at=instant("2026-10-20T14:00"),
        ),
        at=instant("2026-11-10T00:00"),
    )
    assert movements(books, "or_1") == [(1, 2000, "2026-09-30", "assumed")]
    assert movements(books, "or_2") == [(1, 300, "2026-10-21", "assumed")]


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Australia/Sydney", "2026-10-02"), ("Europe/London", "2026-10-01")],
)
def test_days_are_those_of_the_default_venues_calendar(database, zone, day):
    books = prepare(database, timezone=zone)
    save(books, bought(), at=FIRST_DAY)
    save(books, bought(2000), at=instant("2026-10-01T20:00"))
    assert movements(books) == [(1, 2000, day, "seen")]


def test_without_a_venue_days_are_utc():
    assert Moment(FIRST_DAY, "UTC").day(BOUGHT) == "2026-09-30"


def test_one_refund_id_on_two_orders_is_numbered_and_kept_apart(books):
    def half(id_, number):
        return order(ticket(number, 2000), id_=id_, refunds=(Refund("r1", 700),))

    save(books, half("or_1", 1), half("or_2", 2), at=DAY_2)
    assert movements(books, "or_1") == [(1, 700, "2026-09-30", "assumed")]
    assert movements(books, "or_2") == [(2, 700, "2026-09-30", "assumed")]
    save(books, order(ticket(1, 2000), id_="or_1"), at=DAY_3)  # it was not of or_1
    assert movements(books, "or_1")[-1] == (3, -700, "2026-10-03", "seen")
    assert sums(books) == [700, 700, 700]


def test_a_refund_listed_in_two_parts_is_their_sum(books):
    twice = order(ticket(1, 2000), refunds=(Refund("r1", 300), Refund("r1", 400)))
    save(books, twice, at=DAY_2)
    assert movements(books) == [(1, 700, "2026-09-30", "assumed")]
    assert sums(books) == [700, 700, 700]


def test_of_an_order_that_comes_twice_at_once_the_last_is_saved(books):
    save(books, bought(), bought(2000), at=DAY_2)
    assert movements(books) == [(1, 2000, "2026-09-30", "assumed")]
    assert sums(books) == [2000, 2000, 2000]


def test_when_a_ticket_was_voided_is_stored(books):
    save(books, bought(voided_at=VOIDED), at=DAY_2)
    with books.read() as connection:
        (at,) = connection.execute(text("SELECT voided_at FROM tickets"))
    assert str(at[0]).replace(" ", "T").startswith("2026-09-15T14:30")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE refunds SET seen_at = seen_at",
        "UPDATE refunds SET amount = 1",
        "DELETE FROM refunds",
    ],
)
def test_the_database_itself_refuses_to_change_a_movement(books, change):
    save(books, bought(2000), at=DAY_2)
    before = rows(books)
    with pytest.raises(exc.IntegrityError), books.write() as connection:
        connection.execute(text(change))
    assert rows(books) == before


# Two who save one order at once, on PostgreSQL

ROUNDS = 50


def race(books, round_):
    """
    Two transactions save one new order, refunded 5.00 for the one and 12.00 for the
    other, who begins while the first is open; answers what the second met.
    """
    id_ = f"or_{round_}"

    def version(refunded):
        refunds = (Refund(id_, refunded),)
        return order(ticket(round_, 2000), id_=id_, refunds=refunds)

    met = []
    begun, saved = threading.Event(), threading.Event()

    def second():
        saved.wait()
        begun.set()
        try:
            save(books, version(1200), at=DAY_3)
        except Exception as error:  # whatever it was, the round is lost
            met.append(error)

    thread = threading.Thread(target=second)
    thread.start()
    with books.write() as connection:
        saving.save_orders(
            connection,
            1,
            [allocate(version(500), b"first")],
            occurrences.get_occurrence_ids(connection, 1),
            DAY_2,
            zone=ZONE,
        )
        saved.set()
        begun.wait()
        waits_for_lock(books)
    thread.join()
    return met


def waits_for_lock(books):
    """
    Until the other transaction waits for this one.
    """
    query = text(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
        "WHERE NOT l.granted AND a.datname = current_database()"
    )
    while True:
        with books.read() as connection:
            if connection.execute(query).scalar():
                return


def lost(books, met, round_):
    found = [(n, amount) for n, amount, _, _ in movements(books, f"or_{round_}")]
    return bool(met) or found != [(1, 500), (2, 700)]


@pytest.fixture
def on_postgres(templates):
    opened = engine.open_database(templates.copy("postgresql", "empty"))
    yield prepare(opened)
    opened.close()


@pytest.mark.thorough
def test_two_who_save_one_order_at_once_add_up(on_postgres):
    """
    In each of 50 rounds the second sees what the first wrote, and adds 7.00.
    """
    for round_ in range(1, ROUNDS + 1):
        met = race(on_postgres, round_)
        assert not lost(on_postgres, met, round_), met


@pytest.mark.thorough
def test_control_without_the_lock_the_second_takes_the_order_for_new(
    on_postgres, monkeypatch
):
    monkeypatch.setattr(saving, "_lock_account", lambda connection, account_id: None)
    rounds = range(1, ROUNDS + 1)
    results = [lost(on_postgres, race(on_postgres, n), n) for n in rounds]
    assert all(results)
