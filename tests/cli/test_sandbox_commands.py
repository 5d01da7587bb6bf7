"""
What `sandbox serve` says to do in another terminal, done.
"""

import shlex

import pytest
from support import five_platforms
from typer.testing import CliRunner

from ticketsync.cli import sandbox as sandbox_commands
from ticketsync.cli import terminal
from ticketsync.cli.main import app


@pytest.fixture
def said(frozen, monkeypatch, capsys):
    """
    The lines of commands, as a terminal of 80 columns gets them.
    """
    with five_platforms.playing(monkeypatch) as sandbox:
        url = sandbox.url(sandbox.address, "ticket_tailor")
        with monkeypatch.context() as at_a_terminal:
            at_a_terminal.setattr(terminal, "is_terminal", lambda stream: True)
            at_a_terminal.setattr(terminal, "width", lambda stream: 80)
            sandbox_commands.print_commands(sandbox, url)
        lines = capsys.readouterr().out.splitlines()
        yield [line.strip() for line in lines if line.startswith("  ")]


def test_every_line_that_is_said_connects_a_platform(said, home, monkeypatch):
    """
    A line that was broken at 80 columns is two commands when it is pasted.
    """
    started = ["init", "--venue", "The Lantern Room", "--timezone", "Australia/Sydney"]
    CliRunner().invoke(app, [*started, "--currency", "AUD", "--no-input"])
    connected = []
    for line in said:
        words = shlex.split(line)
        if words[0] == "export":
            monkeypatch.setenv(*words[1].split("=", 1))
            continue
        done = CliRunner().invoke(app, words[1:])
        assert (words[0], done.exit_code) == ("ticketsync", 0), (line, done.exception)
        connected.append(words[4])
    assert connected == ["tt", "eb", "hx", "site", "bar"]
