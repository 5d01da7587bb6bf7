"""
Fields of Wix's payment transactions and of the orders that name them.
"""

from __future__ import annotations

from ticketsync.providers.base import Raw


def transaction_id_of(order: Raw) -> str:
    """
    The transaction that an order says it was paid by; `""` if it names none.
    """
    nested = (order.get("paymentDetails") or {}).get("transaction") or {}
    return str(nested.get("transactionId") or order.get("transactionId") or "")


def order_number_of(transaction: Raw) -> str:
    """
    The order that a transaction says it paid; `""` if it names none.
    """
    description = (transaction.get("order") or {}).get("description") or {}
    return str(description.get("wixAppOrderId") or "")


def refunds_in(transaction: Raw) -> list[Raw]:
    """
    The refunds that a transaction holds, whatever their status.
    """
    return list(transaction.get("refunds") or ())
