"""
Why something is not sold: one word each, with what is left of each tier.
"""

from __future__ import annotations

from collections.abc import Mapping

from ticketsync.core import errors

EVENT_FULL = "event-full"
TIER_FULL = "tier-full"
SALE_CLOSED = "sale-closed"
NOT_ON_SALE = "not-on-sale"
MEMBERS_ONLY = "members-only"
TOO_FEW = "too-few"
TOO_MANY = "too-many"
ALREADY_PENDING = "already-pending"
AMOUNT_MISMATCH = "amount-mismatch"
HOLD_EXPIRED = "hold-expired"
VOUCHER_SPENT = "voucher-spent"
VOUCHER_INVALID = "voucher-invalid"  # unknown, expired, or of another currency
WRONG_STATE = "wrong-state"  # the order is not in a state in which that can be done


def refused(
    word: str,
    message: str,
    *,
    hint: str = "",
    left: Mapping[str, int | None] | None = None,
) -> errors.SaleRefused:
    """
    The error for a sale that is refused; `left` is what is left of each tier.
    """
    return errors.SaleRefused(message, hint=hint, word=word, left=left)
