"""
Texts that are looked for in upper or lower case, whichever letters they have.

SQLite knows the case of the letters of ASCII only, and PostgreSQL what its locale says:
with `lower` alone nobody would find Čapek.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func


def in_lower_case(column: ColumnElement[Any], wanted: str) -> ColumnElement[Any]:
    """
    A column in lower case, as far as it matters beside a text that is in lower case.
    """
    found: ColumnElement[Any] = func.lower(column)
    for letter in sorted({sign for sign in wanted if not sign.isascii()}):
        capital = letter.upper()
        if capital != letter and len(capital) == 1:
            found = func.replace(found, capital, letter)
    return found


def contains(column: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    """
    Whether a column has a text in it, in upper or lower case.
    """
    text = wanted.lower()
    return in_lower_case(column, text).contains(text, autoescape=True)


def is_same(column: ColumnElement[Any], wanted: str) -> ColumnElement[bool]:
    """
    Whether a column is a text, in upper or lower case.
    """
    text = wanted.lower()
    return in_lower_case(column, text) == text
