"""
Rules and the parts of an order make tax lines. Amounts are worked out by hand; the
table of all treatments, with a source for each row, is `data/tax_table.csv`.
"""

import csv
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketsync.core import money
from ticketsync.core.settings.tax_rules import (
    ANSWERS,
    KINDS,
    TREATMENTS,
    RateSpan,
    TaxCode,
    TaxRule,
    TaxRules,
)
from ticketsync.financials import fee_taxes, taxing
from ticketsync.financials.fee_taxes import KeptFees
from ticketsync.financials.refund_taxes import Returned, refund_lines
from ticketsync.financials.tax_returns import fill_boxes
from ticketsync.financials.tax_worksheet import (
    FEE,
    REFUND,
    SALE,
    OrderLine,
    divisor_words,
    make_worksheet,
)
from ticketsync.financials.taxing import SaleParts

DAY = date(2026, 10, 2)
CODES = {
    "gst": TaxCode("gst", (RateSpan(100_000),)),
    "vat": TaxCode("vat", (RateSpan(200_000),)),
    "qst": TaxCode("qst", (RateSpan(99_750),)),
}
with (Path(__file__).parent / "data" / "tax_table.csv").open(encoding="utf-8") as file:
    TABLE = list(csv.DictReader(file))
COLUMNS = dict(zip(KINDS, ("face", "buyer_fee", "addons", "donation"), strict=True))


def rules(**answers):
    return TaxRules(CODES, (TaxRule(answers),))


def lines(parts, **answers):
    found = taxing.tax_lines(parts, rules(**answers), "tt", DAY, charged=parts.charged)
    assert sum(line.amount for line in found) == parts.charged
    return {(line.state, line.kinds): (line.amount, line.tax) for line in found}


def words_of(parts, **answers):
    found = taxing.tax_lines(parts, rules(**answers), "tt", DAY, charged=parts.charged)
    return [line.words for line in found if line.state == taxing.OPEN]


def test_the_table_has_every_kind_treatment_and_kind_of_price_with_its_source():
    assert len(TABLE) == 72
    assert len({(r["kind"], r["answer"], r["prices"]) for r in TABLE}) == 72
    assert all(row["source"] for row in TABLE)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["row"])
def test_f52_each_row_of_the_table_by_hand(row):
    reported = int(row["reported"]) if row["reported"] else None
    parts = SaleParts(
        **{COLUMNS[row["kind"]]: int(row["amount"])},
        tax_added=int(row["added"]),
        tax=reported,
    )
    answers = {row["kind"]: row["answer"], "prices": row["prices"]}
    tax = int(row["tax"]) if row["tax"] else None
    expected = {(row["state"], (row["kind"],)): (int(row["with_tax"]), tax)}
    assert lines(parts, **answers) == expected


def test_tax_is_rounded_once_for_an_order_and_code():
    """
    0.15 and 0.15 at 10 %: 30 / 11 is 2.7, so 3; each alone would be 1.36, together 2.
    """
    parts = SaleParts(face=15, buyer_fee=15)
    found = lines(parts, admission="gst", buyer_fee="gst", prices="inside")
    assert found == {("taxed", ("admission", "buyer_fee")): (30, 3)}


def test_uk_exempt_admission_with_a_taxable_bar():
    """
    An eligible body: 20.00 of admission exempt, 6.00 at the bar with 1.00 of VAT.
    """
    found = lines(
        SaleParts(face=2000, addons=600),
        admission="exempt",
        addons="vat",
        prices="inside",
    )
    assert found == {
        ("exempt", ("admission",)): (2000, None),
        ("taxed", ("addons",)): (600, 100),
    }


def test_tax_that_a_platform_remits_is_in_no_return_of_the_venue():
    """
    United States: 8.875 % of 40.00 is 3.55, which the marketplace collects and remits.
    """
    parts = SaleParts(face=4000, tax_added=355, tax=355, tax_remitted=355)
    answers = {"admission": "vat", "prices": "on_top"}
    found = lines(parts, **answers, remits="yes")
    assert found == {("remitted", ("admission",)): (4355, 355)}
    # The control: without that answer nothing is summed, and it says why.
    assert {state for state, _ in lines(parts, **answers)} == {"open"}
    assert words_of(parts, **answers)[0].startswith("the platform remitted tax")


def test_what_others_supply_is_no_sale_of_the_venue():
    """
    Humanitix: the booking fee is its own sale. A hire: the promoter's admission.
    """
    parts = SaleParts(face=5900, buyer_fee=240)
    answers = {"admission": "gst", "buyer_fee": "gst", "prices": "inside"}
    assert lines(parts, **answers, buyer_fee_is_sold_by="platform") == {
        ("taxed", ("admission",)): (5900, 536),
        ("outside", ("buyer_fee",)): (240, None),
    }
    assert lines(parts, **answers, admission_is_sold_by="promoter") == {
        ("outside", ("admission",)): (5900, None),
        ("taxed", ("buyer_fee",)): (240, 22),
    }


def test_tax_is_inside_all_that_was_charged_where_the_rule_says_so():
    """
    20.00, 1.00 of fees and 1.00 of tax that was added: 22.00 / 11 is 2.00.
    """
    parts = SaleParts(face=2000, buyer_fee=100, tax_added=100)
    answers = {"admission": "gst", "buyer_fee": "gst", "prices": "charged"}
    assert lines(parts, **answers) == {
        ("taxed", ("admission", "buyer_fee")): (2200, 200)
    }


def test_f50_a_voucher_is_taxed_once():
    """
    20.00, of which a voucher paid 15.00: redeemed 20.00 / 11 = 1.82, else 0.45 of 5.00.
    """
    parts = SaleParts(face=2000, voucher=1500)
    answers = {"admission": "gst", "prices": "inside"}
    assert lines(parts, **answers, voucher="redeemed") == {
        ("taxed", ("admission",)): (2000, 182),
        ("outside", ("voucher",)): (-1500, None),
    }
    assert lines(parts, **answers, voucher="sold") == {
        ("taxed", ("admission",)): (500, 45),
        ("outside", ("voucher_paid",)): (1500, None),
        ("outside", ("voucher",)): (-1364, None),  # without the 1.36 of tax
        ("outside", ("voucher_tax",)): (-136, None),
    }
    assert lines(parts, **{**answers, "admission": "free"}, voucher="sold") == {
        ("free", ("admission",)): (500, None),
        ("outside", ("voucher_paid",)): (1500, None),
        ("outside", ("voucher",)): (-1500, None),
    }
    donated = SaleParts(donation=2000, voucher=1500)
    assert lines(donated, **answers, donation="out_of_scope", voucher="sold") == {
        ("outside", ("donation",)): (2000, None),
        ("outside", ("voucher",)): (-1364, None),
        ("outside", ("voucher_tax",)): (-136, None),
    }
    assert words_of(parts, **answers) == ["no rule for vouchers: sold or redeemed"]


def test_f50_a_card_that_another_card_paid_is_not_taxed_again():
    """
    Tickets of 22.00 and a card of 50.00, of which another card paid 33.00, taxed when
    it was sold: of the new one 39.00 are taxed, 39.00 / 11 = 3.55, and no ticket. The
    22.00 that it paid of tickets had 2.00 of tax in them.
    """
    parts = SaleParts(face=2200, voucher=3300, voucher_sold=5000)
    answers = {"admission": "gst", "prices": "inside"}
    assert lines(parts, **answers, voucher="sold") == {
        ("taxed", ("voucher_sold",)): (3900, 355),
        ("outside", ("voucher_paid",)): (2200, None),
        ("outside", ("voucher",)): (-2000, None),
        ("outside", ("voucher_tax",)): (-200, None),
    }
    alone = SaleParts(voucher=3000, voucher_sold=5000)  # 20.00 / 11
    assert lines(alone, **answers, voucher="sold") == {
        ("taxed", ("voucher_sold",)): (2000, 182),
    }
    assert lines(parts, **answers, voucher="redeemed") == {
        ("taxed", ("admission",)): (2200, 200),
        ("outside", ("voucher",)): (-3300, None),
        ("outside", ("voucher_sold",)): (5000, None),
    }


@pytest.mark.parametrize(
    ("parts", "answers", "words"),
    [
        (SaleParts(face=1000), {"prices": "inside"}, "no rule for admission"),
        (SaleParts(face=1000), {"admission": "gst"}, "no rule for prices"),
        (
            SaleParts(face=1000, donation=500),
            {"admission": "gst", "prices": "inside"},
            "no rule for donations",
        ),
        (
            SaleParts(face=1000, unexplained=7),
            {"admission": "gst", "prices": "inside"},
            "the platform's numbers do not add up",
        ),
        (
            SaleParts(face=1000, tax_added=100),
            {"admission": "gst", "prices": "inside"},
            "tax on top, and the rule says that prices include it",
        ),
        (
            SaleParts(face=1000, tax_added=100),
            {"admission": "free"},
            "tax on top of what is not taxed",
        ),
        (
            SaleParts(face=1000),
            {"admission": "gst", "prices": "reported"},
            "the platform does not report the tax",
        ),
    ],
)
def test_nothing_is_guessed(parts, answers, words):
    assert words_of(parts, **answers) == [words]


def test_without_a_rule_nothing_of_an_order_is_summed():
    parts = SaleParts(face=1000, addons=200)
    found = taxing.tax_lines(parts, TaxRules(), "tt", DAY, charged=1200)
    assert [(line.state, line.words, line.amount) for line in found] == [
        ("open", "no rule", 1200)
    ]


def test_parts_that_are_not_known_are_not_taxed():
    found = taxing.tax_lines(
        None, rules(admission="gst", prices="inside"), "tt", DAY, charged=1200
    )
    (line,) = found
    assert (line.state, line.amount) == ("open", 1200)
    assert "sync replay" in line.words


def test_before_the_registration_nothing_is_taxed():
    (line,) = taxing.tax_lines(
        SaleParts(face=1000),
        rules(admission="gst", prices="inside"),
        "tt",
        date(2024, 6, 30),
        charged=1000,
        registered_from=date(2024, 7, 1),
    )
    assert (line.state, line.amount, line.tax) == ("outside", 1000, None)


def test_a_rate_and_a_rule_hold_from_their_day_on():
    """
    The United Kingdom, 17.5 % until 3 January 2011: 47.00 has 7.00, then 7.83.
    """
    vat = TaxCode(
        "vat",
        (
            RateSpan(175_000, until=date(2011, 1, 3)),
            RateSpan(200_000, date(2011, 1, 4), date(2011, 12, 31)),
        ),
    )
    general = TaxRule({"admission": "vat", "prices": "inside"})
    own = TaxRule({"admission": "exempt"}, date(2011, 2, 1))
    both = TaxRules({"vat": vat}, (general,), {"hx": (own,)})

    def found_for(account, day):
        (line,) = taxing.tax_lines(
            SaleParts(face=4700), both, account, day, charged=4700
        )
        return line.state, line.tax

    assert found_for("tt", date(2011, 1, 3)) == ("taxed", 700)
    assert found_for("tt", date(2011, 1, 4)) == ("taxed", 783)
    assert found_for("hx", date(2011, 1, 31)) == ("taxed", 783)
    assert found_for("hx", date(2011, 2, 1)) == ("exempt", None)
    assert found_for("tt", date(2012, 1, 1)) == ("open", None)


@pytest.mark.parametrize(
    ("amount", "reported", "own", "answer", "expected"),
    [
        (1183, None, None, "gst", ("taxed", 108)),  # 107.5454
        (1115, None, None, "none", ("outside", None)),
        (1115, 101, None, "reported", ("taxed", 101)),
        (1115, None, None, "reported", ("open", None)),
        (1115, None, None, None, ("open", None)),
        (1100, None, 100_000, "none", ("taxed", 100)),
        (1100, None, 0, "gst", ("outside", None)),
        (None, None, None, "gst", ("open", None)),
    ],
)
def test_the_tax_in_fees(amount, reported, own, answer, expected):
    answers = {} if answer is None else {"fees": answer}
    kept = KeptFees(amount, reported, own)
    (line,) = fee_taxes.fee_lines(kept, rules(**answers), "tt", DAY)
    assert (line.state, line.tax) == expected
    nothing = KeptFees(0, reported, own)
    assert fee_taxes.fee_lines(nothing, rules(**answers), "tt", DAY) == []


@pytest.mark.parametrize(
    ("kept", "answer", "expected"),
    [
        # 2.00 of the buyer's, all of it the platform's own sale.
        (KeptFees(200, passed_on=200), "gst", [("outside", 200, None)]),
        # 3.10, of which the venue bears 1.10, with 0.10 in it.
        (
            KeptFees(310, passed_on=200),
            "gst",
            [("outside", 200, None), ("taxed", 110, 10)],
        ),
        # 0.28 reported for 3.10: 0.0994 for 1.10.
        (
            KeptFees(310, reported_tax=28, passed_on=200),
            "reported",
            [("outside", 200, None), ("taxed", 110, 10)],
        ),
        (
            KeptFees(310, own_rate_ppm=100_000, passed_on=200),
            "none",
            [("outside", 200, None), ("taxed", 110, 10)],
        ),
        # The buyer paid more than the platform kept.
        (KeptFees(150, passed_on=200), "gst", [("outside", 150, None)]),
        (
            KeptFees(310, passed_on=200),
            None,
            [("outside", 200, None), ("open", 110, None)],
        ),
    ],
)
def test_a_fee_that_the_platform_sells_to_the_buyer_is_no_purchase(
    kept, answer, expected
):
    answers = {} if answer is None else {"fees": answer}
    found = fee_taxes.fee_lines(kept, rules(**answers), "tt", DAY)
    assert [(line.state, line.amount, line.tax) for line in found] == expected


def test_before_the_registration_no_tax_is_reclaimed():
    """
    Sold the day before: what the sale is not taxed with is not claimed of its fees.
    """
    given = rules(fees="gst")
    begin = DAY + timedelta(days=1)
    for registered, tax in ((begin, None), (DAY, 10), (None, 10)):
        (line,) = fee_taxes.fee_lines(
            KeptFees(110), given, "tt", DAY, registered_from=registered
        )
        assert line.tax == tax


PARTS = st.builds(
    SaleParts,
    face=st.integers(0, 10**6),
    buyer_fee=st.integers(0, 10**4),
    addons=st.integers(0, 10**4),
    donation=st.integers(0, 10**4),
    voucher=st.integers(0, 10**4),
    tax_added=st.integers(0, 10**4),
    unexplained=st.integers(-100, 100),
    tax=st.none() | st.integers(0, 10**4),
    tax_remitted=st.integers(0, 3) | st.integers(0, 10**4),
)
MOVEMENT = st.tuples(
    st.integers(-(10**5), 10**6), st.none() | st.integers(-(10**4), 10**4)
)
ANY_RULE = st.fixed_dictionaries(
    {},
    optional={
        **{kind: st.sampled_from((*CODES, *TREATMENTS)) for kind in KINDS},
        **{question: st.sampled_from(words) for question, words in ANSWERS.items()},
    },
)


def test_f50_what_a_voucher_paid_is_apart_where_no_rule_holds():
    """
    20.00, of which a voucher paid 15.00, and a card of 50.00 was sold beside it.
    """
    parts = SaleParts(face=2000, voucher=1500, voucher_sold=5000)
    begin = DAY + timedelta(days=1)
    for state, rule_set, registered in (
        ("open", TaxRules(CODES), None),
        ("outside", rules(voucher="sold"), begin),
    ):
        found = taxing.tax_lines(
            *(parts, rule_set, "tt", DAY),
            charged=parts.charged,
            registered_from=registered,
        )
        assert {(line.state, line.kinds): line.amount for line in found} == {
            (state, ("admission",)): 2000,
            (state, ("voucher_sold",)): 5000,
            (state, ("voucher",)): -1500,
        }


@given(PARTS, ANY_RULE)
def test_the_lines_of_an_order_add_up_to_what_it_charged(parts, answers):
    found = taxing.tax_lines(parts, rules(**answers), "tt", DAY, charged=parts.charged)
    assert sum(line.amount for line in found) == (parts.charged if found else 0)
    assert found or not parts.charged
    for line in found:
        assert (line.tax is not None) == (line.state in ("taxed", "remitted"))


@given(PARTS, st.none() | ANY_RULE, st.lists(MOVEMENT, max_size=5), st.data())
def test_what_refunds_take_back_adds_up_to_them(parts, answers, movements, data):
    given = TaxRules(CODES) if answers is None else rules(**answers)
    sold = taxing.tax_lines(parts, given, "tt", DAY, charged=parts.charged)
    left, returned = parts.voucher, []
    for movement in movements:
        to_vouchers = data.draw(st.integers(0, left))
        left -= to_vouchers
        returned.append(Returned(*movement, to_vouchers))
    found = refund_lines(sold, returned)
    for (amount, _), of_movement in zip(movements, found, strict=True):
        assert sum(line.amount for line in of_movement) == -amount


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.data())
def test_f50_what_vouchers_got_back_in_parts_is_what_they_paid(price, money_, data):
    """
    Whatever the rule: after all of it has gone back, nothing is left of any line.
    """
    parts = SaleParts(face=price + money_, voucher=price)
    one = data.draw(st.integers(0, price))
    back = [Returned(0, None, one), Returned(money_, None, price - one)]
    for rule_set in (
        TaxRules(CODES),
        *(
            rules(admission=code, prices="inside", voucher=word)
            for code in ("gst", "free")
            for word in ("sold", "redeemed")
        ),
    ):
        sold = taxing.tax_lines(parts, rule_set, "tt", DAY, charged=parts.charged)
        rest = {line.kinds: [line.amount, line.tax or 0] for line in sold}
        for line in (line for of in refund_lines(sold, back) for line in of):
            rest[line.kinds][0] += line.amount
            rest[line.kinds][1] += line.tax or 0
        assert {kinds: left for kinds, left in rest.items() if any(left)} == {}


@given(st.integers(-(10**12), 10**12), st.integers(0, 10**6))
def test_tax_is_rounded_half_away_from_zero(amount, rate_ppm):
    """
    Held against exact fractions.
    """
    rate = Fraction(rate_ppm, 10**6)
    for found, exact in (
        (money.tax_inside(amount, rate_ppm), amount * rate / (1 + rate)),
        (money.tax_on_top(amount, rate_ppm), amount * rate),
    ):
        assert abs(found - exact) <= Fraction(1, 2)
        if abs(found - exact) == Fraction(1, 2):
            assert abs(found) > abs(exact)


@pytest.mark.parametrize(
    ("amount", "rate", "tax"),
    [(7630, 150_000, 1145), (114_139, 100_000, 11_414), (3425, 100_000, 343)],
)
def test_tax_on_top_as_published(amount, rate, tax):
    """
    1141.39 and 34.25 at 10 % are 114.14 and 3.43, together 117.57, as in Xero; half to
    even would be 117.56. 15 % of 76.30 is 11.445: 11.45.
    """
    assert money.tax_on_top(amount, rate) == tax
    assert money.tax_on_top(-amount, rate) == -tax


def item(flow, line, order="or_1", account="tt", currency="AUD"):
    return OrderLine(account, order, DAY, flow, currency, line)


def test_the_boxes_of_the_returns_by_hand():
    """
    Taxed 1100.55 with 100.05 less 11.00 with 1.00, free 50.00, exempt 20.00; fees 22.00
    with 2.00, and 5.50 without tax.
    """
    line = taxing.TaxLine
    sheet = make_worksheet(
        [
            item(
                SALE,
                line(
                    ("admission",), "taxed", "gst inside", 110055, 10005, "gst", 100_000
                ),
            ),
            item(SALE, line(("donation",), "free", "free", 5000)),
            item(SALE, line(("addons",), "exempt", "exempt", 2000)),
            item(SALE, line(("donation",), "outside", "out of scope", 900)),
            item(SALE, line(("admission",), "open", "no rule", 700)),
            item(
                REFUND,
                line(
                    ("admission",), "taxed", "gst inside", -1100, -100, "gst", 100_000
                ),
            ),
            item(
                FEE, line(("fees",), "taxed", "gst inside", 2200, 200, "gst", 100_000)
            ),
            item(FEE, line(("fees",), "outside", "no tax in them", 550)),
        ]
    )

    def boxes(layout):
        return {b.label: b.written("AUD") for b in fill_boxes(layout, sheet, "AUD")}

    assert boxes("bas") == {"G1": "1159", "G3": "50", "G4": "20", "1A": "99", "1B": "2"}
    assert boxes("uk-vat") == {
        "1": "99.05",
        "4": "2.00",
        "5": "97.05",
        "6": "1060",
        "7": "25",
    }
    assert boxes("nz-gst") == {
        "5": "1139.55",
        "6": "50.00",
        "7": "1089.55",
        "8": "99.05",
        "11": "22.00",
        "12": "2.00",
        "15": "97.05",
    }
    assert boxes("plain") == {}
    (total,) = sheet.totals
    # 108955 / 11 is 9905.0
    assert (total.amount, total.tax, total.from_total) == (108955, 9905, 9905)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (100_000, "÷ 11"),
        (150_000, "× 3 ÷ 23"),
        (200_000, "÷ 6"),
        (99_750, "× 9.975 ÷ (100 + 9.975)"),
    ],
)
def test_how_the_tax_of_a_total_is_found_by_hand(rate, words):
    assert divisor_words(rate) == words
