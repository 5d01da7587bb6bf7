"""
Backups of a SQLite database: consistent while others write, verified when they are
taken, and refused if a byte has changed since.

PostgreSQL has its own tools.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ticketsync.core import clock, errors, paths
from ticketsync.core.redact import safe
from ticketsync.store import (
    lease,
    lost_sales,
    restore_notes,
    schema,
    untrusted_files,
)
from ticketsync.store.engine import Database
from ticketsync.store.lost_sales import LostSales
from ticketsync.store.staging_folder import private_copy
from ticketsync.store.write_queue import WriteQueue

_CHUNK = 1 << 20
# Endings of what SQLite writes beside a database.
_BESIDE = ("-wal", "-shm", "-journal")
_SECONDS = 2  # for whoever is writing to a database that is to be replaced


@dataclass(frozen=True, slots=True)
class Backup:
    """
    A verified copy: its file, size in bytes, schema, and digest (`""` if it has none).
    """

    file: Path
    size: int
    schema: str
    digest: str


def sqlite_file_of(database: Database) -> Path:
    """
    The file of a SQLite database.

    Raises: `UsageError` for PostgreSQL.
    """
    if database.file is None:
        raise errors.UsageError(
            "This database is PostgreSQL, which has its own backups.",
            hint="Use pg_dump and pg_restore.",
        )
    return database.file


def new_file(why: str) -> Path:
    """
    A file for a backup that is not there yet, in the folder `backups` of our data,
    wherever the database is: an upgrade that was killed may be started again in the
    same second.
    """
    folder = paths.database_file().parent / "backups"
    name = f"ticketsync-{clock.now():%Y%m%d-%H%M%S}-{why}"
    file, number = folder / f"{name}.db", 1
    while os.path.lexists(file):
        number += 1
        file = folder / f"{name}-{number}.db"
    return file


def take_backup(database: Database, target: Path) -> Backup:
    """
    Copy the database while it is in use; the copy appears only when it is verified.

    Raises: `UsageError` where the target exists, `DatabaseError` where it cannot be
    written or the copy is damaged.
    """
    source = sqlite_file_of(database)
    if target.exists() or target.is_symlink():
        raise errors.UsageError(
            f"{target} exists already.", hint="Choose another name with -o."
        )
    with private_copy(target) as copy:
        _copy_database(source, copy)
        version = verify_file(copy)
        digest = _digest(copy)
        # Both are renamed, never opened by their final names: a link that somebody
        # put there is replaced, and what it points to stays as it is.
        beside = _digest_file(copy)
        paths.write_private_file(beside, f"{digest}  {target.name}\n")
        beside.replace(_digest_file(target))
        try:
            copy.replace(target)
        except OSError:
            _digest_file(target).unlink(missing_ok=True)
            raise
    return Backup(target, target.stat().st_size, version, digest)


def verify_backup(file: Path, *, without_digest: bool = False) -> Backup:
    """
    Verify a backup: the bytes are those that were written, the database is not damaged.
    `without_digest` accepts any intact database that has no digest beside it, with the
    journal that it has: one that a restore replaced, for example.

    Raises: `NotFound`, or `DatabaseError` where it was changed or damaged.
    """
    if not file.is_file():
        raise errors.NotFound(f"There is no backup {file}.", hint="Check the name.")
    if without_digest and not _digest_file(file).exists():
        return Backup(file, file.stat().st_size, verify_file(file), "")
    digest = _digest(file)
    try:
        expected = _digest_file(file).read_text(encoding="utf-8").split()[0]
    except (OSError, IndexError, UnicodeDecodeError):
        raise errors.DatabaseError(
            f"{file} has no {_digest_file(file).name} beside it, so it cannot be "
            "verified.",
            hint="Copy that file too, or add --without-digest for a database that "
            "never had one.",
            word="digest-missing",
        ) from None
    if expected != digest:
        raise errors.DatabaseError(
            f"{file} was changed after the backup was taken.",
            hint="Use another backup.",
            word="digest-mismatch",
        )
    # A journal beside a backup is not part of it.
    found = inspect_file(file, file_only=True)
    _refuse_broken(file, found)
    return Backup(file, file.stat().st_size, found.schema, digest)


@dataclass(frozen=True, slots=True)
class Staged:
    """
    A private copy of a backup, its digest when it was made, and what it lacks of the
    sales in the database that it is to replace.
    """

    file: Path
    digest: str
    lost: LostSales


@contextmanager
def staged(backup: Backup, target: Path) -> Iterator[Staged]:
    """
    A private copy of a verified backup beside `target`, byte for byte what was verified
    where it has a digest, and verified again itself; for the caller to look at and put
    in place. Deleted afterwards.

    Raises: `DatabaseError` for a backup of a newer schema, or one that was changed
    since it was verified.
    """
    if backup.schema > schema.PRESENT:
        raise errors.DatabaseError(
            f"{backup.file} was written by a newer ticketsync (schema "
            f"{backup.schema}; this one knows {schema.PRESENT}).",
            hint="Install the newer ticketsync; nothing was changed.",
            word="schema-newer",
        )
    with private_copy(target) as copy:
        if not backup.digest:
            _copy_database(backup.file, copy)
        elif _copy_bytes(backup.file, copy) != backup.digest:
            raise errors.DatabaseError(
                f"{backup.file} was changed while it was restored; nothing was "
                "replaced.",
                hint="Use another backup.",
                word="digest-mismatch",
            )
        _make_one_file(copy)
        verify_file(copy)
        lost = lost_sales.find_lost(copy, target)
        if backup.schema < schema.PRESENT:  # else whoever restores records it
            restore_notes.note_restore(
                *(copy, backup.file.name, backup.schema, lost.as_json())
            )
        yield Staged(copy, _digest(copy), lost)


def put_in_place(copy: Staged, target: Path) -> Path | None:
    """
    Replace a database by a staged copy; the old file is kept beside it, and its new
    name returned.

    Raises: `Busy` where the database is in use, `DatabaseError` where the copy is not
    what was staged and looked at.
    """
    if not copy.file.exists() or _digest(copy.file) != copy.digest:
        raise errors.DatabaseError(
            "What was to be restored was changed meanwhile; nothing was replaced.",
            hint="Run `ticketsync db restore` again.",
            word="digest-mismatch",
        )
    with _no_writers(target):
        kept = None
        if target.exists():
            _refuse_busy(target)
            kept = _set_aside(target)
        try:
            copy.file.replace(target)
        except OSError:
            if kept is not None:
                _put_back(kept, target)
            raise
        return kept


@contextmanager
def _no_writers(target: Path) -> Iterator[None]:
    """
    Keep those who write in line until another file is there, which they notice.

    Raises: `Busy` where somebody writes.
    """
    with ExitStack() as turn:
        try:
            queue = WriteQueue(target, seconds=_SECONDS, thread_seconds=_SECONDS)
            turn.enter_context(queue.turn())
        except TimeoutError:
            raise _busy(target) from None
        yield


@dataclass(frozen=True, slots=True)
class Inspection:
    """
    The result of inspecting a database file: its schema, and the violated constraints
    in SQLite's words. Every page could be read.
    """

    schema: str
    broken_rules: tuple[str, ...] = ()


def verify_file(file: Path) -> str:
    """
    Verify a database file: every page, every constraint, every reference. Returns its
    schema.

    Raises: `DatabaseError` (`corrupt`).
    """
    found = inspect_file(file)
    _refuse_broken(file, found)
    return found.schema


def _refuse_broken(file: Path, found: Inspection) -> None:
    if found.broken_rules:
        raise _damaged(file, found.broken_rules[0])


def inspect_file(file: Path, *, file_only: bool = False) -> Inspection:
    """
    Inspect a database file; violated constraints are returned. With `file_only` nothing
    that lies beside it is read.

    Raises: `DatabaseError` (`corrupt`) where pages cannot be read.
    """
    try:
        with closing(
            untrusted_files.open_to_read(file, file_only=file_only)
        ) as connection:
            rows = connection.execute("PRAGMA integrity_check").fetchall()
            dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
            version = connection.execute("SELECT version_num FROM alembic_version")
            found = version.fetchone()
    except sqlite3.DatabaseError as error:
        raise errors.DatabaseError(
            f"{file} is not a readable ticketsync database ({safe(error)}).",
            hint="Use another backup.",
            word="corrupt",
        ) from None
    problems = [str(row[0]) for row in rows if row != ("ok",)]
    broken = [text for text in problems if _OF_VALUES.search(text)]
    for text in problems:
        if text not in broken:
            raise _damaged(file, text)
    if found is None:
        raise _damaged(file, "it has no schema version")
    if dangling is not None:
        broken.append("dangling references")
    return Inspection(str(found[0]), tuple(broken))


# Messages of `integrity_check` about values; all others are about pages and indexes.
_OF_VALUES = re.compile(
    r"^(CHECK constraint failed in|NULL value in|NUMERIC value in"
    r"|non-\w+ value in|\w+ value in|value in) "
)


def _damaged(file: Path, what: str) -> errors.DatabaseError:
    return errors.DatabaseError(
        f"{file} is damaged: {safe(what)}.", hint="Use another backup.", word="corrupt"
    )


def _copy_database(source: Path, target: Path) -> None:
    """
    Copy a database that others may be writing to.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with (
        closing(untrusted_files.open_to_read(source)) as reading,
        closing(untrusted_files.open_to_write(target)) as writing,
    ):
        reading.backup(writing)
    _make_one_file(target)


def _copy_bytes(source: Path, target: Path) -> str:
    """
    Copy a file; returns the digest of what was copied.
    """
    found = hashlib.sha256()
    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with source.open("rb") as reading, os.fdopen(handle, "wb") as writing:
        while chunk := reading.read(_CHUNK):
            found.update(chunk)
            writing.write(chunk)
    return found.hexdigest()


def _make_one_file(file: Path) -> None:
    """
    Let a database that nobody uses be one file, whatever journal mode it had, and reach
    the disk.

    Raises: `DatabaseError` (`corrupt`) where it is none.
    """
    try:
        with closing(untrusted_files.open_to_write(file)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise _damaged(file, str(error)) from None
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _refuse_busy(target: Path) -> None:
    """
    Raises: `Busy` where the database that is about to be replaced is in use.
    """
    try:
        with closing(
            untrusted_files.open_to_write(target, timeout_seconds=_SECONDS)
        ) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            connection.row_factory = sqlite3.Row
            last = connection.execute(
                "SELECT * FROM leases ORDER BY expires_at DESC LIMIT 1"
            ).fetchone()
            connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise _busy(target) from None
        return  # not a database of ours: it is only renamed
    except sqlite3.DatabaseError:
        return
    now = clock.iso(clock.now()) or ""
    found = dict(last or {})  # an older schema has neither `pid` nor `host`
    if found and str(found["expires_at"])[:19] > now[:19]:
        holder = lease.Holder(found["holder"], found.get("pid"), found.get("host"))
        raise errors.Busy(
            f"A run is using {target} ({safe(str(holder))}).",
            hint="Try again when it is done.",
        )


def _busy(target: Path) -> errors.Busy:
    return errors.Busy(
        f"Somebody is using {target}.", hint="Try again when they are done."
    )


def _set_aside(target: Path) -> Path:
    number = 1
    while (kept := target.with_name(f"{target.name}.before-{number}")).exists():
        number += 1
    for ending in _BESIDE:
        journal = target.with_name(target.name + ending)
        if journal.exists() and journal.stat().st_size:
            journal.replace(kept.with_name(kept.name + ending))
        else:
            journal.unlink(missing_ok=True)
    target.replace(kept)
    return kept


def _put_back(kept: Path, target: Path) -> None:
    """
    Undo `_set_aside`.
    """
    for ending in _BESIDE:
        journal = kept.with_name(kept.name + ending)
        if journal.exists():
            journal.replace(target.with_name(target.name + ending))
    kept.replace(target)


def _digest(file: Path) -> str:
    found = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _digest_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")
