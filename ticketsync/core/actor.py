"""
Who is acting: the name that audit rows and runs record.

A command acts for whoever started it (`user@host`); a page acts for its visitor, who is
set around the handling of each request.
"""

from __future__ import annotations

import functools
import getpass
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_actor: ContextVar[str] = ContextVar("actor", default="")


def current() -> str:
    """
    The visitor on whose behalf this runs, else `user@host`.
    """
    return _actor.get() or _process_owner()


@contextmanager
def acting_as(name: str) -> Iterator[None]:
    """
    Attribute everything inside the block to that person; an empty name changes nothing.
    """
    token = _actor.set(name or _actor.get())
    try:
        yield
    finally:
        _actor.reset(token)


@functools.cache
def _process_owner() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, in a container
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
