"""
What should reach the bank of a sale: the one place of the formula.
"""

from __future__ import annotations

from typing import Any


def net_before_fees(gross: Any, refunded: Any, tax_remitted: Any) -> Any:
    """
    The gross without refunds and the tax that the platform pays to the state itself:
    of minor units in one currency, or as an expression of columns that hold them.
    """
    return gross - refunded - tax_remitted


def net(gross: int, refunded: int, tax_remitted: int, fees: int | None) -> int | None:
    """
    That without fees, in minor units of one currency; `None` while they are unknown.
    """
    if fees is None:
        return None
    before_fees: int = net_before_fees(gross, refunded, tax_remitted)
    return before_fees - fees
