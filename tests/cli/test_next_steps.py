"""
What a command says to do next, and what it asks before.
"""

import pytest
from sqlalchemy import delete
from support import saved_orders
from support.ticket_tailor_account import connect
from typer.testing import CliRunner

from ticketsync.accounts import state
from ticketsync.cli import show_tables, sync
from ticketsync.cli.main import app
from ticketsync.core import errors
from ticketsync.providers import registry
from ticketsync.store import engine
from ticketsync.store.tables.catalogue import show_links
from ticketsync.workflows import schedule


def run(*words):
    return CliRunner().invoke(app, words)


@pytest.fixture
def two_accounts(home, templates):
    """
    A database in `home` with two accounts that no platform has listed anything for.
    """
    place = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = engine.open_database(place)
    for name in ("tt", "box"):
        connect(database, "http://127.0.0.1:9", name)
    yield database
    database.close()


def test_matching_nothing_says_to_fetch_events(two_accounts):
    done = run("match", "--yes")
    assert done.exit_code == 0
    assert "Next: ticketsync events fetch" in done.stderr
    assert "0 linked" not in done.stderr


def next_step():
    done = run("financials", "list")
    assert done.exit_code == 0
    assert done.stdout.startswith("No figures yet.\n")
    return done.stdout.splitlines()[-1]


@pytest.mark.thorough
def test_where_there_are_no_figures_the_step_that_is_missing_is_said(home, templates):
    """
    Whoever has just synced and has no shows is not sent to `sync` again.
    """
    place = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = engine.open_database(place)
    try:
        assert next_step() == "Next: ticketsync accounts add"
        connect(database, "http://127.0.0.1:9", "box")
        assert next_step() == "Next: ticketsync events fetch"
        saved_orders.prepare(database)
        assert next_step() == "Next: ticketsync sync"
        with database.write() as connection:
            connection.execute(delete(show_links))
        assert next_step() == "Next: ticketsync shows adopt --all, or ticketsync match"
    finally:
        database.close()


def test_several_accounts_are_paused_and_resumed_at_once_or_none(two_accounts):
    def states():
        with two_accounts.read() as connection:
            return {a.name: a.state for a in state.list_accounts(connection)}

    refused = run("accounts", "pause", "tt", "nobody")
    assert isinstance(refused.exception, errors.NotFound)
    assert states() == {"tt": "active", "box": "active"}
    assert run("accounts", "pause", "tt", "box", "tt").exit_code == 0
    assert states() == {"tt": "paused", "box": "paused"}
    assert run("accounts", "resume", "box", "tt").exit_code == 0
    assert states() == {"tt": "active", "box": "active"}


def test_without_a_scheduler_the_command_line_is_shown(
    two_accounts, monkeypatch, tmp_path
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(schedule, "installed", lambda *name: {})
    done = run("schedule", "show")
    assert done.exit_code == 0
    assert "sync --due --quiet" in done.stdout


def test_what_the_platform_cannot_do_is_said_before_what_is_missing_here(two_accounts):
    """
    Nothing is said of an address to set where none would help.
    """
    done = run("webhooks", "register", "tt")
    assert "does not let webhooks be registered" in done.exception.message
    assert "webhooks url tt" in done.exception.hint


@pytest.mark.parametrize(
    "name", ["tickettailor", "Ticket Tailor", "ticket-tailor", "TICKET_TAILOR"]
)
def test_a_platform_is_known_in_any_spelling(name):
    assert registry.provider(name).spec.name == "ticket_tailor"


def test_a_mistyped_platform_gets_a_suggestion():
    with pytest.raises(errors.NotFound, match="Did you mean 'humanitix'"):
        registry.provider("humanitx")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["productions", "show", "Late Lauhgs"], "Did you mean 'Late Laughs'?"),
        (["financials", "list", "--production", "late lauhgs"], "'Late Laughs'?"),
        (["productions", "rename", "Late Laugs", "X"], "Did you mean 'Late Laughs'?"),
        (["productions", "show", "Orchid"], "There is no production 'Orchid'."),
        (["venues", "edit", "The Lantern Rom", "--name", "X"], "'The Lantern Room'?"),
    ],
)
def test_a_mistyped_name_of_ours_gets_a_suggestion(home, templates, words, said):
    place = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = engine.open_database(place)
    saved_orders.prepare(database)
    database.close()
    refused = run(*words).exception
    assert isinstance(refused, errors.NotFound)
    assert refused.message.endswith(said)


def test_ctrl_c_in_a_sync_says_that_it_is_safe_to_run_again():
    with pytest.raises(errors.Interrupted) as caught, sync._stop_on_sigterm():
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130
    assert "nothing is counted twice" in caught.value.message
    assert caught.value.hint == "Run the same command to go on."


class _Changed:
    """
    A change of one show at one account.
    """

    def __init__(self, show_id):
        self.either = self
        self.show_id, self.currency = show_id, "AUD"
        self.starts_local, self.production = "2026-11-27 19:30", "Late Laughs"
        self.account, self.tickets, self.sold = "tt", 1, 1
        self.gross = self.refunded = self
        self.minor = 100


@pytest.mark.parametrize(
    ("shows", "said"),
    [
        ([1, 2, 3, 3, 3], "… and 1 more show, in the totals too"),
        ([1, 2, 3, 4, 5, 5], "… and 3 more shows, in the totals too"),
        ([1, 2, 2], "… and 1 more line of these shows, in the totals too"),
    ],
)
def test_what_a_summary_leaves_out_is_counted_in_shows(capsys, shows, said):
    """
    Two lines are printed: of three lines that are left out, all may be of one show.
    """
    show_tables.print_changes([_Changed(show_id) for show_id in shows], most=2)
    assert capsys.readouterr().out.splitlines()[-1] == said


def test_what_comes_next_is_said_only_while_there_is_something_to_link(ready):
    """
    All dates of `ready` are linked: fetching them again leaves nothing to do.
    """
    done = run("events", "fetch")
    assert done.exit_code == 0
    assert "Next:" not in done.stderr
    date = run("events", "list", "--format", "csv").stdout.splitlines()[1].split(",")[3]
    run("unlink", date)
    assert "Next: ticketsync shows adopt --all" in run("events", "fetch").stderr
