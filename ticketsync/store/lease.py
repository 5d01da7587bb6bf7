"""
Leases: who works on something, and until when nobody else may.

A lease is a row with an end time: that of a dead holder expires, a living holder
extends it in the same transaction as its work. One that ends later than any lease can
was taken before the clock was set back, and is ignored (F36).
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Result,
    and_,
    delete,
    exc,
    not_,
    or_,
    select,
    text,
    update,
)

from ticketsync.core import clock, errors, moments
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.tables.accounts import leases
from ticketsync.store.upsert import insert_for

DURATION = timedelta(minutes=3)
WAIT_SECONDS = 5  # for a transaction that has locked the lease row
_LOCK_NOT_AVAILABLE = "55P03"
_ATTEMPTS = 5  # how often others may release or take over the lease meanwhile


@dataclass(frozen=True, slots=True)
class Holder:
    """
    A run and the process it runs in; unknown for a lease that an older version took.
    """

    run: str
    pid: int | None = None
    host: str | None = None

    def __str__(self) -> str:
        if self.pid is None:
            return self.run
        return f"{self.run} (process {self.pid} on {self.host})"

    @property
    def is_dead(self) -> bool:
        """
        Whether it ran on this machine and its process has ended. Windows has no signal
        that only asks: there such a lease expires.
        """
        if self.pid is None or self.host != platform.node() or os.name == "nt":
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False


def this_process(run: str) -> Holder:
    """
    This process as the holder of a lease.
    """
    return Holder(run, os.getpid(), platform.node())


def take(connection: Connection, name: str, holder: Holder, now: datetime) -> None:
    """
    Take the lease.

    One statement decides, so that of several processes that try at once only one gets
    it: if they read first and then wrote, all of them could see a free lease.

    Raises: `Busy` with the name of the holder.
    """
    dead_holder: Holder | None = None
    for _ in range(_ATTEMPTS):
        if _try_to_take(connection, name, holder, now, from_dead=dead_holder):
            return
        lease = _read_lease(connection, name)
        if lease is None:
            continue  # released between the two statements
        holding = Holder(lease.holder, lease.pid, lease.host)
        if not holding.is_dead:
            since = moments.with_zone(lease.taken_at, get_business_zone(connection))
            raise _busy(name, holding, since)
        dead_holder = holding
    raise errors.Busy(
        f"{name}: other processes keep taking it.",
        hint="Try again, or look at `ticketsync runs list`.",
    )


def _try_to_take(
    connection: Connection,
    name: str,
    holder: Holder,
    now: datetime,
    *,
    from_dead: Holder | None,
) -> bool:
    """
    Insert the lease, or take over one that has expired or whose holder is dead; returns
    whether it is ours now.
    """
    statement = insert_for(connection.dialect, leases).values(
        name=name,
        holder=holder.run,
        pid=holder.pid,
        host=holder.host,
        taken_at=now,
        expires_at=now + DURATION,
    )
    free = _has_expired(now)
    if from_dead is not None:
        free = or_(free, _is_held_by(from_dead))
    taken = _execute(
        connection,
        name,
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={
                column: statement.excluded[column]
                for column in ("holder", "pid", "host", "taken_at", "expires_at")
            },
            where=free,
        ).returning(leases.c.name),
    )
    return taken.first() is not None


def _execute(connection: Connection, name: str, statement: Any) -> Result[Any]:
    """
    The statement's result. A lease that another transaction has locked without
    committing it (a dry run) counts as taken after a short wait.
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


def is_held(connection: Connection, run: str, now: datetime) -> bool:
    """
    Whether a run holds a lease that has not expired.
    """
    held = select(leases.c.name).where(leases.c.holder == run, not_(_has_expired(now)))
    return connection.execute(held.limit(1)).first() is not None


def _has_expired(now: datetime) -> ColumnElement[bool]:
    return or_(
        leases.c.expires_at <= now, leases.c.expires_at > now + DURATION + clock.SKEW
    )


def _is_held_by(holder: Holder) -> ColumnElement[bool]:
    return and_(
        leases.c.holder == holder.run,
        leases.c.pid == holder.pid,
        leases.c.host == holder.host,
    )


def _busy(name: str, holder: Holder, since: str) -> errors.Busy:
    return errors.Busy(
        f"{name}: run {holder} has been running since {since}.",
        hint="Wait for it, or look at `ticketsync runs list`.",
    )


def extend(connection: Connection, name: str, holder: Holder, now: datetime) -> None:
    """
    Extend the lease.

    Raises: `Busy` if another process took it over.
    """
    result = connection.execute(
        update(leases)
        .where(leases.c.name == name, _is_held_by(holder))
        .values(expires_at=now + DURATION)
    )
    if result.rowcount != 1:
        raise errors.Busy(
            f"{name}: another run took over while this one was delayed.",
            hint="Look at `ticketsync runs list`.",
        )


def release(connection: Connection, name: str, holder: Holder) -> None:
    connection.execute(delete(leases).where(leases.c.name == name, _is_held_by(holder)))
