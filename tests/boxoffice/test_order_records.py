"""
The record of an order of the box office, under which it is kept beside those of
platforms.
"""

from datetime import UTC, datetime

from ticketsync.boxoffice import order_records
from ticketsync.core.records import (
    Fee,
    Order,
    OrderStatus,
    Refund,
    Ticket,
    TicketStatus,
)

ORDER = Order(
    id="TS-1",
    occurrence_id="ts_1",
    status=OrderStatus.PAID,
    placed_at=datetime(2026, 11, 1, 8, 30, tzinfo=UTC),
    currency="AUD",
    total=5500,
    charged=5500,
    tax=500,
    tickets=(Ticket("TS-1.1", "ts_1", "a1", "Adult", TicketStatus.VALID, False, 5500),),
    fees=(Fee("box office", 0),),
    refunds=(Refund("r1", 100, datetime(2026, 11, 2, tzinfo=UTC)),),
)


def test_the_content_hash_is_the_one_that_earlier_versions_stored():
    """
    Computed by the version before orders were sent without the names of their fields.
    With another hash every order of every box office would be a changed one.
    """
    stored = "2f8e2fd7a71d8a923fa2b3916da3aa3e"
    assert order_records.content_of(ORDER).hex() == stored
