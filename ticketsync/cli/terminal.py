"""
The one place from which commands write to a terminal.

Every line passes `safe()` here, whatever is in it: the title of a listing cannot set
the title of the window, colour what follows or forge a line. Tables are drawn by
`render`, which cleans each cell.

On a terminal a line that is too long goes on at a space. What is piped or redirected is
as long as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from typing import IO, TYPE_CHECKING, Any, cast

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_LINE = 4000  # characters
OUTPUT_CLOSED = 128 + 13  # the exit code, as a shell has it of who ends by SIGPIPE
_BEHIND_QUESTION = ": "
MIN_WIDTH = 30  # columns; narrower terminals are taken to be as wide


def is_terminal(stream: IO[str] | None) -> bool:
    """
    Whether a person watches this stream; nobody does if it was closed before we began.
    """
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False


def has_screen() -> bool:
    """
    Whether somebody types at a terminal and sees there what we draw.
    """
    return is_terminal(sys.stdin) and is_terminal(sys.stdout)


def width(stream: IO[str] | None = None) -> int:
    """
    The columns of the terminal that a stream goes to, by default standard output; 80
    if there is none.
    """
    if "COLUMNS" not in os.environ and stream is not None and is_terminal(stream):
        try:
            return max(MIN_WIDTH, os.get_terminal_size(stream.fileno()).columns)
        except OSError:  # no real terminal
            pass
    return max(MIN_WIDTH, shutil.get_terminal_size((80, 24)).columns)


def cell_width(text: str) -> int:
    """
    The columns that a text takes on a terminal: Chinese, Japanese and Korean letters
    take two.
    """
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def wrapped(
    text: str, columns: int, indent: str = "", *, margin: str | None = None
) -> list[str]:
    """
    The lines of a text, each at most so many columns wide, wrapped at spaces and never
    at the hyphen of an option. A longer word of ASCII stays whole, because it may be an
    address to copy. `margin` begins the lines after the first, by default two spaces
    more than the first has.
    """
    text = indent + text
    if cell_width(text) <= columns:
        return [text]
    if margin is None:
        margin = " " * (len(text) - len(text.lstrip(" ")) + 2)
    lines: list[str] = []
    line = ""
    for space, word in re.findall(r"( *)([^ ]+)", text):
        if line.strip() and cell_width(line + space + word) > columns:
            lines.append(line)
            line, space = margin, ""
        *full, line = _broken(line + space, word, columns, margin)
        lines += full
    return [*lines, line]


def _broken(line: str, word: str, columns: int, margin: str) -> list[str]:
    """
    The line with the word added; in several lines where a word of another script is
    longer than a line.
    """
    if word.isascii() or cell_width(line + word) <= columns:
        return [line + word]
    lines = []
    for letter in word:
        if line.strip() and cell_width(line + letter) > columns:
            lines.append(line)
            line = margin
        line += letter
    return [*lines, line]


def echo(text: str = "", *, err: bool = False, red: bool = False) -> None:
    """
    Write one line on standard output or, with `err`, on standard error. Control
    characters in it, line feeds too, become visible escapes.
    """
    from ticketsync.core.redact import safe

    cleaned = safe(text, longest=LONGEST_LINE)
    stream = sys.stderr if err else sys.stdout
    lines = [cleaned]
    if is_terminal(stream):
        lines = wrapped(cleaned, width(stream))
    for line in lines:
        typer.echo(typer.style(line, fg=typer.colors.RED) if red else line, err=err)


def echo_block(text: str) -> None:
    """
    Write a text of several lines that is ours: a file of the package, a crontab.
    """
    from ticketsync.core.redact import safe_lines

    typer.echo(safe_lines(text), nl=not text.endswith("\n"))


def flush() -> None:
    """
    Write what is left of the output, so that a full disk is noticed.
    """
    if sys.stdout is not None:  # it is closed under some services
        sys.stdout.flush()


def discard() -> None:
    """
    Keep the interpreter from writing what is left of the output when it ends.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def clear_screen() -> None:
    """
    Clear a terminal that watches us.
    """
    typer.echo("\x1b[2J\x1b[H", nl=False)


def prompt(question: str, *, hidden: bool = False, default: str = "") -> str:
    """
    Ask for a text, on standard error. `default` is what the Enter key alone means.
    """
    shown = f"{question} [{default}]" if default else question
    return _ask(shown, hidden=hidden, default=default or None)


def _ask(question: str, *, hidden: bool = False, default: str | None) -> str:
    """
    What is answered to a question, which goes on at a space where it is longer than the
    terminal is wide; the answer stands behind its last line.
    """
    from ticketsync.core.redact import safe

    cleaned = safe(question, longest=LONGEST_LINE)
    lines = [cleaned]
    if is_terminal(sys.stderr):
        lines = wrapped(cleaned, width(sys.stderr) - len(_BEHIND_QUESTION))
    for line in lines[:-1]:
        typer.echo(line, err=True)
    answer: str = typer.prompt(
        lines[-1], hide_input=hidden, default=default, show_default=False, err=True
    )
    return answer


def confirm(question: str, *, default: bool | None = None) -> bool:
    """
    Ask a question that is answered by yes or no, on standard error. `default` is what
    the Enter key alone means; without it an answer has to be typed. What was typed
    before the question was there is no answer to it.
    """
    from ticketsync.cli import typed_ahead

    keys = {None: "y/n", True: "Y/n", False: "y/N"}[default]
    typed_ahead.forget()
    while True:
        answer = _ask(f"{question} [{keys}]", default="")
        word = answer.strip().casefold()
        if word in ("y", "yes", "n", "no"):
            return word.startswith("y")
        if not word and default is not None:
            return default
        echo("Type y for yes or n for no, then Enter.", err=True)


def data_stream() -> IO[str]:
    """
    Standard output for CSV and other files. On a terminal every line is cleaned; what
    is piped or redirected is not changed by a character.
    """
    if is_terminal(sys.stdout):
        return cast(IO[str], _CleanStream(sys.stdout))
    return sys.stdout


def binary_stream() -> IO[bytes]:
    """
    Standard output for a file that is not text.

    Raises: `UsageError` where it is a terminal.
    """
    from ticketsync.core import errors

    if sys.stdout.isatty():
        raise errors.UsageError(
            "This file is not text, and standard output is a terminal.",
            hint="Give a file name with -o.",
        )
    return sys.stdout.buffer


class _CleanStream:
    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        from ticketsync.core.redact import safe_lines

        return self._stream.write(safe_lines(text.replace("\r\n", "\n")))

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def can_draw_lines() -> bool:
    """
    Whether standard output takes the letters that lines are drawn with.
    """
    encoding = getattr(sys.stdout, "encoding", None) or ""
    return encoding.lower().startswith("utf") and os.environ.get("TERM") != "dumb"
