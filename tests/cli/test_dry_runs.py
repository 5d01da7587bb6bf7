"""
What commands say where nothing was done: a dry run, a list that is cut, a pass that
does not exist.
"""

import sqlite3

import pytest
import typer
from typer.testing import CliRunner

from ticketsync.cli.main import app
from ticketsync.core import errors
from ticketsync.workflows import retention

SHEET = "date_id,decision,show\n1,never,\n"
SEASON = "production,starts_at\nGala,2040-01-01 19:30\n"
CASES = {
    "attendees forget": ("somebody",),
    "privacy erase": ("somebody",),
    "privacy retain": (),
    "match": (),
    "match --from": ("--from", "sheet.csv"),
    "shows import": ("season.csv",),
    "shows adopt": ("--all",),
    "shows edit": ("1", "--reference", "X-1"),
    "shows remove": ("1",),
    "venues edit": ("The Lantern Room", "--name", "The Lamp Room"),
    "venues merge": ("Studio", "The Lantern Room"),
    "venues remove": ("Studio",),
    "productions rename": ("Late Laughs", "Later Laughs"),
    "productions merge": ("Gala of 2040", "Late Laughs"),
    "productions remove": ("Gala of 2040",),
    "accounts set": ("tt", "people=true"),
    "sync": (),
    "accounts confirm": (),
    "period close": ("2000-01",),
    "members import": ("members.csv",),
    "members add": ("M1", "--until", "2099-12-31"),
}
SAYS_SO = ("nothing was changed.", "Nothing was written.", "Nothing has been changed.")


def run(*words):
    return CliRunner().invoke(app, list(words), prog_name="ticketsync")


def dry_commands():
    """
    The names of all commands that have the option.
    """

    def walk(command, path, parent):
        context = typer.Context(command, info_name="x", parent=parent)
        if hasattr(command, "list_commands"):
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                yield from walk(found, [*path, name], context)
        elif any("--dry-run" in option.opts for option in command.params):
            yield " ".join(dict.fromkeys(path))

    return set(walk(typer.main.get_command(app), [], None))


def plant(file):
    with sqlite3.connect(file) as connection:
        connection.execute(
            "UPDATE accounts SET secret_source = 'command', secret_reference = 'true'"
        )
    connection.close()


@pytest.mark.thorough
def test_every_dry_run_says_that_nothing_was_changed(
    ready, home, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(retention, "find_person", lambda *_: [])
    (tmp_path / "sheet.csv").write_text(SHEET)
    (tmp_path / "season.csv").write_text(SEASON)
    (tmp_path / "members.csv").write_text(
        "number,from,until\nM1,2026-01-01,2099-12-31\n"
    )
    zone = ("--timezone", "Australia/Sydney", "--currency", "AUD")
    run("venues", "add", "Studio", *zone)
    run("productions", "add", "Gala of 2040")
    assert {name.removesuffix(" --from") for name in CASES} == dry_commands()
    for name, words in CASES.items():
        if name == "accounts confirm":
            plant(home / "ticketsync.db")
        done = run(*name.removesuffix(" --from").split(), *words, "--dry-run")
        assert any(says in done.stderr for says in SAYS_SO), (name, done.output, done)


@pytest.mark.parametrize("format", ["table", "json"])
def test_a_list_that_is_cut_says_so(ready, format):
    for number in range(3):
        run("productions", "add", f"Piece {number}")
    words = ("audit", "list", "--format", format)
    assert " older entries not listed; --all" in run(*words, "--limit", "2").stderr
    assert run(*words, "--limit", "1000").stderr == ""
    assert run("-q", *words, "--limit", "2").stderr == ""


@pytest.mark.thorough
def test_lists_with_a_limit_all_say_when_they_are_cut(ready):
    for _ in range(2):
        run("sync", "-q")
    for words, key in ((("sales", "list"), "order_id"), (("runs", "list"), "run_id")):
        done = run(*words, "--limit", "1", "--json")
        assert "Only the latest 1 are listed; --limit shows more." in done.stderr
        assert done.stdout.count(f'"{key}"') == 1


def test_revoking_a_pass_that_does_not_exist_is_an_error(ready):
    run("visitors", "invite", "--role", "viewer")
    refused = run("visitors", "revoke", "1", "99").exception
    assert isinstance(refused, errors.NotFound)
    assert refused.message == "There is no pass 99; none was revoked."
    assert run("visitors", "revoke", "1").exit_code == 0
    assert run("visitors", "revoke", "--all").exit_code == 0


@pytest.mark.thorough
def test_status_names_an_unconfirmed_account_once_and_not_after_it_is_confirmed(
    ready, home
):
    run("sync", "-q")
    plant(home / "ticketsync.db")
    failed = run("sync")
    assert "If you set that up, run `ticketsync accounts confirm tt`" in failed.stderr
    assert "`ticketsync accounts remove tt`" in failed.stderr
    assert "--revive" in failed.stderr
    waiting = run("status").stdout
    assert waiting.count("ticketsync accounts confirm tt") == 1
    assert "could not be read" not in waiting
    run("accounts", "confirm", "tt", "--yes")
    shown = run("status").stdout
    assert "accounts confirm" not in shown
    assert "It was confirmed after its last run." in " ".join(shown.split())


def test_a_state_is_shown_with_its_reason(ready):
    run("accounts", "pause", "tt", "--reason", "a holiday")
    assert "paused: a holiday" in run("accounts", "show", "tt").stdout
