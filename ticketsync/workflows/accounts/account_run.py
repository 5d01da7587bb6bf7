"""
One account at work: its lease, its run's row, its provider.
"""

from __future__ import annotations

import contextlib
import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from ticketsync.accounts import breaker, edits, health, runs, state
from ticketsync.accounts.runs import Counts, Result
from ticketsync.accounts.state import AccountState
from ticketsync.catalogue.moves import Move
from ticketsync.core import clock, errors, log
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import Secret, safe, without_secrets
from ticketsync.core.settings.config import Settings
from ticketsync.net.client import ApiClient
from ticketsync.net.retry import WaitBudget
from ticketsync.providers import registry
from ticketsync.providers.base import Provider
from ticketsync.store import lease
from ticketsync.store.engine import Database
from ticketsync.workflows.accounts import key_owner, tokens
from ticketsync.workflows.accounts.account_client import connect
from ticketsync.workflows.accounts.accounts_in_parallel import Turn, alone

CONNECTING = "connecting"  # the first step of each account
PROLONG_SECONDS = 20.0  # a lease lasts minutes; not every page needs to renew it

OnProgress = Callable[[str, str, int, int], None]
OnWait = Callable[[str, float], None]  # account, seconds until the next try


def no_progress(account: str, step: str, done: int, total: int) -> None:
    """
    For callers that show no progress.
    """


def no_word(account: str, seconds: float) -> None:
    """
    For callers that do not say that an account waits.
    """


@dataclass(frozen=True, slots=True)
class Remarks:
    """
    What is worth saying beside a result: sentences, and the dates that were moved.
    """

    notes: Sequence[str] = ()
    moved: Sequence[Move] = ()


@dataclass(slots=True)
class AccountRun:
    """
    An account with its lease taken and its provider connected. `has_siblings`: there
    are other accounts of the same platform, which must not read the same.
    `reads_completely`: its success counts as a complete read of the account.
    """

    database: Database
    settings: Settings
    account: AccountState
    provider: Provider
    api: ApiClient
    run_id: str
    holder: lease.Holder
    started_at: datetime
    on_progress: OnProgress = no_progress
    counts: Counts = field(default_factory=Counts)
    notes: list[str] = field(default_factory=list)
    moved: list[Move] = field(default_factory=list)
    problems: list[errors.TicketsyncError] = field(default_factory=list)
    saved_anything: bool = False
    has_siblings: bool = False
    reads_completely: bool = True
    prolonged: float = 0.0
    turn: Turn = field(default_factory=alone)

    def note(self, sentence: str) -> None:
        """
        Something worth saying of this account, which is named: several are read at
        once.
        """
        self.notes.append(f"{self.account.name}: {sentence}")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """
        One transaction of this run; keeps the lease alive with it.
        """
        with self.database.write() as connection:
            if time.monotonic() - self.prolonged > PROLONG_SECONDS:
                self._prolong(connection)
            yield connection
        self.saved_anything = True

    def wait_for_turn(self) -> None:
        """
        Wait until the accounts before this one have saved what they list; keeps the
        lease alive, and takes none of the time that the account may be read; what is
        left of the whole run goes on.

        Raises: `Interrupted`, `Busy` where another process took the lease over.
        """
        began = time.monotonic()
        while not self.turn.wait(PROLONG_SECONDS):
            with self.database.write() as connection:
                self._prolong(connection)
        self.api.allow_more(time.monotonic() - began)

    def _prolong(self, connection: Connection) -> None:
        lease.extend(connection, lease_of(self.account), self.holder, clock.now())
        self.prolonged = time.monotonic()


def may_wait(
    database: Database, account: AccountState, holder: lease.Holder, turn: Turn
) -> bool:
    """
    Whether the account's platform is worth waiting for, see `Turn.may_wait`; keeps the
    lease alive until that is known.

    Raises: `Interrupted`, `Busy` where another process took the lease over.
    """

    def keep_lease() -> None:
        with database.write() as connection:
            lease.extend(connection, lease_of(account), holder, clock.now())

    return turn.may_wait(keep_lease, PROLONG_SECONDS)


def new_run_id() -> str:
    """
    The name of one command's run: when it began, and something unique.
    """
    return f"{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def lease_of(account: AccountState) -> str:
    return f"account {account.name}"


def run_account(
    database: Database,
    settings: Settings,
    account: AccountState,
    work: Callable[[AccountRun], tuple[int, bool]],
    *,
    run_id: str,
    kind: str,
    started_by: str,
    direction: str = runs.PULL,
    on_progress: OnProgress = no_progress,
    on_wait: OnWait = no_word,
    longest: float | None = None,
    turn: Turn | None = None,
) -> tuple[Result, Remarks]:
    """
    Do `work` for one account, from taking the lease to closing its row.

    `work` answers how many shows changed and whether all orders were read again.
    `turn` is its place among the accounts that run with it.
    Failures that we understand become a result, never an exception; so a failing
    account does not stop the others.

    Raises: `Interrupted`; what is a fault of our own.
    """
    turn = turn or alone()
    now = clock.now()
    holder = lease.this_process(run_id)
    try:
        with database.write() as connection:
            lease.take(connection, lease_of(account), holder, now)
            account = _as_it_stands(connection, account)
            has_siblings = state.has_siblings(connection, account)
            row = runs.start(
                connection,
                run_id,
                account,
                kind=kind,
                started_by=started_by,
                now=now,
                direction=direction,
            )
    except (errors.Busy, errors.GuardRefused) as held:
        return _skipped(
            database, account, held, run_id, kind, started_by, direction
        ), Remarks()
    began = time.monotonic()
    live: list[AccountRun] = []
    masked: list[Secret] = []
    try:
        spec = registry.provider(account.provider).spec
        secret = tokens.current(database, spec, account)
        masked.append(secret)
        waits = WaitBudget(
            settings.sync.wait_seconds,
            turn.stop.sleep,
            on_wait=lambda seconds: on_wait(account.name, seconds),
            may_wait=lambda: may_wait(database, account, holder, turn),
            on_request=turn.note_request,
            on_response=turn.note_response,
        )
        on_progress(account.name, CONNECTING, 0, 0)
        provider, api = connect(
            database, account, settings, secret, run_id, longest, waits, turn.stop
        )
        live.append(
            AccountRun(
                database,
                settings,
                account,
                provider,
                api,
                run_id,
                holder,
                now,
                on_progress,
                has_siblings=has_siblings,
                reads_completely=kind in runs.OF_ORDERS,
                turn=turn,
            )
        )
        key_owner.confirm_key(database, account, provider, secret)
        shows_changed, swept = work(live[0])
        result = _done(account, live[0], shows_changed, swept)
    except errors.TicketsyncError as error:
        result = replace(_failed(account, live, error), trace=_trace(error, live))
    except BaseException as error:
        fault = as_our_error(account, error)
        result = replace(_failed(account, live, fault), trace=_trace(error, live))
        _close(database, account, row, holder, result, began, live)
        raise
    finally:
        for run in live:
            run.api.close()
    result = _close(
        database, account, row, holder, _masked(result, masked), began, live
    )
    turn.leave(is_unreached=result.is_unreached and result.requests > 0)
    if isinstance(interruption := _interruption(result), errors.Interrupted):
        raise interruption
    return result, Remarks(live[0].notes, live[0].moved) if live else Remarks()


def as_our_error(account: AccountState, error: BaseException) -> errors.TicketsyncError:
    """
    What a run's row and result say of an interruption, or of a bug of ours.
    """
    if isinstance(error, KeyboardInterrupt):
        return errors.Interrupted("Interrupted by the user.", signal_number=2)
    return errors.TicketsyncError(
        f"Account {account.name!r}: {type(error).__name__} in our own code.",
        hint=f"The details are in {log.file()}; please report it.",
    )


def _as_it_stands(connection: Connection, account: AccountState) -> AccountState:
    """
    The account as it is now that no one else works on it: since the command began, its
    options may have been changed, or it may have been retired or renamed; under another
    name somebody else may be at work on it.
    """
    current = state.get_account_by_id(connection, account.id)
    if current.name != account.name:
        raise errors.Busy(
            f"Account {account.name!r} was renamed to {current.name!r} meanwhile.",
            hint="Run the command again.",
        )
    if current.is_retired:
        raise state.retired_error(current)
    return current


def _done(
    account: AccountState, run: AccountRun, shows_changed: int, swept: bool
) -> Result:
    problem = run.problems[0] if run.problems else None
    is_partial = problem is not None or run.counts.quarantined > 0
    if problem is None and is_partial:
        problem = errors.TicketsyncError(
            f"Account {account.name!r}: {_waiting(run.counts.quarantined)} in "
            "quarantine.",
            hint="See `ticketsync status`; they are tried again each run.",
            word=health.QUARANTINE,
        )
        problem.exit_code = errors.PARTLY
    return Result(
        account.name,
        "partial" if is_partial else "success",
        counts=run.counts,
        shows_changed=shows_changed,
        requests=run.api.requests,
        exit_code=problem.exit_code if problem else 0,
        word=problem.word if problem else "",
        message=problem.message if problem else "",
        hint=problem.hint if problem else "",
        parks=problem.parks if problem else False,
        swept=swept,
    )


def _waiting(number: int) -> str:
    waits = "record could not be read and waits"
    return number_of(number, waits, "records could not be read and wait")


def _failed(
    account: AccountState, live: list[AccountRun], error: errors.TicketsyncError
) -> Result:
    saved = bool(live) and live[0].saved_anything
    outcome = "partial" if saved else "failed"
    if isinstance(error, errors.Interrupted):
        outcome = "interrupted"
    return replace(
        runs.failed_result(account.name, error, outcome=outcome),
        counts=live[0].counts if live else Counts(),
        requests=live[0].api.requests if live else 0,
    )


def _masked(result: Result, secrets_: list[Secret]) -> Result:
    return replace(
        result,
        message=without_secrets(result.message, secrets_),
        trace=without_secrets(result.trace, secrets_),
    )


def _trace(error: BaseException, live: list[AccountRun]) -> str:
    """
    Where a run failed, and the requests before it.
    """
    asked = "\n".join(safe(line) for line in live[0].api.recent) if live else ""
    return log.trace_of(error) + (f"\nThe last requests:\n{asked}" if asked else "")


def _close(
    database: Database,
    account: AccountState,
    row: int,
    holder: lease.Holder,
    result: Result,
    began: float,
    live: list[AccountRun],
) -> Result:
    seconds = round(time.monotonic() - began, 3)
    result = _with_response_times(replace(result, seconds=seconds), live)
    _log(result)
    now = clock.now()
    with database.write() as connection:
        runs.finish(connection, row, result, now)
        lease.release(connection, lease_of(account), holder)
        if result.parks:
            edits.park_account(connection, account.id, result.message)
        elif result.exit_code in (5, 6) and result.word != "throttled":
            breaker.record_failure(connection, account, now)
        elif result.outcome == "success" or result.word == health.QUARANTINE:
            breaker.record_success(connection, account)
    return result


def _with_response_times(result: Result, live: list[AccountRun]) -> Result:
    times = live[0].api.response_ms if live else []
    if not times:
        return result
    return replace(
        result,
        median_response_ms=round(statistics.median(times)),
        slowest_response_ms=max(times),
    )


def _log(result: Result) -> None:
    write = log.info if result.outcome == "success" else log.warning
    write(
        "account finished",
        account=result.account,
        outcome=result.outcome,
        word=result.word,
        message=result.message,
        requests=result.requests,
        created=result.counts.created,
        updated=result.counts.updated,
        quarantined=result.counts.quarantined,
        shows_changed=result.shows_changed,
        seconds=result.seconds,
        trace=result.trace,
    )


def _interruption(result: Result) -> errors.TicketsyncError | None:
    if result.outcome != "interrupted":
        return None
    return errors.Interrupted(result.message, signal_number=result.exit_code - 128)


def _skipped(
    database: Database,
    account: AccountState,
    held: errors.Busy | errors.GuardRefused,
    run_id: str,
    kind: str,
    started_by: str,
    direction: str,
) -> Result:
    is_busy = isinstance(held, errors.Busy)
    outcome = "skipped-busy" if is_busy else "skipped-disabled"
    result = runs.failed_result(account.name, held, outcome=outcome)
    with database.write() as connection:
        runs.skip(
            connection,
            run_id,
            account,
            result,
            kind=kind,
            started_by=started_by,
            now=clock.now(),
            direction=direction,
        )
    return result
