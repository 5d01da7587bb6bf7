"""
What a door recorded while it was offline: merging it, and what a person should look at
afterwards. Nothing here talks to a platform.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, exc

from ticketsync.core import actor, clock, errors, log
from ticketsync.core.redact import safe
from ticketsync.door import attendees, recorded_scans
from ticketsync.door.attendees import Guest
from ticketsync.door.recorded_scans import NewScan
from ticketsync.financials import recompute
from ticketsync.store.engine import Database
from ticketsync.workflows.door.scan_files import (
    LONGEST,
    Captured,
    ScanPoint,
    read_scans,
)

TWICE = "twice-in"  # let in here, and by another door since

_CONFLICTS: Final[Mapping[str, str]] = {
    recorded_scans.ALREADY_IN: "was in already",
    recorded_scans.NOT_VALID: "has a ticket that is not valid",
    recorded_scans.UNKNOWN: "matches no ticket of this show",
    TWICE: "was let in again since, at another door",
}


def describe_conflict(who: str, outcome: str, scanned: str) -> str:
    """
    What a person should look at after a merge, as a sentence. `who` is a guest, or the
    code that nobody has; `scanned` is the time in words.
    """
    subject = f"The code '{who}'" if outcome == recorded_scans.UNKNOWN else who
    return f"{subject}, scanned at {scanned}, {_CONFLICTS[outcome]}."


@dataclass(frozen=True, slots=True)
class Merged:
    """
    What an offline door's file came to: scans by outcome, and what a person should
    look at: who was let in offline and should not have been, lines that could not be
    read, scans that could not be saved.
    """

    outcomes: Mapping[str, int]
    conflicts: tuple[tuple[datetime, str, str], ...]
    bad_lines: tuple[str, ...] = ()
    failed: tuple[Captured, ...] = ()


def merge_file(
    database: Database, at: ScanPoint, file: Path, *, skip_bad_lines: bool = False
) -> Merged:
    """
    Take in what a door wrote down while it was offline; a file can be merged twice.

    A table with a heading (`at`, `code`, and where known `kind`, `door`, `device`,
    `key`), or one JSON object of these per line. Nothing is taken if any line is wrong,
    unless those are to be skipped: then they are named.

    Raises: `BadFile` for the file, or for the first wrong line.
    """
    scans, bad = read_scans(file, at, skip_bad_lines=skip_bad_lines)
    merged = merge(database, at, scans)
    unsaved = (
        f"{safe(item.code, longest=40)} at {clock.iso(item.at)}: it could not be saved"
        for item in merged.failed
    )
    return replace(merged, bad_lines=(*bad, *unsaved))


def merge(
    database: Database,
    at: ScanPoint,
    scans: Iterable[Captured],
    *,
    as_scanned: bool = False,
) -> Merged:
    """
    The same for scans that are here already. Each is saved by itself: one that fails is
    named in `failed` and takes no other with it. `as_scanned`: digests are not codes.
    """
    failed: list[Captured] = []
    meant: list[tuple[Captured, Guest | None]] = []
    recorded: list[tuple[Captured, str, bool]] = []
    with database.write() as connection:
        for item in scans:
            with _isolated(connection, item, failed):
                found = _exactly(connection, item, at.show.id, as_scanned)
                meant.append((item, found))
        recorded_scans.lock_tickets(
            connection, [found.id for _, found in meant if found]
        )
        for item, found in meant:
            with _isolated(connection, item, failed):
                new = _new_scan(at, item, found)
                if recorded_scans.is_key_of_another(connection, new):
                    item = item.with_own_key(at.show.id)
                    new = _new_scan(at, item, found)
                verdict = recorded_scans.record_scan(connection, new)
                who = found.shown_name if found else safe(item.code, longest=40)
                recorded.append((item, who, verdict.has_overtaken))
        # A later line may have happened earlier: ask again when all are in.
        final = {
            (item.device, item.key): recorded_scans.get_verdict(
                connection, item.device, item.key
            ).outcome
            for item, _, _ in recorded
        }
        recompute.recount_checked_in(connection, [at.show.id], clock.now())
    overtaking = {(item.device, item.key) for item, _, first in recorded if first}
    wrong = (
        recorded_scans.ALREADY_IN,
        recorded_scans.NOT_VALID,
        recorded_scans.UNKNOWN,
    )
    conflicts: list[tuple[datetime, str, str]] = []
    for item, who, _ in recorded:
        outcome = final[item.device, item.key]
        if (item.device, item.key) in overtaking:
            outcome = TWICE
        if outcome in (*wrong, TWICE):
            conflicts.append((item.at, who, outcome))
    return Merged(Counter(final.values()), tuple(conflicts), failed=tuple(failed))


@contextmanager
def _isolated(
    connection: Connection, item: Captured, failed: list[Captured]
) -> Iterator[None]:
    """
    A savepoint for one scan, which is appended to `failed` where it fails.
    """
    try:
        with connection.begin_nested():
            yield
    except Exception as error:
        if not _is_of_one_scan(error):
            raise
        log.warning("a scan could not be saved", trace=log.trace_of(error))
        failed.append(item)


def _is_of_one_scan(error: Exception) -> bool:
    """
    Whether the next scan can do better: not where the database itself fails.
    """
    if isinstance(error, exc.DBAPIError):
        return isinstance(error, exc.DataError | exc.IntegrityError)
    return not isinstance(error, errors.DatabaseError)


def _new_scan(at: ScanPoint, item: Captured, found: Guest | None) -> NewScan:
    return NewScan(
        item.device,
        item.key,
        at.show.id,
        found.id if found else None,
        item.at,
        item.kind,
        item.door,
        note=found.because if found else "nobody knows this ticket",
        recorded_by=actor.current(),
    )


def _exactly(
    connection: Connection, item: Captured, show_id: int, as_scanned: bool
) -> Guest | None:
    """
    The one ticket that a scan names; no one is let in by part of a name alone.
    """
    found = attendees.search_tickets(
        connection,
        item.code[:LONGEST],
        show_id,
        exact=True,
        as_scanned=as_scanned,
        only_tickets=item.by_camera,
    )
    return found[0] if len(found) == 1 else None
