"""
Sync runs: every attempt leaves a row, skipped ones included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from ticketsync.accounts.state import AccountState
from ticketsync.core import actor, clock, errors
from ticketsync.core.redact import safe
from ticketsync.store import account_health_rules
from ticketsync.store.tables.accounts import sync_runs

NOT_FINISHED = "started"
PULL, PUSH = "pull", "push"  # read from the platform, or sent to it
OF_ORDERS = account_health_rules.OF_ORDERS


@dataclass(slots=True)
class Counts:
    """
    What one account's run did, counted while it runs.
    """

    processed: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0

    def add(self, other: Counts) -> None:
        self.processed += other.processed
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.quarantined += other.quarantined


@dataclass(frozen=True, slots=True)
class Result:
    """
    How one account's run ended. Response times are those of its requests, in
    milliseconds; `None` without any response.
    """

    account: str
    outcome: str
    counts: Counts = field(default_factory=Counts)
    shows_changed: int = 0
    requests: int = 0
    seconds: float = 0.0
    exit_code: int = 0
    word: str = ""
    message: str = ""
    hint: str = ""
    parks: bool = False
    trace: str = ""
    swept: bool = False
    median_response_ms: int | None = None
    slowest_response_ms: int | None = None

    @property
    def is_unreached(self) -> bool:
        """
        Whether the platform was asked and no response came at all.
        """
        has_responses = self.median_response_ms is not None
        return self.word == "unreachable" and not has_responses

    @property
    def is_resting(self) -> bool:
        """
        Whether the account was left alone, because it failed several times in a row.
        """
        return self.outcome == "skipped-breaker"


def start(
    connection: Connection,
    run_id: str,
    account: AccountState,
    *,
    kind: str,
    started_by: str,
    now: datetime,
    direction: str = PULL,
) -> int:
    """
    Open the row of a run; rows of earlier runs that died are closed.
    """
    _close_abandoned(connection, account.id, now)
    row = _row(run_id, account, kind=kind, started_by=started_by, now=now)
    row["direction"] = direction
    started = insert(sync_runs).values(row).returning(sync_runs.c.id)
    return int(connection.scalars(started).one())


def finish(connection: Connection, row_id: int, result: Result, now: datetime) -> None:
    connection.execute(
        update(sync_runs)
        .where(sync_runs.c.id == row_id)
        .values(finished_at=now, **_values(result))
    )


def skip(
    connection: Connection,
    run_id: str,
    account: AccountState,
    result: Result,
    *,
    kind: str,
    started_by: str,
    now: datetime,
    direction: str = PULL,
) -> None:
    """
    Record an attempt that was not made, with its reason.
    """
    row = _row(run_id, account, kind=kind, started_by=started_by, now=now)
    row["direction"] = direction
    skipped = row | {"finished_at": now} | _values(result)
    connection.execute(insert(sync_runs).values(skipped))


def delete_runs(connection: Connection, account_id: int) -> None:
    """
    Delete the runs of an account that is deleted itself.
    """
    connection.execute(delete(sync_runs).where(sync_runs.c.account_id == account_id))


def was_due_since(connection: Connection, moment: datetime) -> bool:
    """
    Whether a schedule, of this machine or another, started a run since then.
    """
    query = select(sync_runs.c.id).where(
        sync_runs.c.started_at >= moment, sync_runs.c.started_by.endswith("(due)")
    )
    return connection.execute(query.limit(1)).first() is not None


def last_attempt(connection: Connection, account_id: int) -> datetime | None:
    """
    When this account was last attempted, skipped runs aside.
    """
    return _latest(connection, account_id, "started_at", skipped=False)


def last_sweep(connection: Connection, account_id: int) -> datetime | None:
    """
    When all of this account's orders were last read regardless of fingerprints.
    """
    return _latest(connection, account_id, "started_at", swept=True)


def list_run_spans(connection: Connection, account_id: int) -> list[tuple[str, str]]:
    """
    The start and end of each run of the account, as ISO 8601 in UTC: all its data was
    saved in one of them. A run that is not finished lasts until now.
    """
    rows = connection.execute(
        select(sync_runs.c.started_at, sync_runs.c.finished_at).where(
            sync_runs.c.account_id == account_id
        )
    )
    found = []
    for started, finished in rows:
        ends = sorted(
            (started, finished or clock.now())
        )  # the clock may have been set back
        found.append((str(clock.iso(ends[0])), str(clock.iso(ends[1]))))
    return found


def _latest(
    connection: Connection,
    account_id: int,
    column: str,
    *,
    outcome: str | None = None,
    swept: bool | None = None,
    skipped: bool | None = None,
) -> datetime | None:
    query = select(func.max(sync_runs.c[column])).where(
        sync_runs.c.account_id == account_id,
        sync_runs.c.kind.in_(OF_ORDERS),
        sync_runs.c[column] <= clock.now(),  # else the clock was put back since
    )
    if outcome is not None:
        query = query.where(sync_runs.c.outcome == outcome)
    if swept is not None:
        query = query.where(sync_runs.c.swept == swept)
    if skipped is False:
        query = query.where(sync_runs.c.outcome.not_like("skipped-%"))
    found: datetime | None = connection.execute(query).scalar()
    return found


def _close_abandoned(connection: Connection, account_id: int, now: datetime) -> None:
    """
    Only for the holder of the lease: no other run of the account is alive then.
    """
    connection.execute(
        update(sync_runs)
        .where(
            sync_runs.c.account_id == account_id, sync_runs.c.outcome == NOT_FINISHED
        )
        .values(
            outcome="interrupted",
            finished_at=now,
            word="interrupted",
            exit_code=128 + 9,
            message="The process ended before the run did.",
        )
    )


def _row(
    run_id: str, account: AccountState, *, kind: str, started_by: str, now: datetime
) -> dict[str, object]:
    return {
        "run_id": run_id,
        "account_id": account.id,
        "account_name": account.name,
        "kind": kind,
        "started_by": f"{safe(actor.current())} ({started_by})",
        "started_at": now,
    }


def _values(result: Result) -> dict[str, object]:
    counts = result.counts
    return {
        "outcome": result.outcome,
        "swept": result.swept,
        "requests": result.requests,
        "processed": counts.processed,
        "created": counts.created,
        "updated": counts.updated,
        "unchanged": counts.unchanged,
        "quarantined": counts.quarantined,
        "shows_changed": result.shows_changed,
        "exit_code": result.exit_code,
        "word": result.word,
        "message": result.message,
        "hint": result.hint,
        "trace": result.trace,
        "median_response_ms": result.median_response_ms,
        "slowest_response_ms": result.slowest_response_ms,
        "duration_ms": round(1000 * result.seconds) if result.seconds else None,
    }


def failed_result(
    account: str, error: errors.TicketsyncError, *, outcome: str = "failed"
) -> Result:
    """
    The result of a run that failed with this error before it did anything.
    """
    return Result(
        account,
        outcome,
        exit_code=error.exit_code,
        word=error.word,
        message=error.message,
        hint=error.hint,
        parks=error.parks,
    )
