"""
The door: finding the ticket somebody holds, letting them in, taking it back. Nothing
here talks to a platform; what an offline door recorded is in `merge_scans`.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from ticketsync.catalogue import selection
from ticketsync.core import actor, clock
from ticketsync.core.redact import safe
from ticketsync.core.storable_text import storable
from ticketsync.door import attendees, recorded_scans
from ticketsync.door.attendees import Guest
from ticketsync.door.recorded_scans import NewScan, Verdict
from ticketsync.financials import recompute
from ticketsync.store.engine import Database
from ticketsync.workflows.door.scan_files import (
    LONGEST,
    ScanPoint,
    scan_name,
    scan_point,
    scan_text,
)

SEVERAL = "several"  # more than one ticket is meant; nothing was done


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a door says to the person in front of it. `guests` are the tickets it is about;
    of `several` nothing was done and one of them must be chosen.
    """

    outcome: str
    message: str
    guests: tuple[Guest, ...] = ()
    is_warning: bool = False

    @property
    def is_one_order(self) -> bool:
        return _is_one_order(self.guests)

    @property
    def is_welcome(self) -> bool:
        return self.outcome in (recorded_scans.ADMITTED, recorded_scans.OUT)


def find_scan_point(
    database: Database, show: str | int, door: str = "", device: str = "cli"
) -> ScanPoint:
    """
    A door of the show a person means.
    """
    with database.read() as connection:
        found = selection.find_show(connection, storable(str(show)))
    return scan_point(found, door, device)


def admit(
    database: Database,
    at: ScanPoint,
    text: str,
    *,
    group: bool = False,
    key: str = "",
    by_camera: bool = False,
) -> Answer:
    """
    Let in whoever holds this: a code or QR text, a ticket's or an order's number, or a
    name. `group` lets in everybody of the order. What a camera read is a code or the
    number of another platform's ticket: anybody can print a QR code with a guest's
    name, or with a number of ours.
    """
    with database.write() as connection:
        return _move(connection, at, text, "in", group, key, by_camera)


def take_back(
    database: Database,
    at: ScanPoint,
    text: str,
    *,
    group: bool = False,
    key: str = "",
    by_camera: bool = False,
) -> Answer:
    """
    Undo that somebody was let in.
    """
    with database.write() as connection:
        return _move(connection, at, text, "out", group, key, by_camera)


def _move(
    connection: Connection,
    at: ScanPoint,
    text: str,
    kind: str,
    group: bool,
    key: str,
    by_camera: bool,
) -> Answer:
    wanted = scan_text(text)[:LONGEST]
    key = scan_name(key) or secrets.token_hex(8)
    scan = NewScan(
        at.device,
        key,
        at.show.id,
        None,
        clock.now(),
        kind,
        at.door,
        recorded_by=actor.current(),
    )
    found = attendees.search_tickets(
        connection, wanted, at.show.id, as_scanned=True, only_tickets=by_camera
    )
    if not found:
        return _reject_unknown(connection, at, scan, wanted, by_camera)
    if len(found) > 1 and not (group and _is_one_order(found)):
        meant = [guest for guest in found if guest.admits]
        if len(meant) != 1 or group:
            return Answer(SEVERAL, _which(found), tuple(found))
        found = meant
    if group and len(found) == 1:
        found = _same_order(connection, found[0])
    return _together(connection, at, scan, found)


def _together(
    connection: Connection, at: ScanPoint, scan: NewScan, found: Sequence[Guest]
) -> Answer:
    """
    One ticket, or all those of an order that still can; their parts in one answer.
    """
    recorded_scans.lock_tickets(connection, (guest.id for guest in found))
    verdicts = [
        (
            guest,
            recorded_scans.record_scan(
                connection,
                replace(
                    scan,
                    ticket_id=guest.id,
                    key=f"{scan.key}/{n}" if n else scan.key,
                    note=guest.because if scan.kind == "in" else "",
                ),
            ),
        )
        for n, guest in enumerate(found)
    ]
    wanted = recorded_scans.ADMITTED if scan.kind == "in" else recorded_scans.OUT
    done = [guest for guest, verdict in verdicts if verdict.outcome == wanted]
    if done:
        recompute.recount_checked_in(connection, [at.show.id], scan.at)
    after = tuple(attendees.get_tickets(connection, [guest.id for guest in found]))
    if len(found) > 1 and done:
        word = "in" if scan.kind == "in" else "out"
        return Answer(wanted, f"{len(done):,} of {len(found):,} are {word}.", after)
    guest, verdict = verdicts[0]
    return _answer(guest, verdict, after, at)


def _same_order(connection: Connection, guest: Guest) -> list[Guest]:
    if not guest.order_id:
        return [guest]
    everybody = attendees.list_tickets(connection, guest.show_id, guest.account)
    return [g for g in everybody if g.order_id == guest.order_id and g.admits] or [
        guest
    ]


def _reject_unknown(
    connection: Connection, at: ScanPoint, scan: NewScan, wanted: str, by_camera: bool
) -> Answer:
    """
    Nobody of tonight; perhaps of another night.
    """
    fitting = attendees.search_tickets(
        connection, wanted, as_scanned=True, only_tickets=by_camera
    )
    elsewhere = [guest for guest in fitting if guest.admits]
    if len({guest.show_id for guest in elsewhere}) == 1 and scan.kind == "in":
        guest = elsewhere[0]
        night = f"{guest.production}, {guest.starts_local}"
        recorded_scans.record_scan(connection, replace(scan, note=f"for {night}"))
        return Answer(
            recorded_scans.NOT_VALID, f"For another night: {night}.", (guest,)
        )
    if scan.kind == "in":
        recorded_scans.record_scan(
            connection, replace(scan, note="nobody knows this ticket")
        )
    return Answer(
        recorded_scans.UNKNOWN,
        f"No ticket for {at.show.production}, {at.show.starts_local}, has "
        f"{safe(wanted, longest=60)!r}.",
    )


def _answer(
    guest: Guest, verdict: Verdict, after: tuple[Guest, ...], at: ScanPoint
) -> Answer:
    who = guest.description
    if verdict.outcome == recorded_scans.ADMITTED:
        if guest.is_refunded:
            note = f"In: {who}. Its money went back, the ticket still admits."
            return Answer(verdict.outcome, note, after, is_warning=True)
        return Answer(verdict.outcome, f"In: {who}.", after)
    if verdict.outcome == recorded_scans.ALREADY_IN:
        return Answer(verdict.outcome, f"{who} {_since(verdict, guest, at)}.", after)
    if verdict.outcome == recorded_scans.NOT_VALID:
        because = guest.because or verdict.warning or "not valid"
        return Answer(verdict.outcome, f"Not valid: {who} ({because}).", after)
    if verdict.outcome == recorded_scans.OUT:
        return Answer(verdict.outcome, f"Out again: {who}.", after)
    if verdict.warning == recorded_scans.BY_PLATFORM:
        text = f"{who} was let in at {guest.account}; take it back there."
        return Answer(verdict.outcome, text, after)
    return Answer(verdict.outcome, f"{who} is not in.", after)


def _since(verdict: Verdict, guest: Guest, at: ScanPoint) -> str:
    if verdict.since is None:
        return f"is already in, {guest.account} says"
    moment = clock.local(verdict.since, at.show.timezone)
    door = f" at {verdict.door}" if verdict.door else ""
    return f"has been in since {moment:%H:%M}{door}"


def _is_one_order(guests: Sequence[Guest]) -> bool:
    return len({(guest.account, guest.order_id) for guest in guests}) == 1


def _which(found: Sequence[Guest]) -> str:
    if _is_one_order(found):
        return f"{len(found):,} tickets of one order: let all in, or choose one."
    return f"{len(found):,} tickets match: choose one."
