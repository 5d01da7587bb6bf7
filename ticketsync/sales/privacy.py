"""
People: stored only where an account's switch says so, deleted some time after their
show, erased on request. The figures never need them.

Erasing leaves an empty, marked row behind: otherwise the next read of the order would
bring the person back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
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
from ticketsync.sales import answers
from ticketsync.store import audit, letter_case
from ticketsync.store.audit import Decision
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import occurrences, production_links
from ticketsync.store.tables.sales import attendees, buyers, orders, tickets
from ticketsync.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class Trace:
    """
    One row about a person: as the buyer of an order or the attendee of a ticket. `row`
    is our id, `order_id` and `ticket_id` are the platform's. `answers` are what they
    answered to the platform's questions, by the venue's names.
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
    answers: dict[str, str]


def save_people(
    connection: Connection,
    account_id: int,
    found: Mapping[str, People],
    forgotten_before: datetime,
) -> None:
    """
    Save the people in these orders, by the platform's order ids, with their answers to
    the questions that the venue has named; unchanged rows, erased people and people of
    past shows are not written.

    The caller has locked `list_answered_occurrences`: who removes a name deletes the
    answers under it, and would miss those that are written now.
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
    _put(connection, buyers, "order_id", _contacts(buyer_of))
    kept = [people for id_, people in found.items() if id_ in rows]
    _save_attendees(connection, account_id, kept)


def list_answered_occurrences(
    connection: Connection, account_id: int, found: Mapping[str, People]
) -> set[int]:
    """
    The occurrences, by our ids, about whose tickets these people answered anything.
    """
    ids = [id_ for people in found.values() for id_ in people.answers]
    if not ids:
        return set()
    query = select(tickets.c.occurrence_id).where(
        tickets.c.account_id == account_id, tickets.c.provider_id.in_(ids)
    )
    return {int(id_) for id_ in connection.scalars(query.distinct())}


def _save_attendees(
    connection: Connection, account_id: int, kept: Iterable[People]
) -> None:
    named = {id_: who for people in kept for id_, who in people.attendees.items()}
    answered = {id_: said for people in kept for id_, said in people.answers.items()}
    ids = list({**named, **answered})
    stored = connection.execute(_tickets_with_field_maps(account_id, ids)).all()
    rows = _contacts({row.id: named.get(row.provider_id, Person()) for row in stored})
    for row in stored:
        said = answered.get(row.provider_id, {})
        rows[row.id]["answers"] = answers.as_text(answers.mapped(row.field_map, said))
    _put(connection, attendees, "ticket_id", rows)


def _tickets_with_field_maps(account_id: int, ids: Sequence[str]) -> Select[Any]:
    """
    These tickets, by the platform's ids, with the field map of their event.
    """
    return (
        select(tickets.c.id, tickets.c.provider_id, production_links.c.field_map)
        .outerjoin(occurrences, occurrences.c.id == tickets.c.occurrence_id)
        .outerjoin(
            production_links, production_links.c.event_id == occurrences.c.event_id
        )
        .where(tickets.c.account_id == account_id, tickets.c.provider_id.in_(ids))
    )


def _contacts(people: Mapping[int, Person]) -> dict[int, dict[str, str]]:
    return {
        id_: {"name": person.name, "email": person.email, "phone": person.phone}
        for id_, person in people.items()
    }


def _put(
    connection: Connection,
    table: Table,
    owner: str,
    people: Mapping[int, Mapping[str, str]],
) -> None:
    if not people:
        return
    query = select(table).where(table.c[owner].in_(list(people)))
    stored = {row._mapping[owner]: row for row in connection.execute(query)}
    rows = [
        {owner: id_, **values, "erased_at": None}
        for id_, values in people.items()
        if _is_changed(values, stored.get(id_))
    ]
    # Whoever is erased concurrently stays erased.
    upsert(connection, table, rows, key=[owner], unless="erased_at")


def _is_changed(values: Mapping[str, str], stored: Any) -> bool:
    """
    Whether a person is to be written: not one who was erased.
    """
    if stored is None:
        return any(value not in ("", answers.NONE) for value in values.values())
    written = {name: stored._mapping[name] for name in values}
    return stored.erased_at is None and written != values


def drop_answers(
    connection: Connection, event_id: int, field_names: Iterable[str]
) -> None:
    """
    Delete the answers to an event's questions (our id) that were kept under other
    names than these.
    """
    names = set(field_names)
    query = (
        select(attendees.c.ticket_id, attendees.c.answers)
        .join(tickets, tickets.c.id == attendees.c.ticket_id)
        .join(occurrences, occurrences.c.id == tickets.c.occurrence_id)
        .where(occurrences.c.event_id == event_id, attendees.c.answers != answers.NONE)
    )
    for row in connection.execute(query).all():
        held = answers.parse(row.answers)
        kept = {name: said for name, said in held.items() if name in names}
        if kept != held:
            connection.execute(
                update(attendees)
                .where(attendees.c.ticket_id == row.ticket_id)
                .values(answers=answers.as_text(kept))
            )


def count_kept(connection: Connection, account_id: int) -> int:
    """
    How many buyers and attendees of an account are stored with a name or address.
    """
    found = 0
    for people in (_buyers(), _attendees()):
        query = (
            select(func.count())
            .select_from(people.join(accounts, accounts.c.name == people.c.account))
            .where(accounts.c.id == account_id, _is_there(people))
        )
        found += connection.execute(query).scalar_one()
    return found


def find_traces(connection: Connection, who: str) -> list[Trace]:
    """
    Every row about a person: by e-mail address, by the platform's order or ticket id,
    or by the whole name. Not case-sensitive.
    """
    number = who.strip()
    found: list[Trace] = []
    for kind, people in (("buyer", _buyers()), ("attendee", _attendees())):
        fits = (
            letter_case.is_same(people.c.email, number)
            if "@" in number
            else or_(
                letter_case.is_same(people.c.name, number),
                people.c.order_id == number,
                people.c.ticket_id == number,
            )
        )
        query = select(people).where(fits, _is_there(people)).order_by(people.c.row)
        for row in connection.execute(query):
            values = {**row._mapping, "answers": answers.parse(row.answers)}
            found.append(Trace(kind, **values))
    return found


def _is_there(people: Subquery) -> ColumnElement[bool]:
    """
    Whether anything is kept of them: a row that says nothing only marks an erasure.
    """
    contacts = (people.c[name] != "" for name in ("name", "email", "phone"))
    return or_(*contacts, people.c.answers != answers.NONE)


def erase_people(connection: Connection, traces: Iterable[Trace], now: datetime) -> int:
    """
    Erase these people for good; orders, tickets and money stay.
    """
    rows: dict[str, list[int]] = {"buyer": [], "attendee": []}
    for trace in traces:
        rows[trace.kind].append(trace.row)
    contact = {"name": "", "email": "", "phone": "", "erased_at": now}
    erased = {buyers: contact, attendees: {**contact, "answers": answers.NONE}}
    for table, owner, ids in (
        (buyers, "order_id", rows["buyer"]),
        (attendees, "ticket_id", rows["attendee"]),
    ):
        if ids:
            connection.execute(
                update(table).where(table.c[owner].in_(ids)).values(**erased[table])
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
            literal(answers.NONE).label("answers"),
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
            attendees.c.answers,
        )
        .join(tickets, tickets.c.id == attendees.c.ticket_id)
        .join(orders, orders.c.id == tickets.c.order_id)
        .join(accounts, accounts.c.id == orders.c.account_id)
        .join(occurrences, occurrences.c.id == tickets.c.occurrence_id)
        .subquery()
    )


def _contact_columns(people: Any) -> list[Any]:
    return [people.c.name, people.c.email, people.c.phone]
