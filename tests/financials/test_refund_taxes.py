"""
What refunds take back of the tax of their order. Amounts are worked out by hand.
"""

from datetime import date

import pytest

from ticketsync.core.settings.tax_rules import RateSpan, TaxCode, TaxRule, TaxRules
from ticketsync.financials import taxing
from ticketsync.financials.refund_taxes import Returned, refund_lines
from ticketsync.financials.taxing import SaleParts

DAY = date(2026, 10, 2)
CODES = {
    "gst": TaxCode("gst", (RateSpan(100_000),)),
    "vat": TaxCode("vat", (RateSpan(200_000),)),
}


def rules(**answers):
    return TaxRules(CODES, (TaxRule(answers),))


def sold_as(parts, **answers):
    return taxing.tax_lines(parts, rules(**answers), "tt", DAY, charged=parts.charged)


def taken(sold, *movements):
    """
    Amount and tax of the one line that each movement takes back.
    """
    found = refund_lines(sold, [Returned(*it) for it in movements])
    return [(line.amount, line.tax) for (line,) in found]


def test_f44_refunds_take_back_the_tax_to_the_cent():
    """
    33.33 of admission and 5.00 given: 3.03 of tax. 10.00, then 28.33, is all of it; and
    the 10.00 are 8.70 of admission (3333 / 3833) with 0.79.
    """
    parts = SaleParts(face=3333, donation=500)
    sold = taxing.tax_lines(
        parts,
        rules(admission="gst", donation="out_of_scope", prices="inside"),
        "tt",
        DAY,
        charged=3833,
    )
    first, second = refund_lines(sold, [Returned(1000), Returned(2833)])
    assert {(line.amount, line.tax) for line in first} == {(-870, -79), (-130, None)}
    assert {(line.amount, line.tax) for line in second} == {(-2463, -224), (-370, None)}


def test_a_refund_that_failed_gives_everything_back():
    sold = taxing.tax_lines(
        SaleParts(face=3333),
        rules(admission="gst", prices="inside"),
        "tt",
        DAY,
        charged=3333,
    )
    there, back = refund_lines(sold, [Returned(1001), Returned(-1001)])
    assert [(line.amount, line.tax) for line in there] == [(-1001, -91)]
    assert [(line.amount, line.tax) for line in back] == [(1001, 91)]


# An adult of 40.00 with 4.00 of tax on top, and a child of 20.00 without.
FAMILY = SaleParts(face=6000, tax_added=400, tax=400)
BY_PRICES = {"admission": "gst", "buyer_fee": "gst"}


@pytest.mark.parametrize(
    ("movements", "expected"),
    [
        pytest.param([(2000, 0)], [(-2000, 0)], id="the child"),
        pytest.param([(4400, 400)], [(-4400, -400)], id="the adult"),
        pytest.param([(2000, None)], [(-2000, -125)], id="not reported: 4 x 20 / 64"),
        # 2.00 of what is left: 4.00 of 44.00.
        pytest.param(
            [(2000, 0), (2200, None), (2200, None)],
            [(-2000, 0), (-2200, -200), (-2200, -200)],
            id="the child, and the rest in halves",
        ),
        pytest.param(
            [(3200, None), (1200, 150), (2000, None)],
            [(-3200, -200), (-1200, -150), (-2000, -50)],
            id="a part, one that is reported, the rest",
        ),
        pytest.param(
            [(4400, 400), (2000, None)],
            [(-4400, -400), (-2000, 0)],
            id="the adult, and the rest",
        ),
        pytest.param(
            [(4400, 100), (2000, 0)],
            [(-4400, -100), (-2000, -300)],
            id="all of it, with too little",
        ),
        pytest.param(
            [(2200, 300), (2200, 300)],
            [(-2200, -300), (-2200, -100)],
            id="more than there was",
        ),
        pytest.param([(7000, 500)], [(-7000, -400)], id="more than was charged"),
        pytest.param(
            [(4400, 400), (-4400, -400), (2000, 0)],
            [(-4400, -400), (4400, 400), (-2000, 0)],
            id="the adult did not go back after all",
        ),
        pytest.param(
            [(4400, 400), (2000, 0), (-2000, None), (-2200, None), (4200, None)],
            [(-4400, -400), (-2000, 0), (2000, 0), (2200, 200), (-4200, -200)],
            id="taken back without its tax",
        ),
        pytest.param(
            [(2000, 0), (-1000, -200)], [(-2000, 0), (1000, 0)], id="never below 0"
        ),
        pytest.param(
            [(4400, 400), (-4400, 0)],
            [(-4400, -400), (4400, 400)],
            id="nothing went back: no tax did",
        ),
        # 1001 and 1001 of 6400: 62.56 and 125.13, each rounded in all and not apart.
        pytest.param(
            [(1001, None), (1001, None)],
            [(-1001, -63), (-1001, -62)],
            id="what has gone back together decides",
        ),
    ],
)
def test_a_refund_takes_back_the_tax_that_is_reported_of_it(movements, expected):
    sold = sold_as(FAMILY, prices="reported", **BY_PRICES)
    assert taken(sold, *movements) == expected


def test_a_fee_that_stays_has_none_of_the_tax():
    """
    40.00, 4.00 of tax and a fee of 2.00 without: 44.00 with 4.00 go back, then 2.00.
    """
    parts = SaleParts(face=4000, buyer_fee=200, tax_added=400, tax=400)
    sold = sold_as(parts, prices="reported", **BY_PRICES)
    assert taken(sold, (4400, 400), (200, None)) == [(-4400, -400), (-200, 0)]


@pytest.mark.parametrize(
    ("prices", "parts", "expected"),
    [
        ("charged", FAMILY, (-2000, -182)),  # 5.82 x 20 / 64
        ("on_top", FAMILY, (-2000, -188)),  # 6.00 x 20 / 64, half away from zero
        ("inside", SaleParts(face=6400, tax=400), (-2000, -182)),
    ],
)
def test_other_tax_goes_back_in_proportion(prices, parts, expected):
    sold = sold_as(parts, prices=prices, **BY_PRICES)
    assert taken(sold, (2000, 0)) == [expected]


def test_what_is_not_taxed_takes_its_part_of_the_amount_alone():
    """
    44.00 with 4.00 and 11.00 given: the 44.00 that go back are 35.20 and 8.80, and all
    of the tax is theirs.
    """
    parts = SaleParts(face=4400, donation=1100, tax=400)
    sold = sold_as(parts, prices="reported", donation="out_of_scope", **BY_PRICES)
    first, rest = refund_lines(sold, [Returned(4400, 400), Returned(1100)])
    assert {(line.amount, line.tax) for line in first} == {(-3520, -400), (-880, None)}
    assert {(line.amount, line.tax) for line in rest} == {(-880, 0), (-220, None)}


def test_of_two_taxes_a_refund_takes_back_its_proportion():
    """
    11.00 with a tenth and 12.00 with a fifth, 1.00 and 2.00 of tax: nobody reports
    which of them the 1.50 is.
    """
    parts = SaleParts(face=1100, addons=1200, tax=300)
    sold = sold_as(parts, prices="reported", admission="gst", addons="vat")
    (found,) = refund_lines(sold, [Returned(1150, 0)])
    assert {(line.amount, line.tax) for line in found} == {(-550, -50), (-600, -100)}


def test_f50_what_goes_back_of_a_card_is_its_price_before_its_fee():
    """
    A card of 50.00 with 2.20 of fees, 0.20 of it tax: 50.00 is all of the card, and the
    2.20 that go back later are all of the fee.
    """
    sold = sold_as(
        SaleParts(buyer_fee=220, voucher_sold=5000),
        buyer_fee="gst",
        voucher="redeemed",
        prices="inside",
    )
    card, fee, half = ([Returned(it)] for it in (5000, 220, 2500))
    assert [
        [(line.kinds, line.amount, line.tax) for line in found]
        for found in refund_lines(sold, [*card, *fee])
    ] == [
        [(("voucher_sold",), -5000, None)],
        [(("buyer_fee",), -220, -20)],
    ]
    ((line,),) = refund_lines(sold, half)
    assert (line.kinds, line.amount) == (("voucher_sold",), -2500)
