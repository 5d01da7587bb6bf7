"""
The names of a season list, as those of the productions and venues that we have. Pure.

Whatever a list calls a show, the same reference is the same show: a title that only
comes with references of one production of ours is that one.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ticketsync.catalogue import known_names
from ticketsync.catalogue.known_names import (
    Kind,
    NameAnswers,
    NameQuestion,
    OtherName,
    ResolvedNames,
    same_name,
)
from ticketsync.catalogue.season_list.list_rows import ListedRow
from ticketsync.core.redact import safe


@dataclass(frozen=True, slots=True)
class OurOtherNames:
    """
    What a list may call our productions and venues besides their names: other names,
    and the production of each reference.
    """

    titles: Sequence[OtherName] = ()
    venues: Sequence[OtherName] = ()
    references: Mapping[str, str] = field(default_factory=dict)


NO_OTHER_NAMES = OurOtherNames()


@dataclass(frozen=True, slots=True)
class ListNames:
    """
    The questions about the names of a list, notes about those that are read as another
    one, and those that an answer decided.
    """

    questions: tuple[NameQuestion, ...]
    notes: tuple[str, ...]
    answered: tuple[tuple[Kind, OtherName], ...]


def with_known_names(
    rows: Sequence[ListedRow],
    venues: Sequence[str],
    productions: Sequence[str],
    answers: NameAnswers,
    others: OurOtherNames,
) -> tuple[list[ListedRow], ListNames]:
    """
    The rows with the names that we have, and what is to be said about the others.

    Raises: `UsageError` for a room of a venue that there is not.
    """
    answers = known_names.check_rooms(answers, venues)
    identified, asked = _by_reference(rows, productions, others)
    at = known_names.resolve(
        *("venue", _written(rows, "venue"), venues, answers, others.venues),
        may_be_rooms=True,
    )
    titles = [t for t in _written(rows, "production") if t not in identified]
    of = known_names.resolve(
        *("production", titles, productions, answers, others.titles),
        by_reference=asked,
    )
    titled = {**of.names, **identified}
    return (
        [_with_names(row, at, titled, identified) for row in rows],
        ListNames(
            (*at.questions, *of.questions),
            (*_notes_on_venues(at), *_notes_on_titles(of, identified)),
            (
                *(("venue", answer) for answer in at.answered),
                *(("production", answer) for answer in of.answered),
            ),
        ),
    )


def _written(rows: Iterable[ListedRow], column: str) -> list[str]:
    return [row.cells[column] for row in rows if row.cells.get(column)]


def _with_names(
    row: ListedRow,
    at: ResolvedNames,
    titled: Mapping[str, str],
    identified: Mapping[str, str],
) -> ListedRow:
    cells = dict(row.cells)
    venue, title = cells.get("venue", ""), cells.get("production", "")
    if venue:
        cells["venue"] = at.names[venue]
    if title:
        cells["production"] = titled[title]
    called = title if title in identified else ""
    return replace(row, cells=cells, room=at.rooms.get(venue, ""), called=called)


def _by_reference(
    rows: Sequence[ListedRow], productions: Sequence[str], others: OurOtherNames
) -> tuple[dict[str, str], dict[str, NameQuestion]]:
    """
    The production of each title that only its references identify, and what is asked
    about titles that come with other rows, too.
    """
    known = [*productions, *(other.name for other in others.titles)]
    references: dict[str, list[str]] = {}
    for row in rows:
        title = row.cells.get("production", "")
        references.setdefault(title, []).append(row.cells.get("reference", ""))
    identified: dict[str, str] = {}
    asked: dict[str, NameQuestion] = {}
    for title, its in references.items():
        ours = [reference for reference in its if reference in others.references]
        found = {others.references[reference] for reference in ours}
        if not title or len(found) != 1 or same_name(title, known) is not None:
            continue
        (production,) = found
        if len(ours) == len(its):
            identified[title] = production
        else:
            asked[title] = NameQuestion(
                "production", title, production, reference=ours[0]
            )
    return identified, asked


def _notes_on_venues(at: ResolvedNames) -> list[str]:
    rooms = [
        f'"{safe(room)}" is read as a room of {safe(at.names[room])}'
        for room in dict.fromkeys(at.rooms.values())
    ]
    return rooms + [
        f'{safe(other)}; if it is a venue of its own: --room "{safe(other.name)}=new"'
        for other in at.others
        if other.origin != "room"
    ]


def _notes_on_titles(of: ResolvedNames, identified: Mapping[str, str]) -> list[str]:
    others = [
        f"{safe(other)}. If it is another one, add it first: "
        f"`ticketsync productions add {shlex.quote(safe(other.name))}`"
        for other in of.others
    ]
    return others + [
        f'"{safe(title)}" is read as "{safe(production)}", whose references it has. To '
        f"call it so: `ticketsync productions rename {shlex.quote(safe(production))} "
        f"{shlex.quote(safe(title))}`"
        for title, production in identified.items()
    ]
