"""
Fields of Wix's payment transactions and of the orders that name them.
"""

from __future__ import annotations

from ticketsync.providers.base import (
    Raw,
)


def transaction_id_of(order: Raw) -> str:
    nested = (order.get("paymentDetails") or {}).get("transaction") or {}
    return str(nested.get("transactionId") or order.get("transactionId") or "")


def order_number_of(transaction: Raw) -> str:
    described = (transaction.get("order") or {}).get("description") or {}
    return str(described.get("wixAppOrderId") or "")


def refunds_in(transaction: Raw) -> list[Raw]:
    return list(transaction.get("refunds") or ())
