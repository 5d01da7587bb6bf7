"""
People: stored only where an account's switch says so, deleted some time after their
show, erased on request. The figures never need them.

Erasing leaves an empty, marked row behind: otherwise the next read of the order would
bring the person back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Subquery,
    Table,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from ticketsync.core.records import People, Person
from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import occurrences
from ticketsync.store.tables.sales import attendees, buyers, orders, tickets
from ticketsync.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class Trace:
    """
    One row about a person: as the buyer of an order or the attendee of a ticket. `row`
    is our id, `order_id` and `ticket_id` are the platform's.
    """

    kind: str
    row: int
    account: str
    order_id: str
    ticket_id: str
    event: str
    starts_local: str
    placed_at: datetime
    name: str
    email: str
    phone: str


def save_people(
    connection: Connection,
    account_id: int,
    found: Mapping[str, People],
    forgotten_before: datetime,
) -> None:
    """
    Save the people in these orders, by the platform's order ids; unchanged rows, erased
    people and people of past shows are not written.
    """
    if not found:
        return
    ours = orders.c.provider_id.in_(list(found))
    past = set(connection.scalars(_past_orders(forgotten_before).where(ours)))
    rows = {
        row.provider_id: row.id
        for row in connection.execute(
            select(orders.c.id, orders.c.provider_id).where(
                orders.c.account_id == account_id, ours
            )
        )
        if row.id not in past
    }
    buyer_of = {rows[id_]: people.buyer for id_, people in found.items() if id_ in rows}
    _put(connection, buyers, "order_id", buyer_of)
    named = {
        ticket: person
        for id_, people in found.items()
        if id_ in rows
        for ticket, person in people.attendees.items()
    }
    stored = connection.execute(
        select(tickets.c.id, tickets.c.provider_id).where(
            tickets.c.account_id == account_id,
            tickets.c.provider_id.in_(list(named)),
        )
    )
    attendee_of = {row.id: named[row.provider_id] for row in stored}
    _put(connection, attendees, "ticket_id", attendee_of)


def _put(
    connection: Connection, table: Table, owner: str, people: Mapping[int, Person]
) -> None:
    if not people:
        return
    query = select(table).where(table.c[owner].in_(list(people)))
    stored = {row._mapping[owner]: row for row in connection.execute(query)}
    rows = [
        {
            owner: id_,
            "name": person.name,
            "email": person.email,
            "phone": person.phone,
            "erased_at": None,
        }
        for id_, person in people.items()
        if _is_news(person, stored.get(id_))
    ]
    # Whoever is erased concurrently stays erased.
    upsert(connection, table, rows, key=[owner], unless="erased_at")


def _is_news(person: Person, stored: Any) -> bool:
    """
    Whether a person is to be written: not one who was erased.
    """
    if stored is None:
        return not person.is_nobody
    written = (stored.name, stored.email, stored.phone)
    return stored.erased_at is None and written != (
        person.name,
        person.email,
        person.phone,
    )


def count_kept(connection: Connection, account_id: int) -> int:
    """
    How many buyers and attendees of an account are stored with a name or address.
    """
    found = 0
    for people in (_buyers(), _attendees()):
        is_there = or_(*(people.c[name] != "" for name in ("name", "email", "phone")))
        query = (
            select(func.count())
            .select_from(people.join(accounts, accounts.c.name == people.c.account))
            .where(accounts.c.id == account_id, is_there)
        )
        found += connection.execute(query).scalar_one()
    return found


def find_traces(connection: Connection, who: str) -> list[Trace]:
    """
    Every row about a person: by e-mail address, by the platform's order or ticket id,
    or by the whole name. Not case-sensitive.
    """
    number = who.strip()
    wanted = number.lower()
    found: list[Trace] = []
    for kind, people in (("buyer", _buyers()), ("attendee", _attendees())):
        fits = (
            func.lower(people.c.email) == wanted
            if "@" in wanted
            else or_(
                func.lower(people.c.name) == wanted,
                people.c.order_id == number,
                people.c.ticket_id == number,
            )
        )
        is_there = or_(people.c.name != "", people.c.email != "", people.c.phone != "")
        query = select(people).where(fits, is_there).order_by(people.c.row)
        rows = connection.execute(query)
        found += [Trace(kind, **row._mapping) for row in rows]
    return found


def erase_people(connection: Connection, traces: Iterable[Trace], now: datetime) -> int:
    """
    Erase these people for good; orders, tickets and money stay.
    """
    rows: dict[str, list[int]] = {"buyer": [], "attendee": []}
    for trace in traces:
        rows[trace.kind].append(trace.row)
    erased = {"name": "", "email": "", "phone": "", "erased_at": now}
    for table, owner, ids in (
        (buyers, "order_id", rows["buyer"]),
        (attendees, "ticket_id", rows["attendee"]),
    ):
        if ids:
            connection.execute(
                update(table).where(table.c[owner].in_(ids)).values(**erased)
            )
    number = sum(map(len, rows.values()))
    if number:  # without a name, which the audit trail would keep
        entries = {"buyers": len(rows["buyer"]), "attendees": len(rows["attendee"])}
        audit.record(
            connection, Decision("erase", "person", "a person", before=entries)
        )
    return number


def count_expired(connection: Connection, before: datetime) -> int:
    """
    How many people of shows before this instant are stored.
    """
    return sum(
        connection.execute(
            select(func.count()).select_from(kind).where(found)
        ).scalar_one()
        for kind, found in _expired_people(before)
    )


def delete_expired(connection: Connection, before: datetime) -> int:
    """
    Delete the people of shows before this instant; returns how many.
    """
    return sum(
        connection.execute(delete(kind).where(found)).rowcount
        for kind, found in _expired_people(before)
    )


def _expired_people(before: datetime) -> list[tuple[Any, Any]]:
    """
    Checked per person: there are few, or none, compared with the orders of years.
    """

    def is_past(order_id: Any) -> Any:
        past = _past_orders(before).where(orders.c.id == order_id)
        return past.correlate(order_id.table).exists()

    of_ticket = select(tickets.c.id).where(
        tickets.c.id == attendees.c.ticket_id, is_past(tickets.c.order_id)
    )
    return [
        (attendees, of_ticket.correlate(attendees).exists()),
        (buyers, is_past(buyers.c.order_id)),
    ]


def _past_orders(before: datetime) -> Select[tuple[int]]:
    """
    Orders all of whose occurrences are past; without dates, by when they were placed.
    """
    last = (
        select(func.max(occurrences.c.starts_at))
        .select_from(
            tickets.join(occurrences, occurrences.c.id == tickets.c.occurrence_id)
        )
        .where(
            tickets.c.order_id == orders.c.id,
            occurrences.c.is_dated,
        )
        .correlate(orders)
        .scalar_subquery()
    )
    return select(orders.c.id).where(func.coalesce(last, orders.c.placed_at) < before)


def _buyers() -> Subquery:
    return (
        select(
            buyers.c.order_id.label("row"),
            accounts.c.name.label("account"),
            orders.c.provider_id.label("order_id"),
            literal("").label("ticket_id"),
            func.coalesce(occurrences.c.name, "").label("event"),
            func.coalesce(occurrences.c.starts_local, "").label("starts_local"),
            orders.c.placed_at,
            *_contact_columns(buyers),
        )
        .join(orders, orders.c.id == buyers.c.order_id)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .outerjoin(occurrences, occurrences.c.id == orders.c.occurrence_id)
        .subquery()
    )


def _attendees() -> Subquery:
    return (
        select(
            attendees.c.ticket_id.label("row"),
            accounts.c.name.label("account"),
            orders.c.provider_id.label("order_id"),
            tickets.c.provider_id.label("ticket_id"),
            occurrences.c.name.label("event"),
            occurrences.c.starts_local,
            orders.c.placed_at,
            *_contact_columns(attendees),
        )
        .join(tickets, tickets.c.id == attendees.c.ticket_id)
        .join(orders, orders.c.id == tickets.c.order_id)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .join(occurrences, occurrences.c.id == tickets.c.occurrence_id)
        .subquery()
    )


def _contact_columns(people: Any) -> list[Any]:
    return [people.c.name, people.c.email, people.c.phone]
