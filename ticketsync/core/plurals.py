"""
Numbers of things in words: `1 date`, `1,200 dates`; several in one sentence: `1, 2 and
3`.
"""

from __future__ import annotations

from collections.abc import Iterable


def number_of(number: int, thing: str, plural: str = "") -> str:
    """
    So many of a thing; its `plural` is with an s unless it is given.
    """
    return f"{number:,} {noun_for(number, thing, plural)}"


def noun_for(number: int, thing: str, plural: str = "") -> str:
    """
    What so many of a thing are called, without the number.
    """
    return thing if number == 1 else plural or f"{thing}s"


def joined(parts: Iterable[str]) -> str:
    """
    These parts of a sentence as one: `1`, `1 and 2`, `1, 2 and 3`.
    """
    *first, last = [*parts] or [""]
    return f"{', '.join(first)} and {last}" if first else last
