"""
People leave: after their show, or when they ask.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ticketsync.boxoffice import members
from ticketsync.boxoffice.members import Member
from ticketsync.core import clock, errors
from ticketsync.core.redact import safe
from ticketsync.core.settings.config import Settings
from ticketsync.sales import privacy
from ticketsync.sales.privacy import Trace
from ticketsync.store.business_zone import get_local_day
from ticketsync.store.engine import Database

Place = Trace | Member


def find_person(database: Database, who: str) -> list[Place]:
    """
    Where a person is kept; `NotFound` if nowhere.
    """
    with database.read() as connection:
        found: list[Place] = [
            *privacy.find_traces(connection, who),
            *members.find_kept(connection, who),
        ]
    if not found:
        raise errors.NotFound(
            f"No one is kept under {safe(who)!r}.",
            hint="Give the e-mail address, the whole name, or an order's or member's "
            "number.",
        )
    return found


def place_as_json(place: Place) -> dict[str, Any]:
    """
    Everything that is kept of a person in one place.
    """
    if isinstance(place, Member):
        return {"kind": "member", **asdict(place)}
    return asdict(place)


def erase(database: Database, who: str, *, dry_run: bool = False) -> list[Place]:
    """
    Erase a person everywhere; returns where they were. The books stay as they are.
    """
    found = find_person(database, who)
    if not dry_run:
        traces = [place for place in found if isinstance(place, Trace)]
        ids = [place.id for place in found if isinstance(place, Member)]
        with database.write() as connection:
            privacy.erase_people(connection, traces, clock.now())
            members.erase(connection, ids, clock.now())
    return found


def first_kept_day(connection: Connection, settings: Settings, now: datetime) -> str:
    """
    The first calendar day whose members are kept: of whoever has been none since before
    it, no name is.
    """
    return get_local_day(connection, settings.forget_before(now))


def retain(database: Database, settings: Settings, *, dry_run: bool = False) -> int:
    """
    Forget the people of shows longer past than the settings keep them, and members who
    have been none for as long; returns how many. Writes nothing where there is no one
    to forget.
    """
    now = clock.now()
    before = settings.forget_before(now)
    with database.read() as connection:
        day = first_kept_day(connection, settings, now)
        count = privacy.count_expired(connection, before)
        count += members.count_expired(connection, day)
    if count and not dry_run:
        with database.write() as connection:
            deleted = privacy.delete_expired(connection, before)
            return deleted + members.forget_expired(connection, day)
    return count
