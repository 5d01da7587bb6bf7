"""
Keys that were pressed before a question was on the screen answer nothing, and Ctrl-C at
a slow start is not a traceback. On real terminals.
"""

import array
import fcntl
import os
import pty
import select
import subprocess
import sys
import termios

import pexpect
import pytest
from pexpect import fdpexpect
from support.commands import talk

from ticketsync.cli import terminal, typed_ahead


@pytest.fixture
def typed():
    """
    A terminal at which something was typed before anybody asked; gives what reads it.
    """
    ours, theirs = pty.openpty()
    os.write(ours, b"y\n")
    with os.fdopen(theirs, "r", closefd=False) as stream:
        yield ours, stream
    os.close(ours)
    os.close(theirs)


def waits(handle):
    """
    How many bytes wait to be read at a terminal.
    """
    found = array.array("i", [0])
    fcntl.ioctl(handle, termios.FIONREAD, found)
    return found[0]


def test_what_was_typed_ahead_is_forgotten(typed, monkeypatch):
    _, stream = typed
    select.select([stream], [], [], 30)  # the system hands it over a moment later
    assert waits(stream.fileno()) == 2  # the control: it would be read
    monkeypatch.setattr(sys, "stdin", stream)
    typed_ahead.forget()
    assert waits(stream.fileno()) == 0


def test_what_is_piped_is_kept():
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "from ticketsync.cli import typed_ahead\n"
            "typed_ahead.forget()\nprint(input())",
        ],
        input="kept\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "kept\n"


def hasty_command(words, keys, environment):
    """
    A command on a terminal at which these keys were pressed before it had started.
    """
    ours, theirs = pty.openpty()
    os.write(ours, keys)
    process = subprocess.Popen(
        [sys.executable, "-m", "ticketsync", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    return process, fdpexpect.fdspawn(ours, encoding="utf-8", timeout=20)


def ended(process, screen):
    """
    The exit code, once all that was said is read.
    """
    screen.expect(pexpect.EOF)
    screen.close()
    return process.wait(20)


@pytest.mark.parametrize("keys", [b"y\n", b"y\r", b"yyyy\n\n"])
@pytest.mark.thorough
def test_a_question_is_not_answered_by_what_was_typed_before_it(venue, keys):
    process, screen = hasty_command(
        ("accounts", "remove", "tt"), keys, venue.environment
    )
    screen.expect(r"Remove account.*\[y/n\]")
    with pytest.raises(pexpect.TIMEOUT):  # it still waits
        screen.expect("removed|retired|Nothing", timeout=0.5)
    screen.send("n\n")
    ended(process, screen)
    assert "tt" in venue("accounts", "list")


@pytest.mark.parametrize("keys", [b"y", b"yn1q"])
@pytest.mark.thorough
def test_the_matching_screen_is_not_answered_by_it(venue, keys):
    process, screen = hasty_command(("match",), keys, venue.environment)
    screen.expect(r"Link the 2 certain pairs\?")
    with pytest.raises(pexpect.TIMEOUT):
        screen.expect("38 open", timeout=0.5)
    screen.send("y")
    screen.expect("38 open")
    screen.expect("Quit and keep your answers")
    screen.send("\x03")
    assert ended(process, screen) == 130


def test_an_answer_that_is_neither_yes_nor_no_is_asked_for_again(venue):
    screen = talk("accounts", "remove", "tt", env=venue.environment)
    screen.expect(r"Remove account.*\[y/n\]")
    screen.send("perhaps\r")
    screen.expect("Type y for yes or n for no, then Enter")
    screen.expect(r"Remove account.*\[y/n\]")
    screen.send("n\r")
    screen.expect(pexpect.EOF)
    assert "invalid input" not in screen.before
    screen.close()


@pytest.mark.parametrize(
    ("default", "typed_", "answer"),
    [(True, "", True), (False, "", False), (None, "Yes", True), (True, "N", False)],
)
def test_the_enter_key_alone_means_the_default(monkeypatch, default, typed_, answer):
    monkeypatch.setattr(terminal.typer, "prompt", lambda *a, **k: typed_)
    assert terminal.confirm("Well?", default=default) is answer


INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where it is ignored
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "ticketsync.cli.main":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Slow())
sys.argv = ["ticketsync", "match"]
from ticketsync.__main__ import main
main()
"""


def test_ctrl_c_at_a_slow_start_is_130_without_a_traceback():
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "ticketsync: interrupted: Nothing was done yet.\n"
