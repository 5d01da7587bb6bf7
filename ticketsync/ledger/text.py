"""
Projected entries as plain text for hledger (and ledger) and for beancount, with
balances that these programs check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from ticketsync.core import money
from ticketsync.core.money import text_with_currency
from ticketsync.core.redact import safe
from ticketsync.ledger.projection import Balance, Entry

_LONGEST = 100  # characters of a text
# What means something to one of the programs, wherever it stands.
_MEANT = re.compile(r'[;|"\\*!()=@#{}\[\]<>%~^]')


def plain(text: str) -> str:
    """
    A foreign text as one harmless line.
    """
    cleaned = _MEANT.sub(" ", safe(text, longest=_LONGEST)).lstrip("+-'")
    return " ".join(cleaned.split()) or "show"


def _names(entries: Sequence[Entry]) -> list[str]:
    return sorted({name for entry in entries for name in entry.postings})


def hledger_lines(
    entries: Sequence[Entry], balances: Sequence[Balance]
) -> Iterator[str]:
    """
    The lines of a file for hledger, strict, and for ledger.
    """
    for currency in sorted({entry.currency for entry in entries}):
        digits = "0" * money.exponent(currency)
        yield f"commodity 1000.{digits} {currency}"
    for name in _names(entries):
        yield f"account {name}"
    waiting = [*balances]
    for entry in entries:
        while waiting and waiting[0].day < entry.day:
            yield from _hledger_balances(_same_day(waiting))
        yield ""
        yield f"{entry.day} * ({entry.id}) {plain(entry.text)}"
        for name, amount in entry.postings.items():
            yield f"    {name}  {text_with_currency(amount, entry.currency)}"
    while waiting:
        yield from _hledger_balances(_same_day(waiting))


def _same_day(waiting: list[Balance]) -> list[Balance]:
    """
    Takes the balances of the first day off the list.
    """
    day = waiting[0].day
    found = [balance for balance in waiting if balance.day == day]
    del waiting[: len(found)]
    return found


def _hledger_balances(balances: Sequence[Balance]) -> Iterator[str]:
    yield ""
    yield f"{balances[0].day} * (balance/{balances[0].day}) Balances"
    for balance in balances:
        nothing = text_with_currency(0, balance.currency)
        stated = text_with_currency(balance.amount, balance.currency)
        yield f"    {balance.ledger_account}  {nothing} = {stated}"


def beancount_lines(
    entries: Sequence[Entry], balances: Sequence[Balance]
) -> Iterator[str]:
    """
    The lines of a file for beancount, which accepts no difference at all.
    """
    yield 'option "title" "ticketsync"'
    yield 'option "tolerance_multiplier" "0"'
    if entries:
        first = min(entry.day for entry in entries)
        for name in _names(entries):
            yield f"{first} open {name}"
    for entry in entries:
        yield ""
        yield f'{entry.day} * "{plain(entry.text)}"'
        yield f'  id: "{entry.id}"'
        for name, amount in entry.postings.items():
            yield f"  {name}  {text_with_currency(amount, entry.currency)}"
    for balance in balances:
        morning = balance.day + timedelta(days=1)  # it checks at the beginning of a day
        stated = text_with_currency(balance.amount, balance.currency)
        yield f"{morning} balance {balance.ledger_account}  {stated}"
