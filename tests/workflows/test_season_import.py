"""
Importing a season: the same shows from a calendar and from a workbook as people write
it, a second list that changes some of them, and the cases that once failed.
"""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from support.needs import cases

from ticketsync.catalogue import shows
from ticketsync.catalogue.season_list import import_file, planned_changes
from ticketsync.catalogue.season_list.import_file import ListOptions
from ticketsync.catalogue.season_list.planned_changes import Change
from ticketsync.catalogue.shows import CANCELLED_IN_LIST, VenueInfo
from ticketsync.core import errors
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import audit_trail
from ticketsync.workflows import season_list

SETTINGS = Settings()
SYDNEY = ZoneInfo("Australia/Sydney")


@pytest.fixture
def venue(database):
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    return database


def run(database, file, **options):
    """
    Preview a list and carry it out; returns the preview.
    """
    with database.read() as connection:
        seen = season_list.preview(connection, file, ListOptions(**options))
    season_list.apply(database, SETTINGS, seen)
    return seen


def write(tmp_path, text, name="season.csv"):
    file = tmp_path / name
    file.write_text(text)
    return file


def our_shows(database):
    with database.read() as connection:
        return {
            (show.production, show.venue, show.starts_at)
            for show in shows.list_shows(connection)
        }


# A season in two files. Sydney's clocks go forward on 4 October 2026.


FRIDAYS = [date(2026, 9, 4) + timedelta(weeks=n) for n in range(32)]
SATURDAYS = [date(2026, 9, 5) + timedelta(weeks=n) for n in range(30)]
NO_FRIDAYS = (date(2026, 12, 25), date(2027, 1, 1))
MOVED, MOVED_TO = date(2026, 10, 17), datetime(2026, 10, 18, 15, 0, tzinfo=SYDNEY)
CANCELLED = date(2026, 11, 21)


def season():
    """
    The 59 shows that play: 30 Fridays, 28 Saturdays, one moved to a Sunday afternoon.
    """
    played = [
        ("Friday Laughs", datetime(*day.timetuple()[:3], 19, 30, tzinfo=SYDNEY))
        for day in FRIDAYS
        if day not in NO_FRIDAYS
    ]
    played += [
        ("Late Show", datetime(*day.timetuple()[:3], 22, 0, tzinfo=SYDNEY))
        for day in SATURDAYS
        if day not in (MOVED, CANCELLED)
    ]
    return [*played, ("Late Show", MOVED_TO)]


EXPECTED = {
    (title, "The Lantern Room", start.astimezone(UTC)) for title, start in season()
}

GOOGLE = """\
BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:Season 2026
X-WR-TIMEZONE:Australia/Sydney
BEGIN:VTIMEZONE
TZID:Australia/Sydney
X-LIC-LOCATION:Australia/Sydney
BEGIN:STANDARD
TZOFFSETFROM:+1100
TZOFFSETTO:+1000
TZNAME:AEST
DTSTART:19700405T030000
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU
END:STANDARD
BEGIN:DAYLIGHT
TZOFFSETFROM:+1000
TZOFFSETTO:+1100
TZNAME:AEDT
DTSTART:19701004T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=Australia/Sydney:20260904T193000
DTEND;TZID=Australia/Sydney:20260904T213000
RRULE:FREQ=WEEKLY;WKST=MO;UNTIL=20270409T135959Z;BYDAY=FR
EXDATE;TZID=Australia/Sydney:20261225T193000
EXDATE;TZID=Australia/Sydney:20270101T193000
DTSTAMP:20260801T010203Z
UID:friday@google.com
LOCATION:The Lantern Room
SEQUENCE:2
STATUS:CONFIRMED
SUMMARY:Friday Laughs
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Australia/Sydney:20260905T220000
DTEND;TZID=Australia/Sydney:20260905T235900
RRULE:FREQ=WEEKLY;COUNT=30;BYDAY=SA
DTSTAMP:20260801T010203Z
UID:saturday@google.com
LOCATION:The Lantern Room
SEQUENCE:0
STATUS:CONFIRMED
SUMMARY:Late Show
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Australia/Sydney:20261018T150000
DTEND;TZID=Australia/Sydney:20261018T170000
DTSTAMP:20260801T010203Z
UID:saturday@google.com
RECURRENCE-ID;TZID=Australia/Sydney:20261017T220000
LOCATION:The Lantern Room
SEQUENCE:1
STATUS:CONFIRMED
SUMMARY:Late Show
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Australia/Sydney:20261121T220000
DTEND;TZID=Australia/Sydney:20261121T235900
DTSTAMP:20260801T010203Z
UID:saturday@google.com
RECURRENCE-ID;TZID=Australia/Sydney:20261121T220000
LOCATION:The Lantern Room
SEQUENCE:1
STATUS:CANCELLED
SUMMARY:Late Show
END:VEVENT
END:VCALENDAR
"""


def messy_workbook(file):
    """
    The same season by hand: title lines, months, four spellings of dates and times,
    days still open, a cancelled night, totals, a hidden list in front.
    """
    days = ("{0.day}/{0.month}/{0.year}", "{0:%a} {0.day} {0:%b} {0.year}")
    days += ("{0:%d.%m.%Y}", "{0:%A}, {0:%B} {0.day}, {0.year}")
    times = ("{0:%I:%M%p}", "{0:%I.%M} pm", "{0:%H}h{0:%M}", "{0:%H:%M}")
    with xlsxwriter.Workbook(file) as book:
        lists = book.add_worksheet("Lists")
        lists.write_row(0, 0, ["Rooms", "Who"])
        lists.hide()
        sheet = book.add_worksheet("Season")
        sheet.activate()
        sheet.set_first_sheet()
        sheet.merge_range(0, 0, 0, 5, "THE LANTERN ROOM – SEASON 2026/27")
        sheet.write(1, 0, "as of 1 August")
        heading = ["Date", "Show", "Time", "Room", "Cap", "Presenter", "Status"]
        sheet.write_row(3, 0, heading)
        number, month = 4, None
        cancelled = datetime(2026, 11, 21, 22, 0, tzinfo=SYDNEY)
        everything = [*season(), ("Late Show", cancelled)]
        for index, (title, start) in enumerate(sorted(everything, key=lambda s: s[1])):
            if start.month != month:
                month = start.month
                sheet.write(number, 0, f"{start:%B %Y}")
                number += 1
            room = ("The Lantern Room", "the lantern room", "", "The  Lantern Room")
            row = [
                days[index % 4].format(start),
                title if index % 3 else f" {title.upper()} ",
                times[index % 4].format(start).lstrip("0"),
                room[index % 4],
                180,
                "Ann",
                "CANCELLED" if start == cancelled else "on sale",
            ]
            sheet.write_row(number, 0, row)
            number += 1
        sheet.write_row(number, 0, ["TBC", "Late Show", "10pm", "", 180])
        sheet.write_row(number + 2, 0, ["Total", "", "", "", 60 * 180])


def test_a_calendar_and_a_workbook_say_the_same_59_shows(venue, tmp_path):
    calendar = write(tmp_path, GOOGLE.replace("\n", "\r\n"), "season.ics")
    workbook = tmp_path / "season.xlsx"
    messy_workbook(workbook)

    first = run(venue, calendar)
    assert len(EXPECTED) == 59
    assert our_shows(venue) == EXPECTED
    assert first.problems == ()
    assert first.number(Change.NEW) == 59
    assert [
        item.listed.position
        for item in first.plan.shows
        if item.change is Change.CANCELLED
    ] == ["entry 1 (2026-12-25)", "entry 1 (2027-01-01)", "entry 4"]

    with venue.read() as connection:
        second = season_list.preview(connection, workbook, ListOptions())
    assert second.problems == ()
    assert second.parsed.questions == ()
    # Of each show of the calendar the workbook only knows the seats as well.
    assert second.number(Change.UPDATED) == 59
    assert second.number(Change.NEW) == second.number(Change.MOVED) == 0
    assert second.number(Change.CANCELLED) == 1
    assert len(second.parsed.unconfirmed) == 1
    season_list.apply(venue, SETTINGS, second)
    assert our_shows(venue) == EXPECTED


def test_the_workbook_alone_says_the_same(venue, tmp_path):
    workbook = tmp_path / "season.xlsx"
    messy_workbook(workbook)
    seen = run(venue, workbook)
    assert our_shows(venue) == EXPECTED
    assert seen.problems == ()
    assert seen.number(Change.NEW) == 59
    run(venue, workbook)
    assert our_shows(venue) == EXPECTED


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_calendar_is_read_or_refused_by_name(tmp_path, seed):
    """
    25 calendars with other bytes, repeated and missing lines, each cut off somewhere.
    """
    random, lines = Random(seed), GOOGLE.splitlines()
    refused = []
    house = VenueInfo(1, "The Lantern Room", "Australia/Sydney", "AUD")
    for _ in range(25):
        damaged = [*lines]
        for _ in range(random.randint(0, 4)):
            damaged.insert(random.randrange(len(damaged)), random.choice(lines))
            del damaged[random.randrange(len(damaged))]
        data = bytearray("\r\n".join(damaged).encode())
        for _ in range(random.randint(0, 6)):
            data[random.randrange(len(data))] = random.choice(
                b"0123456789:;,=TZ-\n\xff"
            )
        file = tmp_path / "season.ics"
        file.write_bytes(data[: random.randint(len(data) // 2, len(data))])
        try:
            parsed = import_file.read_shows(file, house)
        except errors.BadFile as error:
            refused.append(error.message)
        else:
            planned_changes.plan(parsed.listed, [])
    assert all(message.startswith("season.ics") for message in refused)


# The list again


def test_a_reference_at_a_new_time_moves_its_show_and_records_it(venue, tmp_path):
    run(
        venue,
        write(tmp_path, "production,starts_at,reference\nGala,2026-12-05 19:30,G1"),
    )
    again = write(tmp_path, "production,starts_at,reference\nGala,2026-12-05 20:00,G1")
    seen = run(venue, again)
    assert [item.change for item in seen.plan.needs_consent] == [Change.MOVED]
    with venue.read() as connection:
        (show,) = shows.list_shows(connection)
        entries = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(kind="show")
        )
    (entry,) = [entry for entry in entries if entry.action != "add"]
    assert (show.id, show.starts_local) == (1, "2026-12-05 20:00")
    assert show.starts_at == datetime(2026, 12, 5, 9, 0, tzinfo=UTC)
    assert (entry.action, entry.before, entry.after) == (
        *("move", {"starts_local": "2026-12-05 19:30"}),
        {"starts_local": "2026-12-05 20:00"},
    )


def test_shows_may_exchange_their_times(venue, tmp_path):
    text = "production,starts_at,reference\nGala,2026-12-{},A\nGala,2026-12-{},B\n"
    early, late = "05 15:00", "05 20:00"
    run(venue, write(tmp_path, text.format(early, late)))
    run(venue, write(tmp_path, text.format(late, early)))
    with venue.read() as connection:
        found = {
            show.reference: show.starts_local for show in shows.list_shows(connection)
        }
    assert found == {"A": "2026-12-05 20:00", "B": "2026-12-05 15:00"}


def test_a_cancelled_show_of_ours_is_excluded_with_the_reason_and_comes_back(
    venue, tmp_path
):
    text = "production,starts_at,status\nGala,2026-12-05 19:30,{}\n"
    for status, expected in (
        ("", (False, "")),
        ("cancelled", (True, CANCELLED_IN_LIST)),
        ("cancelled", (True, CANCELLED_IN_LIST)),
        ("confirmed", (False, "")),
    ):
        run(venue, write(tmp_path, text.format(status)))
        with venue.read() as connection:
            (show,) = shows.list_shows(connection)
        assert (show.is_excluded, show.excluded_because) == expected


def test_what_changed_since_the_preview_is_not_overwritten(venue, tmp_path):
    file = write(tmp_path, "production,starts_at\nGala,2026-12-05 19:30\n")
    with venue.read() as connection:
        seen = season_list.preview(connection, file, ListOptions())
    run(venue, file)
    with pytest.raises(errors.Busy):
        season_list.apply(venue, SETTINGS, seen)


# The cases that once failed, run from where they lie


@cases
@pytest.mark.parametrize(
    ("name", "expected", "message"),
    [
        ("ics_cancelled", "rc 0\n", "entry 1: Called Off Gala 2026-12-09 19:30 cancel"),
        (
            "ics_other_zone_message",
            "rc 0\n  Gala 2026-12-04T08:30:00Z The Lantern Room\n"
            "  Tour Night 2026-12-10T06:30:00Z The Lantern Room\n",
            "entry 2: 2026-12-10 19:30 in Pacific/Auckland is 2026-12-10 17:30",
        ),
        (
            "ics_weekly_rule",
            "rc 0\n"
            + "".join(
                f"  Friday Laughs 2026-12-{day}T08:30:00Z The Lantern Room\n"
                for day in ("04", "11", "25")
            ),
            "3 shows read, 3 new",
        ),
        (
            "ics_zone_nobody_knows",
            "rc 2\n",
            'entry 1: "Touring Company" is not a time zone',
        ),
        (
            "list_says_new_time",
            "rc 2\n  Gala 2026-12-05T08:30:00Z The Lantern Room\n",
            'line 3: the reference "G1" is that of line 2',
        ),
    ],
)
@pytest.mark.sampled(4)
def test_a_case_that_once_failed(scripts, name, expected, message):
    done = scripts.run(name)
    assert (done.stdout, message in done.stderr) == (expected, True), done.stderr


def test_a_calendar_that_gives_our_shows_other_references_says_so(venue, tmp_path):
    """
    G1 becomes the calendar's id; the note has the way back, and the audit trail both.
    """
    heading = "production,starts_at,venue,reference\n"
    row = "Gala,2026-12-05 19:30,The Lantern Room,G1\n"
    run(venue, write(tmp_path, heading + row))
    calendar = write(
        tmp_path,
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:abc@example.com\n"
        "DTSTART;TZID=Australia/Sydney:20261205T193000\nSUMMARY:Gala\nEND:VEVENT\n"
        "END:VCALENDAR\n",
        "season.ics",
    )
    seen = run(venue, calendar)
    assert [item.change for item in seen.plan.shows] == [Change.UPDATED]
    assert (
        '1 show of yours with another reference: show 1 "G1" → "abc@example.com"; '
        "`ticketsync shows edit 1 --reference G1` puts one back"
    ) in seen.notes
    with venue.read() as connection:
        (show,) = shows.list_shows(connection)
        entries = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(kind="show")
        )
    assert show.reference == "abc@example.com"
    assert [it.before for it in entries if it.action == "change"] == [
        {"reference": "G1"}
    ]
    # The same calendar once more changes nothing.
    assert not [n for n in run(venue, calendar).notes if "another reference" in n]
