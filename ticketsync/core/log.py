"""
The log, on the standard `logging`: JSON lines in a private file, and plain lines on
standard error with `-v`.

Nothing is logged before `open_log` is called, so that using the package as a library
creates no files. Libraries and plugins log to the same places, from warnings on. Every
line carries the fields set by `bind`: the run, the account. Our own fields are redacted
by key and by value, the text of libraries by value only.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from ticketsync.core import clock, paths, redact

MAX_BYTES = 5 * 1024 * 1024  # bytes; then the file is rotated
ROTATED_FILES = 4  # rotated files that are kept
REDACTED_KEYS = frozenset(
    (
        *("authorization", "x-api-key", "api_key", "token", "access_token", "secret"),
        *("refresh_token", "refresh", "password", "code", "email", "phone", "barcode"),
    )
)
MAX_TRACE_LENGTH = 6000

is_detailed = False
_logger = logging.getLogger("ticketsync")
_handlers: list[logging.Handler] = []  # of the root logger, while the log is open
_is_open = False
_bound: ContextVar[Mapping[str, Any]] = ContextVar("bound", default={})  # noqa: B039  # never changed


def file() -> Path:
    """
    The log file; rotated ones end in .1, .2 …
    """
    return paths.state_folder() / "ticketsync.log"


def open_log(*, verbose: int = 0, detailed: bool = False) -> None:
    """
    Start logging to the file; with `verbose` also to standard error, twice for debug
    lines. A log file that cannot be written is ignored.
    """
    global _is_open, is_detailed
    close_log()
    _is_open, is_detailed = True, detailed or verbose > 1
    _logger.setLevel(logging.DEBUG if is_detailed else logging.INFO)
    # Otherwise Python prints warnings of libraries where the file cannot be written.
    _add_handler(logging.NullHandler(), _JsonFormatter(), False)
    with contextlib.suppress(OSError):
        _add_handler(_FileHandler(file()), _JsonFormatter(), detailed)
    if verbose:
        stderr = logging.StreamHandler(sys.stderr)
        _add_handler(stderr, _PlainFormatter(), verbose > 1)


def close_log() -> None:
    """
    Stop logging.
    """
    global _is_open, is_detailed
    _is_open, is_detailed = False, False
    while _handlers:
        handler = _handlers.pop()
        logging.getLogger().removeHandler(handler)
        handler.close()


def info(event: str, **details: Any) -> None:
    """
    Log something worth knowing later.
    """
    _write_line(logging.INFO, event, details)


def warning(event: str, **details: Any) -> None:
    """
    Log something that a person should look at.
    """
    _write_line(logging.WARNING, event, details)


def debug(event: str, **details: Any) -> None:
    """
    Log something only needed for debugging; hot paths check `is_detailed` first.
    """
    if is_detailed:
        _write_line(logging.DEBUG, event, details)


@contextlib.contextmanager
def bind(**details: Any) -> Iterator[None]:
    """
    Add these fields to every line logged inside the block.
    """
    before = _bound.set({**_bound.get(), **details})
    try:
        yield
    finally:
        _bound.reset(before)


def trace_of(error: BaseException) -> str:
    """
    The traceback of an error without variables, secrets or absolute paths, so that it
    can be stored and shown.
    """
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines.append(f"{type(current).__name__}: {redact.safe(current)}")
        for frame in traceback.extract_tb(current.__traceback__)[-12:]:
            path = frame.filename.replace("\\", "/")
            short = "/".join(path.rsplit("/", 3)[-3:])
            lines.append(f"  {short}:{frame.lineno} {frame.name}")
        current = current.__cause__ or current.__context__
    return redact.without_live_secrets("\n".join(lines))[:MAX_TRACE_LENGTH]


def _write_line(level: int, event: str, details: Mapping[str, Any]) -> None:
    if _is_open:
        _logger.log(level, event, extra={"details": details})


def _add_handler(
    handler: logging.Handler, formatter: logging.Formatter, is_detailed: bool
) -> None:
    handler.setLevel(logging.DEBUG if is_detailed else logging.INFO)
    handler.addFilter(_add_entry)
    handler.setFormatter(formatter)
    # Of the root logger, whose level lets only warnings of libraries through.
    logging.getLogger().addHandler(handler)
    _handlers.append(handler)


def _add_entry(record: logging.LogRecord) -> bool:
    """
    A filter that redacts a record: formatters show nothing but its `entry`.
    """
    fields = {
        **_bound.get(),
        **_details_of(record),
        "timestamp": clock.stamp(),
        "level": record.levelname.lower(),
        "event": _message_of(record),
    }
    record.entry = {key: _redacted(key, value) for key, value in fields.items()}
    return True


def _details_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """
    What our own functions were given; of a library, its name and where it failed.
    """
    details: Mapping[str, Any] | None = getattr(record, "details", None)
    if record.name == _logger.name and details is not None:
        return details
    error = record.exc_info[1] if record.exc_info else None
    trace = {"trace": trace_of(error)} if error is not None else {}
    return {"logger": record.name, **trace}


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # its arguments do not fit its text, or cannot be shown
        return str(record.msg)


def _redacted(key: str, value: Any) -> Any:
    if key.lower() in REDACTED_KEYS:
        return redact.MASK
    if isinstance(value, Mapping):
        return {str(k): _redacted(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(key, item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact.without_live_secrets(str(value))


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_entry_of(record), ensure_ascii=True, default=str)


class _PlainFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        rest = _entry_of(record)
        event = rest.pop("event")
        del rest["level"], rest["timestamp"]
        details = " ".join(
            f"{key}={value}" for key, value in rest.items() if value != ""
        )
        prefix = "! " if record.levelno >= logging.WARNING else ""
        text = redact.safe(f"{prefix}{event}  {details}".strip(), longest=2000)
        return f"{time.strftime('%H:%M:%S')} {text}"


def _entry_of(record: logging.LogRecord) -> dict[str, Any]:
    return dict(record.__dict__["entry"])


class _FileHandler(logging.Handler):
    """
    Appends each line in one write, so that several processes can share the file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        paths.private_folder(path.parent)
        self._path = path
        self._file = -1
        self._open()

    def _open(self) -> None:
        """
        Open the file again, after rotating a large one.
        """
        _rotate(self._path)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        # Opened before the old one is closed: a number that is free again would soon
        # be another file's, the database's perhaps.
        before, self._file = self._file, os.open(self._path, flags, 0o600)
        self._written = 0
        if before >= 0:
            os.close(before)

    def emit(self, record: logging.LogRecord) -> None:
        line = f"{self.format(record)}\n".encode()
        if self._written > MAX_BYTES:  # `serve` runs for months
            with contextlib.suppress(OSError):
                self._open()
        with contextlib.suppress(OSError):  # the run itself reports a full disk
            os.write(self._file, line)
            self._written += len(line)

    def close(self) -> None:
        handle, self._file = self._file, -1
        with contextlib.suppress(OSError):
            os.close(handle)
        super().close()


def _rotate(path: Path) -> None:
    """
    Rotate the file when it is large. When two processes do so at once, the second one
    finds a small file and leaves it.
    """
    try:
        if path.stat().st_size < MAX_BYTES:
            return
    except FileNotFoundError:
        return
    for number in range(ROTATED_FILES, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        newer = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
        with contextlib.suppress(FileNotFoundError):
            newer.replace(older)
