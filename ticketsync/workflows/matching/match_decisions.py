"""
What a person decides about unlinked occurrences, any number of them at once: the screen
and the page save their answers here, each under a batch that can be undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from ticketsync.boxoffice import fewer_seats
from ticketsync.catalogue import (
    adopting,
    known_offsets,
    links,
    occurrences,
)
from ticketsync.catalogue.links import Pair
from ticketsync.catalogue.matching_rules.candidates import Match
from ticketsync.catalogue.matching_rules.matching import MatchPlan, OffsetProposal
from ticketsync.catalogue.matching_rules.offsets import Offset
from ticketsync.core import clock, errors
from ticketsync.core.settings.config import Settings
from ticketsync.store.engine import Database
from ticketsync.workflows import recompute_figures

CHOSEN_BY_PERSON = "chosen by a person"


@dataclass(frozen=True, slots=True)
class NewShow:
    """
    The show that was made; `is_new` unless it was there already.
    """

    id: int
    is_new: bool


def link_matches(
    database: Database,
    settings: Settings,
    matches: Iterable[Match],
    *,
    batch: str,
) -> int:
    """
    Link these pairs, whose reasons are kept; returns how many were not linked yet.
    """
    pairs = [_pair(match, links.CHOSEN) for match in matches]
    with database.write() as connection:
        return _link(connection, settings, pairs, batch)


def link_proposed(
    database: Database,
    settings: Settings,
    plan: MatchPlan,
    by_show: Mapping[int, Iterable[int]],
    *,
    batch: str,
) -> int:
    """
    Link occurrences to the shows that a plan proposes for them, all in one transaction;
    returns how many were not linked yet. `by_show` has occurrences by show.

    Raises: `NotFound` for a pair that the plan does not propose any more.
    """
    proposed = {_ids(match): _pair(match, links.CERTAIN) for match in plan.certain}
    for item in plan.unsure:
        for match in item.candidates:
            proposed.setdefault(_ids(match), _pair(match, links.CHOSEN))
    wanted = [(id_, show) for show, ids in by_show.items() for id_ in ids]
    if not proposed.keys() >= set(wanted):
        raise errors.NotFound(
            "Some of these pairs are no longer proposed; nothing was linked.",
            hint="Reload the page.",
        )
    with database.write() as connection:
        return _link(connection, settings, [proposed[pair] for pair in wanted], batch)


def link_to_show(
    database: Database,
    settings: Settings,
    occurrence_ids: Iterable[int],
    show_id: int,
    *,
    batch: str,
) -> int:
    """
    Link these occurrences to a show that a person found, whatever the plan says;
    returns how many were not linked yet.
    """
    pairs = [Pair(id_, show_id, CHOSEN_BY_PERSON) for id_ in occurrence_ids]
    with database.write() as connection:
        return _link(connection, settings, pairs, batch)


def refuse(database: Database, occurrence_ids: Iterable[int], *, batch: str) -> None:
    """
    These occurrences are none of our shows: they are never proposed again.
    """
    now = clock.now()
    with database.write() as connection:
        for id_ in occurrence_ids:
            links.refuse_pair(connection, id_, None, batch=batch, now=now)


def make_show(
    database: Database,
    settings: Settings,
    occurrence_ids: Iterable[int],
    title: str,
    *,
    batch: str,
) -> NewShow:
    """
    Make a show of the first of these occurrences and link all of them to it.
    """
    first, *others = occurrence_ids
    with database.write() as connection:
        on_sale = fewer_seats.lock_on_sale(connection)
        occurrence = occurrences.get_occurrence(connection, first)
        show = adopting.adopt_occurrence(
            *(connection, occurrence, title),
            batch=batch,
            now=clock.now(),
            keep_seats_of=on_sale,
        )
        pairs = [Pair(id_, show.id, CHOSEN_BY_PERSON) for id_ in others]
        _save(connection, pairs, batch)
        recompute_figures.recompute(connection, settings, {show.id})
    return NewShow(show.id, show.is_new)


def apply_offset(
    database: Database,
    settings: Settings,
    proposal: OffsetProposal,
    *,
    is_remembered: bool,
    batch: str,
) -> int:
    """
    Link the pairs that fit a learnt offset; with `is_remembered` such pairs are linked
    without asking from now on. Returns how many were not linked yet.
    """
    pairs = [_pair(match, links.BY_OFFSET) for match in proposal.matches]
    with database.write() as connection:
        if is_remembered:
            known_offsets.confirm_offset(connection, proposal.offset, clock.now())
        return _link(connection, settings, pairs, batch)


def confirm_offset(database: Database, account: str, production: str) -> Offset:
    """
    Link what fits the learnt offset of an account and a production without asking from
    now on.

    Raises: `NotFound` where none was learnt.
    """
    with database.write() as connection:
        offset = known_offsets.get_offset(connection, account, production)
        known_offsets.confirm_offset(connection, offset, clock.now())
    return offset


def forget_offset(database: Database, account: str, production: str) -> Offset:
    """
    Ask again about the dates that fit this offset; links that were made by it stay.

    Raises: `NotFound` where there is none.
    """
    with database.write() as connection:
        offset = known_offsets.get_offset(connection, account, production)
        known_offsets.forget_offset(connection, offset)
    return offset


def _ids(match: Match) -> tuple[int, int]:
    return match.occurrence.occurrence_id, match.show.show_id


def _pair(match: Match, basis: str) -> Pair:
    return Pair(*_ids(match), match.reason(), basis)


def _link(
    connection: Connection, settings: Settings, pairs: list[Pair], batch: str
) -> int:
    made = _save(connection, pairs, batch)
    recompute_figures.recompute(connection, settings, {pair.show_id for pair in pairs})
    return made


def _save(connection: Connection, pairs: list[Pair], batch: str) -> int:
    return links.save_links(
        connection, pairs, decided_by="person", batch=batch, now=clock.now()
    )
