"""
People: kept only where an account's switch says so, forgotten some time after their
show, erased when they ask. The books never need them.

What is erased leaves an empty row behind that says so: else the next read of the order
would bring the person back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Select,
    Subquery,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)
from sqlmodel import Session

from ticketsync.core.records import People, Person
from ticketsync.store import audit
from ticketsync.store.audit import Decision
from ticketsync.store.tables.accounts import Account
from ticketsync.store.tables.catalogue import Occurrence
from ticketsync.store.tables.sales import Attendee, Buyer, Order, Ticket
from ticketsync.store.types import WHOLE
from ticketsync.store.upsert import table_of, upsert


@dataclass(frozen=True, slots=True)
class Trace:
    """
    One place where a person is kept: as the buyer of an order or with a ticket.
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


def keep(
    session: Session,
    account_id: int,
    found: Mapping[str, People],
    forgotten_before: datetime,
) -> None:
    """
    Save who is in these orders, by the platform's order ids; unchanged rows are not
    written, erased people and those of long past shows not at all.
    """
    if not found:
        return
    orders, tickets = table_of(Order), table_of(Ticket)
    connection = session.connection()
    ours = orders.c.provider_id.in_(list(found))
    past = set(connection.scalars(_past(forgotten_before).where(ours)))
    rows = {
        row.provider_id: row.id
        for row in connection.execute(
            select(orders.c.id, orders.c.provider_id).where(
                orders.c.account_id == account_id, ours
            )
        )
        if row.id not in past
    }
    buyers = {rows[id_]: people.buyer for id_, people in found.items() if id_ in rows}
    _put(session, Buyer, "order_id", buyers)
    named = {
        ticket: person
        for id_, people in found.items()
        if id_ in rows
        for ticket, person in people.attendees.items()
    }
    held = connection.execute(
        select(tickets.c.id, tickets.c.provider_id).where(
            tickets.c.account_id == account_id,
            tickets.c.provider_id.in_(list(named)),
        )
    )
    attendees = {row.id: named[row.provider_id] for row in held}
    _put(session, Attendee, "ticket_id", attendees)


def _put(
    session: Session, kind: type, owner: str, people: Mapping[int, Person]
) -> None:
    if not people:
        return
    table = table_of(kind)
    held = {
        row._mapping[owner]: row
        for row in session.connection().execute(
            select(table).where(table.c[owner].in_(list(people)))
        )
    }
    rows: list[dict[str, Any]] = []
    for id_, person in people.items():
        old = held.get(id_)
        if old is None and person.is_nobody:
            continue
        if old is not None and old.erased_at is not None:
            continue
        if old is None or (old.name, old.email, old.phone) != (
            person.name,
            person.email,
            person.phone,
        ):
            rows.append(
                {
                    owner: id_,
                    "name": person.name,
                    "email": person.email,
                    "phone": person.phone,
                    "erased_at": None,
                }
            )
    # Whoever is erased at this moment stays erased.
    upsert(session, kind, rows, key=[owner], unless="erased_at")


def kept(session: Session, account_id: int) -> int:
    """
    Of how many buyers and guests of an account names or addresses are kept.
    """
    found = 0
    for people in (_buyers(), _attendees()):
        is_there = or_(*(people.c[name] != "" for name in ("name", "email", "phone")))
        accounts = table_of(Account)
        query = (
            select(func.count())
            .select_from(people.join(accounts, accounts.c.name == people.c.account))
            .where(accounts.c.id == account_id, is_there)
        )
        found += session.connection().execute(query).scalar_one()
    return found


def find(session: Session, who: str) -> list[Trace]:
    """
    Every place where a person is kept: by e-mail address, by order or ticket number,
    else by the whole name. Letter case does not matter.
    """
    number = who.strip()
    wanted = number.lower()
    found: list[Trace] = []
    for kind, places in (("buyer", _buyers()), ("attendee", _attendees())):
        fits = (
            func.lower(places.c.email) == wanted
            if "@" in wanted
            else or_(
                func.lower(places.c.name) == wanted,
                places.c.order_id == number,
                places.c.ticket_id == number,
            )
        )
        is_there = or_(places.c.name != "", places.c.email != "", places.c.phone != "")
        query = select(places).where(fits, is_there).order_by(places.c.row)
        rows = session.connection().execute(query)
        found += [Trace(kind, **row._mapping) for row in rows]
    return found


def erase(session: Session, traces: Iterable[Trace], now: datetime) -> int:
    """
    Take these people out for good; orders, tickets and money stay as they are.
    """
    rows: dict[str, list[int]] = {"buyer": [], "attendee": []}
    for trace in traces:
        rows[trace.kind].append(trace.row)
    gone = {"name": "", "email": "", "phone": "", "erased_at": now}
    for kind, owner, ids in (
        (Buyer, "order_id", rows["buyer"]),
        (Attendee, "ticket_id", rows["attendee"]),
    ):
        table = table_of(kind)
        if ids:
            session.connection().execute(
                update(table).where(table.c[owner].in_(ids)).values(**gone)
            )
    number = sum(map(len, rows.values()))
    if number:  # without a name: the trail would keep the person
        entries = {"buyers": len(rows["buyer"]), "attendees": len(rows["attendee"])}
        audit.record(session, Decision("erase", "person", "a person", before=entries))
    return number


def expired(session: Session, before: datetime) -> int:
    """
    How many people are kept of shows that began before this instant.
    """
    return sum(
        session.connection()
        .execute(select(func.count()).select_from(kind).where(found))
        .scalar_one()
        for kind, found in _long_past(before)
    )


def forget(session: Session, before: datetime) -> int:
    """
    Delete the people of shows that began before this instant; returns how many.
    """
    return sum(
        session.connection().execute(delete(kind).where(found)).rowcount
        for kind, found in _long_past(before)
    )


def _long_past(before: datetime) -> list[tuple[Any, Any]]:
    """
    Asked person by person: there are few, or none, beside the orders of years.
    """
    buyers, attendees = table_of(Buyer), table_of(Attendee)
    tickets, orders = table_of(Ticket), table_of(Order)

    def is_past(order_id: Any) -> Any:
        past = _past(before).where(orders.c.id == order_id)
        return past.correlate(order_id.table).exists()

    of_ticket = select(tickets.c.id).where(
        tickets.c.id == attendees.c.ticket_id, is_past(tickets.c.order_id)
    )
    return [
        (attendees, of_ticket.correlate(attendees).exists()),
        (buyers, is_past(buyers.c.order_id)),
    ]


def _past(before: datetime) -> Select[tuple[int]]:
    """
    Orders all of whose dates are past; one without a date by when it was placed.
    """
    orders, tickets, dates = table_of(Order), table_of(Ticket), table_of(Occurrence)
    last = (
        select(func.max(dates.c.starts_at))
        .select_from(tickets.join(dates, dates.c.id == tickets.c.occurrence_id))
        .where(
            tickets.c.order_id == orders.c.id,
            type_coerce(dates.c.is_dated, WHOLE) == 1,
        )
        .correlate(orders)
        .scalar_subquery()
    )
    return select(orders.c.id).where(func.coalesce(last, orders.c.placed_at) < before)


def _buyers() -> Subquery:
    people, orders, dates = table_of(Buyer), table_of(Order), table_of(Occurrence)
    accounts = table_of(Account)
    return (
        select(
            people.c.order_id.label("row"),
            accounts.c.name.label("account"),
            orders.c.provider_id.label("order_id"),
            literal("").label("ticket_id"),
            func.coalesce(dates.c.name, "").label("event"),
            func.coalesce(dates.c.starts_local, "").label("starts_local"),
            orders.c.placed_at,
            *_of(people),
        )
        .join(orders, orders.c.id == people.c.order_id)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .outerjoin(dates, dates.c.id == orders.c.occurrence_id)
        .subquery()
    )


def _attendees() -> Subquery:
    people, orders, dates = table_of(Attendee), table_of(Order), table_of(Occurrence)
    tickets, accounts = table_of(Ticket), table_of(Account)
    return (
        select(
            people.c.ticket_id.label("row"),
            accounts.c.name.label("account"),
            orders.c.provider_id.label("order_id"),
            tickets.c.provider_id.label("ticket_id"),
            dates.c.name.label("event"),
            dates.c.starts_local,
            orders.c.placed_at,
            *_of(people),
        )
        .join(tickets, tickets.c.id == people.c.ticket_id)
        .join(orders, orders.c.id == tickets.c.order_id)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .join(dates, dates.c.id == tickets.c.occurrence_id)
        .subquery()
    )


def _of(people: Any) -> list[Any]:
    return [people.c.name, people.c.email, people.c.phone]
