"""
What is unearned, show by show. Amounts are worked out by hand.
"""

from datetime import date

from support.ledger_movements import moved

from ticketsync.ledger import projection, unearned
from ticketsync.ledger.chart import Chart
from ticketsync.ledger.projection import FEE, REFUND, SALE, ShowDay

SHOWS = {
    1: ShowDay(1, date(2026, 10, 20), "Gala"),
    2: ShowDay(2, date(2026, 11, 28), "Gala"),
    3: ShowDay(3, date(2026, 10, 21), "Called off", is_cancelled=True),
}


# With 10 % of GST inside.
MOVED = [
    moved(SALE, 11000, "2026-09-10", 1, taxes={"gst": 1000}),
    moved(SALE, 5500, "2026-10-02", 1, taxes={"gst": 500}),
    moved(FEE, 330, "2026-10-02", 1),
    moved(REFUND, -1100, "2026-10-03", 1, taxes={"gst": -100}),
    moved(REFUND, -2200, "2026-10-25", 1, taxes={"gst": -200}),  # after it played
    moved(SALE, 3300, "2026-10-30", 2, taxes={"gst": 300}),
    moved(SALE, 2000, "2026-10-30", 2, "NZD"),
    moved(SALE, 4400, "2026-09-30", 3, taxes={"gst": 400}),
    moved(REFUND, -1100, "2026-10-22", 3, taxes={"gst": -100}),
]


def lines(first, until):
    until = date.fromisoformat(until)
    first = first and date.fromisoformat(first)
    entries = projection.project(MOVED, SHOWS, Chart(["tt"], ["gst"]), until)
    return {
        (line.show.show_id, line.currency): (
            line.opening,
            line.sold,
            line.returned,
            line.earned,
            line.closing,
        )
        for line in unearned.statement(entries, SHOWS, first)
    }


def test_a_month():
    assert lines("2026-10-01", "2026-10-31") == {
        (1, "AUD"): (10000, 5000, 1000, 14000, 0),
        (3, "AUD"): (4000, 0, 1000, 0, 3000),
        (2, "AUD"): (0, 3000, 0, 0, 3000),
        (2, "NZD"): (0, 2000, 0, 0, 2000),
    }


def test_what_was_earned_before_is_not_listed_any_more():
    assert lines("2026-11-01", "2026-11-30") == {
        (3, "AUD"): (3000, 0, 0, 0, 3000),
        (2, "AUD"): (3000, 0, 0, 3000, 0),
        (2, "NZD"): (2000, 0, 0, 2000, 0),
    }


def test_from_the_first_sale():
    assert lines(None, "2026-10-19") == {
        (1, "AUD"): (0, 15000, 1000, 0, 14000),
        (3, "AUD"): (0, 4000, 0, 0, 4000),
    }


def test_what_moves_after_a_show_is_income_at_once():
    until = date(2026, 10, 31)
    entries = projection.project(MOVED, SHOWS, Chart(["tt"], ["gst"]), until)
    assert unearned.after_shows(entries, date(2026, 10, 1)) == {"AUD": -2000}
    assert unearned.after_shows(entries, date(2026, 10, 26)) == {}


def test_a_fee_paid_beside_a_gift_card_is_not_said_to_be_of_a_show_that_has_played():
    shows = {0: projection.OF_NO_SHOW}
    movements = [moved(SALE, 5200, "2026-10-02", 0, voucher=-5000)]
    entries = projection.project(movements, shows, Chart(["tt"], []), date(2026, 10, 9))
    assert [entry.postings["Income:Shows"] for entry in entries] == [-200]
    assert unearned.after_shows(entries, None) == {}
