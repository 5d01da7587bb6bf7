"""
Who restored a backup whose schema is too old for the audit trail of this version.

The note lies in the restored database, in a table of its own, until the upgrade moves
it to the audit trail and drops the table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from ticketsync.core import actor, clock
from ticketsync.store import audit, untrusted_files
from ticketsync.store.audit import Decision


def note_restore(
    file: Path, backup_name: str, schema: str, lost: Mapping[str, Any]
) -> None:
    """
    Note in a SQLite file of an older schema that the current actor restored it now, and
    what was `lost` with that, as JSON.
    """
    row = (actor.current(), clock.iso(clock.now()), backup_name, schema)
    with closing(untrusted_files.open_to_write(file)) as connection, connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS restored_before_upgrade (who TEXT NOT NULL,"
            " at TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL) STRICT"
        )
        columns = connection.execute(
            "SELECT name FROM pragma_table_info('restored_before_upgrade')"
        )
        if ("lost",) not in columns.fetchall():  # made just now, or by earlier versions
            connection.execute(
                "ALTER TABLE restored_before_upgrade"
                " ADD COLUMN lost TEXT NOT NULL DEFAULT '{}'"
            )
        connection.execute(
            "INSERT INTO restored_before_upgrade (who, at, name, version, lost)"
            " VALUES (?, ?, ?, ?, ?)",
            (*row, json.dumps(lost)),
        )


def move_to_audit(connection: Connection) -> None:
    """
    Record in the audit trail who restored this database before its upgrade, and when.
    """
    if not inspect(connection).has_table("restored_before_upgrade"):
        return
    query = text("SELECT * FROM restored_before_upgrade ORDER BY rowid")
    rows = connection.execute(query).all()
    for row in rows:
        lost = _read_lost(row._mapping.get("lost", ""))
        after = {"from": row.name, "schema": row.version, "at": row.at, **lost}
        with actor.acting_as(row.who):
            audit.record(
                connection, Decision("restore", "system", "database", after=after)
            )
    connection.execute(text("DROP TABLE restored_before_upgrade"))


def _read_lost(written: str) -> dict[str, Any]:
    """
    What a note says was lost; nothing where somebody else wrote it otherwise.
    """
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
