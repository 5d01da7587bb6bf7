"""
Whether a SQLite connection still has the file that its name stands for. A restore puts
another file in its place, a person may move it: what is written then is lost.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ticketsync.core import errors

_OPENED = "ticketsync_opened_file"


def note_file(connection: sqlite3.Connection, record: Any) -> None:
    """
    Note which file was opened; nothing for a database in memory.
    """
    name = connection.execute("PRAGMA database_list").fetchone()[2]
    record.info[_OPENED] = (name, _identity(name))


def refuse_replaced(connection: Connection) -> None:
    """
    Raises: `DatabaseError` (`db-replaced`) where the file of this connection has
    another name by now, or none.
    """
    name, opened = connection.info.get(_OPENED, ("", None))
    if not name or _identity(name) == opened:
        return
    raise errors.DatabaseError(
        f"{name} was moved or replaced while this command used it; nothing was saved.",
        hint="Run the command again.",
        word="db-replaced",
    )


def _identity(name: str) -> tuple[int, int] | None:
    try:
        found = os.stat(Path(name))
    except OSError:
        return None
    return found.st_dev, found.st_ino
