"""
Triggers for rows that are written once: they refuse to change or delete them.

Like the views, they hold no data: every upgrade drops them before it changes a table
and recreates them afterwards.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

WRITTEN_ONCE = ("refunds", "audit", "periods", "period_lines", "digests")

_FUNCTION = "refuse_change"
POSTGRES_SOURCE = (
    " BEGIN RAISE EXCEPTION '% is written once', TG_TABLE_NAME USING ERRCODE = "
    "'restrict_violation'; END "
)  # of the function


def names() -> tuple[str, ...]:
    """
    The names of all triggers.
    """
    return tuple(
        _name(table, change)
        for table in WRITTEN_ONCE
        for change in ("update", "delete")
    )


def create_all(connection: Connection) -> None:
    """
    Create all triggers.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(
            text(
                f"CREATE OR REPLACE FUNCTION {_FUNCTION}() RETURNS trigger "
                f"LANGUAGE plpgsql AS $${POSTGRES_SOURCE}$$"
            )
        )
    for table in WRITTEN_ONCE:
        for change in ("update", "delete"):
            connection.execute(text(_definition(connection, table, change)))


def drop_all(connection: Connection) -> None:
    """
    Drop the triggers that exist.
    """
    for table in WRITTEN_ONCE:
        where = f" ON {table}" if connection.dialect.name == "postgresql" else ""
        for change in ("update", "delete"):
            name = _name(table, change)
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{where}"))


def _name(table: str, change: str) -> str:
    return f"{table}_no_{change}"


def _definition(connection: Connection, table: str, change: str) -> str:
    start = f"CREATE TRIGGER {_name(table, change)} BEFORE {change.upper()} ON {table}"
    if connection.dialect.name == "postgresql":
        return f"{start} FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()"
    return f"{start} BEGIN SELECT RAISE(ABORT, '{table} is written once'); END"
