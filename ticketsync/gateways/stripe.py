"""
Stripe's webhooks.

The signed text is the time, a dot and the raw body. There are several `v1` signatures
while a secret is replaced; other schemes are ignored. Unlike Stripe's own library, a
time far in the future is refused like one long past.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.core.redact import Secret
from ticketsync.net import webhook_signatures
from ticketsync.net.webhook_signatures import Delivery


def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
    """
    Raises `Forged` or `Stale`.
    """
    webhook_signatures.timed_hmac(delivery, "stripe-signature", secrets, between=b".")
