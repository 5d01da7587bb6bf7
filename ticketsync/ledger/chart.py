"""
The ledger accounts that projected entries name, in a form that every program takes:
parts begin with a capital letter and have letters, digits and hyphens only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

UNEARNED: Final = "Liabilities:Unearned"
VOUCHERS: Final = "Liabilities:Vouchers"
INCOME: Final = "Income:Shows"
OPENING: Final = "Equity:Opening"


class Chart:
    """
    The ledger accounts of these platform accounts and tax codes; no two of them share
    one.
    """

    def __init__(self, accounts: Iterable[str], codes: Iterable[str]) -> None:
        self._accounts = _components(accounts)
        self._codes = _components(codes)

    def names(self) -> list[str]:
        """
        All of them, sorted.
        """
        of_accounts = (self.clearing, self.fees, self.collected)
        return sorted(
            {
                *(UNEARNED, VOUCHERS, INCOME, OPENING),
                *(name(account) for name in of_accounts for account in self._accounts),
                *map(self.tax, self._codes),
                *map(self.tax_paid, ("", *self._codes)),
            }
        )

    def clearing(self, account: str) -> str:
        """
        What the platform holds for the venue.
        """
        return f"Assets:Platform:{self._accounts[account]}"

    def fees(self, account: str) -> str:
        """
        What the platform keeps, as far as the venue bears it.
        """
        return f"Expenses:Fees:{self._accounts[account]}"

    def collected(self, account: str) -> str:
        """
        What was charged for somebody else: the platform or a promoter.
        """
        return f"Liabilities:Collected:{self._accounts[account]}"

    def tax(self, code: str) -> str:
        """
        The tax on sales under a code.
        """
        return f"Liabilities:Tax:{self._codes[code]}"

    def tax_paid(self, code: str) -> str:
        """
        The tax inside fees under a code; an empty code is that of no code.
        """
        name = self._codes[code] if code else "Other"
        return f"Assets:TaxPaid:{name}"


def _components(names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in sorted({*names}):
        plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "X"
        plain = plain[0].upper() + plain[1:]
        number = 1
        while (unique := plain if number == 1 else f"{plain}-{number}") in {
            *found.values()
        }:
            number += 1
        found[name] = unique
    return found


def is_of_balance(ledger_account: str) -> bool:
    """
    Whether an account keeps its balance over the years.
    """
    return ledger_account.startswith(("Assets:", "Liabilities:"))
