"""
The states of what our own box office sells, and how they follow one another.

One table for the code that changes a state, for the rule of `boxoffice_history` and for
the tests. From `""` something begins.

Payments by card over the network are not here yet, but the tables have their states:
`planned`, `sent` and `open` of a payment, `sent`, `pending`, `failed` and `cancelled`
of a refund, an order that is paid although it `expired` or was `cancelled`, and a
ticket that is issued anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ORDER: Final = "order"
TICKET: Final = "ticket"
PAYMENT: Final = "payment"
REFUND: Final = "refund"
TILL: Final = "till"
VOUCHER: Final = "voucher"

TRANSITIONS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    ORDER: (
        ("", "pending"),
        ("pending", "pending"),  # its hold was extended, or its basket changed
        ("pending", "paid"),
        ("pending", "expired"),
        ("pending", "cancelled"),
        ("expired", "paid"),
        ("cancelled", "paid"),
        ("paid", "refunded"),
    ),
    TICKET: (
        ("", "reserved"),
        ("reserved", "issued"),
        ("reserved", "void"),
        ("issued", "issued"),  # given to somebody else: the old code is dead
        ("issued", "void"),
    ),
    PAYMENT: (
        ("", "planned"),
        ("", "succeeded"),
        ("planned", "sent"),
        ("sent", "open"),
        ("sent", "succeeded"),
        ("sent", "failed"),
        ("sent", "cancelled"),
        ("open", "succeeded"),
        ("open", "failed"),
        ("open", "cancelled"),
        ("succeeded", "returned"),
    ),
    REFUND: (
        ("", "planned"),
        ("", "succeeded"),
        ("planned", "sent"),
        ("planned", "succeeded"),
        ("planned", "cancelled"),
        ("sent", "pending"),
        ("sent", "succeeded"),
        ("sent", "failed"),
        ("pending", "succeeded"),
        ("pending", "failed"),
        ("pending", "cancelled"),
    ),
    TILL: (("", "open"), ("open", "counted"), ("counted", "closed")),
    VOUCHER: (("", "open"),),
}


def states_of(kind: str) -> tuple[str, ...]:
    """
    Every state that something of this kind can be in.
    """
    return tuple(dict.fromkeys(to for _, to in TRANSITIONS[kind]))


def is_transition(kind: str, from_state: str, to_state: str) -> bool:
    return (from_state, to_state) in TRANSITIONS[kind]
