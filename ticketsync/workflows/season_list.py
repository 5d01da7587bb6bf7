"""
Importing the venue's own list of shows: a preview, then all of it in one transaction.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from ticketsync.boxoffice import fewer_seats
from ticketsync.catalogue import new_shows, new_starts, occurrences, other_names, shows
from ticketsync.catalogue.new_starts import NewStart
from ticketsync.catalogue.season_list import import_file, missing_shows, planned_changes
from ticketsync.catalogue.season_list.import_file import ListOptions, ParsedShows
from ticketsync.catalogue.season_list.list_rows import SheetProblem
from ticketsync.catalogue.season_list.missing_shows import ListScope, MissingShow
from ticketsync.catalogue.season_list.named_productions import OurOtherNames
from ticketsync.catalogue.season_list.planned_changes import (
    Change,
    ListPlan,
    PlannedShow,
)
from ticketsync.catalogue.shows import CANCELLED_IN_LIST
from ticketsync.core import errors
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.core.settings.config import Settings
from ticketsync.store.engine import Database
from ticketsync.workflows import recompute_figures

_MOST_NAMED = 3  # shows of one note


@dataclass(frozen=True, slots=True)
class ListPreview:
    """
    What a list says and what it would change. `missing` are shows of ours that it
    should have and does not.
    """

    parsed: ParsedShows
    options: ListOptions
    plan: ListPlan
    missing: tuple[MissingShow, ...]
    new_venues: tuple[str, ...]
    new_productions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def problems(self) -> tuple[SheetProblem, ...]:
        return (*self.parsed.problems, *self.plan.problems)

    @property
    def notes(self) -> tuple[str, ...]:
        staying = [str(item) for item in self.missing if item.likely is None]
        if staying:
            staying.append("--missing cancelled excludes the shows that are not in it")
        return (
            *self._unknown_statuses(),
            *self.parsed.notes,
            *self.plan.repeated,
            *_other_references(self.plan.shows),
            *map(_leaves_its_time, self.plan.beside),
            *self.warnings,
            *staying,
        )

    def _unknown_statuses(self) -> list[str]:
        return [
            f'{number_of(number, "row")} with the status "{status}" not imported: '
            f'say what it means by --status "{status}=plays", "…=cancelled" or "…=open"'
            for status, number in self.parsed.unknown_statuses.items()
        ]

    @property
    def moves(self) -> tuple[MissingShow, ...]:
        """
        The missing shows that may be a new date of the list, which nobody has decided.
        """
        return tuple(item for item in self.missing if item.likely is not None)

    @property
    def playing(self) -> tuple[PlannedShow, ...]:
        """
        The shows of the list that are not cancelled.
        """
        return tuple(item for item in self.plan.shows if not item.listed.is_cancelled)

    def number(self, change: Change) -> int:
        """
        How many shows of the list change in that way.
        """
        return sum(item.change is change for item in self.plan.shows)


def preview(connection: Connection, file: Path, options: ListOptions) -> ListPreview:
    """
    Read a list and compare it with our shows; nothing is saved.

    Raises: as `import_file.read_shows`; `ConfigurationError` without a venue;
    `GuardRefused` (`seats-taken`) as `apply` would.
    """
    venues = shows.list_venues(connection)
    titles = [title for _, title, _ in shows.list_productions(connection)]
    parsed = import_file.read_shows(
        *(file, shows.get_venue(connection), venues, titles, options),
        _other_names(connection),
    )
    plan, missing = _compare(connection, parsed, options)
    fewer_seats.refuse_planned(connection, _capacities(plan))
    new = [item.listed.new for item in plan.shows if item.change is Change.NEW]
    known = {venue.name for venue in venues}
    return ListPreview(
        parsed,
        options,
        plan,
        missing,
        tuple(dict.fromkeys(n.venue for n in new if n.venue not in known)),
        tuple(dict.fromkeys(n.production for n in new if n.production not in titles)),
        tuple(_listings_elsewhere(connection, plan.shows)),
    )


def _capacities(plan: ListPlan) -> dict[int, int]:
    """
    How many seats shows of ours would get, by their ids.
    """
    return {
        item.show.id: item.listed.new.capacity
        for item in plan.shows
        if item.show is not None
        and item.listed.new.capacity is not None
        and not item.listed.is_cancelled
    }


def _other_names(connection: Connection) -> OurOtherNames:
    return OurOtherNames(
        other_names.list_names(connection, "production"),
        other_names.list_names(connection, "venue"),
        {
            show.reference: show.production
            for show in shows.list_shows(connection)
            if show.reference
        },
    )


def _other_references(planned: Sequence[PlannedShow]) -> list[str]:
    """
    Which shows of ours get another reference, in one sentence: what finds them by the
    one they have, such as a later list or a report, would not find them.
    """
    found = [
        (item.show, old, item.listed.new.reference)
        for item in planned
        if item.show is not None and (old := item.replaced_reference)
    ]
    if not found:
        return []
    named = "; ".join(
        f'show {show.id} "{safe(old, longest=40)}" → "{safe(new, longest=60)}"'
        for show, old, new in found[:_MOST_NAMED]
    )
    more = f"; and {len(found) - _MOST_NAMED:,} more" * (len(found) > _MOST_NAMED)
    show, old, _ = found[0]
    back = f"--reference {shlex.quote(safe(old))}"
    return [
        f"{number_of(len(found), 'show')} of yours with another reference: {named}"
        f"{more}; `ticketsync shows edit {show.id} {back}` puts one back"
    ]


def _leaves_its_time(start: NewStart) -> str:
    return (
        f"show {start.show.id} ({start.show.name}) is cancelled; another takes its time"
    )


def _compare(
    connection: Connection, parsed: ParsedShows, options: ListOptions
) -> tuple[ListPlan, tuple[MissingShow, ...]]:
    ours = shows.list_shows(connection)
    plan = planned_changes.plan(parsed.listed, ours)
    scope = ListScope(options.since, options.until, parsed.open_rows)
    missing = missing_shows.find_missing(plan, ours, scope)
    plan, missing = missing_shows.answer(plan, missing, options.missing)
    return planned_changes.settle_times(plan, ours), missing


def _listings_elsewhere(
    connection: Connection, planned: Sequence[PlannedShow]
) -> list[str]:
    """
    The listings that still sell a moved show for another time.
    """
    found = []
    for item in planned:
        if item.change is not Change.MOVED or item.show is None:
            continue
        linked = occurrences.list_occurrences(connection, show_id=item.show.id)
        found += [
            f"show {item.show.id}: {one.account} still sells it for {one.starts_local}"
            for one in linked
            if one.starts_at != item.listed.new.starts_at and one.gone_since is None
        ]
    return found


def count_changes(seen: ListPreview) -> dict[str, int]:
    """
    How many shows of a list are new, moved and so on, by the word; without zeros.
    """
    counts = {change.value: seen.number(change) for change in Change}
    return {word: number for word, number in counts.items() if number}


def apply(
    database: Database,
    settings: Settings,
    seen: ListPreview,
    *,
    remember: bool = False,
) -> int:
    """
    Carry out what a preview showed, and nothing else; returns how many shows are new.
    `remember` keeps what was answered about names for later lists.

    Raises: `Busy` where our shows have changed since, `UsageError` while nobody has
    said whether missing shows moved, or which names are ours; `GuardRefused`
    (`seats-taken`) where your box office sold or holds more seats than a show gets.
    """
    if seen.parsed.questions:
        raise errors.UsageError(
            f"{seen.parsed.questions[0]}", hint="Answer that first."
        )
    if seen.moves:
        raise errors.UsageError(
            f"{seen.moves[0]}.",
            hint="Say whether it moved, both play or it is cancelled.",
        )
    with database.write() as connection, fewer_seats.refusing(connection):
        plan, missing = _compare(connection, seen.parsed, seen.options)
        if (plan, missing) != (seen.plan, seen.missing):
            raise errors.Busy(
                "Your shows changed while the list was looked at.",
                hint="Run the import again.",
            )
        _move(connection, plan)
        wanted = [
            item.listed.new for item in plan.shows if not item.listed.is_cancelled
        ]
        added = new_shows.add_shows(connection, wanted)
        if remember:
            for kind, answered in seen.parsed.answered_names:
                other_names.confirm_name(connection, kind, answered)
        changed = _exclude(connection, plan)
        recompute_figures.recompute(connection, settings, changed)
    return sum(show.is_new for show in added)


def _move(connection: Connection, plan: ListPlan) -> None:
    moves = [start for item in plan.shows if (start := item.new_start)]
    new_starts.reschedule_shows(connection, [*moves, *plan.beside])


def _exclude(connection: Connection, plan: ListPlan) -> set[int]:
    """
    Exclude cancelled shows and include those that play after all; returns all shows
    whose figures or dates change.
    """
    touched: set[int] = set()
    for item in plan.needs_consent:
        assert item.show is not None
        touched.add(item.show.id)
        if item.change is Change.EXCLUDED:
            shows.set_excluded(connection, item.show.id, True, CANCELLED_IN_LIST)
        elif item.is_included:
            shows.set_excluded(connection, item.show.id, False, "")
    return touched
