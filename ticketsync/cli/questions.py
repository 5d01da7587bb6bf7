"""
Questions that are asked again until the answer is of use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import typer

from ticketsync.cli import context, terminal
from ticketsync.core import near_words

T = TypeVar("T")


def ask_until_valid(
    question: str, flag: str, parse: Callable[[str], T], *, default: str = ""
) -> T:
    """
    What `parse` makes of an answer. What it refuses with a `UsageError` is said, and
    the question asked again.

    Raises: NeedsTerminal, naming the flag to use, if there is no terminal.
    """
    from ticketsync.core import errors

    while True:
        answer = context.ask(question, flag, default=default)
        try:
            return parse(answer)
        except errors.UsageError as error:
            terminal.echo(f"{error.message} {error.hint}".strip(), err=True)


def choose(question: str, flag: str, choices: Sequence[tuple[str, str]]) -> str:
    """
    The value of the choice that a person takes, by its number or its words. `choices`
    are values and what they are called; `q` leaves.

    Raises: typer.Exit where a person leaves, NeedsTerminal, naming the flag to use, if
    there is no terminal.
    """
    for number, (_value, words) in enumerate(choices, start=1):
        for line in _choice_lines(number, words):
            terminal.echo(line, err=True)
    terminal.echo("  q  leave", err=True)

    def parse(answer: str) -> str:
        leave_if_asked(answer)
        return _chosen(answer, choices)

    return ask_until_valid(question, flag, parse)


def _choice_lines(number: int, words: str) -> list[str]:
    """
    The words of a choice behind its number, further lines below its first word.
    """
    margin = " " * 5
    lines = terminal.wrapped(words, terminal.width(sys.stderr) - len(margin))
    return [f"{number:>3}  {lines[0]}", *(margin + line.lstrip() for line in lines[1:])]


def leave_if_asked(answer: str) -> None:
    """
    Raises: typer.Exit where a person answers a question with `q`.
    """
    if answer.strip().casefold() == "q":
        raise typer.Exit


def _chosen(answer: str, choices: Sequence[tuple[str, str]]) -> str:
    from ticketsync.core import errors

    if answer.isdecimal() and 1 <= int(answer) <= len(choices):
        return choices[int(answer) - 1][0]
    wanted = _folded(answer)
    found = {
        value
        for value, words in choices
        if wanted and (_folded(value) == wanted or _folded(words).startswith(wanted))
    }
    if len(found) == 1:
        return found.pop()
    like = near_words.nearest(wanted, [_folded(words) for _, words in choices])
    near = [words for _, words in choices if like and _folded(words) == like]
    raise errors.UsageError(
        "That is not one of these.",  # never repeated: it may be a key
        hint=f"Did you mean {near[0]}?"
        if near
        else f"Type a number, 1 to {len(choices)}.",
    )


def _folded(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
