"""
How a table fits a terminal. Columns that can be spared are left out, texts are made
narrower, a text that would be cut may go below its row, and where even that is not
enough each row becomes a list of its values: a row never goes on in another line, and a
number is never cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ticketsync.cli.terminal import cell_width

MIN_TEXT_WIDTH = 8  # texts are not made narrower, whatever the terminal
READABLE = 10  # what a total implies is left out before texts are narrower
COMFORTABLE = 20  # a column is left out before texts of others are narrower
GAP = 3
NARROW_GAPS = (2, 1)  # where the default does not fit


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column: the row's key, its title, its maximal width, whether it holds numbers,
    whether it must not shrink, whether a text that is cut stands in full below its row.

    `spare`: the column is left out where there is no room for all, the highest first;
    0 for never. `last_spare`: so is this column, but only where each row would become a
    list otherwise, or a text could hardly be read. `whole`: the row's key of the uncut
    value, for a pipe. `below`: the text goes below its row, in full, where there is no
    room for all of it. `is_id`: its whole numbers name something and get no commas.
    `keeps_end`: a text that is cut is cut in its middle, because its end tells it
    apart. `short`: the row's key of a shorter text, which is taken where something
    would be cut or left out otherwise.
    """

    key: str
    title: str
    numeric: bool = False
    most: int | None = None
    rigid: bool = False
    in_full: bool = False
    spare: int = 0
    last_spare: int = 0
    whole: str = ""
    below: bool = False
    is_id: bool = False
    keeps_end: bool = False
    short: str = ""

    @property
    def can_shrink(self) -> bool:
        return not (self.numeric or self.rigid)


@dataclass(frozen=True, slots=True)
class Layout:
    """
    The indexes of the columns that are shown, their widths, and the gap between them;
    `fits` is false where each row has to become a list. `below` are the indexes of
    those whose texts stand below their row, `missed` those that were left out although
    a reader looks for them.
    """

    shown: Sequence[int]
    widths: Sequence[int]
    gap: int
    fits: bool
    below: Sequence[int] = ()
    missed: Sequence[int] = ()


def fit(
    columns: Sequence[Column], cells: Sequence[Sequence[str]], available: int
) -> Layout:
    """
    The layout of these cells on a terminal of `available` columns.
    """
    wanted = _wanted(columns, cells)
    below = _below(columns, wanted, available)
    shown = _spared(columns, wanted, available, below)
    missed: list[int] = []
    layout = _layout(columns, wanted, shown, available)
    if not layout.fits:  # a text that can stand below its row may be cut after all
        columns = [replace(c, rigid=c.rigid and not c.in_full) for c in columns]
        layout = _layout(columns, wanted, shown, available)
    while (
        not _is_readable(columns, wanted, layout)
        and (last := _next_last(columns, shown)) is not None
    ):
        shown = [index for index in shown if index != last]
        missed = [last, *missed]
        layout = _layout(columns, wanted, shown, available)
    return replace(layout, below=below, missed=missed if layout.fits else ())


def is_tight(
    columns: Sequence[Column], cells: Sequence[Sequence[str]], layout: Layout
) -> bool:
    """
    Whether this layout cuts a text, or leaves out what a reader looks for.
    """
    wanted = _wanted(columns, cells)
    shown = zip(layout.shown, layout.widths, strict=True)
    is_cut = any(width < wanted[index] for index, width in shown)
    return is_cut or bool(layout.missed) or not layout.fits


def _next_last(columns: Sequence[Column], shown: Sequence[int]) -> int | None:
    """
    The index of the column that is left out next, before rows become lists.
    """
    last = max(shown, key=lambda index: columns[index].last_spare)
    return last if columns[last].last_spare else None


def _is_readable(
    columns: Sequence[Column], wanted: Sequence[int], layout: Layout
) -> bool:
    """
    Whether all fits, and no text is too short to be known by.
    """
    kept = [columns[index] for index in layout.shown]
    whole = [wanted[index] for index in layout.shown]
    return layout.fits and _are_long(kept, whole, layout.widths, READABLE)


def _layout(
    columns: Sequence[Column],
    wanted: Sequence[int],
    shown: Sequence[int],
    available: int,
) -> Layout:
    """
    How the columns that are shown fit: with the widest gap where no text is cut, and
    with the narrowest one rather than with short texts.
    """
    kept = [columns[index] for index in shown]
    widths = [wanted[index] for index in shown]
    gaps = len(shown) - 1
    for gap in (GAP, *NARROW_GAPS):
        if sum(widths) + gap * gaps <= available:
            return Layout(shown, widths, gap, fits=True)
    for gap in NARROW_GAPS:
        shrunk = _shrunk(kept, widths, available - gap * gaps)
        is_last = gap == NARROW_GAPS[-1]
        if sum(shrunk) + gap * gaps <= available and (
            is_last or _are_long(kept, widths, shrunk, COMFORTABLE)
        ):
            return Layout(shown, shrunk, gap, fits=True)
    return Layout(shown, widths, GAP, fits=False)


def _are_long(
    columns: Sequence[Column],
    wanted: Sequence[int],
    widths: Sequence[int],
    least: int,
) -> bool:
    """
    Whether all texts that are cut, and are not in full elsewhere, have this width.
    """
    return all(
        width >= min(whole, least) or column.in_full
        for column, whole, width in zip(columns, wanted, widths, strict=True)
    )


def _below(
    columns: Sequence[Column], wanted: Sequence[int], available: int
) -> list[int]:
    """
    The indexes of the columns that may stand below their row and have to.
    """
    if sum(wanted) + NARROW_GAPS[0] * (len(columns) - 1) <= available:
        return []
    return [index for index, column in enumerate(columns) if column.below]


def _wanted(columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> list[int]:
    """
    The width of each column if there is room for all.
    """
    wanted = []
    for index, column in enumerate(columns):
        longest = max(
            [cell_width(column.title), *(cell_width(row[index]) for row in cells)]
        )
        wanted.append(max(1, min(longest, column.most or longest)))
    return wanted


def _spared(
    columns: Sequence[Column],
    wanted: Sequence[int],
    available: int,
    below: Sequence[int],
) -> list[int]:
    """
    The indexes of the columns that remain, so that the texts of these have room.
    """
    shown = [index for index in range(len(columns)) if index not in below]
    while True:
        needed = sum(
            min(wanted[n], columns[n].most or COMFORTABLE)
            if columns[n].can_shrink
            else wanted[n]
            for n in shown
        )
        if needed + NARROW_GAPS[0] * (len(shown) - 1) <= available:
            return shown
        last = max(shown, key=lambda n: columns[n].spare)
        if not columns[last].spare:
            return shown
        shown.remove(last)


def _shrunk(
    columns: Sequence[Column], wanted: Sequence[int], available: int
) -> list[int]:
    """
    These widths, with text columns shrunk until all fit or none can shrink further.
    Those that stand in full below their row shrink first.
    """
    widths = [*wanted]
    while sum(widths) > available:
        shrinkable = [
            index
            for index, column in enumerate(columns)
            if column.can_shrink and widths[index] > MIN_TEXT_WIDTH
        ]
        if not shrinkable:
            break
        first = max(shrinkable, key=lambda n: (columns[n].in_full, widths[n]))
        widths[first] -= 1
    return widths
