"""
Who works on something, and until when nobody else may.

A lease is a row with an end: a holder that died lapses by itself, one that lives
prolongs it in the same transaction as its work. One that ends later than any lease can
was taken before the clock was put back; it may not keep everybody out until then (F36).
"""

from __future__ import annotations

import os
import platform
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Result, delete, exc, or_, select, text, update
from sqlmodel import Session

from ticketsync.core import errors
from ticketsync.store.tables.accounts import Lease
from ticketsync.store.upsert import insert_for, table_of

LASTS = timedelta(minutes=3)
SKEW = timedelta(minutes=5)  # between the clocks of machines that share a database
WAIT_SECONDS = 5  # for a transaction that has the lease in its hands
_LOCK_NOT_AVAILABLE = "55P03"
_TRIES = 5  # as often others may give back or take over the lease before our eyes


def me(run_id: str) -> str:
    """
    How this process names itself in a lease.
    """
    return f"{run_id} (process {os.getpid()} on {platform.node()})"


def take(session: Session, name: str, holder: str, now: datetime) -> None:
    """
    Take the lease, or raise `Busy` with the name of who has it.

    One statement decides, so that of several who try at once one gets it: reading
    first and writing then would let all of them see a free lease.
    """
    dead: str | None = None
    for _ in range(_TRIES):
        if _seize(session, name, holder, now, from_dead=dead):
            return
        held = _held(session, name)
        if held is None:
            continue  # given back between the two statements
        if not _is_dead(held.holder):
            raise _busy(name, held)
        dead = held.holder
    raise errors.Busy(
        f"{name}: others keep taking it at this moment.",
        hint="Try again, or look at `ticketsync runs list`.",
    )


def _seize(
    session: Session, name: str, holder: str, now: datetime, *, from_dead: str | None
) -> bool:
    """
    Insert the lease, or take over one that is not in force or whose holder is gone;
    says whether it is ours now.
    """
    leases = table_of(Lease)
    connection = session.connection()
    statement = insert_for(connection.dialect, leases).values(
        name=name, holder=holder, taken_at=now, expires_at=now + LASTS
    )
    free = or_(leases.c.expires_at <= now, leases.c.expires_at > now + LASTS + SKEW)
    if from_dead is not None:
        free = or_(free, leases.c.holder == from_dead)
    taken = _executed(
        connection,
        name,
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={
                column: statement.excluded[column]
                for column in ("holder", "taken_at", "expires_at")
            },
            where=free,
        ).returning(leases.c.name),
    )
    return taken.first() is not None


def _executed(connection: Connection, name: str, statement: Any) -> Result[Any]:
    """
    The statement's result. A lease that another transaction has in its hands without
    having committed it (a rehearsal) is taken, too, and not worth a long wait.
    """
    if connection.dialect.name != "postgresql":
        return connection.execute(statement)
    connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'"))
    try:
        found = connection.execute(statement)
    except exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != _LOCK_NOT_AVAILABLE:
            raise
        raise errors.Busy(
            f"{name}: another program tries something on it at this moment.",
            hint="Wait for it, or look at `ticketsync runs list`.",
        ) from error
    connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    return found


def _held(session: Session, name: str) -> Any:
    leases = table_of(Lease)
    query = select(leases).where(leases.c.name == name)
    return session.connection().execute(query).first()


def _busy(name: str, held: Any) -> errors.Busy:
    return errors.Busy(
        f"{name}: run {held.holder} has been at work since "
        f"{held.taken_at:%H:%M:%S} UTC.",
        hint="Wait for it, or look at `ticketsync runs list`.",
    )


def prolong(session: Session, name: str, holder: str, now: datetime) -> None:
    """
    Keep the lease while working; raise `Busy` if somebody else took it.
    """
    leases = table_of(Lease)
    done = session.connection().execute(
        update(leases)
        .where(leases.c.name == name, leases.c.holder == holder)
        .values(expires_at=now + LASTS)
    )
    if done.rowcount != 1:
        raise errors.Busy(
            f"{name}: another run took over while this one was held up.",
            hint="Look at `ticketsync runs list`.",
        )


def release(session: Session, name: str, holder: str) -> None:
    leases = table_of(Lease)
    session.connection().execute(
        delete(leases).where(leases.c.name == name, leases.c.holder == holder)
    )


def _is_dead(holder: str) -> bool:
    """
    Whether the holder ran on this machine and its process is gone.
    """
    process, _, machine = (
        holder.partition(" (process ")[2].rstrip(")").partition(" on ")
    )
    if machine != platform.node() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
