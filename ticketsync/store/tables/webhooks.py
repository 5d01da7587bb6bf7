"""
Where platforms may knock, and every delivery as it came.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint

from ticketsync.store.tables.base import Row, not_negative, one_of, table
from ticketsync.store.types import flag, instant, key, points_to, text, whole


class Webhook(Row, table=True):
    """
    The address of one account. `path` is unguessable; where its secrets are stands
    here, never the secrets. `old_…` is the one before, good until `old_until`.
    `registration` is the platform's number of it, where we registered it there.
    `is_signed` is off where the platform signs nothing and needs no secret.
    """

    __tablename__ = "webhooks"
    __table_args__ = table(UniqueConstraint("path"))

    account_id: int = points_to("accounts.id", primary_key=True)
    path: str = text()
    secret_source: str = text(default="")
    secret_reference: str = text(default="")
    old_source: str = text(default="")
    old_reference: str = text(default="")
    old_until: datetime | None = instant(default=None)
    registration: str = text(default="")
    created_at: datetime = instant()
    is_signed: bool = flag(default=True)


class Delivered(Row, table=True):
    """
    One delivery: what it hinted at, never what it said. `key` is the platform's own
    name for it, or a digest of its body; under it a repetition is known.
    """

    __tablename__ = "deliveries"
    __table_args__ = table(
        UniqueConstraint("account_id", "key"),
        Index(None, "state", "next_try_at"),
        Index(None, "received_at"),
        Index(None, "account_id", "order_id"),
        one_of(
            "state",
            *("received", "done", "failed", "ignored", "test", "rejected", "stale"),
        ),
        not_negative("attempts"),
    )

    id: int | None = key()
    account_id: int = points_to("accounts.id")
    key: str = text()
    event: str = text(default="")
    what: str = text(default="")
    order_id: str = text(default="")
    occurrence_id: str = text(default="")
    state: str = text()
    reason: str = text(default="")
    attempts: int = whole(default=0)
    received_at: datetime = instant()
    next_try_at: datetime = instant()
    settled_at: datetime | None = instant(default=None)
