"""
What was taken off a price under other names than Discount: in per cent, as a voucher or
a coupon. Amounts by hand.
"""

import pytest
from support.report_folder import GALA, ReportFolder, money

from ticketsync.core.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def read(folder, name, *texts, says=(), **columns):
    folder.recipe(*says, price="Each", drop=("total", "type"), **columns)
    rows = [f"{n},{GALA},1,30.00,{text},27.00" for n, text in enumerate(texts, 1)]
    folder.put("a.csv", f"Order,Show,Starts,Qty,Each,{name},Paid in all", *rows)
    return folder.orders()


SHARES = ["Discount %", "Discount percent", "discount_rate", "% off", "Discount (%)"]
CREDITS = [
    *("Voucher", "Gift voucher", "Coupon", "Voucher amount", "Gift card value"),
    *("Promo amount", "Amount off", "Reduction", "Store credit"),
]


@pytest.mark.parametrize("name", SHARES)
def test_a_discount_in_per_cent_beside_a_price_waits(folder, name):
    found = read(folder, name, "10", "", "0")
    assert "map what was paid to `total`" in found["1"]
    assert money(found["2"]) == money(found["3"]) == (1, 3000, 0)
    says = (f'ignore_columns: ["{name}"]',)
    assert money(read(folder, name, "10", says=says)["1"]) == (1, 3000, 0)


def test_the_advice_for_a_discount_in_per_cent_reads_what_was_paid(folder):
    read(folder, "Discount %", "10")
    folder.recipe(total="Paid in all", drop=("type",))
    assert money(folder.orders()["1"]) == (1, 2700, 0)


@pytest.mark.parametrize("name", SHARES)
def test_a_percentage_is_never_taken_off_as_an_amount(folder, name):
    with pytest.raises(ConfigurationError, match="a percentage would be taken off"):
        read(folder, name, "10", discount=f'"{name}"')


@pytest.mark.parametrize("name", CREDITS)
def test_what_was_paid_with_a_voucher_beside_a_price_waits(folder, name):
    found = read(folder, name, "3.00", "", "0.00", "XMAS-26", "€ 3")
    assert "map it to `discount` if it is not in the price" in found["1"]
    assert "map it to `discount`" in found["5"]
    assert {money(found[n]) for n in "234"} == {(1, 3000, 0)}
    assert money(read(folder, name, "3.00", discount=name)["1"]) == (1, 2700, 0)


def test_a_voucher_beside_a_total_says_nothing(folder):
    folder.recipe(total="Paid in all", drop=("type",))
    row = f"1,{GALA},1,30.00,3.00,27.00"
    folder.put("a.csv", "Order,Show,Starts,Qty,Each,Voucher,Paid in all", row)
    assert money(folder.orders()["1"]) == (1, 2700, 0)
