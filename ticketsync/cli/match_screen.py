"""
The matching screen: certain pairs in one key, then one question for each open date.

Every answer is saved as it is given, and the plan is made anew after it: the first date
of a series says what the whole series is, so most of the others answer themselves.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from ticketsync.cli import render
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from ticketsync.catalogue.candidates import Match, OccurrenceCandidate
    from ticketsync.catalogue.matching import MatchPlan, Unsure
    from ticketsync.workflows.match import MatchSession

SHOWN = 6  # candidates offered for one date
FOUND = 10  # shows that a search offers


@dataclass(slots=True)
class Screen:
    """
    Where a person is: what they passed over, and the steps that `back` walks.
    """

    match_session: MatchSession
    production: str | None
    skipped: list[int] = field(default_factory=list)
    by_hand: set[int] = field(default_factory=set)
    steps: list[str] = field(default_factory=list)
    remarked: set[str] = field(default_factory=set)


def run_interactive(match_session: MatchSession, production: str | None) -> int:
    """
    Ask until nothing is open or the person leaves; returns how many dates are left.
    """
    screen = Screen(match_session, production)
    while True:
        plan = match_session.plan(production)
        _remark(screen, plan)
        sure = [
            match
            for match in plan.certain
            if match.occurrence.occurrence_id not in screen.by_hand
        ]
        if sure:
            _confirm_certain(screen, plan, sure)
            continue
        open_ = _open(screen, plan)
        if not open_ or not _ask_about(screen, open_[0], len(open_)):
            return len(plan.certain) + len(plan.unsure)


def _remark(screen: Screen, plan: MatchPlan) -> None:
    """
    What the whole list suggests, a wrong time zone for instance; each once.
    """
    for remark in plan.remarks:
        if remark not in screen.remarked:
            screen.remarked.add(remark)
            _say(safe(remark))
    unmatched = len(plan.unmatched_shows)
    if unmatched and "unmatched shows" not in screen.remarked:
        screen.remarked.add("unmatched shows")
        what = "1 show is" if unmatched == 1 else f"{unmatched} shows are"
        _say(f"{what} sold by no platform: ticketsync match --dry-run")


def print_plan(plan: MatchPlan) -> None:
    """
    The plan in a table: what is certain, then what waits for a person, and remarks.
    """
    rows = [
        {
            "mark": "+",
            **_their_date(pair.occurrence),
            "ours": f"{pair.show.show_id} {pair.show.production}",
            "why": pair.reason(),
        }
        for pair in plan.certain
    ] + [
        {
            "mark": "?",
            **_their_date(item.occurrence),
            "ours": " / ".join(str(c.show.show_id) for c in item.candidates[:3]),
            "why": item.why,
        }
        for item in plan.unsure
    ]
    columns = [
        render.Column("mark", ""),
        render.Column("when", "THEIR DATE", rigid=True),
        render.Column("account", "ON", most=12),
        render.Column("title", "TITLE", most=20),
        render.Column("ours", "YOUR SHOW", most=20),
        render.Column("why", "WHY", most=60),
    ]
    if rows:
        render.table(rows, columns)
    _print_unmatched_shows(plan)
    for remark in plan.remarks:
        for line in textwrap.wrap(safe(remark), render.width()):
            typer.echo(line)


def _print_unmatched_shows(plan: MatchPlan) -> None:
    rows = [
        {
            "when": render.day(show.starts_local),
            "show": f"{show.show_id} {show.production}",
            "venue": show.venue,
        }
        for show in plan.unmatched_shows
    ]
    if rows:
        typer.echo("Shows that no platform sells:")
        render.table(
            rows,
            [
                render.Column("when", "YOUR DATE", rigid=True),
                render.Column("show", "YOUR SHOW"),
                render.Column("venue", "VENUE"),
            ],
        )


def _their_date(date: OccurrenceCandidate) -> dict[str, Any]:
    return {
        "when": render.day(date.starts_local),
        "account": date.account,
        "title": date.event,
    }


def _open(screen: Screen, plan: MatchPlan) -> list[Unsure]:
    """
    The dates that are still to be asked about, those taken out of the certain too.
    """
    from ticketsync.catalogue.matching import Unsure

    taken_out = [
        Unsure(match.occurrence, (match,), "you wanted to look at it")
        for match in plan.certain
    ]
    return [
        item
        for item in [*taken_out, *plan.unsure]
        if item.occurrence.occurrence_id not in screen.skipped
    ]


def _confirm_certain(screen: Screen, plan: MatchPlan, sure: list[Match]) -> None:
    from dataclasses import replace

    only_certain = replace(
        plan, certain=tuple(sure), unsure=(), remarks=(), unmatched_shows=()
    )
    print_plan(only_certain)
    what = "the certain pair" if len(sure) == 1 else f"the {len(sure)} certain pairs"
    if _yes(f"Link {what}?"):
        screen.match_session.accept(sure)
        screen.steps.append("decided")
    else:
        screen.by_hand |= {match.occurrence.occurrence_id for match in sure}


def _ask_about(screen: Screen, item: Unsure, left: int) -> bool:
    """
    One question; answers whether to go on.
    """
    match_session, date = screen.match_session, item.occurrence
    _describe(item, left)
    candidates = list(item.candidates) or match_session.distant_candidates(date)
    answer = _choose(candidates[:SHOWN], has_past=bool(screen.steps))
    if answer == "quit":
        return False
    if answer == "skip":
        screen.skipped.append(date.occurrence_id)
        screen.steps.append("skipped")
    elif answer == "back":
        _step_back(screen)
    elif answer == "undo":
        _take_back(screen)
    elif answer == "never":
        match_session.never(date.occurrence_id)
        screen.steps.append("decided")
    elif answer == "new":
        title = _text("Its production:", date.production or date.event)
        if title:
            number = match_session.new_show(date.occurrence_id, title)
            _say(f"   Show {number} is new.")
            screen.steps.append("decided")
    elif answer == "search":
        found = _search(screen)
        if found is not None:
            match_session.choose(date.occurrence_id, found)
            screen.steps.append("decided")
    else:
        match_session.accept([answer])
        screen.steps.append("decided")
    return True


def _step_back(screen: Screen) -> None:
    """
    To the question before this one, whatever was answered there.
    """
    if not screen.steps:
        return
    if screen.steps.pop() == "skipped":
        screen.skipped.pop()
    else:
        screen.by_hand |= set(screen.match_session.take_back())


def _take_back(screen: Screen) -> None:
    """
    Undo the last decision; what was passed over stays so.
    """
    dates = screen.match_session.take_back()
    if dates:
        last = len(screen.steps) - 1 - screen.steps[::-1].index("decided")
        del screen.steps[last]
        screen.by_hand |= set(dates)
    _say(
        f"   Taken back: {len(dates)} of your answers."
        if dates
        else "   There is nothing to take back."
    )


def _describe(item: Unsure, left: int) -> None:
    date = item.occurrence
    where = f", at {safe(date.venue)}" if date.venue else ""
    seats = f", {date.capacity} seats" if date.capacity else ""
    _say("")
    _say(
        f"{left} open · {render.day(date.starts_local)}  {safe(date.event)} "
        f"({safe(date.account)}{where}{seats})"
    )
    _say(f"   {safe(item.why)}")


def _choose(candidates: list[Match], *, has_past: bool) -> Any:
    """
    A candidate, or one of the words that are no candidate.
    """
    import questionary

    room = render.width() - 8
    choices = []
    for place, candidate in enumerate(candidates, start=1):
        show = candidate.show
        text = (
            f"{render.day(show.starts_local)}  {safe(show.production)}"
            f" #{show.show_id}: {safe(candidate.reason())}"
        )
        choices.append(
            questionary.Choice(
                textwrap.shorten(text, room, placeholder=" …"),
                value=candidate,
                shortcut_key=str(place),
                description=safe(candidate.reason()),
            )
        )
    words = [
        ("f", "search", "find it among all your shows"),
        ("m", "new", "make a new show of it"),
        ("s", "skip", "skip it for now"),
        ("n", "never", "never: this date is no show of yours"),
        *([("b", "back", "back to the question before")] if has_past else []),
        *([("u", "undo", "undo the last answer")] if has_past else []),
        ("q", "quit", "quit and keep what you answered"),
    ]
    choices += [
        questionary.Choice(text, value=word, shortcut_key=key)
        for key, word, text in words
    ]
    return questionary.select(
        "Which show is it?",
        choices=choices,
        use_shortcuts=True,
        instruction="(key or arrows and Enter)",
        qmark="?",
        **_on_stderr(),
    ).unsafe_ask()


def _search(screen: Screen) -> int | None:
    """
    Find a show by what one remembers of it; `None` if the person thinks better of it.
    """
    import questionary
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.document import Document

    labels = {
        f"#{show.id} {render.day(show.starts_local)} {safe(show.production)} "
        f"({safe(show.venue)})": show.id
        for show in screen.match_session.shows()
    }

    class Near(Completer):
        def get_completions(
            self, document: Document, complete_event: Any
        ) -> Iterator[Completion]:
            for label in near(document.text, list(labels)):
                yield Completion(label, start_position=-len(document.text))

    def checked(text: str) -> bool | str:
        return not text or text in labels or "Choose one with the arrow keys."

    found = questionary.autocomplete(
        "Show (empty to go back):",
        choices=list(labels),
        completer=Near(),
        validate=checked,
        **_on_stderr(),
    ).unsafe_ask()
    return labels.get(found)


def near(text: str, labels: list[str]) -> list[str]:
    """
    The labels that fit what was typed, the best first; slips of the finger are allowed.
    """
    from rapidfuzz import fuzz

    words = text.lower().split()

    def fit(label: str) -> float:
        return min(fuzz.partial_ratio(word, label.lower()) for word in words)

    if not words:
        return labels[:FOUND]
    fits = sorted(((fit(label), label) for label in labels), key=lambda it: -it[0])
    return [label for score, label in fits[:FOUND] if score >= 70]


def _yes(question: str) -> bool:
    import questionary

    return bool(
        questionary.confirm(question, auto_enter=True, **_on_stderr()).unsafe_ask()
    )


def _text(question: str, default: str) -> str:
    import questionary

    answer = questionary.text(question, default=default, **_on_stderr()).unsafe_ask()
    return str(answer).strip()


def _on_stderr() -> dict[str, Any]:
    """
    Talk belongs on standard error; plain colours, because they are never the only sign.
    """
    from prompt_toolkit.output import create_output

    return {"output": create_output(stdout=sys.stderr)}


def _say(text: str) -> None:
    width = render.width()
    for line in textwrap.wrap(text, width, subsequent_indent="   ") or [""]:
        typer.echo(line, err=True)
