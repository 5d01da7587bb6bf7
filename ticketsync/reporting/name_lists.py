"""
Names for the completion of a shell, from a SQLite database. Everything is in the
standard library: a person waits for each key.

A database that is missing, busy or another one has no names; nothing is ever written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

BUSY_SECONDS = 0.1
MOST = 20_000  # names; the shows of some decades

# The value and what a person reads beside it.
_QUERIES = {
    "accounts": "SELECT name, provider FROM accounts ORDER BY name",
    "productions": "SELECT title, '' FROM productions ORDER BY title",
    "venues": "SELECT name, timezone FROM venues ORDER BY name",
    "runs": "SELECT run_id, '' FROM sync_runs GROUP BY run_id ORDER BY max(id) DESC",
    "periods": "SELECT name, '' FROM periods GROUP BY name ORDER BY max(id) DESC",
    "shows": (
        "SELECT shows.id, starts_local || ' ' || productions.title "
        "FROM shows JOIN productions ON productions.id = shows.production_id "
        "ORDER BY starts_at DESC"
    ),
}


def list_names(file: Path, what: str) -> Sequence[tuple[str, str]]:
    """
    Accounts, productions, venues, runs, closed periods or shows: each with a text
    beside it.
    """
    address = f"file:{quote(str(file.absolute()))}?mode=ro"
    try:
        opened = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)
        with closing(opened) as connection:
            found = connection.execute(_QUERIES[what]).fetchmany(MOST)
    except sqlite3.Error:
        return []
    return [(str(name), str(text)) for name, text in found]
