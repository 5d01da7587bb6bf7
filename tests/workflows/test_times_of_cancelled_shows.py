"""
A cancelled show leaves its time to another one of its production, whatever the format
of the list, and has it back once it is free.
"""

import pytest
import xlsxwriter

from ticketsync.catalogue import shows
from ticketsync.catalogue.season_list.import_file import ListOptions
from ticketsync.catalogue.season_list.missing_shows import MissingAnswers
from ticketsync.core import errors
from ticketsync.core.settings.config import Settings
from ticketsync.workflows import recompute_figures, season_list

SETTINGS = Settings()
FIFTH, SIXTH = "2026-12-05 19:30", "2026-12-06 19:30"


@pytest.fixture
def venue(database):
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    return database


def csv(file, rows):
    lines = [",".join(row) for row in [("Show", "Start", "Ref", "Status"), *rows]]
    file.write_text("\n".join([*lines, ""]))


def workbook(file, rows):
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([("Show", "Start", "Ref", "Status"), *rows]):
            sheet.write_row(at, 0, row)


def calendar(file, rows):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"]
    for title, start, reference, status in rows:
        when = start.replace("-", "").replace(":", "").replace(" ", "T") + "00"
        lines += ["BEGIN:VEVENT", f"UID:{reference}", f"SUMMARY:{title}"]
        lines += [f"DTSTART;TZID=Australia/Sydney:{when}"]
        lines += [f"STATUS:{status.upper()}"] if status else []
        lines += ["END:VEVENT"]
    file.write_text("\n".join([*lines, "END:VCALENDAR", ""]))


FORMATS = {"csv": csv, "xlsx": workbook, "ics": calendar}


def run(database, tmp_path, rows, kind="csv", **options):
    file = tmp_path / f"season.{kind}"
    FORMATS[kind](file, rows)
    with database.read() as connection:
        seen = season_list.preview(connection, file, ListOptions(**options))
    if not seen.problems:
        season_list.apply(database, SETTINGS, seen)
    return seen


def have(database):
    with database.read() as connection:
        return {
            show.reference: (show.starts_local, not show.is_excluded)
            for show in shows.list_shows(connection)
        }


BOTH = [("Gala", FIFTH, "A", ""), ("Gala", SIXTH, "B", "")]
B_FOR_A = [("Gala", FIFTH, "A", "cancelled"), ("Gala", FIFTH, "B", "")]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("order", [1, -1])
def test_a_show_moves_to_the_time_of_one_that_the_list_cancels(
    venue, tmp_path, kind, order
):
    run(venue, tmp_path, BOTH, kind)
    seen = run(venue, tmp_path, B_FOR_A[::order], kind)
    assert not seen.problems
    assert "show 1 (Gala 2026-12-05 19:30) is cancelled; another takes its time" in (
        seen.notes
    )
    expected = {"A": (FIFTH, False), "B": (FIFTH, True)}
    assert have(venue) == expected

    again = run(venue, tmp_path, B_FOR_A, kind)
    assert (again.plan.needs_consent, again.plan.beside) == ((), ())
    assert have(venue) == expected


@pytest.mark.parametrize("reference", ["C", ""])
def test_a_new_show_takes_the_time_of_one_that_the_list_cancels(
    venue, tmp_path, reference
):
    run(venue, tmp_path, BOTH)
    rows = [
        ("Gala", FIFTH, "A", "cancelled"),
        ("Gala", FIFTH, reference, ""),
        ("Gala", SIXTH, "B", ""),
    ]
    for _ in range(2):
        run(venue, tmp_path, rows)
        assert have(venue) == {
            "A": (FIFTH, False),
            reference or None: (FIFTH, True),
            "B": (SIXTH, True),
        }


def test_an_earlier_list_may_have_cancelled_it(venue, tmp_path):
    run(venue, tmp_path, BOTH)
    run(venue, tmp_path, [("Gala", FIFTH, "A", "cancelled"), BOTH[1]])
    run(venue, tmp_path, [("Gala", FIFTH, "B", "")])
    assert have(venue) == {"A": (FIFTH, False), "B": (FIFTH, True)}


def test_a_show_that_the_list_lacks_leaves_its_time_once_it_is_cancelled(
    venue, tmp_path
):
    run(venue, tmp_path, BOTH)
    rows = [("Gala", FIFTH, "B", "")]
    seen = run(venue, tmp_path, rows)
    assert [str(problem) for problem in seen.problems] == [
        "line 2: show 1 (A) plays at that time; if it is cancelled, list it as "
        "cancelled or say --missing cancelled"
    ]
    assert have(venue) == {"A": (FIFTH, True), "B": (SIXTH, True)}
    run(venue, tmp_path, rows, missing=MissingAnswers("cancelled"))
    assert have(venue) == {"A": (FIFTH, False), "B": (FIFTH, True)}


def test_several_cancelled_shows_may_have_had_one_time(venue, tmp_path):
    run(venue, tmp_path, [*BOTH, ("Gala", "2026-12-07 19:30", "C", "")])
    run(venue, tmp_path, [*B_FOR_A, ("Gala", "2026-12-07 19:30", "C", "")])
    rows = [*B_FOR_A[:1], ("Gala", FIFTH, "B", "cancelled"), ("Gala", FIFTH, "C", "")]
    for _ in range(2):
        run(venue, tmp_path, rows)
        assert have(venue) == {
            "A": (FIFTH, False),
            "B": (FIFTH, False),
            "C": (FIFTH, True),
        }
    # All three part again.
    back = [*BOTH, ("Gala", "2026-12-07 19:30", "C", "")]
    for _ in range(2):
        run(venue, tmp_path, back)
        assert have(venue) == {
            "A": (FIFTH, True),
            "B": (SIXTH, True),
            "C": ("2026-12-07 19:30", True),
        }
    with venue.read() as connection:
        assert {show.starts_at.second for show in shows.list_shows(connection)} == {0}


def test_a_cancelled_show_at_a_new_time_is_moved_and_included_at_once(venue, tmp_path):
    run(venue, tmp_path, BOTH)
    run(venue, tmp_path, [("Gala", FIFTH, "A", "cancelled"), BOTH[1]])
    rows = [("Gala", "2026-12-05 21:00", "A", ""), BOTH[1]]
    for _ in range(2):
        run(venue, tmp_path, rows)
        assert have(venue)["A"] == ("2026-12-05 21:00", True)


def test_a_show_that_a_person_excluded_keeps_its_time(venue, tmp_path):
    run(venue, tmp_path, BOTH)
    recompute_figures.exclude(venue, SETTINGS, 1, True, "private")
    seen = run(venue, tmp_path, [("Gala", FIFTH, "B", "")])
    assert [str(problem) for problem in seen.problems] == [
        "line 2: show 1 (A) is at that time, excluded by you; `shows edit 1` moves it"
    ]


def test_a_time_that_another_show_took_is_not_given_back_by_hand(venue, tmp_path):
    run(venue, tmp_path, BOTH)
    run(venue, tmp_path, B_FOR_A)
    with pytest.raises(errors.UsageError, match="Another show of Gala plays"):
        recompute_figures.exclude(venue, SETTINGS, 1, False, "")
    run(venue, tmp_path, [("Gala", SIXTH, "B", "")])
    recompute_figures.exclude(venue, SETTINGS, 1, False, "")
    assert have(venue) == {"A": (FIFTH, True), "B": (SIXTH, True)}
    with venue.read() as connection:
        assert shows.get_show(connection, 1).starts_at.second == 0


@pytest.mark.parametrize("order", [1, -1])
def test_a_row_that_plays_is_stronger_than_one_without_a_reference_that_does_not(
    venue, tmp_path, order
):
    run(venue, tmp_path, [("Gala", FIFTH, "", "")])
    rows = [("Gala", FIFTH, "", "cancelled"), ("Gala", FIFTH, "", "")]
    for _ in range(3):
        run(venue, tmp_path, rows[::order])
        assert have(venue) == {None: (FIFTH, True)}
