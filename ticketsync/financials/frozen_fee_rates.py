"""
The venue's own fee rates as they stood when a period was closed: quoted in its rules,
and read from them again, so that a file of a closed month has the fees of then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from ticketsync.core.settings.config import FeeSchedule, Settings
from ticketsync.core.written import written_rates
from ticketsync.financials.period_order import PeriodEvent

FEE_RATES = "fee_rates"
_TAX_RULES = "tax_rules"
_AMOUNTS = {
    "per ticket": "per_ticket",
    "percent": "percent",
    "per order": "per_order",
    "at most per ticket": "cap_per_ticket",
    "free tickets": "free_tickets",
}
_TAX = re.compile(r"tax inside (\S+) %")
_DATED = re.compile(r"(?:from (\d{4}-\d\d-\d\d): )?(.*)")
_NOTHING = "nothing"


def rate_words(rate: FeeSchedule) -> str:
    """
    A fee rate as it is quoted: `from 2026-07-01: per ticket 0.75, percent 1.75`.
    """
    begin = "" if rate.since is None else f"from {rate.since}: "
    amounts = {words: getattr(rate, field) for words, field in _AMOUNTS.items()}
    words = [
        f"{name} {amount}"
        for name, amount in amounts.items()
        if amount or (amount is not None and name == "at most per ticket")
    ]
    if rate.tax is not None:
        words.append(f"tax inside {written_rates.per_cent(rate.tax)} %")
    return begin + ", ".join(words or [_NOTHING])


def parse_rate(text: str) -> FeeSchedule:
    """
    The rate that `rate_words` quotes so.
    """
    dated = _DATED.fullmatch(text)
    assert dated is not None
    since, rest = dated.groups()
    found: dict[str, Any] = {"since": date.fromisoformat(since) if since else None}
    for words in () if rest == _NOTHING else rest.split(", "):
        tax = _TAX.fullmatch(words)
        if tax is not None:
            found["tax"] = written_rates.ppm(tax[1])
        else:
            name, _, amount = words.rpartition(" ")
            found[_AMOUNTS[name]] = Decimal(amount)
    return FeeSchedule(**found)


def settings_then(
    settings: Settings, closed: Sequence[PeriodEvent], event: PeriodEvent
) -> Settings:
    """
    The settings with the fee rates of when one of the closed periods was closed. An
    account that neither it nor an earlier one has a line of keeps its rates.
    """
    found: dict[str, tuple[FeeSchedule, ...]] = {}
    for earlier in reversed([it for it in closed if it.id <= event.id]):
        rules = json.loads(earlier.rules)
        rates = rules.get(FEE_RATES, {})
        for name in {*rules.get(_TAX_RULES, {}), *rates}:
            found.setdefault(name, tuple(map(parse_rate, rates.get(name, ()))))
    accounts = {
        name: replace(settings.account(name), fees=rates)
        for name, rates in found.items()
    }
    return replace(settings, accounts={**settings.accounts, **accounts})
