"""
Sheets of a workbook that are not read although they look like the one that is: with one
heading that was renamed, a month would be missing. Pure but for reading the rows.

A summary has fewer columns, and a list of something else has other headings: those are
no reports, and a note names them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets.rows import Row
from ticketsync.core.spreadsheets.table_files import OpenedFile, Table
from ticketsync.providers.file_import.one_report.heading import FoundTable, normalise
from ticketsync.providers.file_import.recipes.recipe import Recipe

_WITHIN = 40  # rows from the top of a sheet
_EQUAL = 0.75  # of the headings of a sheet, from which it is like the one that is read
_LEAST = 2  # cells of a row of data


def find_near_sheets(
    recipe: Recipe, opened: OpenedFile, found: Sequence[FoundTable]
) -> dict[str, errors.BadFile]:
    """
    The sheets that are like one of those `found` and lack a heading, by the name of the
    file with that of the sheet: which heading it is.
    """
    if opened.alternatives or recipe.sheet:
        return {}
    read = {item.table.name for item in found}
    return {
        f"{opened.name}, sheet {safe(table.name)}": problem
        for table in opened.tables
        if not table.is_hidden and table.name not in read
        for problem in islice(_problems(recipe, opened.name, table, found), 1)
    }


def _problems(
    recipe: Recipe, file: str, table: Table, found: Sequence[FoundTable]
) -> Iterator[errors.BadFile]:
    like = [_names(item.heading.names) for item in found]
    rows = table.read()
    for row in islice(rows, _WITHIN):
        names = _names(row.cells)
        if any(_is_like(names, other) for other in like):
            if any(_has_data(below) for below in rows):
                yield _lacks(recipe, file, table, row)
            return


def _names(cells: Sequence[str]) -> list[str]:
    return [normalise(cell) for cell in cells if cell]


def _is_like(names: Sequence[str], other: Sequence[str]) -> bool:
    equal = len(set(names) & set(other))
    return len(names) >= len(other) and equal >= _EQUAL * len(names)


def _has_data(row: Row) -> bool:
    return sum(map(bool, row.cells)) >= _LEAST


def _lacks(recipe: Recipe, file: str, table: Table, row: Row) -> errors.BadFile:
    names = _names(row.cells)
    lacking = [
        repr(safe(heading))
        for heading in recipe.columns.values()
        if normalise(heading) not in names
    ]
    return errors.BadFile(
        f"{file}: the sheet {safe(table.name)!r} is like one that is read, but its "
        f"headings ({row.position}) lack {', '.join(dict.fromkeys(lacking))}.",
        hint="Correct the heading; if the sheet is not a report, hide it, or "
        "say which one is to be read (`sheet:` in the recipe).",
        word="headings",
    )
