"""
The row of a table that has a recipe's headings: which column is which field, and what
the recipe does not use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ticketsync.core import errors, near_words
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import heading_rows, sheets
from ticketsync.core.spreadsheets.rows import Row
from ticketsync.core.spreadsheets.table_files import OpenedFile, Table
from ticketsync.providers.file_import.one_report import sections
from ticketsync.providers.file_import.recipes import show_sums
from ticketsync.providers.file_import.recipes.recipe import Recipe

_STATUS_LIKE = re.compile(r"\b(?:status|state)\b")
_KIND_LIKE = re.compile(
    r"(?:row|line|entry|record|transaction|item|sale|payment|order|booking|purchase"
    r"|movement|document|operation)?\s?(?:type|kind)"
    r"|transaction|row|action|event type|movement|operation|sales?/refunds?"
)


@dataclass(frozen=True, slots=True)
class Heading:
    """
    fields     (column, field) of what the recipe maps; a column may be two fields, and
               a field the sum of several columns
    width      how many columns have a heading
    names      the headings as written
    unmapped   columns with a heading that the recipe does not use
    """

    fields: tuple[tuple[int, str], ...]
    width: int
    names: tuple[str, ...]
    unmapped: tuple[int, ...]

    def columns_like(self, pattern: re.Pattern[str]) -> list[int]:
        """
        The unmapped columns whose whole heading has that form.
        """
        return [c for c in self.unmapped if pattern.search(normalise(self.names[c]))]


def status_columns(heading: Heading, recipe: Recipe) -> list[int]:
    """
    The columns that say by their heading whether an order counts, and that no line of
    the recipe maps.
    """
    return _unanswered(heading, recipe, heading.columns_like(_STATUS_LIKE))


def kind_columns(heading: Heading, recipe: Recipe) -> list[int]:
    """
    The columns that may say what a row is, and that no line of the recipe maps.
    """
    found = [
        c for c in heading.unmapped if _KIND_LIKE.fullmatch(normalise(heading.names[c]))
    ]
    return _unanswered(heading, recipe, found)


def type_column(heading: Heading, recipe: Recipe) -> int | None:
    """
    The column with types of tickets, where no line of the recipe says which of its
    words are none.
    """
    if "kind" in recipe.columns:
        return None
    found = [column for column, field in heading.fields if field == "type"]
    return next(iter(_unanswered(heading, recipe, found)), None)


def _unanswered(heading: Heading, recipe: Recipe, columns: list[int]) -> list[int]:
    answered = {normalise(name) for name in recipe.ignore_columns}
    return [c for c in columns if normalise(heading.names[c]) not in answered]


@dataclass(frozen=True, slots=True)
class FoundTable:
    """
    A table with the recipe's headings, and its rows below them. `section` is the title
    that says that these are not sales; `None` if there is none.
    """

    table: Table
    heading: Heading
    rows: Iterator[Row]
    section: sections.Section | None = None


def find_tables(recipe: Recipe, opened: OpenedFile) -> list[FoundTable]:
    """
    The tables of a file that have the recipe's headings: of a workbook the sheet that
    the recipe names, or all that are not hidden.

    Raises: `BadFile` if there is none, with the nearest headings.
    """
    tables: Sequence[Table] = [t for t in opened.tables if not t.is_hidden]
    if recipe.sheet and not opened.alternatives:
        tables = [sheets.find_table(opened, recipe.sheet)]
    found: list[FoundTable] = []
    nearest: tuple[int, str, tuple[str, ...]] = (0, "", ())

    titles: list[tuple[str, str]] = []

    def read(row: Row) -> Heading | None:
        nonlocal nearest
        texts = [cell for cell in row.cells if cell]
        if len(texts) == 1:
            titles.append((texts[0], row.position))
        heading = match(recipe, row.cells, f"{opened.name}, {row.position}")
        if heading is None:
            likeness = _likeness(recipe, row.cells)
            if likeness > nearest[0]:
                nearest = (likeness, row.position, row.cells)
        return heading

    for table in tables:
        titles = [
            (sections.as_words(opened.name), "the name of the file"),
            (table.name, "the name of the sheet"),
        ]
        top = heading_rows.find_heading(table, read)
        if top is not None:
            section = sections.section_of(titles, recipe)
            found.append(FoundTable(table, top.heading, top.below, section))
        if found and opened.alternatives:
            break
    if not found:
        raise _no_heading(recipe, opened.name, nearest[1], nearest[2])
    return found


def match(recipe: Recipe, cells: Sequence[str], place: str) -> Heading | None:
    """
    The heading, if this row has all that the recipe maps.

    Raises: `BadFile` if one of those stands in it twice.
    """
    names = [normalise(cell) for cell in cells]
    wanted = {normalise(theirs) for _, theirs in recipe.headings}
    if not wanted <= set(names):
        return None
    for name in sorted(wanted):
        if names.count(name) > 1:
            heading = cells[names.index(name)]
            raise errors.BadFile(
                f"{place}: the heading {safe(heading)!r} is there twice.",
                hint="Rename or delete one of the two columns in the report.",
                word="headings",
            )
    fields = tuple(
        (names.index(normalise(theirs)), ours) for ours, theirs in recipe.headings
    )
    unmapped = tuple(n for n, name in enumerate(names) if name and name not in wanted)
    width = max(n for n, name in enumerate(names) if name) + 1
    return Heading(fields, width, tuple(cells), unmapped)


def normalise(name: str) -> str:
    """
    A heading as it is compared: without case, and with `_` as a space.
    """
    return re.sub(r"[\s_]+", " ", name).strip().casefold()


def _likeness(recipe: Recipe, cells: Sequence[str]) -> int:
    names = {normalise(cell) for cell in cells}
    return sum(normalise(theirs) in names for _, theirs in recipe.headings)


def _no_heading(
    recipe: Recipe, file: str, position: str, cells: Sequence[str]
) -> errors.BadFile:
    """
    Which headings are missing, and what comes nearest to them.
    """
    names = {normalise(cell): cell for cell in cells if cell}
    wanted = [theirs for _, theirs in recipe.headings]
    missing = [c for c in wanted if normalise(c) not in names]
    message = (
        f"{file} has no row with the headings of {safe(recipe.platform)}: "
        f"{safe(', '.join(wanted), longest=400)}."
    )
    if position and missing:
        lacking = ", ".join(map(repr, map(safe, missing)))
        message += f" The nearest is {position}, which lacks {lacking}"
        near = near_words.nearest(normalise(missing[0]), names, cutoff=0.5)
        message += f" (it has {safe(names[near])!r})." if near else "."
    hint = "Correct the heading in the report, or under `columns` in the recipe."
    if recipe.columns["order"] in missing and show_sums.names_sums(names):
        hint = show_sums.ADVICE
    return errors.BadFile(message, hint=hint, word="headings")
