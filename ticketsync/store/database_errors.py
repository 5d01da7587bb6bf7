"""
Translating the database drivers' errors into ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import exc

from ticketsync.core import disk, errors


@dataclass(frozen=True, slots=True)
class _KnownError:
    """
    The meaning of a driver's message that contains `pattern`.
    """

    pattern: str
    word: str
    hint: str
    text: str = ""


_RETRY = "Nothing was changed; run the same command again."
_KNOWN_ERRORS = (
    _KnownError(
        "database is locked", "db-locked", "Another program holds it; try again."
    ),
    _KnownError("disk is full", disk.WORD, disk.HINT),
    _KnownError(
        "readonly database", "read-only", "Make the file and its folder writable."
    ),
    _KnownError(
        "unable to open", "cannot-open", "Check the folder and its permissions."
    ),
    _KnownError(
        "disk I/O error", "io-error", "Check the disk, then run `ticketsync status`."
    ),
    _KnownError("malformed", "corrupt", "Restore a backup."),
    _KnownError(
        "not a database", "corrupt", "This file is something else; check --database."
    ),
    _KnownError(
        "permission denied", "db-permission", "Use a database role that may do this."
    ),
    _KnownError(
        "lock timeout",
        "db-locked",
        f"{_RETRY} `ticketsync runs list` shows what is at work; the limit is "
        "lock_timeout in the database URL.",
        "another program held the rows we need for too long",
    ),
    _KnownError(
        "deadlock detected",
        "db-locked",
        _RETRY,
        "two programs waited for each other, and the server stopped this one",
    ),
    _KnownError(
        "could not serialize access",
        "db-locked",
        _RETRY,
        "another program changed the same rows at the same moment",
    ),
    _KnownError(
        "statement timeout",
        "db-timeout",
        f"{_RETRY} If the server is only slow, raise statement_timeout in the "
        "database URL.",
        "the server did not finish a statement in time",
    ),
    _KnownError(
        "idle-in-transaction timeout",
        "db-timeout",
        f"{_RETRY} Raise idle_in_transaction_session_timeout for this role.",
        "the server ended a transaction that was silent for too long",
    ),
    _KnownError(
        "timeout expired",
        "db-timeout",
        "Check host, port and firewall; the limit is connect_timeout in the URL.",
        "the server did not answer in time",
    ),
    _KnownError(
        "too many clients",
        "db-busy",
        "Stop what is not needed, or raise max_connections of the server.",
        "the server has no connection left",
    ),
    _KnownError(
        "remaining connection slots",
        "db-busy",
        "Stop what is not needed, or raise max_connections of the server.",
        "the server has no connection left",
    ),
)


# What the driver reports as programming errors although they are not.
_NOT_PROGRAMMING_ERRORS = (
    "malformed",
    "not a database",
    "permission denied",
    "idle-in-transaction timeout",
)


@contextmanager
def translated_errors(url: str) -> Iterator[None]:
    """
    Translate the driver's errors into ours; programming errors pass unchanged.

    Raises: `DatabaseError`; `ConfigurationError` for an option of the URL that the
    driver does not know.
    """
    try:
        yield
    except exc.OperationalError as error:
        raise _explained(str(error.orig), url) from error
    except exc.ProgrammingError as error:
        if error.statement is None:  # while connecting
            raise errors.ConfigurationError(
                f"{url}: {_first_line(str(error.orig))}.",
                hint="Check the database URL.",
            ) from error
        if _is_no_programming_error(error):
            raise _explained(str(error.orig), url) from error
        raise
    except exc.TimeoutError as error:
        raise errors.DatabaseError(
            f"{url}: all connections of this process are in use.",
            hint="Try again in a moment.",
            word="db-busy",
        ) from error
    except exc.DatabaseError as error:
        if _is_no_programming_error(error):
            raise _explained(str(error.orig), url) from error
        raise


def locked_error(url: str) -> errors.DatabaseError:
    """
    Somebody else has written for too long.
    """
    return _explained("database is locked", url)


def _is_no_programming_error(error: exc.DatabaseError) -> bool:
    return any(pattern in str(error.orig) for pattern in _NOT_PROGRAMMING_ERRORS)


def _explained(message: str, url: str) -> errors.DatabaseError:
    for known in _KNOWN_ERRORS:
        if known.pattern in message:
            return errors.DatabaseError(
                f"{url}: {known.text or known.pattern}.",
                hint=known.hint,
                word=known.word,
            )
    return errors.DatabaseError(
        f"{url}: {_first_line(message)}.",
        hint="Check that the database server is running.",
    )


def _first_line(message: str) -> str:
    return message.strip().splitlines()[0] if message.strip() else "no answer"
