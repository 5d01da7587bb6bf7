"""
Who may write to our files. Whoever can change the settings or the database decides what
we run and where keys are sent, so files that others may write are not used.

A group counts as others, unless it is the user's own group, which many systems give
every user. In a folder with the sticky bit nobody can replace another's file.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ticketsync.core import errors


def refuse_writable(path: Path, *, what: str, is_shareable: bool = False) -> None:
    """
    One that `is_shareable` may belong to a colleague and be written by a group.

    Raises: `ConfigurationError` for a file or folder that others may write.
    """
    found = _stat(path)
    if found is None:
        return
    if _belongs_to_another(found) and not is_shareable:
        raise errors.ConfigurationError(
            f"{what} {path} belongs to another user, who can change it.",
            hint=f"Run `chown {os.geteuid()} {path}` if it is yours.",
            word="writable-by-others",
        )
    if _others_may_write(found) or (_group_may_write(found) and not is_shareable):
        raise errors.ConfigurationError(
            f"{what} {path} can be changed by others.",
            hint=f"Run `chmod go-w {path}` or choose a folder of your own, and look "
            "whether somebody has changed it.",
            word="writable-by-others",
        )


def is_shared_with_group(path: Path) -> bool:
    """
    Whether others may write to a file or folder that `refuse_writable` accepts as
    shareable.
    """
    found = _stat(path)
    return found is not None and (_group_may_write(found) or _belongs_to_another(found))


def _stat(path: Path) -> os.stat_result | None:
    """
    Nothing on systems without such permissions, or where there is no such file.
    """
    if os.name != "posix":
        return None
    try:
        return path.stat()
    except OSError:
        return None


def _belongs_to_another(found: os.stat_result) -> bool:
    """
    Root's files may be used by all, and root may use those of all: containers run as
    root on folders of their host.
    """
    return 0 not in (os.geteuid(), found.st_uid) and found.st_uid != os.geteuid()


def _others_may_write(found: os.stat_result) -> bool:
    return bool(found.st_mode & stat.S_IWOTH) and not _is_sticky(found)


def _group_may_write(found: os.stat_result) -> bool:
    return (
        bool(found.st_mode & stat.S_IWGRP)
        and not _is_sticky(found)
        and not _is_own_group(found.st_gid)
    )


def _is_sticky(found: os.stat_result) -> bool:
    return stat.S_ISDIR(found.st_mode) and bool(found.st_mode & stat.S_ISVTX)


def _is_own_group(number: int) -> bool:
    """
    Whether a group is named like the user and has no other members. That of root may
    do everything anyway, and one without a name has no member here: containers use
    both.
    """
    import grp
    import pwd

    try:
        group = grp.getgrgid(number)
        user = pwd.getpwuid(os.geteuid()).pw_name if number else group.gr_name
    except KeyError:
        return True
    return group.gr_name == user and not set(group.gr_mem) - {user}
