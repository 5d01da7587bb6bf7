"""
The one place that opens a database file of somebody else: a backup, its copy, a file
that is about to be replaced. What is in it may have been written by anybody.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path


def open_to_read(file: Path, *, file_only: bool = False) -> sqlite3.Connection:
    """
    A database file, opened to be read only, whatever characters its name has; with
    `file_only` without what lies beside it.
    """
    only = "&immutable=1" if file_only else ""
    uri = f"{file.absolute().as_uri()}?mode=ro{only}"
    return _distrust(sqlite3.connect(uri, uri=True))


def open_to_write(file: Path, *, timeout_seconds: float = 5) -> sqlite3.Connection:
    """
    A database file, made where there is none; waits so long for others that use it.
    """
    return _distrust(sqlite3.connect(file, timeout=timeout_seconds))


def _distrust(connection: sqlite3.Connection) -> sqlite3.Connection:
    """
    The connection, prepared for such a file: views and triggers there call only
    harmless functions, and damaged pages are noticed.
    """
    connection.execute("PRAGMA trusted_schema = OFF").close()
    connection.execute("PRAGMA cell_size_check = ON").close()
    return connection
