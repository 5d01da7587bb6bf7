"""
Scans that a door made while it was offline: a capture file, or what the page sends.

Everything in them was held up by strangers or typed by hand, so each text is cleaned
here and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ticketsync.catalogue.shows import ShowInfo
from ticketsync.core import clock, errors
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import sheets, table_files
from ticketsync.core.storable_text import storable

CAPTURED = ("at", "code")  # what every line of a capture file states
OPTIONAL = ("kind", "door", "device", "key")
LONGEST = 500  # characters of a scanned text
LONGEST_NAME = 100  # characters of a door, a device or a scan's key
AHEAD = timedelta(minutes=5)  # of a device's clock, before it is to blame
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # before it no clock was right


@dataclass(frozen=True, slots=True)
class ScanPoint:
    """
    Where somebody stands: at which show, at which door, with which device.
    """

    show: ShowInfo
    door: str = ""
    device: str = "cli"


@dataclass(frozen=True, slots=True)
class Captured:
    """
    One line of an offline door: what it read, and when. `by_camera`: nobody typed it.
    """

    code: str
    at: datetime
    kind: str
    door: str
    device: str
    key: str
    by_camera: bool = False

    def with_own_key(self, show_id: int) -> Captured:
        """
        The same under a key that no other scan has: a device may number its scans anew
        each night, and several may have the same name.
        """
        own = f"{self.key} {show_id} {self.kind} {self.code}"
        return replace(self, key=_digest_of(self.device, self.at, own))


def scan_point(show: ShowInfo, door: str, device: str) -> ScanPoint:
    """
    A door of a show, its names cleaned.
    """
    return ScanPoint(show, scan_name(door), scan_name(device))


def scan_text(value: Any) -> str:
    """
    A text of a scan as it can be stored; `""` for what is neither text nor number.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return storable(str(value).strip()) if isinstance(value, str) or is_number else ""


def scan_name(value: Any) -> str:
    """
    The same for a door, a device or a scan's key, which are short.
    """
    return scan_text(value)[:LONGEST_NAME]


def read_scans(
    file: Path, at: ScanPoint, *, skip_bad_lines: bool
) -> tuple[list[Captured], list[str]]:
    """
    The scans of a file, and its bad lines in words.

    Raises: `BadFile` for the file, and for the first bad line if none is skipped.
    """
    scans: list[Captured] = []
    bad: list[str] = []
    for where, row in _rows(file):
        try:
            if isinstance(row, str):
                raise errors.BadFile(f"{where}: {row}.", hint="Correct the line.")
            scans.append(captured(row, at, where))
        except errors.BadFile as error:
            if not skip_bad_lines:
                raise
            bad.append(error.message)
    return scans, bad


def captured(row: Mapping[str, Any], at: ScanPoint, where: str) -> Captured:
    """
    One scan as a door recorded it.

    Raises: `BadFile`, which says where and what is wrong.
    """
    line = {name: scan_text(row.get(name)) for name in (*CAPTURED, *OPTIONAL)}
    given = row.get("kind")
    kind = line["kind"] or ("in" if given is None or given == "" else str(given))
    if not line["code"]:
        raise errors.BadFile(f"{where}: there is no code.", hint="Correct the line.")
    if len(line["code"]) > LONGEST:
        raise errors.BadFile(
            f"{where}: the code has more than {LONGEST} characters.",
            hint="Correct the line.",
        )
    if kind not in ("in", "out"):
        raise errors.BadFile(
            f"{where}: {safe(kind)!r} is neither in nor out.", hint="Correct the line."
        )
    moment = _moment(line["at"], where)
    device = line["device"] or at.device
    own = _digest_of(device, moment, f"{kind} {line['code']}")
    return Captured(
        code=line["code"],
        at=moment,
        kind=kind,
        door=scan_name(line["door"] or at.door),
        device=scan_name(device),
        key=scan_name(line["key"] or own),
    )


def _digest_of(device: str, moment: datetime, what: str) -> str:
    own = f"{device} {moment.isoformat()} {what}"
    return hashlib.sha256(own.encode()).hexdigest()[:24]


def captured_by_page(scan: Mapping[str, Any], at: ScanPoint) -> Captured:
    """
    One scan as the door page sends it. A wrong time becomes the present one and a long
    text is cut, because the guest is in and the telephone cannot correct it.

    Raises: `BadFile` where there is no code, neither in nor out is meant, or nobody can
    say whether it was the camera that read it.
    """
    by_camera = scan.get("camera", False)
    if not isinstance(by_camera, bool):
        raise errors.BadFile(
            f"A scan: `camera` is true or false, not {safe(by_camera, longest=40)!r}.",
            hint="Reload the page.",
        )
    text = scan_text(scan.get("code"))[:LONGEST]
    moment = clock.iso(_plausible(scan.get("at")))
    found = captured({**scan, "code": text, "at": moment}, at, "A scan")
    return replace(found, by_camera=by_camera)


def _plausible(written: Any) -> datetime:
    now = clock.now()
    try:
        moment = clock.from_iso(str(written))
    except ValueError:
        return now
    return moment if EARLIEST <= moment <= now else now


def _moment(written: str, where: str) -> datetime:
    """
    Raises `BadFile` for anything that is not an instant of the past.
    """
    try:
        moment = clock.from_iso(written)
    except ValueError:
        raise errors.BadFile(
            f"{where}: {safe(written)!r} is not a time.",
            hint="Write 2026-11-27T19:12:00+11:00 or …Z.",
        ) from None
    if moment > clock.now() + AHEAD:
        raise errors.BadFile(
            f"{where}: {written} is in the future.",
            hint="Correct the device's clock.",
        )
    if moment < EARLIEST:
        raise errors.BadFile(
            f"{where}: {written} is before {EARLIEST.year}.",
            hint="Correct the device's clock.",
        )
    return moment


def _rows(file: Path) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    """
    Each line of a file, by its place in words; a text where it cannot be read.
    """
    data = sheets.bytes_of(file)
    if data.lstrip().startswith(b"{"):
        yield from _json_rows(sheets.text_of(file, data), file)
        return
    rows = sheets.rows_of(table_files.open_file(file, data))
    heading = next(rows, None)
    names = [cell.lower() for cell in heading.cells] if heading else []
    missing = [name for name in CAPTURED if name not in names]
    if missing:
        raise errors.BadFile(
            f"{file} has no column {missing[0]!r}.",
            hint="The columns are at, code and, where known, kind, door, device, key.",
        )
    for row in rows:
        place = f"{row.position[:1].upper()}{row.position[1:]} of {file}"
        if row.problem:
            yield place, f"it cannot be read ({row.problem})"
        else:
            yield place, dict(zip(names, row.cells, strict=False))


def _json_rows(text: str, file: Path) -> Iterator[tuple[str, Mapping[str, Any] | str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        where = f"Line {number} of {file}"
        yield where, row if isinstance(row, dict) else "it is not a JSON object"
