"""
Which report is a newer export of an older one, as all their rows say. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from ticketsync.providers.file_import.one_report.columns import Line
from ticketsync.providers.file_import.one_report.report import Source
from ticketsync.providers.file_import.several_reports.report_versions import (
    Row,
    lasting,
)

_FEWEST_RETURNED = 2  # orders with alike returns; of one they may be two
_ByOrder = Mapping[str, Counter[Row]]


class ExportedAgain:
    """
    The rows of all reports, and what they say of two of them. The sales are needed
    where reports may have parts of an order; otherwise only what they take back.
    """

    def __init__(self, sources: Sequence[Source], *, with_sales: bool) -> None:
        self._returns = {id(it): _returns(it) for it in sources}
        self._sales = {id(it): _sales(it) for it in sources} if with_sales else {}
        self._found: dict[tuple[str, int, int], bool] = {}

    def repeats_returns(self, older: Source, newer: Source) -> bool:
        """
        Whether a report lists all that an older one takes back, of two orders at least.
        """
        return self._ask("returns", older, newer, self._has_all_returns)

    def repeats_sales(self, older: Source, newer: Source) -> bool:
        """
        Whether a report lists a whole order again that an older one sold.
        """
        return self._ask("sales", older, newer, self._has_sales)

    def _ask(
        self,
        what: str,
        older: Source,
        newer: Source,
        answer: Callable[[Source, Source], bool],
    ) -> bool:
        if older.key == newer.key:
            return False  # two tables of one report
        question = what, id(older), id(newer)
        if question not in self._found:
            self._found[question] = answer(older, newer)
        return self._found[question]

    def _has_all_returns(self, older: Source, newer: Source) -> bool:
        before, now = self._returns[id(older)], self._returns[id(newer)]
        return len(before) >= _FEWEST_RETURNED and all(
            number in now and rows <= now[number] for number, rows in before.items()
        )

    def _has_sales(self, older: Source, newer: Source) -> bool:
        before, now = self._sales[id(older)], self._sales[id(newer)]
        return any(rows <= now.get(number, _NOTHING) for number, rows in before.items())


_NOTHING: Counter[Row] = Counter()


def _returns(source: Source) -> _ByOrder:
    return _by_order(source, lambda line: line.is_return)


def _sales(source: Source) -> _ByOrder:
    return _by_order(source, lambda line: not line.is_return)


def _by_order(source: Source, is_meant: Callable[[Line], bool]) -> _ByOrder:
    found = {
        number: Counter(lasting(line) for line in lines if is_meant(line))
        for number, lines in source.orders.items()
    }
    return {number: rows for number, rows in found.items() if rows}
