"""
Commands on a real terminal, 80 columns wide.
"""

import signal
import sys

import pexpect

CLI = [sys.executable, "-m", "ticketsync"]


def as_from_a_shell():
    """
    A test suite in the background ignores Ctrl-C; a command in a shell does not.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def talk(venue, *arguments):
    """
    Start a command on a terminal of its own.
    """
    return pexpect.spawn(
        sys.executable,
        ["-m", "ticketsync", *arguments],
        env={**venue.environment, "PROMPT_TOOLKIT_NO_CPR": "1"},
        dimensions=(40, 80),
        encoding="utf-8",
        timeout=20,
        preexec_fn=as_from_a_shell,
    )
