"""
The switches above a link: those of an event and of a production, which hold for all
their dates, also for those that are linked later. What they mean for a link is decided
in `store.counted`; here they are set and put into words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, false, or_, select, update

from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.store import audit, counted, row_locks
from ticketsync.store.audit import Decision
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    events,
    production_links,
    productions,
    shows,
)
from ticketsync.store.types import is_row_id

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


def find_event(connection: Connection, text: str) -> LinkedEvent:
    """
    The event a person means, by our id or by the platform's.

    Raises: `NotFound` where no event, or more than one, fits, and where no date of it
    feeds a show yet.
    """
    is_theirs = events.c.provider_id == text
    is_ours = events.c.id == int(text) if is_row_id(text) else false()
    query = (
        select(
            events.c.id,
            accounts.c.name.label("account"),
            events.c.provider_id.label("provider_event_id"),
            events.c.name,
            productions.c.title.label("production"),
        )
        .join(accounts, accounts.c.id == events.c.account_id)
        .outerjoin(production_links, production_links.c.event_id == events.c.id)
        .outerjoin(productions, productions.c.id == production_links.c.production_id)
        .where(or_(is_theirs, is_ours))
    )
    found = connection.execute(query).all()
    if len(found) != 1:
        what = "stands for several events" if found else "is not the id of an event"
        raise errors.NotFound(
            f"{safe(text)!r} {what}.",
            hint="See `event_id` in `ticketsync events list --json`.",
        )
    if found[0].production is None:
        raise errors.NotFound(
            "No date of that event feeds a show yet.", hint="Link one first."
        )
    return LinkedEvent(**found[0]._mapping)


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


def get_production_show_ids(connection: Connection, production_id: int) -> set[int]:
    """
    All shows of a production, also those that nothing feeds yet.
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
