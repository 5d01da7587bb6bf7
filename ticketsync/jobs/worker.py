"""
The background worker of `ticketsync serve`. It does everything that talks to a
platform, so that no web request ever waits for one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ticketsync.accounts import state
from ticketsync.core import actor, errors, log
from ticketsync.core.settings.config import Settings
from ticketsync.core.stopping import Stop
from ticketsync.store.engine import Database
from ticketsync.workflows import account_alerts, sales_notifications
from ticketsync.workflows.door import push_checkins
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.webhooks import delivery_expiry, delivery_processing

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


@dataclass(slots=True)
class Worker:
    """
    The worker as its server sees it. `doing` is what it is at, in words; after the end,
    what it could not finish.
    """

    doing: str = ""


@contextmanager
def running(
    database: Database,
    settings: Settings,
    requests: SyncRequests,
    reload: Callable[[], Settings] | None = None,
    stop: Stop | None = None,
) -> Iterator[Worker]:
    """
    Run the worker in a thread for as long as the block lasts. At the end the job in
    progress is asked to stop and waited for briefly: it may be run again. `reload`
    gives the settings for each job, if they may change meanwhile.
    """
    stop = stop or Stop()
    stopped = threading.Event()
    jobs = _jobs(database, reload or (lambda: settings), requests, stop)
    state = Worker()

    def poll() -> None:
        while not stopped.wait(POLL_SECONDS):
            _run_all(jobs, state)

    # A daemon: one that hangs in the system does not keep the process from ending.
    thread = threading.Thread(target=poll, name="worker", daemon=True)
    thread.start()
    try:
        yield state
    finally:
        stopped.set()
        stop.request(errors.Interrupted("The server was stopped.", signal_number=15))
        thread.join(stop.grace_left)


def _jobs(
    database: Database,
    settings: Callable[[], Settings],
    requests: SyncRequests,
    stop: Stop | None = None,
) -> Sequence[tuple[str, Job]]:
    """
    The jobs of one round, each with what it does in words.
    """
    stop = stop or Stop()
    return (
        (
            "a sync that was asked for",
            lambda: _sync_requested(database, settings(), requests, stop),
        ),
        (
            "webhook deliveries",
            lambda: delivery_processing.process_deliveries(database, settings(), stop),
        ),
        (
            "sending check-ins",
            lambda: push_checkins.check_ins(database, settings(), stop),
        ),
        (
            "notifications",
            _at_most_every(NOTIFY_SECONDS, lambda: _notify(database, settings())),
        ),
        (
            "deleting old deliveries",
            _at_most_every(
                EXPIRY_SECONDS, lambda: delivery_expiry.delete_old(database)
            ),
        ),
    )


def _run_all(jobs: Sequence[tuple[str, Job]], state: Worker) -> None:
    """
    Run each job once. A failing job is logged and does not stop the others; one that
    was asked to stop is the last.
    """
    for doing, job in jobs:
        state.doing = doing
        try:
            job()
        except errors.Interrupted:
            return
        except Exception as error:  # otherwise deliveries would pile up unnoticed
            word = getattr(error, "word", "bug")
            log.warning("worker", word=word, trace=log.trace_of(error))
    state.doing = ""


def _sync_requested(
    database: Database, settings: Settings, requests: SyncRequests, stop: Stop
) -> None:
    """
    Sync what was asked for; accounts that one person asked for, side by side. One that
    was removed or renamed meanwhile is left out.
    """
    requested_by = requests.take_all()
    with database.read() as connection:
        known = {it.name for it in state.list_accounts(connection) if not it.is_retired}
    for name in requested_by.keys() - known:
        log.warning("a sync was asked for, and the account is gone", account=name)
        del requested_by[name]
    for person in dict.fromkeys(requested_by.values()):
        names = tuple(name for name, who in requested_by.items() if who == person)
        with actor.acting_as(person):
            sync.sync(database, settings, sync.Request(names, stop=stop))


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
