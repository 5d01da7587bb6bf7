"""
In and out at the doors.

Whether a ticket is in follows from all its scans in the order they *happened*, never
from the order in which we heard of them. So a door that was offline can be merged at
any time, twice too, and the first scan has won (F101, F102).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, type_coerce, update
from sqlmodel import Session

from ticketsync.store import row_locks
from ticketsync.store.tables.accounts import Account
from ticketsync.store.tables.catalogue import Occurrence
from ticketsync.store.tables.door import Admission, Scan
from ticketsync.store.tables.sales import Ticket
from ticketsync.store.types import WHOLE
from ticketsync.store.upsert import insert_new, table_of, upsert

ADMITTED = "admitted"
ALREADY_IN = "already-in"
NOT_VALID = "not-valid"
OUT = "out"
NOT_IN = "not-in"
UNKNOWN = "unknown"
DECIDED = (NOT_VALID, UNKNOWN)  # when it happened, whatever is heard of later
BY_PLATFORM = "its platform says so"
_BATCH = 500  # tickets in one statement


@dataclass(frozen=True, slots=True)
class NewScan:
    """
    What a door saw. `device` and `key` name it for good; `ticket_id` is `None` where
    nobody knows the ticket, `note` says what was odd.
    """

    device: str
    key: str
    show_id: int
    ticket_id: int | None
    at: datetime
    kind: str = "in"
    door: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What became of a scan. `since` and `door` are the entry that counts; `warning` is
    what the door should know all the same. `has_overtaken` where it happened before
    another entry on this ticket that was let in, too.
    """

    outcome: str
    ticket_id: int | None
    since: datetime | None = None
    door: str = ""
    warning: str = ""
    has_overtaken: bool = False


@dataclass(frozen=True, slots=True)
class Unsent:
    """
    A ticket whose platform has not heard that it is in, or out again.
    """

    ticket_row: int
    ticket_id: str
    occurrence_id: str
    is_in: bool


def record(session: Session, new: NewScan) -> Verdict:
    """
    Write a scan down and say what became of it; one that is known is only answered.

    The ticket is read in the same transaction and held until its end, so that of two
    doors with one ticket the second one sees the first.
    """
    ticket = None if new.ticket_id is None else _held(session, new.ticket_id)
    before = _known(session, new.device, new.key)
    if before is not None:
        return before
    first, note = _first_outcome(session, new, ticket)
    if not _insert(session, new, first, note):
        return known(session, new.device, new.key)  # the same request, sent twice
    if new.ticket_id is None or first in DECIDED or note == BY_PLATFORM:
        return Verdict(first, new.ticket_id, warning=note)
    has_overtaken = _fold(session, new.ticket_id, new.show_id)
    return replace(known(session, new.device, new.key), has_overtaken=has_overtaken)


def hold(session: Session, ticket_ids: Iterable[int]) -> None:
    """
    Hold all tickets that a transaction is about before it records any of them: two
    doors that merge the same tickets in different orders would else wait for each
    other.
    """
    row_locks.hold(session, Ticket, ticket_ids)


def known(session: Session, device: str, key: str) -> Verdict:
    """
    What has become of a scan by now.
    """
    verdict = _known(session, device, key)
    assert verdict is not None
    return verdict


def unsent(session: Session, account_id: int) -> list[Unsent]:
    """
    Tickets of an account whose platform knows less than our doors.
    """
    ins, tickets = table_of(Admission), table_of(Ticket)
    dates = table_of(Occurrence)
    rows = session.connection().execute(
        select(
            ins.c.ticket_id.label("ticket_row"),
            tickets.c.provider_id.label("ticket_id"),
            dates.c.provider_id.label("occurrence_id"),
            ins.c.is_in,
        )
        .join(tickets, tickets.c.id == ins.c.ticket_id)
        .join(dates, dates.c.id == tickets.c.occurrence_id)
        .where(
            tickets.c.account_id == account_id,
            type_coerce(ins.c.is_in, WHOLE) != type_coerce(ins.c.told_in, WHOLE),
        )
        .order_by(ins.c.at)
    )
    return [Unsent(**row._mapping) for row in rows]


def record_notified(
    session: Session, ticket_row: int, *, is_in: bool, trouble: str = ""
) -> None:
    """
    Remember what the platform heard, or why it did not.
    """
    table = table_of(Admission)
    values = {"trouble": trouble} if trouble else {"told_in": is_in, "trouble": ""}
    session.connection().execute(
        update(table).where(table.c.ticket_id == ticket_row).values(**values)
    )


def troubled(session: Session) -> list[tuple[str, str, str]]:
    """
    Check-ins that a platform did not take: account, ticket, why.
    """
    ins, tickets, accounts = table_of(Admission), table_of(Ticket), table_of(Account)
    rows = session.connection().execute(
        select(accounts.c.name, tickets.c.provider_id, ins.c.trouble)
        .join(tickets, tickets.c.id == ins.c.ticket_id)
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .where(ins.c.trouble != "")
        .order_by(ins.c.at)
    )
    return [(str(a), str(b), str(c)) for a, b, c in rows]


def _known(session: Session, device: str, key: str) -> Verdict | None:
    scans, ins = table_of(Scan), table_of(Admission)
    row = (
        session.connection()
        .execute(
            select(scans, ins.c.is_in, ins.c.at, ins.c.door.label("first_door"))
            .outerjoin(ins, ins.c.ticket_id == scans.c.ticket_id)
            .where(scans.c.device == device, scans.c.key == key)
        )
        .first()
    )
    if row is None:
        return None
    return Verdict(
        row.outcome,
        row.ticket_id,
        since=row.at if row.is_in else None,
        door=row.first_door if row.is_in else "",
        warning=row.note,
    )


def _held(session: Session, ticket_id: int) -> Any:
    table = table_of(Ticket)
    return (
        session.connection()
        .execute(
            select(table).where(table.c.id == ticket_id).with_for_update(key_share=True)
        )
        .one()
    )


def _is_ours(session: Session, ticket_id: int) -> bool:
    """
    Whether our doors ever met this ticket: then what they know goes before what the
    platform says, which may be no more than what we told it.
    """
    table = table_of(Admission)
    query = select(table.c.ticket_id).where(table.c.ticket_id == ticket_id)
    return session.connection().execute(query).first() is not None


def _first_outcome(session: Session, new: NewScan, ticket: Any) -> tuple[str, str]:
    """
    What a scan is written down as before the scans of its ticket are played, and the
    note beside it.
    """
    if ticket is None:
        return UNKNOWN, new.note
    if new.kind == "in" and not ticket.is_sold:
        return NOT_VALID, new.note
    if ticket.is_checked_in and not _is_ours(session, ticket.id):
        return ALREADY_IN if new.kind == "in" else NOT_IN, BY_PLATFORM
    return NOT_IN, new.note


def _insert(session: Session, new: NewScan, outcome: str, note: str) -> bool:
    """
    Write a scan down; says whether it was not there yet.
    """
    row = {
        "device": new.device,
        "key": new.key,
        "show_id": new.show_id,
        "ticket_id": new.ticket_id,
        "kind": new.kind,
        "door": new.door,
        "scanned_at": new.at,
        "outcome": outcome,
        "note": note,
    }
    return insert_new(session, Scan, row) is not None


@dataclass(slots=True)
class _State:
    is_in: bool = False
    at: datetime | None = None
    door: str = ""


def _fold(session: Session, ticket_id: int, show_id: int) -> bool:
    """
    Play all scans of a ticket in the order they happened, and write down how it stands.
    Within one second those come first that we heard of first: they were answered so.

    Returns whether somebody who was let in turns out to have been the second.
    """
    table = table_of(Scan)
    scans = (
        session.connection()
        .execute(
            select(table)
            .where(
                table.c.ticket_id == ticket_id,
                table.c.outcome.not_in(DECIDED),
                table.c.note != BY_PLATFORM,
            )
            .order_by(table.c.scanned_at, table.c.id)
        )
        .all()
    )
    state, changed = _played(scans)
    were_in = {scan.id for scan in scans if scan.outcome == ADMITTED}
    for id_, outcome in changed:
        session.connection().execute(
            update(table).where(table.c.id == id_).values(outcome=outcome)
        )
    upsert(
        session,
        Admission,
        [
            {
                "ticket_id": ticket_id,
                "show_id": show_id,
                "is_in": state.is_in,
                "at": state.at or scans[-1].scanned_at,
                "door": state.door,
                "told_in": False,
                "trouble": "",
            }
        ],
        key=["ticket_id"],
        keep=["told_in", "trouble"],
    )
    return any(id_ in were_in and outcome == ALREADY_IN for id_, outcome in changed)


def _played(scans: Sequence[Any]) -> tuple[_State, list[tuple[int, str]]]:
    state = _State()
    changed: list[tuple[int, str]] = []
    for scan in scans:
        if scan.kind == "in":
            outcome = ALREADY_IN if state.is_in else ADMITTED
            if not state.is_in:
                state = _State(True, scan.scanned_at, scan.door)
        else:
            outcome = OUT if state.is_in else NOT_IN
            if state.is_in:
                state = _State(False, scan.scanned_at, scan.door)
        if outcome != scan.outcome:
            changed.append((scan.id, outcome))
    return state, changed
