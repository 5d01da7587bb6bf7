"""
The plan of matching as a table.
"""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any

from ticketsync.cli import render, terminal
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from ticketsync.catalogue.matching_rules.candidates import OccurrenceCandidate
    from ticketsync.catalogue.matching_rules.matching import MatchPlan
    from ticketsync.catalogue.matching_rules.questions import AskedDate

FIRST = 5  # dates that are named where no show is there yet

_COLUMNS = (
    render.Column("mark", ""),
    render.Column("when", "OCCURRENCE", rigid=True),
    render.Column("account", "ON", most=12),
    render.Column("title", "TITLE", most=24),
    render.Column("ours", "YOUR SHOW", most=24),
    render.Column("why", "WHY", below=True),
)


def print_plan(plan: MatchPlan) -> None:
    """
    Print the plan as a table: certain pairs, undecided occurrences, then remarks.
    """
    rows: list[dict[str, Any]] = [
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
            **_occurrence_cells(date.first.occurrence),
            "title": date.title,
            "ours": " / ".join(str(c.show.show_id) for c in date.first.candidates[:3]),
            "why": date.first.why,
        }
        for date in _dates(plan)
    ]
    if rows:
        render.table(rows, _COLUMNS)
    _print_unmatched_shows(plan)
    _print_remarks(plan)


def _print_remarks(plan: MatchPlan) -> None:
    for remark in (*plan.remarks, *_offset_lines(plan)):
        for line in render.wrapped(safe(remark)):
            terminal.echo(line)


def print_first(plan: MatchPlan) -> None:
    """
    Where no show is there yet: how many dates are waiting for one, and the first ones.
    """
    dates = _dates(plan)
    on = Counter(date.first.occurrence.account for date in dates)
    counts = ", ".join(f"{on[account]:,} on {safe(account)}" for account in sorted(on))
    count = number_of(len(dates), "date belongs", "dates belong")
    for line in render.wrapped(f"{count} to no show: {counts}."):
        terminal.echo(line)
    first = sorted(dates, key=lambda date: date.first.occurrence.starts_at)[:FIRST]
    rows = [
        {**_occurrence_cells(date.first.occurrence), "title": date.title}
        for date in first
    ]
    render.table(rows, [column for column in _COLUMNS if column.key in rows[0]])
    if len(dates) > FIRST:
        more = f"… and {len(dates) - FIRST:,} more: ticketsync events list --unlinked"
        terminal.echo(more)
    _print_remarks(plan)


def _dates(plan: MatchPlan) -> list[AskedDate]:
    """
    The undecided dates, each once with the parts that wait for the same answer.
    """
    from ticketsync.catalogue.matching_rules import questions

    return [date for asked in questions.group(plan.unsure) for date in asked.dates]


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


def _offset_lines(plan: MatchPlan) -> list[str]:
    """
    The learnt offsets, each with the command that confirms it.
    """
    from ticketsync.workflows.matching import match_words

    return [
        f"{match_words.describe_offset(proposal.offset)}. "
        f"{match_words.describe_evidence(proposal)}: ticketsync match, or "
        f"ticketsync link offset {proposal.offset.account} "
        f"{shlex.quote(proposal.offset.production)} --confirm"
        for proposal in plan.offsets
    ]
