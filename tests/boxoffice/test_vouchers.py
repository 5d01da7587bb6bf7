"""
Vouchers: each counts once, is refused by its own word, and two orders with the same
ones do not wait for each other.
"""

from datetime import timedelta

import pytest
from support.own_box_office import NOW, SHOW

from ticketsync.boxoffice import vouchers
from ticketsync.core import errors
from ticketsync.core.money import Money
from ticketsync.store import row_locks
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender

pytestmark = pytest.mark.usefixtures("evening")


def refusal(function, *arguments, **options):
    with pytest.raises(errors.SaleRefused) as caught:
        function(*arguments, **options)
    return caught.value


@pytest.mark.parametrize("kind", ["gift", "discount"])
def test_a_voucher_typed_in_two_ways_counts_once(office, kind):
    code = sell.issue_voucher(office, kind, 3000, "AUD")
    typed = [code, code.lower(), code.replace("-", " ")]
    sold = sell.sell(office, SHOW, {"Adult": 1}, Tender("cash", 2500, typed)).order
    assert sold.payments[-1].amount == 2500


def test_what_is_owed_is_what_gift_vouchers_have_left_in_each_currency(office, evening):
    """
    By hand: 100.00 less 55.00 and 7.50 are 52.50; 30.00 are over in a minute, 55.00
    spent, and a discount is no money.
    """
    end = NOW + timedelta(minutes=1)
    used = sell.issue_voucher(office, "gift", 10000, "AUD")
    sell.issue_voucher(office, "gift", 750, "AUD")
    sell.issue_voucher(office, "gift", 3000, "AUD", end)
    gone = sell.issue_voucher(office, "gift", 5500, "AUD")
    sell.issue_voucher(office, "discount", 500, "AUD")
    sell.issue_voucher(office, "gift", 1100, "NZD")
    for code in (used, gone):
        sell.sell(office, SHOW, {"Adult": 1}, Tender(vouchers=[code]))
    for now, sums in (
        (NOW, [Money(8250, "AUD"), Money(1100, "NZD")]),
        (end, [Money(5250, "AUD"), Money(1100, "NZD")]),
    ):
        with office.database.read() as connection:
            listed = vouchers.list_all(connection)
            assert vouchers.sum_owed(connection, now) == sums
        owed = [(it.owed(now), it.currency) for it in listed]
        assert [
            sum(part for part, code in owed if code == it.currency) for it in sums
        ] == [it.minor for it in sums]
    assert [it.state(end) for it in listed] == [
        *("open", "open", "spent", "expired", "open", "open"),
    ]


def test_what_a_voucher_leaves_to_pay_is_said(office):
    code = sell.issue_voucher(office, "gift", 3000, "AUD")
    refused = refusal(sell.sell, office, SHOW, {"Adult": 1}, Tender(vouchers=[code]))
    assert refused.word == "amount-mismatch"
    assert refused.message == (
        "The vouchers pay 30.00 AUD; 25.00 AUD is due; nothing was sold."
    )
    enough = sell.issue_voucher(office, "gift", 5500, "AUD")
    more = Tender("cash", 5500, [enough])
    refused = refusal(sell.sell, office, SHOW, {"Adult": 1}, more)
    assert refused.hint == "Leave the amount out: nothing is left to pay."


def test_a_voucher_that_does_not_fit_is_refused_by_its_own_word(office, evening):
    foreign = sell.issue_voucher(office, "gift", 3000, "NZD")
    old = sell.issue_voucher(
        *(office, "gift", 3000, "AUD", NOW + timedelta(minutes=1)),
    )
    gone = sell.issue_voucher(office, "gift", 5500, "AUD")
    sell.sell(office, SHOW, {"Adult": 1}, Tender(vouchers=[gone]))
    evening(NOW + timedelta(minutes=1))
    for code, word, message in (
        (foreign, "voucher-invalid", "of NZD, the show of AUD"),
        (old, "voucher-invalid", "not valid any more"),
        (gone, "voucher-spent", "Nothing is left"),
    ):
        tender = Tender("cash", vouchers=[code])
        refused = refusal(sell.sell, office, SHOW, {"Adult": 1}, tender)
        assert (refused.word, message in refused.message) == (word, True)


def test_what_a_discount_voucher_took_off_is_used_up(office):
    code = sell.issue_voucher(office, "discount", 1000, "AUD")
    tender = Tender("cash", vouchers=[code])
    sold = sell.sell(office, SHOW, {"Adult": 1}, tender).order.reference
    assert cancel_and_refund.refund(office, sold, Refund(), "ill").returned == 4500
    refused = refusal(sell.sell, office, SHOW, {"Adult": 1}, tender)
    assert refused.word == "voucher-spent"


def test_vouchers_are_locked_at_once_before_any_changes(office, monkeypatch):
    real, locked = row_locks.lock, []

    def lock(connection, table, ids):
        ids = list(ids)
        if table.name == "vouchers":
            locked.append(sorted(ids))
        real(connection, table, ids)

    monkeypatch.setattr(row_locks, "lock", lock)
    codes = [sell.issue_voucher(office, "gift", 1000, "AUD") for _ in range(3)]
    tender = Tender("cash", vouchers=[codes[2], codes[0]])
    sell.sell(office, SHOW, {"Child": 2}, tender)
    sell.sell(office, SHOW, {"Child": 1}, Tender("cash", vouchers=[codes[1]]))
    assert locked == [[1, 3], [2]]
    locked.clear()
    cancel_and_refund.cancel_show(office, SHOW, "no power")
    assert locked == [[1, 2, 3]]
