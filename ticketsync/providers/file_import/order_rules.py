"""
The rules that are stored with an order. Those that came with a later version are said
only of the orders that they change, so that all others stay as they are stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ticketsync.providers.file_import.columns import Line

Rules = Mapping[str, Any]


_BY_NIGHT: Rules = {"by_night": True, "returns_by_night": True}
_OF_NIGHT = ("starts", "event_id", "event", "show_id")


class OrderRules:
    """
    The rules of each order of a folder; orders alike share them.

    dated_returns      the day of a return is that which its row gives
    by_night           its rows are of several nights, and what each says stays on its
                       own
    returns_by_night   so does what went back, each part with its day
    tells_kept         its report says what the platform kept of it: a blank cell on all
                       of its rows says nothing, unless `is_free_blank`
    """

    def __init__(self, rules: Rules, *, is_free_blank: bool = False) -> None:
        self._may_lack_kept = bool(rules.get("tells_kept")) and not is_free_blank
        self._rules = {
            (is_dated, is_by_night, lacks_kept): {
                **rules,
                **({"dated_returns": True} if is_dated else {}),
                **(_BY_NIGHT if is_by_night else {}),
                **({"tells_kept": False} if lacks_kept else {}),
            }
            for is_dated in (False, True)
            for is_by_night in (False, True)
            for lacks_kept in (False, True)
        }

    def get_rules(self, lines: Sequence[Line]) -> Rules:
        """
        The rules of an order with these rows.
        """
        is_dated = any(line.is_return and "placed" in line.cells for line in lines)
        is_by_night = len(lines) > 1 and _is_by_night(lines)
        lacks_kept = self._may_lack_kept and not any("kept" in it.cells for it in lines)
        return self._rules[is_dated, is_by_night, lacks_kept]


def _is_by_night(lines: Sequence[Line]) -> bool:
    return any(
        len({line.cells[name] for line in lines if name in line.cells}) > 1
        for name in _OF_NIGHT
    )
