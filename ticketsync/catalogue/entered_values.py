"""
Names and numbers that a person types in: refused where they cannot be meant. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from ticketsync.catalogue.known_names import same_name
from ticketsync.core import errors
from ticketsync.core.redact import safe

MOST_SEATS = 1_000_000  # no venue has as many; a barcode has more digits
LONGEST_VENUE = 200  # characters; a title may be as long as its platform has it


def check_seats(seats: int | None) -> int | None:
    """
    Raises: `UsageError` for a number of seats that no show has.
    """
    if seats is not None and not 0 <= seats <= MOST_SEATS:
        raise errors.UsageError(
            f"A show cannot have {seats:,} seats.",
            hint=f"Give a number from 0 to {MOST_SEATS:,}.",
        )
    return seats


def check_venue(text: str) -> str:
    """
    The name of a venue without blanks around it.

    Raises: as `check_name`.
    """
    return check_name(text, "venue")


def check_name(text: str, kind: str) -> str:
    """
    The name of a `kind` (venue, production) without blanks around it.

    Raises: `UsageError` if it is empty, very long, or was not typed as UTF-8.
    """
    name = text.strip()
    if not name:
        raise errors.UsageError(f"The name of a {kind} cannot be empty.")
    if kind == "venue" and len(name) > LONGEST_VENUE:
        raise errors.UsageError(
            f"The name of a venue has {LONGEST_VENUE} characters at most."
        )
    try:
        name.encode()
    except UnicodeEncodeError:
        raise errors.UsageError(
            f"The name of the {kind} is not UTF-8 text.",
            hint="Set the terminal to UTF-8, and type it again.",
        ) from None
    return name


def refuse_same_name(name: str, others: Iterable[str], kind: str) -> None:
    """
    Raises: `UsageError` where one of the others differs in upper case, spaces and
    punctuation at most: the two would be taken for one another.
    """
    other = same_name(name, list(others))
    if other is not None:
        raise errors.UsageError(
            f"There is a {kind} {safe(other)!r} already.",
            hint=f"Upper case, spaces and punctuation make no other {kind}. Use "
            f"`ticketsync {kind}s merge` to make one of two.",
        )
