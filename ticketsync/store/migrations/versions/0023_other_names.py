"""
Other names of productions and venues. Those that they had are found in the audit trail,
which has every rename and every merge since it exists.
"""

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class _Kind:
    """
    What has names: its word in the audit trail, its table, the column of its name
    there, and the action that changes that name.
    """

    word: str
    table: str
    column: str
    action: str
    origins: tuple[str, ...]

    @property
    def names_table(self) -> str:
        return f"{self.word}_names"

    @property
    def id_column(self) -> str:
        return f"{self.word}_id"


_KINDS = (
    _Kind("production", "productions", "title", "rename", ("former", "confirmed")),
    _Kind("venue", "venues", "name", "edit", ("former", "confirmed", "room")),
)


def upgrade() -> None:
    for kind in _KINDS:
        names = _create_table(kind)
        rows = _former_names(op.get_bind(), kind)
        if rows:
            op.bulk_insert(names, rows)


def _create_table(kind: _Kind) -> sa.Table:
    name = kind.names_table
    condition = " OR ".join(f"origin = '{word}'" for word in kind.origins)
    return op.create_table(
        name,
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(kind.id_column, types.WHOLE, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("added_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f(f"pk_{name}")),
        sa.ForeignKeyConstraint(
            [kind.id_column],
            [f"{kind.table}.id"],
            name=op.f(f"fk_{name}_{kind.id_column}"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(condition, name=op.f(f"ck_{name}_origin")),
        sqlite_strict=True,
    )


def _former_names(connection: sa.Connection, kind: _Kind) -> list[dict[str, Any]]:
    """
    The names that something of ours had, by following each to the name that came after
    it: an id may be that of another one by now.
    """
    present = _present_names(connection, kind)
    after: dict[str, str] = {}
    since: dict[str, datetime] = {}
    for row in _changes(connection, kind):
        old = json.loads(row.before).get(kind.column)
        new = json.loads(row.after).get(kind.column)
        if old and new:
            after[old], since[old] = new, row.at
    return [
        {
            "name": name,
            kind.id_column: present[latest],
            "origin": "former",
            "added_at": since[name],
        }
        for name in after
        if name not in present and (latest := _follow(name, after, present)) in present
    ]


def _follow(name: str, after: Mapping[str, str], present: Container[str]) -> str:
    """
    The name of today that came after this one, or the last one that is known.
    """
    passed = set()
    while name not in present and name in after and name not in passed:
        passed.add(name)
        name = after[name]
    return name


def _present_names(connection: sa.Connection, kind: _Kind) -> dict[str, int]:
    named = sa.table(kind.table, sa.column("id"), sa.column(kind.column))
    rows = connection.execute(sa.select(named.c[kind.column], named.c.id))
    return {str(name): int(id_) for name, id_ in rows}


def _changes(connection: sa.Connection, kind: _Kind) -> Any:
    audit = sa.table(
        "audit",
        *map(sa.column, ("id", "action", "kind", "before", "after")),
        sa.column("at", types.Instant()),
    )
    query = (
        sa.select(audit)
        .where(audit.c.kind == kind.word)
        .where(audit.c.action.in_((kind.action, "merge")))
        .order_by(audit.c.id)
    )
    return connection.execute(query).all()
