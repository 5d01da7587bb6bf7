"""
Numbers that Python would read and nobody writes, and those that people do.
"""

import pytest

from ticketsync.core import money
from ticketsync.core.written.written_numbers import whole_number


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        *(("2", "", 2), ("+2", "", 2), ("-2", "", -2), ("−2", "", -2), ("(2)", "", -2)),
        *(("2.0", "", 2), ("2,0", "", 2), ("2.00", ".", 2), ("2,0", ",", 2)),
        *((" 12 ", "", 12), ("0", "", 0), ("-0", "", 0), ("007", "", 7)),
    ],
)
def test_a_whole_number(text, decimal, number):
    assert whole_number(text, decimal) == number


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        *(("1_0", ""), ("1e1", ""), ("1E1", ""), ("２", ""), ("²", ""), ("", "")),
        *(("1.000", ""), ("1.000", "."), ("1,000", ""), ("1,000", ","), ("1.5", "")),
        *(("2.0", ","), ("2,0", "."), ("2x", ""), ("1+1", ""), ("(-2)", "")),
        *(("inf", ""), ("NaN", ""), ("0x10", ""), ("2.", ""), ("1 000", "")),
    ],
)
def test_no_whole_number(text, decimal):
    with pytest.raises(ValueError, match=r"^$"):
        whole_number(text, decimal)


@pytest.mark.parametrize("text", ["1_0", "1e1", "１", "inf", "NaN", "", "."])
def test_an_amount_in_plain_text_has_digits_alone(text):
    with pytest.raises(money.MoneyError, match="is not an amount"):
        money.from_decimal_text(text, "AUD")
