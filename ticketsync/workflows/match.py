"""
Matching: propose over everything unlinked, save what was decided.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel import Session

from ticketsync.accounts import state
from ticketsync.catalogue import links, matching, offers, shows
from ticketsync.catalogue.candidates import Dated, Match, Tolerance
from ticketsync.catalogue.links import Pair, Undone
from ticketsync.catalogue.matching import MatchPlan
from ticketsync.catalogue.offers import Offer
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core import clock, errors
from ticketsync.core.config import FeeSchedule, Settings
from ticketsync.core.redact import safe
from ticketsync.financials import importing
from ticketsync.store.engine import Database


def plan(
    session: Session,
    settings: Settings,
    *,
    account_id: int | None = None,
    production: str | None = None,
) -> MatchPlan:
    """
    What matching proposes for the unlinked occurrences, of one account or of all, and
    the shows still to come that no platform sells.
    """
    ours = shows.list_shows(session)
    titles = {show.production for show in ours}
    if production is not None and production not in titles:
        raise errors.NotFound(
            f"There is no production {safe(production)!r} with shows.",
            hint="See `ticketsync productions list`.",
        )
    unlinked = offers.all_offers(session, account_id, only_unlinked=True)
    if not unlinked and account_id is not None:
        return MatchPlan((), (), ())
    taken = links.taken(session)
    proposed = matching.propose(
        links.slots(ours, taken),
        links.dated(session, unlinked),
        taken=taken,
        refused={(o, s) for o, s in links.refusals(session) if s is not None},
        tolerance=Tolerance(settings.match_tolerance, settings.match_tolerances),
    )
    now = clock.now()
    to_come = tuple(s for s in proposed.unmatched_shows if s.starts_at >= now)
    found = replace(
        proposed,
        unmatched_shows=to_come,
        remarks=(*proposed.remarks, *_unknown_productions(settings, titles)),
    )
    return found if production is None else _only(found, production)


def _only(plan: MatchPlan, production: str) -> MatchPlan:
    """
    The part of a plan that concerns the shows of one production.
    """
    return replace(
        plan,
        certain=tuple(m for m in plan.certain if m.show.production == production),
        unsure=tuple(
            item
            for item in plan.unsure
            if any(c.show.production == production for c in item.candidates)
        ),
        unmatched_shows=tuple(
            show for show in plan.unmatched_shows if show.production == production
        ),
    )


def _unknown_productions(settings: Settings, titles: set[str]) -> list[str]:
    return [
        f"The settings give {title!r} a tolerance of its own; no production of that "
        "title has shows."
        for title in settings.match_tolerances
        if title not in titles
    ]


def new_batch() -> str:
    """
    The name under which the decisions of one command can be taken back together.
    """
    return f"match-{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


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
        recompute(session, settings, {pair.show_id for pair in pairs})
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
        recompute(session, settings, {show_id})


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
        if types:
            dates = links.occurrences_of_event(session, offer.event_row)
            links.hold(session, dates)
        show_id = links.set_switches(
            session, offer.id, enabled=enabled, ticket_sales=ticket_sales
        )
        names = links.map_types(session, offer.event_row, types)
        touched = links.shows_of_event(session, offer.event_row) if types else set()
        recompute(session, settings, {show_id, *touched})
    return names


def unlink(database: Database, settings: Settings, occurrence_id: int) -> int | None:
    """
    Take a pair apart; its show loses those sales at once.
    """
    with database.write() as session:
        show_id = links.unlink(session, occurrence_id, clock.now())
        if show_id is not None:
            recompute(session, settings, {show_id})
    return show_id


def refuse(
    database: Database, occurrence_id: int, show_id: int | None, *, batch: str
) -> None:
    with database.write() as session:
        links.refuse(session, occurrence_id, show_id, batch=batch, now=clock.now())


@dataclass(slots=True)
class Sitting:
    """
    One person's sitting at the matching screen: each decision is saved as it is made,
    all of them under one batch, and the last ones can be taken back one by one.
    """

    database: Database
    settings: Settings
    batch: str
    linked: int = 0
    refused: int = 0
    _made: list[tuple[tuple[int, ...], int | None]] = field(default_factory=list)

    def plan(self, production: str | None = None) -> MatchPlan:
        """
        What matching proposes now, with all that was decided so far.
        """
        with self.database.read() as session:
            return plan(session, self.settings, production=production)

    def farther(self, occurrence: Dated) -> list[Match]:
        """
        What a date may be that nothing lies near to.
        """
        with self.database.read() as session:
            taken = links.taken(session)
            ours = links.slots(shows.list_shows(session), taken)
        free = [s for s in ours if (occurrence.account, s.show_id) not in taken]
        return matching.farther(free, occurrence)

    def shows(self) -> list[ShowInfo]:
        with self.database.read() as session:
            return [s for s in shows.list_shows(session) if not s.is_excluded]

    def accept(self, matches: Sequence[Match]) -> None:
        self.linked += accept(
            self.database,
            self.settings,
            matches,
            decided_by="person",
            batch=self.batch,
        )
        self._note([match.occurrence.occurrence_id for match in matches])

    def choose(self, occurrence_id: int, show_id: int) -> None:
        """
        A pair that a person found, whatever the plan says.
        """
        pair = Pair(occurrence_id, show_id, "chosen by a person")
        now = clock.now()
        with self.database.write() as session:
            links.make(session, [pair], decided_by="person", batch=self.batch, now=now)
            recompute(session, self.settings, {show_id})
        self.linked += 1
        self._note([occurrence_id])

    def never(self, occurrence_id: int) -> None:
        refuse(self.database, occurrence_id, None, batch=self.batch)
        self.refused += 1
        self._note([occurrence_id])

    def new_show(self, occurrence_id: int, title: str) -> int:
        """
        Make a show of this date and link it; returns its number.
        """
        with self.database.write() as session:
            offer = offers.numbered(session, occurrence_id)
            show_id, is_new = links.adopt_one(
                session, offer, title, batch=self.batch, now=clock.now()
            )
            recompute(session, self.settings, {show_id})
        self.linked += 1
        self._note([occurrence_id], new_show=show_id if is_new else None)
        return show_id

    def take_back(self) -> tuple[int, ...]:
        """
        Undo the last decision; returns the dates it was about, none if there is none.
        """
        if not self._made:
            return ()
        dates, new_show = self._made.pop()
        with self.database.write() as session:
            lost = links.take_back(session, dates, self.batch)
            recompute(session, self.settings, lost)
            if new_show is not None:
                shows.remove_show(session, new_show)
        if lost:
            self.linked -= len(dates)
        else:
            self.refused -= len(dates)
        return dates

    def _note(self, dates: Iterable[int], new_show: int | None = None) -> None:
        self._made.append((tuple(dates), new_show))


def undo(database: Database, settings: Settings) -> Undone | None:
    """
    Take back the last batch of decisions and recompute what it fed.
    """
    with database.write() as session:
        undone = links.undo(session)
        if undone is not None:
            recompute(session, settings, undone.show_ids)
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
        links.hold(session, (offer.id for offer in unlinked))
        unlinked = offers.all_offers(session, account_id, only_unlinked=True)
        made = links.adopt(session, unlinked, batch=f"adopt-{now:%H%M%S}", now=now)
        recompute(session, settings, links.shows_of(session, (o.id for o in unlinked)))
    return made


def exclude(
    database: Database, settings: Settings, show_id: int, excluded: bool, reason: str
) -> None:
    """
    Leave a show out of the figures, or take it in again.
    """
    with database.write() as session:
        shows.set_excluded(session, show_id, excluded, reason)
        recompute(session, settings, {show_id})


def rebuild(database: Database, settings: Settings) -> tuple[int, int]:
    """
    Recompute every show from its stored orders; returns all shows and the changed.
    """
    with database.write() as session:
        everything = importing.linked_shows(session)
        changed = recompute(session, settings, everything)
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


def recompute(session: Session, settings: Settings, show_ids: Iterable[int]) -> int:
    return importing.import_shows(
        session, show_ids, schedules(session, settings), clock.now()
    )
