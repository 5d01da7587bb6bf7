"""
Order numbers that differ only in how they are written: a program or a person has
rewritten them in one of two reports (`1001.0`, `1,001`, `#1001`, `'1001`, an en dash).

As two orders one would count twice, and as one two would be lost: so they are named,
with what is stored as well. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

from ticketsync.core.redact import safe

_DASHES = re.compile(r"[‐‑‒–—―−﹣－]")
_QUOTES = "'’‘`´\"“”"
_NUMBER = re.compile(r"(?P<whole>\d+)(?:[.,](?P<part>\d*))?")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?P<sign>[.,'’])\d{3})(?:(?P=sign)\d{3})*")


def find_rewritten(
    ids: Collection[str], held: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """
    Those of these orders whose number is another one's in other writing, among them or
    among those that are held, as id, the word of the problem, and what it is in words
    that go on after `its number 1001`.
    """
    written: dict[str, set[str]] = {}
    for id_ in {*ids, *held}:
        written.setdefault(_plain(id_), set()).add(id_)
    for same in written.values():
        for id_ in sorted(same.intersection(ids)) if len(same) > 1 else ():
            word, difference = _difference(same)
            others = ", ".join(safe(other) for other in sorted(same - {id_}))
            yield id_, word, f"differs from {others} {difference}"


def _difference(ids: Collection[str]) -> tuple[str, str]:
    if all(id_.isascii() and id_.isdigit() for id_ in ids):
        return (
            "leading-zeros",
            "in leading zeros alone; format the column as text and export it again",
        )
    alike = (
        "write them alike if they are one order, and give one of them another number "
        "if not"
    )
    if len({id_.casefold() for id_ in ids}) == 1:
        return "letter-case", f"only in capital letters: {alike}"
    return "number-rewritten", f"only in how it is written: {alike}"


def _plain(id_: str) -> str:
    """
    An id as it is compared. What an event or a file adds to its number stays as it is.
    """
    number, bracket, within = id_.partition(" (")
    if not id_.endswith(")"):
        number, bracket, within = id_, "", ""
    return f"{_plain_number(number) or number}{bracket}{within}"


def _plain_number(number: str) -> str:
    if number.isascii() and number.isalnum():  # most are, and need no closer look
        return (number.lstrip("0") or "0") if number.isdigit() else number.casefold()
    text = number
    if not number.isascii():
        text = _DASHES.sub("-", unicodedata.normalize("NFKC", number))
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    text = "".join(text.split()).casefold()
    text = text.strip(_QUOTES).lstrip("#").strip(_QUOTES)
    if not text[:1].isdigit():
        return text
    if _GROUPED.fullmatch(text):
        return re.sub(r"\D", "", text)
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    part = (match["part"] or "").rstrip("0")
    return (match["whole"].lstrip("0") or "0") + (f".{part}" if part else "")
