"""
The lines of `--help`, wrapped at spaces: what has a hyphen stays whole, to be copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import typer.core

_HYPHEN = "\N{NON-BREAKING HYPHEN}"  # stands for each hyphen while lines are made

_Context: Any = typer.core.TyperCommand.context_class


class _Lines(_Context.formatter_class):  # type: ignore[misc]  # untyped, from typer
    def write_text(self, text: str) -> None:
        super().write_text(text.replace("-", _HYPHEN))

    def write_dl(self, rows: Sequence[tuple[str, str]], *sizes: int) -> None:
        whole = [(name, text.replace("-", _HYPHEN)) for name, text in rows]
        super().write_dl(whole, *sizes)

    def write(self, string: str) -> None:
        super().write(string.replace(_HYPHEN, "-"))


class HelpContext(_Context):  # type: ignore[misc]  # untyped, from typer
    """
    The context of every command.
    """

    formatter_class = _Lines

    def fail(self, message: str) -> NoReturn:
        from ticketsync.cli import misplaced_periods

        super().fail(misplaced_periods.with_option(self.command, message))
        raise AssertionError
