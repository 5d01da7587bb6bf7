"""
Asking whether names that are nearly known are the known ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketsync.cli import context, terminal
from ticketsync.cli import questions as choices

if TYPE_CHECKING:
    from ticketsync.catalogue.known_names import NameAnswers, NameQuestion
    from ticketsync.core.errors import NeedsTerminal


def ask(
    questions: Sequence[NameQuestion], answers: NameAnswers, *, hint: str
) -> NameAnswers:
    """
    The answers so far with what a person says to these questions.

    Raises: `NeedsTerminal`, with this hint, where nobody can be asked.
    """
    from dataclasses import replace

    if not context.is_terminal():
        raise unanswered(questions, hint)
    same, new = dict(answers.same), set(answers.new)
    for question in questions:
        known = _ask_one(question)
        if known is not None:
            same[question.kind, question.written] = known
        else:
            new.add((question.kind, question.written))
    return replace(answers, same=same, new=frozenset(new))


def unanswered(questions: Sequence[NameQuestion], hint: str) -> NeedsTerminal:
    """
    The error for questions that nobody can be asked, with this hint.
    """
    from ticketsync.core import errors
    from ticketsync.core.redact import safe

    shown = [safe(question) for question in questions]
    if len(shown) == 1:
        return errors.NeedsTerminal(shown[0], hint=hint)
    return errors.NeedsTerminal(
        f"{len(shown)} names may be others that you have.",
        hint=hint,
        details=errors.first_of(shown),
    )


def _ask_one(question: NameQuestion) -> str | None:
    """
    The known name that a person says it is; `None` for a new one.
    """
    from ticketsync.catalogue.known_names import NEW
    from ticketsync.core.redact import safe

    venues = question.rooms_of
    if not venues:
        return question.known if terminal.confirm(str(question)) else None
    unknown = f'You have no venue "{safe(question.written)}".'
    if len(venues) == 1:
        room = f'Is it a room of "{safe(question.known)}" (no: a new venue)?'
        return question.known if terminal.confirm(f"{unknown} {room}") else None
    rooms = [(venue, f"a room of {safe(venue)}") for venue in venues]
    chosen = choices.choose(
        f"{unknown} What is it", "--room", [*rooms, (NEW, "a new venue")]
    )
    return None if chosen == NEW else chosen
