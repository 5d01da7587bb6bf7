"""
Delimited text (CSV, TSV) as rows.

The delimiter is the one under which most lines have the same number of cells, so that a
title above the table, or a comma in an amount, decides nothing. A line that is not
valid CSV is named and the next one is read.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from ticketsync.core import errors
from ticketsync.core.rows import Row

DELIMITERS = (",", ";", "\t", "|")
LONGEST_LINE = 1_000_000  # characters
MOST_LINES = 1_000_000
MOST_CELLS = 3_000_000
_SAMPLE = 200  # lines


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
            hint="This is no report: export it again.",
        )
    if text.count("\n") > MOST_LINES:
        raise errors.BadFile(
            f"{name} has more than {MOST_LINES:,} lines.", hint="Split it."
        )
    if max(text.count(delimiter) for delimiter in DELIMITERS) > MOST_CELLS:
        raise errors.BadFile(
            f"{name} has more than {MOST_CELLS:,} cells.", hint="Split it."
        )


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
            yield Row(f"line {number}", number, (), problem=f"{error}")
            first = number + 1
            continue
        number = reader.line_num
        texts = tuple([cell.strip() for cell in cells])
        if any(texts):
            yield Row(f"line {number}", number, texts)
        first = number + 1
