"""
A refund in two steps on days 2 and 4 has these days for ever; where refunds were
deleted and written again, as an earlier version did, a check-in moves them.
"""

import msgspec
import pytest
from sqlalchemy import text
from support.saved_orders import (
    FIRST_DAY,
    instant,
    movements,
    order,
    prepare,
    save,
    ticket,
)

from ticketsync.core.records import Refund
from ticketsync.store import triggers

DAYS = [instant(f"2026-10-{day:02}T02:00") for day in (2, 4, 6)]


@pytest.fixture
def books(database):
    return prepare(database)


def versions():
    """
    20.00 for a ticket; 5.00 go back, 7.00 more, and the guest is in.
    """
    for refunded, is_in in ((500, False), (1200, False), (1200, True)):
        guest = msgspec.structs.replace(ticket(1, 2000), checked_in=is_in)
        yield order(guest, refunds=(Refund("or_1", refunded),))


def play(books, before_each=lambda: None):
    save(books, order(ticket(1, 2000)), at=FIRST_DAY)
    for day, version in zip(DAYS, versions(), strict=True):
        before_each()
        save(books, version, at=day)
    return movements(books)


def test_two_steps_keep_their_days(books):
    assert play(books) == [
        (1, 500, "2026-10-02", "seen"),
        (2, 700, "2026-10-04", "seen"),
    ]


def test_control_deleted_and_written_again_a_check_in_moves_them(books):
    def forget():
        with books.write() as connection:
            triggers.drop_all(connection)
            connection.execute(text("DELETE FROM refunds"))

    ((_, amount, day, _),) = play(books, forget)
    assert amount == 1200
    assert day == "2026-10-06"
