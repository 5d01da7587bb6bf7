"""
Who placed an order, where its account keeps people.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func

from ticketsync.store.tables.sales import buyers


def purchaser() -> ColumnElement[Any]:
    """
    The buyer's name, else the address; null where neither is kept. Needs `buyers`,
    joined by the order.
    """
    return func.coalesce(
        func.nullif(buyers.c.name, ""), func.nullif(buyers.c.email, "")
    )
