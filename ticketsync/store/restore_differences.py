"""
How a backup differs from the database that it is about to replace, as far as it could
make us do something else: where keys come from, where they are sent, and views and
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

from ticketsync.store import backup, engine, schema

_ACCOUNTS = (
    "SELECT name, provider, base_url, secret_source, secret_reference, options"
    " FROM accounts"
)
_WEBHOOKS = (
    "SELECT a.name, w.secret_source, w.secret_reference, w.old_source, w.old_reference"
    " FROM webhooks w JOIN accounts a ON a.id = w.account_id"
)
_OBJECTS = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('view', 'trigger')"

Objects = Mapping[tuple[str, str], str]  # kind and name → definition


@dataclass(frozen=True, slots=True)
class Places:
    """
    Where an account's key comes from and where it is sent, as text.
    """

    provider: str
    key: str
    address: str
    app_secret: str
    webhook_secret: str


@dataclass(frozen=True, slots=True)
class Difference:
    """
    One thing that is otherwise in the backup. `kind` is account, view or trigger;
    `before` and `after` are `""` where there is nothing.
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
        if self.is_code:
            return f"{self.kind} {self.name} {self.what}"
        before, after = self.before or "–", self.after or "–"
        return f"{self.kind} {self.name}, {self.what}: {before} → {after}"


def find_differences(copy: Path, target: Path) -> list[Difference]:
    """
    What the `copy` of a backup has otherwise than the database `target`, which may be
    missing or unreadable, and views and triggers that are not ours.
    """
    present = _read(target) if target.exists() else _Content({}, {}, "")
    restored = _read(copy)
    return [
        *_account_differences(present.accounts, restored.accounts),
        *_object_differences(present, restored),
    ]


@dataclass(frozen=True, slots=True)
class _Content:
    accounts: Mapping[str, Places]
    objects: Objects
    schema: str


def _read(file: Path) -> _Content:
    try:
        with closing(backup.open_to_read(file)) as connection:
            return _Content(
                _read_accounts(connection),
                {
                    (str(kind), str(name)): str(sql)
                    for kind, name, sql in connection.execute(_OBJECTS)
                },
                _read_schema(connection),
            )
    except sqlite3.DatabaseError:
        return _Content({}, {}, "")  # whatever it is, it is only set aside


def _read_schema(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def _read_accounts(connection: sqlite3.Connection) -> dict[str, Places]:
    webhook_secrets = {
        str(name): ", ".join(
            f"{source} {reference}".strip()
            for source, reference in ((rest[0], rest[1]), (rest[2], rest[3]))
            if source
        )
        for name, *rest in _rows_if_any(connection, "webhooks", _WEBHOOKS)
    }
    found = {}
    for name, provider, base_url, *rest in _rows_if_any(
        connection, "accounts", _ACCOUNTS
    ):
        source, reference, options = map(str, rest)
        found[str(name)] = Places(
            str(provider),
            f"{source} {reference}".strip(),
            str(base_url or ""),
            _app_secret(options),
            webhook_secrets.get(str(name), ""),
        )
    return found


def _rows_if_any(
    connection: sqlite3.Connection, table: str, query: str
) -> list[tuple[object, ...]]:
    exists = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    if connection.execute(exists, (table,)).fetchone() is None:
        return []
    return connection.execute(query).fetchall()


def _app_secret(options: str) -> str:
    try:
        found = json.loads(options)
    except ValueError:
        return ""
    if not isinstance(found, dict):
        return ""
    names = ("oauth_client_source", "oauth_client_reference")
    return " ".join(str(found[name]) for name in names if name in found)


_LABELS = {
    "provider": "platform",
    "key": "key from",
    "address": "address",
    "app_secret": "app's secret from",
    "webhook_secret": "webhook secret from",
}


def _account_differences(
    present: Mapping[str, Places], restored: Mapping[str, Places]
) -> list[Difference]:
    nothing = Places("", "", "", "", "")
    found = []
    for name in sorted(present.keys() | restored.keys()):
        if name not in restored:
            found.append(Difference("account", name, "is it there", "yes", "no"))
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
    with engine.scratch() as made, made.read() as connection:
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
