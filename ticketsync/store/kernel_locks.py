"""
Waiting for the lock of a file in the kernel (`flock`), on everything but Windows.

A lock belongs to the open file, so each one is a file opened anew, and a process that
is forked meanwhile closes its copy. The system call knows no time limit; therefore a
thread waits in it, and only where somebody has the lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import threading
from pathlib import Path

_handles: set[int] = set()  # that this process holds


def _close_copies() -> None:
    for handle in _handles:
        with contextlib.suppress(OSError):
            os.close(handle)
    _handles.clear()


os.register_at_fork(after_in_child=_close_copies)


class KernelLock:
    """
    The lock of a file, to be taken once and released once.
    """

    def __init__(self, file: Path, beside: Path) -> None:
        self._handle = _open(file, beside)
        self._process = os.getpid()
        self._guard = threading.Lock()
        self._is_over = threading.Event()
        self._is_left = False  # to the thread that waits for it
        self._error: OSError | None = None
        _handles.add(self._handle)

    def take(self, *, is_shared: bool, seconds: float) -> None:
        """
        Raises: `TimeoutError` where others have it for longer, another `OSError` where
        files cannot be locked here.
        """
        how = fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX
        try:
            self._take(how, seconds)
        except BaseException:
            if not self._is_left:
                self.release()
            raise

    def _take(self, how: int, seconds: float) -> None:
        try:
            fcntl.flock(self._handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if seconds <= 0:
                raise TimeoutError("the file is locked") from None
        else:
            return
        try:
            threading.Thread(target=self._wait, args=(how,), daemon=True).start()
        except RuntimeError as error:  # the system has no thread left
            raise OSError(str(error)) from None
        try:
            self._is_over.wait(seconds)
        finally:
            with self._guard:
                self._is_left = not self._is_over.is_set()
        if self._is_left:
            raise TimeoutError("the file is locked")
        if self._error is not None:
            raise self._error

    def _wait(self, how: int) -> None:
        """
        Nothing ends the system call: where the one who wanted the lock gave up, it is
        released as soon as it is there.
        """
        try:
            fcntl.flock(self._handle, how)
        except OSError as error:
            self._error = error
        with self._guard:
            self._is_over.set()
        if self._is_left:
            self.release()

    def release(self) -> None:
        if os.getpid() != self._process:
            return  # the copy of a forked process is closed already
        _handles.discard(self._handle)
        # By name: a process that is being forked still has the file open.
        with contextlib.suppress(OSError):
            fcntl.flock(self._handle, fcntl.LOCK_UN)
        os.close(self._handle)


def _open(file: Path, beside: Path) -> int:
    """
    The file, opened to be locked; never one that a link leads to.
    """
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        with contextlib.suppress(FileNotFoundError):
            return os.open(file, flags)
        with contextlib.suppress(FileExistsError):
            handle = os.open(file, flags | os.O_CREAT | os.O_EXCL, 0o600)
            _share(handle, beside)
            return handle


def _share(handle: int, beside: Path) -> None:
    """
    Let a new file belong to those who may write `beside`, as SQLite does with its own:
    a command of root must not lock its users out, nor one of a group the others.
    """
    with contextlib.suppress(OSError):
        found = beside.stat()
        if os.geteuid() == 0:
            os.fchown(handle, found.st_uid, found.st_gid)
        os.fchmod(handle, 0o660 if found.st_mode & stat.S_IWGRP else 0o600)
