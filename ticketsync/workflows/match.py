"""
Matching: propose over everything unlinked, save what was decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from sqlmodel import Session

from ticketsync.accounts import state
from ticketsync.catalogue import links, matching, offers, shows
from ticketsync.catalogue.links import Pair, Undone
from ticketsync.catalogue.matching import Match, MatchPlan
from ticketsync.catalogue.offers import Offer
from ticketsync.core import clock
from ticketsync.core.config import FeeSchedule, Settings
from ticketsync.financials import importing
from ticketsync.store.engine import Database


def plan(
    session: Session,
    tolerance: timedelta,
    *,
    account_id: int | None = None,
    production: str | None = None,
) -> MatchPlan:
    """
    What matching proposes for the unlinked dates, of one account or of all.
    """
    unlinked = offers.all_offers(session, account_id, only_unlinked=True)
    if not unlinked:
        return MatchPlan((), (), ())
    return matching.propose(
        links.slots(shows.list_shows(session, production)),
        links.dated(session, unlinked),
        taken=links.taken(session),
        refused={(o, s) for o, s in links.refusals(session) if s is not None},
        tolerance=tolerance,
    )


def accept(
    database: Database,
    settings: Settings,
    matches: Iterable[Match],
    *,
    decided_by: str,
    batch: str,
) -> int:
    """
    Link these pairs and bring the figures of their shows up to date.
    """
    pairs = [
        Pair(match.occurrence.occurrence_id, match.show.show_id, match.reason())
        for match in matches
    ]
    now = clock.now()
    with database.write() as session:
        made = links.make(session, pairs, decided_by=decided_by, batch=batch, now=now)
        _recompute(session, settings, {pair.show_id for pair in pairs})
    return made


def link(
    database: Database, settings: Settings, occurrence_id: int, show_id: int
) -> None:
    """
    A person's own pair, or their word that a moved date still is the same show.
    """
    pair = Pair(occurrence_id, show_id, "linked by hand")
    now = clock.now()
    with database.write() as session:
        made = links.make(
            session, [pair], decided_by="person", batch=f"link-{now:%H%M%S}", now=now
        )
        if not made:
            links.confirm(session, occurrence_id)
        _recompute(session, settings, {show_id})


def configure(
    database: Database,
    settings: Settings,
    offer: Offer,
    *,
    enabled: bool | None,
    ticket_sales: bool | None,
    types: Mapping[str, str],
) -> dict[str, str]:
    """
    Set a link's switches and its event's ticket-type names; recomputes what they
    touch. Returns the names in force.
    """
    with database.write() as session:
        show_id = links.set_switches(
            session, offer.id, enabled=enabled, ticket_sales=ticket_sales
        )
        names = links.map_types(session, offer.event_row, types)
        touched = links.shows_of_event(session, offer.event_row) if types else set()
        _recompute(session, settings, {show_id, *touched})
    return names


def unlink(database: Database, settings: Settings, occurrence_id: int) -> int | None:
    """
    Take a pair apart; its show loses those sales at once.
    """
    with database.write() as session:
        show_id = links.unlink(session, occurrence_id)
        if show_id is not None:
            _recompute(session, settings, {show_id})
    return show_id


def refuse(
    database: Database, occurrence_id: int, show_id: int | None, *, batch: str
) -> None:
    with database.write() as session:
        links.refuse(session, occurrence_id, show_id, batch=batch, now=clock.now())


def undo(database: Database, settings: Settings) -> Undone | None:
    """
    Take back the last batch of decisions and recompute what it fed.
    """
    with database.write() as session:
        undone = links.undo(session)
        if undone is not None:
            _recompute(session, settings, undone.show_ids)
    return undone


def adopt(
    database: Database, settings: Settings, account_id: int | None = None
) -> tuple[int, int]:
    """
    Turn every unlinked date into a show of ours; returns new shows and new links.
    """
    now = clock.now()
    with database.write() as session:
        unlinked = offers.all_offers(session, account_id, only_unlinked=True)
        made = links.adopt(session, unlinked, batch=f"adopt-{now:%H%M%S}", now=now)
        _recompute(session, settings, links.shows_of(session, (o.id for o in unlinked)))
    return made


def exclude(
    database: Database, settings: Settings, show_id: int, excluded: bool, reason: str
) -> None:
    """
    Leave a show out of the figures, or take it in again.
    """
    with database.write() as session:
        shows.set_excluded(session, show_id, excluded, reason)
        _recompute(session, settings, {show_id})


def rebuild(database: Database, settings: Settings) -> tuple[int, int]:
    """
    Recompute every show from its stored orders; returns all shows and the changed.
    """
    with database.write() as session:
        everything = importing.linked_shows(session)
        changed = _recompute(session, settings, everything)
    return len(everything), changed


def schedules(session: Session, settings: Settings) -> Mapping[int, FeeSchedule]:
    """
    The venue's own fee rates by account.
    """
    found: dict[int, FeeSchedule] = {}
    for account in state.all_accounts(session):
        schedule = settings.account(account.name).fees
        if schedule is not None:
            found[account.id] = schedule
    return found


def _recompute(session: Session, settings: Settings, show_ids: Iterable[int]) -> int:
    return importing.import_shows(
        session, show_ids, schedules(session, settings), clock.now()
    )
