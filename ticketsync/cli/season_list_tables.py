"""
The shows of a season list and what it changes, as a table and as JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ticketsync.catalogue.known_names import NameQuestion
    from ticketsync.catalogue.season_list.missing_shows import MissingShow
    from ticketsync.catalogue.season_list.planned_changes import PlannedShow
    from ticketsync.workflows.season_list import ListPreview


def columns() -> tuple[Any, ...]:
    """
    The columns of the shows of a list.
    """
    from ticketsync.cli import render

    return (
        render.Column("when", "WHEN", rigid=True),
        render.Column("production", "PRODUCTION", most=28),
        render.Column("venue", "VENUE", most=20),
        render.Column("capacity", "SEATS", numeric=True),
        render.Column("change", "", rigid=True),
    )


def rows(
    planned: Sequence[PlannedShow], questions: Sequence[NameQuestion] = ()
) -> list[dict[str, Any]]:
    """
    The shows of a list for people; names with an open question are marked.
    """
    from ticketsync.cli import render

    asked = {question.written for question in questions}
    return [
        {
            "when": render.day(local_start(item)),
            "production": item.listed.new.production,
            "venue": item.listed.new.venue,
            "capacity": item.listed.new.capacity,
            "change": "which name?"
            if asked & {item.listed.new.production, item.listed.new.venue}
            else _change_text(item),
        }
        for item in planned
    ]


def _change_text(item: PlannedShow) -> str:
    from ticketsync.catalogue.season_list.planned_changes import Change
    from ticketsync.cli import render

    if item.change is Change.MOVED and item.show is not None:
        again = ", include again" if item.is_included else ""
        return f"was {render.day(item.show.starts_local)}{again}"
    words = {
        Change.SAME: "exists",
        Change.EXCLUDED: "cancelled: exclude",
        Change.INCLUDED: "include again",
    }
    return words.get(item.change, item.change.value)


def local_start(item: PlannedShow) -> str:
    """
    When a show of a list starts, at its venue.
    """
    from ticketsync.core import clock

    new = item.listed.new
    return clock.local_text(new.starts_at, new.timezone)


def records(seen: ListPreview) -> list[dict[str, Any]]:
    """
    The shows of a list for programs.
    """
    from ticketsync.core import clock

    return [
        {
            "position": item.listed.position,
            "production": item.listed.new.production,
            "starts_at": clock.iso(item.listed.new.starts_at),
            "starts_local": local_start(item),
            "venue": item.listed.new.venue,
            "timezone": item.listed.new.timezone,
            "capacity": item.listed.new.capacity,
            "currency": item.listed.new.currency,
            "reference": item.listed.new.reference,
            "change": item.change.value,
            "show_id": item.show.id if item.show else None,
        }
        for item in seen.plan.shows
    ]


def _missing_record(item: MissingShow) -> dict[str, Any]:
    from ticketsync.core import clock

    new = None if item.likely is None else item.likely.new
    return {
        "show_id": item.show.id,
        "production": item.show.production,
        "starts_local": item.show.starts_local,
        "reference": item.show.reference,
        "may_be": None if item.likely is None else item.likely.position,
        "may_start_at": None if new is None else clock.iso(new.starts_at),
    }


def print_json(seen: ListPreview, created: int, *, is_dry_run: bool) -> None:
    """
    What a list says and changes, for programs.
    """
    from ticketsync.catalogue.season_list.planned_changes import Change
    from ticketsync.cli import render

    render.print_json(
        {
            "read": len(seen.playing),
            "created": created,
            "skipped": [str(problem) for problem in seen.problems],
            "updated": seen.number(Change.UPDATED),
            "moved": seen.number(Change.MOVED),
            "excluded": seen.number(Change.EXCLUDED),
            "included": seen.number(Change.INCLUDED),
            "cancelled": seen.number(Change.CANCELLED),
            "unconfirmed": list(seen.parsed.unconfirmed),
            "notes": list(seen.notes),
            "questions": [
                {
                    "kind": q.kind,
                    "written": q.written,
                    "known": q.known,
                    "rooms_of": list(q.rooms_of),
                }
                for q in seen.parsed.questions
            ],
            "new_venues": list(seen.new_venues),
            "new_productions": list(seen.new_productions),
            "dry_run": is_dry_run,
            "shows": records(seen),
            "missing": [_missing_record(item) for item in seen.missing],
            "unknown_statuses": dict(seen.parsed.unknown_statuses),
        }
    )
