"""
Private folders beside a database, in which a copy is written, verified and renamed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ticketsync.core import clock, disk, errors, paths
from ticketsync.core.redact import safe

ABANDONED_SECONDS = 24 * 3600


@contextmanager
def private_copy(target: Path) -> Iterator[Path]:
    """
    The name of a file in a private folder beside `target`, for the caller to write,
    verify and rename. Nobody else can put a link there. The folder is deleted
    afterwards with all that is in it.

    Raises: `DatabaseError` where it cannot be written, also by what the caller does.
    """
    private = None
    try:
        paths.private_folder(target.parent)
        _remove_abandoned(target)
        # A name of its own: another restore waits for its answer meanwhile.
        prefix = f".{target.name}.new-"
        private = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
        yield private / "copy.db"
        _sync_folder(target.parent)
    except (OSError, sqlite3.OperationalError) as error:
        if disk.is_full(error):
            raise disk.full_error(target, error) from None
        raise errors.DatabaseError(
            f"{target} cannot be written: {safe(error)}.",
            hint="Check the disk and the folder's permissions.",
            word="io-error",
        ) from None
    finally:
        if private is not None:
            _remove(private)


def _remove_abandoned(target: Path) -> None:
    """
    Delete what processes left that were killed, once nobody can wait there any more.
    """
    _remove(target.with_name(f".{target.name}.new"))  # of earlier versions
    before = clock.now().timestamp() - ABANDONED_SECONDS
    for path in target.parent.iterdir():
        if path.name.startswith(f".{target.name}.new-") and (
            path.lstat().st_mtime < before
        ):
            _remove(path)


def _remove(path: Path) -> None:
    """
    Delete a file or a folder; of a link the link.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _sync_folder(folder: Path) -> None:
    """
    Make a rename survive a power cut, where the system can.
    """
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
