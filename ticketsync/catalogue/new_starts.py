"""
Setting new starts for shows of ours, several at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, update

from ticketsync.catalogue import moves as moved
from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core.clock import local_text
from ticketsync.store import audit, row_locks
from ticketsync.store.audit import Decision
from ticketsync.store.tables.catalogue import shows

# Shows start at whole minutes; the seconds after one are for those that step aside.
_MOST_BESIDE = 29  # cancelled shows with the time of another one
_ASIDE = timedelta(seconds=30)  # while others move


@dataclass(frozen=True, slots=True)
class NewStart:
    """
    A show and the instant at which it starts from now on.
    """

    show: ShowInfo
    starts_at: datetime


def beside(
    show: ShowInfo, taken: Collection[tuple[str, str, datetime]]
) -> NewStart | None:
    """
    The start of a cancelled show that leaves its time to another one: a second later,
    which no list or page shows. `taken` holds the production, venue and start of each
    show; `None` if there is no free second.
    """
    for seconds in range(1, _MOST_BESIDE + 1):
        starts_at = show.starts_at + timedelta(seconds=seconds)
        is_free = (show.production, show.venue, starts_at) not in taken
        if is_free and is_same_minute(show, starts_at):
            return NewStart(show, starts_at)
    return None


def is_same_minute(show: ShowInfo, starts_at: datetime) -> bool:
    """
    Whether a show starts at that time, as people write it.
    """
    return show.starts_at.replace(second=0) == starts_at.replace(second=0)


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
    for move in moves:
        if not is_same_minute(move.show, move.starts_at):
            moved.follow_show(
                connection, move.show.id, move.show.starts_at, move.starts_at
            )
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
    before, after = show.starts_local, local_text(move.starts_at, show.timezone)
    if before == after:  # only the seconds differ
        before = f"{before}:{show.starts_at:%S}"
        after = f"{after}:{move.starts_at:%S}"
    return Decision(
        "move",
        "show",
        show.name,
        show.id,
        {"starts_local": before},
        {"starts_local": after},
    )
