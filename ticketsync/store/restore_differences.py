"""
How a backup differs from the database that it is about to replace, as far as it could
make us do something different: where keys come from, where they are sent, and views and
triggers.

Both files are read by plain SQL, whatever schema they have.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ticketsync.core import errors
from ticketsync.core.file_options import (
    CLIENT_REFERENCE,
    CLIENT_SOURCE,
    named_files,
)
from ticketsync.core.redact import safe
from ticketsync.store import database_copies, schema, untrusted_files

# Whatever else stands there is code: SQLite runs a trigger of type `TRIGGER`, too.
_OBJECTS = (
    "SELECT type, name, sql FROM sqlite_master WHERE type NOT IN ('table', 'index')"
)
# No database, a table without the columns that every schema has, a column whose name is
# no text.
_UNREADABLE = (sqlite3.DatabaseError, KeyError, UnicodeDecodeError)

Objects = Mapping[tuple[str, str], str]  # kind and name → definition


@dataclass(frozen=True, slots=True)
class Places:
    """
    Where an account's key comes from, where it is sent, and which files and folders
    its options name, as text.
    """

    provider: str
    key: str
    address: str
    app_secret: str
    webhook_secret: str
    files: str


@dataclass(frozen=True, slots=True)
class Difference:
    """
    One thing that is different in the backup. `kind` is account, view or trigger;
    `what` says it, or names what changes from `before` to `after`, which are `""` where
    there is nothing.
    """

    kind: str
    name: str
    what: str
    before: str = ""
    after: str = ""

    @property
    def is_code(self) -> bool:
        """
        Whether the database itself would run it.
        """
        return self.kind != "account"

    @property
    def text(self) -> str:
        if self.before == self.after:
            return f"{self.kind} {self.name} {self.what}"
        before, after = self.before or "–", self.after or "–"
        return f"{self.kind} {self.name}, {self.what}: {before} → {after}"


def find_differences(copy: Path, target: Path) -> list[Difference]:
    """
    How the `copy` of a backup differs from the database `target`, which may be missing
    or unreadable, and views and triggers that are not ours.

    Raises: `DatabaseError` (`corrupt`) where the copy cannot be read.
    """
    restored = _read_copy(copy)
    present = _read_present(target)
    return [
        *_account_differences(present.accounts, restored.accounts),
        *_object_differences(present, restored),
    ]


@dataclass(frozen=True, slots=True)
class _Content:
    accounts: Mapping[str, Places]
    objects: Objects
    schema: str


def _read_copy(file: Path) -> _Content:
    try:
        return _read(file)
    except _UNREADABLE as error:
        raise errors.DatabaseError(
            f"What the backup would run and read cannot be listed ({safe(error)}); "
            "nothing was changed.",
            hint="Use another backup.",
            word="corrupt",
        ) from None


def _read_present(file: Path) -> _Content:
    nothing = _Content({}, {}, "")
    if not file.exists():
        return nothing
    try:
        return _read(file)
    except _UNREADABLE:
        return nothing  # whatever it is, it is only set aside


def _read(file: Path) -> _Content:
    with closing(untrusted_files.open_to_read(file)) as connection:
        connection.text_factory = _as_text
        objects = {
            (str(kind), str(name)): str(sql)
            for kind, name, sql in connection.execute(_OBJECTS)
        }
        return _Content(_read_accounts(connection), objects, _read_schema(connection))


def _as_text(value: bytes) -> str:
    """
    Text that need not be UTF-8; what differs stays different.
    """
    return value.decode("utf-8", "backslashreplace")


def _read_schema(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def _read_accounts(connection: sqlite3.Connection) -> dict[str, Places]:
    webhooks = {
        row["account_id"]: ", ".join(
            place
            for source, reference in (
                ("secret_source", "secret_reference"),
                ("old_source", "old_reference"),
            )
            if (place := _joined(row, source, reference))
        )
        for row in _rows_of(connection, "webhooks")
    }
    return {
        str(row["name"]): Places(
            str(row["provider"]),
            _joined(row, "secret_source", "secret_reference"),
            str(row["base_url"] or ""),
            _joined(options, CLIENT_SOURCE, CLIENT_REFERENCE),
            webhooks.get(row["id"], ""),
            ", ".join(" ".join(item) for item in named_files(options).items()),
        )
        for row in _rows_of(connection, "accounts")
        for options in [_options_of(row)]
    }


def _joined(row: Mapping[str, Any], *names: str) -> str:
    return " ".join(str(row[name]) for name in names if row.get(name))


def _rows_of(connection: sqlite3.Connection, table: str) -> list[dict[str, object]]:
    """
    All rows of a table by column, whichever columns its schema has; none where there is
    no such table.
    """
    found = connection.execute(f"SELECT * FROM pragma_table_info('{table}')")  # noqa: S608  # nosec B608  # a name of ours
    if found.fetchone() is None:
        return []
    rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608  # nosec B608  # a name of ours
    names = [str(column[0]) for column in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _options_of(row: Mapping[str, object]) -> dict[str, Any]:
    try:
        found = json.loads(str(row.get("options", "")))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


_LABELS = {
    "provider": "platform",
    "key": "key from",
    "address": "address",
    "app_secret": "app's secret from",
    "webhook_secret": "webhook secret from",
    "files": "reads",
}


def _account_differences(
    present: Mapping[str, Places], restored: Mapping[str, Places]
) -> list[Difference]:
    nothing = Places("", "", "", "", "", "")
    found = []
    for name in sorted(present.keys() | restored.keys()):
        if name not in restored:
            found.append(Difference("account", name, "is not in the backup"))
            continue
        before, after = present.get(name, nothing), restored[name]
        found += [
            Difference("account", name, label, *pair)
            for field, label in _LABELS.items()
            for pair in [(getattr(before, field), getattr(after, field))]
            if pair[0] != pair[1]
        ]
    return found


def _object_differences(present: _Content, restored: _Content) -> list[Difference]:
    """
    Views and triggers of the backup that are neither ours nor in the present database.
    Those of an older schema are made anew by the upgrade, so only their names count.
    """
    with database_copies.scratch() as made, made.read() as connection:
        ours = {
            (str(kind), str(name)): str(sql)
            for kind, name, sql in connection.exec_driver_sql(_OBJECTS)
        }
    is_present = restored.schema == schema.PRESENT
    found = []
    for key in sorted(restored.objects.keys() | ours.keys()):
        sql = restored.objects.get(key)
        if sql is None:
            if is_present:
                found.append(Difference(*key, "is missing"))
        elif sql != present.objects.get(key):
            if key not in ours:
                found.append(Difference(*key, "is not ours"))
            elif is_present and sql != ours[key]:
                found.append(Difference(*key, "was changed"))
    return found
