"""
Stripe's webhooks.

Signed text: the time, a dot, the raw body. Several `v1` while a secret is replaced;
other schemes are passed over. Stripe's own library looks at one side of the window
only; here a time far in the future is as stale as one long past.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.core.redact import Secret
from ticketsync.net import hooks
from ticketsync.net.hooks import Delivery


def verify(delivery: Delivery, secrets: Sequence[Secret]) -> None:
    """
    Raises `Forged` or `Stale`.
    """
    hooks.timed_hmac(delivery, "stripe-signature", secrets, between=b".")
