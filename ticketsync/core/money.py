"""
Money: integer minor units of an ISO 4217 currency, never a float.

The exponent (how many minor digits) comes from `EXPONENTS` and from nowhere else;
it is 0 for the yen and 3 for the dinar, so no other module may multiply by a
hundred. Source: ISO 4217 list one. (Locale data such as CLDR rounds several
currencies for display and must not be used for amounts.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

_TWO_DIGITS = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP
BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR
FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW
KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN
NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD
SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU
UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ZWL
"""
_NO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DIGITS = "CLF UYW"

EXPONENTS: Final[dict[str, int]] = {
    code: digits
    for digits, codes in enumerate(
        (_NO_DIGITS, "", _TWO_DIGITS, _THREE_DIGITS, _FOUR_DIGITS)
    )
    for code in codes.split()
}

_DECIMAL_TEXT = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})")


class MoneyError(ValueError):
    """
    An invalid amount or currency.
    """


class UnknownCurrency(MoneyError):
    """
    A currency that ISO 4217 does not list: how many digits has it?
    """

    def __init__(self, currency: str) -> None:
        super().__init__(f"{currency!r} is not an ISO 4217 currency")
        self.currency = currency


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """
    An exact amount: `minor` units (cents, yen, fils) of `currency`.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise MoneyError(f"{self.minor!r} is not a whole number of minor units")
        if self.currency not in EXPONENTS:
            exponent(self.currency)  # raises

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        return f"{self.grouped} {self.currency}"

    @property
    def text(self) -> str:
        """
        The amount in major units, without the currency: `-1234.50`.
        """
        return decimal_text(self.minor, self.currency)

    @property
    def grouped(self) -> str:
        """
        The same for people, its thousands separated: `-1,234.50`.
        """
        return grouped_text(self.minor, self.currency)

    def _same(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise MoneyError(f"{self.currency} and {other.currency} cannot be added")
        return other


def sum_by_currency(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """
    The sums of these amounts: one for each currency, in the order of their codes.
    """
    sums: dict[str, Money] = {}
    for amount in amounts:
        held = sums.get(amount.currency)
        sums[amount.currency] = amount if held is None else held + amount
    return tuple(sums[currency] for currency in sorted(sums))


def exponent(currency: str) -> int:
    """
    The number of minor digits of a currency.

    Raises: `UnknownCurrency` if ISO 4217 does not list it.
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def decimal_text(minor: int, currency: str) -> str:
    """
    The amount in major units as plain text: `-1234.50`, `980`, `0.005`.
    """
    digits = exponent(currency)
    if not digits:
        return str(minor)
    sign = "-" if minor < 0 else ""
    whole, part = divmod(abs(minor), 10**digits)
    return f"{sign}{whole}.{part:0{digits}d}"


def text_with_currency(minor: int, currency: str) -> str:
    """
    The same with its currency: `-1234.50 EUR`.
    """
    return f"{decimal_text(minor, currency)} {currency}"


def grouped_text(minor: int, currency: str) -> str:
    """
    The amount in major units for people, its thousands separated: `-1,234.50`.
    """
    whole, point, fraction = decimal_text(abs(minor), currency).partition(".")
    return f"{'-' if minor < 0 else ''}{int(whole):,}{point}{fraction}"


def from_decimal_text(text: str, currency: str) -> int:
    """
    Minor units of an amount written in major units.

    Raises: `MoneyError` for anything else, and for more digits than the currency has.
    What Python reads beside it (`1_0`, `1e1`) nobody writes on purpose.
    """
    if not _DECIMAL_TEXT.fullmatch(text):
        raise MoneyError(f"{text!r} is not an amount")
    amount = Decimal(text)
    if abs(amount) >= Decimal(10) ** 15:
        raise MoneyError(f"{text!r} is not an amount")
    minor = amount.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise MoneyError(f"{text!r} has more digits than {currency} allows")
    return int(minor)


def rescale(value: int, multiplier: int, currency: str) -> int:
    """
    Minor units of `value / multiplier` major units. Some platforms send their own
    multiplier with each amount; it is not always the ISO one.

    Raises: `MoneyError` where the result is not a whole number.
    """
    scale: int = 10 ** exponent(currency)
    minor, rest = divmod(value * scale, multiplier)
    if rest:
        raise MoneyError(
            f"{value}/{multiplier} {currency} is not a whole number of minor units"
        )
    return minor


def split(total: int, weights: Sequence[int]) -> list[int]:
    """
    Divide an amount by weights without losing anything (largest remainder).

    The parts add up to `total`, each within one minor unit of its exact share;
    ties go to the earlier part, so the same input always gives the same parts.
    Weights are not negative; if all are zero the parts are equal. A negative
    total is divided like the positive one.

    Raises: `MoneyError` without any weight.
    """
    if not weights:
        raise MoneyError("there is nothing to divide the amount among")
    if len(weights) == 1:
        return [total]
    if not total:
        return [0] * len(weights)
    if total < 0:
        return [-part for part in split(-total, weights)]
    whole = sum(weights)
    if not whole:
        return split_evenly(total, len(weights))
    parts = [total * weight // whole for weight in weights]
    missing = total - sum(parts)
    if missing:
        remainders = [total * weight % whole for weight in weights]
        by_remainder = sorted(range(len(parts)), key=lambda i: -remainders[i])
        for index in by_remainder[:missing]:
            parts[index] += 1
    return parts


def split_evenly(total: int, parts: int) -> list[int]:
    """
    Divide an amount into equal parts; the first ones get the remainder.

    Raises: `MoneyError` for less than one part.
    """
    if parts < 1:
        raise MoneyError("there is nothing to divide the amount among")
    if total < 0:
        return [-part for part in split_evenly(-total, parts)]
    each, rest = divmod(total, parts)
    return [each + 1] * rest + [each] * (parts - rest)


def tax_inside(amount: int, rate_ppm: int) -> int:
    """
    The tax inside an amount: amount × rate ÷ (1 + rate), in minor units, rounded half
    away from zero. The rate is in parts per million.
    """
    return _half_away(amount * rate_ppm, _PARTS + rate_ppm)


def tax_on_top(amount: int, rate_ppm: int) -> int:
    """
    The tax to be added to an amount: amount × rate, in minor units, rounded half away
    from zero. The rate is in parts per million.
    """
    return _half_away(amount * rate_ppm, _PARTS)


_PARTS = 1_000_000


def _half_away(numerator: int, denominator: int) -> int:
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -rounded if numerator < 0 else rounded


def converted(minor: int, base: str, quote: str, rate: Fraction) -> int:
    """
    An amount of one currency in another, in minor units, rounded half away from zero.
    One major unit of `base` is worth `rate` of `quote`.

    Raises: `MoneyError` for a currency that ISO 4217 does not list.
    """
    scale = Fraction(10) ** (exponent(quote) - exponent(base))
    exact = minor * rate * scale
    return _half_away(exact.numerator, exact.denominator)


def share_of(amount: int, part: int, whole: int) -> int:
    """
    The part of an amount that `part` is of `whole`, rounded half away from zero; all of
    it where they are the same.

    Raises: `MoneyError` where there is no whole.
    """
    if not whole:
        raise MoneyError("there is nothing to take a part of")
    sign = -1 if whole < 0 else 1
    return _half_away(amount * part * sign, abs(whole))
