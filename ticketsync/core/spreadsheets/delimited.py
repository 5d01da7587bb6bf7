"""
Delimited text (CSV, TSV) as rows.

The delimiter is the one under which most lines have the same number of cells, so that a
title above the table, or a comma in an amount, decides nothing. A line that is not
valid CSV is named and the next one is read, and so are lines that a lone quotation mark
joins: a cell may have line breaks, but not rows.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from ticketsync.core import errors
from ticketsync.core.spreadsheets.rows import Row

DELIMITERS = (",", ";", "\t", "|")
LONGEST_LINE = 1_000_000  # characters
MOST_LINES = 1_000_000
MOST_CELLS = 3_000_000
WIDE = 1000  # cells of a line, on the average, from which there may be fewer of them
MOST_WIDE_CELLS = 500_000
_SAMPLE = 200  # lines
_COMPARED = 20  # lines of one row


def delimiters_by_evidence(text: str) -> list[str]:
    """
    The delimiters that may be the file's, the most probable first; a comma if there is
    none at all.
    """
    sample = [line for line in islice(io.StringIO(text), _SAMPLE) if line.strip()]
    scores = {delimiter: _score(sample, delimiter) for delimiter in DELIMITERS}
    found = [d for d in DELIMITERS if scores[d] > 0]
    return sorted(found, key=lambda d: -scores[d]) or [","]


def _score(sample: Sequence[str], delimiter: str) -> int:
    counts: Counter[int] = Counter()
    try:
        for cells in csv.reader(sample, delimiter=delimiter):
            counts[len(cells)] += 1
    except csv.Error:
        counts = Counter(line.count(delimiter) + 1 for line in sample)
    return max(((size - 1) * number for size, number in counts.items()), default=0)


def refuse_oversized(name: str, text: str) -> None:
    """
    `BadFile` for a line, or a number of lines or cells, that no report has.
    """
    start = _long_line(text)
    if start >= 0:
        line = text.count("\n", 0, start) + 1
        raise errors.BadFile(
            f"{name}, line {line} is longer than {LONGEST_LINE:,} characters.",
            hint="This is not a report: export it again.",
        )
    if text.count("\n") > MOST_LINES:
        raise errors.BadFile(
            f"{name} has more than {MOST_LINES:,} lines.", hint="Split it."
        )
    cells = max(text.count(delimiter) for delimiter in DELIMITERS)
    is_wide = cells > (text.count("\n") + 1) * WIDE
    most = MOST_WIDE_CELLS if is_wide else MOST_CELLS
    if cells > most:
        raise errors.BadFile(f"{name} has more than {most:,} cells.", hint="Split it.")


def _long_line(text: str) -> int:
    """
    Where the first line that is too long begins; -1 if there is none.
    """
    start = 0
    while len(text) - start > LONGEST_LINE:
        end = text.rfind("\n", start, start + LONGEST_LINE + 1)
        if end < 0:
            return start
        start = end + 1
    return -1


def read_rows(name: str, text: str, delimiter: str) -> Iterator[Row]:
    """
    The rows that are not empty; one that is not valid CSV has a `problem`.

    Raises: `BadFile` for a quotation mark that is never closed, or not within the lines
    that a cell may fill, since nothing after it could be read.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines = _PhysicalLines(text, delimiter)
    first = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number = reader.line_num
            is_cell_too_long = "field limit" in str(error)
            if "unexpected end" in str(error) or (is_cell_too_long and number > first):
                raise errors.BadFile(
                    f"{name}: a quotation mark in line {first} is never closed.",
                    hint="Open it in a spreadsheet and save it as CSV again.",
                ) from None
            yield Row(_position(first, number), number, (), problem=f"{error}")
            first = number + 1
            continue
        number = reader.line_num
        if number > first and lines.are_rows(first, number, len(cells)):
            problem = (
                f"a quotation mark in line {first} makes one row of lines that look "
                "like several: remove it, or write its cell in one line"
            )
            yield Row(_position(first, number), number, (), problem=problem)
            first = number + 1
            continue
        texts = tuple([cell.strip() for cell in cells])
        if any(texts):
            yield Row(f"line {number}", number, texts)
        first = number + 1


def _position(first: int, last: int) -> str:
    return f"line {last}" if first == last else f"lines {first} to {last}"


class _PhysicalLines:
    """
    The lines of a text as they stand, whatever is quoted in them; split only where a
    row has several.
    """

    def __init__(self, text: str, delimiter: str) -> None:
        self._text = text
        self._delimiter = delimiter
        self._lines: list[str] = []
        self._usual = 0

    def are_rows(self, first: int, last: int, width: int) -> bool:
        """
        Whether of the lines of one row two look like rows of their own: they have the
        row's number of cells, or that of most lines, and in one place a number or a
        date of one form. The lines of an address or a note do not.
        """
        if not self._lines:
            self._lines = list(io.StringIO(self._text, newline=""))
            sizes = Counter(len(self._cells(line)) for line in self._lines[:_SAMPLE])
            self._usual = sizes.most_common(1)[0][0]
        found = [self._cells(line) for line in self._lines[first - 1 : last]]
        return any(
            _are_alike(one, other)
            for size in {width, self._usual}
            for one, other in combinations(
                islice((cells for cells in found if len(cells) == size), _COMPARED), 2
            )
        )

    def _cells(self, line: str) -> list[str]:
        """
        The cells of a line, one that begins with a quotation mark without end too.
        """
        try:
            reader = csv.reader([line.strip("\r\n")], delimiter=self._delimiter)
            cells = next(reader, [])
        except csv.Error:
            return line.split(self._delimiter)
        if not cells or self._delimiter not in cells[-1]:
            return cells
        rest = cells[-1].split(self._delimiter)
        return [*cells[:-1], *rest] if not line.rstrip().endswith('"') else cells


def _are_alike(one: Sequence[str], other: Sequence[str]) -> bool:
    return any(
        _form(a) == _form(b) and any(map(str.isdigit, a))
        for a, b in zip(one, other, strict=True)
    )


def _form(cell: str) -> str:
    """
    What a cell looks like: each run of digits is a 0, each of letters an a.
    """
    plain = re.sub(r"\d+", "0", cell.strip(' "'))
    return re.sub(r"[^\W\d_]+", "a", plain)
