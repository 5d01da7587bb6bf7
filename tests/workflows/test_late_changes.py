"""
A file of a month for another program says what it lacks of closed months. Amounts are
worked out by hand.
"""

from datetime import date
from types import SimpleNamespace

import pytest
from support.saved_orders import instant, order, prepare, save, ticket

from ticketsync.core.config import Settings
from ticketsync.core.periods import Period
from ticketsync.workflows import close, late_changes

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
SOLD = instant("2026-10-05T02:00")


def sold(number, amount, at=SOLD):
    return order(ticket(number, amount), id_=f"or_{number}", placed_at=at)


@pytest.fixture
def closed(database, frozen):
    """
    October is closed with 22.00; 15.00 of October become known on 4 November.
    """
    frozen(instant("2026-11-03T02:00"))
    prepare(database)
    save(database, sold(1, 2200), at=SOLD)
    close.close(database, Settings(), "2026-10")
    moment = instant("2026-11-04T02:00")
    frozen(moment)
    save(database, sold(2, 1500), at=moment)
    return SimpleNamespace(database=database, frozen=frozen)


def said(closed, period):
    with closed.database.read() as connection:
        found = late_changes.read_late_changes(connection, Settings(), period)
    return " ".join(found.sentences())


def test_a_file_of_the_next_month_lacks_it(closed):
    text = said(closed, NOVEMBER)
    assert text.startswith(
        "1 change of earlier, closed periods (15.00 AUD net) are not in this file"
    )
    assert "`ticketsync period adjustments`" in text


def test_a_file_of_the_closed_month_differs_from_the_one_before(closed):
    assert said(closed, OCTOBER).startswith(
        "2026-10 is closed and 1 change (15.00 AUD net) came later: this file has them"
    )


def test_once_the_next_month_is_closed_it_is_named_there(closed):
    closed.frozen(instant("2026-12-02T02:00"))
    close.close(closed.database, Settings(), "2026-11")
    assert "`ticketsync period adjustments 2026-11`" in said(closed, NOVEMBER)
    assert "came later" in said(closed, OCTOBER)
    december = Period(date(2026, 12, 1), date(2026, 12, 31))
    assert said(closed, december) == ""


def test_without_a_late_change_nothing_is_said(database, frozen):
    frozen(instant("2026-11-03T02:00"))
    prepare(database)
    save(database, sold(1, 2200), at=SOLD)
    close.close(database, Settings(), "2026-10")
    nothing = SimpleNamespace(database=database)
    assert said(nothing, NOVEMBER) == said(nothing, OCTOBER) == ""
