"""
What managers start on the pages and what takes a platform's time: connecting, a new
key, other options, reading listings and orders, webhooks, a test message.

Each uses the workflow of the command of the same name. A key is held in memory until
the platform has accepted it, and only then stored.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ticketsync.accounts.runs import Result
from ticketsync.catalogue import occurrences
from ticketsync.core import clock, errors
from ticketsync.core.file_options import named_files
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import Secret
from ticketsync.core.settings.config import Settings
from ticketsync.jobs.tasks import Task, Tasks, explain
from ticketsync.providers import registry
from ticketsync.store.engine import Database
from ticketsync.workflows import account_alerts
from ticketsync.workflows.accounts import account_options, connect
from ticketsync.workflows.accounts.account_run import OnProgress
from ticketsync.workflows.accounts.connect import Connected, SecretSource
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.webhooks import webhook_endpoints, webhook_registration

CONNECT: Final = "connect"
ROTATE: Final = "rotate"
OPTIONS: Final = "options"
FETCH: Final = "fetch"
SYNC: Final = "sync"
REGISTER: Final = "register"
ALERT: Final = "alert"
DELIVERY: Final = "delivery"

# Takes an account and an order of it, returns the status of the answer.
SendDelivery = Callable[[str, str], int]


@dataclass(frozen=True, slots=True)
class NewConnection:
    """
    A platform to connect: our name for it, its key, where the key is to be stored
    (`keyring` or `file`), and the options of the account.
    """

    provider: str
    name: str
    key: Secret
    storage: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetupJobs:
    """
    Starts the tasks of one database. `settings` gives the present ones;
    `send_delivery` sends our own server a signed delivery, where that is possible.
    """

    tasks: Tasks
    database: Database
    settings: Callable[[], Settings]
    send_delivery: SendDelivery | None = None

    def connect(self, task_id: str, new: NewConnection) -> Task:
        """
        Try a key, store it, save the account, and read what is on sale there.

        Raises: `NotFound` for a platform that there is not, `UsageError` for one that
        is read from files, or for an option that names a file: these are the server's.
        """
        spec = registry.provider(new.provider).spec
        _refuse_files(spec.is_local, new.options)

        def job(task: Task) -> None:
            task.begin(f"Trying the key at {spec.title}")
            found = connect.add(
                self.database,
                self.settings(),
                provider=spec.name,
                name=new.name,
                base_url=None,
                source=SecretSource(new.storage, "", new.key),
                options=new.options,
                check=True,
            )
            self.describe_connected(task, found)

        title = f"Connect {spec.title}"
        return self.tasks.start(
            *(task_id, CONNECT, title, job, new.name, spec.name),
            given=(new.key.reveal(), new.storage, *_flat(new.options)),
            chosen={**new.options, "name": new.name, **_agreement(new.storage)},
        )

    def describe_connected(self, task: Task, found: Connected) -> None:
        """
        Say whose key it is that was accepted, and read what is on sale there.
        """
        task.describe(f"The key works.{_owner_in_words(found)}")
        self._fetch_after_connecting(task, found.account)

    def rotate(self, task_id: str, name: str, key: Secret, storage: str) -> Task:
        """
        Give an account another key, which is tried first.
        """

        def job(task: Task) -> None:
            task.begin("Trying the new key")
            source = SecretSource(storage, "", key)
            self.replace_key(task, name, source)

        return self.tasks.start(
            *(task_id, ROTATE, f"New key for {name}", job, name),
            given=(key.reveal(), storage),
            chosen=_agreement(storage),
        )

    def replace_key(self, task: Task, name: str, source: SecretSource) -> None:
        """
        Try the new key of an account and use it, and say so.
        """
        found = connect.rotate(
            self.database, self.settings(), name, source=source, check=True
        )
        task.describe(
            f"The new key works, and {name} uses it now.{_owner_in_words(found)}"
        )

    def plan_options(self, task_id: str, name: str, given: Mapping[str, str]) -> Task:
        """
        What other options would change, tried where it can be tried. Nothing is saved;
        the result is an `account_options.Plan`.

        Raises: `UsageError` for an option that names a file.
        """
        _refuse_files(False, given)

        def job(task: Task) -> account_options.Plan:
            task.begin("Trying the new options")
            return account_options.plan(self.database, self.settings(), name, given)

        return self.tasks.start(
            *(task_id, OPTIONS, f"Options of {name}", job, name),
            given=_flat(given),
        )

    def apply_options(self, task: Task) -> None:
        """
        Save what a task of `plan_options` planned.

        Raises: `Busy` where the account was changed since, `UsageError` for another
        task.
        """
        if not isinstance(task.result, account_options.Plan):
            raise errors.UsageError(
                "There is nothing to save.", hint="Change the options again."
            )
        account_options.apply(self.database, task.result)

    def fetch(self, task_id: str, names: Sequence[str] = ()) -> Task:
        """
        Read what the accounts have on sale, or all of them.
        """
        return self.tasks.start(
            *(task_id, FETCH, "Read events", lambda task: self._fetch(task, names)),
            given=names,
        )

    def sync(self, task_id: str, names: Sequence[str] = ()) -> Task:
        """
        Sync the accounts, or all of them. All are synced once at a time: who asks while
        that runs is given the task that runs.
        """

        def job(task: Task) -> None:
            task.begin("Reading what is on sale and what was sold")
            request = sync.Request(
                tuple(names), on_progress=_progress_of(task), stop=self.tasks.stop
            )
            outcome = sync.sync(self.database, self.settings(), request)
            _note_results(task, outcome.results, _count_changed, "show", "changed")
            _note_remarks(task, outcome.notes)
            _refuse_if_all_failed(outcome.results)

        return self.tasks.start(
            *(task_id, SYNC, "Sync" if names else "Sync of all accounts", job),
            given=names,
            is_one_at_a_time=not names,
        )

    def register_webhooks(self, task_id: str, name: str, storage: str) -> Task:
        """
        Register our address with an account's platform, and store what it signs with.
        """

        def job(task: Task) -> None:
            task.begin("Registering the address")
            settings = self.settings()
            sender = webhook_endpoints.get_sender(self.database, name)
            url = webhook_endpoints.create_url(self.database, settings, sender)
            webhook_registration.register(self.database, settings, name, url, storage)
            stored = " Its secret is stored." if sender.webhooks.is_signed else ""
            task.describe(f"The address is registered.{stored}")

        return self.tasks.start(
            *(task_id, REGISTER, f"Webhooks of {name}", job, name), given=(storage,)
        )

    def set_webhook_secret(self, name: str, secret: Secret, storage: str) -> None:
        """
        Store what an account's deliveries are verified with.

        Raises: `UsageError` for a platform that does not sign, `CredentialError` where
        it cannot be stored.
        """
        sender = webhook_endpoints.get_sender(self.database, name)
        if not sender.webhooks.is_signed:
            raise errors.UsageError("This platform signs nothing: it has no secret.")
        source = SecretSource(storage, "", secret)
        webhook_endpoints.set_secret(self.database, sender, source)

    def send_test_delivery(self, task_id: str, name: str, order_id: str) -> Task:
        """
        Send our own server a delivery about an order, as the platform would.

        Raises: `UsageError` where this server cannot.
        """
        send = self.send_delivery
        if send is None:
            raise errors.UsageError("This server cannot send a test delivery.")

        def job(task: Task) -> None:
            task.begin("Sending a test delivery")
            status = send(name, order_id)
            if status != 200:
                raise errors.GuardRefused(f"It was answered with {status}.")
            task.describe("The test delivery was accepted")

        return self.tasks.start(
            task_id, DELIVERY, f"Test of the webhooks of {name}", job, name
        )

    def send_test_alert(self, task_id: str) -> Task:
        """
        Send a test message to everyone in the settings, and the heartbeat.
        """

        def job(task: Task) -> None:
            task.begin("Sending a test message")
            account_alerts.send_test(self.settings())

        return self.tasks.start(task_id, ALERT, "Test message", job)

    def _fetch(self, task: Task, names: Sequence[str]) -> None:
        task.begin("Reading events")
        results, remarks = sync.fetch_listing(
            self.database,
            self.settings(),
            names,
            on_progress=_progress_of(task),
            stop=self.tasks.stop,
        )
        with self.database.read() as connection:
            on_sale = occurrences.count_events_on_sale(connection, clock.now())
        _note_results(
            task, results, lambda result: on_sale[result.account], "event", "on sale"
        )
        _note_remarks(task, remarks)
        _refuse_if_all_failed(results)

    def _fetch_after_connecting(self, task: Task, name: str) -> None:
        """
        The account is saved already: that its events cannot be read does not undo it.
        """
        try:
            self._fetch(task, [name])
        except Exception as error:
            known = explain(task, error)
            if not task.has_failed_step:
                task.fail_step(f"{name}: {known.message}", known.exit_code)


def _flat(options: Mapping[str, str]) -> Sequence[str]:
    return [part for option in sorted(options.items()) for part in option]


def _refuse_files(is_local: bool, options: Mapping[str, str]) -> None:
    """
    The files of a server are named on the server: nobody may have them read from a
    page.
    """
    if is_local or named_files(options):
        raise errors.UsageError(
            "Files of the server cannot be chosen on a page.",
            hint="Whoever runs the server connects them there.",
            word="files-of-server",
        )


def _owner_in_words(found: Connected) -> str:
    """
    Whose key was accepted, where the platform says so.
    """
    owner = found.identity.name if found.identity else ""
    return f" It belongs to {owner}." if owner else ""


def _agreement(storage: str) -> Mapping[str, str]:
    """
    Whether the person agreed to a file, as the form says it.
    """
    return {"file": "yes"} if storage == "file" else {}


def _progress_of(task: Task) -> OnProgress:
    """
    Says how far each account is; several of them report at the same time.
    """
    reports: dict[str, str] = {}
    lock = threading.Lock()

    def on_progress(account: str, step: str, done: int, total: int) -> None:
        of = f" of about {total:,}" if total else ""
        with lock:
            reports[account] = f"{account}: {step}, {done:,}{of}"
            task.describe(" · ".join(reports[name] for name in sorted(reports)))

    return on_progress


def _count_changed(result: Result) -> int:
    return result.shows_changed


def _note_results(
    task: Task,
    results: Sequence[Result],
    count: Callable[[Result], int],
    thing: str,
    word: str,
) -> None:
    """
    One step for each account: how many things were found, or why none.
    """
    for number, result in enumerate(results):
        if number:
            task.begin("")
        if result.exit_code:
            task.fail_step(f"{result.account}: {result.message}", result.exit_code)
        else:
            found = number_of(count(result), thing)
            task.describe(f"{result.account}: {found} {word}")


def _note_remarks(task: Task, remarks: Sequence[str]) -> None:
    """
    What the run says beside its results, as the command prints it. Several platforms
    may say the same of one show.
    """
    for remark in dict.fromkeys(remarks):
        task.note(remark)


def _refuse_if_all_failed(results: Sequence[Result]) -> None:
    """
    Raises: `TicketsyncError` where no account was read, not even in part.
    """
    if not results or not all(r.exit_code and r.outcome != "partial" for r in results):
        return
    first = results[0]
    if len(results) == 1:
        raise errors.TicketsyncError(first.message, hint=first.hint, word=first.word)
    raise errors.TicketsyncError(
        f"None of the {len(results):,} accounts was read.", hint="Each line says why."
    )
