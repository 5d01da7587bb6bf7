"""
Check-in: scans at the doors, and who is in.

Whether a ticket is in follows from all its scans in the order in which they *happened*,
not in which they arrived. So the scans of a door that was offline can be merged at any
time, also twice, and the first scan wins (F101, F102).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from ticketsync.store import row_locks
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import occurrences
from ticketsync.store.tables.door import admissions, scans
from ticketsync.store.tables.sales import tickets
from ticketsync.store.upsert import insert_new, upsert

ADMITTED = "admitted"
ALREADY_IN = "already-in"
NOT_VALID = "not-valid"
OUT = "out"
NOT_IN = "not-in"
UNKNOWN = "unknown"
FINAL = (NOT_VALID, UNKNOWN)  # final: scans that arrive later do not change it
BY_PLATFORM = "its platform says so"


@dataclass(frozen=True, slots=True)
class NewScan:
    """
    A scan to record. `device` and `key` identify it; `ticket_id` (ours) is `None` where
    the ticket is unknown, `note` says what was unusual. `door` is a name that somebody
    chose; `recorded_by` is the name of their pass.
    """

    device: str
    key: str
    show_id: int
    ticket_id: int | None
    at: datetime
    kind: str = "in"
    door: str = ""
    note: str = ""
    recorded_by: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The result of a scan. `since` and `door` are those of the entry that counts;
    `warning` is shown at the door all the same. `has_overtaken`: it happened before
    another scan of this ticket that was also admitted.
    """

    outcome: str
    ticket_id: int | None
    since: datetime | None = None
    door: str = ""
    warning: str = ""
    has_overtaken: bool = False


@dataclass(frozen=True, slots=True)
class UnsentCheckIn:
    """
    A check-in, or its reversal, that the ticket's platform has not been notified of.
    `ticket_row` is our id of the ticket, the others are the platform's.
    """

    ticket_row: int
    ticket_id: str
    occurrence_id: str
    is_in: bool


def record_scan(connection: Connection, new: NewScan) -> Verdict:
    """
    Save a scan and return its result; one that was saved before is only looked up.

    The ticket is locked until the transaction ends, so that of two doors with one
    ticket the second one sees the first.
    """
    ticket = None if new.ticket_id is None else _lock_ticket(connection, new.ticket_id)
    before = _find_verdict(connection, new.device, new.key)
    if before is not None:
        return before
    first, note = _first_outcome(connection, new, ticket)
    if not _insert(connection, new, first, note):
        return get_verdict(
            connection, new.device, new.key
        )  # the same request, sent twice
    if new.ticket_id is None or first in FINAL or note == BY_PLATFORM:
        return Verdict(first, new.ticket_id, warning=note)
    has_overtaken = _replay_scans(connection, new.ticket_id, new.show_id)
    return replace(
        get_verdict(connection, new.device, new.key), has_overtaken=has_overtaken
    )


def is_key_of_another(connection: Connection, new: NewScan) -> bool:
    """
    Whether the device has another scan under this key: of another show, or another kind
    or ticket at another time. A ticket that was not known then is the same one.
    """
    found = connection.execute(
        select(
            scans.c.show_id, scans.c.kind, scans.c.ticket_id, scans.c.scanned_at
        ).where(scans.c.device == new.device, scans.c.key == new.key)
    ).first()
    if found is None:
        return False
    is_same = (found.kind, found.ticket_id) == (new.kind, new.ticket_id)
    return found.show_id != new.show_id or not (is_same or found.scanned_at == new.at)


def lock_tickets(connection: Connection, ticket_ids: Iterable[int]) -> None:
    """
    Lock all tickets of a transaction before it records any scan: two doors that merge
    the same tickets in different orders would deadlock otherwise.
    """
    row_locks.lock(connection, tickets, ticket_ids)


def get_verdict(connection: Connection, device: str, key: str) -> Verdict:
    """
    The current result of a saved scan.
    """
    verdict = _find_verdict(connection, device, key)
    assert verdict is not None
    return verdict


def list_unsent(connection: Connection, account_id: int) -> list[UnsentCheckIn]:
    """
    Check-ins of an account that its platform has not been notified of.
    """
    rows = connection.execute(
        select(
            admissions.c.ticket_id.label("ticket_row"),
            tickets.c.provider_id.label("ticket_id"),
            occurrences.c.provider_id.label("occurrence_id"),
            admissions.c.is_in,
        )
        .join(tickets, tickets.c.id == admissions.c.ticket_id)
        .join(occurrences, occurrences.c.id == tickets.c.occurrence_id)
        .where(
            tickets.c.account_id == account_id,
            admissions.c.is_in != admissions.c.told_in,
        )
        .order_by(admissions.c.at)
    )
    return [UnsentCheckIn(**row._mapping) for row in rows]


def record_notified(
    connection: Connection, ticket_row: int, *, is_in: bool, problem: str = ""
) -> None:
    """
    Record what the platform was notified of, or why that failed.
    """
    values = {"trouble": problem} if problem else {"told_in": is_in, "trouble": ""}
    connection.execute(
        update(admissions).where(admissions.c.ticket_id == ticket_row).values(**values)
    )


def list_rejected(connection: Connection) -> list[tuple[str, str, str]]:
    """
    Check-ins that a platform rejected: account, the platform's ticket id, reason.
    """
    rows = connection.execute(
        select(accounts.c.name, tickets.c.provider_id, admissions.c.trouble)
        .join(tickets, tickets.c.id == admissions.c.ticket_id)
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .where(admissions.c.trouble != "")
        .order_by(admissions.c.at)
    )
    return [(str(a), str(b), str(c)) for a, b, c in rows]


def _find_verdict(connection: Connection, device: str, key: str) -> Verdict | None:
    row = connection.execute(
        select(
            scans,
            admissions.c.is_in,
            admissions.c.at,
            admissions.c.door.label("first_door"),
        )
        .outerjoin(admissions, admissions.c.ticket_id == scans.c.ticket_id)
        .where(scans.c.device == device, scans.c.key == key)
    ).first()
    if row is None:
        return None
    return Verdict(
        row.outcome,
        row.ticket_id,
        since=row.at if row.is_in else None,
        door=row.first_door if row.is_in else "",
        warning=row.note,
    )


def _lock_ticket(connection: Connection, ticket_id: int) -> Any:
    return connection.execute(
        select(tickets).where(tickets.c.id == ticket_id).with_for_update(key_share=True)
    ).one()


def _is_ours(connection: Connection, ticket_id: int) -> bool:
    """
    Whether our doors ever scanned this ticket: then their record takes precedence over
    the platform's, which may only repeat what we sent.
    """
    query = select(admissions.c.ticket_id).where(admissions.c.ticket_id == ticket_id)
    return connection.execute(query).first() is not None


def _first_outcome(
    connection: Connection, new: NewScan, ticket: Any
) -> tuple[str, str]:
    """
    The outcome and the note that a scan is saved with, before the scans of its ticket
    are replayed.
    """
    if ticket is None:
        return UNKNOWN, new.note
    if new.kind == "in" and not ticket.is_sold:
        return NOT_VALID, new.note
    if ticket.is_checked_in and not _is_ours(connection, ticket.id):
        return ALREADY_IN if new.kind == "in" else NOT_IN, BY_PLATFORM
    return NOT_IN, new.note


def _insert(connection: Connection, new: NewScan, outcome: str, note: str) -> bool:
    """
    Insert a scan; returns whether it is new.
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
        "recorded_by": new.recorded_by,
    }
    return insert_new(connection, scans, row) is not None


@dataclass(slots=True)
class _State:
    is_in: bool = False
    at: datetime | None = None
    door: str = ""


def _replay_scans(connection: Connection, ticket_id: int, show_id: int) -> bool:
    """
    Replay all scans of a ticket in the order in which they happened, and save the
    result. Within one second those that arrived first come first, because they were
    answered in that order.

    Returns whether a scan that was admitted turns out to have been the second one.
    """
    found = connection.execute(
        select(scans)
        .where(
            scans.c.ticket_id == ticket_id,
            scans.c.outcome.not_in(FINAL),
            scans.c.note != BY_PLATFORM,
        )
        .order_by(scans.c.scanned_at, scans.c.id)
    ).all()
    state, changed = _replay(found)
    were_in = {scan.id for scan in found if scan.outcome == ADMITTED}
    for id_, outcome in changed:
        connection.execute(
            update(scans).where(scans.c.id == id_).values(outcome=outcome)
        )
    upsert(
        connection,
        admissions,
        [
            {
                "ticket_id": ticket_id,
                "show_id": show_id,
                "is_in": state.is_in,
                "at": state.at or found[-1].scanned_at,
                "door": state.door,
                "told_in": False,
                "trouble": "",
            }
        ],
        key=["ticket_id"],
        keep=["told_in", "trouble"],
    )
    return any(id_ in were_in and outcome == ALREADY_IN for id_, outcome in changed)


def _replay(scans: Sequence[Any]) -> tuple[_State, list[tuple[int, str]]]:
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
