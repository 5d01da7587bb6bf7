"""
Moments for people: in the zone of the business, with the year unless it is this one
there.
"""

from datetime import UTC, datetime

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
