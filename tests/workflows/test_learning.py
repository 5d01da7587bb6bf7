"""
Matching that learns, with a database: no run links by a learnt offset before a person
has confirmed it for that account and production; it can be taken back.
"""

import csv
import io
import json

import pytest
from support.commands import run
from support.listed_week import Week

from ticketsync.catalogue import known_offsets, production_edits
from ticketsync.catalogue.matching_rules import questions
from ticketsync.core import errors
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import audit_trail, file_writers
from ticketsync.store import engine
from ticketsync.workflows.matching import match, match_decisions, match_sheet

SETTINGS = Settings()


def plan(database):
    with database.read() as connection:
        return match.plan(connection, SETTINGS)


def link_certain(database):
    """
    What cron does.
    """
    return match.accept(
        database, SETTINGS, plan(database).certain, decided_by="machine", batch="run"
    )


def teach(database, pairs=2):
    """
    A person links so many dates of Late Laughs that Ticket Tailor lists at the doors.
    """
    doors = [
        question.items[0].candidates[0]
        for question in questions.group(plan(database).unsure)
        if question.show and question.show.production == "Late Laughs"
    ]
    batch = match.new_batch()
    match_decisions.link_matches(database, SETTINGS, doors[:pairs], batch=batch)


@pytest.fixture
def week(database):
    found = Week(database)
    found.list_all()
    link_certain(database)
    return found


def test_an_unattended_run_links_by_an_offset_only_once_a_person_confirmed_it(week):
    database = week.database
    teach(database)

    assert link_certain(database) == 0
    (proposal,) = plan(database).offsets
    assert (proposal.offset.minutes, len(proposal.matches)) == (-30, 12)

    match_decisions.confirm_offset(database, "tt", "Late Laughs")
    assert link_certain(database) == 12
    linked = week.linked()
    assert all(week.truth[id_] == show for id_, show in linked.items())
    undone = match.undo(database, SETTINGS, kind="offset")
    assert (undone.batch, undone.kinds) == ("run", {"offset": 12})

    match_decisions.forget_offset(database, "tt", "Late Laughs")
    assert link_certain(database) == 0
    with database.read() as connection:
        entries = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(what="Late Laughs")
        )
    changes = [(e.action, e.change) for e in entries if "offset" in e.action]
    assert changes == [
        ("take back offset", "minutes on tt -30 → nothing"),
        ("confirm offset", "minutes on tt -30"),
    ]


def test_what_is_learnt_is_said_in_the_spreadsheet(week):
    teach(week.database)

    def reasons():
        stream = io.StringIO()
        rows = match_sheet.rows(plan(week.database))
        file_writers.write_csv(rows, match_sheet.COLUMNS, stream)
        stream.seek(0)
        return [
            (row["decision"], row["why"])
            for row in csv.DictReader(stream)
            if row["account"] == "tt" and row["event"] == "Late Laughs"
        ]

    habit = "doors, 30 min before, like 2 dates of Late Laughs that you confirmed on tt"
    assert set(reasons()) == {("", habit)}
    match_decisions.confirm_offset(week.database, "tt", "Late Laughs")
    assert {
        (decision, "as confirmed for tt" in why) for decision, why in reasons()
    } == {("link", True)}


def test_nothing_is_confirmed_that_was_not_learnt(week):
    with pytest.raises(errors.NotFound, match="No offset is known"):
        match_decisions.confirm_offset(week.database, "tt", "Late Laughs")


def test_offsets_follow_a_merged_production_and_end_with_it(week):
    teach(week.database)
    match_decisions.confirm_offset(week.database, "tt", "Late Laughs")
    with week.database.write() as connection:
        production_edits.merge_productions(connection, "Late Laughs", "Orchid & Wire")
        (offset,) = known_offsets.list_offsets(connection)

    assert (offset.key, offset.minutes) == (("tt", "Orchid & Wire"), -30)
    assert offset.is_confirmed


@pytest.mark.thorough
def test_the_commands_list_confirm_and_take_back_an_offset(home, templates):
    place = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = engine.open_database(place)
    Week(database).list_all()
    link_certain(database)
    teach(database)
    database.close()

    def said(*arguments):
        return run(*arguments, check=True).stdout

    dry = json.loads(said("match", "--dry-run", "--json"))
    (proposed,) = dry["offsets"]
    assert (proposed["minutes"], len(proposed["date_ids"])) == (-30, 12)
    assert "--confirm" in said("match", "--dry-run")
    said("link", "offset", "tt", "Late Laughs", "--confirm")
    assert json.loads(said("link", "offsets", "--json")) == [
        {
            "account": "tt",
            "production": "Late Laughs",
            "minutes": -30,
            "pairs": 2,
            "is_confirmed": True,
        }
    ]
    certain = json.loads(said("match", "--yes", "--json"))["certain"]
    assert [pair["is_by_offset"] for pair in certain] == [True] * 12
    undone = json.loads(said("match", "--undo", "--only", "offset", "--json"))
    assert (undone["links"], undone["kinds"]) == (12, {"offset": 12})
    said("link", "offset", "tt", "Late Laughs", "--forget")
    assert not json.loads(said("link", "offsets", "--json"))[0]["is_confirmed"]
