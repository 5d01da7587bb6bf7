"""
Whether anybody has committed something to the database, asked without reading a table.

SQLite counts the commits of others in `PRAGMA data_version`. On PostgreSQL the snapshot
of running transactions changes with every transaction that wrote and has ended; that of
another database of the same server changes it, too.
"""

from __future__ import annotations

from sqlalchemy import Connection

from ticketsync.store.database_errors import translated_errors

_QUERIES = {
    "sqlite": "PRAGMA data_version",
    "postgresql": "SELECT pg_current_snapshot()::text",
}


class ChangeWatch:
    """
    Watches by a connection of its own, which nobody else writes by.
    """

    def __init__(self, connection: Connection, url: str) -> None:
        self._connection = connection
        self._url = url
        self._seen = self._read()

    def has_changed(self) -> bool:
        """
        Whether something was committed since this was last asked.

        Raises: `DatabaseError`.
        """
        before, self._seen = self._seen, self._read()
        return self._seen != before

    def _read(self) -> str:
        connection = self._connection
        with translated_errors(self._url):
            try:
                query = _QUERIES[connection.dialect.name]
                return str(connection.exec_driver_sql(query).scalar())
            finally:
                connection.rollback()  # holds no state of the tables
