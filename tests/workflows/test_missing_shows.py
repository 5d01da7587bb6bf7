"""
A season list that is exported again: shows that an earlier list had and this one lacks
are named, and none is there twice without a person having said so.
"""

from datetime import date

import pytest

from ticketsync.catalogue import shows
from ticketsync.catalogue.season_list.import_file import ListOptions
from ticketsync.catalogue.season_list.missing_shows import MissingAnswers
from ticketsync.core import errors
from ticketsync.core.settings.config import Settings
from ticketsync.workflows import season_list

SETTINGS = Settings()


@pytest.fixture
def venue(database):
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    return database


def entry(uid, start, *more):
    lines = [f"UID:{uid}", "SUMMARY:Gala", f"DTSTART;TZID=Australia/Sydney:{start}"]
    return "\n".join(["BEGIN:VEVENT", *lines, *more, "END:VEVENT"])


def calendar(*entries):
    return "\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *entries, "END:VCALENDAR", ""]
    )


SERIES = calendar(entry("s", "20270701T193000", "RRULE:FREQ=WEEKLY;COUNT=3"))
# name: file, earlier list, later list, how often a show may have moved, our shows if so
CASES = {
    "new UIDs": (
        "a.ics",
        calendar(*(entry(f"a{n}", f"2027050{n}T193000") for n in (5, 6, 7))),
        calendar(
            entry("b5", "20270505T193000"),
            entry("b6", "20270506T193000"),
            entry("b7", "20270507T200000"),
        ),
        1,
        ["05-05 19:30", "05-06 19:30", "05-07 20:00"],
    ),
    "a series one day later": (
        "a.ics",
        SERIES,
        calendar(entry("s", "20270702T193000", "RRULE:FREQ=WEEKLY;COUNT=3")),
        3,
        ["07-02 19:30", "07-09 19:30", "07-16 19:30"],
    ),
    "this and following": (
        "a.ics",
        SERIES,
        calendar(
            entry("s", "20270701T193000", "RRULE:FREQ=WEEKLY;UNTIL=20270701T093000Z"),
            entry("s_R20270708", "20270708T200000", "RRULE:FREQ=WEEKLY;COUNT=2"),
        ),
        2,
        ["07-01 19:30", "07-08 20:00", "07-15 20:00"],
    ),
    "a spreadsheet without references": (
        "a.csv",
        "Show,Date,Time\nGala,2027-05-05,19:30\nGala,2027-05-06,19:30\n",
        "Show,Date,Time\nGala,2027-05-05,19:30\nGala,2027-05-08,19:30\n",
        1,
        ["05-05 19:30", "05-08 19:30"],
    ),
    "a spreadsheet with other references": (
        "a.csv",
        "Show,Date,Time,Ref\nGala,2027-05-05,19:30,A\nGala,2027-05-06,19:30,B\n",
        "Show,Date,Time,Ref\nGala,2027-05-05,19:30,A\nGala,2027-05-06,20:30,C\n",
        1,
        ["05-05 19:30", "05-06 20:30"],
    ),
}


def preview(database, tmp_path, name, text, said=None, **options):
    file = tmp_path / name
    file.write_text(text)
    options = ListOptions(missing=MissingAnswers(said), **options)
    with database.read() as connection:
        return season_list.preview(connection, file, options)


def run(database, *arguments, **options):
    seen = preview(database, *arguments, **options)
    season_list.apply(database, SETTINGS, seen)
    return seen


def playing(database):
    with database.read() as connection:
        listed = shows.list_shows(connection)
    return sorted(show.starts_local[5:16] for show in listed if not show.is_excluded)


@pytest.mark.parametrize("case", CASES)
def test_a_date_that_may_have_moved_is_a_question(venue, tmp_path, case):
    name, earlier, later, number, expected = CASES[case]
    run(venue, tmp_path, name, earlier)
    before = playing(venue)

    seen = preview(venue, tmp_path, name, later)
    assert len(seen.moves) == number
    with pytest.raises(errors.UsageError, match="is not in this list, which has"):
        season_list.apply(venue, SETTINGS, seen)
    assert playing(venue) == before

    run(venue, tmp_path, name, later, "moved")
    assert playing(venue) == expected
    again = run(venue, tmp_path, name, later)
    assert (again.missing, playing(venue)) == ((), expected)


@pytest.mark.parametrize("case", CASES)
def test_earlier_dates_may_play_as_well_or_be_cancelled(venue, tmp_path, case):
    name, earlier, later, _, expected = CASES[case]
    run(venue, tmp_path, name, earlier)
    before = playing(venue)

    run(venue, tmp_path, name, later, "both")
    assert playing(venue) == sorted({*before, *expected})
    run(venue, tmp_path, name, later, "cancelled")
    assert playing(venue) == expected


def test_a_show_that_a_list_lacks_is_named_and_stays(venue, tmp_path):
    run(venue, tmp_path, "a.ics", SERIES)
    seen = run(venue, tmp_path, "b.ics", calendar(entry("s", "20270701T193000")))

    assert "show 3 (Gala 2027-07-15 19:30) is not in this list; it stays" in seen.notes
    assert len(playing(venue)) == 3


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Show,Date,Time\nGala,2027-05-29,19:30\n", {}),  # another date
        ("Show,Date,Time\nOpera,2027-05-05,20:00\n", {}),
        ("Show,Date,Time,Room\nGala,2027-05-05,20:00,Annexe\n", {}),
        ("Show,Date,Time\nGala,2027-05-05,TBC\nGala,2027-05-12,19:30\n", {}),
        (
            "Show,Date,Time\nGala,2027-05-05,19:30\nGala,2027-05-12,20:00\n",
            {"since": date(2027, 5, 7)},
        ),
    ],
)
def test_a_list_about_other_shows_asks_nothing(venue, tmp_path, text, options):
    run(venue, tmp_path, "a.csv", "Show,Date,Time\nGala,2027-05-05,19:30\n")
    assert preview(venue, tmp_path, "b.csv", text, **options).missing == ()
