"""
Whom the tickets admit: one row per ticket, over all platforms that feed a show.

A ticket stands once in this list however many accounts know of it, because it is known
by account and number; names are there only where an account keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlmodel import Session

from ticketsync.core import digest
from ticketsync.store import counted
from ticketsync.store.tables.accounts import Account
from ticketsync.store.tables.catalogue import Production, Show, ShowLink
from ticketsync.store.tables.door import Admission
from ticketsync.store.tables.sales import Attendee, Buyer, Order, Ticket
from ticketsync.store.upsert import table_of

LEAST = 2  # characters of a name below which everybody would fit


@dataclass(frozen=True, slots=True)
class Guest:
    """
    One ticket as the door sees it.

    `is_in` is our doors' word where they ever met the ticket, else the platform's;
    `since` and `door` are known only of our own doors. `because` says why a ticket
    that admits nobody does not.
    """

    id: int
    show_id: int
    production: str
    starts_local: str
    account: str
    order_id: str
    ticket_id: str
    type_name: str
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

    @property
    def sorted_by(self) -> tuple[str, str, str]:
        """
        The surname, then the rest; who has no name comes after, by order.
        """
        words = self.name.casefold().split()
        return (words[-1] if words else "\uffff", self.name.casefold(), self.order_id)

    @property
    def shown_name(self) -> str:
        if self.name:
            return self.name
        return f"Order {self.order_id}" if self.order_id else f"Ticket {self.ticket_id}"


@dataclass(frozen=True, slots=True)
class Count:
    """
    How full a house is: tickets that admit somebody, and how many of them are in.
    """

    admitted: int
    expected: int
    doors: dict[str, int]


def door_list(session: Session, show_id: int) -> list[Guest]:
    """
    Everybody whose ticket admits to this show, by surname.
    """
    guests = _guests(session, _of_show(show_id))
    return sorted((g for g in guests if g.admits), key=lambda guest: guest.sorted_by)


def list_tickets(
    session: Session, show_id: int | None = None, account: str | None = None
) -> list[Guest]:
    """
    Every ticket of one show or of all, those too that admit nobody any more.
    """
    where = [] if show_id is None else [_of_show(show_id)]
    if account is not None:
        where.append(table_of(Account).c.name == account)
    return _guests(session, *where)


def search(
    session: Session, text: str, show_id: int | None = None, *, exact: bool = False
) -> list[Guest]:
    """
    The tickets that a text means: a code or QR text as scanned, a ticket's or order's
    number, an e-mail address, or a part of a name. The most exact meaning wins; with
    `exact` no part of a name will do.
    """
    wanted = text.strip()
    if not wanted:
        return []
    tickets, orders = table_of(Ticket), table_of(Order)
    where = [] if show_id is None else [_of_show(show_id)]
    forms = _forms(wanted)
    codes = [_code(form) for form in forms]
    for meaning in (
        or_(tickets.c.code.in_(codes), tickets.c.second_code.in_(codes)),
        tickets.c.provider_id.in_(forms),
        orders.c.provider_id.in_(forms),
        None if exact else _named(wanted),
    ):
        if meaning is not None:
            found = _guests(session, *where, meaning)
            if found:
                return sorted(found, key=lambda guest: guest.sorted_by)
    return []


def get_tickets(session: Session, ids: Sequence[int]) -> list[Guest]:
    """
    These tickets, by our own numbers.
    """
    return _guests(session, table_of(Ticket).c.id.in_(list(ids)))


def count(session: Session, show_id: int) -> Count:
    """
    How many are in, and through which doors.
    """
    guests = door_list(session, show_id)
    doors: dict[str, int] = {}
    for guest in guests:
        if guest.is_in:
            at = guest.door if guest.since is not None else guest.account
            doors[at] = doors.get(at, 0) + 1
    return Count(sum(g.is_in for g in guests), len(guests), doors)


def _of_show(show_id: int) -> ColumnElement[bool]:
    return table_of(ShowLink).c.show_id == show_id


def _forms(text: str) -> list[str]:
    """
    What a scanned text may be: a code, an address that ends in one (Wix's check-in
    address ends in `number,event`), or a JSON object with an `_id` (Humanitix).
    """
    last = text.rstrip("/").rpartition("/")[2]
    forms = (text, last, last.partition(",")[0], _id_in(text))
    return [form for form in dict.fromkeys(forms) if form]


def _id_in(text: str) -> str:
    """
    The `_id` of a scanned JSON object, whatever the order of its keys; else `""`.
    """
    if not text.startswith("{"):
        return ""
    try:
        found = json.loads(text)
    except ValueError:
        return ""
    id_ = found.get("_id")
    return id_.strip() if isinstance(id_, str) else ""


def _code(text: str) -> bytes:
    return bytes.fromhex(digest.code(text).removeprefix(digest.CODE))


def _shown_code(code: bytes | None) -> str:
    return digest.CODE + code.hex() if code else ""


def _named(text: str) -> ColumnElement[bool] | None:
    if len(text) < LEAST:
        return None
    people, buyers = table_of(Attendee), table_of(Buyer)
    wanted = text.lower()
    return or_(
        *(
            func.lower(column).contains(wanted, autoescape=True)
            for column in (people.c.name, buyers.c.name, people.c.email, buyers.c.email)
        )
    )


def _guests(session: Session, *where: ColumnElement[bool]) -> list[Guest]:
    rows = session.connection().execute(_query().where(*where))
    return list(_read(rows))


def _query() -> Select[Any]:
    tickets, orders, links = table_of(Ticket), table_of(Order), table_of(ShowLink)
    shows, works, accounts = table_of(Show), table_of(Production), table_of(Account)
    people, buyers, ins = table_of(Attendee), table_of(Buyer), table_of(Admission)
    return (
        select(
            tickets.c.id,
            links.c.show_id,
            works.c.title.label("production"),
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
            people.c.name,
            people.c.email,
            buyers.c.name.label("buyer"),
            buyers.c.email.label("buyer_email"),
            ins.c.is_in.label("is_ours"),
            ins.c.at,
            ins.c.door,
        )
        .select_from(counted.door_tickets())
        .join(works, works.c.id == shows.c.production_id)
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .outerjoin(orders, orders.c.id == tickets.c.order_id)
        .outerjoin(people, people.c.ticket_id == tickets.c.id)
        .outerjoin(buyers, buyers.c.order_id == orders.c.id)
        .order_by(tickets.c.id)
    )


def _read(rows: Iterable[Any]) -> Iterable[Guest]:
    for row in rows:
        yield Guest(
            id=row.id,
            show_id=row.show_id,
            production=row.production,
            starts_local=row.starts_local,
            account=row.account,
            order_id=row.order_id or "",
            ticket_id=row.ticket_id,
            type_name=row.type_name,
            name=row.name or row.buyer or "",
            email=row.email or row.buyer_email or "",
            is_comp=row.is_comp,
            is_refunded=row.is_refunded,
            admits=row.is_sold,
            because=_because(row),
            is_in=bool(row.is_in),
            since=row.at if row.is_ours else None,
            door=row.door if row.is_ours else "",
            code=_shown_code(row.code),
            second_code=_shown_code(row.second_code),
        )


def _because(row: Any) -> str:
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
