"""
Compound documents: the small file systems that Office files before 2007 are.

Source: [MS-CFB]. A document whose lists name a sector twice, or whose chains go round,
is refused: whoever follows them, as the library for workbooks does, needs any amount of
memory for a file of a few kilobytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LARGEST_REGULAR = 0xFFFFFFFA  # sector numbers from here on mean "none" or "end"
_IN_HEADER = 109  # entries of the list of allocation sectors
_SHIFTS, _SMALL_SHIFT = (9, 12), 6  # of the sizes of sectors
_ROOT, _STREAM = 5, 2


class DamagedDocument(Exception):
    """
    A document that ends too early or contradicts itself.
    """


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    kind: int
    start: int
    size: int


class CompoundDocument:
    """
    The streams of a compound document. Raises `DamagedDocument`.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        try:
            self._read_structure()
        except (struct.error, IndexError, ValueError):
            raise DamagedDocument from None

    def stream(self, names: tuple[str, ...]) -> bytes:
        """
        The content of the first of these streams. Raises `KeyError`.
        """
        entry = next((self._streams[n] for n in names if n in self._streams), None)
        if entry is None or entry.kind != _STREAM:
            raise KeyError(names)
        if entry.size >= self._cutoff:
            return self._chain(entry.start)[: entry.size]
        size = 1 << _SMALL_SHIFT
        places = _follow(self._small_next, entry.start)
        parts = (self._small[n * size : (n + 1) * size] for n in places)
        return b"".join(parts)[: entry.size]

    def _read_structure(self) -> None:
        data = self._data
        if _short(data, 30) not in _SHIFTS or _short(data, 32) != _SMALL_SHIFT:
            raise DamagedDocument
        self._size = 1 << _short(data, 30)
        self._cutoff = _long(data, 56)
        allocation = b"".join(self._sector(n) for n in self._allocation())
        self._next = _longs(allocation, len(data) // self._size)
        small = self._chain(_long(data, 60))
        self._small_next = _longs(small, len(data) >> _SMALL_SHIFT)
        entries = list(_entries(self._chain(_long(data, 48))))
        for table in (self._next, self._small_next):
            _refuse_circles(table, (entry.start for entry in entries))
        root = next((entry for entry in entries if entry.kind == _ROOT), None)
        if root is None:
            raise DamagedDocument
        self._small = self._chain(root.start)[: root.size]
        self._streams = {entry.name: entry for entry in reversed(entries)}

    def _sector(self, number: int) -> bytes:
        begin = (number + 1) * self._size
        return self._data[begin : begin + self._size]

    def _chain(self, start: int) -> bytes:
        return b"".join(self._sector(n) for n in _follow(self._next, start))

    def _allocation(self) -> Iterator[int]:
        """
        The sectors that hold the allocation table, each of them once.
        """
        listed = _longs(self._data[76 : 76 + 4 * _IN_HEADER], _IN_HEADER)
        further = _long(self._data, 68)
        seen: set[int] = set()
        while True:
            for number in (n for n in listed if n < _LARGEST_REGULAR):
                yield _once(seen, number)
            if further >= _LARGEST_REGULAR:
                return
            sector = self._sector(_once(seen, further))
            *listed, further = _longs(sector, len(sector))


def _once(seen: set[int], number: int) -> int:
    if number in seen:
        raise DamagedDocument
    seen.add(number)
    return number


def _entries(directory: bytes) -> Iterator[_Entry]:
    for begin in range(0, len(directory), 128):
        entry = directory[begin : begin + 128]
        length = max(_short(entry, 64) - 2, 0)
        name = entry[:length].decode("utf-16-le", "replace").lower()
        yield _Entry(name, entry[66], _long(entry, 116), _long(entry, 120))


def _follow(table: list[int], start: int) -> Iterator[int]:
    """
    The numbers of a chain. Raises `DamagedDocument` for one that goes round.
    """
    number, left = start, len(table)
    while number < len(table):
        if not left:
            raise DamagedDocument
        yield number
        number, left = table[number], left - 1


def _refuse_circles(table: list[int], starts: Iterable[int]) -> None:
    """
    Raises `DamagedDocument` if a chain from one of these goes round. It looks at no
    number twice, however many chains share their ends.
    """
    checked: set[int] = set()
    for start in starts:
        chain: set[int] = set()
        number = start
        while number < len(table) and number not in checked:
            number = table[_once(chain, number)]
        checked |= chain


def _short(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0])


def _long(data: bytes, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _longs(data: bytes, most: int) -> list[int]:
    return list(struct.unpack_from(f"<{min(len(data) // 4, most)}I", data))
