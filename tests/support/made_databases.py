"""
New SQLite databases are copies of one that the migrations made: they take seconds of
CPU, and every replay, every deep check and every `init` makes a database. All processes
of a suite have the same one, in a file that `ONE_FOR_ALL` of the environment names.

What is about the migrations themselves uses the fixture `migrations`.
"""

import os
import tempfile
from pathlib import Path

from filelock import FileLock

from ticketsync.core import paths
from ticketsync.store import engine

ONE_FOR_ALL = "SUITE_EMPTY_DATABASE"
create_by_migrations = engine.create_database
_made = []


def install():
    engine.create_database = create


def create(url="", *, command=engine.PROGRAM):
    file = engine.sqlite_file(url)
    if file is None or file.exists():
        return create_by_migrations(url, command=command)
    if not _made:
        _made.append(_empty())
    paths.private_folder(file.parent)
    with open(file, "xb", opener=_private) as stream:
        stream.write(_made[0])
    return engine.open_database(url, command=command)


def _empty() -> bytes:
    """
    An empty database: the first process that needs it makes it.
    """
    if ONE_FOR_ALL not in os.environ:
        with tempfile.TemporaryDirectory() as folder:
            return _migrated(Path(folder) / "empty.db")
    place = Path(os.environ[ONE_FOR_ALL])
    with FileLock(f"{place}.lock"):
        if not place.exists():
            place.write_bytes(_migrated(place.with_suffix(".new")))
        return place.read_bytes()


def _migrated(place: Path) -> bytes:
    create_by_migrations(str(place)).close()
    return place.read_bytes()


def _private(file: Path, flags: int) -> int:
    return os.open(file, flags, 0o600)
