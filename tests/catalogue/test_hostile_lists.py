"""
Season lists of a size or a shape that no season has: refused by name before they take
time and memory. Only what makes a show of a calendar is read.
"""

from datetime import datetime, timedelta

import pytest

from ticketsync.catalogue.season_list import calendar_lines, import_file
from ticketsync.catalogue.season_list.import_file import ListOptions
from ticketsync.catalogue.shows import VenueInfo
from ticketsync.core import errors

ROOM = VenueInfo(1, "The Lantern Room", "Australia/Sydney", "AUD")
START = "DTSTART;TZID=Australia/Sydney:20270101T193000"


def entry(*more):
    return "\n".join(
        ["BEGIN:VEVENT", "UID:a", "SUMMARY:Gala", START, *more, "END:VEVENT"]
    )


def calendar(*parts):
    return "\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *parts, "END:VCALENDAR", ""]
    )


def zone(rule):
    return "\n".join(
        [
            *("BEGIN:VTIMEZONE", "TZID:Zed", "BEGIN:STANDARD"),
            *("DTSTART:16010101T000000", "TZOFFSETFROM:+1000", "TZOFFSETTO:+1100"),
            *(rule, "END:STANDARD", "END:VTIMEZONE"),
        ]
    )


def dates(number):
    first = datetime(1970, 1, 1, 19, 30)
    found = [first + timedelta(days=day) for day in range(number)]
    return "EXDATE;TZID=Australia/Sydney:" + ",".join(
        f"{d:%Y%m%dT%H%M%S}" for d in found
    )


def read(tmp_path, text, name="a.ics"):
    file = tmp_path / name
    file.write_text(text)
    return import_file.read_shows(file, ROOM, options=ListOptions())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (calendar(entry("DESCRIPTION:" + "x" * 1_000_001)), "line 8 is longer than"),
        (calendar(entry("X:y", *["\tz"] * 1_000_000)), "more than 1,000,000 lines"),
        (calendar(entry(dates(20_001))), "more than 20,000 dates in RDATE and EXDATE"),
        (
            calendar(entry("RRULE:FREQ=DAILY;BYDAY=" + "MO," * 2000 + "MO")),
            "has a rule",
        ),
        (calendar(*[zone("X:y")] * 501, entry()), "more than 500 time zones"),
        (calendar(entry()) * 1001, "more than 1,000 calendars"),
        (calendar(zone("RRULE:FREQ=SECONDLY"), entry()), "clocks change by"),
        (
            calendar(zone("RRULE:FREQ=YEARLY;BYMONTH=4;BYSECOND=1,2"), entry()),
            "clocks change by",
        ),
        (
            calendar(*[zone("RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU")] * 101, entry()),
            "more than 100 rules of time zones",
        ),
    ],
)
def test_a_calendar_that_is_no_season_is_refused_by_name(tmp_path, text, said):
    with pytest.raises(errors.BadFile, match=said):
        read(tmp_path, text)


def test_parts_that_make_no_show_are_not_read(tmp_path):
    """
    They may be many, deep, or broken.
    """
    alarms = ["BEGIN:VALARM", "SUMMARY:Wake", "TRIGGER:never", "END:VALARM"] * 1000
    deep = ["BEGIN:X-A"] * 2000 + ["END:X-A"] * 2000
    parsed = read(tmp_path, calendar(*deep, entry("X-ODD;;:", *alarms, "LOCATION:")))
    assert [show.production for show in parsed.shows] == ["Gala"]
    assert parsed.problems == ()


def test_folded_lines_are_one_line():
    text = calendar(entry("LOC\n ATION:The Lan\n\ttern Room", "DESCRIPTION:a\n b"))
    kept = calendar_lines.lines_of_shows("a.ics", text)
    assert "\nLOCATION:The Lantern Room\n" in kept
    assert "DESCRIPTION" not in kept


@pytest.mark.parametrize("column", ["Show", "Date", "Time", "Room"])
def test_a_cell_that_is_longer_than_any_name_is_a_problem(tmp_path, column):
    cells = {"Show": "Gala", "Date": "2027-01-01", "Time": "19:30", "Room": ""}
    cells[column] = "1 " * 300
    text = f"{','.join(cells)}\n{','.join(cells.values())}\n"
    (problem,) = read(tmp_path, text, "a.csv").problems
    assert problem.reason == "it has more than 500 characters"


def test_many_columns_that_are_not_used_are_named_in_short(tmp_path):
    text = "Show,Start" + ",x" * 60 + "\nGala,2027-01-01 19:30\n"
    (note,) = read(tmp_path, text, "a.csv").notes
    assert note.startswith("not used: the columns")
    assert note.endswith(" and 10 more")
