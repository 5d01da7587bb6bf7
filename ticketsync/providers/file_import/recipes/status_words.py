"""
Words for the status of an order that mean one thing on every platform.

"Confirmed", "active", "issued" and the like say that money was taken, and say so of a
reservation, too; "cancelled" is said of what was never paid and of what was paid back.
What these mean a person has to answer.
"""

from __future__ import annotations

_PAID = frozenset(
    (
        *("paid", "complete", "completed", "sold", "purchased", "settled"),
        *("success", "successful", "succeeded"),
    )
)
_PLAIN = {
    **dict.fromkeys(_PAID, "paid"),
    **dict.fromkeys(("comp", "complimentary"), "comp"),
    **dict.fromkeys(("pending", "unpaid", "awaiting payment"), "pending"),
    **dict.fromkeys(("refunded", "fully refunded"), "refunded"),
}


def is_plainly_paid(word: str) -> bool:
    """
    Whether a word says that money was taken, and nothing else.
    """
    return word.casefold() in _PAID


def plain_status(word: str) -> str:
    """
    What a word means of `recipe_keys.STATUSES`; `""` where a person has to say.
    """
    return _PLAIN.get(word.strip().casefold(), "")
