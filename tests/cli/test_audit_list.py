"""
`audit list` says of every decision when it was made, by whom, and what stood there
before and after.
"""

import csv
import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from support import commands_here
from support.dates import NOW

from ticketsync.core import actor


@pytest.fixture
def decide(synced_once, monkeypatch, capsys, frozen):
    """
    Gives a command, each a minute after the one before: the first at 10:01 in Sydney.
    Returns what the newest entry says beside when and who.
    """
    run = commands_here.on(synced_once, monkeypatch, capsys)
    minutes = [0]

    def given(*words, who="Ana"):
        minutes[0] += 1
        frozen(NOW + timedelta(minutes=minutes[0]))
        with actor.acting_as(who):
            run(*words)
        newest = json.loads(run("audit", "list", "--json", "--limit", "1").out)[0]
        assert newest["at"] == f"2026-09-01T00:{minutes[0]:02}:00Z"
        assert newest["who"] == who
        names = ("action", "kind", "subject", "before", "after")
        return tuple(newest[name] for name in names)

    given.run = run
    return given


@pytest.mark.thorough
def test_links_say_when_who_before_and_after(decide):
    date = "ev_40001"
    linked = {"show_id": 1, "decided_by": "person", "why": "linked by hand"}
    adopted = {"show_id": 1, "decided_by": "adopted"}
    removed = decide("unlink", date, who="Ana")
    assert removed == ("unlink", "occurrence", removed[2], adopted, {})
    assert "Late Laughs" in removed[2]
    of_date = ("occurrence", removed[2])
    assert decide("link", "pair", date, "1", who="Bea") == (
        *("link", *of_date, {}, linked),
    )
    assert decide("link", "set", date, "--no-sales", who="Cy") == (
        *("switch", *of_date),
        {"sync_ticket_sales": True},
        {"sync_ticket_sales": False},
    )
    assert decide("link", "set", date, "--sales") == (
        *("switch", *of_date),
        {"sync_ticket_sales": False},
        {"sync_ticket_sales": True},
    )


def test_exclusions_say_when_who_before_and_after(decide):
    excluded = {"is_excluded": True, "excluded_because": "a private party"}
    counted = {"is_excluded": False, "excluded_because": ""}
    done = decide("shows", "exclude", "1", "--reason", "a private party")
    assert done == ("exclude", "show", done[2], counted, excluded)
    assert "Late Laughs" in done[2]
    undone = decide("shows", "include", "1", who="Bea")
    assert undone == ("include", "show", done[2], excluded, counted)


def test_pauses_say_when_who_before_and_after(decide):
    active = {"state": "active", "why": ""}
    paused = {"state": "paused", "why": "moving house"}
    of_account = ("account", "tt")
    assert decide("accounts", "pause", "tt", "--reason", "moving house") == (
        *("pause", *of_account, active, paused),
    )
    assert decide("accounts", "resume", "tt", who="Bea") == (
        *("resume", *of_account, paused, active),
    )


def test_matching_decisions_say_when_who_before_and_after(decide, tmp_path):
    """
    A date that is unlinked, said never to be one of our shows, and taken back.
    """
    decide("unlink", "ev_40001")
    sheet = tmp_path / "open.csv"
    decide.run("match", "--to", str(sheet))
    with sheet.open(newline="") as file:
        (row,) = csv.DictReader(file)
    with sheet.open("w", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow({**row, "decision": "never"})
    refused = decide("match", "--from", str(sheet), who="Bea")
    assert refused == ("refuse", "occurrence", refused[2], {}, {"show_id": None})
    assert "Late Laughs" in refused[2]
    assert decide("match", "--undo", who="Cy") == (
        *("take refusal back", "occurrence", refused[2], {"show_id": None}, {}),
    )


def test_a_month_closed_and_reopened_says_when_who_before_and_after(
    decide, synced_once
):
    closed = decide("period", "close", "2026-08", "--yes", who="Ana")
    with synced_once.read() as connection:
        lines, chain = connection.execute(
            text(
                "SELECT (SELECT count(*) FROM period_lines), chain FROM periods"
                " WHERE id = 1"
            )
        ).one()
    assert lines > 100
    mark = closed[4]["fingerprint"]
    assert mark.replace(" ", "").replace("-", "") in bytes(chain).hex()
    of_first = {"state": "closed", "version": 1, "lines": lines, "fingerprint": mark}
    assert closed == ("close", "period", "2026-08", {"state": "open"}, of_first)

    why = "an account was missing"
    reopened = decide("period", "reopen", "2026-08", "--reason", why, "--yes", who="Bo")
    assert reopened[:4] == ("reopen", "period", "2026-08", {"state": "closed"})
    assert reopened[4].pop("fingerprint") not in ("", mark)
    of_again = {"state": "reopened", "version": 1, "lines": 0, "reason": why}
    assert reopened[4] == of_again

    again = decide("period", "close", "2026-08", "--yes", who="Cy")
    assert again[3] == {"state": "reopened"}
    assert (again[4]["state"], again[4]["version"]) == ("closed", 2)

    listed = " ".join(decide.run("audit", "list", "--limit", "3").out.split())
    assert "WHEN (SYDNEY)" in listed
    for moment, who, action, change in (
        ("01 Sep 10:03", "Cy", "close", "state reopened → closed"),
        ("01 Sep 10:02", "Bo", "reopen", "state closed → reopened"),
        ("01 Sep 10:01", "Ana", "close", "state open → closed"),
    ):
        assert f"{moment} {who} {action} period 2026-08 {change}" in listed
