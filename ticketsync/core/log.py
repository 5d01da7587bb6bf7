"""
The log: JSON lines in a private file, and plain lines on standard error with `-v`.

Nothing is logged before `open_log` is called, so that using the package as a library
creates no files. Every line is redacted by key and by value, and carries the fields set
by `bind`: the run, the account.
"""

from __future__ import annotations

import contextlib
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
_sinks: list[Any] | None = None  # where lines go; `None` before `open_log`
_bound: ContextVar[Mapping[str, Any]] = ContextVar("around", default={})  # noqa: B039


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
    global _sinks, is_detailed
    is_detailed = detailed or verbose > 1
    _sinks = []
    with contextlib.suppress(OSError):
        _sinks.append(_FileSink(detailed))
    if verbose:
        _sinks.append(_StderrSink(verbose > 1))


def close_log() -> None:
    """
    Stop logging.
    """
    global _sinks, is_detailed
    _sinks, is_detailed = None, False


def info(event: str, **details: Any) -> None:
    """
    Log something worth knowing later.
    """
    _write_line("info", event, details)


def warning(event: str, **details: Any) -> None:
    """
    Log something that a person should look at.
    """
    _write_line("warning", event, details)


def debug(event: str, **details: Any) -> None:
    """
    Log something only needed for debugging; hot paths check `is_detailed` first.
    """
    if is_detailed:
        _write_line("debug", event, details)


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


def _write_line(level: str, event: str, details: Mapping[str, Any]) -> None:
    if _sinks is None:
        return
    line = {"timestamp": clock.stamp(), "level": level, "event": event}
    fields = {**_bound.get(), **details, **line}
    entry = {key: _redacted(key, value) for key, value in fields.items()}
    for sink in _sinks:
        sink.write(entry)


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


class _FileSink:
    """
    Appends each line in one write, so that several processes can share the file.
    """

    def __init__(self, detailed: bool) -> None:
        self._detailed = detailed
        path = file()
        paths.private_folder(path.parent)
        _rotate(path)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        self._handle = os.open(path, flags, 0o600)

    def write(self, entry: Mapping[str, Any]) -> None:
        import json

        if entry.get("level") == "debug" and not self._detailed:
            return
        line = json.dumps(entry, ensure_ascii=True, default=str)
        with contextlib.suppress(OSError):  # the run itself reports a full disk
            os.write(self._handle, f"{line}\n".encode())


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


class _StderrSink:
    """
    Plain lines on standard error.
    """

    def __init__(self, detailed: bool) -> None:
        self._detailed = detailed

    def write(self, entry: Mapping[str, Any]) -> None:
        rest = dict(entry)
        level, event = rest.pop("level", ""), rest.pop("event", "")
        rest.pop("timestamp", None)
        if level == "debug" and not self._detailed:
            return
        details = " ".join(
            f"{key}={value}" for key, value in rest.items() if value != ""
        )
        prefix = "! " if level == "warning" else ""
        text = redact.safe(f"{prefix}{event}  {details}".strip(), longest=2000)
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr)  # noqa: T201
