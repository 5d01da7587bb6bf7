"""
Where the day comes first in a date in numbers and where the month does, and which dates
of a column are not in the order of the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from importlib import resources

from ticketsync.core.written import written_times
from ticketsync.core.written.written_dates import (
    ORDERS,
    DateInNumbers,
    Order,
    date_in_numbers,
    is_swappable,
)


class ColumnOrder(StrEnum):
    """
    What the dates of one column say about their order: one of the two; `open` where
    every one of them could be read both ways; `contradictory` where some are possible
    in one order only and others in the other one only; `clear` where none depends on
    it.
    """

    DMY = "dmy"
    MDY = "mdy"
    OPEN = "open"
    CONTRADICTORY = "contradictory"
    CLEAR = "clear"


def column_order(texts: Iterable[str]) -> ColumnOrder:
    """
    What the dates of one column, with or without a time, say about their order. Texts
    that are not dates say nothing.
    """
    possible = dict.fromkeys(ORDERS, 0)
    is_open = False
    for numbers in map(_find_numbers, texts):
        if numbers is None:
            continue
        days = {order: numbers.read(order) for order in ORDERS}
        readable = [order for order, day in days.items() if day is not None]
        if len(readable) == 1:
            possible[readable[0]] += 1
        is_open = is_open or (len(readable) == 2 and days["dmy"] != days["mdy"])
    if possible["dmy"] and possible["mdy"]:
        return ColumnOrder.CONTRADICTORY
    if possible["dmy"] or possible["mdy"]:
        return ColumnOrder.DMY if possible["dmy"] else ColumnOrder.MDY
    return ColumnOrder.OPEN if is_open else ColumnOrder.CLEAR


def may_be_swapped(texts: Iterable[str]) -> bool:
    """
    Whether a spreadsheet may have exchanged day and month in some dates of a column.

    A program that expects the other order turns `05/12/2026` into a date cell of 12 May
    and leaves `22/12/2026` a text: the column then has texts that are impossible in one
    order, and dates with the year first whose day and month are both 12 or less.
    `texts` are the cells of a workbook's column, date cells with the year first.
    """
    numbers, others = [], []
    for text in texts:
        found = _find_numbers(text)
        if found is not None:
            numbers.append(found)
        else:
            others.append(text)
    is_left = all(None in (n.read("dmy"), n.read("mdy")) for n in numbers)
    return bool(numbers) and is_left and any(map(is_swappable, others))


def order_in_zone(zone: str) -> Order | None:
    """
    The order in which dates in numbers are written where that IANA time zone is, or
    `None` where both are in use or where the day does not come last or first.

    The countries are those of CLDR's short dates.
    """
    country = _countries().get(zone)
    if country is None or country in _WITHOUT_ORDER:
        return None
    return "mdy" if country in _MONTH_FIRST else "dmy"


def deciding(texts: Iterable[str]) -> str | None:
    """
    The first date that is possible in one order only.
    """
    alone = (ColumnOrder.DMY, ColumnOrder.MDY)
    return next((text for text in texts if column_order([text]) in alone), None)


def undecided(texts: Iterable[str]) -> str | None:
    """
    The first date that could be read in both orders.
    """
    return next(
        (text for text in texts if column_order([text]) is ColumnOrder.OPEN), None
    )


def doubtful(texts: Iterable[str], order: Order, zone: str) -> str | None:
    """
    The first date that could be read in both orders, and whose `order` is worth a note:
    not `5.12.2026` with the day first where that is usual, since dots are written in no
    other order there.
    """
    is_usual = order == "dmy" and order_in_zone(zone) == "dmy"
    return undecided(
        text for text in texts if not (is_usual and _is_written_with_dots(text))
    )


def _is_written_with_dots(text: str) -> bool:
    numbers = _find_numbers(text)
    return numbers is not None and numbers.has_dots


def comes_first(order: Order) -> str:
    """
    What comes first in a date in that order, in a word.
    """
    return "day" if order == "dmy" else "month"


def why_out_of_order(order: Order) -> str:
    """
    The rest of a sentence that begins with a date of `out_of_order`.
    """
    other = comes_first("mdy" if order == "dmy" else "dmy")
    return (
        f"has the {comes_first(order)} first, and other dates of its column have the "
        f"{other} first"
    )


def out_of_order(texts: Iterable[str]) -> dict[str, Order]:
    """
    Dates of a contradictory column that are possible in one order only, which is not
    that of most others (of no others, where both are as usual): each with its order.
    """
    orders: dict[str, Order] = {}
    for text in set(texts):
        found = column_order([text])
        if found is ColumnOrder.DMY:
            orders[text] = "dmy"
        elif found is ColumnOrder.MDY:
            orders[text] = "mdy"
    numbers = Counter(orders.values())
    if len(numbers) < 2:
        return {}
    (usual, most), (_, fewer) = numbers.most_common()
    return {
        text: order for text, order in orders.items() if order != usual or most == fewer
    }


_MONTH_FIRST = ("US", "PR", "GU", "VI", "AS", "MP", "UM", "FM", "MH", "PW")
_WITHOUT_ORDER = (
    *("CA", "PH", "CN", "JP", "KR", "KP", "TW", "MN", "HU", "LT", "IR", "BT"),
    *("ZA", "KE", "GH", "BZ"),
)


@cache
def _countries() -> dict[str, str]:
    """
    The country of each canonical time zone.
    """
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab")
    lines = table.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {row[2]: row[0] for row in rows}


def _find_numbers(text: str) -> DateInNumbers | None:
    """
    The date in numbers of a cell, which may have a weekday and a time beside it.
    """
    return date_in_numbers(written_times.split(text)[0])
