"""
What the address of a page asks for, checked: a part that the page cannot use is left
out, and the page says so in one line. Pure.

A link must not be able to put words on our pages: of what it holds only short plain
values and names are repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date

from ticketsync.core import errors, periods
from ticketsync.web import month_grid

_PLAIN = re.compile(r"[\w.:-]{1,20}", re.ASCII)
_OF_NOTICES = ("notice", "account")


@dataclass(frozen=True, slots=True)
class Filter:
    """
    A parameter that a page knows. `accepts` says whether it can use a value; `kind` is
    what other values are not: `a date`.
    """

    name: str
    kind: str
    accepts: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Query:
    """
    The usable part of an address, and in words what was left out of it; empty for
    nothing.
    """

    values: Mapping[str, str]
    left_out: str

    def get(self, name: str) -> str:
        return self.values.get(name, "")


def check(query: Mapping[str, str], *filters: Filter) -> Query:
    """
    What a page with these filters can use of its address. A parameter without a value
    asks for nothing.
    """
    known = {item.name: item for item in filters}
    others = _OF_NOTICES if "notice" in query else ()
    values: dict[str, str] = {}
    sentences: list[str] = []
    for name, text in query.items():
        found = known.get(name)
        if found is not None and (not text or found.accepts(text)):
            values[name] = text
        elif found is not None:
            sentences.append(_sentence(name, text, f"is not {found.kind}"))
        elif text and name not in others:
            sentences.append(_sentence(name, text, "is not a filter of this page"))
    return Query(values, " ".join(dict.fromkeys(sentences)))


def any_text(*names: str) -> list[Filter]:
    """
    Filters of which something else says what they may be.
    """
    return [Filter(name, "a text", lambda text: True) for name in names]


def one_of(name: str, possible: Collection[str]) -> Filter:
    return Filter(name, f"one of {', '.join(possible)}", lambda text: text in possible)


def switch(name: str) -> Filter:
    """
    A filter that is on with 1 and off with 0.
    """
    return one_of(name, ("0", "1"))


def day(name: str) -> Filter:
    """
    A day as the money pages take it: also a month or a word such as `yesterday`.
    """
    return Filter(name, "a date", _is_day)


def month(name: str) -> Filter:
    return Filter(name, "a month", month_grid.is_month)


def number(name: str) -> Filter:
    return Filter(name, "a number", lambda text: text.isascii() and text.isdigit())


def _is_day(text: str) -> bool:
    """
    Whether a text has a meaning as the first or last day of a period, on any day.
    """
    if ".." in text:
        return False
    try:
        periods.parse_period(text, date(2000, 1, 1))
    except errors.UsageError:
        return False
    return True


def _sentence(name: str, text: str, reason: str) -> str:
    if not _PLAIN.fullmatch(name):
        return "A part of the address that this page does not know was left out."
    if not _PLAIN.fullmatch(text):
        return f"What the address has for {name} {reason}, so it was left out."
    return f"{name}={text} {reason}, so it was left out."
