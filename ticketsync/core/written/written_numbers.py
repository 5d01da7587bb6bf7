"""
Whole numbers as people and programs write them: `2`, `−1`, `(2)`, `2.0`.

Python reads more than that: `1_0` and `1e1` are ten to it, and `1.000`, which may be a
thousand, is one.
"""

from __future__ import annotations

import re

_WHOLE = re.compile(
    r"(?P<sign>[+\-−–]?)(?P<digits>[0-9]{1,40})(?:(?P<point>[.,])0{1,2})?"
)


def whole_number(text: str, decimal: str = "") -> int:
    """
    The number in a text. Behind its decimal sign (`""`: either) stand one or two zeros
    at most: three may be a group of thousands.

    Raises: `ValueError` for anything else.
    """
    plain = text.strip()
    is_negative = plain.startswith("(") and plain.endswith(")")
    match = _WHOLE.fullmatch(plain[1:-1] if is_negative else plain)
    if match is None or (is_negative and match["sign"]):
        raise ValueError
    if match["point"] and decimal not in ("", match["point"]):
        raise ValueError
    number = int(match["digits"])
    return -number if is_negative or match["sign"] in ("-", "−", "–") else number
