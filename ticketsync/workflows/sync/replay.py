"""
Parsing the stored raw orders again, with no network: what a newer version reads better.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection

from ticketsync.accounts import runs, state
from ticketsync.accounts.runs import Result
from ticketsync.accounts.state import AccountState
from ticketsync.catalogue import links, occurrences
from ticketsync.core import clock, errors
from ticketsync.core.settings.config import Settings
from ticketsync.financials import recompute
from ticketsync.providers import registry
from ticketsync.reporting import figures_of_shows
from ticketsync.reporting.changes import changes
from ticketsync.reporting.outstanding_replays import REPLAY
from ticketsync.sales import raw_records
from ticketsync.store import database_copies, lease
from ticketsync.store.engine import Database
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.accounts.account_run import (
    PROLONG_SECONDS,
    lease_of,
    new_run_id,
)
from ticketsync.workflows.boxoffice import save_own_orders
from ticketsync.workflows.sync import reparse, replay_listing
from ticketsync.workflows.sync.run import Outcome


def replay(database: Database, settings: Settings, names: Sequence[str]) -> Outcome:
    """
    Parse the stored raw orders of these accounts again, or of all.
    """
    run_id = new_run_id()
    with database.read() as connection:
        accounts = (
            [state.get_account(connection, name) for name in dict.fromkeys(names)]
            if names
            else state.list_accounts(connection)  # stored orders of retired ones, too
        )
        before = figures_of_shows.figures(connection)
    results = [_replay_account(database, settings, a, run_id) for a in accounts]
    with database.read() as connection:
        after = figures_of_shows.figures(connection)
    return Outcome(run_id, tuple(results), (), tuple(changes(before, after)))


def _replay_account(
    database: Database, settings: Settings, account: AccountState, run_id: str
) -> Result:
    """
    One account under its lease, with its row like any other run.
    """
    holder = lease.this_process(run_id)
    now = clock.now()
    try:
        with database.write() as connection:
            lease.take(connection, lease_of(account), holder, now)
            row = runs.start(
                connection, run_id, account, kind="manual", started_by=REPLAY, now=now
            )
    except errors.Busy as busy:
        skipped = runs.failed_result(account.name, busy, outcome="skipped-busy")
        with database.write() as connection:
            runs.skip(
                connection,
                run_id,
                account,
                skipped,
                kind="manual",
                started_by=REPLAY,
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
        with database.write() as connection:
            runs.finish(connection, row, result, clock.now())
            lease.release(connection, lease_of(account), holder)
    return result


def _replayed(
    database: Database, settings: Settings, account: AccountState, holder: lease.Holder
) -> Result:
    """
    Parse the account's records into a private database, and write what differs.
    """
    prolonged = time.monotonic()

    def keep_lease() -> None:
        nonlocal prolonged
        if time.monotonic() - prolonged > PROLONG_SECONDS:
            with database.write() as connection:
                lease.extend(connection, lease_of(account), holder, clock.now())
            prolonged = time.monotonic()

    is_ours = registry.provider(account.provider).spec.is_ours
    with (
        database_copies.snapshot(database) as source,
        reparse.empty_books(source) as books,
    ):
        if is_ours:
            number = save_own_orders.read_again(source, books, account, keep_lease)
        else:
            reparse.read_again(source, books, account, keep_lease)
            number = raw_records.count_records(source, account.id)
        with books.read() as again:
            wrong = reparse.differing(source, again, account.id)
            with database.write() as connection:
                lease.extend(connection, lease_of(account), holder, clock.now())
                saved = _put_right(connection, again, account, wrong, is_ours=is_ours)
                touched = occurrences.get_occurrence_ids(
                    connection, account.id
                ).values()
                occurrences.lock_against_linking(connection, touched if saved else ())
                changed = recompute.recompute_shows(
                    connection,
                    links.get_show_ids(connection, touched),
                    recompute_figures.fee_schedules(connection, settings),
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


def _put_right(
    connection: Connection,
    again: Connection,
    account: AccountState,
    wrong: reparse.RecordsToRewrite,
    *,
    is_ours: bool,
) -> int:
    """
    Save what differs; returns how many orders were saved.
    """
    if is_ours:
        save_own_orders.put_right(connection, account, wrong.orders, clock.now())
        return len(wrong.orders)
    saved = reparse.put_right(connection, again, account, wrong, clock.now())
    replay_listing.put_listing_right(connection, again, account)
    return saved
