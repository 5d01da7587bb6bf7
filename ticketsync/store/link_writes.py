"""
Whether a transaction has written to a table that decides which tickets count: then
`link_history` records what is different, and is not loaded by anybody else.
"""

from __future__ import annotations

from sqlalchemy import Connection

_DECIDING = frozenset(
    {"show_links", "production_links", "productions", "shows", "occurrences"}
)
_NOTE = "ticketsync_links_written"


def note_write(connection: Connection, table: str) -> None:
    """
    Remember that this transaction has written to a table.
    """
    if table in _DECIDING:
        connection.info[_NOTE] = True


def take_note(connection: Connection) -> bool:
    """
    Whether such a write was noted in this transaction; it is forgotten with that.
    """
    return bool(connection.info.pop(_NOTE, False))
