"""
The switches above a link: those of an event and of a production, which hold for all
their dates, also for those that are linked later. What they mean for a link is decided
in `store.counted`; here they are set and put into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select, update

from ticketsync.core import errors
from ticketsync.store import audit, counted, row_locks
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import (
    production_links,
    productions,
    shows,
)

_WHERE = {
    counted.DATE: "",
    counted.EVENT: " for the whole event",
    counted.PRODUCTION: " for the whole production",
}


@dataclass(frozen=True, slots=True)
class LinkedEvent:
    """
    An event of an account that belongs to a production. `id` is ours.
    """

    id: int
    account: str
    provider_event_id: str
    name: str
    production: str


def note(sync_off_at: str | None, sales_off_at: str | None) -> str:
    """
    What is switched off, and at which level, in words; `""` if nothing is. The levels
    are those of `store.counted`.
    """
    if sync_off_at is not None:
        return f"off{_WHERE[sync_off_at]}: no sales, no guests"
    return "" if sales_off_at is None else f"sales off{_WHERE[sales_off_at]}"


@dataclass(frozen=True, slots=True)
class Switches:
    """
    The switches of one level as they are set.
    """

    level: str
    sync: bool
    sales: bool


def note_of(*levels: Switches) -> str:
    """
    What these levels switch off, the highest one first, in words.
    """
    return note(
        next((it.level for it in levels if not it.sync), None),
        next((it.level for it in levels if not it.sales), None),
    )


def set_event_switches(
    connection: Connection,
    event: LinkedEvent,
    *,
    enabled: bool | None = None,
    ticket_sales: bool | None = None,
) -> str:
    """
    Switch an event on or off, or only its sales; returns what is switched off for it
    now, in words. The caller holds the locks of its occurrences.
    """
    is_this = production_links.c.event_id == event.id
    link = connection.execute(select(production_links).where(is_this)).one()
    after = _wanted(enabled, ticket_sales)
    if after:
        connection.execute(update(production_links).where(is_this).values(**after))
        _record(connection, counted.EVENT, event.name, event.id, link, after)
    of_production = productions.c.id == link.production_id
    return note_of(
        _read(connection, counted.PRODUCTION, productions, of_production),
        _read(connection, counted.EVENT, production_links, is_this),
    )


def set_production_switches(
    connection: Connection,
    production_id: int,
    *,
    enabled: bool | None = None,
    ticket_sales: bool | None = None,
) -> str:
    """
    Switch a production on or off, or only its sales; returns what is switched off for
    it now, in words.
    """
    own_shows = select(shows.c.id).where(shows.c.production_id == production_id)
    row_locks.lock(connection, shows, own_shows)
    row_locks.lock(connection, productions, [production_id])
    is_this = productions.c.id == production_id
    held = connection.execute(select(productions).where(is_this)).one()
    after = _wanted(enabled, ticket_sales)
    if after:
        connection.execute(update(productions).where(is_this).values(**after))
        _record(connection, counted.PRODUCTION, held.title, held.id, held, after)
    return read_production_note(connection, production_id)


def no_link_of_event() -> errors.NotFound:
    """
    The error for an event that nothing can be set of yet.
    """
    return errors.NotFound(
        "No date of that event is linked to a show yet.", hint="Link one first."
    )


def read_event(connection: Connection, event_id: int) -> Switches:
    """
    The switches of an event.

    Raises: `NotFound` where no date of it is linked to a show yet.
    """
    is_this = production_links.c.event_id == event_id
    if connection.execute(select(production_links.c.id).where(is_this)).first() is None:
        raise no_link_of_event()
    return _read(connection, counted.EVENT, production_links, is_this)


def read_production(connection: Connection, production_id: int) -> Switches:
    """
    The switches of a production that there is.
    """
    is_this = productions.c.id == production_id
    return _read(connection, counted.PRODUCTION, productions, is_this)


def get_production_show_ids(connection: Connection, production_id: int) -> set[int]:
    """
    All shows of a production, also those that nothing is linked to yet.
    """
    query = select(shows.c.id).where(shows.c.production_id == production_id)
    return set(connection.scalars(query))


def read_production_note(connection: Connection, production_id: int) -> str:
    """
    What the switches of a production switch off, in words.
    """
    is_this = productions.c.id == production_id
    return note_of(_read(connection, counted.PRODUCTION, productions, is_this))


def _wanted(enabled: bool | None, ticket_sales: bool | None) -> dict[str, bool]:
    values = {"sync_enabled": enabled, "sync_ticket_sales": ticket_sales}
    return {name: value for name, value in values.items() if value is not None}


def _read(
    connection: Connection, level: str, table: Table, is_this: ColumnElement[bool]
) -> Switches:
    query = select(table.c.sync_enabled, table.c.sync_ticket_sales).where(is_this)
    sync, sales = connection.execute(query).one()
    return Switches(level, sync, sales)


def _record(
    connection: Connection,
    kind: str,
    name: str,
    subject_id: int,
    held: Any,
    after: Mapping[str, bool],
) -> None:
    before = {switch: getattr(held, switch) for switch in after}
    audit.record(connection, Decision("switch", kind, name, subject_id, before, after))
