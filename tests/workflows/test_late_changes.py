"""
A file of a month for another program says what it lacks: of closed months, and of what
is not known, no more than concerns the file. Amounts are worked out by hand.
"""

from datetime import date
from types import SimpleNamespace

import pytest
from support.saved_orders import instant, order, prepare, save, ticket

from ticketsync.core.periods import Period
from ticketsync.core.settings.config import Settings
from ticketsync.workflows.month_end import close, late_changes, ledger_export

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
SOLD = instant("2026-10-05T02:00")


def sold(number, amount, at=SOLD, **more):
    return order(ticket(number, amount), id_=f"or_{number}", placed_at=at, **more)


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


def said(closed, period, currency=""):
    with closed.database.read() as connection:
        found = late_changes.read_late_changes(connection, Settings(), period, currency)
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


def test_a_file_of_one_currency_names_the_changes_of_no_other(closed):
    moment = instant("2026-11-05T02:00")
    save(closed.database, sold(3, 900, currency="NZD"), at=moment)
    assert said(closed, NOVEMBER).startswith(
        "2 changes of earlier, closed periods (15.00 AUD, 9.00 NZD net)"
    )
    assert said(closed, NOVEMBER, "NZD").startswith("1 change of earlier, closed ")
    assert "(9.00 NZD net)" in said(closed, NOVEMBER, "NZD")
    assert said(closed, OCTOBER, "EUR") == ""


def test_unknown_fees_are_counted_of_the_sales_that_are_in_the_file(database, frozen):
    """
    Fees are unknown of one sale of September, two of October, in AUD and NZD, and one
    of November. Books that open with what came before lack those of September, too.
    """
    now = instant("2026-12-02T02:00")
    frozen(now)
    prepare(database)
    days = (("2026-09-30", "AUD"), ("2026-10-05", "AUD"), ("2026-10-06", "NZD"))
    for number, (day, currency) in enumerate([*days, ("2026-11-05", "AUD")]):
        placed_at = instant(f"{day}T02:00")
        item = sold(number, 2200, placed_at, fees=None, currency=currency)
        save(database, item, at=now)

    def unknown(**options):
        with database.read() as connection:
            books = ledger_export.read_books(connection, Settings(), OCTOBER, **options)
        return books.unknown_fees, books.without_rule

    assert unknown() == (3, 3)
    # What no rule covers of September may be earned in October: it concerns the file.
    assert unknown(has_opening=False) == (2, 3)
    assert unknown(currency="AUD") == (2, 2)
    assert unknown(currency="NZD", has_opening=False) == (1, 1)


def test_a_sale_of_the_future_counts_in_the_file_of_its_currency(database, frozen):
    frozen(instant("2026-12-02T02:00"))
    prepare(database)
    later = sold(1, 2200, instant("2026-12-05T02:00"), currency="NZD")
    save(database, later, at=SOLD)

    def future(currency):
        with database.read() as connection:
            return ledger_export.read_books(
                connection, Settings(), Period(), currency=currency
            ).future.number

    assert (future(""), future("NZD"), future("AUD")) == (1, 1, 0)
