"""
A column whose heading says that its amounts are in cents is not read as whole units.
"""

import pytest
from support.report_folder import GALA, ReportFolder, money

from ticketsync.core import errors
from ticketsync.providers.file_import.recipes.minor_headings import says_minor


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


@pytest.mark.parametrize(
    "heading",
    [
        *("amount_cents", "Total (cents)", "Price in pence", "gross_minor", "CENTS"),
        *("amountCents", "Total [ct]", "Amount (p)", "total-in-cents", "Total (minor)"),
        *("price_minor_units", "Betrag in Cent", "Total ¢", "amount_in_eurocent"),
        *("Prix (centimes)", "Amount (in cents)", "Total (smallest unit)"),
    ],
)
def test_a_heading_that_says_cents(heading):
    assert says_minor(heading)


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "Total",
            "Amount",
            "Discount per cent",
            "Percent",
            "Minor price",
            "Incentive",
        ),
        *(
            "Total (AUD)",
            "Price",
            "Centre fee",
            "Recent total",
            "Essence",
            "Total (C$)",
        ),
    ],
)
def test_a_heading_that_does_not(heading):
    assert not says_minor(heading)


def top(heading):
    return f"Order,Show,Starts,Type,Qty,{heading}"


def test_such_a_column_is_refused_with_the_way_out(folder):
    folder.put("a.csv", top("amount_cents"), f"1,{GALA},Adult,2,8000")
    folder.recipe(total="amount_cents")
    with pytest.raises(errors.ConfigurationError) as caught:
        folder.orders()
    assert "maps `total` to 'amount_cents', whose heading says" in caught.value.message
    assert "`amounts: {total: minor}`" in caught.value.hint
    folder.recipe("amounts: {total: minor}", total="amount_cents")
    assert money(folder.orders()["1"]) == (2, 8000, 0)
    folder.recipe("amounts: {total: major}", total="amount_cents")
    assert money(folder.orders()["1"]) == (2, 800000, 0)


def test_each_column_has_its_own_unit(folder):
    rows = (f"1,{GALA},Adult,2,8000,3.50", f'2,{GALA},Adult,2,"8,000",3.50')
    folder.put("a.csv", top("amount_cents,Fee"), *rows)
    folder.recipe("amounts: {total: minor}", total="amount_cents", fee="Fee")
    assert money(folder.orders()["1"]) == (2, 8350, 0)


def test_the_refusal_names_all_columns(folder):
    folder.put("a.csv", top("amount_cents,fee_cents"), f"1,{GALA},Adult,2,8000,350")
    folder.recipe(total="amount_cents", fee="fee_cents")
    with pytest.raises(errors.ConfigurationError) as caught:
        folder.orders()
    assert "`amounts: {total: minor, fee: minor}`" in caught.value.hint
    folder.recipe(
        "amounts: {total: minor, fee: minor}", total="amount_cents", fee="fee_cents"
    )
    assert money(folder.orders()["1"]) == (2, 8350, 0)


@pytest.mark.parametrize("text", ["40.00", "4000.00", "40.5", '"40,00"'])
def test_an_amount_with_decimals_in_cents_waits(folder, text):
    folder.put("a.csv", top("Total"), f"1,{GALA},Adult,1,4000", f"2,{GALA},A,1,{text}")
    folder.recipe("amounts: {total: minor}")
    found = folder.orders()
    assert money(found["1"]) == (1, 4000, 0)
    assert "an amount with decimals" in found["2"]


def test_a_currency_without_cents_is_not_divided(folder):
    folder.put("a.csv", f"{top('amount_minor')},Cur", f"1,{GALA},Adult,1,4000,JPY")
    folder.recipe("amounts: {total: minor}", total="amount_minor", currency="Cur")
    assert money(folder.orders()["1"]) == (1, 4000, 0)


def test_what_went_back_is_in_cents_as_well(folder):
    rows = (f"1,{GALA},Adult,2,8000", f"1,{GALA},Adult,-1,-4000")
    folder.put("a.csv", top("amount_cents"), *rows)
    folder.recipe("amounts: {total: minor}", total="amount_cents")
    assert money(folder.orders()["1"]) == (1, 8000, 4000)
