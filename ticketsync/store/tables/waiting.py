"""
What waits for a person: what was dismissed, and what people were told of.
"""

from __future__ import annotations

from datetime import datetime

from ticketsync.store.tables.base import Row, table
from ticketsync.store.types import instant, text


class Dismissal(Row, table=True):
    """
    A person's word that something need not wait any more. `version` is how it stood
    then: when it changes, it waits again.
    """

    __tablename__ = "dismissals"
    __table_args__ = table()

    kind: str = text(primary_key=True)
    key: str = text(primary_key=True)
    version: str = text()
    dismissed_by: str = text()
    reason: str = text(default="")
    dismissed_at: datetime = instant()


class WaitingNotice(Row, table=True):
    """
    Something that waits and that whoever is named under `notify` was told of.
    """

    __tablename__ = "waiting_notices"
    __table_args__ = table()

    kind: str = text(primary_key=True)
    key: str = text(primary_key=True)
    version: str = text()
    told_at: datetime = instant()
