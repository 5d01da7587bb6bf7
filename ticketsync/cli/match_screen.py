"""
The matching screen: confirm the certain pairs with one key, then answer one question
for each night, whatever the number of platforms that list it.

A key acts at once. Every answer is saved at once, and the plan is then computed again:
the first occurrence of a series identifies the whole series, so most of the others
become certain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ticketsync.cli import (
    key_choice,
    match_lines,
    match_tables,
    show_search,
    typed_ahead,
)
from ticketsync.cli.key_choice import Choice
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from ticketsync.catalogue.matching_rules.candidates import Match
    from ticketsync.catalogue.matching_rules.matching import (
        MatchPlan,
        OffsetProposal,
        Unsure,
    )
    from ticketsync.catalogue.matching_rules.questions import Question
    from ticketsync.workflows.matching.match_session import MatchSession

MAX_CANDIDATES = 6  # offered for one occurrence
MAX_DATES = 9  # of one question: as many as there are digits


@dataclass(slots=True)
class Screen:
    """
    The state of the dialogue: what was skipped, and the steps that `back` retraces.
    """

    match_session: MatchSession
    production: str | None
    skipped: list[tuple[int, ...]] = field(default_factory=list)
    not_automatic: set[int] = field(default_factory=set)
    not_now: set[tuple[str, str]] = field(default_factory=set)
    steps: list[str] = field(default_factory=list)
    printed_remarks: set[str] = field(default_factory=set)

    def is_skipped(self, occurrence_id: int) -> bool:
        return any(occurrence_id in ids for ids in self.skipped)

    def note_decision(self) -> None:
        self.steps.append("decided")


def run_interactive(match_session: MatchSession, production: str | None) -> int:
    """
    Ask until everything is decided or the user quits; returns how many dates are left.
    """
    from ticketsync.catalogue.matching_rules import questions

    screen = Screen(match_session, production)
    while True:
        plan = match_session.plan(production)
        _print_remarks(screen, plan)
        if not _ask_next(screen, plan):
            return questions.count_dates([*plan.certain, *plan.unsure])


def _ask_next(screen: Screen, plan: MatchPlan) -> bool:
    """
    Ask what comes next; returns whether to continue. A key that was pressed before
    anything of the question was there is no answer to it.
    """
    from ticketsync.core import errors

    typed_ahead.forget()
    certain = [
        match
        for match in plan.certain
        if match.occurrence.occurrence_id not in screen.not_automatic
    ]
    if certain:
        _confirm_certain(screen, plan, certain)
        return True
    try:
        return _ask_person(screen, plan)
    except errors.GuardRefused as refused:  # nothing was linked, or undone
        match_lines.say(f"   {refused.message} {refused.hint}")
        return True


def _ask_person(screen: Screen, plan: MatchPlan) -> bool:
    """
    Ask what only a person can say; returns whether to continue.
    """
    from ticketsync.catalogue.matching_rules import questions

    for proposal in plan.offsets:
        if proposal.offset.key not in screen.not_now:
            return _ask_about_offset(screen, proposal)
    undecided = _undecided(screen, plan)
    if not undecided:
        return False
    question = questions.group(undecided)[0]
    left = questions.count_dates(undecided)
    return _ask_about(screen, question.first_dates(MAX_DATES), left)


def _print_remarks(screen: Screen, plan: MatchPlan) -> None:
    """
    Print remarks about the whole list (for instance a wrong time zone), each once.
    """
    for remark in plan.remarks:
        if remark not in screen.printed_remarks:
            screen.printed_remarks.add(remark)
            match_lines.say(safe(remark))
    unmatched = len(plan.unmatched_shows)
    if unmatched and "unmatched shows" not in screen.printed_remarks:
        screen.printed_remarks.add("unmatched shows")
        number = number_of(unmatched, "show is", "shows are")
        match_lines.say(
            f"{number} not on sale on any platform: ticketsync match --dry-run"
        )


def _undecided(screen: Screen, plan: MatchPlan) -> list[Unsure]:
    """
    The occurrences still to ask about, including certain pairs that the user rejected.
    """
    from ticketsync.catalogue.matching_rules.matching import Unsure

    rejected = [
        Unsure(match.occurrence, (match,), "you chose to decide it yourself")
        for match in plan.certain
    ]
    return [
        item
        for item in [*rejected, *plan.unsure]
        if not screen.is_skipped(item.occurrence.occurrence_id)
    ]


def _confirm_certain(screen: Screen, plan: MatchPlan, certain: list[Match]) -> None:
    only_certain = replace(
        plan,
        certain=tuple(certain),
        unsure=(),
        remarks=(),
        unmatched_shows=(),
        offsets=(),
    )
    match_tables.print_plan(only_certain)
    number = len(certain)
    pairs = "the certain pair" if number == 1 else f"the {number:,} certain pairs"
    if key_choice.confirm(f"Link {pairs}?"):
        screen.match_session.accept(certain)
        screen.note_decision()
    else:
        screen.not_automatic |= {match.occurrence.occurrence_id for match in certain}


def _ask_about_offset(screen: Screen, proposal: OffsetProposal) -> bool:
    """
    Ask about a learnt offset; returns whether to continue.
    """
    from ticketsync.workflows.matching import match_words

    match_lines.say("")
    match_lines.say(f"{safe(match_words.describe_offset(proposal.offset))}.")
    match_lines.say(f"   {match_words.describe_evidence(proposal)}.")
    apply = match_words.apply_to(len(proposal.dates))
    choices = [
        Choice("a", apply),
        Choice("r", f"{apply}. {match_words.REMEMBER}"),
        Choice("v", f"Show the {len(proposal.dates):,}"),
        Choice("s", "Not now"),
        *_steps_back(screen),
    ]
    answer = key_choice.ask("Apply it?", choices)
    if answer in "ar":
        screen.match_session.apply_offset(proposal, is_remembered=answer == "r")
        screen.note_decision()
    elif answer == "v":
        for match in proposal.dates:
            match_lines.say(f"   {match_lines.as_line(match)}")
    elif answer == "s":
        screen.not_now.add(proposal.offset.key)
    return _step(screen, answer)


def _ask_about(screen: Screen, question: Question, left: int) -> bool:
    """
    Ask about the dates of one night; returns whether to continue.
    """
    if len(question.dates) > 1 and question.show is not None:
        return _ask_about_several(screen, question, left)
    first = question.items[0]
    match_lines.describe(question, left)
    match_session = screen.match_session
    candidates = list(first.candidates) or match_session.distant_candidates(
        first.occurrence
    )
    candidates = candidates[:MAX_CANDIDATES]
    choices = [
        *match_lines.numbered(candidates),
        *match_lines.other_answers(len(question.dates)),
        *_steps_back(screen),
    ]
    answer = key_choice.ask("Which show is it?", choices)
    if answer.isdigit():
        _choose(screen, question, candidates[int(answer) - 1])
        return True
    return _decide(screen, answer, question, question.occurrence_ids)


def _choose(screen: Screen, question: Question, chosen: Match) -> None:
    show_id = chosen.show.show_id
    near = [
        match
        for item in question.items
        for match in item.candidates
        if match.show.show_id == show_id
    ]
    if len(near) == len(question.items):
        screen.match_session.choose(near)
    elif len(question.items) == 1:
        screen.match_session.choose([chosen])
    elif question.show is not None:
        screen.match_session.find(question.occurrence_ids, show_id)
    else:
        dates = [item.occurrence for item in question.items]
        for account in screen.match_session.choose_for_all(chosen, dates):
            match_lines.say(
                f"   {safe(account)} is linked to that show already; its date stays "
                "open."
            )
    screen.note_decision()


def _ask_about_several(screen: Screen, question: Question, left: int) -> bool:
    """
    Ask about dates of which one show is the best candidate, with a box to tick each.
    """
    from ticketsync.workflows.matching import match_words

    match_lines.describe(question, left)
    dates = question.dates
    ticked = {number for number, date in enumerate(dates) if date.is_clear}
    number = len(dates)
    while True:
        answer = key_choice.ask(
            "Are they this show?",
            [
                *match_lines.ticks(dates, ticked),
                Choice("a", match_words.same_for_all(number)),
                Choice("l", f"Link the {len(ticked):,} ticked"),
                Choice("o", f"{match_words.ANOTHER_SHOW} (near it)"),
                *match_lines.other_answers(number, len(ticked)),
                *_steps_back(screen),
            ],
        )
        if not answer.isdigit():
            break
        ticked ^= {int(answer) - 1}
    chosen = [id_ for n in sorted(ticked) for id_ in dates[n].occurrence_ids]
    if answer == "a" or (answer == "l" and chosen):
        wanted = question.occurrence_ids if answer == "a" else chosen
        screen.match_session.choose(
            [
                item.candidates[0]
                for item in question.items
                if item.occurrence.occurrence_id in wanted
            ]
        )
        screen.note_decision()
    elif answer == "o":
        _choose_another(screen, question, chosen or list(question.occurrence_ids))
    return _decide(screen, answer, question, chosen or question.occurrence_ids)


def _choose_another(
    screen: Screen, question: Question, occurrence_ids: Sequence[int]
) -> None:
    """
    Link dates to another one of the shows near them.
    """
    near = question.candidates[:MAX_CANDIDATES]
    answer = key_choice.ask(
        "Which show is it?",
        [*match_lines.numbered(near), Choice("s", "Back to the dates")],
    )
    if answer.isdigit():
        show_id = near[int(answer) - 1].show.show_id
        screen.match_session.find(occurrence_ids, show_id)
        screen.note_decision()


def _decide(
    screen: Screen, answer: str, question: Question, occurrence_ids: Sequence[int]
) -> bool:
    """
    Do what a key that is not a digit stands for; returns whether to continue.
    """
    if answer == "s":
        screen.skipped.append(tuple(question.occurrence_ids))
        screen.steps.append("skipped")
    elif answer == "n":
        screen.match_session.never(occurrence_ids)
        screen.note_decision()
    elif answer == "m":
        _create_show(screen, question, occurrence_ids)
    elif answer == "f":
        found = show_search.ask_for_show(screen.match_session.shows())
        if found is not None:
            screen.match_session.find(occurrence_ids, found)
            screen.note_decision()
    return _step(screen, answer)


def _step(screen: Screen, answer: str) -> bool:
    """
    Back, undo, quit; returns whether to continue.
    """
    if answer == "b":
        _step_back(screen)
    elif answer == "u":
        _undo_last(screen)
    return answer != "q"


def _create_show(
    screen: Screen, question: Question, occurrence_ids: Sequence[int]
) -> None:
    first = question.items[0].occurrence
    title = key_choice.prompt("Its production:", first.production or first.event)
    if title:
        show_id = screen.match_session.new_show(occurrence_ids, title)
        match_lines.say(f"   Show {show_id} was created.")
        screen.note_decision()


def _step_back(screen: Screen) -> None:
    """
    Go back to the previous question, whatever was answered there.
    """
    if not screen.steps:
        return
    if screen.steps[-1] == "skipped":
        screen.skipped.pop()
    else:  # where that is refused, the step stays
        screen.not_automatic |= set(screen.match_session.take_back())
    screen.steps.pop()


def _undo_last(screen: Screen) -> None:
    """
    Undo the last decision; skipped occurrences stay skipped.
    """
    occurrence_ids = screen.match_session.take_back()
    if occurrence_ids:
        last = len(screen.steps) - 1 - screen.steps[::-1].index("decided")
        del screen.steps[last]
        screen.not_automatic |= set(occurrence_ids)
    match_lines.say(
        f"   Undone: {len(occurrence_ids):,} of your answers."
        if occurrence_ids
        else "   There is nothing to undo."
    )


def _steps_back(screen: Screen) -> list[Choice]:
    back = [
        Choice("b", "Back to the previous question"),
        Choice("u", "Undo the last answer"),
    ]
    return [*(back if screen.steps else []), Choice("q", "Quit and keep your answers")]
