"""
Moments for people: in the zone of the business, with the year unless it is this one
there.
"""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ticketsync.core import clock, moments
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.tables.catalogue import venues


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        # The clock stands on 31 December 2026, 20:00 UTC: in Sydney it is 2027.
        (
            datetime(2026, 12, 31, 13, 30, tzinfo=UTC),
            "Australia/Sydney",
            "01 Jan 00:30",
        ),
        (
            datetime(2026, 12, 31, 12, 30, tzinfo=UTC),
            "Australia/Sydney",
            "31 Dec 2026 23:30",
        ),
        (datetime(2026, 12, 31, 12, 30, tzinfo=UTC), "UTC", "31 Dec 12:30"),
        (datetime(2026, 7, 1, 3, 0, tzinfo=UTC), "America/New_York", "30 Jun 23:00"),
        (None, "UTC", "never"),
    ],
)
def test_a_moment_is_written_in_its_zone(monkeypatch, moment, zone, text):
    now = datetime(2026, 12, 31, 20, 0, tzinfo=UTC)
    monkeypatch.setattr(clock, "_now", lambda: now)
    assert moments.written(moment, zone) == text


@pytest.mark.parametrize(
    ("zone", "heading", "words"),
    [
        ("Australia/Sydney", "PLACED (SYDNEY)", "Sydney time"),
        ("America/New_York", "PLACED (NEW YORK)", "New York time"),
        ("UTC", "PLACED (UTC)", "UTC"),
    ],
)
def test_headings_and_sentences_name_the_zone(zone, heading, words):
    assert moments.heading("PLACED", zone) == heading
    assert moments.zone_in_words(zone) == words


def test_the_zone_of_the_business_is_that_of_the_first_venue(database):
    with database.write() as connection:
        assert get_business_zone(connection) == "UTC"
        for name, zone in (("A", "Europe/Berlin"), ("B", "Australia/Perth")):
            row = {"name": name, "timezone": zone, "currency": "EUR"}
            connection.execute(venues.insert().values(row))
        assert get_business_zone(connection) == "Europe/Berlin"


@pytest.mark.parametrize(
    ("zone", "words", "heading"),
    [
        ("Etc/GMT+5", "UTC-05:00", "SEEN (UTC-05:00)"),
        ("Etc/GMT-14", "UTC+14:00", "SEEN (UTC+14:00)"),
        ("Etc/GMT+0", "UTC", "SEEN (UTC)"),
        ("Etc/UTC", "UTC", "SEEN (UTC)"),
        ("UTC", "UTC", "SEEN (UTC)"),
        ("America/New_York", "New York time", "SEEN (NEW YORK)"),
    ],
)
def test_a_zone_of_hours_is_named_by_them(zone, words, heading):
    """
    The sign in `Etc/GMT+5` is that of the other side: it is five hours behind UTC.
    """
    assert moments.zone_in_words(zone) == words
    assert moments.heading("SEEN", zone) == heading


def test_a_day_of_any_length_ends_where_the_next_one_begins():
    """
    In Santiago the midnight after 5 September 2026 did not happen: 04:00 UTC was 01:00.
    In Havana that of 31 October 2026 happened twice, the first time at 04:00 UTC.
    """
    for zone, day, end in (
        ("Australia/Sydney", date(2026, 11, 28), "2026-11-28T13:00:00Z"),
        ("America/Santiago", date(2026, 9, 5), "2026-09-06T04:00:00Z"),
        ("America/Havana", date(2026, 10, 31), "2026-11-01T04:00:00Z"),
    ):
        ends = clock.end_of(day, zone)
        assert clock.iso(ends) == end
        assert clock.last_day(ends, zone) == day
        assert moments.ends_with_day(ends, zone)
        assert not moments.ends_with_day(ends - timedelta(seconds=1), zone)
        assert clock.day_of(ends - timedelta(seconds=1), zone) == day
        assert clock.day_of(ends, zone) == day + timedelta(days=1)
    with pytest.raises(ValueError, match="9999"):
        clock.end_of(date.max, "UTC")


def test_what_holds_until_a_day_is_written_with_that_day(monkeypatch):
    monkeypatch.setattr(clock, "_now", lambda: datetime(2026, 6, 1, tzinfo=UTC))
    sydney = "Australia/Sydney"
    ends = clock.end_of(date(2027, 12, 31), sydney)
    assert moments.written_end(ends, sydney) == "31 Dec 2027"
    assert moments.written_end(ends, "UTC") == "31 Dec 2027 13:00"
    assert moments.written_end(clock.end_of(date(2026, 12, 31), "UTC"), "UTC") == (
        "31 Dec"
    )


def test_the_calendar_day_of_an_instant_is_said_in_one_place():
    again = re.compile(r"clock\.local\(.*\)\.date\(\)")
    folder = Path(clock.__file__).parents[1]
    files = [it for it in folder.rglob("*.py") if "migrations" not in it.parts]
    assert len(files) > 700
    assert [str(it) for it in files if again.search(it.read_text())] == []
