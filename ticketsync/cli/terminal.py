"""
The one place from which commands write to a terminal.

Every line passes `safe()` here, whatever is in it: the title of a listing cannot set
the title of the window, colour what follows or forge a line. Tables are drawn by
`render`, which cleans each cell.
"""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any, cast

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_LINE = 4000  # characters


def echo(text: str = "", *, err: bool = False, red: bool = False) -> None:
    """
    Write one line on standard output or, with `err`, on standard error. Control
    characters in it, line feeds too, become visible escapes.
    """
    from ticketsync.core.redact import safe

    line = safe(text, longest=LONGEST_LINE)
    typer.echo(typer.style(line, fg=typer.colors.RED) if red else line, err=err)


def echo_block(text: str, *, err: bool = False) -> None:
    """
    Write a text of several lines that is ours: a file of the package, a crontab.
    """
    from ticketsync.core.redact import safe_lines

    typer.echo(safe_lines(text), err=err, nl=not text.endswith("\n"))


def clear_screen() -> None:
    """
    Clear a terminal that watches us.
    """
    typer.echo("\x1b[2J\x1b[H", nl=False)


def prompt(question: str, *, hidden: bool = False, default: str = "") -> str:
    """
    Ask for a text, on standard error.
    """
    from ticketsync.core.redact import safe

    answer: str = typer.prompt(
        safe(question), hide_input=hidden, default=default or None, err=True
    )
    return answer


def confirm(question: str, *, default: bool | None = None) -> bool:
    """
    Ask a question that is answered by yes or no, on standard error. `default` is what
    the Enter key alone means; without it an answer has to be typed.
    """
    from ticketsync.core.redact import safe

    return typer.confirm(safe(question), default=default, err=True)


def data_stream() -> IO[str]:
    """
    Standard output for CSV and other files. On a terminal every line is cleaned; what
    is piped or redirected is not changed by a character.
    """
    if sys.stdout.isatty():
        return cast(IO[str], _CleanStream(sys.stdout))
    return sys.stdout


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
