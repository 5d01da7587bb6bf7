"""
When orders were last read: all of an account's by a complete run, or those of a show by
something else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, func, select

from ticketsync.core import clock
from ticketsync.store.tables.catalogue import occurrences, show_links


def partial_reads() -> Subquery:
    """
    `at`, when orders of each `show_id` on each `account_id` were last read by a
    webhook, by `sync --show` or `--event`, or by a run that did not finish.
    """
    return (
        select(
            show_links.c.show_id,
            occurrences.c.account_id,
            func.max(show_links.c.last_read_at).label("at"),
        )
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .group_by(show_links.c.show_id, occurrences.c.account_id)
        .subquery()
    )


def later(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """
    The later of two instants; the known one if the other is null.
    """
    return case((other.is_(None), one), (one > other, one), else_=other)


def ago(read_at: datetime | None, *, needs_reading: bool) -> str:
    """
    For people: how long ago something was read, where it has to be.
    """
    return clock.ago(read_at) if needs_reading else "not needed"
