"""
The rules that are stored with an order. Those that came with a later version are said
only of the orders that they change, so that all others stay as they are stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ticketsync.providers.file_import.columns import Line

Rules = Mapping[str, Any]


class OrderRules:
    """
    The rules of each order of a folder; orders alike share them.

    dated_returns  the day of a return is that which its row gives
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._dated = {**rules, "dated_returns": True}

    def get_rules(self, lines: Sequence[Line]) -> Rules:
        """
        The rules of an order with these rows.
        """
        if any(line.is_return and "placed" in line.cells for line in lines):
            return self._dated
        return self._rules
