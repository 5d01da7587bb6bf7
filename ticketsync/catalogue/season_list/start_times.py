"""
When a row of a season list starts: one cell, or a date and a time beside it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from ticketsync.catalogue.season_list.list_rows import InvalidCell, ListedRow
from ticketsync.core import clock, errors
from ticketsync.core.redact import safe
from ticketsync.core.written import date_orders, written_dates, written_times
from ticketsync.core.written.date_orders import ColumnOrder
from ticketsync.core.written.written_dates import Order, WrittenDateError

DAY_COLUMNS = ("starts_at", "date")
TIME_COLUMNS = ("starts_at", "date", "time")
_EXAMPLE = ". Use YYYY-MM-DD HH:MM, for example 2026-06-30 19:30"
_TIME_EXAMPLE = "; write only when the show starts, such as 19:30"
_SHORT_HOUR = re.compile(r"(?:^|\s)[1-9][:.h][0-5]\d(?=$|[\s,;/|(–—-]*doors)")
_ISO_TIME = re.compile(r"\dT\d")
_SPREADSHEET_EPOCH = re.compile(r"1(?:899|900)-\d\d-\d\d ")


@dataclass(frozen=True, slots=True)
class TimeStyle:
    """
    How a list writes dates and times: which of day and month comes first (`None` where
    no date depends on it), whether its hours have am or pm beside them, and which dates
    are not in the order of most others.
    """

    order: Order | None = None
    needs_half: bool = False
    out_of_order: Mapping[str, Order] = field(default_factory=dict)


class DateOrderNeeded(errors.BadFile):
    """
    Every date of a list could be read with the day or with the month first; `example`
    is one of them.
    """

    def __init__(self, name: str, example: str) -> None:
        super().__init__(
            f'{name}: dates such as "{safe(example)}" could be read with the day or '
            "with the month first, and no date of the list decides it.",
            hint="Add --dates dmy (day first) or --dates mdy (month first).",
        )
        self.example = example


def find_style(
    name: str, rows: Sequence[ListedRow], chosen: Order | None, zone: str
) -> tuple[TimeStyle, str]:
    """
    How the list called `name` writes dates, and a note on what decided those that could
    be read in two ways: the chosen order, else that of the whole column, else that of
    `zone`. Dates with dots need no note where the day is usually first.

    Raises: `DateOrderNeeded` where nothing decides.
    """
    days: dict[str, str] = {}
    for row in rows:
        for column in DAY_COLUMNS:
            days.setdefault(row.cells.get(column, ""), row.position)
    times = [row.cells.get(name, "") for row in rows for name in TIME_COLUMNS]
    needs_half = written_times.has_halves(times)
    if chosen is not None:
        return TimeStyle(chosen, needs_half), ""
    found = date_orders.column_order(days)
    example = date_orders.undecided(days)
    if found is ColumnOrder.CONTRADICTORY:
        return TimeStyle(None, needs_half, date_orders.out_of_order(days)), ""
    if found in (ColumnOrder.DMY, ColumnOrder.MDY):
        by_column: Order = "dmy" if found is ColumnOrder.DMY else "mdy"
        example = date_orders.doubtful(days, by_column, zone)
        return TimeStyle(by_column, needs_half), _by_column(days, example, by_column)
    if example is None:
        return TimeStyle(None, needs_half), ""
    order = date_orders.order_in_zone(zone)
    if order is None:
        raise DateOrderNeeded(name, example)
    example = date_orders.doubtful(days, order, zone)
    if example is None:
        return TimeStyle(order, needs_half), ""
    other = "mdy" if order == "dmy" else "dmy"
    note = (
        f"{_read_with(example, order)}, as in {zone}; --dates {other} reads them the "
        "other way"
    )
    return TimeStyle(order, needs_half), note


def _by_column(positions: Mapping[str, str], example: str | None, order: Order) -> str:
    """
    Which date decided the others; `positions` are those of the rows by their date.
    """
    reason = date_orders.deciding(positions)
    if example is None or reason is None:
        return ""
    return (
        f'{_read_with(example, order)}, because of "{safe(reason)}" '
        f"({positions[reason]}); correct that one if it is a mistake"
    )


def _read_with(example: str, order: Order) -> str:
    first = date_orders.comes_first(order)
    return f'dates such as "{safe(example)}" are read with the {first} first'


def is_unconfirmed(cells: Mapping[str, str]) -> bool:
    """
    Whether the date or the time of a row is still to be confirmed.
    """
    return any(
        written_dates.is_partly_to_be_confirmed(cells.get(name, ""))
        for name in TIME_COLUMNS
    )


def partly_unconfirmed(cells: Mapping[str, str]) -> str:
    """
    The date or time of a row that says of itself that it is to be confirmed; `""` where
    there is nothing else in it, or none does.
    """
    for name in TIME_COLUMNS:
        text = cells.get(name, "")
        is_partly = written_dates.is_partly_to_be_confirmed(text)
        if is_partly and not written_dates.is_to_be_confirmed(text):
            return text
    return ""


def swapped_cells(texts: Iterable[str]) -> frozenset[str]:
    """
    The date cells of a workbook's column in which a spreadsheet may have exchanged day
    and month.
    """
    found = list(texts)
    if not date_orders.may_be_swapped(found):
        return frozenset()
    return frozenset(text for text in found if written_dates.is_swappable(text))


def read_start(cells: Mapping[str, str], zone: str, style: TimeStyle) -> datetime:
    """
    The instant at which a row starts, its times being local in `zone`.

    Raises: `InvalidCell`.
    """
    column = next((name for name in DAY_COLUMNS if cells.get(name)), "")
    if not column:
        raise InvalidCell("starts_at", "there is neither starts_at nor date and time")
    moment = _read_moment(cells, column, style)
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    try:
        return clock.local_to_utc(moment, zone)
    except ValueError as error:
        raise InvalidCell(
            column, f"{error}; write it with its offset from UTC"
        ) from None


def read_day(cells: Mapping[str, str], style: TimeStyle) -> date:
    """
    The day of a row whose time is perhaps not decided yet.

    Raises: `InvalidCell`.
    """
    text = next((cells[name] for name in DAY_COLUMNS if cells.get(name)), "")
    try:
        return written_dates.read_day(written_times.split(text)[0], style.order)
    except WrittenDateError as error:
        raise InvalidCell("date", f'"{safe(text)}" {error.reason}') from None


def _read_moment(cells: Mapping[str, str], column: str, style: TimeStyle) -> datetime:
    text, beside = cells[column], cells.get("time", "")
    order = style.out_of_order.get(text)
    if order is not None:
        why = date_orders.why_out_of_order(order)
        raise InvalidCell(column, f'"{safe(text)}" {why}; correct it')
    if not beside:
        if column == "date" and not _has_time(text):
            raise InvalidCell("time", "the time is missing")
        try:
            return written_times.read_moment(
                text, style.order, needs_half=style.needs_half
            )
        except WrittenDateError as error:
            raise _invalid(column, text, error) from None
    day = written_times.split(text)[0]
    if not _has_time(text) or text.endswith(" 00:00"):
        day = text.removesuffix(" 00:00")
    try:
        on = written_dates.read_day(day, style.order)
    except WrittenDateError as error:
        raise _invalid(column, text, error) from None
    moment = datetime.combine(on, _read_time(beside, style))
    if _has_time(text) and not text.endswith(" 00:00"):
        _refuse_other_time(text, moment, style)
    return moment


def _has_time(text: str) -> bool:
    return _ISO_TIME.search(text) is not None or bool(written_times.split(text)[1])


def may_be_evening(cells: Mapping[str, str]) -> bool:
    """
    Whether the time of a row is written as 7:30, which people write for 19:30, too.
    """
    texts = [cells.get(name, "") for name in TIME_COLUMNS]
    has_hour = any(_SHORT_HOUR.search(text) for text in texts)
    return has_hour and not written_times.has_halves(texts)


def _read_time(text: str, style: TimeStyle) -> time:
    plain = _SPREADSHEET_EPOCH.sub("", text)
    try:
        return written_times.read_time(plain, needs_half=style.needs_half)
    except WrittenDateError as error:
        reason = f'"{safe(text)}" {error.reason}{_TIME_EXAMPLE}'
        raise InvalidCell("time", reason) from None


def _refuse_other_time(text: str, moment: datetime, style: TimeStyle) -> None:
    """
    Two columns that both say a time have to say the same one.
    """
    try:
        said = written_times.read_moment(text, style.order, needs_half=style.needs_half)
    except WrittenDateError as error:
        raise _invalid("date", text, error) from None
    if said.time() != moment.time():
        raise InvalidCell("time", f'another time than in "{safe(text)}"')


def _invalid(column: str, text: str, error: WrittenDateError) -> InvalidCell:
    reason = error.reason
    if reason == "is not a date":
        reason = f"is not a date and time{_EXAMPLE}"
    elif reason == "has no year":
        reason = "has no year; add it, as in 26 Dec 2026"
    return InvalidCell(column, f'"{safe(text)}" {reason}')
