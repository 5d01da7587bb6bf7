"""
Amounts of one currency in another, at the rates of a central bank.

A bank publishes what its own currency is worth in others, or the other way around; any
two of these are compared through its own, with the rates of one day. Nothing is rounded
before the amount is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from ticketsync.core import errors, money

LONGEST_GAP = timedelta(days=7)  # Easter and New Year with a weekend at both ends


@dataclass(frozen=True, slots=True)
class Rate:
    """
    What one unit of `base` was worth in `quote` on a day, as the source wrote it.
    """

    source: str
    on_day: date
    base: str
    quote: str
    rate: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """
    What one unit of `base` is worth in `quote`, by the rates that a source published
    for a day; the exact `rate`. A currency in itself has no source and no day.
    """

    base: str
    quote: str
    rate: Fraction
    source: str = ""
    on_day: date | None = None

    @property
    def rate_text(self) -> str:
        """
        The rate with six digits after the point, for people.
        """
        digits = round(self.rate * 1_000_000)
        return f"{digits // 1_000_000}.{digits % 1_000_000:06d}"

    def convert(self, minor: int | None) -> int | None:
        """
        An amount of `base` in minor units, in those of `quote`; unknown stays unknown.
        """
        if minor is None or self.base == self.quote:
            return minor
        return money.converted(minor, self.base, self.quote, self.rate)


def conversions(
    currencies: Iterable[str],
    target: str,
    day: date,
    rates: Sequence[Rate],
    source: str = "",
) -> dict[str, Conversion]:
    """
    How to convert each of these currencies on a day: by the rates of one source, of the
    last day until then, at most a week before, on which it has all of them.

    Raises: `NotFound` where no source has them. Without a `source` the one with the
    latest day is taken, and of several the one whose own currency is `target`.
    """
    wanted = {*currencies} - {target}
    found = {target: Conversion(target, target, Fraction(1))}
    if not wanted:
        return found
    days: dict[tuple[date, str], dict[tuple[str, str], Fraction]] = {}
    for rate in rates:
        is_near = day - LONGEST_GAP <= rate.on_day <= day
        if is_near and source in ("", rate.source):
            of_day = days.setdefault((rate.on_day, rate.source), {})
            of_day[rate.base, rate.quote] = Fraction(Decimal(rate.rate))
    usable = [
        (on_day, _is_own(known, target), name, worth)
        for (on_day, name), known in days.items()
        if (worth := _worth(known, {*wanted, target}))
    ]
    if not usable:
        raise _no_rate(wanted, target, day, source)
    on_day, _, name, worth = max(usable, key=lambda it: it[:3])
    for currency in wanted:
        rate_ = worth[currency] / worth[target]
        found[currency] = Conversion(currency, target, rate_, name, on_day)
    return found


def _is_own(known: Iterable[tuple[str, str]], target: str) -> bool:
    return all(target in pair for pair in known)


def _worth(
    known: Mapping[tuple[str, str], Fraction], wanted: Iterable[str]
) -> dict[str, Fraction]:
    """
    What one unit of each wanted currency is worth in the source's own; empty where the
    source does not have one of them.
    """
    own = set.intersection(*({*pair} for pair in known))
    worth: dict[str, Fraction] = {}
    for pivot in own:
        worth[pivot] = Fraction(1)
        for (base, quote), rate in known.items():
            if base == pivot:
                worth[quote] = 1 / rate
            else:
                worth[base] = rate
        if all(currency in worth for currency in wanted):
            return worth
    return {}


def _no_rate(
    wanted: Iterable[str], target: str, day: date, source: str
) -> errors.NotFound:
    of_whom = f" of {source}" if source else ""
    return errors.NotFound(
        f"There is no exchange rate{of_whom} from {', '.join(sorted(wanted))} to "
        f"{target} for {day}, nor for the week before.",
        hint="Download the rates of a central bank and run `ticketsync rates import "
        "FILE`; see docs/currencies.md.",
        word="no-rate",
    )
