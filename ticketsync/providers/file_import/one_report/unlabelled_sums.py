"""
Rows without a number, a show or any other name whose amounts are the sums of the rows
above: totals that nobody has labelled. Pure.
"""

from __future__ import annotations

from decimal import Decimal

from ticketsync.providers.file_import.one_report.columns import NO_SHOW, Line
from ticketsync.providers.file_import.recipes.recipe_keys import AMOUNTS

_WORTH = ("quantity", *AMOUNTS)
_LEAST = 2  # rows of a sum: what equals the one row above may be another ticket


def split_sums(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """
    The other rows, and those that are sums of all rows above, or of those since the
    last sum.
    """
    if not any(map(_is_nameless, lines)):
        return lines, []
    kept: list[Line] = []
    sums: list[Line] = []
    whole, part = _Sums(), _Sums()
    for line in lines:
        if _is_nameless(line) and (whole.are(line) or part.are(line)):
            sums.append(line)
            part = _Sums()
            continue
        kept.append(line)
        whole.add(line)
        part.add(line)
    return kept, sums


class _Sums:
    """
    What rows come to, by field; not known after a row that cannot be read.
    """

    def __init__(self) -> None:
        self._is_known = True
        self._sums = dict.fromkeys(_WORTH, Decimal())
        self._rows = 0

    def add(self, line: Line) -> None:
        self._is_known &= not line.problem
        self._rows += 1
        for field in _WORTH:
            text = line.cells.get(field)
            if text:
                self._sums[field] += Decimal(text)

    def are(self, line: Line) -> bool:
        """
        Whether the amounts of a row are these sums, and at least one is not zero.
        """
        amounts = {name: Decimal(text) for name, text in line.cells.items()}
        return (
            self._is_known
            and self._rows >= _LEAST
            and any(amounts.values())
            and all(self._sums[name] == amount for name, amount in amounts.items())
        )


def _is_nameless(line: Line) -> bool:
    return (
        bool(line.problem)
        and line.problem.startswith(NO_SHOW)
        and bool(line.cells)
        and not line.has_more
        and line.cells.keys() <= set(_WORTH)
    )
