"""
The main job: for each account, read what changed and bring the figures up to date.

    read the listing                    what is on sale, what moved, what left
    match what is certain               the rest waits for a person
    read orders                         only where something may have changed
    recompute the figures               together with the marks of what was read

No transaction spans a network call; a killed run is resumed by the next one; a run
that finds nothing new writes nothing but its own row.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ticketsync.accounts import bookmarks, runs, state
from ticketsync.accounts.runs import Result
from ticketsync.accounts.state import AccountState
from ticketsync.catalogue import links, occurrences
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import clock, errors, log
from ticketsync.core.config import Settings
from ticketsync.financials import recompute
from ticketsync.providers.base import (
    FiltersByChange,
    ReadsWholeAccount,
    ReportsChanges,
)
from ticketsync.reporting import numbers
from ticketsync.reporting.changes import Change, changes
from ticketsync.sales import versions
from ticketsync.store import engine, lease, lock
from ticketsync.store.engine import Database, rehearsal
from ticketsync.workflows import (
    cross_checks,
    limits,
    listing,
    match,
    orders,
    people_switch,
    reread,
    retention,
    show_figures,
)
from ticketsync.workflows.account_run import (
    PROLONG_SECONDS,
    AccountRun,
    OnProgress,
    lease_of,
    new_run_id,
    no_progress,
    run_account,
)


@dataclass(frozen=True, slots=True)
class Request:
    """
    What was asked for. Named accounts are tried whatever their breaker says; with
    `compare` the outcome tells which figures changed.
    """

    names: tuple[str, ...] = ()
    only_due: bool = False
    full: bool = False
    since: datetime | None = None
    accept_shrink: bool = False
    compare: bool = True
    on_progress: OnProgress = no_progress

    @property
    def kind(self) -> str:
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
    Sync the accounts asked for, one after the other.
    """
    run_id = new_run_id()
    with database.read() as session:
        accounts = state.choose_accounts(session, list(request.names))
        before = numbers.figures(session) if request.compare else []
    limits.note_limits(database, settings)
    results: list[Result] = []
    notes: list[str] = []
    ends = time.monotonic() + settings.sync.run_minutes * 60
    try:
        with (
            _alone(database, request, run_id),
            _without_collector(),
            log.bind(run=run_id),
        ):
            for account in accounts:
                result, remarks = _sync_account(
                    database, settings, account, request, run_id, ends
                )
                results.append(result)
                notes += remarks
            retention.retain(database, settings)
    except errors.Busy as busy:
        skipped = [
            runs.failed_result(a.name, busy, outcome="skipped-busy") for a in accounts
        ]
        _note_skipped(database, accounts, skipped, request, run_id)
        return Outcome(run_id, tuple(skipped))
    after = before
    news = any(r.shows_changed or r.outcome == "partial" for r in results)
    if request.compare and news:
        with database.read() as session:
            after = numbers.figures(session)
    # Several platforms tell the same of one show.
    told = tuple(dict.fromkeys(notes))
    return Outcome(run_id, tuple(results), told, tuple(changes(before, after)))


def sync_dry(database: Database, settings: Settings, request: Request) -> Outcome:
    """
    The same run against a copy that is thrown away: what `sync` would change.
    """
    with rehearsal(database) as copy:
        return sync(copy, settings, request)


def replay(database: Database, settings: Settings, names: Sequence[str]) -> Outcome:
    """
    Read the stored raw orders again with today's understanding; no network.
    """
    run_id = new_run_id()
    with database.read() as session:
        accounts = (
            [state.get_account(session, name) for name in dict.fromkeys(names)]
            if names
            else state.list_accounts(session)  # stored orders of retired ones, too
        )
        before = numbers.figures(session)
    results = [_replay_account(database, settings, a, run_id) for a in accounts]
    with database.read() as session:
        after = numbers.figures(session)
    return Outcome(run_id, tuple(results), (), tuple(changes(before, after)))


def fetch_listing(
    database: Database, settings: Settings, names: Sequence[str]
) -> tuple[list[Result], list[str]]:
    """
    Read only what is on sale, without orders.
    """
    with database.read() as session:
        accounts = state.choose_accounts(session, list(names))
    run_id = new_run_id()
    results: list[Result] = []
    notes: list[str] = []

    def refresh(account: AccountRun) -> tuple[int, bool]:
        found = listing.refresh(account)
        account.counts.created += found.created
        account.counts.updated += found.updated
        account.counts.unchanged += found.unchanged
        account.counts.processed += found.created + found.updated + found.unchanged
        return 0, False

    for account in accounts:
        result, remarks = run_account(
            database,
            settings,
            account,
            refresh,
            run_id=run_id,
            kind="manual",
            started_by="events fetch",
        )
        results.append(result)
        notes += remarks
    return results, notes


@contextmanager
def _alone(database: Database, request: Request, run_id: str) -> Iterator[None]:
    """
    Scheduled runs exclude one another altogether: the next one of a slow night must
    not queue up behind the last. Who names an account waits for that account alone.
    """
    if not request.only_due:
        yield
        return
    with lock.only_one(database, "sync --due", lease.holder_name(run_id)):
        yield


@contextmanager
def _without_collector() -> Iterator[None]:
    """
    Pages are trees of many thousand objects without cycles: looking for cycles in
    each of them took a quarter of a first sync (measured). Counting references frees
    them all the same.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# One account


def _sync_account(
    database: Database,
    settings: Settings,
    account: AccountState,
    request: Request,
    run_id: str,
    ends: float,
) -> tuple[Result, list[str]]:
    left = ends - time.monotonic()
    skipped = _reason_to_skip(database, settings, account, request)
    if skipped is None and left <= 0:
        skipped = _out_of_time(account, settings)
    if skipped is not None:
        log.info("account skipped", account=account.name, outcome=skipped.outcome)
        _note_skipped(database, [account], [skipped], request, run_id)
        return skipped, []
    return run_account(
        database,
        settings,
        account,
        lambda run: _work(run, request),
        run_id=run_id,
        kind=request.kind,
        started_by=request.started_by,
        on_progress=request.on_progress,
        longest=left,
    )


def _out_of_time(account: AccountState, settings: Settings) -> Result:
    """
    The accounts before this one took all the time that a run has.
    """
    late = errors.ProviderUnavailable(
        f"Account {account.name!r}: its turn did not come within the "
        f"{settings.sync.run_minutes} minutes of one run.",
        hint=f"Run `ticketsync sync {account.name}`, or allow more (`run_minutes`).",
        word="deadline",
    )
    return runs.failed_result(account.name, late)


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
    with database.write() as session:
        for account, result in zip(accounts, results, strict=True):
            runs.skip(
                session,
                run_id,
                account,
                result,
                kind=request.kind,
                started_by=request.started_by,
                now=clock.now(),
            )


def _reason_to_skip(
    database: Database, settings: Settings, account: AccountState, request: Request
) -> Result | None:
    now = clock.now()
    is_named = account.name in request.names
    if account.state == "paused":
        return Result(
            account.name,
            "skipped-disabled",
            word="paused",
            message=f"Account {account.name!r} is paused.",
            hint=f"Run `ticketsync accounts resume {account.name}`.",
        )
    if account.state == "parked" and not is_named:
        error = errors.PersonNeeded(
            f"Account {account.name!r} waits for a person: {account.state_reason}",
            hint=f"Run `ticketsync accounts rotate {account.name}` for a new key, or "
            f"`ticketsync sync {account.name}` to try the one it has.",
            word="parked",
        )
        return runs.failed_result(account.name, error, outcome="skipped-parked")
    if account.breaker_is_open(now) and not is_named:
        assert account.breaker_until is not None
        open_ = errors.BreakerOpen(
            f"Account {account.name!r} failed {account.failures} times in a row; the "
            f"next probe is at {account.breaker_until:%Y-%m-%d %H:%M} UTC.",
            hint=f"Run `ticketsync sync {account.name}` to try now.",
        )
        return runs.failed_result(account.name, open_, outcome="skipped-breaker")
    if request.only_due:
        with database.read() as session:
            last = runs.last_attempt(session, account.id)
        interval = settings.account(account.name).interval
        # A schedule of the same length must not be missed by a few seconds.
        if last is not None and not _is_over(
            last, interval - timedelta(seconds=30), now
        ):
            return Result(account.name, "skipped-not-due")
    return None


def _is_over(began: datetime, wait: timedelta, now: datetime) -> bool:
    """
    Whether a wait is over; one that began in the future is, too: the clock was put back
    since (F36).
    """
    return not began <= now < began + wait


def _work(run: AccountRun, request: Request) -> tuple[int, bool]:
    """
    What one account's run does once it has its lease; see the module's drawing.
    """
    listing.refresh(run, accept_shrink=request.accept_shrink)
    _link_certain(run)
    people_switch.follow(run)
    with run.database.read() as session:
        listed = occurrences.list_occurrences(session, run.account.id)
        last_sweep = runs.last_sweep(session, run.account.id)
    progress = orders.Reading(
        ids={occurrence.occurrence_id: occurrence.id for occurrence in listed}
    )
    try:
        swept, chosen, refused = _read_orders(
            run, request, listed, progress, last_sweep
        )
    except errors.TicketsyncError:
        _keep_what_is_whole(run, request, listed, progress)
        raise
    changed = _bring_up_to_date(run, progress, chosen, refused)
    orders.end_sweep(run, progress)
    return changed, swept


def work_through(run: AccountRun) -> int:
    """
    What a run of the account does, for who holds its lease already; returns how many
    shows changed.
    """
    return _work(run, Request())[0]


def _link_certain(run: AccountRun) -> None:
    with run.database.read() as session:
        plan = match.plan(session, run.settings, account_id=run.account.id)
    run.notes += plan.remarks
    if plan.certain:
        made = match.accept(
            run.database,
            run.settings,
            plan.certain,
            decided_by="machine",
            batch=run.run_id,
        )
        run.notes.append(
            f"{made} occurrences linked to your shows (same venue, title and time)"
        )
    if plan.unsure:
        run.notes.append(
            f"{len(plan.unsure)} dates belong to no show yet; run `ticketsync match`, "
            "or `ticketsync shows adopt --all`"
        )


def _keep_what_is_whole(
    run: AccountRun,
    request: Request,
    listed: Sequence[LinkedOccurrence],
    progress: orders.Reading,
) -> None:
    """
    Events that were read to their end before a failure need not be read again: so a
    first read that takes longer than one run may take goes on where it stopped.
    """
    whole = [o for o in listed if o.occurrence_id in progress.complete]
    refused = orders.notice_absence(
        run, progress, whole, accept_shrink=request.accept_shrink
    )
    _bring_up_to_date(run, progress, whole, refused, is_finished=False)
    orders.remember_sweep(run, progress)


def _read_orders(
    run: AccountRun,
    request: Request,
    listed: Sequence[LinkedOccurrence],
    progress: orders.Reading,
    last_sweep: datetime | None,
) -> tuple[bool, list[LinkedOccurrence], set[int]]:
    """
    Decide what to read and read it; answers whether that was a sweep, what was
    chosen, and the events whose answer was not believed.
    """
    account_id = run.account.id
    settings = run.settings.sync
    accept = request.accept_shrink
    waiting = orders.retry_quarantine(run, progress)
    since = request.since or clock.now() - timedelta(days=settings.days_back)
    with run.database.read() as session:
        marks = bookmarks.get_bookmarks(session, account_id, orders.STREAM)
        unfinished = bookmarks.get_bookmarks(session, account_id, orders.WINDOWS)
        newest = bookmarks.get_bookmarks(session, account_id, orders.NEWEST)
        doubted = bookmarks.get_bookmarks(session, account_id, cross_checks.DOUBTED)
    sweep_due = last_sweep is None or _is_over(
        last_sweep, timedelta(hours=settings.sweep_hours), clock.now()
    )
    swept = request.full or sweep_due or bool(unfinished or doubted)
    window = [
        occurrence
        for occurrence in listed
        if occurrence.gone_since is None
        and occurrence.is_followed  # the door waits for guests whose sales do not count
        and (request.full or not occurrence.is_dated or occurrence.starts_at >= since)
    ]
    provider = run.provider
    reports_changes = isinstance(provider, ReportsChanges)
    whole = isinstance(provider, ReadsWholeAccount) and (
        bool(unfinished)
        or (reports_changes and (swept or not newest))
        or (swept and orders.whole_is_cheaper(window, listed))
    )
    if whole:
        orders.read_whole(run, progress, listed, accept_shrink=accept)
        chosen = list(listed)
        rest = _changed_meanwhile(run, window)
    elif reports_changes:
        orders.read_recent(run, progress, accept_shrink=accept)
        rest = []  # what waits in quarantine comes again when the platform mends it
        chosen = orders.covered_by_feed(progress, listed, window, marks)
    else:
        recent = orders.read_recent(run, progress, accept_shrink=accept)
        stale = {occurrence.occurrence_id for occurrence in orders.stale(window, marks)}
        wanted = stale | recent | waiting
        filters = isinstance(provider, FiltersByChange)
        chosen = [o for o in window if swept or filters or o.occurrence_id in wanted]
        rest = chosen
    if rest:
        orders.read_events(
            run, progress, rest, listed, swept=swept, accept_shrink=accept
        )
    orders.read_loose(run, progress, chosen, listed)
    refused = orders.notice_absence(run, progress, chosen, accept_shrink=accept)
    return swept, chosen, refused


def _changed_meanwhile(
    run: AccountRun, window: Sequence[LinkedOccurrence]
) -> list[LinkedOccurrence]:
    """
    Events whose fingerprint moved since an unfinished read of everything began.
    """
    with run.database.read() as session:
        begun = bookmarks.get_bookmarks(session, run.account.id, orders.BEGUN)
    return [
        occurrence
        for occurrence in window
        if begun.get(occurrence.occurrence_id) != occurrence.fingerprint
    ]


def _bring_up_to_date(
    run: AccountRun,
    progress: orders.Reading,
    chosen: Sequence[LinkedOccurrence],
    refused: set[int],
    *,
    is_finished: bool = True,
) -> int:
    """
    Recompute the figures of everything read, and set the marks in the same breath.

    A run that did not finish leaves where new orders begin, and what it did not read.
    """
    complete = [o for o in chosen if o.occurrence_id in progress.complete]
    touched = progress.touched | {occurrence.id for occurrence in complete}
    if not touched and not progress.newest:
        return 0
    marks = orders.marks_for(
        run,
        progress,
        [occurrence for occurrence in complete if occurrence.id not in refused],
        orders.waiting_events(run) if complete else set(),
    )
    with run.database.read() as session:
        known = bookmarks.get_bookmarks(session, run.account.id, orders.STREAM)
        newest = bookmarks.get_bookmarks(session, run.account.id, orders.NEWEST).get(
            "", ""
        )
        changed_at = bookmarks.get_bookmarks(session, run.account.id, orders.CHANGED)
        shows = links.get_show_ids(session, touched)
    is_later = progress.newest > newest or (progress.is_whole and progress.newest)
    moved = (
        is_finished
        and complete
        and progress.may_move
        and is_later
        and progress.newest != newest
    )
    fresh = {event: mark for event, mark in marks.items() if known.get(event) != mark}
    later = {
        unit: moment
        for unit, moment in progress.changes.items()
        if complete and changed_at.get(unit) != moment
    }
    if not shows and not fresh and not moved and not later:
        return 0
    with run.transaction() as session:
        changed = recompute.recompute_shows(
            session,
            shows,
            show_figures.fee_schedules(session, run.settings),
            clock.now(),
        )
        bookmarks.save_bookmarks(session, run.account.id, orders.STREAM, fresh)
        bookmarks.save_bookmarks(session, run.account.id, orders.CHANGED, later)
        if moved:
            newer = {"": progress.newest}
            bookmarks.save_bookmarks(session, run.account.id, orders.NEWEST, newer)
        if complete and is_finished:  # else the next run goes on from what this began
            bookmarks.delete_bookmarks(session, run.account.id, [orders.BEGUN])
        links.set_link_status(session, {o.id for o in complete} - refused, "synced")
        links.set_link_status(session, refused, "error")
    return changed


# Without the network


def _replay_account(
    database: Database, settings: Settings, account: AccountState, run_id: str
) -> Result:
    """
    One account under its lease, with its row like any other run.
    """
    holder = lease.holder_name(run_id)
    now = clock.now()
    try:
        with database.write() as session:
            lease.take(session, lease_of(account), holder, now)
            row = runs.start(
                session, run_id, account, kind="manual", started_by="replay", now=now
            )
    except errors.Busy as busy:
        skipped = runs.failed_result(account.name, busy, outcome="skipped-busy")
        with database.write() as session:
            runs.skip(
                session,
                run_id,
                account,
                skipped,
                kind="manual",
                started_by="replay",
                now=now,
            )
        return skipped
    stopped = errors.TicketsyncError("It was stopped.", word="interrupted")
    result = runs.failed_result(account.name, stopped, outcome="interrupted")
    try:
        result = _replayed(database, settings, account, holder)
    except errors.TicketsyncError as error:
        result = runs.failed_result(account.name, error)
    finally:
        with database.write() as session:
            runs.finish(session, row, result, clock.now())
            lease.release(session, lease_of(account), holder)
    return result


def _replayed(
    database: Database, settings: Settings, account: AccountState, holder: str
) -> Result:
    """
    Read the account's records again beside the database, and write what differs.
    """
    prolonged = time.monotonic()

    def breathe() -> None:
        nonlocal prolonged
        if time.monotonic() - prolonged > PROLONG_SECONDS:
            with database.write() as session:
                lease.extend(session, lease_of(account), holder, clock.now())
            prolonged = time.monotonic()

    with engine.snapshot(database) as source, reread.empty_books(source) as books:
        reread.read_again(source, books, account, breathe)
        number = versions.count_records(source, account.id)
        with books.read() as again:
            wrong = reread.differing(source, again, account.id)
            with database.write() as session:
                lease.extend(session, lease_of(account), holder, clock.now())
                saved = reread.put_right(session, again, account, wrong, clock.now())
                touched = occurrences.ids(session, account.id).values()
                occurrences.keep_linked(session, touched if saved else ())
                changed = recompute.recompute_shows(
                    session,
                    links.get_show_ids(session, touched),
                    show_figures.fee_schedules(session, settings),
                    clock.now(),
                )
    created = min(len(wrong.missing), saved)
    counts = runs.Counts(
        processed=number,
        created=created,
        updated=saved - created,
        unchanged=number - saved,
    )
    return Result(account.name, "success", counts=counts, shows_changed=changed)
