"""
Matching in a spreadsheet: out, edited, in again; and nothing by halves.
"""

import csv
from datetime import timedelta

import pytest

from ticketsync.catalogue import links, new_shows, occurrences, shows
from ticketsync.core import clock, errors
from ticketsync.reporting import file_writers
from ticketsync.reporting.output_files import OutputFile, is_csv
from ticketsync.store.tables.catalogue import occurrences as occurrences_table
from ticketsync.workflows.matching import match, match_sheet
from ticketsync.workflows.matching.match_sheet import COLUMNS
from ticketsync.workflows.sync import run as sync


@pytest.fixture
def listed(connected, settings, tmp_path):
    """
    Forty dates of the sandbox, the first two of them shows of ours.
    """
    sync.fetch_listing(connected, settings, [])
    with connected.write() as connection:
        for offer in occurrences.list_occurrences(connection)[:2]:
            new = new_shows.NewShow(
                *(offer.event, offer.starts_at, "The Lantern Room"),
                *("Australia/Sydney", "AUD"),
            )
            new_shows.add_show(connection, new)
    file = tmp_path / "open.csv"
    with connected.read() as connection:
        plan = match.plan(connection, settings)
    with file_writers.into_file(OutputFile(file, is_csv(COLUMNS))) as stream:
        file_writers.write_csv(match_sheet.rows(plan), COLUMNS, stream)
    return connected, file


def edited(file, **decisions):
    """
    The file with other cells: `row=(decision, show)`, counted from 0.
    """
    with file.open() as stream:
        rows = list(csv.DictReader(stream))
    for name, (decision, show) in decisions.items():
        rows[int(name[1:])].update(decision=decision, show=show)
    with file.open("w") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return rows


def linked(database):
    with database.read() as connection:
        return {
            o.id: o.show_id
            for o in occurrences.list_occurrences(connection)
            if o.show_id
        }


def read(connection, file):
    """
    The decisions of a file in which every row can be used.
    """
    sheet = match_sheet.read_sheet(connection, file)
    match_sheet.refuse_bad_rows(sheet, file)
    return sheet.decisions


def test_certain_pairs_stand_in_the_file_and_the_rest_is_open(listed):
    _, file = listed
    rows = edited(file)
    assert [(row["decision"], row["show"]) for row in rows[:3]] == [
        ("link", "1"),
        ("link", "2"),
        ("", ""),
    ]
    assert len(rows) == 40
    assert {row["decision"] for row in rows[2:]} == {""}


def test_what_a_person_wrote_is_done_and_taken_back_as_one(listed, settings):
    database, file = listed
    rows = edited(file, r2=("new", "A Gala"), r3=("never", ""), r4=("skip", ""))

    with database.read() as connection:
        decisions = read(connection, file)
    done = match_sheet.apply(database, settings, decisions)

    assert (done.linked, done.refused) == (3, 1)
    ids = [int(row["date_id"]) for row in rows]
    assert linked(database) == {ids[0]: 1, ids[1]: 2, ids[2]: 3}
    with database.read() as connection:
        assert [show.production for show in shows.list_shows(connection, "A Gala")]
        assert links.list_refusals(connection) == {(ids[3], None)}
    match.undo(database, settings)
    assert linked(database) == {}


@pytest.mark.parametrize(
    ("decision", "show", "reason"),
    [
        ("", "1", "no decision"),
        ("link", "", "no show"),
        ("link", "77", "no show"),
        ("yes", "1", "'yes' is not a decision"),
    ],
)
def test_one_wrong_row_and_nothing_is_changed(listed, settings, decision, show, reason):
    database, file = listed
    edited(file, r5=(decision, show))

    with database.read() as connection, pytest.raises(errors.BadFile) as caught:
        read(connection, file)

    assert "line 7" in caught.value.message
    assert reason in caught.value.message
    assert linked(database) == {}


def test_right_rows_are_used_beside_wrong_ones(listed, settings):
    database, file = listed
    rows = edited(file, r5=("link", "77"), r6=("never", ""), r7=("yes", ""))
    text = file.read_text().splitlines()
    file.write_text("\n".join([*text, text[7]]) + "\n")  # r6 once more

    with database.read() as connection:
        sheet = match_sheet.read_sheet(connection, file)
    done = match_sheet.apply(database, settings, sheet.decisions)

    assert [row.partition(":")[0] for row in sheet.bad_rows] == [
        *("line 7", "line 9", "line 8", "line 42")
    ]
    twice = f"date {rows[6]['date_id']} appears twice"
    assert [row for row in sheet.bad_rows if twice in row] == [*sheet.bad_rows[2:]]
    assert (done.linked, done.refused) == (2, 0)
    ids = [int(row["date_id"]) for row in rows]
    assert linked(database) == {ids[0]: 1, ids[1]: 2}


def test_a_cell_filled_down_too_far_is_refused_and_named(listed, settings):
    """
    Of five rows filled down to one show, one is that show; another is the same work two
    days later, the others are other works.
    """
    database, file = listed
    rows = edited(file)
    first = rows[0]
    slips = [n for n, row in enumerate(rows[:12]) if n > 0]
    edited(file, **{f"r{n}": ("link", "1") for n in slips})

    with database.read() as connection:
        decisions = read(connection, file)
        named = match_sheet.implausible(connection, decisions)

    assert first["show"] == "1"
    assert len(named) == len(slips)
    for n, words in zip(slips, named, strict=True):
        assert rows[n]["event"] in words
        is_other = rows[n]["event"] != first["event"]
        assert "more than a day apart" in words or (is_other and "% alike" in words)


def test_two_times_of_one_account_do_not_feed_one_show(listed, settings):
    """
    An account has an early and a late listing; both were given to the late show.
    """
    database, _ = listed
    with database.write() as connection:
        first, second = occurrences.list_occurrences(connection)[:2]
        connection.execute(
            occurrences_table.update()
            .where(occurrences_table.c.id == second.id)
            .values(
                event_id=first.event_id,
                starts_at=first.starts_at + timedelta(minutes=90),
                starts_local="2026-09-01T21:00",
            )
        )
        decisions = [
            match_sheet.Decision("link", first.id, 1),
            match_sheet.Decision("link", second.id, 1),
        ]
        named = match_sheet.implausible(connection, decisions)
    assert len(named) == 1
    assert "tt already sells it at" in named[0]


def test_right_rows_are_no_slips(listed):
    database, file = listed
    with database.read() as connection:
        assert match_sheet.implausible(connection, read(connection, file)) == []


def test_shows_that_no_platform_sells_stand_last_and_decide_nothing(listed, settings):
    database, file = listed
    with database.write() as connection:
        new = new_shows.NewShow(
            *("A Gala", clock.now() + timedelta(days=9), "The Lantern Room"),
            *("Australia/Sydney", "AUD"),
        )
        number = new_shows.add_show(connection, new).id
    with database.read() as connection:
        plan = match.plan(connection, settings)
        with file_writers.into_file(OutputFile(file, is_csv(COLUMNS))) as stream:
            file_writers.write_csv(match_sheet.rows(plan), COLUMNS, stream)
        assert [show.show_id for show in plan.unmatched_shows] == [number]
        assert len(read(connection, file)) == 2
    row = edited(file)[-1]
    assert (row["date_id"], row["show"]) == ("", str(number))
    assert row["why"] == "no platform sells this show"


def test_a_file_of_something_else_is_refused(connected, tmp_path):
    file = tmp_path / "other.csv"
    file.write_text("name,price\nx,1\n")
    with connected.read() as connection, pytest.raises(errors.BadFile) as caught:
        read(connection, file)
    assert "no column date_id, decision, show" in caught.value.message


def test_a_date_that_stands_twice_is_refused(listed):
    database, file = listed
    text = file.read_text().splitlines()
    file.write_text("\n".join([*text, text[1]]) + "\n")
    with database.read() as connection, pytest.raises(errors.BadFile) as caught:
        read(connection, file)
    assert "appears twice" in caught.value.message


def test_a_title_of_ours_in_other_letters_is_ours(listed, settings):
    database, file = listed
    with database.read() as connection:
        before = shows.list_productions(connection)
    title = before[0][1]
    edited(file, r2=("new", f" {title.upper()}! "))
    with database.read() as connection:
        decisions = read(connection, file)
    match_sheet.apply(database, settings, decisions)
    with database.read() as connection:
        after = shows.list_productions(connection)
    assert [(id_, one) for id_, one, _ in after] == [(i, one) for i, one, _ in before]
    assert after[0][2] == before[0][2] + 1
