"""
A refund whose amount does not say what is meant is refused, and nothing is void.
"""

import pytest
from support.own_box_office import SHOW

from ticketsync.boxoffice import placed_orders
from ticketsync.core import errors
from ticketsync.workflows import cancel_and_refund, sell
from ticketsync.workflows.cancel_and_refund import Refund
from ticketsync.workflows.sell import Tender

pytestmark = pytest.mark.usefixtures("evening")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Refund(amount=0), "110.00 AUD of their money would be kept"),
        (Refund(amount=10999), "0.01 AUD of their money would be kept"),
        (Refund(amount=-1), "more than nothing"),
        (Refund(tickets=[1], amount=-1), "more than nothing"),
        (Refund(amount=0, keeps_tickets=True), "more than nothing"),
    ],
)
def test_an_unclear_amount_voids_nothing(office, wanted, message):
    sold = sell.sell(office, SHOW, {"Adult": 2}, Tender("cash")).order
    with pytest.raises(errors.UsageError, match=message) as caught:
        cancel_and_refund.refund(office, sold.reference, wanted, "no show")
    assert caught.value.exit_code == 2
    with office.database.read() as connection:
        assert placed_orders.get_order(connection, sold.reference) == sold


def test_money_is_kept_of_tickets_that_are_named(office):
    sold = sell.sell(office, SHOW, {"Adult": 2}, Tender("cash")).order.reference
    after = cancel_and_refund.refund(
        office, sold, Refund(tickets=[1, 2], amount=0), "no show"
    )
    assert (after.state, after.returned) == ("paid", 0)
    assert [ticket.state for ticket in after.tickets] == ["void", "void"]


def test_all_that_was_paid_needs_no_names(office):
    sold = sell.sell(office, SHOW, {"Adult": 2}, Tender("cash")).order.reference
    assert cancel_and_refund.refund(
        office, sold, Refund(amount=11000), "ill"
    ).state == ("refunded")
    given = sell.comp(office, SHOW, {"Adult": 1}).order.reference
    assert (
        cancel_and_refund.refund(office, given, Refund(amount=0), "ill").state
        == "refunded"
    )
