"""
Attendees: one row per ticket, over all platforms that sell a show.

A ticket is identified by its account and its id there, so it is listed once. Names are
there only where an account keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, not_, or_, select

from ticketsync.core import digest
from ticketsync.core.storable_text import storable
from ticketsync.door.short_types import TypeKey, read_short_types
from ticketsync.store import counted, letter_case
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import productions, show_links, shows
from ticketsync.store.tables.door import admissions
from ticketsync.store.tables.sales import attendees, buyers, orders, tickets
from ticketsync.store.types import WHOLE
from ticketsync.store.upsert import rows_among

MIN_NAME_LENGTH = 2  # characters; a shorter part of a name would match too many


@dataclass(frozen=True, slots=True)
class Guest:
    """
    One ticket as the door sees it.

    `is_in` is what our doors recorded if they ever scanned the ticket, else what the
    platform reports; `since` and `door` are known only from our own doors. `because`
    says why a ticket does not admit anybody, if it does not. `order_id` and `ticket_id`
    are the platform's, and so are `type_name`, which `shown_type` is short for, and
    `seat`, the label of a reserved seat. `answers` are what the guest answered, by the
    venue's names of the questions. `is_signed`: our own box office signed its code.
    """

    id: int
    show_id: int
    production: str
    starts_local: str
    account: str
    order_id: str
    ticket_id: str
    type_name: str
    shown_type: str
    name: str
    email: str
    is_comp: bool
    is_refunded: bool
    admits: bool
    because: str
    is_in: bool
    since: datetime | None
    door: str
    code: str
    second_code: str
    seat: str
    answers: dict[str, str]
    is_signed: bool

    @property
    def sorted_by(self) -> tuple[str, str, str]:
        """
        Surname, then full name; guests without a name come last, by order.
        """
        words = self.name.casefold().split()
        return (words[-1] if words else "\uffff", self.name.casefold(), self.order_id)

    @property
    def shown_name(self) -> str:
        if self.name:
            return self.name
        return f"Order {self.order_id}" if self.order_id else f"Ticket {self.ticket_id}"

    @property
    def description(self) -> str:
        """
        Who it is, with ticket type and seat, as a door says it.
        """
        return ", ".join(filter(None, (self.shown_name, self.shown_type, self.seat)))

    @property
    def answers_text(self) -> str:
        """
        The answers in one line: `diet: vegan; access: step-free`.
        """
        return "; ".join(f"{name}: {said}" for name, said in self.answers.items())


@dataclass(frozen=True, slots=True)
class Count:
    """
    Tickets that admit somebody (`expected`), and how many of them are in, by door.
    """

    admitted: int
    expected: int
    doors: dict[str, int]


def list_guests(connection: Connection, show_id: int) -> list[Guest]:
    """
    Everybody whose ticket admits them to this show, by surname.
    """
    guests = _guests(connection, _of_show(show_id))
    return sorted((g for g in guests if g.admits), key=lambda guest: guest.sorted_by)


def list_tickets(
    connection: Connection, show_id: int | None = None, account: str | None = None
) -> list[Guest]:
    """
    Every ticket of one show or of all, also those that no longer admit anybody.
    """
    where = [] if show_id is None else [_of_show(show_id)]
    if account is not None:
        where.append(accounts.c.name == account)
    return _guests(connection, *where)


def search_tickets(
    connection: Connection,
    text: str,
    show_id: int | None = None,
    *,
    exact: bool = False,
    as_scanned: bool = False,
    only_tickets: bool = False,
) -> list[Guest]:
    """
    The tickets that a text refers to: a code or QR text as scanned, a ticket's or
    order's id, an e-mail address, or a part of a name. The most exact meaning wins;
    with `exact` a part of a name or address does not match, with `only_tickets` neither
    these nor an order's id, with `as_scanned` the digest of a code is not taken for the
    code. With `only_tickets` the number of a ticket that has a signed code does not
    match either: who has seen it could print it.
    """
    wanted = storable(text.strip())
    if not wanted:
        return []
    where = [] if show_id is None else [_of_show(show_id)]
    texts = _possible_codes(wanted)
    digest_of = digest.code_as_scanned if as_scanned else digest.code
    codes = [_code_bytes(digest_of(text)) for text in texts]
    numbered = tickets.c.provider_id.in_(texts)
    for meaning in (
        or_(tickets.c.code.in_(codes), tickets.c.second_code.in_(codes)),
        and_(numbered, not_(_is_signed())) if only_tickets else numbered,
        None if only_tickets else orders.c.provider_id.in_(texts),
        None if exact or only_tickets else _matches_name(wanted),
    ):
        if meaning is not None:
            found = _guests(connection, *where, meaning)
            if found:
                return sorted(found, key=lambda guest: guest.sorted_by)
    return []


def get_tickets(connection: Connection, ids: Sequence[int]) -> list[Guest]:
    """
    These tickets, by our ids.
    """
    return _guests(connection, tickets.c.id.in_(list(ids)))


def count_guests(connection: Connection, show_id: int) -> Count:
    """
    How many guests are in, and through which doors.
    """
    guests = list_guests(connection, show_id)
    doors: dict[str, int] = {}
    for guest in guests:
        if guest.is_in:
            at = guest.door if guest.since is not None else guest.account
            doors[at] = doors.get(at, 0) + 1
    return Count(sum(g.is_in for g in guests), len(guests), doors)


@dataclass(frozen=True, slots=True)
class Attendance:
    """
    How many tickets of a show admit somebody, and how many of them are in.
    """

    admitted: int
    expected: int


def count_attendance(connection: Connection, show_id: int) -> Attendance:
    """
    The numbers of `count_guests`, counted by the database: for a screen that asks again
    and again.
    """
    query = (
        select(func.count(), func.sum(counted.is_checked_in(), type_=WHOLE))
        .select_from(counted.admitting_tickets())
        .where(_of_show(show_id))
    )
    expected, admitted = connection.execute(query).one()
    return Attendance(int(admitted or 0), int(expected))


def list_admitted(
    connection: Connection, account_id: int, ticket_ids: Sequence[str]
) -> set[str]:
    """
    Those of an account's tickets, by its own ids, whose guests are in; also where they
    admit nobody any more.
    """
    query = (
        select(tickets.c.provider_id)
        .select_from(counted.door_tickets())
        .where(tickets.c.account_id == account_id, counted.is_checked_in())
    )
    found = rows_among(connection, query, tickets.c.provider_id, ticket_ids)
    return {str(row.provider_id) for row in found}


def list_ticket_ids(
    connection: Connection, account_id: int, ticket_ids: Sequence[str]
) -> list[int]:
    """
    Our ids of an account's tickets, by its own ids.
    """
    query = select(tickets.c.id).where(tickets.c.account_id == account_id)
    found = rows_among(connection, query, tickets.c.provider_id, ticket_ids)
    return [int(row.id) for row in found]


def _of_show(show_id: int) -> ColumnElement[bool]:
    return show_links.c.show_id == show_id


def _is_signed() -> ColumnElement[bool]:
    """
    Whether the account of a ticket is our own box office, which signs its codes.
    """
    return tickets.c.account_id.in_(select(boxoffice_shows.c.account_id))


def _possible_codes(text: str) -> list[str]:
    """
    The codes that a scanned text may contain: the text itself, the end of a URL (Wix's
    check-in URL ends in `number,event`), or the `_id` of a JSON object (Humanitix).
    """
    last = text.rstrip("/").rpartition("/")[2]
    forms = (text, last, last.partition(",")[0], _id_in(text))
    return [form for form in dict.fromkeys(forms) if form]


def _id_in(text: str) -> str:
    """
    The `_id` of a scanned JSON object; `""` if the text is something else.
    """
    if not text.startswith("{"):
        return ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    id_ = found.get("_id")
    return storable(id_.strip()) if isinstance(id_, str) else ""


def _code_bytes(code: str) -> bytes:
    return bytes.fromhex(code.removeprefix(digest.CODE))


def _shown_code(code: bytes | None) -> str:
    return digest.CODE + code.hex() if code else ""


def _matches_name(text: str) -> ColumnElement[bool] | None:
    if len(text) < MIN_NAME_LENGTH:
        return None
    return or_(
        *(
            letter_case.contains(column, text)
            for column in (
                attendees.c.name,
                buyers.c.name,
                attendees.c.email,
                buyers.c.email,
            )
        )
    )


def _guests(connection: Connection, *where: ColumnElement[bool]) -> list[Guest]:
    rows = connection.execute(_query().where(*where)).all()
    types = read_short_types(connection, {row.show_id for row in rows})
    return list(_read(rows, types))


def _query() -> Select[Any]:
    return (
        select(
            tickets.c.id,
            show_links.c.show_id,
            productions.c.title.label("production"),
            shows.c.starts_local,
            accounts.c.name.label("account"),
            orders.c.provider_id.label("order_id"),
            orders.c.status.label("order_status"),
            tickets.c.provider_id.label("ticket_id"),
            tickets.c.status,
            tickets.c.type_name,
            tickets.c.is_comp,
            tickets.c.is_refunded,
            tickets.c.is_sold,
            counted.is_checked_in().label("is_in"),
            tickets.c.code,
            tickets.c.second_code,
            _is_signed().label("is_signed"),
            tickets.c.seat,
            attendees.c.answers,
            attendees.c.name,
            attendees.c.email,
            buyers.c.name.label("buyer"),
            buyers.c.email.label("buyer_email"),
            admissions.c.is_in.label("is_ours"),
            admissions.c.at,
            admissions.c.door,
        )
        .select_from(counted.door_tickets())
        .join(productions, productions.c.id == shows.c.production_id)
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .outerjoin(orders, orders.c.id == tickets.c.order_id)
        .outerjoin(attendees, attendees.c.ticket_id == tickets.c.id)
        .outerjoin(buyers, buyers.c.order_id == orders.c.id)
        .order_by(tickets.c.id)
    )


def _read(rows: Iterable[Any], types: Mapping[TypeKey, str]) -> Iterable[Guest]:
    for row in rows:
        type_key = (row.show_id, row.account, row.type_name)
        yield Guest(
            id=row.id,
            show_id=row.show_id,
            production=row.production,
            starts_local=row.starts_local,
            account=row.account,
            order_id=row.order_id or "",
            ticket_id=row.ticket_id,
            type_name=row.type_name,
            shown_type=types.get(type_key, row.type_name),
            name=row.name or row.buyer or "",
            email=row.email or row.buyer_email or "",
            is_comp=row.is_comp,
            is_refunded=row.is_refunded,
            admits=row.is_sold,
            because=_why_not_admitted(row),
            is_in=row.is_in,
            since=row.at if row.is_ours else None,
            door=row.door if row.is_ours else "",
            code=_shown_code(row.code),
            second_code=_shown_code(row.second_code),
            seat=row.seat,
            answers=json.loads(row.answers or "{}"),
            is_signed=row.is_signed,
        )


def _why_not_admitted(row: Any) -> str:
    if row.is_sold:
        return ""
    if row.status == "void":
        return "void"
    if row.status == "gone":
        return "no longer in its order"
    if row.order_status == "pending":
        return "not paid"
    if row.order_status == "cancelled":
        return "cancelled"
    return "not valid"
