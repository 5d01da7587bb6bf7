"""
Is everything in order, and would it be for cron? Each finding says how to fix it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from ticketsync.accounts import health, pins, state
from ticketsync.accounts.health import Health
from ticketsync.accounts.state import AccountState
from ticketsync.boxoffice import codes, shows_on_sale
from ticketsync.core import clock, errors, extras, paths, permissions
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import Secret, safe
from ticketsync.core.settings.config import Settings
from ticketsync.providers import registry
from ticketsync.reporting import run_history
from ticketsync.reporting.waiting_kinds import ACCOUNT, KINDS
from ticketsync.store import backup, engine
from ticketsync.store.engine import Database
from ticketsync.workflows import schedule, waiting
from ticketsync.workflows.accounts import account_client, tokens
from ticketsync.workflows.accounts import key_owner as account_identity
from ticketsync.workflows.webhooks import public_address

SKEW = timedelta(seconds=60)
LEAST_SPACE = 200 * 1024 * 1024
# File systems that do not lock or do not keep what they promised to write (F79).
NETWORK_FILE_SYSTEMS = ("nfs", "cifs", "smb", "virtiofs", "9p", "fuse", "vboxsf")
CRON_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was looked at. `state` is ok, warning or wrong; `to_do` is how to fix
    it: a command or a sentence.
    """

    section: str
    state: str
    text: str
    to_do: str = ""


def ok(section: str, text: str) -> Finding:
    return Finding(section, "ok", text)


def warning(section: str, text: str, to_do: str = "") -> Finding:
    return Finding(section, "warning", text, to_do)


def wrong(section: str, text: str, to_do: str = "") -> Finding:
    return Finding(section, "wrong", text, to_do)


def examine(
    load: Callable[[], Settings],
    open_: Callable[[], Database],
    *,
    network: bool = True,
) -> Iterator[Finding]:
    """
    Look at everything; what cannot be looked at is a finding, never an error.
    """
    try:
        settings = load()
        yield ok("settings", "the settings can be read")
    except errors.TicketsyncError as error:
        yield wrong("settings", error.message, error.hint)
        return
    try:
        database = open_()
    except errors.TicketsyncError as error:
        yield wrong("database", error.message, error.hint)
        return
    yield from _database(database)
    yield from _check_paths(database)
    yield from _extras(database, settings)
    if problem := public_address.find_problem(settings.serve):
        yield warning("serve", problem, public_address.TO_DO)
    with database.read() as reading:
        accounts = state.list_accounts(reading)
    if not accounts:
        yield warning("accounts", "no account yet", "ticketsync accounts add")
    for account in accounts:
        yield from _account(database, settings, account, network=network)
    for name in sorted(settings.accounts.keys() - {a.name for a in accounts}):
        yield warning("settings", f"`accounts: {name}:` is about no account")
    yield from _waiting(database, settings)
    yield from _webhooks(database)
    yield from _schedule()


def fix(database_file: Path | None) -> list[str]:
    """
    The safe repairs: our files and folders readable by their owner alone.
    """
    done = []
    homes = [(folder, 0o700) for folder in paths.own_folders()]
    for path, mode in [*homes, *_private_paths(database_file)]:
        if _is_open_to_others(path, mode):
            path.chmod(mode)
            done.append(f"chmod {mode:o} {path}")
    return done


def as_cron(arguments: list[str]) -> list[Finding]:
    """
    The same with what a scheduler has: no variables but home, path and our own home.
    """
    kept = ("HOME", "TICKETSYNC_HOME", permissions.ACCEPT)
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"PATH": "/usr/bin:/bin", "LANG": "C"}
    command = [sys.executable, "-P", "-m", "ticketsync", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  # this very program
            [*command, "doctor", "--json", "--offline"],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CRON_SECONDS,
            check=False,
        )
        rows = json.loads(done.stdout)["findings"]
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        return [wrong("cron", f"it does not even start there ({type(error).__name__})")]
    return [
        Finding(f"cron, {row['section']}", row["state"], row["text"], row["to_do"])
        for row in rows
        if row["section"] != "schedule"
    ]


# What is looked at


def _database(database: Database) -> Iterator[Finding]:
    if database.dialect != "sqlite":
        yield ok("database", f"PostgreSQL answers, {database.url}")
        return
    file = backup.sqlite_file_of(database)
    try:
        version = backup.verify_file(file)
        yield ok("database", f"{file} is sound, schema {version}")
    except errors.DatabaseError as error:
        yield wrong("database", error.message, "ticketsync db restore BACKUP")
        return
    with database.read() as connection:
        loose = connection.exec_driver_sql(
            "SELECT name FROM pragma_table_list WHERE schema = 'main'"
            " AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%'"
            " AND name != 'alembic_version'"
        )
        names = [str(row[0]) for row in loose]
        keys = connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
    if names or not keys:
        yield wrong(
            "database",
            f"not every table is strict ({', '.join(names)}) or references are off",
            "ticketsync db restore BACKUP",
        )
    mode = database.journal_mode()
    safe_wal = engine.wal_is_safe(sqlite3.sqlite_version_info)
    text = f"SQLite {sqlite3.sqlite_version}, journal {mode}"
    if mode == "wal" and not safe_wal:
        yield wrong("database", f"{text}: this version can lose commits in WAL")
    else:
        yield ok("database", text)


def _check_paths(database: Database) -> Iterator[Finding]:
    file = backup.sqlite_file_of(database) if database.dialect == "sqlite" else None
    for path in engine.shared_files(database):
        yield warning(
            "files",
            f"others may write to {path}: they can change your figures; what accounts "
            "run and where keys are sent is confirmed separately",
            f"chmod go-w {path}",
        )
    if not permissions.modes_count():
        yield warning(
            "files",
            f"{permissions.ACCEPT} is set: who may read and write your files is up to "
            "you",
        )
    for path, mode in _private_paths(file):
        if _is_open_to_others(path, mode):
            yield wrong(
                "files", f"{path} can be read by others", f"chmod {mode:o} {path}"
            )
    if file is None:
        return
    kind = _filesystem(file)
    if any(kind.startswith(unsafe) for unsafe in NETWORK_FILE_SYSTEMS):
        yield wrong(
            "files",
            f"the database is on {kind}, where locks and syncs are not kept",
            "move it to a disk of this machine, or use PostgreSQL",
        )
    free = shutil.disk_usage(file.parent).free
    megabytes = free // (1024 * 1024)
    if free < LEAST_SPACE:
        yield wrong("files", f"only {megabytes:,} MB are free at {file.parent}")
    else:
        yield ok("files", f"{megabytes:,} MB are free at {file.parent}")


def _extras(database: Database, settings: Settings) -> Iterator[Finding]:
    """
    What is not in every installation, and who needs it.
    """
    wanted = {
        "postgres": ("psycopg", database.dialect == "postgresql"),
        "notify": ("apprise", bool(settings.notify.urls)),
    }
    for extra, (module, is_needed) in wanted.items():
        if importlib.util.find_spec(module) is not None:
            yield ok("extras", f"{extra} is installed")
        elif is_needed:
            command = extras.install_command(extra)
            yield wrong("extras", f"{extra} is needed and not installed", command)


def _is_open_to_others(path: Path, mode: int) -> bool:
    """
    Whether others can read a file or folder of ours; of a home, whether they can write.
    """
    if not permissions.modes_count():
        return False
    forbidden = 0o022 if path in paths.own_folders() else ~mode & 0o077
    return path.exists() and bool(stat.S_IMODE(path.stat().st_mode) & forbidden)


def _private_paths(database_file: Path | None) -> list[tuple[Path, int]]:
    found = [(paths.config_file(), 0o600), (paths.secrets_folder(), 0o700)]
    found += [(paths.pin_key_file(), 0o600)]
    if database_file is not None:
        is_shared = permissions.is_shared_with_group(database_file)
        found += [(database_file, 0o660 if is_shared else 0o600)]
    return found


def _filesystem(file: Path) -> str:
    """
    The kind of file system that a file lies on; `""` where it is not known.
    """
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    best, kind = "", ""
    for line in mounts:
        _, path, name, *_ = line.split(" ")
        inside = str(file.resolve()).startswith(path.rstrip("/") + "/")
        if inside and len(path) >= len(best):
            best, kind = path, name
    return kind


def _account(
    database: Database, settings: Settings, account: AccountState, *, network: bool
) -> Iterator[Finding]:
    name = f"account {account.name}"
    if account.is_retired:
        yield ok(name, "it is retired: never read, its orders are kept")
        return
    state_now = _account_health(database, settings, account, name)
    checks = [*_check_key(database, settings, account, name, network=network)]
    same = [it for it in checks if it.state == "wrong" and it.text in state_now.text]
    # Where the last run failed for what is wrong now, one sentence says both.
    yield replace(state_now, state="wrong", to_do=same[0].to_do) if same else state_now
    yield from (it for it in checks if it not in same)


def _check_key(
    database: Database,
    settings: Settings,
    account: AccountState,
    name: str,
    *,
    network: bool,
) -> Iterator[Finding]:
    """
    Whether the key can be read, and whether the platform answers to it.
    """
    try:
        spec = registry.provider(account.provider).spec
        secret = pins.read_confirmed_secret(account)
        if state.uses_oauth(account):
            tokens.app_of(spec, account.name, account.base_url, account.options)
        yield ok(name, f"its key can be read ({account.secret_source})")
        if spec.is_ours:
            yield from _box_office(database, secret, name)
        elif network and account.state != "paused":
            yield from _answers(database, settings, account, secret, name)
    except errors.TicketsyncError as error:
        yield wrong(name, error.message, error.hint)


def _box_office(database: Database, secret: Secret, name: str) -> Iterator[Finding]:
    """
    Our own box office: its key signs the tickets. Raises the error of one that could be
    guessed.
    """
    codes.refuse_weak_key(secret)
    with database.read() as connection:
        now = clock.now()
        on_sale = [
            show for show in shows_on_sale.list_shows(connection) if show.is_open(now)
        ]
        unseated = [show for show in on_sale if show.capacity is None]
    yield ok(name, f"tickets can be signed; {number_of(len(on_sale), 'show')} on sale")
    for show in unseated:
        yield warning(
            name,
            f"nobody has said how many seats {safe(show.name)} has, so none is sold",
            f"ticketsync shows edit {show.show_id} --capacity N",
        )


def _account_health(
    database: Database, settings: Settings, account: AccountState, name: str
) -> Finding:
    found = _health(database, settings, account)
    text = f"it is {found.word}. {safe(found.text, longest=300)}".strip()
    if found.word == health.MISSING_SECRET:
        return wrong(name, text, found.to_do)
    if found.waits or account.state == "paused":
        return warning(name, text, found.to_do)
    return ok(name, text)


def _answers(
    database: Database,
    settings: Settings,
    account: AccountState,
    secret: Secret,
    name: str,
) -> Iterator[Finding]:
    """
    Whether the platform answers, as whom, and whether its clock is ours. Raises the
    error otherwise.
    """
    provider, api = account_client.connect(
        database, account, settings, secret, "doctor"
    )
    try:
        identity = provider.identify()
        with database.read() as connection:
            account_identity.refuse_other_owner(
                connection, account, provider.spec, identity
            )
        title = provider.spec.title
        yield ok(name, f"{title} answers: {safe(identity.name)}")
        if api.provider_time is not None:
            skew = abs(api.provider_time - clock.now())
            if skew > SKEW:
                yield warning(
                    name,
                    f"our clock and theirs differ by {int(skew.total_seconds())} s",
                    "set the clock of this machine",
                )
    finally:
        api.close()


def _health(database: Database, settings: Settings, account: AccountState) -> Health:
    with database.read() as opened:
        return next(
            found
            for found in health.assess_all(opened, settings, clock.now())
            if found.account_id == account.id
        )


def _waiting(database: Database, settings: Settings) -> Iterator[Finding]:
    """
    What waits for a person, counted. What to do about an account stands with it.
    """
    with database.read() as opened:
        items = waiting.everything(opened, settings, clock.now())
    actions = {item.action for item in items if item.kind == ACCOUNT}
    for text, _, to_do in waiting.summary(items):
        shown = KINDS[ACCOUNT].to_do if to_do in actions else to_do
        yield warning("waiting", text, shown)


def _webhooks(database: Database) -> Iterator[Finding]:
    """
    Whether the times of webhook deliveries are plausible.
    """
    with database.read() as opened:
        stale = run_history.count_stale_deliveries(opened, clock.now())
    if run_history.do_clocks_differ(stale):
        yield wrong(
            "webhooks",
            f"{stale:,} of the last hour were signed at another time than now",
            "set the clock of this machine",
        )


def _schedule() -> Iterator[Finding]:
    try:
        found = schedule.installed()
    except errors.TicketsyncError as error:
        yield warning("schedule", error.message, error.hint)
        return
    if found:
        yield ok("schedule", f"installed in {', '.join(found)}")
        if any(map(schedule.lacks_isolation, found.values())):
            yield warning(
                "schedule",
                "an earlier version installed it: a file ticketsync.py in the folder "
                "that the job runs in would be executed",
                "ticketsync schedule install",
            )
    else:
        yield warning(
            "schedule", "nothing runs by itself", "ticketsync schedule install"
        )
