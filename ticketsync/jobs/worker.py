"""
The background worker of `ticketsync serve`. It does everything that talks to a
platform, so that no web request ever waits for one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ticketsync.core import actor, log
from ticketsync.core.config import Settings
from ticketsync.store.engine import Database
from ticketsync.workflows import (
    account_alerts,
    delivery_expiry,
    push_checkins,
    receive,
    sales_notifications,
)
from ticketsync.workflows.sync import run as sync

POLL_SECONDS = 2.0
NOTIFY_SECONDS = 60.0
EXPIRY_SECONDS = 3600.0

Job = Callable[[], object]


class SyncRequests:
    """
    The accounts that pages asked to have synced. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._requested_by: dict[str, str] = {}
        self._lock = threading.Lock()

    def add(self, account: str) -> None:
        """
        Request a sync of this account on behalf of the current actor.
        """
        with self._lock:
            self._requested_by.setdefault(account, actor.current())

    def take_all(self) -> dict[str, str]:
        """
        Remove and return all requests: account name → the actor who asked first.
        """
        with self._lock:
            requested_by, self._requested_by = self._requested_by, {}
        return requested_by


@contextmanager
def running(
    database: Database,
    settings: Settings,
    requests: SyncRequests,
    reload: Callable[[], Settings] | None = None,
) -> Iterator[None]:
    """
    Run the worker in a thread for as long as the block lasts. The job in progress is
    finished before the block ends. `reload` gives the settings for each job, if they
    may change meanwhile.
    """
    stopped = threading.Event()
    jobs = _jobs(database, reload or (lambda: settings), requests)

    def poll() -> None:
        while not stopped.wait(POLL_SECONDS):
            _run_all(jobs)

    thread = threading.Thread(target=poll, name="worker")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _jobs(
    database: Database, settings: Callable[[], Settings], requests: SyncRequests
) -> Sequence[Job]:
    return (
        lambda: _sync_requested(database, settings(), requests),
        lambda: receive.process_deliveries(database, settings()),
        lambda: push_checkins.check_ins(database, settings()),
        _at_most_every(NOTIFY_SECONDS, lambda: _notify(database, settings())),
        _at_most_every(EXPIRY_SECONDS, lambda: delivery_expiry.delete_old(database)),
    )


def _run_all(jobs: Sequence[Job]) -> None:
    """
    Run each job once. A failing job is logged and does not stop the others.
    """
    for job in jobs:
        try:
            job()
        except Exception as error:  # otherwise deliveries would pile up unnoticed
            word = getattr(error, "word", "bug")
            log.warning("worker", word=word, trace=log.trace_of(error))


def _sync_requested(
    database: Database, settings: Settings, requests: SyncRequests
) -> None:
    for account, requested_by in requests.take_all().items():
        with actor.acting_as(requested_by):
            sync.sync(database, settings, sync.Request((account,)))


def _notify(database: Database, settings: Settings) -> None:
    for error in (
        *account_alerts.look(database, settings),
        *sales_notifications.notify(database, settings),
    ):
        log.warning("notification failed", word=error.word, message=error.message)


def _at_most_every(seconds: float, job: Job) -> Job:
    last_run_at = float("-inf")

    def run_if_due() -> None:
        nonlocal last_run_at
        if time.monotonic() - last_run_at > seconds:
            last_run_at = time.monotonic()
            job()

    return run_if_due
