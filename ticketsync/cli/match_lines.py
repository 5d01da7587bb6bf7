"""
What the matching screen prints: the question about the dates of a night, and its
answers beside their keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ticketsync.cli import render, terminal
from ticketsync.cli.key_choice import Choice
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from ticketsync.catalogue.matching_rules.candidates import Match
    from ticketsync.catalogue.matching_rules.questions import AskedDate, Question


def describe(question: Question, left: int) -> None:
    """
    What is asked about: one date, or all dates of a night.
    """
    say("")
    if len(question.dates) > 1:
        _describe_night(question, left)
        return
    occurrence = question.items[0].occurrence
    venue = f", at {safe(occurrence.venue)}" if occurrence.venue else ""
    seats = f", {occurrence.capacity:,} seats" if occurrence.capacity else ""
    say(
        f"{left:,} open · {render.day(occurrence.starts_local)}  "
        f"{safe(question.dates[0].title)} ({safe(occurrence.account)}{venue}{seats})"
    )
    say(f"   {safe(question.items[0].why)}")


def _describe_night(question: Question, left: int) -> None:
    number = len(question.dates)
    show = question.show
    if show is not None:
        seats = f", {show.capacity:,} seats" if show.capacity else ""
        say(
            f"{left:,} open · {render.day(show.starts_local)}  {safe(show.production)} "
            f"#{show.show_id}{seats}: {number:,} dates to match"
        )
        return
    first = question.items[0].occurrence
    accounts = ", ".join(date.first.occurrence.account for date in question.dates)
    say(
        f"{left:,} open · {render.day(first.starts_local)}  {safe(first.event)} "
        f"({safe(accounts)}): {number:,} dates to match"
    )
    say(f"   {safe(question.items[0].why)}")


def ticks(dates: Sequence[AskedDate], ticked: set[int]) -> list[Choice]:
    """
    A box for each date; `ticked` are their places in the list.
    """
    choices = []
    for number, date in enumerate(dates, start=1):
        occurrence, match = date.first.occurrence, date.first.candidates[0]
        box = "[x]" if number - 1 in ticked else "[ ]"
        choices.append(
            Choice(
                str(number),
                f"{box} {safe(occurrence.account)}: {safe(date.title)}, "
                f"{render.day(occurrence.starts_local)}: {safe(match.reason())}",
            )
        )
    return choices


def numbered(candidates: Sequence[Match]) -> list[Choice]:
    return [
        Choice(str(number), as_line(candidate))
        for number, candidate in enumerate(candidates, start=1)
    ]


def as_line(match: Match) -> str:
    show = match.show
    return (
        f"{render.day(show.starts_local)}  {safe(show.production)}"
        f" #{show.show_id}: {safe(match.reason())}"
    )


def other_answers(number: int, ticked: int = 0) -> list[Choice]:
    """
    What else can be done with these dates, or with those of them that are ticked.
    """
    from ticketsync.workflows.matching import match_words

    which = f"the {ticked} ticked" if ticked else "it" if number == 1 else "them"
    none = f"{match_words.NOT_OURS}: {which}" if ticked else match_words.NONE_OURS
    return [
        Choice("f", f"Find {which} among all your shows"),
        Choice("m", f"Create a new show from {which}"),
        Choice("s", f"Skip {'it' if number == 1 else 'them'} for now"),
        Choice("n", match_words.NOT_OURS if number == 1 else none),
    ]


def say(text: str) -> None:
    for line in render.wrapped(text, margin="   "):
        terminal.echo(line, err=True)
