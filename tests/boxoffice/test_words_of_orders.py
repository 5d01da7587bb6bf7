"""
What became of an order has one word in every list, whatever it was paid with.
"""

from datetime import UTC, datetime

import pytest
from support.own_box_office import SHOW, STARTS

from ticketsync.boxoffice import placed_orders
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.cli import boxoffice_output
from ticketsync.financials import explain
from ticketsync.reporting import sales
from ticketsync.workflows.boxoffice import cancel_and_refund, sell, sell_vouchers
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender

SOLD = datetime(2026, 10, 5, 3, tzinfo=UTC)
CASH = Tender("cash")
WHOLE, HALF = Refund(), Refund(tickets=[1])


@pytest.fixture
def office(office_of, frozen):
    frozen(SOLD)
    return office_of(NewTier("Adult", 5500), capacity=50, starts_at=STARTS)


def order(office, number, voucher=0):
    tender = CASH
    if voucher:
        code = sell.issue_voucher(office, "gift", voucher, "AUD")
        tender = Tender("cash" if voucher < 5500 * number else "", vouchers=[code])
    return sell.sell(office, SHOW, {"Adult": number}, tender).order.reference


def test_every_list_has_the_same_word_for_an_order(office):
    """
    By hand: all of a, b, c, g and h went back, nothing of d, one ticket of e, the money
    of f with its ticket kept, and i was never paid. k cost nothing: it is no refund.
    """
    expected = {}
    for word, number, voucher, wanted in (
        ("refunded", 1, 0, WHOLE),  # a: in cash
        ("refunded", 1, 5500, WHOLE),  # b: by a voucher alone
        ("refunded", 1, 5000, WHOLE),  # c: 50.00 by a voucher, 5.00 in cash
        ("paid", 1, 5500, None),  # d
        ("paid", 2, 11000, HALF),  # e
        ("paid", 1, 0, Refund(amount=5500, keeps_tickets=True)),  # f
    ):
        reference = order(office, number, voucher)
        expected[reference] = word
        if wanted is not None:
            cancel_and_refund.refund(office, reference, wanted, "ill")
    both = order(office, 2)  # g: one ticket after the other
    for ticket in (1, 2):
        cancel_and_refund.refund(office, both, Refund(tickets=[ticket]), "ill")
    gift = sell_vouchers.sell_voucher(office, 3500, "AUD", CASH).order.reference  # h
    cancel_and_refund.refund(office, gift, WHOLE, "not wanted")
    held = sell.hold(office, SHOW, {"Adult": 1}).reference  # i
    cancel_and_refund.cancel(office, held, "not wanted")
    free = sell.comp(office, SHOW, {"Adult": 1}).order.reference  # k
    cancel_and_refund.refund(office, free, WHOLE, "ill")
    expected |= {both: "refunded", gift: "refunded"}
    expected |= {held: "cancelled", free: "cancelled"}
    with office.database.read() as connection:
        found = placed_orders.search(connection, limit=50)
        listed = {it.order_id: it.status for it in sales.list_sales(connection)}
        explained = {
            it.order_id: it.order_status
            for it in explain.list_contributions(connection, SHOW)
        }
    assert {it.reference: boxoffice_output.state_of(it) for it in found} == expected
    in_json = [boxoffice_output.order_as_json(it, "Australia/Sydney") for it in found]
    assert {it["reference"]: it["state"] for it in in_json} == expected
    assert listed == {id_: expected[id_] for id_ in listed}
    assert {both, gift} < listed.keys()
    assert explained == {id_: expected[id_] for id_ in explained}
    assert {both, free} & explained.keys()
