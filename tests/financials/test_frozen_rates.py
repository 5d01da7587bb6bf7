"""
A fee rate that was quoted when a period was closed is read as it stood.
"""

from datetime import date
from decimal import Decimal

import pytest

from ticketsync.core.settings.config import FeeSchedule
from ticketsync.financials.frozen_fee_rates import parse_rate, rate_words

RATES = [
    (FeeSchedule(), "nothing"),
    (FeeSchedule(since=date(2026, 7, 1)), "from 2026-07-01: nothing"),
    (
        FeeSchedule(per_ticket=Decimal("0.65"), percent=Decimal("1.75")),
        "per ticket 0.65, percent 1.75",
    ),
    (
        FeeSchedule(percent=Decimal(10), cap_per_ticket=Decimal(0)),
        "percent 10, at most per ticket 0",
    ),
    (
        FeeSchedule(
            date(2026, 7, 1),
            *map(Decimal, ("1", "2", "0.30", "9.95", "0.20")),
            tax=99_750,
        ),
        "from 2026-07-01: per ticket 1, percent 2, per order 0.30, at most per ticket"
        " 9.95, free tickets 0.20, tax inside 9.975 %",
    ),
    (FeeSchedule(per_order=Decimal(5), tax=0), "per order 5, tax inside 0 %"),
]


@pytest.mark.parametrize(("rate", "words"), RATES, ids=[words for _, words in RATES])
def test_a_rate_is_quoted_and_read_again(rate, words):
    assert rate_words(rate) == words
    assert parse_rate(words) == rate
