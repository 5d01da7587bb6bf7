"""
The database URL: a file name, `sqlite:///…` or `postgresql://…`, and nothing else.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ticketsync.core import errors, paths
from ticketsync.core.redact import safe

_SQLITE_DRIVERS: Final = ("sqlite", "sqlite+pysqlite")
_POSTGRES_DRIVER: Final = "postgresql+psycopg"


def parse_url(url: str) -> URL:
    """
    The parsed URL; that of our own file for an empty one.

    Raises: `ConfigurationError` for one that no database of ours can have.
    """
    if not url:
        return URL.create("sqlite", database=str(paths.database_file()))
    if "://" not in url:
        return _of_file(URL.create("sqlite", database=url))
    try:
        url.encode()
        parsed = make_url(url)
        (parsed.host or "").encode("idna")
    except (ArgumentError, ValueError):  # a port that is not a number, half an emoji
        raise errors.ConfigurationError(
            "The database URL cannot be read.",
            hint="Use a file name, or postgresql://user@host/name.",
        ) from None
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return parsed.set(drivername=_POSTGRES_DRIVER)
    if kind != "sqlite":
        raise _unsupported(f"Databases of the kind {safe(kind, longest=40)!r}")
    if parsed.drivername not in _SQLITE_DRIVERS:
        raise _unsupported(f"Drivers like {safe(parsed.drivername, longest=40)!r}")
    return _of_file(parsed)


def _of_file(url: URL) -> URL:
    """
    The URL of a file whose name the system accepts.
    """
    try:
        if url.host or url.port or url.username:
            raise ValueError("a file is on no host")
        if url.database:
            os.stat(Path(url.database))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        pass
    except (OSError, ValueError):
        raise errors.ConfigurationError(
            f"{safe(url.database, longest=100)!r} cannot be the file of a database.",
            hint="Use a file name, or postgresql://user@host/name.",
        ) from None
    return url


def _unsupported(what: str) -> errors.ConfigurationError:
    return errors.ConfigurationError(
        f"{what} are not supported.",
        hint="Use SQLite (a file name) or PostgreSQL (postgresql://…).",
    )


def refused_by_driver(url: URL) -> errors.ConfigurationError:
    """
    The URL names an option, or a value of one, that its driver does not know.
    """
    return errors.ConfigurationError(
        f"{safe(url.render_as_string(hide_password=True))}: the driver refuses an "
        "option of this URL.",
        hint="Check what comes after the ? in the database URL.",
    )
