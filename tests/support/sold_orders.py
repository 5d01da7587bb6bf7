"""
Orders as providers hand them over, for tests of what is allocated to their tickets.
"""

from datetime import UTC, datetime

from ticketsync.core.records import Order, OrderStatus

MOMENT = datetime(2026, 9, 1, tzinfo=UTC)


def order(tickets, charged, status=OrderStatus.PAID, **more):
    return Order(
        id="or_1",
        occurrence_id="ev_1",
        status=status,
        placed_at=MOMENT,
        currency="AUD",
        total=charged,
        charged=charged,
        tickets=tuple(tickets),
        **more,
    )
