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

from ticketsync.core import errors, periods
from ticketsync.web import month_grid

_PLAIN = re.compile(r"[\w.:-]{1,20}", re.ASCII)
_OF_NOTICES = ("notice", "account", "shows")


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
    The usable part of an address, and what is wrong with the rest, a clause for each
    part: `past=yes is not one of 0, 1`.
    """

    values: Mapping[str, str]
    wrong: tuple[str, ...]

    @property
    def left_out(self) -> str:
        """
        What a page says that it left out of its address; empty for nothing.
        """
        return " ".join(f"{clause}, so it was left out." for clause in self.wrong)

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
    wrong: list[str] = []
    for name, text in query.items():
        found = known.get(name)
        if found is not None and (not text or found.accepts(text)):
            values[name] = text
        elif found is not None:
            wrong.append(_clause(name, text, f"is not {found.kind}"))
        elif text and name not in others:
            wrong.append(_clause(name, text, "is not a filter of this page"))
    return Query(values, tuple(dict.fromkeys(wrong)))


def require(query: Mapping[str, str], *filters: Filter) -> Mapping[str, str]:
    """
    What a file with these filters was asked for. It cannot say that a part was left
    out, so every part must be usable.

    Raises: `UsageError` for the first part that is not.
    """
    asked = check(query, *filters)
    for clause in asked.wrong:
        raise errors.UsageError(
            f"{clause}.", hint="Correct the address, or leave this part out."
        )
    return asked.values


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


def is_id(text: str) -> bool:
    """
    Whether a text can be one of our ids, which every database has room for.
    """
    return text.isascii() and text.isdigit() and len(text) < 10


def _is_day(text: str) -> bool:
    """
    Whether a text has a meaning as the first or last day of a period, on any day.
    """
    return ".." not in text and periods.is_period(text)


def _clause(name: str, text: str, reason: str) -> str:
    if not _PLAIN.fullmatch(name):
        return "The address has a part that this page does not know"
    if not _PLAIN.fullmatch(text):
        return f"What the address has for {name} {reason}"
    return f"{name}={text} {reason}"
