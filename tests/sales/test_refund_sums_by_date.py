"""
What goes back of an order under its own id is one sum, which may be reported by dates.
Each date is a movement of its own; money that was written already is not written again,
nor moved to another day. Amounts and days are worked out by hand.
"""

import pytest
from support.saved_orders import (
    FIRST_DAY,
    instant,
    movements,
    order,
    prepare,
    save,
    ticket,
)

from ticketsync.core.records import OrderStatus, Refund
from ticketsync.reporting import refund_report, sales
from ticketsync.reporting.figure_filter import EVERYTHING

DAY_2 = instant("2026-10-02T02:00")
DAY_3 = instant("2026-10-03T02:00")
DAY_8 = instant("2026-10-08T02:00")
SEEN = instant("2026-10-20T02:00")
LATER = instant("2026-10-25T02:00")


@pytest.fixture
def books(database):
    return prepare(database)


def back(*parts, **more):
    """
    An order of 60.00 of which these amounts went back, by their dates.
    """
    refunds = tuple(Refund("or_1", amount, date) for date, amount in parts)
    return order(ticket(1, 6000), refunds=refunds, **more)


def written(books, *parts, at):
    save(books, back(*parts), at=at)
    return movements(books)


FIRST = (1, 2000, "2026-10-02", "reported")


def test_each_date_is_a_movement(books):
    assert written(books, (DAY_2, 2000), (DAY_3, 1000), at=SEEN) == [
        FIRST,
        (2, 1000, "2026-10-03", "reported"),
    ]


def test_a_date_that_comes_again_writes_nothing(books):
    written(books, (DAY_2, 2000), at=FIRST_DAY)
    assert written(books, (DAY_2, 2000), at=SEEN) == [FIRST]
    assert written(books, (DAY_2, 2000), (DAY_8, 700), at=LATER) == [
        FIRST,
        (2, 700, "2026-10-08", "reported"),
    ]


def test_what_is_more_of_a_date_went_back_on_it(books):
    written(books, (DAY_2, 2000), at=FIRST_DAY)
    assert written(books, (DAY_2, 3500), at=SEEN) == [
        FIRST,
        (2, 1500, "2026-10-02", "reported"),
    ]


def test_what_is_less_of_a_date_is_a_correction(books):
    written(books, (DAY_2, 2000), at=FIRST_DAY)
    corrected = [FIRST, (2, -100, "2026-10-20", "seen")]
    assert written(books, (DAY_2, 1900), at=SEEN) == corrected
    assert written(books, (DAY_2, 1900), at=LATER) == corrected
    # and what is returned later has its own day
    assert written(books, (DAY_2, 1900), (DAY_8, 500), at=LATER) == [
        *corrected,
        (3, 500, "2026-10-08", "reported"),
    ]


UNDATED = (1, 2000, "2026-09-30", "assumed")  # on the day of the sale


@pytest.mark.parametrize(
    ("parts", "more"),
    [
        ([(DAY_2, 2000)], []),
        ([(DAY_2, 500), (DAY_3, 1500)], []),
        ([(None, 2000)], []),
        ([(DAY_2, 2000), (DAY_8, 700)], [(2, 700, "2026-10-08", "reported")]),
        ([(None, 2000), (DAY_2, 700)], [(2, 700, "2026-10-02", "reported")]),
        # 23.00 by that day, of which 20.00 were written
        ([(DAY_2, 2300)], [(2, 300, "2026-10-02", "reported")]),
        ([(None, 2300)], [(2, 300, "2026-10-20", "seen")]),
        ([(DAY_2, 1900)], [(2, -100, "2026-10-20", "seen")]),
        ([], [(2, -2000, "2026-10-20", "seen")]),
    ],
)
@pytest.mark.sampled(4)
def test_money_that_was_written_without_a_date_stays_on_its_day(books, parts, more):
    written(books, (None, 2000), at=FIRST_DAY)
    assert written(books, *parts, at=SEEN) == [UNDATED, *more]
    assert written(books, *parts, at=LATER) == [UNDATED, *more]


@pytest.mark.parametrize(
    ("parts", "more"),
    [
        ([(None, 2000)], []),
        ([(DAY_3, 2000)], []),  # the date was corrected
        ([(DAY_3, 2600)], [(2, 600, "2026-10-03", "reported")]),
        ([(None, 2600)], [(2, 600, "2026-10-20", "seen")]),
        ([(DAY_3, 1500)], [(2, -500, "2026-10-20", "seen")]),
    ],
)
def test_money_that_was_written_with_a_date_stays_on_it(books, parts, more):
    written(books, (DAY_2, 2000), at=FIRST_DAY)
    assert written(books, *parts, at=SEEN) == [FIRST, *more]
    assert written(books, *parts, at=LATER) == [FIRST, *more]


def test_f46_each_movement_keeps_the_parts_that_its_rows_say(books):
    whole = Refund("or_1", 2300, DAY_2, face=2000, buyer_fee=300, tax=180)
    later = Refund("or_1", 700, DAY_8, face=700, buyer_fee=None, tax=None)
    save(books, order(ticket(1, 6000), refunds=(whole,)), at=FIRST_DAY)
    save(books, order(ticket(1, 6000), refunds=(whole, later)), at=SEEN)
    with books.read() as connection:
        found = sales.list_refunds(connection)
    assert [
        tuple(None if it is None else it.minor for it in (r.face, r.buyer_fee, r.tax))
        for r in found
    ] == [(700, None, None), (2000, 300, 180)]


def test_f46_of_a_movement_that_was_partly_written_no_part_is_known(books):
    save(books, order(ticket(1, 6000), refunds=(Refund("or_1", 500),)), at=FIRST_DAY)
    whole = Refund("or_1", 2000, DAY_2, face=1800, buyer_fee=200, tax=0)
    save(books, order(ticket(1, 6000), refunds=(whole,)), at=SEEN)
    with books.read() as connection:
        (new, _) = sales.list_refunds(connection)
    assert (new.amount.minor, new.face, new.buyer_fee, new.tax) == (
        1500, None, None, None,
    )  # fmt: skip


@pytest.mark.parametrize("by", refund_report.BY)
def test_refunds_of_a_pending_order_are_in_no_list_and_in_no_sum(books, by):
    pending = back((DAY_2, 2000), status=OrderStatus.PENDING)
    save(books, pending, at=SEEN)
    with books.read() as connection:
        assert [*refund_report.refunds_table(connection, by=by).rows] == []
        assert [*refund_report.read_sums(connection, EVERYTHING, by=by).rows] == []
