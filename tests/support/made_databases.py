"""
New SQLite databases are copies of one that the migrations made: they take half a second
of CPU, and every replay, every deep check and every `init` makes a database.

What is about the migrations themselves uses the fixture `migrations`.
"""

import os
from pathlib import Path

from ticketsync.core import paths
from ticketsync.store import engine

create_by_migrations = engine.create_database
_made = []


def install():
    engine.create_database = create


def create(url="", *, command=engine.PROGRAM):
    file = engine.sqlite_file(url)
    if file is None or file.exists():
        return create_by_migrations(url, command=command)
    if not _made:
        create_by_migrations(url, command=command).close()
        _made.append(file.read_bytes())
    else:
        paths.private_folder(file.parent)
        with open(file, "xb", opener=_private) as stream:
            stream.write(_made[0])
    return engine.open_database(url, command=command)


def _private(file: Path, flags: int) -> int:
    return os.open(file, flags, 0o600)
