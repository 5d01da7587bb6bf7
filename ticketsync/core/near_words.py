"""
Which known word was meant by one that is not known, for a question "did you mean".
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ticketsync.core.redact import safe


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.75) -> str:
    """
    The known word that is spelt like this one, or `""`: three letters of four are the
    same (`cutoff`). With fewer, `config` was proposed for `tonight`. One that stands
    behind a syllable of the other is its opposite as often as a slip (`unpaid`,
    `paid`), and is never proposed.
    """
    choices = [other for other in known if not _is_opposite(word, other)]
    found = difflib.get_close_matches(word, choices, n=1, cutoff=cutoff)
    return found[0] if found else ""


def nearest_name(name: str, known: Iterable[str]) -> str:
    """
    The known name that is spelt like this one, whatever the case of both, or `""`.
    """
    by_letters = {other.casefold(): other for other in known}
    return by_letters.get(nearest(name.casefold(), by_letters), "")


def question(near: str) -> str:
    """
    What to add to a message about a name that is not known; nothing for no `near` one.
    """
    return f" Did you mean {safe(near)!r}?" if near else ""


def _is_opposite(word: str, other: str) -> bool:
    shorter, longer = sorted((word.casefold(), other.casefold()), key=len)
    return longer.endswith(shorter) and len(longer) - len(shorter) > 1
