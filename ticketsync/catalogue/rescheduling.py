"""
Setting new starts for shows of ours, several at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, update

from ticketsync.catalogue.shows import ShowInfo, local_text
from ticketsync.store import audit, row_locks
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import shows

_ASIDE = timedelta(seconds=1)  # shows start at whole minutes


@dataclass(frozen=True, slots=True)
class NewStart:
    """
    A show and the instant at which it starts from now on.
    """

    show: ShowInfo
    starts_at: datetime


def reschedule_shows(connection: Connection, moves: Sequence[NewStart]) -> None:
    """
    Move these shows and record who did it. One may take the place of another one that
    moves as well: all step aside first.
    """
    if not moves:
        return
    row_locks.lock_keys(connection, shows, [move.show.id for move in moves])
    _set_starts(connection, [_aside(move) for move in moves])
    _set_starts(connection, moves)
    audit.record_all(connection, [_decision(move) for move in moves])


def _aside(move: NewStart) -> NewStart:
    return NewStart(move.show, move.show.starts_at + _ASIDE)


def _set_starts(connection: Connection, moves: Sequence[NewStart]) -> None:
    statement = (
        update(shows)
        .where(shows.c.id == bindparam("show_id"))
        .values(starts_at=bindparam("start"), starts_local=bindparam("local"))
    )
    connection.execute(
        statement,
        [
            {
                "show_id": move.show.id,
                "start": move.starts_at,
                "local": local_text(move.starts_at, move.show.timezone),
            }
            for move in moves
        ],
    )


def _decision(move: NewStart) -> Decision:
    show = move.show
    return Decision(
        "move",
        "show",
        f"{show.production} {show.starts_local}",
        show.id,
        {"starts_local": show.starts_local},
        {"starts_local": local_text(move.starts_at, show.timezone)},
    )
