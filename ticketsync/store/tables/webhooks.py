"""
Webhook addresses, and every delivery.
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint

from ticketsync.store.delivery_states import STATES
from ticketsync.store.tables.base import Row, not_negative, one_of, table
from ticketsync.store.types import flag, instant, key, points_to, text, whole


class WebhookRow(Row):
    """
    The webhook address of one account. `path` is unguessable; only the sources of its
    secrets are stored, never the secrets. `old_…` is the previous one, valid until
    `old_until`. `registration` is the platform's id of it, where we registered it.
    `pin` and `old_pin` prove that a person confirmed their commands and files.
    `is_signed` is off where the platform does not sign and needs no secret.
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
    pin: str = text(default="")
    old_pin: str = text(default="")


class DeliveryRow(Row):
    """
    One delivery: which object it was about, never its content. `key` is the platform's
    id for it, or a digest of its body; repetitions have the same key. The ids of order
    and occurrence are the platform's.

    Attempts that were not accepted (`NOT_ACCEPTED`) are kept, too; one at an address
    that nobody has belongs to no account. `replayed_at` is when a person last had it
    processed again.
    """

    __tablename__ = "deliveries"
    __table_args__ = table(
        UniqueConstraint("account_id", "key"),
        Index(None, "state", "next_try_at"),
        Index(None, "received_at"),
        Index(None, "account_id", "order_id"),
        one_of("state", *STATES),
        not_negative("attempts"),
    )

    id: int | None = key()
    account_id: int | None = points_to("accounts.id", default=None)
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
    replayed_at: datetime | None = instant(default=None)


webhooks = WebhookRow.__table__
deliveries = DeliveryRow.__table__
