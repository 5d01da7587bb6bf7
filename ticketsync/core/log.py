"""
The log: one JSON object a line in a private file, and plain lines for who asks with -v.

Nothing is logged before `open_log` was called: who uses the package without its command
line gets no files. Every line passes the redaction by key and by value, and carries
what `about` put around it: the run, the account.
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

LARGEST = 5 * 1024 * 1024  # bytes; then the file moves aside
KEPT = 4  # older files that are kept
HIDDEN = frozenset(
    (
        *("authorization", "x-api-key", "api_key", "token", "access_token", "secret"),
        *("refresh_token", "refresh", "password", "code", "email", "phone", "barcode"),
    )
)
LONGEST_TRACE = 6000

is_detailed = False
_sinks: list[Any] | None = None  # everybody who wants the lines; `None` before opening
_around: ContextVar[Mapping[str, Any]] = ContextVar("around", default={})  # noqa: B039


def file() -> Path:
    """
    Where the log is; older ones in its folder end in .1, .2 …
    """
    return paths.state_folder() / "ticketsync.log"


def open_log(*, verbose: int = 0, detailed: bool = False) -> None:
    """
    Log to the file from here on; with `verbose` also to standard error, twice for
    details. A log that cannot be written stops no command.
    """
    global _sinks, is_detailed
    is_detailed = detailed or verbose > 1
    _sinks = []
    with contextlib.suppress(OSError):
        _sinks.append(_File(detailed))
    if verbose:
        _sinks.append(_Screen(verbose > 1))


def close_log() -> None:
    """
    Log nothing any more.
    """
    global _sinks, is_detailed
    _sinks, is_detailed = None, False


def info(event: str, **facts: Any) -> None:
    """
    What somebody will want to know tomorrow.
    """
    _tell("info", event, facts)


def warning(event: str, **facts: Any) -> None:
    """
    What somebody should look at.
    """
    _tell("warning", event, facts)


def debug(event: str, **facts: Any) -> None:
    """
    What only a search for a fault needs; callers in a hurry ask `is_detailed` first.
    """
    if is_detailed:
        _tell("debug", event, facts)


@contextlib.contextmanager
def bind(**facts: Any) -> Iterator[None]:
    """
    Every line inside carries these facts too.
    """
    before = _around.set({**_around.get(), **facts})
    try:
        yield
    finally:
        _around.reset(before)


def trace_of(error: BaseException) -> str:
    """
    Where an error came from, without the values of variables, secrets or paths of the
    machine; fit to be kept and shown.
    """
    lines: list[str] = []
    seen: set[int] = set()
    fault: BaseException | None = error
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        lines.append(f"{type(fault).__name__}: {redact.safe(fault)}")
        for frame in traceback.extract_tb(fault.__traceback__)[-12:]:
            place = frame.filename.replace("\\", "/")
            short = "/".join(place.rsplit("/", 3)[-3:])
            lines.append(f"  {short}:{frame.lineno} {frame.name}")
        fault = fault.__cause__ or fault.__context__
    return redact.without_live_secrets("\n".join(lines))[:LONGEST_TRACE]


def _tell(level: str, event: str, facts: Mapping[str, Any]) -> None:
    if _sinks is None:
        return
    line = {"timestamp": clock.stamp(), "level": level, "event": event}
    entries = {**_around.get(), **facts, **line}
    entry = {key: _shown(key, value) for key, value in entries.items()}
    for sink in _sinks:
        sink.write(entry)


def _shown(key: str, value: Any) -> Any:
    if key.lower() in HIDDEN:
        return redact.MASK
    if isinstance(value, Mapping):
        return {str(k): _shown(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(key, item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact.without_live_secrets(str(value))


class _File:
    """
    Appends each line in one piece, so that several processes can share the file.
    """

    def __init__(self, detailed: bool) -> None:
        self._detailed = detailed
        place = file()
        paths.private_folder(place.parent)
        _move_aside(place)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        self._handle = os.open(place, flags, 0o600)

    def write(self, entry: Mapping[str, Any]) -> None:
        import json

        if entry.get("level") == "debug" and not self._detailed:
            return
        line = json.dumps(entry, ensure_ascii=True, default=str)
        with contextlib.suppress(OSError):  # a full disk is the run's to report
            os.write(self._handle, f"{line}\n".encode())


def _move_aside(place: Path) -> None:
    """
    Begin a new file when this one is large. Two processes may do so at once: whoever
    comes second finds a small file and leaves it.
    """
    try:
        if place.stat().st_size < LARGEST:
            return
    except FileNotFoundError:
        return
    for number in range(KEPT, 0, -1):
        older = place.with_name(f"{place.name}.{number}")
        newer = place.with_name(f"{place.name}.{number - 1}") if number > 1 else place
        with contextlib.suppress(FileNotFoundError):
            newer.replace(older)


class _Screen:
    """
    Lines for a person, on standard error.
    """

    def __init__(self, detailed: bool) -> None:
        self._detailed = detailed

    def write(self, entry: Mapping[str, Any]) -> None:
        rest = dict(entry)
        level, event = rest.pop("level", ""), rest.pop("event", "")
        rest.pop("timestamp", None)
        if level == "debug" and not self._detailed:
            return
        facts = " ".join(f"{key}={value}" for key, value in rest.items() if value != "")
        mark = "! " if level == "warning" else ""
        text = redact.safe(f"{mark}{event}  {facts}".strip(), longest=2000)
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr)  # noqa: T201
