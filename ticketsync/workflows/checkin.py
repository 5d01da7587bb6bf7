"""
The door: finding the ticket somebody holds, letting them in, taking it back, merging
what an offline door wrote down. Nothing here talks to a platform.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ticketsync.catalogue import shows
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core import clock, errors, opened_files, sheets
from ticketsync.core.redact import safe
from ticketsync.door import attendees, checkin
from ticketsync.door.attendees import Guest
from ticketsync.door.checkin import NewScan, Verdict
from ticketsync.financials import recompute
from ticketsync.store.engine import Database

TWICE = "twice-in"  # let in here, and by another door since
SEVERAL = "several"  # more than one ticket is meant; nothing was done
CAPTURED = ("at", "code")  # what every line of a capture file states
OPTIONAL = ("kind", "door", "device", "key")
LONGEST = 500  # characters of a scanned text
AHEAD = timedelta(minutes=5)  # of a device's clock, before it is to blame


@dataclass(frozen=True, slots=True)
class At:
    """
    Where somebody stands: at which show, at which door, with which device.
    """

    show: ShowInfo
    door: str = ""
    device: str = "cli"


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
        return self.outcome in (checkin.ADMITTED, checkin.OUT)


def at_show(
    database: Database, show: str | int, door: str = "", device: str = "cli"
) -> At:
    """
    A door of the show a person means.
    """
    with database.read() as connection:
        return At(shows.find_show(connection, str(show)), door[:100], device[:100])


def admit(
    database: Database,
    at: At,
    text: str,
    *,
    group: bool = False,
    key: str = "",
) -> Answer:
    """
    Let in whoever holds this: a code or QR text, a ticket's or an order's number, or a
    name. `group` lets in everybody of the order.
    """
    with database.write() as connection:
        return _move(connection, at, text, "in", group, key)


def take_back(
    database: Database,
    at: At,
    text: str,
    *,
    group: bool = False,
    key: str = "",
) -> Answer:
    """
    Undo that somebody was let in.
    """
    with database.write() as connection:
        return _move(connection, at, text, "out", group, key)


def _move(
    connection: Connection,
    at: At,
    text: str,
    kind: str,
    group: bool,
    key: str,
) -> Answer:
    wanted = text.strip()[:LONGEST]
    key = key or secrets.token_hex(8)
    scan = NewScan(at.device, key, at.show.id, None, clock.now(), kind, at.door)
    found = attendees.search_tickets(connection, wanted, at.show.id)
    if not found:
        return _stranger(connection, at, scan, wanted)
    if len(found) > 1 and not (group and _is_one_order(found)):
        meant = [guest for guest in found if guest.admits]
        if len(meant) != 1 or group:
            return Answer(SEVERAL, _which(found), tuple(found))
        found = meant
    if group and len(found) == 1:
        found = _same_order(connection, found[0])
    return _together(connection, at, scan, found)


def _together(
    connection: Connection, at: At, scan: NewScan, found: Sequence[Guest]
) -> Answer:
    """
    One ticket, or all those of an order that still can; their parts in one answer.
    """
    checkin.lock_tickets(connection, (guest.id for guest in found))
    verdicts = [
        (
            guest,
            checkin.record_scan(
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
    wanted = checkin.ADMITTED if scan.kind == "in" else checkin.OUT
    done = [guest for guest, verdict in verdicts if verdict.outcome == wanted]
    if done:
        recompute.recount_checked_in(connection, [at.show.id], scan.at)
    after = tuple(attendees.get_tickets(connection, [guest.id for guest in found]))
    if len(found) > 1 and done:
        word = "in" if scan.kind == "in" else "out"
        return Answer(wanted, f"{len(done)} of {len(found)} are {word}.", after)
    guest, verdict = verdicts[0]
    return _answer(guest, verdict, after, at)


def _same_order(connection: Connection, guest: Guest) -> list[Guest]:
    if not guest.order_id:
        return [guest]
    everybody = attendees.list_tickets(connection, guest.show_id, guest.account)
    return [g for g in everybody if g.order_id == guest.order_id and g.admits] or [
        guest
    ]


def _stranger(connection: Connection, at: At, scan: NewScan, wanted: str) -> Answer:
    """
    Nobody of tonight; perhaps of another night.
    """
    elsewhere = [g for g in attendees.search_tickets(connection, wanted) if g.admits]
    if len({guest.show_id for guest in elsewhere}) == 1 and scan.kind == "in":
        guest = elsewhere[0]
        night = f"{guest.production}, {guest.starts_local}"
        checkin.record_scan(connection, replace(scan, note=f"for {night}"))
        return Answer(checkin.NOT_VALID, f"For another night: {night}.", (guest,))
    if scan.kind == "in":
        checkin.record_scan(connection, replace(scan, note="nobody knows this ticket"))
    return Answer(
        checkin.UNKNOWN,
        f"Nobody at {at.show.production}, {at.show.starts_local}, has "
        f"{safe(wanted, longest=60)!r}.",
    )


def _answer(guest: Guest, verdict: Verdict, after: tuple[Guest, ...], at: At) -> Answer:
    who = guest.description
    if verdict.outcome == checkin.ADMITTED:
        if guest.is_refunded:
            note = f"In: {who}. Its money went back, the ticket still admits."
            return Answer(verdict.outcome, note, after, is_warning=True)
        return Answer(verdict.outcome, f"In: {who}.", after)
    if verdict.outcome == checkin.ALREADY_IN:
        return Answer(verdict.outcome, f"{who} {_since(verdict, guest, at)}.", after)
    if verdict.outcome == checkin.NOT_VALID:
        because = guest.because or verdict.warning or "not valid"
        return Answer(verdict.outcome, f"Not valid: {who} ({because}).", after)
    if verdict.outcome == checkin.OUT:
        return Answer(verdict.outcome, f"Out again: {who}.", after)
    if verdict.warning == checkin.BY_PLATFORM:
        text = f"{who} was let in at {guest.account}; take it back there."
        return Answer(verdict.outcome, text, after)
    return Answer(verdict.outcome, f"{who} is not in.", after)


def _since(verdict: Verdict, guest: Guest, at: At) -> str:
    if verdict.since is None:
        return f"is in already, {guest.account} says"
    moment = clock.local(verdict.since, at.show.timezone)
    door = f" at {verdict.door}" if verdict.door else ""
    return f"is in already since {moment:%H:%M}{door}"


def _is_one_order(guests: Sequence[Guest]) -> bool:
    return len({(guest.account, guest.order_id) for guest in guests}) == 1


def _which(found: Sequence[Guest]) -> str:
    if _is_one_order(found):
        return f"{len(found)} tickets of one order: let all in, or choose one."
    return f"{len(found)} tickets fit: choose one."


@dataclass(frozen=True, slots=True)
class Merged:
    """
    What an offline door's file came to: scans by outcome, and what a person should
    look at: who was let in offline and should not have been, and lines that could not
    be read.
    """

    outcomes: Mapping[str, int]
    conflicts: tuple[tuple[datetime, str, str], ...]
    bad_lines: tuple[str, ...] = ()


def merge(
    database: Database, at: At, file: Path, *, skip_bad_lines: bool = False
) -> Merged:
    """
    Take in what a door wrote down while it was offline; a file can be merged twice.

    A table with a heading (`at`, `code`, and where known `kind`, `door`, `device`,
    `key`), or one JSON object of these per line. Nothing is taken if any line is wrong,
    unless those are to be skipped: then they are named.

    Raises: `BadFile` for the file, or for the first wrong line.
    """
    scans, bad = _captured(file, at, skip_bad_lines=skip_bad_lines)
    return replace(merge_scans(database, at, scans), bad_lines=tuple(bad))


@dataclass(frozen=True, slots=True)
class Captured:
    """
    One line of an offline door: what it read, and when.
    """

    code: str
    at: datetime
    kind: str
    door: str
    device: str
    key: str


def merge_scans(database: Database, at: At, scans: Iterable[Captured]) -> Merged:
    """
    The same for scans that are here already, as the door page sends them.
    """
    outcomes: dict[str, int] = {}
    names: list[tuple[str, str, datetime, str]] = []
    final: dict[tuple[str, str], str] = {}
    overtaking: set[tuple[str, str]] = set()
    with database.write() as connection:
        meant = [(item, _exactly(connection, item.code, at.show.id)) for item in scans]
        checkin.lock_tickets(connection, [found.id for _, found in meant if found])
        for item, found in meant:
            new = NewScan(
                item.device,
                item.key,
                at.show.id,
                found.id if found else None,
                item.at,
                item.kind,
                item.door,
                note=found.because if found else "nobody knows this ticket",
            )
            verdict = checkin.record_scan(connection, new)
            if verdict.has_overtaken:
                overtaking.add((item.device, item.key))
            who = found.shown_name if found else safe(item.code, longest=40)
            names.append((item.device, item.key, item.at, who))
        # A later line may have happened earlier: ask again when all are in.
        for device, key, _, _ in names:
            known = checkin.get_verdict(connection, device, key)
            final[device, key] = known.outcome
        recompute.recount_checked_in(connection, [at.show.id], clock.now())
    for outcome in final.values():
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    wrong = (checkin.ALREADY_IN, checkin.NOT_VALID, checkin.UNKNOWN)
    return Merged(
        outcomes,
        tuple(
            (moment, who, TWICE if (device, key) in overtaking else final[device, key])
            for device, key, moment, who in names
            if final[device, key] in wrong or (device, key) in overtaking
        ),
    )


def _exactly(connection: Connection, text: str, show_id: int) -> Guest | None:
    """
    The one ticket that a text names; no one is let in by part of a name alone.
    """
    found = attendees.search_tickets(connection, text[:LONGEST], show_id, exact=True)
    return found[0] if len(found) == 1 else None


def _captured(
    file: Path, at: At, *, skip_bad_lines: bool
) -> tuple[list[Captured], list[str]]:
    """
    The scans of a file, and its bad lines in words, which are skipped or refused.
    """
    scans: list[Captured] = []
    bad: list[str] = []
    for where, row in _rows(file):
        try:
            if isinstance(row, str):
                raise errors.BadFile(f"{where}: {row}.", hint="Correct the line.")
            scans.append(captured(row, at, where))
        except errors.BadFile as error:
            if not skip_bad_lines:
                raise
            bad.append(error.message)
    return scans, bad


def _moment(written: str, where: str) -> datetime:
    """
    Raises `BadFile` for anything that is not an instant of the past.
    """
    try:
        moment = clock.from_iso(written)
    except ValueError:
        raise errors.BadFile(
            f"{where}: {safe(written)!r} is not a time.",
            hint="Write 2026-11-27T19:12:00+11:00 or …Z.",
        ) from None
    if moment > clock.now() + AHEAD:
        raise errors.BadFile(
            f"{where}: {written} lies in the future.",
            hint="Put the device's clock right.",
        )
    return moment


def captured(row: Mapping[str, Any], at: At, where: str) -> Captured:
    """
    One scan as a door wrote it down; `BadFile` says where and what is wrong.
    """
    line = {name: str(row.get(name) or "").strip() for name in (*CAPTURED, *OPTIONAL)}
    kind = line["kind"] or "in"
    if not line["code"] or len(line["code"]) > LONGEST:
        raise errors.BadFile(f"{where}: there is no code.", hint="Correct the line.")
    if kind not in ("in", "out"):
        raise errors.BadFile(
            f"{where}: {safe(kind)!r} is neither in nor out.", hint="Correct the line."
        )
    moment = _moment(line["at"], where)
    device = line["device"] or at.device
    own = f"{device} {moment.isoformat()} {kind} {line['code']}"
    return Captured(
        code=line["code"],
        at=moment,
        kind=kind,
        door=(line["door"] or at.door)[:100],
        device=device[:100],
        key=(line["key"] or hashlib.sha256(own.encode()).hexdigest()[:24])[:100],
    )


def _rows(file: Path) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    """
    Each line of a file, by its place in words; a text where it cannot be read.
    """
    data = sheets.bytes_of(file)
    if data.lstrip().startswith(b"{"):
        yield from _json_rows(sheets.text_of(file, data), file)
        return
    rows = sheets.rows_of(opened_files.open_file(file, data))
    heading = next(rows, None)
    names = [cell.lower() for cell in heading.cells] if heading else []
    missing = [name for name in CAPTURED if name not in names]
    if missing:
        raise errors.BadFile(
            f"{file} has no column {missing[0]!r}.",
            hint="The columns are at, code and, where known, kind, door, device, key.",
        )
    for row in rows:
        place = f"{row.position[:1].upper()}{row.position[1:]} of {file}"
        if row.problem:
            yield place, f"it cannot be read ({row.problem})"
        else:
            yield place, dict(zip(names, row.cells, strict=False))


def _json_rows(text: str, file: Path) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        where = f"Line {number} of {file}"
        yield where, row if isinstance(row, dict) else "it is no JSON object"
