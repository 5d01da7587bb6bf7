"""
Rows of a report without numbers of tickets that name several: the seats "A1, A2" or
"A1-A4", the type "2 x Adult". Each would be one ticket. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ticketsync.core.redact import safe
from ticketsync.providers.file_import.columns import Line
from ticketsync.providers.file_import.heading import normalise
from ticketsync.providers.file_import.recipe import Recipe

_SEAT = re.compile(r"[^\W\d_]{0,3}\s?\d{1,4}[^\W\d_]?")
_BETWEEN = re.compile(r"\s*(?:[,;&+]|\band\b)\s*", re.IGNORECASE)
_RANGE = re.compile(
    r"([^\W\d_]{0,3})\s?(\d{1,4})\s*(?:[-–—]|\bto\b)\s*([^\W\d_]{0,3})\s?(\d{1,4})"
)
_TIMES = re.compile(r"(\d{1,3})\s?[x×*]\s?[^\W\d_]{2}.*|.*\w\s[x×*]\s?(\d{1,3})", re.I)


def refuse_several(recipe: Recipe, lines: Sequence[Line]) -> None:
    """
    Give rows a problem that seem to be several tickets, where no column says how many
    they are.
    """
    if "quantity" in recipe.columns:
        return
    ignored = {normalise(name) for name in recipe.ignore_columns}
    for field in ("line", "type"):
        heading = recipe.columns.get(field, "")
        if not heading or normalise(heading) in ignored:
            continue
        texts = {line.cells.get(field, "") for line in lines}
        found = _several_seats(texts) if field == "line" else _times(texts)
        for line in lines:
            text = line.cells.get(field, "")
            if text in found and not line.problem:
                line.problem = (
                    f"{field} is {safe(text, longest=40)!r}, which may be several "
                    "tickets: map a column with their number to `quantity`, or add "
                    f"{safe(heading)!r} to `ignore_columns` if each row is one"
                )


def _several_seats(texts: Iterable[str]) -> set[str]:
    """
    Lists and ranges. `12-14`, `1, 5` and `A1-4` may be a row and a seat: they are where
    some text of the column goes down, as `12-3` does, and no seat is written alone.
    """
    known = {text: _parts(text) for text in texts}
    several = {text: parts for text, parts in known.items() if parts}
    places = {text for text, parts in several.items() if parts[-1].isdecimal()}
    is_place = any(_goes_down(several[text]) for text in places) and not any(
        _SEAT.fullmatch(text) for text in known
    )
    rising = {text for text, parts in several.items() if not _goes_down(parts)}
    return rising - places if is_place else rising


def _parts(text: str) -> list[str]:
    """
    The seats of a list, or the first and the last of a range; none for other texts.
    """
    parts = _BETWEEN.split(text)
    if len(parts) > 1 and all(map(_SEAT.fullmatch, parts)):
        return parts
    match = _RANGE.fullmatch(text)
    if match is None or match[3].strip() not in ("", match[1]):
        return []
    return [match[1] + match[2], match[3] + match[4]]


def _goes_down(parts: Sequence[str]) -> bool:
    first, last = (int(re.sub(r"\D", "", part)) for part in (parts[0], parts[-1]))
    return len(parts) == 2 and parts[-1].isdecimal() and last <= first


def _times(texts: Iterable[str]) -> set[str]:
    return {
        text
        for text in texts
        if (match := _TIMES.fullmatch(text)) and int(match[1] or match[2]) > 1
    }
