"""
Write rows that may be there already: one statement, executed for many.

The same statement on SQLite and PostgreSQL; SQLAlchemy compiles it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

_BATCH = 500


def table_of(model: type[SQLModel]) -> Table:
    """
    The SQLAlchemy table behind a SQLModel class.
    """
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found


def upsert(
    session: Session,
    model: type[SQLModel],
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    keep: Sequence[str] = (),
) -> None:
    """
    Insert the rows; where one with the same `key` exists, update all but `keep`.

    All rows must have the same columns.
    """
    if not rows:
        return
    connection = session.connection()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    table = table_of(model)
    columns = list(rows[0])
    statement = dialect.insert(table).values(
        {column: bindparam(column) for column in columns}
    )
    changing = [c for c in columns if c not in key and c not in keep]
    if changing:
        statement = statement.on_conflict_do_update(
            index_elements=list(key),
            set_={column: statement.excluded[column] for column in changing},
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(key))
    connection.execute(statement, rows)


def known(
    session: Session,
    model: type[SQLModel],
    account_id: int,
    provider_ids: Iterable[str],
    *columns: str,
) -> dict[str, Any]:
    """
    What we hold of an account's records: provider id → row with `columns`.
    """
    table = table_of(model)
    statement = select(table.c.provider_id, *(table.c[name] for name in columns)).where(
        table.c.account_id == bindparam("account"),
        table.c.provider_id.in_(bindparam("ids", expanding=True)),
    )
    found: dict[str, Any] = {}
    wanted = list(dict.fromkeys(provider_ids))
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        rows = session.connection().execute(
            statement, {"account": account_id, "ids": batch}
        )
        found.update((row.provider_id, row) for row in rows)
    return found
