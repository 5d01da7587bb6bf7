"""
Cells with times: the order of day and month of each column, and each cell as plain
text, `2026-12-05 19:30`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from datetime import datetime, time

from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import rows
from ticketsync.core.written import date_orders, written_dates, written_times
from ticketsync.core.written.date_orders import ColumnOrder
from ticketsync.core.written.written_dates import WrittenDateError
from ticketsync.providers.file_import.one_report.cell_problem import CellProblem, Column
from ticketsync.providers.file_import.recipes.recipe import Recipe

FIRST_YEAR, LAST_YEAR = 1970, 2100  # of a show, or of its tickets' sale


def time_cells(recipe: Recipe, field: str, column: Column) -> TimeCells:
    """
    How the cells of a column of times are converted, by the recipe or by all of them.
    """
    texts = {text for text, kind in column if kind == rows.TEXT and text}
    has_dates = {text for text, kind in column if kind in (rows.DAY, rows.MOMENT)}
    format_ = recipe.formats.get(field)
    is_swapped = bool(texts) and date_orders.may_be_swapped([*texts, *has_dates])
    if not is_swapped and format_ and texts and has_dates:
        # The format says how texts are written: the same doubt, said another way.
        is_swapped = bool(re.search(r"%-?[dm][-/.]%-?[dm]", format_))
    order = recipe.dates
    by_column: written_dates.Order | None = None
    out_of_order: Mapping[str, written_dates.Order] = {}
    if not order:
        decided = date_orders.column_order(texts)
        if decided in (ColumnOrder.DMY, ColumnOrder.MDY) and format_ is None:
            by_column = "dmy" if decided is ColumnOrder.DMY else "mdy"
        order = by_column or ""
        if decided is ColumnOrder.CONTRADICTORY:
            out_of_order = date_orders.out_of_order(texts)
    needs_half = written_times.has_halves(texts)
    return TimeCells(
        field,
        format_,
        order,
        out_of_order,
        by_column=by_column,
        is_swapped=is_swapped,
        needs_half=needs_half,
    )


class TimeCells:
    """
    Converts the cells of one column of times, days or times of day. `out_of_order` are
    texts whose order of day and month is not that of the others, and `by_column` is
    the order that the cells of the column decided.
    """

    def __init__(
        self,
        field: str,
        format_: str | None,
        order: str,
        out_of_order: Mapping[str, written_dates.Order],
        *,
        by_column: written_dates.Order | None = None,
        is_swapped: bool,
        needs_half: bool,
    ) -> None:
        self.by_column = by_column
        self._field = field
        self._name = "starts" if field in ("date", "time") else field
        self._format = format_
        self._order: written_dates.Order | None = (
            "dmy" if order == "dmy" else "mdy" if order == "mdy" else None
        )
        self._out_of_order = out_of_order
        self._is_swapped = is_swapped
        self._needs_half = needs_half

    def __call__(self, text: str, kind: str) -> str:
        if not text:
            return ""
        try:
            return self._read(text, kind)
        except WrittenDateError as error:
            remedy = ""
            if error.reason == written_dates.IN_TWO_ORDERS:
                remedy = "; say `dates: dmy` or `mdy` in the recipe"
            raise CellProblem(
                f"{self._name} is {safe(text)!r}, not a time: it {error.reason}{remedy}"
            ) from None
        except ValueError:
            expected = f" written as {self._format}" if self._format else ""
            raise CellProblem(
                f"{self._name} is {safe(text)!r}, not a time{expected}"
            ) from None

    def _read(self, text: str, kind: str) -> str:
        if kind in (rows.NUMBER, rows.FLAG) and not self._is_compact(text):
            raise WrittenDateError("is a number")
        if kind in (rows.DAY, rows.MOMENT):
            if self._is_swapped and written_dates.is_swappable(text):
                raise WrittenDateError(
                    "is a date cell in a column of texts: day and month may have been "
                    "exchanged"
                )
            return self._checked(
                datetime.fromisoformat(text), has_time=kind == rows.MOMENT
            )
        if kind == rows.TIME:
            if self._field != "time":
                raise WrittenDateError("has no day")
            return text
        return self._from_text(text)

    def _from_text(self, text: str) -> str:
        if self._format is not None:
            try:
                moment = datetime.strptime(text, self._format)  # noqa: DTZ007  # the zone is the recipe's
                self._refuse_joined_digits(text)
            except ValueError:
                if not re.match(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}|$)", text):
                    raise
                return self._from_iso(text)
            has_time = re.search(r"%-?[HIXc]", self._format) is not None
            return self._checked(moment, has_time=has_time)
        self._refuse_out_of_order(text)
        if self._field != "time" and re.match(r"\d{4}-\d{2}-\d{2}(?:[ T]|$)", text):
            with contextlib.suppress(ValueError):
                return self._from_iso(text)
        if self._field == "time":
            return written_times.read_time(
                text, needs_half=self._needs_half
            ).isoformat()
        if self._field == "date":
            return self._day(text)
        if self._field == "placed" and not written_times.split(text)[1]:
            return self._day(text)
        moment = written_times.read_moment(
            text, self._order, needs_half=self._needs_half
        )
        return _iso(moment)

    def _day(self, text: str) -> str:
        day = written_dates.read_day(text, self._order)
        return _iso(datetime.combine(day, time()))[:10]

    def _from_iso(self, text: str) -> str:
        moment = datetime.fromisoformat(text)
        return self._checked(moment, has_time=len(text) > 10)

    def _refuse_out_of_order(self, text: str) -> None:
        order = self._out_of_order.get(text)
        if order is not None:
            raise WrittenDateError(
                f"{date_orders.why_out_of_order(order)}; correct it in the report, or "
                f"say `dates: {order}` in the recipe if all of them are written like it"
            )

    def _refuse_joined_digits(self, text: str) -> None:
        """
        `%H%M` would read 19 as 01:09, and 93 as 09:03.
        """
        assert self._format is not None
        is_joined = re.search(r"%H%M", self._format) is not None
        if is_joined and re.search(r"(?<!\d)\d{1,2}$", text.strip()):
            raise ValueError

    def _is_compact(self, text: str) -> bool:
        """
        Whether a number cell may be read by a format of digits alone, as `%Y%m%d`.
        """
        return (
            self._format is not None
            and re.fullmatch(r"(?:%[a-zA-Z])+", self._format) is not None
            and text.isdecimal()
        )

    def _checked(self, moment: datetime, *, has_time: bool) -> str:
        if self._field == "time":
            return moment.time().isoformat()
        if self._field == "date":
            return _iso(moment)[:10]
        if self._field == "starts" and not has_time:
            raise WrittenDateError("has no time of day")
        return _iso(moment)


def _iso(moment: datetime) -> str:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise WrittenDateError(f"is not between {FIRST_YEAR} and {LAST_YEAR}")
    seconds = "seconds" if moment.second else "minutes"
    return moment.isoformat(sep=" ", timespec=seconds)
