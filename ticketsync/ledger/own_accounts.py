"""
The venue's own ledger accounts in place of ours, as its settings name them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from ticketsync.core import errors
from ticketsync.core.near_words import nearest
from ticketsync.ledger import chart
from ticketsync.ledger.projection import Balance, Entry


def refuse_unknown(names: Mapping[str, str], known: Collection[str]) -> None:
    """
    Raises: `ConfigurationError` where the settings name an account that there is not.
    """
    for name in sorted({*names} - {*known}):
        near = nearest(name, known)
        meant = f" Did you mean {near}?" if near else ""
        raise errors.ConfigurationError(
            f"ledger.accounts in the settings: there is no account {name!r}.{meant}",
            hint=f"Use one of: {', '.join(sorted(known))}.",
        )


def refuse_mixed(names: Mapping[str, str], known: Collection[str]) -> None:
    """
    A balance can be stated only of an account that keeps it over the years.

    Raises: `ConfigurationError` where one account of the venue is to be both.
    """
    kinds: dict[str, str] = {}
    for name in sorted(known):
        own = names.get(name, name)
        first = kinds.setdefault(own, name)
        if chart.is_of_balance(first) != chart.is_of_balance(name):
            raise errors.ConfigurationError(
                f"ledger.accounts in the settings: {first} and {name} cannot both be "
                f"{own!r}.",
                hint="Assets and liabilities need accounts of their own.",
            )


def rename(entries: Sequence[Entry], names: Mapping[str, str]) -> list[Entry]:
    """
    The entries with the venue's own accounts. What moves within one of them is left
    out.
    """
    found = [replace(e, postings=_summed(e.postings, names)) for e in entries]
    return [entry for entry in found if entry.postings]


def rename_balances(
    balances: Sequence[Balance], names: Mapping[str, str]
) -> list[Balance]:
    """
    The balances of the venue's own accounts.
    """
    sums: dict[tuple[object, ...], Balance] = {}
    for balance in balances:
        own = names.get(balance.ledger_account, balance.ledger_account)
        key = (balance.day, own, balance.currency)
        before = sums[key].amount if key in sums else 0
        sums[key] = replace(balance, ledger_account=own, amount=before + balance.amount)
    return [*sums.values()]


def _summed(postings: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, amount in postings.items():
        own = names.get(name, name)
        sums[own] = sums.get(own, 0) + amount
    return {name: amount for name, amount in sums.items() if amount}
