"""
Commands on a real terminal, 80 columns wide.
"""

import re

import pexpect
import pytest
from support.commands import talk


def test_a_sync_on_a_terminal_shows_progress_and_ends_with_a_summary(venue):
    venue("shows", "adopt", "--all")
    screen = talk("sync", env=venue.environment)
    screen.expect(r"tt: ok\. [\d,]+ records, ")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0


def test_ctrl_c_at_a_question_is_130_and_changes_nothing(venue):
    venue("shows", "adopt", "--all")
    screen = talk("accounts", "remove", "tt", env=venue.environment)
    screen.expect("Remove account")
    screen.sendcontrol("c")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 130
    assert "tt" in venue("accounts", "list")


@pytest.mark.thorough
def test_no_line_is_wider_than_the_terminal(venue):
    venue("shows", "adopt", "--all")
    venue("sync", "--quiet")
    for command in (
        *(("financials", "list"), ("status",), ("shows", "list"), ("events", "list")),
        *(("sales", "list"), ("runs", "list"), ("accounts", "list"), ("--help",)),
        *(("financials", "show", "5"), ("financials", "explain", "5")),
        ("financials", "explain", "5", "--figure", "net", "--all"),
        *(("match", "--dry-run"), ("sync", "--help"), ("accounts", "providers")),
    ):
        plain = re.sub(r"\x1b\[[0-9;]*m", "", venue(*command))
        wide = [line for line in plain.splitlines() if len(line.rstrip()) > 80]
        assert wide == [], command


def test_a_question_goes_on_at_a_space(venue):
    """
    The question for a recipe is longer than a line; no word of it is broken.
    """
    screen = talk("accounts", "add", "file", "box", env=venue.environment)
    screen.expect("Type q to leave")
    screen.expect(r"written\s+from\s+a\s+report: ")
    asked = (screen.before + screen.after).splitlines()[1:]
    assert len(asked) > 1
    assert max(map(len, asked)) <= 80
    screen.sendline("q")
    screen.expect(pexpect.EOF)
    screen.close()
