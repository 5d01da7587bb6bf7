"""
A platform whose titles hold escape sequences, line breaks and overrides of the
direction of text: none of them reaches a terminal, whatever the command.
"""

import re

import pexpect
import pytest
from support import commands

from ticketsync.cli import terminal
from ticketsync.store import engine
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    occurrences,
    productions,
    ticket_types,
    venues,
)

EVIL = "\x1b]0;owned\x07\x1b[31mGala\r\nticketsync: forged: line\u202e\u200b\x9b\u2028"
_RAW = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
COMMANDS = (
    *(("status",), ("accounts", "list"), ("venues", "list"), ("productions", "list")),
    *(("events", "list"), ("events", "prices"), ("shows", "list"), ("runs", "list")),
    *(("shows", "show", "5"), ("financials", "list"), ("financials", "show", "5")),
    *(("financials", "explain", "5"), ("sales", "list"), ("report", "daily")),
    *(("report", "sales"), ("report", "promo"), ("checkin", "count", "5")),
    *(("attendees", "list", "5"), ("match", "--dry-run"), ("waiting", "list")),
    *(("sync", "--full"), ("events", "fetch"), ("link", "set", "5", "--no-sales")),
    *(("shows", "exclude", "6"), ("shows", "include", "6"), ("unlink", "7")),
    *(("link", "7", "7"), ("audit", "list"), ("db", "check"), ("accounts", "show")),
    *(("shows", "edit", "5", "--name", "x"), ("doctor",), ("privacy", "retain")),
    *(("productions", "show", "1"), ("webhooks", "status"), ("financials", "rebuild")),
    *(("shows", "list", "--format", "csv", "--account", EVIL.replace("\0", "")),),
)


@pytest.fixture
def hostile(venue, home):
    """
    The venue with the hostile text in every title, place and name.
    """
    venue("shows", "adopt", "--all")
    venue("sync", "--quiet")
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        for table, name in (
            (productions, "title"),
            (venues, "name"),
            (occurrences, "name"),
            (occurrences, "venue"),
            (ticket_types, "name"),
        ):
            column = table.c[name]
            connection.execute(table.update().values({name: EVIL + column}))
        connection.execute(accounts.update().values(identity_name=EVIL))
    database.close()
    return venue


@pytest.mark.thorough
def test_no_command_writes_a_control_character(hostile):
    seen = 0
    for words in COMMANDS:
        done = commands.run(*words, env=hostile.environment)
        written = done.stdout + done.stderr
        if words[-2:-1] == ("--account",):
            written = done.stderr
        seen += "\\x1b]0;owned" in written
        assert not _RAW.search(written), (words, written)
        assert "\nticketsync: forged" not in written, words
        assert done.returncode in (0, 2, 3, 7, 10), (words, written)
    assert seen > 15  # many of them show it, made visible


@pytest.mark.thorough
def test_csv_is_clean_on_a_terminal_and_unchanged_in_a_pipe(hostile):
    export = ("export", "financials", "--raw")
    piped = commands.run(*export, env=hostile.environment).stdout
    assert "\x1b]0;owned\x07" in piped
    screen = commands.talk(*export, env=hostile.environment)
    screen.expect(pexpect.EOF)
    shown = screen.before
    screen.close()
    assert "\\x1b]0;owned\\x07" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert shown.count("\r\n") == piped.count("\n")


@pytest.mark.parametrize("err", [False, True])
def test_every_line_is_cleaned_where_it_is_written(capsys, err):
    terminal.echo(EVIL, err=err)
    written = capsys.readouterr()[err]
    assert written.endswith("\n")
    assert not _RAW.search(written.replace("\n", "", 1))
    assert written.count("\n") == 1


def test_control_without_the_cleaning_it_reaches_the_terminal(capsys, monkeypatch):
    monkeypatch.setattr("ticketsync.core.redact.safe", lambda text, **_: text)
    terminal.echo(EVIL)
    assert "\x1b]0;owned" in capsys.readouterr().out
