"""
The one message for a disk on which nothing more can be written.
"""

from __future__ import annotations

import errno

from ticketsync.core import errors

HINT = "Free some space and run the same command again."
WORD = "disk-full"


def is_full(error: BaseException) -> bool:
    """
    Whether the system, or SQLite, says that the disk or the user's share of it is full.
    """
    number = getattr(error, "errno", None)
    return number in (errno.ENOSPC, errno.EDQUOT) or "is full" in str(error)


def full_error(target: object, error: BaseException) -> errors.DatabaseError:
    """
    Our error for a file that cannot be written because the disk is full.
    """
    why = getattr(error, "strerror", None) or error
    return errors.DatabaseError(
        f"{target} cannot be written: {why}.", hint=HINT, word=WORD
    )
