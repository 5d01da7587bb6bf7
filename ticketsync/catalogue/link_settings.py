"""
What a person sets on a link: its switches, and the venue's own names for the ticket
types of its event and for the questions of its form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from ticketsync.catalogue.links import (
    get_occurrence_ids_of_event,
    link_decision,
    lock_occurrences,
    read_links,
)
from ticketsync.catalogue.switches import no_link_of_event
from ticketsync.core import errors
from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import events, production_links, show_links


def set_switches(
    connection: Connection,
    occurrence_id: int,
    *,
    enabled: bool | None = None,
    ticket_sales: bool | None = None,
) -> int:
    """
    Switch a link on or off, or only its sales; returns the show that it is linked to.

    Raises: `NotFound` where the occurrence is linked to no show.
    """
    lock_occurrences(connection, [occurrence_id])
    values = {"sync_enabled": enabled, "sync_ticket_sales": ticket_sales}
    after = {name: value for name, value in values.items() if value is not None}
    is_this = show_links.c.occurrence_id == occurrence_id
    links = read_links(connection, is_this)
    if not links:
        raise errors.NotFound(
            f"Date {occurrence_id} is not linked to a show.", hint="Link it first."
        )
    if after:
        connection.execute(update(show_links).where(is_this).values(**after))
        before = {name: getattr(links[0], name) for name in after}
        audit.record(
            connection, link_decision("switch", links[0], before=before, after=after)
        )
    return int(links[0].show_id)


def switch_off_links(connection: Connection, occurrence_ids: Iterable[int]) -> set[int]:
    """
    Switch off the links of these occurrences; returns the shows they were linked to.
    """
    wanted = list(occurrence_ids)
    if not wanted:
        return set()
    are_these = show_links.c.occurrence_id.in_(wanted)
    links = read_links(connection, are_these)
    connection.execute(update(show_links).where(are_these).values(sync_enabled=False))
    audit.record(
        connection,
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
    connection: Connection, event_id: int, names: Mapping[str, str]
) -> dict[str, str]:
    """
    Give ticket types of an event the venue's own names; an empty name removes one.
    Returns all names, by the platform's.

    The event's occurrences are locked if there is a name to set, so that names set by
    somebody else at the same moment are kept.

    Raises: `NotFound` where no occurrence of the event is linked to a show yet.
    """
    return _set_names(connection, event_id, _TYPES, names)


def read_types(connection: Connection, event_id: int) -> dict[str, str]:
    """
    The venue's names of an event's ticket types, by the platform's.

    Raises: `NotFound` where no occurrence of the event is linked to a show yet.
    """
    return _read_names(connection, event_id, _TYPES)


def map_fields(
    connection: Connection, event_id: int, names: Mapping[str, str]
) -> dict[str, str]:
    """
    Give questions of an event's form the venue's own names, under which the answers are
    kept where people are; an empty name removes one. Returns all names, by question.

    Raises: `NotFound` where no occurrence of the event is linked to a show yet.
    """
    return _set_names(connection, event_id, _FIELDS, names)


def read_fields(connection: Connection, event_id: int) -> dict[str, str]:
    """
    The venue's names of an event's questions, by question.

    Raises: `NotFound` where no occurrence of the event is linked to a show yet.
    """
    return _read_names(connection, event_id, _FIELDS)


@dataclass(frozen=True, slots=True)
class _NameMap:
    """
    A column of names, a JSON object theirs → ours; what a change of it is called in the
    audit trail, and what is named there.
    """

    column: str
    action: str
    named: str


_TYPES = _NameMap("type_map", "map types", "types")
_FIELDS = _NameMap("field_map", "map fields", "fields")


def _set_names(
    connection: Connection, event_id: int, of: _NameMap, names: Mapping[str, str]
) -> dict[str, str]:
    if not names:
        return _read_names(connection, event_id, of)
    lock_occurrences(connection, get_occurrence_ids_of_event(connection, event_id))
    before = _read_names(connection, event_id, of)
    after = {theirs: ours for theirs, ours in {**before, **names}.items() if ours}
    if after == before:
        return after
    text = json.dumps(after, sort_keys=True, ensure_ascii=False)
    connection.execute(
        update(production_links)
        .where(production_links.c.event_id == event_id)
        .values({of.column: text})
    )
    name = _event_name(connection, event_id)
    changed = {of.named: before}, {of.named: after}
    audit.record(connection, Decision(of.action, "event", name, event_id, *changed))
    return after


def _read_names(connection: Connection, event_id: int, of: _NameMap) -> dict[str, str]:
    query = select(production_links.c[of.column])
    stored = connection.scalar(query.where(production_links.c.event_id == event_id))
    if stored is None:
        raise no_link_of_event()
    return {str(theirs): str(ours) for theirs, ours in json.loads(stored).items()}


def _event_name(connection: Connection, event_id: int) -> str:
    query = select(events.c.name).where(events.c.id == event_id)
    return str(connection.scalar(query))
