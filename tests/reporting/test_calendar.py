"""
The calendar, read back with another eye: every show once, at its own time.
"""

import pytest
from icalendar import Calendar
from support.dates import NOW

from ticketsync.catalogue import occurrences
from ticketsync.reporting import calendar
from ticketsync.sandbox import world
from ticketsync.store import capacity
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.matching import match
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
    recompute_figures.exclude(synced, settings, show_id, True, "a test")
    assert len(events(synced)[1]) == 39
    assert len(events(synced, since=NOW)[1]) < 39


HOSTILE_TEXTS = (
    "Gala\r\nATTACH:javascript:alert(1)",
    "Gala\x1b]0;owned\x07",
    "Gala\0",
    "Gala\u2028X",
    "Gala\u202eevil",
    "Gala\ud83d",
    "Gala\x85END:VEVENT",
)
HOSTILE_ADDRESSES = (
    *("javascript:alert(1)", "JAVASCRIPT:alert(1)", "java\nscript:alert(1)"),
    *("data:text/html,x", "file:///etc/passwd", "https://[x/", "http://["),
    *("https://h\r\nATTACH:javascript:x", "https://h/\0", "https:///x", "//h/x"),
    *("https://h/\u202e", "https://h/ x", "\x01https://h", "https://h/\ud83d"),
)


def hostile_calendar(text="Gala", url=None):
    show = calendar.Performance(
        show_id=1,
        production=text,
        venue=text,
        starts_at=NOW,
        ends_at=NOW,
        timezone="Australia/Sydney",
        seats=capacity.Seats(),
        sources=(calendar.Source("tt", 0, url), calendar.Source("eb", 0, URL)),
    )
    return calendar.as_ics([show], name=text, now=NOW)


URL = "https://example.org/tickets?x=1&y=%20"


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_hostile_title_adds_no_property_and_no_control_character(text):
    written = hostile_calendar(text)
    names = [line.partition(":")[0] for line in unfolded(written)]
    assert names == [line.partition(":")[0] for line in unfolded(hostile_calendar())]
    assert not set(written.decode()) & set("\x1b\0\x07\x85\u2028\u202e")
    Calendar.from_ical(written)


@pytest.mark.parametrize("url", HOSTILE_ADDRESSES)
def test_only_an_address_of_a_web_page_becomes_a_link(url):
    written = hostile_calendar(url=url)
    (event,) = Calendar.from_ical(written).walk("VEVENT")
    assert event["url"] == URL
    assert str(event["description"]) == f"tt: 0 sold\neb: 0 sold, {URL}"
    assert not [line for line in unfolded(written) if line.startswith("ATTACH")]


def test_control_taken_as_they_are_they_would_be_links(monkeypatch):
    monkeypatch.setattr(calendar.web_address, "is_link", bool)
    assert b"URL:javascript:alert(1)" in hostile_calendar(url="javascript:alert(1)")


def unfolded(written):
    return written.decode().replace("\r\n ", "").splitlines()
