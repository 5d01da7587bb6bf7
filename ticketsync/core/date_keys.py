"""
What is one date of a listing, where a platform sells it in several parts: a Square item
has a variation for each ticket type, and each of them is an occurrence of its own.

Wherever dates are listed or counted, the parts of one are one line. Links, switches and
orders stay with each occurrence, so JSON and CSV keep one record for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
_DASH = re.compile(" [–-] ")


class DateKey(NamedTuple):
    """
    What the parts of one date have in common: the account, by its name, the event and
    the show that they are linked to, by our ids, and the instant.
    """

    account: str
    event_id: int
    starts_at: datetime
    show_id: int | None = None


def date_key(occurrence: Any) -> DateKey | None:
    """
    What an occurrence, or a row about one, has in common with the other parts of its
    date: its `account` (the name), `event_id`, `starts_at` and `show_id`. `None` where
    it is not dated.
    """
    if not occurrence.is_dated:
        return None
    return DateKey(
        occurrence.account,
        occurrence.event_id,
        occurrence.starts_at,
        occurrence.show_id,
    )


def group_parts(
    items: Iterable[T], key_of: Callable[[T], DateKey | None]
) -> list[tuple[T, ...]]:
    """
    The parts of each date together, in the order of its first one. What has no date,
    and therefore no key, stays alone.
    """
    groups: dict[DateKey | int, list[T]] = {}
    for number, item in enumerate(items):
        key = key_of(item)
        groups.setdefault(number if key is None else key, []).append(item)
    return [tuple(group) for group in groups.values()]


def shorten_part_names(names: Sequence[str]) -> list[str]:
    """
    The names of the parts of one date without what all of them begin with, up to a
    dash: `9 Dec 2026 7:30pm – Adult`, `9 Dec 2026 7:30pm – Guest` are Adult and Guest.
    """
    first = names[0] if len(names) > 1 else ""
    for dash in reversed([*_DASH.finditer(first)]):
        shared = first[: dash.end()]
        if all(name.startswith(shared) and name != shared for name in names):
            return [name.removeprefix(shared) for name in names]
    return [*names]
