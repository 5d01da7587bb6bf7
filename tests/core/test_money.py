"""
Money never loses a cent, in no currency.
"""

from decimal import Decimal

import pytest
from babel.core import get_global
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketsync.core import money
from ticketsync.core.money import Money, MoneyError

CURRENCIES = sorted(money.EXPONENTS)
AMOUNTS = st.integers(-(10**14), 10**14)


@pytest.mark.parametrize(
    ("currency", "minor", "text"),
    [
        ("AUD", 123450, "1234.50"),
        ("AUD", -5, "-0.05"),
        ("JPY", 980, "980"),
        ("KRW", -7, "-7"),
        ("KWD", 18600, "18.600"),
        ("KWD", 5, "0.005"),
        ("CLF", 1, "0.0001"),
        ("CLP", 1000, "1000"),
    ],
)
def test_amounts_are_written_with_the_currencys_own_digits(currency, minor, text):
    assert money.decimal_text(minor, currency) == text
    assert money.from_decimal_text(text, currency) == minor


@pytest.mark.parametrize(
    ("currency", "minor", "text"),
    [
        ("AUD", 123456789, "1,234,567.89"),
        ("AUD", -105000, "-1,050.00"),
        ("AUD", -5, "-0.05"),
        ("JPY", 1450, "1,450"),
        ("KWD", 1234567, "1,234.567"),
    ],
)
def test_for_people_the_thousands_are_separated(currency, minor, text):
    assert money.grouped_text(minor, currency) == text
    assert str(Money(minor, currency)) == f"{text} {currency}"


@pytest.mark.parametrize("currency", CURRENCIES)
@settings(max_examples=10)
@given(minor=AMOUNTS)
def test_every_currency_reads_back_what_it_wrote(currency, minor):
    text = money.decimal_text(minor, currency)
    assert money.from_decimal_text(text, currency) == minor
    assert Decimal(text).scaleb(money.EXPONENTS[currency]) == minor


def test_the_currency_table_knows_all_money_of_all_countries():
    """
    Babel's list of which country pays with what is independent of ours.
    """
    tender = {
        code
        for history in get_global("territory_currencies").values()
        for code, _, ended, is_tender in history
        if ended is None and is_tender
    }
    assert len(tender) > 150
    assert tender - set(CURRENCIES) == set()


@pytest.mark.parametrize("code", ["ISK", "UGX", "HUF", "TWD", "MGA", "IQD"])
def test_exponents_follow_iso_not_display_habits(code):
    by_hand = {"ISK": 0, "UGX": 0, "HUF": 2, "TWD": 2, "MGA": 2, "IQD": 3}
    assert money.exponent(code) == by_hand[code]


def test_no_other_module_multiplies_by_a_hundred():
    """
    F37: the number of minor digits is known in one place only.
    """
    import re
    from pathlib import Path

    import ticketsync

    folder = Path(ticketsync.__file__).parent
    guilty = [
        f"{file.relative_to(folder)}: {line.strip()}"
        for file in folder.rglob("*.py")
        for line in file.read_text().splitlines()
        if re.search(r"[*/]\s*100\b(?!\s*(<|\*))", line)
        and "sandbox" not in file.parts
        and "percent" not in line
    ]
    assert guilty == []


@pytest.mark.parametrize("text", ["1.005", "abc", "NaN", "Infinity", "1e400", ""])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(MoneyError):
        money.from_decimal_text(text, "AUD")


def test_two_currencies_never_meet():
    with pytest.raises(MoneyError):
        Money(1, "AUD") + Money(1, "NZD")


@pytest.mark.parametrize("minor", [1.0, True, "1", None])
def test_only_whole_minor_units_are_money(minor):
    with pytest.raises(MoneyError):
        Money(minor, "AUD")


def test_unknown_currencies_are_refused():
    with pytest.raises(MoneyError, match="XYZ"):
        Money(1, "XYZ")


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (5, [0, 0], [3, 2]),
        (10, [3, 0, 7], [3, 0, 7]),
        (1, [1, 2], [0, 1]),
        (0, [5, 5], [0, 0]),
        (99, [7], [99]),
    ],
)
def test_f42_splitting_goes_by_largest_remainder(total, weights, parts):
    assert money.split(total, weights) == parts


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_f42_splitting_loses_nothing_and_is_fair(total, weights):
    parts = money.split(total, weights)

    assert sum(parts) == total
    whole = sum(weights) or len(weights)
    for part, weight in zip(parts, weights, strict=True):
        share = total * (weight if sum(weights) else 1)
        assert abs(part * whole - share) < whole


@given(st.integers(0, 10**9), st.sampled_from(["AUD", "JPY", "KWD"]))
def test_a_platforms_own_multiplier_is_exact_or_refused(value, currency):
    digits = money.exponent(currency)
    multiplier = 100
    exact = value * 10**digits % multiplier == 0
    if exact:
        assert money.rescale(value, multiplier, currency) * multiplier == (
            value * 10**digits
        )
    else:
        with pytest.raises(MoneyError):
            money.rescale(value, multiplier, currency)
