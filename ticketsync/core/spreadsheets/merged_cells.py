"""
The merged ranges of a sheet, row by row: the cells of all ranges at once would be more
than a sheet has, where ranges overlap.
"""

from __future__ import annotations

from collections.abc import Iterable

Range = tuple[tuple[int, int], tuple[int, int]]  # its first and its last place


class MergedCells:
    """
    Tells which cells of a row are covered by a merged one. Asked from the top; places
    count from 0, and `last_row` and `last_column` are those in use.
    """

    def __init__(
        self, ranges: Iterable[Range], last_row: int, last_column: int
    ) -> None:
        """
        Raises: `OverflowError` where the ranges cover more cells than there are.
        """
        self._coming = sorted(
            (top, bottom, left, min(right, last_column))
            for (top, left), (bottom, right) in ranges
            if top <= last_row and left <= last_column
        )
        covered = sum(
            (min(bottom, last_row) - top + 1) * (right - left + 1)
            for top, bottom, left, right in self._coming
        )
        if covered > (last_row + 1) * (last_column + 1):
            raise OverflowError
        self._coming.reverse()  # the next one is the last
        self._open: list[tuple[int, int, int, int]] = []

    def of_row(self, row: int) -> set[int]:
        """
        The columns of a row that are covered.
        """
        while self._coming and self._coming[-1][0] <= row:
            self._open.append(self._coming.pop())
        if not self._open:
            return set()
        self._open = [item for item in self._open if item[1] >= row]
        return {
            column
            for top, _, left, right in self._open
            for column in range(left, right + 1)
            if (row, column) != (top, left)
        }
