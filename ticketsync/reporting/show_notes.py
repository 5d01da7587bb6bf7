"""
What is said below the figures of a show: what of its orders is in none of them.
"""

from __future__ import annotations

from sqlalchemy import Connection

from ticketsync.reporting import vouchers_sold, waiting_sales


def sentences(connection: Connection, show_id: int) -> list[str]:
    """
    The gift cards that were sold in the orders of a show (our id), and the sales that
    wait.
    """
    return [
        *vouchers_sold.sentences(connection, show_id),
        *waiting_sales.sentences(connection, show_id=show_id),
    ]
