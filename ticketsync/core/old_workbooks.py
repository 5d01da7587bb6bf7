"""
Error cells of a workbook in the format of Excel 97 to 2003 (.xls): the library gives
them as empty ones.

A file of this format is a small file system (compound document) with a stream of
records in it (BIFF). Sources: [MS-CFB] and [MS-XLS]. What does not look like that is
left to the library: then nothing is found here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ticketsync.core.workbook_guards import Place, SheetScan, WorkbookScan

_LARGEST_REGULAR = 0xFFFFFFFA  # sector numbers above it mean "none" or "end"
_IN_HEADER = 109  # entries of the list of allocation sectors
_ROOT, _STREAM = 5, 2
_NAMES = ("workbook", "book")  # since Excel 97, and before

_BOUND_SHEET, _BEGIN = 0x0085, 0x0809
_FORMULA, _BOOLEAN_OR_ERROR = 0x0006, 0x0205


def find_errors(data: bytes) -> WorkbookScan:
    """
    The error cells (`#REF!`, `#DIV/0!`) of each sheet, those of formulas included.
    """
    try:
        stream = _Container(data).stream(_NAMES)
        return WorkbookScan(_scan(stream))
    except (struct.error, IndexError, ValueError, KeyError):
        return WorkbookScan()


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    start: int
    size: int


class _Container:
    """
    The streams of a compound document.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._size = 1 << _short(data, 30)
        self._small_size = 1 << _short(data, 32)
        self._cutoff = _long(data, 56)
        if self._size not in (512, 4096):
            raise ValueError(self._size)
        self._next = _longs(b"".join(self._sector(n) for n in self._allocation()))
        self._small_next = _longs(self._chain(_long(data, 60)))
        self._entries = self._read_entries(self._chain(_long(data, 48)))
        root = next(e for e in self._entries.values() if e.kind == _ROOT)
        self._small = self._chain(root.start)[: root.size]

    def stream(self, names: tuple[str, ...]) -> bytes:
        """
        The content of the first of these streams. Raises `KeyError`.
        """
        entry = next((self._entries[n] for n in names if n in self._entries), None)
        if entry is None or entry.kind != _STREAM:
            raise KeyError(names)
        if entry.size >= self._cutoff:
            return self._chain(entry.start)[: entry.size]
        size = self._small_size
        places = _follow(self._small_next, entry.start)
        parts = (self._small[n * size : (n + 1) * size] for n in places)
        return b"".join(parts)[: entry.size]

    def _sector(self, number: int) -> bytes:
        begin = (number + 1) * self._size
        return self._data[begin : begin + self._size]

    def _chain(self, start: int) -> bytes:
        return b"".join(self._sector(n) for n in _follow(self._next, start))

    def _allocation(self) -> Iterator[int]:
        """
        The sectors that hold the allocation table.
        """
        listed = _longs(self._data[76 : 76 + 4 * _IN_HEADER])
        further = _long(self._data, 68)
        seen: set[int] = set()
        while True:
            yield from (n for n in listed if n < _LARGEST_REGULAR)
            if further >= _LARGEST_REGULAR or further in seen:
                return
            seen.add(further)
            *listed, further = _longs(self._sector(further))

    def _read_entries(self, directory: bytes) -> dict[str, _Entry]:
        found: dict[str, _Entry] = {}
        for begin in range(0, len(directory), 128):
            entry = directory[begin : begin + 128]
            length = max(_short(entry, 64) - 2, 0)
            name = entry[:length].decode("utf-16-le", "replace").lower()
            found.setdefault(
                name, _Entry(entry[66], _long(entry, 116), _long(entry, 120))
            )
        return found


def _follow(table: list[int], start: int) -> Iterator[int]:
    """
    The numbers of a chain; one that goes round ends.
    """
    number, left = start, len(table)
    while number < len(table) and left > 0:
        yield number
        number, left = table[number], left - 1


def _scan(stream: bytes) -> dict[str, SheetScan]:
    titles: dict[int, str] = {}
    found: dict[str, SheetScan] = {}
    failed: set[Place] = set()
    at, end = 0, len(stream) - 4
    while at <= end:
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind == _BEGIN and at in titles:
            failed = set()
            found[titles[at]] = SheetScan(failed)
        elif kind == _BOUND_SHEET:
            body = stream[at + 4 : at + 4 + length]
            titles[_long(body, 0)] = _title(body)
        elif kind in (_BOOLEAN_OR_ERROR, _FORMULA):
            body = stream[at + 4 : at + 4 + length]
            is_error = (
                body[7] == 1
                if kind == _BOOLEAN_OR_ERROR
                else body[6] == 2 and body[12:14] == b"\xff\xff"
            )
            if is_error:
                failed.add((_short(body, 0), _short(body, 2)))
        at += 4 + length
    return found


def _title(body: bytes) -> str:
    """
    The name of a sheet: its length, in newer files a mark, and one or two bytes for
    each character.
    """
    length, rest = body[6], body[7:]
    if len(rest) == length:  # before Excel 97
        return rest.decode("cp1252", "replace")
    if rest[0] & 1:
        return rest[1 : 1 + 2 * length].decode("utf-16-le", "replace")
    return rest[1 : 1 + length].decode("latin-1")


def _short(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0])


def _long(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _longs(data: bytes) -> list[int]:
    return [number for (number,) in struct.iter_unpack("<I", data[: len(data) & ~3])]
