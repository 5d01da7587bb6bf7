"""
Matching: propose over everything unlinked, save what was decided.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from ticketsync.accounts import state
from ticketsync.boxoffice import fewer_seats
from ticketsync.catalogue import (
    adopting,
    known_offsets,
    link_settings,
    links,
    matching_input,
    moves,
    occurrences,
    shows,
    switches,
    undoing,
)
from ticketsync.catalogue.adopting import Adopted
from ticketsync.catalogue.links import Pair
from ticketsync.catalogue.listed_dates import ListedDate
from ticketsync.catalogue.matching_rules import matching
from ticketsync.catalogue.matching_rules.candidates import Match, Tolerance
from ticketsync.catalogue.matching_rules.matching import MatchPlan
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.catalogue.switches import LinkedEvent
from ticketsync.catalogue.undoing import UndoneDecision
from ticketsync.core import clock, errors
from ticketsync.core.redact import safe
from ticketsync.core.settings.config import Settings
from ticketsync.sales import privacy
from ticketsync.store.engine import Database
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.accounts import people_switch
from ticketsync.workflows.matching import adoptions, link_currencies


def plan(
    connection: Connection,
    settings: Settings,
    *,
    account_id: int | None = None,
    production: str | None = None,
) -> MatchPlan:
    """
    What matching proposes for the unlinked occurrences, of one account or of all, and
    the shows still to come that no platform sells.

    Raises `NotFound` for a production without shows.
    """
    ours = shows.list_shows(connection)
    titles = {show.production for show in ours}
    if production is not None and production not in titles:
        raise errors.NotFound(
            f"There is no production {safe(production)!r} with shows.",
            hint="See `ticketsync productions list`.",
        )
    unlinked = occurrences.list_occurrences(connection, account_id, only_unlinked=True)
    if not unlinked and account_id is not None:
        return MatchPlan((), (), ())
    taken = matching_input.list_selling_accounts(connection)
    known = known_offsets.list_offsets(connection) if unlinked else ()
    currencies = matching_input.list_selling_currencies(connection)
    proposed = matching.propose(
        matching_input.build_show_candidates(ours, taken, currencies),
        matching_input.build_occurrence_candidates(connection, unlinked),
        taken=taken,
        refused={(o, s) for o, s in links.list_refusals(connection) if s is not None},
        tolerance=Tolerance(settings.match_tolerance, settings.match_tolerances),
        offsets=known,
    )
    now = clock.now()
    to_come = tuple(s for s in proposed.unmatched_shows if s.starts_at >= now)
    found = replace(
        proposed,
        unmatched_shows=to_come,
        remarks=(*proposed.remarks, *_unknown_productions(settings, titles)),
    )
    return found if production is None else found.of_production(production)


def _unknown_productions(settings: Settings, titles: set[str]) -> list[str]:
    return [
        f"The settings give {title!r} a tolerance of its own; no production of that "
        "title has shows."
        for title in settings.match_tolerances
        if title not in titles
    ]


def new_batch(command: str = "match") -> str:
    """
    The name under which the decisions of one command can be taken back together, and
    no others that somebody made in the same second.
    """
    return f"{command}-{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def accept(
    database: Database,
    settings: Settings,
    matches: Iterable[Match],
    *,
    decided_by: str,
    batch: str,
) -> int:
    """
    Link these pairs of a plan's `certain` and bring the figures of their shows up to
    date.
    """
    pairs = [
        _pair(match, links.BY_OFFSET if match.is_by_offset else links.CERTAIN)
        for match in matches
    ]
    now = clock.now()
    with database.write() as connection:
        made = links.save_links(
            connection, pairs, decided_by=decided_by, batch=batch, now=now
        )
        recompute_figures.recompute(
            connection, settings, {pair.show_id for pair in pairs}
        )
    return made


def _pair(match: Match, basis: str) -> Pair:
    show_id, reason = match.show.show_id, match.reason()
    return Pair(match.occurrence.occurrence_id, show_id, reason, basis)


@dataclass(frozen=True, slots=True)
class LinkedShow:
    """
    The show that a date is linked to, as it is now. `was_at` is its local time before,
    where it moved to that of the date; `is_new` says that the date was not linked to it
    before.
    """

    show: ShowInfo
    was_at: str
    is_new: bool


def link_parts(
    database: Database,
    settings: Settings,
    occurrence_ids: Sequence[int],
    show_id: int,
    *,
    is_currency_confirmed: bool = False,
) -> LinkedShow:
    """
    A person's own pair of a date, given by its occurrences, and a show, or their word
    that a moved date still is the same show: all or none.

    Raises: `GuardRefused` (`currency-changed`) where they sell in another currency than
    the show and the person does not say that this is right, and (`guard-books`) where
    our own box office sells them for another show.
    """
    pairs = [Pair(id_, show_id, "linked by hand") for id_ in occurrence_ids]
    now = clock.now()
    with database.write() as connection:
        made = links.save_links(
            connection,
            pairs,
            decided_by="person",
            batch=new_batch("link"),
            now=now,
        )
        before = shows.get_show(connection, show_id)
        if not made:
            for occurrence_id in occurrence_ids:
                moves.confirm_move(connection, occurrence_id)
        recompute_figures.recompute(connection, settings, {show_id})
        if made and not is_currency_confirmed:
            link_currencies.check(connection, occurrence_ids)
        after = shows.get_show(connection, show_id)
    was_at = before.starts_local if after.starts_at != before.starts_at else ""
    return LinkedShow(after, was_at, is_new=made > 0)


@dataclass(frozen=True, slots=True)
class Configured:
    """
    What is in force for a link, event or production now: what is switched off, in
    words, and the venue's names by the platform's: of ticket types, and of the answers
    to its questions.
    """

    note: str
    types: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


def configure_date(
    database: Database,
    settings: Settings,
    date: ListedDate,
    *,
    enabled: bool | None,
    ticket_sales: bool | None,
    types: Mapping[str, str],
    fields: Mapping[str, str] | None = None,
) -> Configured:
    """
    Set the switches of the links of one date and the ticket-type names of its event,
    and those of its questions; recomputes the shows that these touch.
    """
    event_id = date.first.event_id
    with database.write() as connection:
        # Names concern all dates: locked before any show is.
        of_event = links.get_occurrence_ids_of_event(connection, event_id)
        links.lock_occurrences(connection, of_event if types or fields else date.ids)
        show_ids = {
            link_settings.set_switches(
                connection, id_, enabled=enabled, ticket_sales=ticket_sales
            )
            for id_ in date.ids
        }
        names = link_settings.map_ticket_types(connection, event_id, types)
        account = date.first.account
        named = _map_fields(connection, settings, account, event_id, fields)
        if types:
            show_ids |= links.get_show_ids_of_event(connection, event_id)
        moves.find_unfollowed(connection, show_ids)
        recompute_figures.recompute(connection, settings, show_ids)
        now_set = [occurrences.get_occurrence(connection, id_) for id_ in date.ids]
    return Configured(_note_of(now_set), names, named)


def _note_of(parts: Sequence[LinkedOccurrence]) -> str:
    """
    What is switched off for a date, in words.
    """
    return ", ".join(ListedDate(tuple(parts)).switch_notes)


def configure_event(
    database: Database,
    settings: Settings,
    event: LinkedEvent,
    *,
    enabled: bool | None,
    ticket_sales: bool | None,
    types: Mapping[str, str],
    fields: Mapping[str, str] | None = None,
) -> Configured:
    """
    Set the switches of an event, which hold for all its dates, its ticket-type names
    and those of its questions; recomputes the shows that any of its dates is linked to.

    Raises: `UsageError` where questions are named and the account keeps no people.
    """
    with database.write() as connection:
        dates = links.get_occurrence_ids_of_event(connection, event.id)
        links.lock_occurrences(connection, dates)
        note = switches.set_event_switches(
            connection, event, enabled=enabled, ticket_sales=ticket_sales
        )
        names = link_settings.map_ticket_types(connection, event.id, types)
        named = _map_fields(connection, settings, event.account, event.id, fields)
        touched = links.get_show_ids_of_event(connection, event.id)
        moves.find_unfollowed(connection, touched)
        recompute_figures.recompute(connection, settings, touched)
    return Configured(note, names, named)


def _map_fields(
    connection: Connection,
    settings: Settings,
    account_name: str,
    event_id: int,
    fields: Mapping[str, str] | None,
) -> dict[str, str]:
    """
    Name questions of an event's form. Answers kept under a name that is no longer there
    are deleted at once; the others come when the orders still to come are read again.
    """
    before = link_settings.read_fields(connection, event_id)
    if not fields:
        return before
    account = state.get_account(connection, account_name)
    keeps_people = state.keeps_people(account, settings.account(account_name))
    if any(fields.values()) and not keeps_people:
        raise errors.UsageError(
            f"{account_name} keeps no people, so it keeps no answers of theirs.",
            hint=f"Run `ticketsync accounts set {account_name} people=true` first.",
            word="no-people",
        )
    named = link_settings.map_fields(connection, event_id, fields)
    if named != before:
        privacy.drop_answers(connection, event_id, named.values())
        people_switch.request_answers(connection, account.id)
    return named


def configure_production(
    database: Database,
    settings: Settings,
    title: str,
    *,
    enabled: bool | None,
    ticket_sales: bool | None,
) -> Configured:
    """
    Set the switches of a production, which hold for all its shows, and recompute them.

    Raises: `NotFound` where there is no production of that title.
    """
    with database.write() as connection:
        production_id = shows.get_production_id(connection, title)
        note = switches.set_production_switches(
            connection, production_id, enabled=enabled, ticket_sales=ticket_sales
        )
        touched = switches.get_production_show_ids(connection, production_id)
        moves.find_unfollowed(connection, touched)
        recompute_figures.recompute(connection, settings, touched)
    return Configured(note, {})


def unlink_parts(
    database: Database, settings: Settings, occurrence_ids: Sequence[int]
) -> int | None:
    """
    Take a pair apart, given by the occurrences of its date; its show loses those sales
    at once. Returns the show that they were linked to.
    """
    with database.write() as connection:
        links.lock_occurrences(connection, occurrence_ids)
        unlinked = [
            undoing.unlink_occurrence(connection, id_, clock.now())
            for id_ in occurrence_ids
        ]
        show_ids = {show_id for show_id in unlinked if show_id is not None}
        recompute_figures.recompute(connection, settings, show_ids)
    return next(iter(show_ids), None)


def refuse(
    database: Database, occurrence_id: int, show_id: int | None, *, batch: str
) -> None:
    with database.write() as connection:
        links.refuse_pair(
            connection, occurrence_id, show_id, batch=batch, now=clock.now()
        )


def undo(
    database: Database, settings: Settings, *, batch: str = "", kind: str = ""
) -> UndoneDecision | None:
    """
    Take back a batch of decisions, the last one if none is named, and recompute the
    shows it was linked to; with a kind (`undoing.KINDS`) only what was linked that way.
    """
    with database.write() as connection:
        undone = (
            undoing.undo_batch(connection, batch, kind)
            if batch
            else undoing.undo_last_batch(connection, kind)
        )
        if undone is not None:
            recompute_figures.recompute(connection, settings, undone.show_ids)
    return undone


def adopt(
    database: Database,
    settings: Settings,
    account_id: int | None = None,
    *,
    near_are_new: bool = False,
) -> Adopted:
    """
    Make a show of every unlinked occurrence, as `adoptions.plan_adoption` says.
    """
    now = clock.now()
    with database.write() as connection:
        on_sale = fewer_seats.lock_on_sale(connection)
        unlinked = occurrences.list_occurrences(
            connection, account_id, only_unlinked=True
        )
        links.lock_occurrences(connection, (offer.id for offer in unlinked))
        unlinked = occurrences.list_occurrences(
            connection, account_id, only_unlinked=True
        )
        plan = adoptions.plan_adoption(
            connection, settings, unlinked, near_are_new=near_are_new
        )
        made = adopting.adopt(
            *(connection, plan.items),
            batch=adoptions.new_batch(),
            now=now,
            keep_seats_of=on_sale,
        )
        ids = (item.occurrence.id for item in plan.items)
        show_ids = links.get_show_ids(connection, ids)
        recompute_figures.recompute(connection, settings, show_ids)
    return made
