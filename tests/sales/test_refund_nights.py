"""
What went back of an order over several nights, by date and night: each is a movement of
its own, and what was written already is not written again. Amounts and days are worked
out by hand.
"""

import pytest
from support.saved_orders import instant, order, prepare, save, ticket

from ticketsync.core.records import Refund
from ticketsync.reporting import sales
from ticketsync.sales.refund_changes import RefundKey, RefundSum, changes_of_order

DAY_2 = instant("2026-10-02T02:00")
DAY_3 = instant("2026-10-03T02:00")
SEEN = instant("2026-10-20T02:00")
LATER = instant("2026-10-25T02:00")
NIGHTS = ("A", "B")


def sums(*parts):
    return {
        RefundKey(date, night): RefundSum(amount, "refund", amount, 0, None)
        for date, night, amount in parts
    }


@pytest.mark.parametrize(
    ("before", "reported", "expected"),
    [
        # first seen
        (
            [],
            [(DAY_2, "A", 40), (DAY_3, "B", 60)],
            [(DAY_2, "A", 40), (DAY_3, "B", 60)],
        ),
        # nothing new
        ([(DAY_2, "A", 40)], [(DAY_2, "A", 40)], []),
        # one more on the same day, for the other night
        ([(DAY_2, "A", 40)], [(DAY_2, "A", 40), (DAY_2, "B", 60)], [(DAY_2, "B", 60)]),
        # written without its night: all of it, or that of its day
        ([(DAY_2, None, 100)], [(DAY_2, "A", 40), (DAY_2, "B", 60)], []),
        ([(DAY_3, None, 60)], [(DAY_2, "A", 40), (DAY_3, "B", 60)], [(DAY_2, "A", 40)]),
        ([(None, None, 40)], [(DAY_2, "A", 40), (DAY_3, "B", 60)], [(DAY_3, "B", 60)]),
        # written for a night, and reported without one
        ([(DAY_2, "A", 40)], [(DAY_2, None, 40)], []),
        # a night's own money is not that of the other night
        ([(None, "B", 60)], [(DAY_2, "A", 40), (DAY_3, "B", 60)], [(DAY_2, "A", 40)]),
        # another day: written money stays where it was written
        ([(DAY_2, "A", 40)], [(DAY_3, "A", 40)], []),
        ([(DAY_2, "A", 40)], [(DAY_3, "A", 55)], [(DAY_3, "A", 15)]),
        # it was the other night's after all: moved, on the day on which it is seen
        ([(DAY_2, "A", 40)], [(DAY_2, "B", 40)], [(None, "B", 40), (None, "A", -40)]),
        (
            [(DAY_2, "A", 40)],
            [(DAY_3, "B", 60)],
            [(DAY_3, "B", 20), (None, "B", 40), (None, "A", -40)],
        ),
        # no longer reported
        ([(DAY_2, "A", 40), (DAY_3, "B", 60)], [(DAY_3, "B", 60)], [(None, "A", -40)]),
        # of a night for which the order has no ticket now: of any
        ([(DAY_2, "C", 40)], [(DAY_2, "A", 40)], []),
        ([(DAY_2, "C", 40)], [], [(None, None, -40)]),
    ],
)
def test_what_moved_by_date_and_night(before, reported, expected):
    found = changes_of_order(sums(*reported), sums(*before), NIGHTS)
    assert [(*refund_key, moved.amount) for refund_key, moved in found] == expected


def test_parts_stay_where_nothing_is_covered():
    ((_, whole),) = changes_of_order(sums((DAY_2, "A", 40)), {}, NIGHTS)
    assert (whole.face, whole.buyer_fee, whole.tax) == (40, 0, None)
    ((_, rest),) = changes_of_order(
        sums((DAY_2, "A", 40)), sums((None, "A", 15)), NIGHTS
    )
    assert (rest.amount, rest.face, rest.buyer_fee) == (25, None, None)


# Saved


@pytest.fixture
def books(database):
    return prepare(database)


def bought(*refunds):
    """
    40.00 for Friday and 60.00 for Saturday; of each night goes back what is refunded.
    """
    back = {"ev_1": 0, "ev_2": 0}
    for it in refunds:
        back[it.occurrence_id or "ev_1"] += it.amount
    return order(
        ticket(1, 4000, "ev_1", refunded=back["ev_1"]),
        ticket(2, 6000, "ev_2", refunded=back["ev_2"]),
        refunds=refunds,
    )


def listed(books):
    with books.read() as connection:
        rows = sales.list_refunds(connection)
    rows.sort(key=lambda it: (it.on_day, it.show_id))
    return [
        (it.show_id, it.amount.minor, it.on_day, it.face and it.face.minor)
        for it in rows
    ]


FRIDAY = Refund("or_1", 4000, DAY_2, face=4000, occurrence_id="ev_1")
SATURDAY = Refund("or_1", 6000, DAY_3, face=6000, occurrence_id="ev_2")


def test_each_movement_is_that_of_its_show(books):
    save(books, bought(FRIDAY, SATURDAY), at=SEEN)
    expected = [(1, 4000, "2026-10-02", 4000), (2, 6000, "2026-10-03", 6000)]
    assert listed(books) == expected
    save(books, bought(FRIDAY, SATURDAY), at=LATER)
    assert listed(books) == expected


def test_control_without_its_night_each_is_divided(books):
    """
    16.00 is 40 of 100 parts of 40.00, and 36.00 60 of 100 of 60.00.
    """
    without = Refund("or_1", 4000, DAY_2), Refund("or_1", 6000, DAY_3)
    tickets = (ticket(1, 4000, "ev_1"), ticket(2, 6000, "ev_2"))
    save(books, order(*tickets, refunds=without), at=SEEN)
    assert [row[:3] for row in listed(books)] == [
        (1, 1600, "2026-10-02"),
        (2, 2400, "2026-10-02"),
        (1, 2400, "2026-10-03"),
        (2, 3600, "2026-10-03"),
    ]


def test_what_was_written_without_its_night_is_of_the_rest(books):
    """
    The refund of Friday was written by an earlier version, without its night.
    """
    first = order(
        ticket(1, 4000, "ev_1", refunded=4000),
        ticket(2, 6000, "ev_2", refunded=0),
        refunds=(Refund("or_1", 4000, DAY_2),),
    )
    save(books, first, at=DAY_2)
    assert listed(books) == [(1, 4000, "2026-10-02", None)]
    save(books, bought(FRIDAY, SATURDAY), at=SEEN)
    assert listed(books) == [
        (1, 4000, "2026-10-02", None),
        (2, 6000, "2026-10-03", 6000),
    ]


def test_a_return_that_was_for_the_other_night_is_moved_when_it_is_seen(books):
    save(books, bought(FRIDAY), at=DAY_2)
    other = Refund("or_1", 4000, DAY_2, face=4000, occurrence_id="ev_2")
    save(books, bought(other), at=SEEN)
    assert [row[:3] for row in listed(books)] == [
        (1, 4000, "2026-10-02"),
        (1, -4000, "2026-10-20"),
        (2, 4000, "2026-10-20"),
    ]
