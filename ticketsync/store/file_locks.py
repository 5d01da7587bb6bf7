"""
Locks of files that are waited for in the order of asking. They end with their holder.

The kernel wakes whoever is next at once. Windows has no such call: there `filelock`
asks every few milliseconds, and no lock is shared.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol

POLL_SECONDS = 0.005


class HeldLock(Protocol):
    """
    A lock, until it is released.
    """

    def release(self) -> None: ...


def take(
    file: Path, seconds: float, *, beside: Path, is_shared: bool = False
) -> HeldLock:
    """
    Take the lock of `file`, which is made where it is missing, for those who may write
    `beside`. Several may have a shared lock at once.

    Raises: `TimeoutError` where others have it for longer, another `OSError` where
    files cannot be locked here.
    """
    if sys.platform == "win32":
        return take_by_polling(file, seconds)
    from ticketsync.store.kernel_locks import KernelLock

    lock = KernelLock(file, beside)
    lock.take(is_shared=is_shared, seconds=seconds)
    return lock


def take_by_polling(file: Path, seconds: float) -> HeldLock:
    """
    The way of Windows.

    Raises: as `take`.
    """
    import filelock

    lock = filelock.FileLock(
        file, mode=0o600, thread_local=False, fallback_to_soft=False
    )
    try:
        lock.acquire(timeout=max(seconds, 0.0), poll_interval=POLL_SECONDS)
    except filelock.Timeout:
        raise TimeoutError("the file is locked") from None
    return lock
