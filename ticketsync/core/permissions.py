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
from typing import Final

from ticketsync.core import errors

ACCEPT: Final = "TICKETSYNC_ACCEPT_MODES"
_WAY_OUT: Final = (
    f" Where modes cannot be set (a network share, exFAT, WSL), set {ACCEPT}=1, for "
    "cron too: then it is up to you who can reach the files."
)


def modes_count() -> bool:
    """
    Whether modes and owners of files say who may use them: not on systems without
    such, nor where a person said that the file system does not keep them.
    """
    return os.name == "posix" and os.environ.get(ACCEPT, "") != "1"


def accepted() -> dict[str, str]:
    """
    The variable for the environment of a scheduled run, if it is set here.
    """
    return {ACCEPT: "1"} if os.environ.get(ACCEPT, "") == "1" else {}


def is_open_to_others(mode: int) -> bool:
    """
    Whether the mode of a private file lets others read or write it.
    """
    return modes_count() and bool(mode & 0o077)


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
            hint=f"Run `chown {os.geteuid()} {path}` if it is yours.{_WAY_OUT}",
            word="writable-by-others",
        )
    if _others_may_write(found) or (_group_may_write(found) and not is_shareable):
        raise errors.ConfigurationError(
            f"{what} {path} can be changed by others.",
            hint=f"Run `chmod {'o' if is_shareable else 'go'}-w {path}` or choose a "
            f"folder of your own, and look whether somebody has changed it.{_WAY_OUT}",
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
    Nothing where modes do not count, or where there is no such file.
    """
    if not modes_count():
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
