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
        shown = [safe(question) for question in questions]
        if len(shown) == 1:
            raise errors.NeedsTerminal(shown[0], hint=hint)
        raise errors.NeedsTerminal(
            f"{len(shown)} names are nearly those of others.",
            hint=hint,
            details=errors.first_of(shown),
        )
    same, new = dict(answers.same), set(answers.new)
    for question in questions:
        if terminal.confirm(str(question)):
            same[question.kind, question.written] = question.known
        else:
            new.add((question.kind, question.written))
    return replace(answers, same=same, new=frozenset(new))
