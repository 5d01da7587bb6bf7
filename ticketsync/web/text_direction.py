"""
Text that is written from right to left, on pages that are written from left to right.

Beside a Hebrew or Arabic title a browser turns the date or the number that follows it
around: "2027-04-18 20:00" would read "20:00 18-04-2027". In `<bdi>` a title turns
itself alone.
"""

from __future__ import annotations

import re

_LETTER = (
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff"
    "\U0001e800-\U0001efff]"
)
# From the first letter to the last one; none of a markup or of another script between.
_RUN = re.compile(f"{_LETTER}(?:[^<>&A-Za-z0-9]*{_LETTER})*")
_IS_THERE = re.compile(_LETTER)
# What holds text only, where markup would be shown or lost; and any other text.
_PARTS = re.compile(
    r"<(title|option|textarea|script|style|svg)\b.*?</\1>|(?<=>)[^<]+", re.DOTALL
)


def isolate(html: str) -> str:
    """
    A page whose texts from right to left turn nothing beside them. Attributes, and
    elements that hold text only, stay as they are.
    """
    if not _IS_THERE.search(html):
        return html
    return _PARTS.sub(
        lambda part: (
            part.group()
            if part.group(1)
            else _RUN.sub(lambda run: f"<bdi>{run.group()}</bdi>", part.group())
        ),
        html,
    )
