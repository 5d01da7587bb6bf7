"""
The venue's own statement of how its sales are taxed (`business` and `tax` in the
settings). Nothing here is guessed: a question without an answer stays open.

A rule belongs to an account and begins on a day. What an account's rule does not answer
is answered by the rule of the business that is in force on the same day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from ticketsync.core.written import written_rates

FREE: Final = "free"
EXEMPT: Final = "exempt"
OUT_OF_SCOPE: Final = "out_of_scope"
NO_TAX: Final = "none"
REPORTED: Final = "reported"
TREATMENTS: Final = (FREE, EXEMPT, OUT_OF_SCOPE)
# What is sold: the questions that are answered by a tax code or a treatment.
KINDS: Final = ("admission", "buyer_fee", "addons", "donation")
# The other questions of a rule, and the answers to each.
ANSWERS: Final[Mapping[str, tuple[str, ...]]] = {
    "voucher": ("sold", "redeemed"),
    "prices": ("inside", "on_top", "charged", REPORTED),
    "admission_is_sold_by": ("venue", "promoter", "platform"),
    "buyer_fee_is_sold_by": ("venue", "platform"),
    "remits": ("no", "yes"),
}
QUESTIONS: Final = (*KINDS, "fees", *ANSWERS)
PROGRAMS: Final = ("xero", "qbo", "myob")
ATTRIBUTIONS: Final = ("accrual", "cash")


@dataclass(frozen=True, slots=True)
class RateSpan:
    """
    A rate in parts per million, and the days on which it holds; `None` is open.
    """

    rate_ppm: int
    since: date | None = None
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


@dataclass(frozen=True, slots=True)
class TaxCode:
    """
    A tax with its dated rates, and its name in bookkeeping programs (`PROGRAMS`).
    """

    name: str
    spans: tuple[RateSpan, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    def rate_on(self, day: date) -> int | None:
        """
        The rate in parts per million; `None` where there is none on that day.
        """
        return next((s.rate_ppm for s in self.spans if s.holds_on(day)), None)


@dataclass(frozen=True, slots=True)
class TaxRule:
    """
    Answers to `QUESTIONS`, in force from the day `since` on until the next rule of the
    same account; `None`: always.
    """

    answers: Mapping[str, str]
    since: date | None = None

    def answer(self, question: str) -> str | None:
        return self.answers.get(question)

    @property
    def words(self) -> str:
        """
        The rule as it is quoted: `from 2026-07-01: admission gst, prices inside`.
        """
        begin = "" if self.since is None else f"from {self.since}: "
        named = (
            f"{question.replace('_', ' ')} {in_words(self.answers[question])}"
            for question in QUESTIONS
            if question in self.answers
        )
        return begin + ", ".join(named)


@dataclass(frozen=True, slots=True)
class Business:
    """
    Who sells. Before the day `registered_from` its sales are not taxed.
    """

    legal_name: str = ""
    tax_number: str = ""
    country: str = ""
    registered_from: date | None = None
    attribution: str = ATTRIBUTIONS[0]


@dataclass(frozen=True, slots=True)
class TaxRules:
    """
    The tax codes by name, the rules of the business and those of accounts, each with
    the oldest first.
    """

    codes: Mapping[str, TaxCode] = field(default_factory=dict)
    default: tuple[TaxRule, ...] = ()
    accounts: Mapping[str, tuple[TaxRule, ...]] = field(default_factory=dict)

    def rule_on(self, account: str, day: date) -> TaxRule | None:
        """
        The rule for a sale of an account on a day; `None` where there is none.
        """
        general = _in_force(self.default, day)
        own = _in_force(self.accounts.get(account, ()), day)
        if own is None or general is None:
            return own or general
        days = [rule.since for rule in (general, own) if rule.since is not None]
        return TaxRule({**general.answers, **own.answers}, max(days, default=None))

    def rate_on(self, code: str, day: date) -> int | None:
        """
        The rate of a code in parts per million; `None` where there is none on that day.
        """
        found = self.codes.get(code)
        return None if found is None else found.rate_on(day)

    def code_words(self) -> list[str]:
        """
        The codes as they are quoted: `gst 10 %`, `vat 17.5 % until 2011-01-03`.
        """
        return [
            f"{code.name} {_span_words(span)}"
            for code in self.codes.values()
            for span in code.spans
        ]


def in_words(answer: str) -> str:
    """
    An answer as it is read; the name of a tax code stays as it is.
    """
    words = {OUT_OF_SCOPE: "out of scope", "on_top": "on top", "charged": "as charged"}
    return words.get(answer, answer)


def _in_force(rules: Sequence[TaxRule], day: date) -> TaxRule | None:
    found = None
    for rule in rules:
        if rule.since is None or rule.since <= day:
            found = rule
    return found


def _span_words(span: RateSpan) -> str:
    begin = "" if span.since is None else f" from {span.since}"
    end = "" if span.until is None else f" until {span.until}"
    return f"{written_rates.per_cent(span.rate_ppm)} %{begin}{end}"
