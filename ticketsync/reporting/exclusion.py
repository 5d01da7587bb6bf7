"""
That a show is left out of the figures: since when, by whom and why, so that nobody
takes it for a show that sold nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ticketsync.core import moments
from ticketsync.core.redact import safe
from ticketsync.store import counted
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.tables.audit import audit
from ticketsync.store.tables.catalogue import shows

# An exclusion that only changes the reason does not name this.
_BEGINS = '%"is_excluded": true%'


@dataclass(frozen=True, slots=True)
class Exclusion:
    """
    `since` and `by` are unknown where the audit trail does not go back so far; `reason`
    is empty where nobody gave one. `zone` is that of the business.
    """

    since: datetime | None
    by: str
    reason: str
    zone: str

    @property
    def sentence(self) -> str:
        since = (
            f" since {moments.with_zone(self.since, self.zone)}" if self.since else ""
        )
        by = f" by {safe(self.by)}" if self.by else ""
        reason = safe(self.reason) if self.reason else "no reason was given"
        return f"It has been left out of the figures{since}{by}: {reason}."


def read_exclusion(connection: Connection, show_id: int) -> Exclusion | None:
    """
    Since when, by whom and why the show (our id) is left out; `None` for one that
    counts.
    """
    query = select(shows.c.excluded_because).where(
        shows.c.id == show_id, ~counted.takes_part()
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    began = connection.execute(
        select(audit.c.at, audit.c.who)
        .where(
            audit.c.kind == "show",
            audit.c.subject_id == show_id,
            audit.c.action == "exclude",
            audit.c.after.like(_BEGINS),
        )
        .order_by(audit.c.at.desc(), audit.c.id.desc())
        .limit(1)
    ).first()
    return Exclusion(
        since=None if began is None else began.at,
        by="" if began is None else began.who,
        reason=row.excluded_because,
        zone=get_business_zone(connection),
    )
