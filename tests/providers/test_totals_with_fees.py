"""
A total that has the buyer's fee in it, mapped beside the fee: never charged twice
without a word. Worked out by hand: 2 tickets of 39.00 with a fee of 4.00.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder, money

FULL = f"{HEADING},Price,Fee,Tax,Off"
SECOND = f"2,{GALA},Adult,1,39.00,39.00,0.00,,"
NAMED = (
    "which is the price of its tickets with the fee of 4.00, and the fee would count"
)


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def read(folder, row, says=(), **columns):
    mapped = {"price": "Price", "fee": "Fee", "tax": "Tax", "discount": "Off"}
    folder.recipe(*says, **{**mapped, **columns})
    folder.put("a.csv", FULL, f"1,{GALA},Adult,2,{row}", SECOND)
    found = folder.orders()
    assert money(found["2"]) == (1, 3900, 0)  # without a fee nothing is in doubt
    return found["1"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("82.00,39.00,4.00,,", ()),
        ("77.00,39.00,4.00,,5.00", ()),  # 5.00 off
        ("89.80,39.00,4.00,7.80,", ("tax: on top",)),
        ("82.00,39.00,4.00,7.09,", ()),
        ("82.00,39.00,-4.00,,", ("signs: {fee: minus}",)),
    ],
)
def test_a_fee_in_the_total_sets_the_row_aside(folder, row, says):
    found = read(folder, row, says)
    assert NAMED in found
    assert "a.csv, line 2: total is" in found


def test_the_list_price_shows_it_too(folder):
    folder.recipe(list_price="Price", fee="Fee")
    folder.put("a.csv", FULL, f"1,{GALA},Adult,2,82.00,39.00,4.00,,")
    assert NAMED in folder.orders()["1"]


@pytest.mark.parametrize(
    ("row", "charged"),
    [
        ("78.00,39.00,4.00,,", 8200),
        ("73.00,39.00,4.00,,5.00", 7700),
        ("78.00,39.00,4.00,7.09,", 8200),
        # the discount is as much as the fee: the total is what the tickets cost
        ("78.00,41.00,4.00,,4.00", 8200),
        ("60.00,39.00,4.00,,", 6400),  # another price was paid
    ],
)
def test_a_total_without_the_fee_counts(folder, row, charged):
    assert money(read(folder, row)) == (2, charged, 0)


def test_a_total_of_more_than_the_price_is_set_aside_without_a_fee_too(folder):
    assert "total is 82.00, its price 39.00 for 2" in read(folder, "82.00,39.00,0.00,,")


def test_without_a_total_the_price_counts(folder):
    folder.recipe(drop=("total",), price="Price", fee="Fee", order_total="Total")
    folder.put("a.csv", FULL, f"1,{GALA},Adult,2,82.00,39.00,4.00,,")
    found = folder.orders()["1"]
    assert (money(found), found.doubt) == ((2, 8200, 0), None)
