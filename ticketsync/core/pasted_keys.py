"""
Keys that were pasted where a name belongs: what looks like one is not repeated, because
an error is kept by whoever runs the command, in a log, a mail or a pipeline.
"""

from __future__ import annotations

import re

from ticketsync.core.redact import safe

# What keys begin with, as the platforms document it, or as they are known: Ticket
# Tailor's, Stripe's, Square's, Wix's; hexadecimal ones and GUIDs.
_BEGINS_AS_KEY = re.compile(
    r"sk_\d.+|[sr]k_(?:live|test)_.+|whsec_.+|EAAA(?=.*\d)[A-Za-z0-9].{11,}|IST\..+"
    r"|sq0[a-z]{3}-.{16,}|(?=.*\d)(?=.*[A-Fa-f])[\dA-Fa-f]{16,}"
    r"|[\dA-Fa-f]{8}(?:-[\dA-Fa-f]{4}){3}-[\dA-Fa-f]{12}"
)
# Others are long, with digits among letters: so are names such as
# `studio54and2rooms`, but those consist of words.
_IS_LONG = re.compile(r"(?=[A-Za-z]*\d)[A-Za-z\d]{16,}")
_DIGITS_AMONG_LETTERS = re.compile(r"(?:[A-Za-z]*\d+[A-Za-z]){2}")
_LETTERS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_WORD = re.compile(
    r"st|nd|rd|th|(?=.*[aeiou])(?!.*[^aeiouy]{5})[a-z]{3,}", re.IGNORECASE
)


def is_like_key(text: str) -> bool:
    """
    Whether a text looks like a key of a platform.
    """
    if _BEGINS_AS_KEY.fullmatch(text):
        return True
    if not _IS_LONG.fullmatch(text):
        return False
    odd = sum(not _WORD.fullmatch(part) for part in _LETTERS.findall(text))
    if not _DIGITS_AMONG_LETTERS.match(text):
        return odd >= 2
    return odd >= 1 or text.isupper()  # Eventbrite's are in capitals


def quoted(text: str, instead: str = "by that name, which looks like a key") -> str:
    """
    What was typed, in quotes, for an error that says that there is no such thing; of
    what looks like a key, other words.
    """
    if is_like_key(text):
        return instead
    return repr(safe(text))
