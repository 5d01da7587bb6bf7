"""
Who works on something, and until when nobody else may.

A lease is a row with an end: a holder that died lapses by itself, one that lives
prolongs it in the same transaction as its work.
"""

from __future__ import annotations

import os
import platform
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import Session

from ticketsync.core import errors
from ticketsync.store.tables.accounts import Lease
from ticketsync.store.upsert import table_of, upsert

LASTS = timedelta(minutes=3)
SKEW = timedelta(minutes=5)  # between the clocks of machines that share a database


def me(run_id: str) -> str:
    """
    How this process names itself in a lease.
    """
    return f"{run_id} (process {os.getpid()} on {platform.node()})"


def take(session: Session, name: str, holder: str, now: datetime) -> None:
    """
    Take the lease, or raise `Busy` with the name of who has it.
    """
    leases = table_of(Lease)
    query = select(leases).where(leases.c.name == name)
    if session.connection().dialect.name == "postgresql":
        query = query.with_for_update()
    held = session.connection().execute(query).first()
    if held is not None and _holds(held, now) and not _is_dead(held.holder):
        raise errors.Busy(
            f"{name}: run {held.holder} has been at work since "
            f"{held.taken_at:%H:%M:%S} UTC.",
            hint="Wait for it, or look at `ticketsync runs list`.",
        )
    row = {"name": name, "holder": holder, "taken_at": now, "expires_at": now + LASTS}
    upsert(session, Lease, [row], key=["name"])


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


def _holds(held: Any, now: datetime) -> bool:
    """
    Whether a lease is in force. One that ends later than any lease can was taken before
    the clock was put back; it may not keep everybody out until then (F36).
    """
    left: timedelta = held.expires_at - now
    return timedelta(0) < left <= LASTS + SKEW


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
