"""
The calendar, read back with another eye: every show once, at its own time.
"""

import pytest
from icalendar import Calendar
from support.dates import NOW

from ticketsync.catalogue import occurrences
from ticketsync.reporting import calendar
from ticketsync.sandbox import world
from ticketsync.workflows import match, show_figures
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request


@pytest.fixture
def synced(sqlite, sandbox, settings):
    from support.ticket_tailor_account import connect

    connect(sqlite, sandbox.url)
    sync.fetch_listing(sqlite, settings, [])
    match.adopt(sqlite, settings)
    sync.sync(sqlite, settings, Request())
    return sqlite


def events(database, **more):
    with database.read() as connection:
        found = calendar.list_performances(connection, **more)
    read = Calendar.from_ical(calendar.as_ics(found, name="The Lantern Room", now=NOW))
    return read, list(read.walk("VEVENT"))


def test_every_show_is_there_at_its_own_time_with_what_it_sold(synced, sandbox):
    _, found = events(synced)
    truth = {row.event_id: row for row in world.truth(sandbox.world)}
    by_start = {
        str(event.decoded("dtstart").replace(tzinfo=None)): event for event in found
    }
    assert len(found) == 40
    for performance in sandbox.world.performances:
        event = by_start[str(performance.starts_at.replace(tzinfo=None))]
        sold = truth[f"ev_{performance.id}"].tickets_sold
        production = performance.production
        title = f"{production.title} ({sold}/{production.capacity} sold)"
        assert str(event["summary"]) == title
        assert event.decoded("dtstart") == performance.starts_at
        assert f"tt: {sold} sold" in str(event["description"])


def test_the_zone_travels_along_and_a_show_keeps_its_name(synced):
    read, found = events(synced)
    assert [str(zone["tzid"]) for zone in read.walk("VTIMEZONE")] == [
        "Australia/Sydney"
    ]
    uids = [str(event["uid"]) for event in found]
    assert len(set(uids)) == 40
    assert [str(event["uid"]) for event in events(synced)[1]] == uids


def test_a_show_that_is_left_out_is_in_no_calendar(synced, settings):
    with synced.read() as connection:
        show_id = occurrences.list_occurrences(connection)[0].show_id
    show_figures.exclude(synced, settings, show_id, True, "a test")
    assert len(events(synced)[1]) == 39
    assert len(events(synced, since=NOW)[1]) < 39
