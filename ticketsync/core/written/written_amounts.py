"""
Amounts as people and programs write them: `1,234.50`, `$12`, `(12.00)`, `37,50 €`.

Nothing is guessed and nothing is stripped. Which sign is the decimal sign is decided by
a whole column or by a person, never by the single cell; a currency that is written must
be the expected one; digits are grouped in threes, all by one sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ticketsync.core import money

DecimalSign = Literal["", ".", ","]
DECIMAL_SIGNS: tuple[Literal["."], Literal[","]] = (".", ",")

_MINUS = r"\-−–—‐‑﹣－"
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009\u2007\t", " "))
_SHORT = "rs|s?fr|kr|rp|ft|lei"  # may end in a full stop
_CURRENCY = r"[^\W\d_]{0,4}[$€£¥₹₩₪₫₱₽₺฿₴₦]|[^\W\d_]{1,4}"
_NUMBER = r"\d(?:[\d.,'’ ]*\d)?|[.,]\d+"
_AMOUNT = re.compile(
    rf"(?P<sign>[+{_MINUS}]?)\s*(?P<before>(?:{_SHORT})\.|{_CURRENCY}|)\s*"
    rf"(?P<inner>[+{_MINUS}]?)\s*(?P<number>{_NUMBER})\s*"
    rf"(?P<after>(?:{_SHORT})\.|(?!cr|dr)(?:{_CURRENCY})|)\s*(?P<credit>cr|dr|)"
    rf"(?P<behind>[+{_MINUS}]?)",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?P<sign>[.,'’ ])\d{3})(?:(?P=sign)\d{3})*")

_DOLLARS = """
AUD CAD NZD USD SGD HKD FJD TWD MXN ARS CLP COP BBD BSD BMD BND BZD JMD KYD LRD NAD SBD
SRD TTD XCD GYD TOP WST UYU
"""
_SYMBOLS: dict[str, frozenset[str]] = {
    symbol: frozenset(codes.split())
    for symbol, codes in {
        "$": _DOLLARS,
        "a$": "AUD",
        "au$": "AUD",
        "nz$": "NZD",
        "us$": "USD",
        "c$": "CAD",
        "ca$": "CAD",
        "can$": "CAD",
        "s$": "SGD",
        "hk$": "HKD",
        "nt$": "TWD",
        "mx$": "MXN",
        "r$": "BRL",
        "€": "EUR",
        "£": "GBP EGP GIP FKP SHP LBP SYP SDG",
        "¥": "JPY CNY",
        "₹": "INR",
        "rs": "INR PKR LKR NPR MUR SCR",
        "₩": "KRW KPW",
        "₪": "ILS",
        "₫": "VND",
        "₱": "PHP",
        "₽": "RUB",
        "₺": "TRY",
        "฿": "THB",
        "₴": "UAH",
        "₦": "NGN",
        "kr": "SEK NOK DKK ISK",
        "kč": "CZK",
        "zł": "PLN",
        "ft": "HUF",
        "fr": "CHF XAF XOF XPF",
        "sfr": "CHF",
        "lei": "RON MDL",
        "r": "ZAR",
        "rm": "MYR",
        "rp": "IDR",
    }.items()
}
_NOISE = Decimal("1e-9")


class WrittenAmountError(ValueError):
    """
    A text that is not one amount in the expected currency; `reason` is the rest of a
    sentence that begins with the text: `not an amount`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Written:
    """
    The parts of a text: its digits with their signs, whether it is below zero, and the
    names of currencies beside it.
    """

    number: str
    is_negative: bool
    currencies: tuple[str, ...]


def minor_units(text: str, currency: str, decimal: DecimalSign) -> int:
    """
    An amount as minor units of `currency`; `decimal` is what its column decided, `""`
    if nothing did: then it is read only where that makes no difference.

    CR behind an amount means below zero, as on an invoice; DR does not.

    Raises: `WrittenAmountError` for anything else.
    """
    written = _split(text)
    _refuse_other_currency(written, currency)
    readings = {
        sign: _in_minor_units(value, currency)
        for sign in DECIMAL_SIGNS
        if decimal in ("", sign)
        if (value := _value(written.number, sign)) is not None
    }
    if not readings:
        raise WrittenAmountError("not an amount")
    values = {value for value in readings.values() if value is not None}
    if not values:
        raise WrittenAmountError(f"not an amount in {currency}")
    if len(readings) == 2 and (len(values) == 2 or None in readings.values()):
        raise WrittenAmountError(
            "which could be read with a decimal point or with a decimal comma"
        )
    minor = values.pop()
    return -minor if written.is_negative else minor


def may_be_group(text: str, currency: str, decimal: DecimalSign) -> bool:
    """
    Whether what stands behind the decimal sign of a column may be a group of thousands
    there all the same: `1,250` beside `37,50`, where the currency has two decimals.
    """
    if not decimal or money.exponent(currency) >= 3:
        return False
    try:
        number = _split(text).number
    except WrittenAmountError:
        return False
    return (
        re.fullmatch(rf"[1-9]\d{{0,2}}{re.escape(decimal)}\d{{3}}", number) is not None
    )


def decimal_sign(texts: Iterable[str]) -> DecimalSign | None:
    """
    The decimal sign of a column: that of the texts that can be read in one way only.
    `""` where none of them needs one or could show it, `None` where they contradict
    each other.
    """
    found = {sign for text in texts if (sign := _shown_sign(text))}
    if len(found) == 2:
        return None
    return found.pop() if found else ""


def from_number(text: str, currency: str) -> int:
    """
    The amount in a number cell of a workbook, in minor units. The error of a binary
    float, up to one in 10⁹, is rounded.

    Raises: `WrittenAmountError` where more than that would be lost.
    """
    try:
        exact = Decimal(text).scaleb(money.exponent(currency))
        nearest = exact.to_integral_value()
    except ArithmeticError:
        raise WrittenAmountError("not an amount") from None
    if not exact.is_finite() or abs(exact) >= Decimal(10) ** 15:
        raise WrittenAmountError("not an amount")
    if abs(exact - nearest) > _NOISE * max(abs(exact), Decimal(1)):
        raise WrittenAmountError(f"not an amount in {currency}")
    return int(nearest)


def is_below_zero(text: str) -> bool:
    """
    Whether a text is an amount below zero, in whatever currency.
    """
    try:
        return _split(text).is_negative
    except WrittenAmountError:
        return False


def is_amount(text: str) -> bool:
    """
    Whether a text is an amount, in whatever currency; a code such as XMAS-26 is none.
    """
    try:
        return all(map(is_currency, _split(text).currencies))
    except WrittenAmountError:
        return False


def is_zero(text: str) -> bool:
    """
    Whether a text is an amount of 0, in whatever currency.
    """
    try:
        return not _split(text).number.strip("0.,")
    except WrittenAmountError:
        return False


def _split(text: str) -> _Written:
    """
    Raises `WrittenAmountError` for a text that has not the parts of an amount.
    """
    plain = text.translate(_SPACES).strip()
    is_negative = False
    if plain.startswith("(") and plain.endswith(")"):
        is_negative, plain = True, plain[1:-1].strip()
    match = _AMOUNT.fullmatch(plain)
    if match is None:
        raise WrittenAmountError("not an amount")
    signs = [match[name] for name in ("sign", "inner", "behind") if match[name]]
    if len(signs) > 1 or (signs and is_negative):
        raise WrittenAmountError("not an amount")
    before, after = (
        match[name].casefold().removesuffix(".") for name in ("before", "after")
    )
    credit = match["credit"].casefold()
    if credit:
        if signs or is_negative:
            raise WrittenAmountError("not an amount")
        is_negative = credit == "cr"
    currencies = tuple(word for word in (before, after) if word)
    return _Written(
        match["number"], is_negative or (bool(signs) and signs[0] != "+"), currencies
    )


def is_currency(word: str) -> bool:
    """
    Whether a text is the sign or the code of a currency.
    """
    return _currencies(word.casefold()) is not None


def is_other_currency(word: str, currency: str) -> bool:
    """
    Whether a sign or a code of a currency is not that of this one.
    """
    known = _currencies(word.casefold())
    return known is not None and currency not in known


def _currencies(word: str) -> frozenset[str] | None:
    code = word.upper()
    return frozenset({code}) if code in money.EXPONENTS else _SYMBOLS.get(word)


def _refuse_other_currency(written: _Written, currency: str) -> None:
    for word in written.currencies:
        known = _currencies(word)
        if known is None:
            raise WrittenAmountError("not an amount")
        if currency not in known:
            raise WrittenAmountError(f"an amount in another currency than {currency}")


def _value(number: str, decimal: str) -> Decimal | None:
    """
    The number under that decimal sign; `None` where it cannot be read so.
    """
    whole, sign, part = number.partition(decimal)
    if sign and not (part.isascii() and part.isdigit()):
        return None
    if whole and not (whole.isascii() and whole.isdigit()):
        match = _GROUPED.fullmatch(whole)
        if match is None or match["sign"] == decimal:
            return None
        whole = re.sub(r"\D", "", whole)
    return Decimal(f"{whole or '0'}.{part or '0'}") if len(number) < 30 else None


def _in_minor_units(value: Decimal, currency: str) -> int | None:
    minor = value.scaleb(money.exponent(currency))
    is_amount = minor == minor.to_integral_value() and minor < Decimal(10) ** 15
    return int(minor) if is_amount else None


def _shown_sign(text: str) -> DecimalSign:
    """
    The decimal sign that a text shows beyond doubt: `37,50`, `1.234,5`, `1,234,567`.
    `1,234` shows none: it may be grouped, or have a third digit that was computed.
    """
    try:
        number = _split(text).number
    except WrittenAmountError:
        return ""
    possible = [sign for sign in DECIMAL_SIGNS if _value(number, sign) is not None]
    has_sign = "." in number or "," in number
    return possible[0] if has_sign and len(possible) == 1 else ""
