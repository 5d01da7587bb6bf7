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


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("lastmonth", "last-month"),
        ("Last months", "last-month"),
        ("tonite", "tonight"),
        ("2026-10..yesterdy", "yesterday"),
        ("october", ""),
    ],
)
def test_the_refusal_of_a_word_names_every_word_and_the_one_that_was_meant(text, meant):
    with pytest.raises(UsageError, match="is not a period") as refused:
        periods.parse_period(text, FRIDAY)
    hint = refused.value.hint
    assert hint.startswith(
        f"Did you mean {meant}? Else use" if meant else "Use a month"
    )
    assert hint.endswith(
        "FROM..TO, today, yesterday, tomorrow, tonight, last-night, or last-, this- or "
        "next- with week, month, quarter or year (last-month)."
    )
    named = [
        *("today", "yesterday", "tomorrow", "tonight", "last-night"),
        *(
            f"{which}-{span}"
            for span in ("week", "month", "quarter", "year")
            for which in ("last", "this", "next")
        ),
    ]
    assert sorted(named) == sorted(periods.WORDS)


FRIDAY = date(2026, 11, 27)
THURSDAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "today", "first", "last"),
    [
        ("today", FRIDAY, "2026-11-27", "2026-11-27"),
        ("tonight", FRIDAY, "2026-11-27", "2026-11-27"),
        ("yesterday", FRIDAY, "2026-11-26", "2026-11-26"),
        ("last-night", date(2026, 12, 1), "2026-11-30", "2026-11-30"),
        ("tomorrow", date(2026, 12, 31), "2027-01-01", "2027-01-01"),
        ("this-week", FRIDAY, "2026-11-23", "2026-11-29"),
        ("last-week", FRIDAY, "2026-11-16", "2026-11-22"),
        ("last-week", date(2026, 11, 23), "2026-11-16", "2026-11-22"),  # a Monday
        ("last-week", date(2026, 11, 22), "2026-11-09", "2026-11-15"),  # a Sunday
        ("next-week", FRIDAY, "2026-11-30", "2026-12-06"),
        ("this-month", FRIDAY, "2026-11-01", "2026-11-30"),
        ("last-month", date(2026, 3, 31), "2026-02-01", "2026-02-28"),
        ("last-month", date(2027, 1, 15), "2026-12-01", "2026-12-31"),
        ("next-month", date(2024, 1, 31), "2024-02-01", "2024-02-29"),
        ("this-quarter", FRIDAY, "2026-10-01", "2026-12-31"),
        ("last-quarter", date(2026, 1, 1), "2025-10-01", "2025-12-31"),
        ("next-quarter", FRIDAY, "2027-01-01", "2027-03-31"),
        ("this-year", FRIDAY, "2026-01-01", "2026-12-31"),
        ("last-year", FRIDAY, "2025-01-01", "2025-12-31"),
        ("Last Week", FRIDAY, "2026-11-16", "2026-11-22"),
        ("last-month..today", FRIDAY, "2026-10-01", "2026-11-27"),
        ("2026-11-10..yesterday", FRIDAY, "2026-11-10", "2026-11-26"),
    ],
)
def test_words_mean_days_around_today(text, today, first, last):
    expected = Period(
        date.fromisoformat(first),
        date.fromisoformat(last),
        is_of_evenings="night" in text,
    )
    assert periods.parse_period(text, today) == expected


def test_a_year_has_four_digits():
    assert periods.in_words(periods.parse_period("0001")) == "0001"
    assert periods.in_words(periods.parse_period("0001-02")) == "February 0001"


def test_an_evening_lasts_until_five_in_the_morning():
    tonight = periods.parse_period("tonight", FRIDAY, evening=THURSDAY)
    assert (tonight.first, tonight.last) == (THURSDAY, THURSDAY)
    starts = ("2026-11-26 04:59", "2026-11-26 05:00", "2026-11-27 04:59")
    assert [tonight.has_start(start) for start in starts] == [False, True, True]
    assert not tonight.has_start("2026-11-27 05:00")
    assert periods.before(tonight).has_start("2026-11-26 04:59")
    assert periods.parse_period("2026-11-20..tonight", FRIDAY, evening=THURSDAY) == (
        Period(date(2026, 11, 20), THURSDAY, is_of_evenings=True)
    )
    today = periods.parse_period("today", FRIDAY, evening=THURSDAY)
    assert today == Period(FRIDAY, FRIDAY)


def test_a_word_needs_to_know_the_day_and_the_calendar_has_an_end():
    for today in (None, date.min):
        with pytest.raises(UsageError, match="is not a period"):
            periods.parse_period("last-week", today)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11", "2026-10-01", "2026-10-31"),
        ("2026-Q1", "2025-10-01", "2025-12-31"),
        ("2026", "2025-01-01", "2025-12-31"),
        ("2026-11-16..2026-11-22", "2026-11-09", "2026-11-15"),
        ("2026-11-01..2026-11-26", "2026-10-06", "2026-10-31"),
        ("2026-03-01", "2026-02-28", "2026-02-28"),
    ],
)
def test_the_period_before_is_as_long(text, first, last):
    expected = Period(date.fromisoformat(first), date.fromisoformat(last))
    assert periods.before(periods.parse_period(text)) == expected


def test_nothing_is_before_an_open_period_or_the_first_day():
    for text in ("", "2026..", "..2026", "0001-01-01", "0001-01"):
        assert periods.before(periods.parse_period(text)) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("2026", "2026"),
        ("2026-11", "November 2026"),
        ("2026-11-26", "Thursday 26 November 2026"),
        ("2026-11-16..2026-11-22", "16–22 November 2026"),
        ("2026-Q4", "1 October – 31 December 2026"),
        ("2026-12-28..2027-01-03", "28 December 2026 – 3 January 2027"),
        ("2026-11..", "from 1 November 2026"),
        ("..2026-11-05", "until 5 November 2026"),
    ],
)
def test_a_period_has_words(text, words):
    assert periods.in_words(periods.parse_period(text)) == words


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
