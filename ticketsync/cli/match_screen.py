"""
The matching screen: confirm the certain pairs with one key, then answer one question
for each unmatched occurrence.

Every answer is saved at once, and the plan is then computed again: the first occurrence
of a series identifies the whole series, so most of the others become certain.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ticketsync.cli import render, terminal
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from ticketsync.catalogue.candidates import Match, OccurrenceCandidate
    from ticketsync.catalogue.matching import MatchPlan, Unsure
    from ticketsync.workflows.match import MatchSession

MAX_CANDIDATES = 6  # offered for one occurrence
MAX_FOUND = 10  # shows that a search offers


@dataclass(slots=True)
class Screen:
    """
    The state of the dialogue: what was skipped, and the steps that `back` retraces.
    """

    match_session: MatchSession
    production: str | None
    skipped: list[int] = field(default_factory=list)
    not_automatic: set[int] = field(default_factory=set)
    steps: list[str] = field(default_factory=list)
    printed_remarks: set[str] = field(default_factory=set)


def run_interactive(match_session: MatchSession, production: str | None) -> int:
    """
    Ask until everything is decided or the user quits; returns how many occurrences are
    left.
    """
    screen = Screen(match_session, production)
    while True:
        plan = match_session.plan(production)
        _print_remarks(screen, plan)
        certain = [
            match
            for match in plan.certain
            if match.occurrence.occurrence_id not in screen.not_automatic
        ]
        if certain:
            _confirm_certain(screen, plan, certain)
            continue
        undecided = _undecided(screen, plan)
        if not undecided or not _ask_about(screen, undecided[0], len(undecided)):
            return len(plan.certain) + len(plan.unsure)


def _print_remarks(screen: Screen, plan: MatchPlan) -> None:
    """
    Print remarks about the whole list (for instance a wrong time zone), each once.
    """
    for remark in plan.remarks:
        if remark not in screen.printed_remarks:
            screen.printed_remarks.add(remark)
            _say(safe(remark))
    unmatched = len(plan.unmatched_shows)
    if unmatched and "unmatched shows" not in screen.printed_remarks:
        screen.printed_remarks.add("unmatched shows")
        number = "1 show is" if unmatched == 1 else f"{unmatched} shows are"
        _say(f"{number} not on sale on any platform: ticketsync match --dry-run")


_COLUMNS = (
    render.Column("mark", ""),
    render.Column("when", "OCCURRENCE", rigid=True),
    render.Column("account", "ON", most=12),
    render.Column("title", "TITLE", most=20, wraps=True),
    render.Column("ours", "YOUR SHOW", most=20),
    render.Column("why", "WHY", most=60),
)


def print_plan(plan: MatchPlan) -> None:
    """
    Print the plan as a table: certain pairs, undecided occurrences, then remarks.
    """
    rows = [
        {
            "mark": "+",
            **_occurrence_cells(pair.occurrence),
            "ours": f"{pair.show.show_id} {pair.show.production}",
            "why": pair.reason(),
        }
        for pair in plan.certain
    ] + [
        {
            "mark": "?",
            **_occurrence_cells(item.occurrence),
            "ours": " / ".join(str(c.show.show_id) for c in item.candidates[:3]),
            "why": item.why,
        }
        for item in plan.unsure
    ]
    if rows:
        render.table(rows, _COLUMNS)
    _print_unmatched_shows(plan)
    for remark in plan.remarks:
        for line in textwrap.wrap(safe(remark), render.width()):
            terminal.echo(line)


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
        terminal.echo("Shows that are not on sale on any platform:")
        render.table(
            rows,
            [
                render.Column("when", "WHEN", rigid=True),
                render.Column("show", "YOUR SHOW"),
                render.Column("venue", "VENUE"),
            ],
        )


def _occurrence_cells(occurrence: OccurrenceCandidate) -> dict[str, Any]:
    return {
        "when": render.day(occurrence.starts_local),
        "account": occurrence.account,
        "title": occurrence.title,
    }


def _undecided(screen: Screen, plan: MatchPlan) -> list[Unsure]:
    """
    The occurrences still to ask about, including certain pairs that the user rejected.
    """
    from ticketsync.catalogue.matching import Unsure

    rejected = [
        Unsure(match.occurrence, (match,), "you chose to decide it yourself")
        for match in plan.certain
    ]
    return [
        item
        for item in [*rejected, *plan.unsure]
        if item.occurrence.occurrence_id not in screen.skipped
    ]


def _confirm_certain(screen: Screen, plan: MatchPlan, certain: list[Match]) -> None:
    from dataclasses import replace

    only_certain = replace(
        plan, certain=tuple(certain), unsure=(), remarks=(), unmatched_shows=()
    )
    print_plan(only_certain)
    number = len(certain)
    pairs = "the certain pair" if number == 1 else f"the {number} certain pairs"
    if _confirm(f"Link {pairs}?"):
        screen.match_session.accept(certain)
        screen.steps.append("decided")
    else:
        screen.not_automatic |= {match.occurrence.occurrence_id for match in certain}


def _create_show(screen: Screen, occurrence: OccurrenceCandidate) -> None:
    title = _prompt("Its production:", occurrence.production or occurrence.event)
    if title:
        show_id = screen.match_session.new_show(occurrence.occurrence_id, title)
        _say(f"   Show {show_id} was created.")
        screen.steps.append("decided")


def _ask_about(screen: Screen, item: Unsure, left: int) -> bool:
    """
    Ask about one occurrence; returns whether to continue.
    """
    match_session, occurrence = screen.match_session, item.occurrence
    _describe(item, left)
    candidates = list(item.candidates) or match_session.distant_candidates(occurrence)
    answer = _choose(candidates[:MAX_CANDIDATES], can_go_back=bool(screen.steps))
    if answer == "quit":
        return False
    if answer == "skip":
        screen.skipped.append(occurrence.occurrence_id)
        screen.steps.append("skipped")
    elif answer == "back":
        _step_back(screen)
    elif answer == "undo":
        _undo_last(screen)
    elif answer == "never":
        match_session.never(occurrence.occurrence_id)
        screen.steps.append("decided")
    elif answer == "new":
        _create_show(screen, occurrence)
    elif answer == "search":
        found = _search(screen)
        if found is not None:
            match_session.choose(occurrence.occurrence_id, found)
            screen.steps.append("decided")
    else:
        match_session.accept([answer])
        screen.steps.append("decided")
    return True


def _step_back(screen: Screen) -> None:
    """
    Go back to the previous question, whatever was answered there.
    """
    if not screen.steps:
        return
    if screen.steps.pop() == "skipped":
        screen.skipped.pop()
    else:
        screen.not_automatic |= set(screen.match_session.take_back())


def _undo_last(screen: Screen) -> None:
    """
    Undo the last decision; skipped occurrences stay skipped.
    """
    occurrence_ids = screen.match_session.take_back()
    if occurrence_ids:
        last = len(screen.steps) - 1 - screen.steps[::-1].index("decided")
        del screen.steps[last]
        screen.not_automatic |= set(occurrence_ids)
    _say(
        f"   Undone: {len(occurrence_ids)} of your answers."
        if occurrence_ids
        else "   There is nothing to undo."
    )


def _describe(item: Unsure, left: int) -> None:
    occurrence = item.occurrence
    venue = f", at {safe(occurrence.venue)}" if occurrence.venue else ""
    seats = f", {occurrence.capacity} seats" if occurrence.capacity else ""
    _say("")
    _say(
        f"{left} open · {render.day(occurrence.starts_local)}  "
        f"{safe(occurrence.title)} ({safe(occurrence.account)}{venue}{seats})"
    )
    _say(f"   {safe(item.why)}")


def _choose(candidates: list[Match], *, can_go_back: bool) -> Any:
    """
    The chosen candidate, or the word of another answer.
    """
    import questionary

    text_width = render.width() - 8
    choices = []
    for number, candidate in enumerate(candidates, start=1):
        show = candidate.show
        text = (
            f"{render.day(show.starts_local)}  {safe(show.production)}"
            f" #{show.show_id}: {safe(candidate.reason())}"
        )
        choices.append(
            questionary.Choice(
                textwrap.shorten(text, text_width, placeholder=" …"),
                value=candidate,
                shortcut_key=str(number),
                description=safe(candidate.reason()),
            )
        )
    other_answers = [
        ("f", "search", "find it among all your shows"),
        ("m", "new", "create a new show from it"),
        ("s", "skip", "skip it for now"),
        ("n", "never", "never: this is not one of your shows"),
        *([("b", "back", "back to the previous question")] if can_go_back else []),
        *([("u", "undo", "undo the last answer")] if can_go_back else []),
        ("q", "quit", "quit and keep your answers"),
    ]
    choices += [
        questionary.Choice(text, value=word, shortcut_key=key)
        for key, word, text in other_answers
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
    Search for a show by parts of its name; `None` if the user cancels.
    """
    import questionary
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.document import Document

    labels = {
        f"#{show.id} {render.day(show.starts_local)} {safe(show.production)} "
        f"({safe(show.venue)})": show.id
        for show in screen.match_session.shows()
    }

    class ShowCompleter(Completer):
        def get_completions(
            self, document: Document, complete_event: Any
        ) -> Iterator[Completion]:
            for label in best_labels(document.text, list(labels)):
                yield Completion(label, start_position=-len(document.text))

    def validate(text: str) -> bool | str:
        return not text or text in labels or "Choose one with the arrow keys."

    found = questionary.autocomplete(
        "Show (empty to go back):",
        choices=list(labels),
        completer=ShowCompleter(),
        validate=validate,
        **_on_stderr(),
    ).unsafe_ask()
    return labels.get(found)


def best_labels(text: str, labels: list[str]) -> list[str]:
    """
    The labels that match what was typed, the best first; typing errors are allowed.
    """
    from rapidfuzz import fuzz

    words = text.lower().split()

    def score(label: str) -> float:
        return min(fuzz.partial_ratio(word, label.lower()) for word in words)

    if not words:
        return labels[:MAX_FOUND]
    scored = sorted(((score(label), label) for label in labels), key=lambda it: -it[0])
    return [label for points, label in scored[:MAX_FOUND] if points >= 70]


def _confirm(question: str) -> bool:
    import questionary

    return bool(
        questionary.confirm(
            safe(question), auto_enter=True, **_on_stderr()
        ).unsafe_ask()
    )


def _prompt(question: str, default: str) -> str:
    import questionary

    answer = questionary.text(
        safe(question), default=default, **_on_stderr()
    ).unsafe_ask()
    return str(answer).strip()


def _on_stderr() -> dict[str, Any]:
    """
    Prompts belong on standard error.
    """
    from prompt_toolkit.output import create_output

    return {"output": create_output(stdout=sys.stderr)}


def _say(text: str) -> None:
    width = render.width()
    for line in textwrap.wrap(text, width, subsequent_indent="   ") or [""]:
        terminal.echo(line, err=True)
