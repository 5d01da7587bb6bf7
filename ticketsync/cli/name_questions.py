"""
Asking whether names that are nearly known are the known ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketsync.cli import context, terminal

if TYPE_CHECKING:
    from ticketsync.catalogue.known_names import NameAnswers, NameQuestion


def ask(
    questions: Sequence[NameQuestion], answers: NameAnswers, *, hint: str
) -> NameAnswers:
    """
    The answers so far with what a person says to these questions.

    Raises: `NeedsTerminal`, with this hint, where nobody can be asked.
    """
    from dataclasses import replace

    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    if not context.is_terminal():
        shown = "; ".join(safe(question) for question in questions[:5])
        more = len(questions) - 5
        raise errors.NeedsTerminal(
            f"{shown}{f'; and {more} more' if more > 0 else ''}", hint=hint
        )
    same, new = dict(answers.same), set(answers.new)
    for question in questions:
        if terminal.confirm(str(question)):
            same[question.kind, question.written] = question.known
        else:
            new.add((question.kind, question.written))
    return replace(answers, same=same, new=frozenset(new))
