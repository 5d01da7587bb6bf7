"""
The rules that are stored with an order. Those that came with a later version are said
only of the orders that they change, so that all others stay as they are stored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ticketsync.providers.file_import.one_report.columns import Line

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
    returned_of_order  the fields of its returns that are amounts of the whole order;
                       `of_order` are those of all orders
    tells_kept         its report says what the platform kept of it: a blank cell on all
                       of its rows says nothing, unless `is_free_blank`
    """

    def __init__(
        self,
        rules: Rules,
        of_order: Collection[str] = (),
        *,
        is_free_blank: bool = False,
    ) -> None:
        self._rules = rules
        self._of_order = of_order
        self._may_lack_kept = bool(rules.get("tells_kept")) and not is_free_blank
        self._found: dict[tuple[bool, bool, bool, tuple[str, ...]], Rules] = {}

    def get_rules(self, lines: Sequence[Line]) -> Rules:
        """
        The rules of an order with these rows.
        """
        is_dated = any(line.is_return and "placed" in line.cells for line in lines)
        is_by_night = len(lines) > 1 and _is_by_night(lines)
        lacks_kept = self._may_lack_kept and not any("kept" in it.cells for it in lines)
        of_order = tuple(
            field
            for field in self._of_order
            if is_by_night and any(_takes_back(line, field) for line in lines)
        )
        key = is_dated, is_by_night, lacks_kept, of_order
        if key not in self._found:
            self._found[key] = {
                **self._rules,
                **({"dated_returns": True} if is_dated else {}),
                **(_BY_NIGHT if is_by_night else {}),
                **({"tells_kept": False} if lacks_kept else {}),
                **({"returned_of_order": [*of_order]} if of_order else {}),
            }
        return self._found[key]


def _takes_back(line: Line, field: str) -> bool:
    return line.is_return and bool(line.cells.get(field, "").strip("-0."))


def _is_by_night(lines: Sequence[Line]) -> bool:
    return any(
        len({line.cells[name] for line in lines if name in line.cells}) > 1
        for name in _OF_NIGHT
    )
