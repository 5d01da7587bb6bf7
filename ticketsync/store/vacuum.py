"""
Tables that were just filled, on PostgreSQL: until they are vacuumed and analyzed, the
server guesses how many rows they have and looks into each row of what an index alone
would answer, so that a page takes three times as long. Its own autovacuum does the
same, but minutes later, or never where it is off. SQLite needs none of it.
"""

from __future__ import annotations

from sqlalchemy import Connection, Row, bindparam, text

from ticketsync.core import errors, log
from ticketsync.store.engine import Database

LARGE = 1000  # pages of 8 kB; below that no page of ours takes long

# Each vacuum notes how many pages every transaction can see: what came later is new. An
# autovacuum in the middle of a first sync has seen a part of it.
_NEW_TABLES = text(
    """
    SELECT relname, pages FROM (
        SELECT relname, relallvisible,
            pg_relation_size(oid) / current_setting('block_size')::int AS pages
        FROM pg_class
        WHERE relkind = 'r' AND relname IN :ours
            AND relnamespace = to_regnamespace(quote_ident(current_schema()))
    ) AS found
    WHERE pages > 0 AND relallvisible < pages * 0.9
    ORDER BY relname
    """
).bindparams(bindparam("ours", expanding=True))


def vacuum_new_tables(database: Database) -> None:
    """
    Vacuum and analyze the tables of which a tenth or more is new to the server, if a
    large one is among them. Nobody waits for it: tables at which somebody else does the
    same are left to them. Where it fails, pages are slow, and the log says why.
    """
    # In a dry run nothing of what is new is there to be seen by another connection.
    if database.dialect != "postgresql" or database.has_one_connection:
        return
    try:
        with database.connection() as connection:
            _vacuum(connection.execution_options(isolation_level="AUTOCOMMIT"))
    except errors.DatabaseError as error:
        log.warning("vacuum failed", error=error.message)


def _vacuum(connection: Connection) -> None:
    found = _new_tables(connection)
    if any(table.pages >= LARGE for table in found):
        names = ", ".join(table.relname for table in found)
        connection.exec_driver_sql(f"VACUUM (ANALYZE, SKIP_LOCKED) {names}")


def _new_tables(connection: Connection) -> list[Row[tuple[str, int]]]:
    from ticketsync.store.tables.everything import metadata

    return [*connection.execute(_NEW_TABLES, {"ours": [*metadata.tables]})]
