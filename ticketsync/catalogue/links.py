"""
Which is which, as decided: made, refused, taken back.

A decision of a person is never revisited by the machine. Whoever decides about an
occurrence holds it first (`hold`), so that of two decisions at one moment the second
one sees the first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlmodel import Session

from ticketsync.catalogue import shows as our_shows
from ticketsync.catalogue.candidates import OccurrenceCandidate, ShowCandidate
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.catalogue.shows import NewShow, ShowInfo, VenueInfo
from ticketsync.core import errors
from ticketsync.store import audit, counted, row_locks
from ticketsync.store.audit import Decision
from ticketsync.store.tables.accounts import Account
from ticketsync.store.tables.catalogue import (
    Event,
    Occurrence,
    Production,
    ProductionLink,
    Refusal,
    Show,
    ShowLink,
    Venue,
)
from ticketsync.store.upsert import insert_new, table_of

MADE_OF_IT = "a show made of this date"  # says nothing of its venue
FAR = timedelta(hours=24)  # a date that moves further needs a person's word


@dataclass(frozen=True, slots=True)
class Pair:
    """
    A decision to save: this occurrence is that show.
    """

    occurrence_id: int
    show_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class UndoneDecision:
    batch: str
    links: int
    refusals: int
    show_ids: tuple[int, ...]


def hold(session: Session, occurrence_ids: Iterable[int]) -> None:
    """
    Keep these occurrences, and the events and the shows they feed, as they are until
    the transaction ends: nobody else decides about them or saves their tickets.
    """
    wanted = list(occurrence_ids)
    dates, links = table_of(Occurrence), table_of(ShowLink)
    events = select(dates.c.event_id).where(dates.c.id.in_(wanted))
    in_use = select(links.c.show_id).where(links.c.occurrence_id.in_(wanted))
    row_locks.hold(session, Event, events)
    row_locks.hold(session, Occurrence, wanted)
    row_locks.hold(session, Show, in_use)


def make(
    session: Session,
    pairs: Iterable[Pair],
    *,
    decided_by: str,
    batch: str,
    now: datetime,
) -> int:
    """
    Save the pairs that are new; an occurrence that feeds another show is refused.
    """
    pairs = list(pairs)
    hold(session, (pair.occurrence_id for pair in pairs))
    made = [
        pair
        for pair in pairs
        if _add_link(session, pair, decided_by=decided_by, batch=batch, now=now)
    ]
    _record_made(session, made)
    return len(made)


def _add_link(
    session: Session, pair: Pair, *, decided_by: str, batch: str, now: datetime
) -> bool:
    """
    Add the link of a pair whose occurrence is held, unless it is there.
    """
    table = table_of(ShowLink)
    query = select(table.c.show_id).where(table.c.occurrence_id == pair.occurrence_id)
    linked = session.connection().execute(query).scalar()
    if linked == pair.show_id:
        return False
    if linked is not None:
        raise errors.UsageError(
            f"That date feeds show {linked} already.",
            hint=f"Run `ticketsync unlink {pair.occurrence_id}` first.",
            word="linked-already",
        )
    session.add(
        ShowLink(
            show_id=pair.show_id,
            occurrence_id=pair.occurrence_id,
            decided_by=decided_by,
            reason=pair.reason,
            batch=batch,
            starts_at=_starts_at(session, pair.occurrence_id),
            created_at=now,
        )
    )
    _link_production(session, pair, now)
    return True


def _record_made(session: Session, made: Iterable[Pair]) -> None:
    """
    Who made these links, for the audit trail.
    """
    table = table_of(ShowLink)
    session.flush()
    reasons = {pair.occurrence_id: pair.reason for pair in made}
    audit.record(
        session,
        *(
            _decision(
                "link",
                link,
                after={**_values(link), "why": reasons[link.occurrence_id]},
            )
            for link in _linked(session, table.c.occurrence_id.in_(list(reasons)))
        ),
    )


def refuse(
    session: Session,
    occurrence_id: int,
    show_id: int | None,
    *,
    batch: str,
    now: datetime,
) -> None:
    """
    Never propose this pair again; without a show, never propose this date at all.
    """
    row = {"occurrence_id": occurrence_id, "show_id": show_id, "batch": batch}
    insert_new(session, Refusal, {**row, "created_at": now})
    name = _name_of(session, occurrence_id)
    audit.record(
        session,
        Decision(
            "refuse", "occurrence", name, occurrence_id, after={"show_id": show_id}
        ),
    )


def unlink(session: Session, occurrence_id: int, now: datetime) -> int | None:
    """
    Take a pair apart, so that it is not proposed again; returns the show that lost it.
    """
    table = table_of(ShowLink)
    hold(session, [occurrence_id])
    found = table.c.occurrence_id == occurrence_id
    removed = _remove_links(session, found)
    _unlearn(session)
    if not removed:
        return None
    row = {"occurrence_id": occurrence_id, "show_id": removed[0], "batch": ""}
    insert_new(session, Refusal, {**row, "created_at": now})
    return removed[0]


def take_back(session: Session, occurrence_ids: Iterable[int], batch: str) -> set[int]:
    """
    Undo what one batch decided about these occurrences; returns the shows that lost.
    """
    links, refusals = table_of(ShowLink), table_of(Refusal)
    wanted = list(occurrence_ids)
    hold(session, wanted)
    lost = _remove_links(
        session, links.c.batch == batch, links.c.occurrence_id.in_(wanted)
    )
    _remove_refusals(
        session, refusals.c.batch == batch, refusals.c.occurrence_id.in_(wanted)
    )
    _unlearn(session)
    return set(lost)


def undo(session: Session) -> UndoneDecision | None:
    """
    Take back the last batch of decisions, or `None` if there is none.
    """
    links, refusals = table_of(ShowLink), table_of(Refusal)
    connection = session.connection()
    latest = [
        connection.execute(
            select(table.c.created_at, table.c.batch)
            .where(table.c.batch != "")
            .order_by(table.c.created_at.desc(), table.c.id.desc())
        ).first()
        for table in (links, refusals)
    ]
    batches = [(row.created_at, row.batch) for row in latest if row is not None]
    if not batches:
        return None
    batch = max(batches)[1]
    hold(
        session,
        connection.scalars(select(links.c.occurrence_id).where(links.c.batch == batch)),
    )
    lost = _remove_links(session, links.c.batch == batch)
    undone = UndoneDecision(
        batch,
        len(lost),
        _remove_refusals(session, refusals.c.batch == batch),
        tuple(sorted(set(lost))),
    )
    _unlearn(session)
    return undone


def shows_of(session: Session, occurrence_ids: Iterable[int]) -> set[int]:
    """
    The shows that any of these occurrences feeds.
    """
    table = table_of(ShowLink)
    wanted = set(occurrence_ids)
    rows = session.connection().execute(select(table.c.show_id, table.c.occurrence_id))
    return {int(show) for show, occurrence in rows if occurrence in wanted}


def taken(session: Session) -> set[tuple[str, int]]:
    """
    Which account feeds which show already.
    """
    links, dates, accounts = table_of(ShowLink), table_of(Occurrence), table_of(Account)
    rows = session.connection().execute(
        select(accounts.c.name, links.c.show_id)
        .join(dates, dates.c.id == links.c.occurrence_id)
        .join(accounts, accounts.c.id == dates.c.account_id)
    )
    return {(str(account), int(show)) for account, show in rows}


def refusals(session: Session) -> set[tuple[int, int | None]]:
    table = table_of(Refusal)
    rows = session.connection().execute(select(table.c.occurrence_id, table.c.show_id))
    return {(int(occurrence), show) for occurrence, show in rows}


def show_candidates(
    shows: Iterable[ShowInfo], taken: Iterable[tuple[str, int]]
) -> list[ShowCandidate]:
    """
    Our shows as matching sees them; excluded ones take no part.
    """
    sellers: dict[int, list[str]] = {}
    for account, show_id in sorted(taken):
        sellers.setdefault(show_id, []).append(account)
    return [
        ShowCandidate(
            show_id=show.id,
            production=show.production,
            venue=show.venue,
            starts_at=show.starts_at,
            capacity=show.capacity,
            starts_local=show.starts_local,
            sellers=tuple(sellers.get(show.id, ())),
        )
        for show in shows
        if not show.is_excluded
    ]


def occurrence_candidates(
    session: Session, offers: Iterable[LinkedOccurrence]
) -> list[OccurrenceCandidate]:
    """
    Unlinked occurrences as matching sees them; refused ones take no part.
    """
    never = {occurrence for occurrence, show in refusals(session) if show is None}
    works = _production_of_event(session)
    titles = _production_of_title(session)
    venues = _venue_of_name(session)
    return [
        OccurrenceCandidate(
            occurrence_id=offer.id,
            account=offer.account,
            event=offer.event,
            starts_at=offer.starts_at,
            venue=offer.venue,
            capacity=offer.capacity,
            production=works.get(offer.event_row),
            known_as=titles.get(_folded(offer.event)),
            starts_local=offer.starts_local,
            known_at=venues.get(_folded(offer.venue or "")),
        )
        for offer in offers
        if offer.show_id is None
        and offer.id not in never
        and offer.gone_since is None
        and offer.is_dated
    ]


def adopt_one(
    session: Session, offer: LinkedOccurrence, title: str, *, batch: str, now: datetime
) -> tuple[int, bool]:
    """
    Make a show of one occurrence, under the title a person gave it; returns it and
    whether it is new.
    """
    new = replace(
        _as_show(session, offer, our_shows.get_venue(session)), production=title
    )
    show_id, is_new = our_shows.add_show(session, new)
    pair = Pair(offer.id, show_id, MADE_OF_IT)
    make(session, [pair], decided_by="person", batch=batch, now=now)
    return show_id, is_new


def adopt(
    session: Session, offers: Iterable[LinkedOccurrence], *, batch: str, now: datetime
) -> tuple[int, int]:
    """
    Make shows of occurrences that have none; returns new shows and new links.
    """
    house = our_shows.get_venue(session)
    wanted = [
        offer
        for offer in offers
        if offer.show_id is None
        and offer.gone_since is None
        and offer.is_dated  # of another nobody can make a show but a person
    ]
    hold(session, (offer.id for offer in wanted))
    created = 0
    made: list[Pair] = []
    for offer in wanted:
        show_id, is_new = our_shows.add_show(session, _as_show(session, offer, house))
        created += is_new
        pair = Pair(offer.id, show_id, "adopted from the listing")
        if _add_link(session, pair, decided_by="adopted", batch=batch, now=now):
            made.append(pair)
    _record_made(session, made)
    return created, len(made)


def follow_moves(session: Session, moved: dict[int, datetime]) -> list[str]:
    """
    What moved occurrences mean for their shows, in words.

    An adopted show moves along once all its platforms say the same time; while they
    contradict each other it stays, and so it does where the move is more than a day:
    the link keeps the time it was made for and waits for a person (`conflict`). A show
    from the venue's own list keeps its time.
    """
    notes: list[str] = []
    table = table_of(ShowLink)
    in_use = select(table.c.show_id).where(table.c.occurrence_id.in_(list(moved)))
    # Their time is part of a unique key.
    row_locks.hold_keys(session, Show, in_use)
    for occurrence_id, starts_at in moved.items():
        link = _link_to_follow(session, occurrence_id)
        if link is None:
            continue
        was = our_shows.local_text(link.starts_at, link.timezone)
        now_at = our_shows.local_text(starts_at, link.timezone)
        change = f"{link.name}: rescheduled from {was} to {now_at}"
        doubt = _why_it_stays(session, link, starts_at)
        if doubt:
            change += f"; {doubt}"
        elif link.decided_by == "adopted":
            our_shows.move_show(session, link.show_id, starts_at)
        session.connection().execute(
            update(table)
            .where(table.c.id == link.id)
            .values(
                reason=change,
                status="conflict" if doubt else _settled(link, starts_at),
                starts_at=link.starts_at if doubt else starts_at,
            )
        )
        if not doubt and link.decided_by == "adopted":
            _settle_others(session, link.show_id, starts_at)
        notes.append(change)
    return notes


def _link_to_follow(session: Session, occurrence_id: int) -> Any:
    links, dates = table_of(ShowLink), table_of(Occurrence)
    query = (
        select(links, dates.c.name, dates.c.timezone)
        .select_from(counted.followed_links())
        .join(dates, dates.c.id == links.c.occurrence_id)
        .where(links.c.occurrence_id == occurrence_id)
    )
    return session.connection().execute(query).first()


def _settled(link: Any, starts_at: datetime) -> str:
    """
    The status of a link that nothing speaks against: one that came back to the time it
    was made for is as good as it was.
    """
    back = link.status == "conflict" and link.starts_at == starts_at
    return "synced" if back or link.decided_by == "adopted" else str(link.status)


def _why_it_stays(session: Session, link: Any, starts_at: datetime) -> str:
    """
    Why a show does not follow this move, and what a person can do; `""` if it does.
    """
    confirm = f"run `ticketsync link {link.occurrence_id} {link.show_id}` to confirm"
    if abs(starts_at - link.starts_at) > FAR:
        return confirm
    if link.decided_by != "adopted":
        return ""
    others = _other_times(session, link, starts_at)
    if others:
        return (
            f"{' and '.join(others)}: the show stays; correct the platform that is "
            f"wrong, or {confirm}"
        )
    if our_shows.is_taken(session, link.show_id, starts_at):
        return f"another show of yours starts then: the show stays; {confirm}"
    return ""


def _other_times(session: Session, link: Any, starts_at: datetime) -> list[str]:
    """
    The other platforms of a show that say another time, with what they say.
    """
    links, dates, accounts = table_of(ShowLink), table_of(Occurrence), table_of(Account)
    rows = session.connection().execute(
        select(accounts.c.name, dates.c.starts_local)
        .select_from(counted.followed_links())
        .join(dates, dates.c.id == links.c.occurrence_id)
        .join(accounts, accounts.c.id == dates.c.account_id)
        .where(
            links.c.show_id == link.show_id,
            links.c.id != link.id,
            dates.c.gone_since.is_(None),
            counted.is_set(dates.c.is_dated),
            dates.c.starts_at != starts_at,
        )
        .order_by(accounts.c.name, dates.c.id)
    )
    return [f"{row.name} still says {row.starts_local}" for row in rows]


def _settle_others(session: Session, show_id: int, starts_at: datetime) -> None:
    """
    The links of a show whose occurrences start when it does now wait no longer.
    """
    links, dates = table_of(ShowLink), table_of(Occurrence)
    agreeing = select(dates.c.id).where(dates.c.starts_at == starts_at)
    session.connection().execute(
        update(links)
        .where(
            links.c.show_id == show_id,
            links.c.status == "conflict",
            links.c.occurrence_id.in_(agreeing),
        )
        .values(status="synced", starts_at=starts_at)
    )


def confirm(session: Session, occurrence_id: int) -> None:
    """
    A person agrees that a moved occurrence still is the same show. An adopted show
    moves along, unless another platform says another time.
    """
    table = table_of(ShowLink)
    hold(session, [occurrence_id])
    starts_at = _starts_at(session, occurrence_id)
    for link in _linked(session, table.c.occurrence_id == occurrence_id):
        audit.record(
            session,
            _decision(
                "confirm",
                link,
                before={"starts_at": link.starts_at, "status": link.status},
                after={
                    "starts_at": starts_at,
                    "status": "synced",
                },
            ),
        )
        is_free = not our_shows.is_taken(session, link.show_id, starts_at)
        follows = link.decided_by == "adopted" and is_free
        if follows and not _other_times(session, link, starts_at):
            our_shows.move_show(session, link.show_id, starts_at)
    session.connection().execute(
        update(table)
        .where(table.c.occurrence_id == occurrence_id)
        .values(
            status="synced",
            decided_by="person",
            starts_at=starts_at,
        )
    )


def set_switches(
    session: Session,
    occurrence_id: int,
    *,
    enabled: bool | None = None,
    ticket_sales: bool | None = None,
) -> int:
    """
    Switch a link on or off, or only its sales; returns the show it feeds.
    """
    table = table_of(ShowLink)
    hold(session, [occurrence_id])
    values = {"sync_enabled": enabled, "sync_ticket_sales": ticket_sales}
    wanted = {name: value for name, value in values.items() if value is not None}
    found = table.c.occurrence_id == occurrence_id
    links = _linked(session, found)
    if not links:
        raise errors.NotFound(
            f"Date {occurrence_id} feeds no show.", hint="Link it first."
        )
    if wanted:
        session.connection().execute(update(table).where(found).values(**wanted))
        before = {name: getattr(links[0], name) for name in wanted}
        audit.record(
            session, _decision("switch", links[0], before=before, after=wanted)
        )
    return int(links[0].show_id)


def switch_off(session: Session, occurrence_ids: Iterable[int]) -> set[int]:
    """
    Let these dates feed their shows no more; returns the shows.
    """
    wanted = list(occurrence_ids)
    if not wanted:
        return set()
    table = table_of(ShowLink)
    found = table.c.occurrence_id.in_(wanted)
    links = _linked(session, found)
    session.connection().execute(update(table).where(found).values(sync_enabled=False))
    audit.record(
        session,
        *(
            _decision(
                "switch",
                link,
                before={"sync_enabled": link.sync_enabled},
                after={"sync_enabled": False},
            )
            for link in links
        ),
    )
    return {int(link.show_id) for link in links}


def forget(session: Session, account_id: int) -> None:
    """
    Take apart whatever an account's listing was linked to, and what was said about it.
    """
    dates, events = table_of(Occurrence), table_of(Event)
    mine = select(dates.c.id).where(dates.c.account_id == account_id)
    _remove_links(session, table_of(ShowLink).c.occurrence_id.in_(mine))
    _remove_refusals(session, table_of(Refusal).c.occurrence_id.in_(mine))
    works = table_of(ProductionLink)
    of_account = select(events.c.id).where(events.c.account_id == account_id)
    session.connection().execute(delete(works).where(works.c.event_id.in_(of_account)))


def map_types(
    session: Session, event_row: int, names: Mapping[str, str]
) -> dict[str, str]:
    """
    Call ticket types of an event by the venue's own names; an empty name takes a
    mapping back. Returns all of them.

    Names that somebody else sets at the same moment stay: the event's dates are held.
    """
    hold(session, occurrences_of_event(session, event_row))
    table = table_of(ProductionLink)
    found = table.c.event_id == event_row
    held = session.connection().execute(select(table.c.type_map).where(found)).scalar()
    if held is None:
        raise errors.NotFound(
            "No date of that event feeds a show yet.", hint="Link one first."
        )
    merged = {**json.loads(held), **names}
    kept = {theirs: ours for theirs, ours in merged.items() if ours}
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False)
    session.connection().execute(update(table).where(found).values(type_map=text))
    if text != held:
        name = _name_of_event(session, event_row)
        before, after = {"types": json.loads(held)}, {"types": kept}
        audit.record(
            session, Decision("map types", "event", name, event_row, before, after)
        )
    return kept


def occurrences_of_event(session: Session, event_row: int) -> list[int]:
    table = table_of(Occurrence)
    query = select(table.c.id).where(table.c.event_id == event_row)
    return list(session.connection().scalars(query))


def shows_of_event(session: Session, event_row: int) -> set[int]:
    """
    The shows that any date of an event feeds.
    """
    links, dates = table_of(ShowLink), table_of(Occurrence)
    rows = session.connection().execute(
        select(links.c.show_id)
        .join(dates, dates.c.id == links.c.occurrence_id)
        .where(dates.c.event_id == event_row)
    )
    return {int(row.show_id) for row in rows}


def set_status(session: Session, occurrence_ids: Iterable[int], status: str) -> None:
    """
    Note how the last read of these occurrences ended, where that is news.
    """
    table = table_of(ShowLink)
    wanted = set(occurrence_ids)
    rows = session.connection().execute(
        select(table.c.id, table.c.occurrence_id).where(
            table.c.status.not_in((status, "conflict"))
        )
    )
    stale = [row.id for row in rows if row.occurrence_id in wanted]
    row_locks.hold(session, ShowLink, stale)
    if stale:
        session.connection().execute(
            update(table)
            .where(table.c.id.in_(stale), table.c.status != "conflict")
            .values(status=status)
        )


def _as_show(session: Session, offer: LinkedOccurrence, house: VenueInfo) -> NewShow:
    venue = house
    for known in our_shows.venues(session):
        if offer.venue is not None and known.name == offer.venue:
            venue = known
    works = _production_of_event(session)
    return NewShow(
        production=works.get(offer.event_row) or offer.event,
        starts_at=offer.starts_at,
        venue=venue.name,
        timezone=venue.timezone,
        currency=venue.currency,
        capacity=offer.capacity,
    )


def _link_production(session: Session, pair: Pair, now: datetime) -> None:
    """
    A linked date says which production its event is, unless that is known.
    """
    dates, shows = table_of(Occurrence), table_of(Show)
    production = select(shows.c.production_id).where(shows.c.id == pair.show_id)
    query = select(
        dates.c.event_id, production.scalar_subquery().label("production_id")
    ).where(dates.c.id == pair.occurrence_id)
    row = session.connection().execute(query).one()._mapping
    insert_new(session, ProductionLink, {**row, "created_at": now})


def _production_of_event(session: Session) -> dict[int, str]:
    links, works = table_of(ProductionLink), table_of(Production)
    rows = session.connection().execute(
        select(links.c.event_id, works.c.title).join(
            works, works.c.id == links.c.production_id
        )
    )
    return {int(event): str(title) for event, title in rows}


def _production_of_title(session: Session) -> dict[str, str]:
    """
    What listings of a title were before, where all of them were one production.
    """
    links, works, events = (
        table_of(ProductionLink),
        table_of(Production),
        table_of(Event),
    )
    rows = session.connection().execute(
        select(events.c.name, works.c.title)
        .join(links, links.c.event_id == events.c.id)
        .join(works, works.c.id == links.c.production_id)
    )
    found: dict[str, set[str]] = {}
    for name, title in rows:
        found.setdefault(_folded(name), set()).add(str(title))
    return {name: titles.pop() for name, titles in found.items() if len(titles) == 1}


def _linked(session: Session, *where: ColumnElement[bool]) -> Sequence[Any]:
    """
    These links with the names of their occurrences.
    """
    links, dates = table_of(ShowLink), table_of(Occurrence)
    query = (
        select(
            links.c.id,
            links.c.occurrence_id,
            dates.c.name,
            dates.c.starts_local,
            links.c.show_id,
            links.c.decided_by,
            links.c.status,
            links.c.starts_at,
            links.c.sync_enabled,
            links.c.sync_ticket_sales,
        )
        .join(dates, dates.c.id == links.c.occurrence_id)
        .where(*where)
        .order_by(dates.c.id)
    )
    return session.connection().execute(query).all()


def _values(link: Any) -> dict[str, Any]:
    return {"show_id": link.show_id, "decided_by": link.decided_by}


def _decision(
    action: str,
    link: Any,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Decision:
    name = f"{link.name} {link.starts_local}"
    return Decision(
        action, "occurrence", name, link.occurrence_id, before or {}, after or {}
    )


def _remove_links(session: Session, *where: ColumnElement[bool]) -> list[int]:
    """
    Take these links apart and put them on record; returns the show of each.
    """
    links = _linked(session, *where)
    session.connection().execute(delete(table_of(ShowLink)).where(*where))
    audit.record(
        session,
        *(_decision("unlink", link, before=_values(link)) for link in links),
    )
    return [int(link.show_id) for link in links]


def _remove_refusals(session: Session, *where: ColumnElement[bool]) -> int:
    """
    Take these refusals back and put that on record; returns how many there were.
    """
    refusals, dates = table_of(Refusal), table_of(Occurrence)
    rows = (
        session.connection()
        .execute(
            select(
                refusals.c.occurrence_id,
                dates.c.name,
                dates.c.starts_local,
                refusals.c.show_id,
            )
            .join(dates, dates.c.id == refusals.c.occurrence_id)
            .where(*where)
        )
        .all()
    )
    session.connection().execute(delete(refusals).where(*where))
    audit.record(
        session,
        *(
            _decision("take refusal back", row, before={"show_id": row.show_id})
            for row in rows
        ),
    )
    return len(rows)


def _name_of(session: Session, occurrence_id: int) -> str:
    table = table_of(Occurrence)
    row = (
        session.connection()
        .execute(
            select(table.c.name, table.c.starts_local).where(
                table.c.id == occurrence_id
            )
        )
        .first()
    )
    return "" if row is None else f"{row.name} {row.starts_local}"


def _name_of_event(session: Session, event_row: int) -> str:
    table = table_of(Event)
    query = select(table.c.name).where(table.c.id == event_row)
    return str(session.connection().scalar(query))


def _venue_of_name(session: Session) -> dict[str, str]:
    """
    What the platforms' names of venues mean, where a person said so and all pairs that
    they made agree.
    """
    links, dates, shows = table_of(ShowLink), table_of(Occurrence), table_of(Show)
    venues = table_of(Venue)
    rows = session.connection().execute(
        select(dates.c.venue, venues.c.name)
        .join(links, links.c.occurrence_id == dates.c.id)
        .join(shows, shows.c.id == links.c.show_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .where(
            dates.c.venue.is_not(None),
            links.c.decided_by == "person",
            links.c.reason != MADE_OF_IT,
        )
        .distinct()
    )
    found: dict[str, set[str]] = {}
    for theirs, ours in rows:
        found.setdefault(_folded(theirs), set()).add(str(ours))
    own_names = {_folded(venue.name) for venue in our_shows.venues(session)}
    return {
        name: known.pop()
        for name, known in found.items()
        if len(known) == 1 and name not in own_names
    }


def _folded(title: str) -> str:
    return " ".join(title.casefold().split())


def _unlearn(session: Session) -> None:
    """
    An event none of whose dates feeds a show any more belongs to no production: else
    a pair that was taken back would go on deciding about the next.
    """
    links, dates, works = (
        table_of(ShowLink),
        table_of(Occurrence),
        table_of(ProductionLink),
    )
    in_use = select(dates.c.event_id).join(links, links.c.occurrence_id == dates.c.id)
    session.connection().execute(
        delete(works).where(works.c.type_map == "{}", works.c.event_id.not_in(in_use))
    )


def _starts_at(session: Session, occurrence_id: int) -> datetime:
    table = table_of(Occurrence)
    found: datetime | None = (
        session.connection()
        .execute(select(table.c.starts_at).where(table.c.id == occurrence_id))
        .scalar()
    )
    if found is None:
        raise errors.NotFound(
            f"There is no date {occurrence_id}.", hint="See `ticketsync events list`."
        )
    return found
