"""
A refund whose amount does not say what is meant is refused, and nothing is void.
"""

import pytest
from support.own_box_office import SHOW

from ticketsync.boxoffice import placed_orders
from ticketsync.core import errors
from ticketsync.workflows.boxoffice import cancel_and_refund, sell, sell_vouchers
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender

pytestmark = pytest.mark.usefixtures("evening")


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Refund(amount=0), "110.00 AUD of their money would be kept"),
        (Refund(amount=10999), "0.01 AUD of their money would be kept"),
        (Refund(amount=-1), "must be more than 0"),
        (Refund(tickets=[1], amount=-1), "must be more than 0"),
        (Refund(amount=0, keeps_tickets=True), "must be more than 0"),
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


def refused(office, reference, wanted):
    with pytest.raises(errors.SaleRefused) as caught:
        cancel_and_refund.refund(office, reference, wanted, "ill")
    return caught.value


@pytest.mark.parametrize(
    "wanted",
    [
        Refund(amount=100),
        Refund(amount=1, keeps_tickets=True),
        Refund(keeps_tickets=True),
    ],
)
def test_where_nothing_is_left_the_hint_is_not_to_leave_the_amount_out(office, wanted):
    """
    All of 55.00 went back and the ticket was kept.
    """
    sold = sell.sell(office, SHOW, {"Adult": 1}, Tender("cash")).order.reference
    cancel_and_refund.refund(office, sold, Refund(keeps_tickets=True), "a gift")
    error = refused(office, sold, wanted)
    assert error.word == "amount-mismatch"
    assert error.message == (
        f"Nothing is left of what was paid for order {sold}: there is nothing to "
        "return."
    )
    assert error.hint == "Leave --amount and --keep-tickets out to void its tickets."
    after = cancel_and_refund.refund(office, sold, Refund(), "ill")
    assert (after.state, after.returned) == ("refunded", 5500)


def test_what_is_planned_to_go_back_is_named_where_nothing_else_is_left(office):
    sold = sell.sell(office, SHOW, {"Adult": 1}, Tender("cash")).order.reference
    cancel_and_refund.refund(office, sold, Refund(is_paid_out=False), "ill")
    for wanted in (Refund(amount=5500), Refund(amount=5500, is_paid_out=False)):
        error = refused(office, sold, wanted)
        assert "Nothing is left" in error.message
        assert error.hint.startswith("To hand over what was planned to go back, leave")
    after = cancel_and_refund.refund(office, sold, Refund(), "ill")
    assert (after.state, after.returned) == ("refunded", 5500)


@pytest.mark.parametrize("amount", [-1, 0, 1, None])
def test_nothing_is_left_of_a_voucher_that_was_spent(office, amount):
    gift = sell_vouchers.sell_voucher(office, 5500, "AUD", Tender("cash"))
    sell.sell(office, SHOW, {"Adult": 1}, Tender(vouchers=[gift.code]))
    error = refused(office, gift.order.reference, Refund(amount=amount))
    assert error.word == "voucher-spent"
    assert error.message.startswith("Nothing is left of voucher ")
    assert not error.hint


@pytest.mark.parametrize("amount", [-1, 0])
def test_what_goes_back_of_a_voucher_is_more_than_0(office, amount):
    gift = sell_vouchers.sell_voucher(office, 5500, "AUD", Tender("cash"))
    with pytest.raises(errors.UsageError, match="The amount must be more than 0"):
        cancel_and_refund.refund(
            office, gift.order.reference, Refund(amount=amount), "ill"
        )
