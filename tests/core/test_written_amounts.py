"""
Amounts as people write them: each text with the value that a person reads in it, or the
reason why nobody can say.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketsync.core import money
from ticketsync.core.written.written_amounts import (
    WrittenAmountError,
    decimal_sign,
    from_number,
    is_below_zero,
    is_zero,
    minor_units,
)


@pytest.mark.parametrize(
    ("text", "currency", "decimal", "minor"),
    [
        ("25", "AUD", "", 2500),
        ("25.5", "AUD", ".", 2550),
        (".50", "AUD", ".", 50),
        ("37,50", "EUR", ",", 3750),
        ("1.250,00", "EUR", ",", 125000),
        ("1.250", "EUR", ",", 125000),
        ("1,234,567.80", "AUD", ".", 123456780),
        ("1 234,50 €", "EUR", ",", 123450),
        ("1\u00a0234,50", "EUR", ",", 123450),
        ("1\u202f234,50", "EUR", ",", 123450),
        ("1'234.50", "CHF", ".", 123450),
        ("12.5000", "AUD", ".", 1250),
        ("1250.00", "JPY", ".", 1250),
        ("1.250", "KWD", ".", 1250),
        # signs
        ("-25.00", "AUD", ".", -2500),
        ("−25.00", "AUD", ".", -2500),
        ("–25.00", "AUD", ".", -2500),
        ("－25.00", "AUD", ".", -2500),
        ("25.00-", "AUD", ".", -2500),
        ("+25.00", "AUD", ".", 2500),
        ("(12.00)", "AUD", ".", -1200),
        ("($12.00)", "AUD", ".", -1200),
        ("-$5", "AUD", "", -500),
        ("$-5", "AUD", "", -500),
        ("$ 5 -", "AUD", "", -500),
        ("12.00CR", "AUD", ".", -1200),
        ("12.00 AUD CR", "AUD", ".", -1200),
        ("12.00 DR", "AUD", ".", 1200),
        # currencies
        ("$5", "AUD", "", 500),
        ("A$5", "AUD", "", 500),
        ("AUD 5", "AUD", "", 500),
        ("5 aud", "AUD", "", 500),
        ("$5 AUD", "AUD", "", 500),
        ("Rs. 500", "INR", "", 50000),
        ("Rs.500", "INR", "", 50000),
        ("₹1,500", "INR", ".", 150000),
        ("kr 80", "SEK", "", 8000),
        ("80 kr.", "SEK", "", 8000),
    ],
)
def test_an_amount_is_what_a_person_reads(text, currency, decimal, minor):
    assert minor_units(text, currency, decimal) == minor


@pytest.mark.parametrize(
    ("text", "decimal", "reason"),
    [
        ("", "", "not an amount"),
        ("Free", "", "not an amount"),
        ("-", "", "not an amount"),
        ("--5", "", "not an amount"),
        ("-(5)", "", "not an amount"),
        ("(5)-", "", "not an amount"),
        ("-5 CR", "", "not an amount"),
        ("(5) CR", "", "not an amount"),
        ("5.", ".", "not an amount"),
        ("1.2.3", ".", "not an amount"),
        ("1,2,3", ".", "not an amount"),
        ("12,34", ".", "not an amount"),
        ("1,50,000", ".", "not an amount"),
        ("1,234 567", ".", "not an amount"),
        ("0,500", ".", "not an amount"),
        ("1234,567.00", ".", "not an amount"),
        ("1E+3", ".", "not an amount"),
        ("0x10", ".", "not an amount"),
        ("NaN", ".", "not an amount"),
        ("٣", ".", "not an amount"),
        ("1 2", ".", "not an amount"),
        ("5 tickets", ".", "not an amount"),
        ("9" * 40, ".", "not an amount"),
        ("80.005", ".", "not an amount in AUD"),
        ("US$50.00", ".", "another currency than AUD"),
        ("€40.00", ".", "another currency than AUD"),
        ("25.00 NZD", ".", "another currency than AUD"),
        ("Rs. 500", ".", "another currency than AUD"),
        ("1.250", "", "decimal point or with a decimal comma"),
        ("1,234", "", "decimal point or with a decimal comma"),
    ],
)
def test_anything_else_is_refused_and_says_why(text, decimal, reason):
    with pytest.raises(WrittenAmountError) as caught:
        minor_units(text, "AUD", decimal)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("texts", "sign"),
    [
        (["37,50", "1.250,00", "1.250", "25"], ","),
        (["$37.50", "1,250"], "."),
        (["1,234,567"], "."),
        (["1 234,5"], ","),
        (["25", "1.250", "1,234", "Free"], ""),
        (["1.5", "1,5"], None),
        ([], ""),
    ],
)
def test_a_column_shows_its_decimal_sign(texts, sign):
    assert decimal_sign(texts) == sign


@pytest.mark.parametrize(
    ("text", "minor"),
    [("90.64999999999999", 9065), ("90.65", 9065), ("-4.5", -450), ("1e-12", 0)],
)
def test_the_noise_of_a_float_is_rounded(text, minor):
    assert from_number(text, "AUD") == minor


@pytest.mark.parametrize("text", ["12.345", "0.005", "90.650001", "inf", "nan", "1e20"])
def test_more_than_noise_is_refused(text):
    with pytest.raises(WrittenAmountError):
        from_number(text, "AUD")


CODES = st.sampled_from(sorted(money.EXPONENTS))


@given(CODES, st.integers(-(10**13), 10**13), st.sampled_from(".,"))
def test_what_we_write_is_read_again(currency, minor, decimal):
    text = money.decimal_text(minor, currency).replace(".", decimal)
    assert minor_units(text, currency, decimal) == minor


@given(st.text(max_size=20), CODES, st.sampled_from(["", ".", ","]))
def test_any_text_is_an_amount_or_refused(text, currency, decimal):
    try:
        minor = minor_units(text, currency, decimal)
    except WrittenAmountError:
        return
    assert isinstance(minor, int)
    assert any(sign.isdigit() for sign in text)


@pytest.mark.parametrize(
    ("text", "is_below", "is_nothing"),
    [
        *(("-37.50", True, False), ("(1,250)", True, False), ("$-1", True, False)),
        *(("12 CR", True, False), ("0.00", False, True), ("-0,00 kr.", True, True)),
        *(("AUD 0", False, True), ("0.10", False, False), ("1,000", False, False)),
        *(("", False, False), ("-", False, False), ("nothing", False, False)),
    ],
)
def test_an_amount_of_any_currency_is_below_zero_or_nothing(text, is_below, is_nothing):
    assert (is_below_zero(text), is_zero(text)) == (is_below, is_nothing)
