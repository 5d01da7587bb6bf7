"""
Which rows of a report are not data: totals, footers, titles, and what the recipe says
to ignore. A row that may be a sale is never one of these: it is named instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate

from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets.rows import UNKNOWN, Row
from ticketsync.providers.file_import.one_report.heading import Heading
from ticketsync.providers.file_import.one_report.no_sale_words import if_sale
from ticketsync.providers.file_import.one_report.other_headings import HeadingRows
from ticketsync.providers.file_import.one_report.sections import (
    names_no_sales,
    names_sales,
)
from ticketsync.providers.file_import.one_report.total_names import (
    TotalCell,
    TotalCells,
    begins_footer,
    is_total,
)
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.recipes.recipe_keys import AMOUNTS

IGNORED = "ignore_rows"
NO_NUMBER = "no order number"
SAME_HEADINGS = "the headings again"
OTHER_HEADINGS = "other headings"
_WORD = re.compile(r"\*([^\W\d_]+)\*")  # `*test*`


class LeftOutRules:
    """
    Says of each row of one table whether it is left out, and why.
    """

    def __init__(self, heading: Heading, recipe: Recipe) -> None:
        fields = heading.fields
        self._needed = [c for c, name in fields if name == "order"]
        self._times = [c for c, name in fields if name in ("starts", "date")]
        self._needed += self._times
        self._orders = [c for c, name in fields if name in ("order", "refund_of")]
        self._worth = [c for c, name in fields if name in ("quantity", *AMOUNTS)]
        self._headings = HeadingRows(heading)
        self._totals = TotalCells(heading, recipe)
        self._needs_number = "" in recipe.stop_at
        self._stops = [word.casefold() for word in recipe.stop_at if word]
        self._ignored = _IgnoredRows(recipe.ignore_rows)

    def why(self, row: Row) -> str:
        """
        Why a row is left out; `""` where it has data.
        """
        cells = row.cells
        if self._ignored and self._ignored.is_ignored(cells):
            return IGNORED
        if self._headings.is_heading(cells):
            return SAME_HEADINGS
        if self._has(cells, self._needed) == len(self._needed):
            return ""
        title = lone_text(cells)
        if names_no_sales(title) or names_sales(title):
            return "a title"
        first = next(filter(None, cells), "")
        if any(_begins_with(first.casefold(), word) for word in self._stops):
            return "stop_at"
        if self._needs_number and not self._has(cells, self._orders):
            return NO_NUMBER
        if self._has_time(cells) or set(row.kinds) & UNKNOWN.keys():
            return ""
        is_lone = len(title.split()) > 1
        is_footer = begins_footer(first) and not self._may_be_data(cells, first)
        return "a total or a footer" if is_lone or is_footer else ""

    def problem(self, row: Row) -> tuple[str, str]:
        """
        Why it is not clear whether a row with data is to be left out, and the problem's
        word.
        """
        cells = row.cells
        if self._ignored and (found := self._ignored.inside_word(cells)):
            cell, word = found
            return (
                f"{safe(cell, longest=40)!r} has {word!r} inside a longer word, and "
                f"`ignore_rows` says '*{word}*': write '{word} *' and '* {word}' if "
                "only the word alone is meant, or else the longer word"
            ), "ignored-word"
        if total := self._totals.find(cells):
            return _unclear_total(total), "unclear-total"
        if self._has(cells, self._needed) == len(self._needed):
            return "", ""
        first = next(filter(None, cells), "")
        if begins_footer(first) and not self._has_time(cells):
            return (
                f"it begins with {safe(first, longest=40)!r} and has no start: list "
                "how it begins under `stop_at` if it is a total or a footer, and fill "
                "in its start if it is a sale"
            ), "unclear-total"
        return "", ""

    def _may_be_data(self, cells: Sequence[str], first: str) -> bool:
        """
        Whether a row that begins like a footer has an order number, or what something
        is worth and not the name of a total.
        """
        place = cells.index(first)
        if self._has(cells, [c for c in self._orders if c != place]):
            return True
        return not is_total(first) and bool(self._has(cells, self._worth))

    def _has(self, cells: Sequence[str], columns: Sequence[int]) -> int:
        return sum(c < len(cells) and bool(cells[c]) for c in columns)

    def _has_time(self, cells: Sequence[str]) -> bool:
        """
        Whether a row says when a show starts; a footer may stand in that column.
        """
        return any(
            c < len(cells)
            and any(map(str.isdigit, cells[c]))
            and not begins_footer(cells[c])
            for c in self._times
        )

    def other_headings(self, cells: Sequence[str]) -> str:
        """
        Why the rows below a row of headings cannot be read as those above; `""` where
        it has the same headings.
        """
        there, above = self._headings.difference(cells)
        if not there and not above:
            return ""
        shown = safe(there or above, longest=40)
        instead = f" where {safe(above, longest=40)!r} was" if above and there else ""
        what = "has" if there else "lacks"
        return (
            f"{what} {shown!r}{instead}: write these rows under the first headings, "
            f"and what went back below zero, or list {shown!r} under `ignore_rows` if "
            "their cells are those of the first headings"
        )


class _IgnoredRows:
    """
    The patterns of `ignore_rows`. `*test*` means the word: "A test", not "Greatest".
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        words = [match[1] for p in patterns if (match := _WORD.fullmatch(p))]
        others = [p for p in patterns if not _WORD.fullmatch(p)]
        joined = "|".join(map(re.escape, words))
        found = [*map(translate, others)]
        if words:
            found.append(rf"(?s:.*)(?<![^\W\d_])(?:{joined})(?![^\W\d_])(?s:.*)")
        self._whole = re.compile("|".join(found), re.IGNORECASE) if found else None
        self._part = re.compile(joined, re.IGNORECASE) if words else None

    def __bool__(self) -> bool:
        return self._whole is not None

    def is_ignored(self, cells: Sequence[str]) -> bool:
        whole = self._whole
        return whole is not None and any(c and whole.fullmatch(c) for c in cells)

    def inside_word(self, cells: Sequence[str]) -> tuple[str, str] | None:
        """
        A cell that has one of the words inside a longer one, and the word.
        """
        if self._part is None:
            return None
        found = ((cell, self._part.search(cell)) for cell in cells)
        return next(((cell, m[0].lower()) for cell, m in found if m), None)


def _unclear_total(total: TotalCell) -> str:
    column = safe(total.heading)
    remedy = if_sale(total.text)
    if column:
        remedy = f"add the column {column!r} to `ignore_columns` if it is a sale"
    return (
        f"{safe(total.text, longest=40)!r} is what a total is called: list it, or a "
        f"pattern of such cells, under `ignore_rows` if the row is a total; {remedy}"
    )


def lone_text(cells: Sequence[str]) -> str:
    """
    The text of a row that has no other cell; `""` for other rows.
    """
    found = [cell for cell in cells if cell]
    return found[0] if len(found) == 1 else ""


def _begins_with(text: str, word: str) -> bool:
    """
    Whether a text begins with that word or pattern (`*` for anything).
    """
    if "*" in word or "?" in word:
        return re.match(translate(word), text) is not None
    return text.startswith(word) and not text[len(word) : len(word) + 1].isalnum()
