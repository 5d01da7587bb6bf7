"""
A period is written by people and means days.
"""

from datetime import UTC, date, datetime

import pytest

from ticketsync.core import periods
from ticketsync.core.errors import UsageError
from ticketsync.core.periods import Period

OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("", Period()),
        ("2026-10", OCTOBER),
        ("2026-Q4", Period(date(2026, 10, 1), date(2026, 12, 31))),
        ("2026-q1", Period(date(2026, 1, 1), date(2026, 3, 31))),
        ("2026", Period(date(2026, 1, 1), date(2026, 12, 31))),
        ("2024-02", Period(date(2024, 2, 1), date(2024, 2, 29))),
        ("2026-10-05", Period(date(2026, 10, 5), date(2026, 10, 5))),
        ("2026-10-01..2026-10-31", OCTOBER),
        ("2026-09..2026-Q4", Period(date(2026, 9, 1), date(2026, 12, 31))),
        ("2026-10..", Period(date(2026, 10, 1), None)),
        ("..2026-10", Period(None, date(2026, 10, 31))),
    ],
)
def test_what_people_write_means_these_days(text, period):
    assert periods.parse_period(text) == period


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-Q5", "october", "2026-10-32", "2026-1", "0000", "٢٠٢٦"]
)
def test_anything_else_is_refused_with_what_can_be_written(text):
    with pytest.raises(UsageError, match="is not a period") as refused:
        periods.parse_period(text)
    assert "2026-Q4" in refused.value.hint


def test_a_period_that_ends_before_it_begins_is_refused():
    with pytest.raises(UsageError, match="ends before it begins"):
        periods.parse_period("2026-10..2026-09")


def test_its_instants_are_those_of_the_zone():
    """
    Sydney changes to summer time on 4 October 2026, from UTC+10 to UTC+11.
    """
    assert OCTOBER.instants("Australia/Sydney") == (
        datetime(2026, 9, 30, 14, tzinfo=UTC),
        datetime(2026, 10, 31, 13, tzinfo=UTC),
    )
    assert periods.ALWAYS.instants("UTC") == (None, None)


def test_a_week_begins_on_monday():
    assert periods.monday_of(date(2026, 11, 29)) == date(2026, 11, 23)
    assert periods.monday_of(date(2026, 11, 23)) == date(2026, 11, 23)
