"""
With a person at a real terminal, 80 columns wide.
"""

import json
import os
import re
import subprocess
import sys

import pexpect
import pytest

from ticketsync.sandbox import server, world

CLI = [sys.executable, "-m", "ticketsync"]


@pytest.fixture
def venue(home):
    """
    A venue whose own list has two exact dates and two that are 15 minutes off.
    """
    sandbox = server.Sandbox(world.build(orders=60))
    environment = {
        **os.environ,
        "TT_KEY": sandbox.key,
        "TERM": "xterm",
        "COLUMNS": "80",
    }

    def run(*arguments):
        return subprocess.run(
            [*CLI, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            stdin=subprocess.DEVNULL,
        ).stdout

    with server.serving(sandbox) as url:
        run(
            *("init", "--venue", "V", "--timezone", "Australia/Sydney"),
            *("--currency", "AUD", "--no-input"),
        )
        run(
            *("accounts", "add", "ticket_tailor", "tt", "--base-url", url),
            *("--secret-env", "TT_KEY"),
        )
        run("events", "fetch")
        lines = ["production,starts_at"]
        for number, p in enumerate(sandbox.world.performances[:4]):
            moved = p.starts.replace(minute=45) if number > 1 else p.starts
            lines.append(f"{p.work.title},{moved.isoformat()}")
        season = home / "season.csv"
        season.write_text("\n".join(lines) + "\n")
        run("shows", "import", str(season))
        run.environment = environment
        yield run


def talk(venue, *arguments):
    return pexpect.spawn(
        sys.executable,
        ["-m", "ticketsync", *arguments],
        env=venue.environment,
        dimensions=(40, 80),
        encoding="utf-8",
        timeout=20,
    )


def links(venue):
    rows = json.loads(venue("events", "list", "--json"))
    return [row["show_id"] for row in rows if row["show_id"]]


def test_matching_asks_only_what_is_unsure_and_keeps_each_answer(venue):
    screen = talk(venue, "match")
    screen.expect(r"Link the 2 certain pairs\?")
    screen.sendline("y")
    screen.expect(r"1/38")
    screen.expect(r"1  show 3 ")
    screen.expect("15 min earlier")
    screen.sendline("1")
    screen.expect(r"2/38")
    screen.sendline("1")
    screen.expect(r"3/38")
    screen.sendline("q")
    screen.expect(pexpect.EOF)
    screen.close()

    assert screen.exitstatus == 0
    assert links(venue) == [1, 2, 3, 4]


def test_an_answer_can_be_taken_back_and_a_date_refused_for_ever(venue):
    screen = talk(venue, "match")
    screen.expect("certain pairs")
    screen.sendline("y")
    screen.expect("1/38")
    screen.sendline("n")
    screen.expect("2/38")
    screen.sendline("q")
    screen.expect(pexpect.EOF)
    screen.close()
    assert links(venue) == [1, 2]
    left = json.loads(venue("match", "--dry-run", "--json"))["left"]

    undone = json.loads(venue("match", "--undo", "--json"))

    assert left == 37
    assert (undone["links"], undone["refusals"]) == (2, 1)
    assert links(venue) == []


def test_a_sync_on_a_terminal_shows_progress_and_ends_with_a_summary(venue):
    venue("shows", "adopt", "--all")
    screen = talk(venue, "sync")
    screen.expect(r"tt: ok\. [\d,]+ records read")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0


def test_ctrl_c_at_a_question_is_130_and_changes_nothing(venue):
    venue("shows", "adopt", "--all")
    screen = talk(venue, "accounts", "remove", "tt")
    screen.expect("Remove account")
    screen.sendcontrol("c")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 130
    assert "tt" in venue("accounts", "list")


def test_no_line_is_wider_than_the_terminal(venue):
    venue("shows", "adopt", "--all")
    venue("sync", "--quiet")
    for command in (
        *(("financials", "list"), ("status",), ("shows", "list"), ("events", "list")),
        *(("sales", "list"), ("runs", "list"), ("accounts", "list"), ("--help",)),
        *(("financials", "show", "5"), ("financials", "explain", "5")),
        *(("match", "--dry-run"), ("sync", "--help"), ("accounts", "providers")),
    ):
        plain = re.sub(r"\x1b\[[0-9;]*m", "", venue(*command))
        wide = [line for line in plain.splitlines() if len(line.rstrip()) > 80]
        assert wide == [], command
