"""
A printer, by a command of the venue's own that reads a PDF: `lp -d tickets`.
"""

from __future__ import annotations

import shlex
import subprocess

from ticketsync.core import errors
from ticketsync.core.redact import safe

TIMEOUT_SECONDS = 30


def send(command: str, document: bytes) -> None:
    """
    Give a PDF to a command on its standard input. No shell, and nothing from outside on
    the command line.

    Raises: `ConfigurationError` for a command that cannot be, `ProviderUnavailable`
    (`not-printed`) where it fails.
    """
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise errors.ConfigurationError(
            f"{safe(command, longest=60)!r} is not a command.",
            hint="For example --print-command 'lp -d tickets'.",
        )
    try:
        done = subprocess.run(  # noqa: S603  # the venue's own command, without a shell
            words,
            input=document,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(words[0], type(error).__name__) from None
    if done.returncode:
        raise _failed(words[0], f"exit code {done.returncode}")


def _failed(program: str, reason: str) -> errors.ProviderUnavailable:
    return errors.ProviderUnavailable(
        f"The print command {safe(program)!r} failed ({reason}).",
        hint="It gets the PDF on standard input: try it by hand.",
        word="not-printed",
    )
