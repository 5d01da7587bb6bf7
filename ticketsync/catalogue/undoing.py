"""
Taking decisions back: one pair, one occurrence, a batch or the part of it that was made
in one way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    case,
    delete,
    func,
    select,
)

from ticketsync.catalogue.links import (
    BY_OFFSET,
    CERTAIN,
    CHOSEN,
    date_key,
    lock_occurrences,
    remove_links,
    remove_refusals,
)
from ticketsync.catalogue.own_sales import is_own_sale, refuse_own_sale
from ticketsync.core.date_keys import group_parts
from ticketsync.store import counted
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    occurrences,
    production_links,
    productions,
    refusals,
    show_links,
    shows,
)
from ticketsync.store.upsert import insert_new

ADOPTED: Final = "adopted"  # with a show that was made for it
KINDS: Final = (CHOSEN, CERTAIN, BY_OFFSET, ADOPTED)
_RECENT = 8  # decisions
MAX_RECENT_LINKS = 100  # that a recent decision lists


@dataclass(frozen=True, slots=True)
class UndoneDecision:
    """
    The batch that was undone: how many links and refusals it had made, and the shows
    that lost their links. `kinds` is how many dates had links of each kind, and
    `taken_back` names these dates; the parts of one are one, as in `refusals`.
    """

    batch: str
    links: int
    refusals: int
    show_ids: tuple[int, ...]
    kinds: Mapping[str, int] = field(default_factory=dict)
    taken_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecentLink:
    """
    A link that stands: `account` lists `listing` for `show`.
    """

    occurrence_id: int
    show_id: int
    account: str
    listing: str
    show: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecentDecision:
    """
    What one batch linked in one way (`kind`), as far as it still stands; `links` are
    the first of its `count` dates, the parts of one being one.
    """

    batch: str
    kind: str
    is_automatic: bool
    at: datetime
    count: int
    links: tuple[RecentLink, ...]


def unlink_occurrence(
    connection: Connection, occurrence_id: int, now: datetime
) -> int | None:
    """
    Unlink an occurrence, so that the pair is not proposed again; returns the show that
    it was linked to, or `None`.

    Raises: `GuardRefused` (`guard-books`) where our own box office sells it.
    """
    lock_occurrences(connection, [occurrence_id])
    refuse_own_sale(connection, occurrence_id)
    removed = remove_links(connection, show_links.c.occurrence_id == occurrence_id)
    remove_unused_production_links(connection)
    if not removed:
        return None
    row = {"occurrence_id": occurrence_id, "show_id": removed[0], "batch": ""}
    insert_new(connection, refusals, {**row, "created_at": now})
    return removed[0]


def undo_decisions(
    connection: Connection, occurrence_ids: Iterable[int], batch: str
) -> set[int]:
    """
    Undo what one batch decided about these occurrences; returns the shows they were
    linked to.
    """
    wanted = list(occurrence_ids)
    lock_occurrences(connection, wanted)
    show_ids = remove_links(
        connection, show_links.c.batch == batch, show_links.c.occurrence_id.in_(wanted)
    )
    remove_refusals(
        connection, refusals.c.batch == batch, refusals.c.occurrence_id.in_(wanted)
    )
    remove_unused_production_links(connection)
    return set(show_ids)


def undo_last_batch(connection: Connection, kind: str = "") -> UndoneDecision | None:
    """
    Undo the last batch of decisions, or return `None` if there is none. With a kind
    (one of `KINDS`) the last one that has such decisions, and only those of it.
    """
    latest = [
        connection.execute(
            select(table.c.created_at, table.c.batch)
            .where(table.c.batch != "", *only)
            .order_by(table.c.created_at.desc(), table.c.id.desc())
            .limit(1)
        ).first()
        for table, only in (
            (show_links, (~is_own_sale(), *_of_kind(kind))),
            (refusals, ()),
        )
        if table is show_links or kind in ("", CHOSEN)
    ]
    batches = [(row.created_at, row.batch) for row in latest if row is not None]
    if not batches:
        return None
    return undo_batch(connection, max(batches)[1], kind)


def undo_batch(connection: Connection, batch: str, kind: str = "") -> UndoneDecision:
    """
    Undo this batch of decisions, with a kind (one of `KINDS`) only those of that kind;
    refusals are decided by hand, and links of what our own box office sells stay.
    """
    is_of = (show_links.c.batch == batch, ~is_own_sale(), *_of_kind(kind))
    linked = select(show_links.c.occurrence_id).where(*is_of)
    lock_occurrences(connection, connection.scalars(linked))
    found = _list_links(connection, *is_of)
    counts = Counter(link_kind for link_kind, _ in found)
    show_ids = remove_links(connection, *is_of)
    removed_refusals = (
        remove_refusals(connection, refusals.c.batch == batch)
        if kind in ("", CHOSEN)
        else 0
    )
    remove_unused_production_links(connection)
    return UndoneDecision(
        batch,
        len(show_ids),
        removed_refusals,
        tuple(sorted(set(show_ids))),
        {kind: counts[kind] for kind in KINDS if counts[kind]},
        tuple(f"{link.account}: {link.listing}, {link.show}" for _, link in found),
    )


def list_recent(connection: Connection) -> list[RecentDecision]:
    """
    The latest decisions that linked something, newest first.
    """
    dates = _linked_dates()
    at = func.max(dates.c.at).label("at")
    query = (
        select(
            dates.c.batch,
            dates.c.kind,
            at,
            func.count().label("number"),
            func.max(dates.c.is_machine).label("is_machine"),
        )
        .group_by(dates.c.batch, dates.c.kind)
        .order_by(at.desc(), dates.c.batch.desc(), dates.c.kind)
        .limit(_RECENT)
    )
    return [
        RecentDecision(
            row.batch,
            row.kind,
            bool(row.is_machine),
            row.at,
            int(row.number),
            tuple(
                link
                for _, link in _list_links(
                    connection,
                    show_links.c.batch == row.batch,
                    *_of_kind(row.kind),
                    limit=MAX_RECENT_LINKS,
                )
            ),
        )
        for row in connection.execute(query).all()
    ]


def _linked_dates() -> Subquery:
    """
    What each batch linked in each way, a row for each date: `core.date_keys` says
    what is one.
    """
    kind = _kind().label("kind")
    is_machine = case((show_links.c.decided_by == "machine", 1), else_=0)
    alone = case((occurrences.c.is_dated, 0), else_=occurrences.c.id)
    return (
        select(
            show_links.c.batch,
            kind,
            func.max(show_links.c.created_at).label("at"),
            func.max(is_machine).label("is_machine"),
        )
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .where(show_links.c.batch != "", ~is_own_sale())
        .group_by(
            show_links.c.batch,
            kind,
            occurrences.c.event_id,
            occurrences.c.starts_at,
            show_links.c.show_id,
            alone,
        )
        .subquery("linked_dates")
    )


def _kind() -> ColumnElement[str]:
    """
    How a link was found; links of earlier versions say only who decided.
    """
    return case(
        (show_links.c.basis != "", show_links.c.basis),
        (show_links.c.decided_by == "machine", CERTAIN),
        (show_links.c.decided_by == "person", CHOSEN),
        else_=ADOPTED,
    )


def _of_kind(kind: str) -> tuple[ColumnElement[bool], ...]:
    return (_kind() == kind,) if kind else ()


def _list_links(
    connection: Connection, *where: ColumnElement[bool], limit: int | None = None
) -> list[tuple[str, RecentLink]]:
    """
    These links, each with its kind, in order of the shows; of the parts of a date the
    first.
    """
    query = (
        select(
            _kind().label("kind"),
            show_links.c.occurrence_id,
            show_links.c.show_id,
            show_links.c.reason,
            accounts.c.name.label("account"),
            occurrences.c.event_id,
            occurrences.c.starts_at,
            occurrences.c.is_dated,
            occurrences.c.name,
            occurrences.c.starts_local.label("theirs"),
            productions.c.title,
            shows.c.starts_local.label("ours"),
        )
        .select_from(show_links)
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .join(shows, shows.c.id == show_links.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .where(*where)
        .order_by(shows.c.starts_at, accounts.c.name, show_links.c.occurrence_id)
        .limit(limit)
    )
    return [
        (
            row.kind,
            RecentLink(
                row.occurrence_id,
                row.show_id,
                row.account,
                f"{row.name} {row.theirs}",
                f"{row.title} {row.ours}",
                row.reason,
            ),
        )
        for row, *_ in group_parts(connection.execute(query), date_key)
    ]


def remove_unused_production_links(connection: Connection) -> None:
    """
    An event none of whose occurrences is linked to a show any more belongs to no
    production: otherwise a pair that was taken back would go on deciding about the
    next. What a person has set for an event stays.
    """
    in_use = select(occurrences.c.event_id).join(
        show_links, show_links.c.occurrence_id == occurrences.c.id
    )
    connection.execute(
        delete(production_links).where(
            production_links.c.type_map == "{}",
            production_links.c.field_map == "{}",
            counted.is_event_on(),
            production_links.c.event_id.not_in(in_use),
        )
    )
