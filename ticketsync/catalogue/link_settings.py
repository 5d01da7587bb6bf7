"""
What a person sets on a link: its switches, and the venue's own names for the ticket
types of its event.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import select, update
from sqlmodel import Session

from ticketsync.catalogue.links import (
    get_occurrence_ids_of_event,
    link_decision,
    lock_occurrences,
    read_links,
)
from ticketsync.core import errors
from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import EventRow, ProductionLinkRow, ShowLinkRow
from ticketsync.store.upsert import table_of


def set_switches(
    session: Session,
    occurrence_id: int,
    *,
    enabled: bool | None = None,
    ticket_sales: bool | None = None,
) -> int:
    """
    Switch a link on or off, or only its sales; returns the show it feeds.

    Raises: `NotFound` where the occurrence feeds no show.
    """
    table = table_of(ShowLinkRow)
    lock_occurrences(session, [occurrence_id])
    values = {"sync_enabled": enabled, "sync_ticket_sales": ticket_sales}
    after = {name: value for name, value in values.items() if value is not None}
    is_this = table.c.occurrence_id == occurrence_id
    links = read_links(session, is_this)
    if not links:
        raise errors.NotFound(
            f"Date {occurrence_id} feeds no show.", hint="Link it first."
        )
    if after:
        session.connection().execute(update(table).where(is_this).values(**after))
        before = {name: getattr(links[0], name) for name in after}
        audit.record(
            session, link_decision("switch", links[0], before=before, after=after)
        )
    return int(links[0].show_id)


def switch_off_links(session: Session, occurrence_ids: Iterable[int]) -> set[int]:
    """
    Switch off the links of these occurrences; returns the shows they fed.
    """
    wanted = list(occurrence_ids)
    if not wanted:
        return set()
    table = table_of(ShowLinkRow)
    are_these = table.c.occurrence_id.in_(wanted)
    links = read_links(session, are_these)
    session.connection().execute(
        update(table).where(are_these).values(sync_enabled=False)
    )
    audit.record(
        session,
        *(
            link_decision(
                "switch",
                link,
                before={"sync_enabled": link.sync_enabled},
                after={"sync_enabled": False},
            )
            for link in links
        ),
    )
    return {int(link.show_id) for link in links}


def map_ticket_types(
    session: Session, event_id: int, names: Mapping[str, str]
) -> dict[str, str]:
    """
    Give ticket types of an event the venue's own names; an empty name removes one.
    Returns all names, by the platform's.

    The event's occurrences are locked, so that names set by somebody else at the same
    moment are kept.

    Raises: `NotFound` where no occurrence of the event feeds a show yet.
    """
    lock_occurrences(session, get_occurrence_ids_of_event(session, event_id))
    table = table_of(ProductionLinkRow)
    is_this = table.c.event_id == event_id
    stored = session.connection().scalar(select(table.c.type_map).where(is_this))
    if stored is None:
        raise errors.NotFound(
            "No date of that event feeds a show yet.", hint="Link one first."
        )
    before = json.loads(stored)
    after = {theirs: ours for theirs, ours in {**before, **names}.items() if ours}
    text = json.dumps(after, sort_keys=True, ensure_ascii=False)
    session.connection().execute(update(table).where(is_this).values(type_map=text))
    if text != stored:
        name = _event_name(session, event_id)
        audit.record(
            session,
            Decision(
                "map types",
                "event",
                name,
                event_id,
                {"types": before},
                {"types": after},
            ),
        )
    return after


def _event_name(session: Session, event_id: int) -> str:
    table = table_of(EventRow)
    query = select(table.c.name).where(table.c.id == event_id)
    return str(session.connection().scalar(query))
