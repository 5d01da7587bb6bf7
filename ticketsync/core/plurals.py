"""
Numbers of things in words: `1 date`, `1,200 dates`.
"""

from __future__ import annotations


def number_of(number: int, thing: str, plural: str = "") -> str:
    """
    So many of a thing; its `plural` is with an s unless it is given.
    """
    return f"{number:,} {thing if number == 1 else plural or f'{thing}s'}"
