"""
Whether a row of a season list plays: only words that are known say that it does.
"""

import pytest
import xlsxwriter

from ticketsync.catalogue.season_list import import_file
from ticketsync.catalogue.season_list.import_file import ListOptions
from ticketsync.catalogue.shows import VenueInfo

ROOM = VenueInfo(1, "The Lantern Room", "Australia/Sydney", "AUD")
HEADING = ["Show", "Date", "Time", "Status"]


def as_csv(tmp_path, row):
    file = tmp_path / "a.csv"
    file.write_text("\n".join(",".join(cells) for cells in (HEADING, row)) + "\n")
    return file


def as_workbook(tmp_path, row):
    file = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate((HEADING, row)):
            sheet.write_row(number, 0, cells)
    return file


def as_calendar(tmp_path, row):
    title, day, _, status = row
    start = day.replace("-", "") + "T193000"
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:a"),
        *(f"SUMMARY:{title}", f"DTSTART;TZID=Australia/Sydney:{start}"),
        *([f"STATUS:{status}"] if status else []),
        *("END:VEVENT", "END:VCALENDAR", ""),
    ]
    file = tmp_path / "a.ics"
    file.write_text("\n".join(lines))
    return file


def outcome(file, **options):
    parsed = import_file.read_shows(file, ROOM, options=ListOptions(**options))
    assert parsed.problems == ()
    return (
        len(parsed.shows),
        sum(item.is_cancelled for item in parsed.listed),
        len(parsed.open_rows) - sum(parsed.unknown_statuses.values()),
        sum(parsed.unknown_statuses.values()),
    )


PLAYS, CANCELLED, OPEN, UNKNOWN = (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)


@pytest.mark.parametrize("write", [as_csv, as_workbook, as_calendar])
@pytest.mark.parametrize(
    ("title", "status", "expected"),
    [
        ("Gala", "", PLAYS),
        ("Gala", "Confirmed", PLAYS),
        ("Gala", "on sale", PLAYS),
        ("Gala", "SOLD OUT", PLAYS),
        ("Gala", "CANCELED", CANCELLED),
        ("Gala", "Cancelled by artist", CANCELLED),
        ("Gala", "CXL", CANCELLED),
        ("Gala", "cxl'd", CANCELLED),
        ("Gala - CANCELLED", "", CANCELLED),
        ("Gala (CANCELED)", "Confirmed", CANCELLED),
        ("Gala TBC", "Cancelled", CANCELLED),
        ("Gala", "TBC", OPEN),
        ("Gala", "Hold 1", OPEN),
        ("Gala", "2nd hold", OPEN),
        ("Gala", "Postponed to 2028", OPEN),
        ("Gala TBC", "", OPEN),
        ("Gala (hold)", "Confirmed", OPEN),
        ("Gala", "Moved to 7 May", UNKNOWN),
        ("Gala", "holdover", UNKNOWN),
        ("Gala", "N", UNKNOWN),
        ("Gala", "not on sale", UNKNOWN),
        ("Gala", "annulé", UNKNOWN),
    ],
)
def test_only_known_words_say_that_a_show_plays(
    tmp_path, write, title, status, expected
):
    assert outcome(write(tmp_path, [title, "2027-05-06", "19:30", status])) == expected


@pytest.mark.parametrize("write", [as_csv, as_workbook, as_calendar])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [("plays", PLAYS), ("cancelled", CANCELLED), ("open", OPEN)],
)
def test_an_unknown_status_means_what_a_person_says(tmp_path, write, answer, expected):
    file = write(tmp_path, ["Gala", "2027-05-06", "19:30", "Moved  to May"])
    assert outcome(file, statuses={"moved to may": answer}) == expected
