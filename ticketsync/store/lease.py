"""
Leases: who works on something, and until when nobody else may.

A lease is a row with an end time: that of a dead holder expires, a living holder
extends it in the same transaction as its work. One that ends later than any lease can
was taken before the clock was set back, and is ignored (F36).
"""

from __future__ import annotations

import os
import platform
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Result, delete, exc, or_, select, text, update

from ticketsync.core import errors
from ticketsync.store.tables.accounts import leases
from ticketsync.store.upsert import insert_for

DURATION = timedelta(minutes=3)
SKEW = timedelta(minutes=5)  # between the clocks of machines that share a database
WAIT_SECONDS = 5  # for a transaction that has locked the lease row
_LOCK_NOT_AVAILABLE = "55P03"
_ATTEMPTS = 5  # how often others may release or take over the lease meanwhile


def holder_name(run_id: str) -> str:
    """
    The name of this process in a lease.
    """
    return f"{run_id} (process {os.getpid()} on {platform.node()})"


def take(connection: Connection, name: str, holder: str, now: datetime) -> None:
    """
    Take the lease.

    One statement decides, so that of several processes that try at once only one gets
    it: if they read first and then wrote, all of them could see a free lease.

    Raises: `Busy` with the name of the holder.
    """
    dead_holder: str | None = None
    for _ in range(_ATTEMPTS):
        if _try_to_take(connection, name, holder, now, from_dead=dead_holder):
            return
        lease = _read_lease(connection, name)
        if lease is None:
            continue  # released between the two statements
        if not _is_dead(lease.holder):
            raise _busy(name, lease)
        dead_holder = lease.holder
    raise errors.Busy(
        f"{name}: other processes keep taking it.",
        hint="Try again, or look at `ticketsync runs list`.",
    )


def _try_to_take(
    connection: Connection,
    name: str,
    holder: str,
    now: datetime,
    *,
    from_dead: str | None,
) -> bool:
    """
    Insert the lease, or take over one that has expired or whose holder is dead; returns
    whether it is ours now.
    """
    statement = insert_for(connection.dialect, leases).values(
        name=name, holder=holder, taken_at=now, expires_at=now + DURATION
    )
    free = or_(leases.c.expires_at <= now, leases.c.expires_at > now + DURATION + SKEW)
    if from_dead is not None:
        free = or_(free, leases.c.holder == from_dead)
    taken = _execute(
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


def _execute(connection: Connection, name: str, statement: Any) -> Result[Any]:
    """
    The statement's result. A lease that another transaction has locked without
    committing it (a rehearsal) counts as taken after a short wait.
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
            f"{name}: another program has locked it.",
            hint="Wait for it, or look at `ticketsync runs list`.",
        ) from error
    connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    return found


def _read_lease(connection: Connection, name: str) -> Any:
    query = select(leases).where(leases.c.name == name)
    return connection.execute(query).first()


def _busy(name: str, lease: Any) -> errors.Busy:
    return errors.Busy(
        f"{name}: run {lease.holder} has been running since "
        f"{lease.taken_at:%H:%M:%S} UTC.",
        hint="Wait for it, or look at `ticketsync runs list`.",
    )


def extend(connection: Connection, name: str, holder: str, now: datetime) -> None:
    """
    Extend the lease.

    Raises: `Busy` if another process took it over.
    """
    result = connection.execute(
        update(leases)
        .where(leases.c.name == name, leases.c.holder == holder)
        .values(expires_at=now + DURATION)
    )
    if result.rowcount != 1:
        raise errors.Busy(
            f"{name}: another run took over while this one was delayed.",
            hint="Look at `ticketsync runs list`.",
        )


def release(connection: Connection, name: str, holder: str) -> None:
    connection.execute(
        delete(leases).where(leases.c.name == name, leases.c.holder == holder)
    )


def _is_dead(holder: str) -> bool:
    """
    Whether the holder ran on this machine and its process has ended.
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
