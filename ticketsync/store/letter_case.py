"""
Texts that are looked for in upper or lower case, whichever letters they have.

SQLite knows the case of the letters of ASCII only, and PostgreSQL what its locale says:
with `lower` alone nobody would find Čapek.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, func

_DOTTED: Final = "\u0130"  # the only letter that is two in lower case
_SIGMA, _LAST_SIGMA = "\u03c3", "\u03c2"  # the only one that ends words otherwise


def in_lower_case(column: ColumnElement[Any], wanted: str) -> ColumnElement[Any]:
    """
    A column in lower case, as far as it matters beside a text as `_lower` gives it.
    """
    found: ColumnElement[Any] = column
    if _DOTTED.lower() in wanted:
        found = func.replace(found, _DOTTED, _DOTTED.lower())
    found = func.lower(found)
    for letter in sorted({sign for sign in wanted if not sign.isascii()}):
        capital = letter.upper()
        if capital != letter and len(capital) == 1:
            found = func.replace(found, capital, letter)
    if _SIGMA in wanted:
        found = func.replace(found, _LAST_SIGMA, _SIGMA)
    return found


def _lower(text: str) -> str:
    return text.lower().replace(_LAST_SIGMA, _SIGMA)


def contains(column: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    """
    Whether a column has a text in it, in upper or lower case.
    """
    text = _lower(wanted)
    return in_lower_case(column, text).contains(text, autoescape=True)


def is_same(column: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    """
    Whether a column is a text, in upper or lower case.
    """
    text = _lower(wanted)
    return in_lower_case(column, text) == text
