"""
The names that people give to accounts.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ticketsync.core import errors, pasted_keys
from ticketsync.core.redact import safe

RESERVED = ("replay",)  # `sync replay` is a command
_LONGEST = 40


def refuse_bad_name(name: str) -> None:
    """
    Raises: `UsageError` for what cannot be the name of an account.
    """
    if pasted_keys.is_like_key(name):
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
