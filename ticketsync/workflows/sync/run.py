"""
The main job: for each account, read what changed and bring the figures up to date.

    read the listing                    what is on sale, what moved, what left
    match what is certain               the rest waits for a person
    read orders                         only where something may have changed
    recompute the figures               together with the marks of what was read

Several accounts run side by side, see `accounts_in_parallel`. No transaction spans a
network call; a killed run is resumed by the next one; a run that finds nothing new
writes nothing but its own row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from ticketsync.accounts import runs, state
from ticketsync.accounts.runs import Result
from ticketsync.accounts.state import AccountState
from ticketsync.catalogue import move_notes
from ticketsync.core import clock, errors, log
from ticketsync.core.settings.config import Settings
from ticketsync.core.stopping import Stop
from ticketsync.core.without_collector import without_collector
from ticketsync.store import lease, run_lock, vacuum
from ticketsync.store.database_copies import dry_run_of
from ticketsync.store.engine import Database
from ticketsync.workflows import retention
from ticketsync.workflows.accounts import unread_limits
from ticketsync.workflows.accounts.account_run import (
    AccountRun,
    OnProgress,
    OnWait,
    Remarks,
    as_our_error,
    new_run_id,
    no_progress,
    no_word,
    run_account,
)
from ticketsync.workflows.accounts.accounts_in_parallel import (
    Job,
    Turn,
    exclusion_key_of,
    number_at_once,
    places_without_answer,
    run_all,
)
from ticketsync.workflows.sync import due, ticket_types
from ticketsync.workflows.sync import selected as selecting
from ticketsync.workflows.sync.account import (
    OrderRequest,
    refresh_listing,
    sync_account,
    sync_selected,
)

if TYPE_CHECKING:
    from ticketsync.reporting.changes import Change
    from ticketsync.reporting.figures_of_shows import Figures


@dataclass(frozen=True, slots=True)
class Request:
    """
    What was asked for. Named accounts are tried whatever their breaker says; with
    `compare` the outcome says which figures changed. With `shows` or `events` (as a
    person names them) only their orders are read. `jobs` accounts run side by side, 0
    leaves the number to us; `stop` ends the run from another thread.
    """

    names: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    only_due: bool = False
    full: bool = False
    since: datetime | None = None
    accept_shrink: bool = False
    compare: bool = True
    on_progress: OnProgress = no_progress
    on_wait: OnWait = no_word
    jobs: int = 0
    stop: Stop | None = None

    @property
    def of_orders(self) -> OrderRequest:
        return OrderRequest(
            is_full=self.full, since=self.since, accept_shrink=self.accept_shrink
        )

    @property
    def is_selective(self) -> bool:
        return bool(self.shows or self.events)

    @property
    def kind(self) -> str:
        if self.is_selective:
            return "manual"
        return "full" if self.full else "incremental"

    @property
    def started_by(self) -> str:
        return "due" if self.only_due else "manual"


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    How a run over all its accounts ended, and what it changed.
    """

    run_id: str
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()
    changes: tuple[Change, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        return errors.combined_exit_code([result.exit_code for result in self.results])

    @property
    def outcome(self) -> str:
        outcomes = {result.outcome for result in self.results}
        if len(outcomes) == 1:
            return outcomes.pop()
        if outcomes <= {"success", "skipped-not-due", "skipped-disabled"}:
            return "success"
        return "partial"


def sync(database: Database, settings: Settings, request: Request) -> Outcome:
    """
    Sync the accounts asked for, several side by side; the results are in their order.

    Raises: `NotFound` for an unknown account, show or event, `UsageError` for a show
    that nothing is linked to, or only retired accounts; `Interrupted`.
    """
    run_id = new_run_id()
    with database.read() as connection:
        accounts = state.choose_accounts(connection, list(request.names))
        selected = selecting.find_occurrences(
            connection, request.shows, request.events, accounts, request.names
        )
        if request.is_selective:
            accounts = [account for account in accounts if account.id in selected]
        before = _read_figures(connection) if request.compare else []
        written = _last_written(connection) if request.compare else None
    unread_limits.note_limits(database, settings)
    ends = time.monotonic() + settings.sync.run_minutes * 60
    try:
        with (
            _alone(database, request, run_id),
            without_collector(),
            log.bind(run=run_id),
        ):
            results, remarks = _run_accounts(
                database,
                accounts,
                lambda account, turn: _sync_account(
                    database,
                    settings,
                    account,
                    request,
                    selected.get(account.id, ()),
                    run_id,
                    ends,
                    turn,
                ),
                jobs=request.jobs,
                stop=request.stop,
            )
            retention.retain(database, settings)
    except errors.Busy as busy:
        skipped = [
            runs.failed_result(a.name, busy, outcome="skipped-busy") for a in accounts
        ]
        _note_skipped(database, accounts, skipped, request, run_id)
        return Outcome(run_id, tuple(skipped))
    vacuum.vacuum_new_tables(database)
    after = before
    if request.compare:
        news = any(r.shows_changed or r.outcome == "partial" for r in results)
        with database.read() as connection:
            # Of a show that has another account, too, the other's may be the news.
            if news or _last_written(connection) != written:
                after = _read_figures(connection)
    notes = tuple(_in_words(database, remarks))
    return Outcome(run_id, tuple(results), notes, _compare(before, after))


def _read_figures(connection: Connection) -> list[Figures]:
    from ticketsync.reporting import (
        figures_of_shows,  # a quiet run would load it for nothing
    )

    return figures_of_shows.figures(connection)


def _last_written(connection: Connection) -> tuple[datetime | None, int]:
    from ticketsync.reporting import figures_of_shows

    return figures_of_shows.last_written(connection)


def _compare(before: list[Figures], after: list[Figures]) -> tuple[Change, ...]:
    if before == after:
        return ()
    from ticketsync.reporting import changes

    return tuple(changes.changes(before, after))


AccountResult = tuple[Result, Remarks]


def _run_accounts(
    database: Database,
    accounts: Sequence[AccountState],
    run: Callable[[AccountState, Turn], AccountResult],
    *,
    jobs: int,
    stop: Stop | None,
) -> tuple[list[Result], list[Remarks]]:
    """
    The results of all accounts in their order, and what is worth saying beside them.
    """

    def job(account: AccountState) -> Job[AccountResult]:
        return Job(
            exclusion_key_of(account), lambda turn: _with_faults(account, run, turn)
        )

    at_once = number_at_once(
        jobs, len(accounts), one_connection=database.has_one_connection
    )
    found = run_all(
        [job(each) for each in accounts],
        at_once=at_once,
        without_answer=places_without_answer(jobs),
        stop=stop,
    )
    return [result for result, _ in found], [remarks for _, remarks in found]


def _in_words(database: Database, remarks: Sequence[Remarks]) -> list[str]:
    """
    What is worth saying of a run whose accounts have all been read.
    """
    notes = [note for of_account in remarks for note in of_account.notes]
    moved = [move for of_account in remarks for move in of_account.moved]
    if moved:
        with database.read() as connection:
            notes += move_notes.describe_moves(connection, moved)
    # Several platforms may report the same of one show.
    return [*dict.fromkeys(notes)]


def _with_faults(
    account: AccountState,
    run: Callable[[AccountState, Turn], AccountResult],
    turn: Turn,
) -> AccountResult:
    """
    A fault of our own is that account's result: it does not stop the others. Its row
    and the log have the trace.
    """
    try:
        with log.bind(account=account.name):
            return run(account, turn)
    except errors.TicketsyncError:
        raise  # of the database, say, or an interruption
    except Exception as error:
        return runs.failed_result(account.name, as_our_error(account, error)), Remarks()


def sync_dry(database: Database, settings: Settings, request: Request) -> Outcome:
    """
    The same run against a copy that is thrown away: what `sync` would change.
    """
    with dry_run_of(database) as copy:
        return sync(copy, settings, request)


def fetch_listing(
    database: Database,
    settings: Settings,
    names: Sequence[str],
    *,
    on_progress: OnProgress = no_progress,
    on_wait: OnWait = no_word,
    jobs: int = 0,
    stop: Stop | None = None,
) -> tuple[list[Result], list[str]]:
    """
    Read only what is on sale, without orders, of several accounts side by side.

    Raises: `NotFound` for an unknown account; `Interrupted`.
    """
    with database.read() as connection:
        accounts = state.choose_accounts(connection, list(names))
    run_id = new_run_id()

    def run(account: AccountState, turn: Turn) -> AccountResult:
        return run_account(
            database,
            settings,
            account,
            _refresh_listing,
            run_id=run_id,
            kind="manual",
            started_by="events fetch",
            on_progress=on_progress,
            on_wait=on_wait,
            turn=turn,
        )

    with log.bind(run=run_id):
        results, remarks = _run_accounts(database, accounts, run, jobs=jobs, stop=stop)
    return results, _in_words(database, remarks)


def _refresh_listing(run: AccountRun) -> tuple[int, bool]:
    found = refresh_listing(run)
    run.turn.end()
    ticket_types.refresh(run)
    run.counts.created += found.created
    run.counts.updated += found.updated
    run.counts.unchanged += found.unchanged
    run.counts.processed += found.created + found.updated + found.unchanged
    return 0, False


@contextmanager
def _alone(database: Database, request: Request, run_id: str) -> Iterator[None]:
    """
    Scheduled runs exclude one another altogether: the next one of a slow night must
    not queue up behind the last. Who names an account waits for that account alone.
    """
    if not request.only_due:
        yield
        return
    with run_lock.only_one(database, "sync --due", str(lease.this_process(run_id))):
        yield


def _sync_account(
    database: Database,
    settings: Settings,
    account: AccountState,
    request: Request,
    selected: Collection[int],
    run_id: str,
    ends: float,
    turn: Turn,
) -> AccountResult:
    left = ends - time.monotonic()
    skipped = due.reason_to_skip(
        database,
        settings,
        account,
        is_named=account.name in request.names,
        only_due=request.only_due,
    )
    if skipped is None and left <= 0:
        skipped = due.out_of_time(account, settings)
    if skipped is not None:
        log.info("account skipped", account=account.name, outcome=skipped.outcome)
        _note_skipped(database, [account], [skipped], request, run_id)
        return skipped, Remarks()

    def read_orders(run: AccountRun) -> tuple[int, bool]:
        if request.is_selective:
            return sync_selected(run, selected, accept_shrink=request.accept_shrink)
        return sync_account(run, request.of_orders)

    return run_account(
        database,
        settings,
        account,
        read_orders,
        run_id=run_id,
        kind=request.kind,
        started_by=request.started_by,
        on_progress=request.on_progress,
        on_wait=request.on_wait,
        longest=left,
        turn=turn,
    )


def _note_skipped(
    database: Database,
    accounts: Sequence[AccountState],
    results: Sequence[Result],
    request: Request,
    run_id: str,
) -> None:
    """
    No attempt without a row, also where none was made.
    """
    with database.write() as connection:
        for account, result in zip(accounts, results, strict=True):
            runs.skip(
                connection,
                run_id,
                account,
                result,
                kind=request.kind,
                started_by=request.started_by,
                now=clock.now(),
            )
