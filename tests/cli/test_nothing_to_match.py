"""
`match` where there is nothing to ask: it says so, also without a terminal.
"""

import sqlite3

import pytest
from support.commands import run
from support.undated import take_date_away

from ticketsync.store import engine
from ticketsync.store.tables.catalogue import show_links


def test_without_dates_match_says_how_to_fetch_them(home):
    run("init", "--venue", "The Room", "--timezone", "Sydney", "--currency", "AUD")

    done = run("match")

    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "No dates of platforms are known yet.",
        "Next: ticketsync events fetch",
    ]


def test_without_dates_there_is_nothing_to_adopt(home):
    run("init", "--venue", "The Room", "--timezone", "Sydney", "--currency", "AUD")

    done = run("shows", "adopt", "--all")

    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "0 shows added, 0 occurrences linked.",
        "No dates of platforms are known yet.",
        "Next: ticketsync events fetch",
    ]


@pytest.mark.parametrize("words", [["--yes"], ["--dry-run"]])
def test_without_shows_match_says_how_they_are_made(ready, home, words):
    with sqlite3.connect(home / "ticketsync.db") as connection:  # foreign keys are off
        for table in ("show_links", "shows"):
            connection.execute(f"DELETE FROM {table}")
    connection.close()

    done = run("match", *words)

    assert done.returncode == 0, done.stderr
    first, _, _, *dates = done.stdout.splitlines()
    assert first == "40 dates belong to no show: 40 on tt."
    assert len(dates) == 6
    assert dates[-1] == "… and 35 more: ticketsync events list --unlinked"
    assert done.stderr.splitlines()[-2:] == [
        "You have no shows yet that these dates could belong to.",
        "Next: ticketsync shows adopt --all, or shows import FILE",
    ]


def test_where_every_date_is_linked_match_asks_nothing(ready):
    done = run("match")

    assert done.returncode == 0, done.stderr
    assert done.stderr == "Every date is linked to a show.\n"


def test_orders_of_what_has_no_date_are_named_where_nothing_is_left(ready, home):
    """
    Drinks are not matched; by hand they can still be linked, or refused.
    """
    assert run("sync").returncode == 0
    database = engine.open_database(str(home / "ticketsync.db"))
    take_date_away(database)
    database.close()

    done = run("match")

    assert done.returncode == 0, done.stderr
    said = " ".join(done.stderr.split())
    assert said.startswith("Matching has no question left, but ")
    assert (
        "to 1 date that is linked to no show: it does not ask about a date that has no "
        "day or is no longer listed. Next: ticketsync events list" in said
    )


def test_what_is_left_to_decide_needs_a_terminal(ready, home):
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        connection.execute(show_links.delete())
    database.close()

    done = run("match")

    assert done.returncode == 2
    assert "needs-tty" in done.stderr
    assert "--yes" in done.stderr


@pytest.mark.parametrize("words", [["--yes"], ["--dry-run"]])
def test_where_all_shows_are_excluded_match_says_so(ready, home, words):
    with sqlite3.connect(home / "ticketsync.db") as connection:
        connection.execute("DELETE FROM show_links")
        connection.execute("UPDATE shows SET is_excluded = 1")
    connection.close()

    done = run("match", *words)

    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-2:] == [
        "All of your shows are excluded, and dates belong to none of them.",
        "Next: ticketsync shows include SHOW, or shows import FILE",
    ]
