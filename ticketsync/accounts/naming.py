"""
The names that people give to accounts.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ticketsync.core import errors
from ticketsync.core.redact import safe

RESERVED = ("replay",)  # `sync replay` is a command
_LONGEST = 40
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


def refuse_bad_name(name: str) -> None:
    """
    Raises: `UsageError` for what cannot be the name of an account.
    """
    if _is_like_key(name):
        raise errors.UsageError(
            "That looks like a key, and the name of an account is shown everywhere.",
            hint="Name the account first, such as `box-office`; its key is asked for "
            "afterwards, unseen.",
        )
    if len(name) > _LONGEST:  # not repeated: it may be the key of another platform
        raise errors.UsageError(
            f"A name of {len(name):,} characters is too long for an account.",
            hint=f"Name it with {_LONGEST} at most, such as `box-office`.",
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name) or name in RESERVED:
        raise errors.UsageError(
            f"{safe(name)!r} cannot be the name of an account.",
            hint="Use letters, digits, dots, dashes and underscores, 40 at most.",
        )


def _is_like_key(name: str) -> bool:
    if _BEGINS_AS_KEY.fullmatch(name):
        return True
    if not _IS_LONG.fullmatch(name):
        return False
    odd = sum(not _WORD.fullmatch(part) for part in _LETTERS.findall(name))
    if not _DIGITS_AMONG_LETTERS.match(name):
        return odd >= 2
    return odd >= 1 or name.isupper()  # Eventbrite's are in capitals


def free_name(provider: str, taken: Collection[str]) -> str:
    """
    A name to propose for an account of a platform: its own, with a number where that is
    taken.
    """
    number = 1
    name = provider
    while name in taken:
        number += 1
        name = f"{provider}-{number}"
    return name
