"""
The rows of a report below its headings: those with data, those that are left out (a
total, a footer, what the recipe ignores), and those that cannot be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets.number_formats import PERCENT
from ticketsync.core.spreadsheets.rows import NOT_COMPUTED, UNKNOWN, Row, column_letters
from ticketsync.core.written import written_amounts
from ticketsync.providers.file_import.one_report import heading as headings
from ticketsync.providers.file_import.one_report import no_sale_words, unmapped_columns
from ticketsync.providers.file_import.one_report.answered_rows import AnsweredRows
from ticketsync.providers.file_import.one_report.heading import FoundTable, Heading
from ticketsync.providers.file_import.one_report.left_out_rows import (
    IGNORED,
    NO_NUMBER,
    OTHER_HEADINGS,
    SAME_HEADINGS,
    LeftOutRules,
    lone_text,
)
from ticketsync.providers.file_import.one_report.sections import (
    Section,
    names_no_sales,
    names_sales,
    section_of,
)
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.recipes.recipe_keys import AMOUNTS
from ticketsync.providers.file_import.recipes.status_words import is_plainly_paid

TO_COMPUTE = (
    ": open the file in a spreadsheet, have all formulas calculated, and save it again"
)
STATUS_ADVICE = "map it to `status` or `kind`"


class MappedRow(msgspec.Struct, frozen=True):
    """
    One row with data, as far as the recipe maps it: `values` and `kinds` in the order
    of the heading's fields.

    is_short   whether the row ends before a column that the recipe maps
    whole      a hash of all its cells
    beside     a hash of all of them but its status
    problem    why it cannot be read, its cells set aside
    word       the problem's name
    place      where the show plays, by a column that the recipe does not map
    section    the title above it that says that it is not a sale
    has_more   whether a cell is filled in that the recipe does not map
    """

    position: str
    values: tuple[str, ...]
    kinds: str
    whole: int
    problem: str = ""
    word: str = ""
    section: Section | None = None
    place: str = ""
    beside: int = 0
    has_more: bool = False


class LeftOut(msgspec.Struct, frozen=True):
    """
    A row that is not data, its first words and why it is left out.
    """

    position: str
    text: str
    why: str


class RowReader:
    """
    Reads the rows of one table. What it leaves out, of that what the recipe ignores,
    and the words of columns that may say that a row is not a sale, are in `left_out`,
    `ignored` and `unanswered` afterwards; `unnumbered` are rows without an order number
    that the recipe leaves out.
    """

    def __init__(self, recipe: Recipe, found: FoundTable, *, is_text: bool) -> None:
        self._recipe, self._found = recipe, found
        self._is_text = is_text
        heading = found.heading
        self._columns = [column for column, _ in heading.fields]
        self._names = [field for _, field in heading.fields]
        self._last = max(self._columns)
        self._status = headings.status_columns(heading, recipe)
        self._kind = headings.kind_columns(heading, recipe)
        self._type = headings.type_column(heading, recipe)
        self._worth = unmapped_columns.worth_columns(heading, recipe)
        self._place = unmapped_columns.place_column(heading, recipe)
        payments = {item.column for item in self._worth if item.is_payment}
        others = unmapped_columns.other_columns(heading, recipe)
        self._others = [column for column in others if column not in payments]
        self._answered = AnsweredRows(heading, recipe)
        self._rules = LeftOutRules(heading, recipe)
        self._section = found.section
        self._headings = ""  # why the rows below other headings cannot be read
        named = [column for column, name in heading.fields if name == "currency"]
        self._currency = named[0] if named else None
        states = [column for column, name in heading.fields if name == "status"]
        self._mapped_status = states[0] if states else None
        self._own_currency = recipe.currency
        self._same: dict[str, str] = {}
        self.left_out: list[LeftOut] = []
        self.ignored: list[MappedRow] = []
        self.unnumbered: list[MappedRow] = []
        self.unanswered: dict[str, Counter[str]] = {
            heading.names[column]: Counter() for column in self._status
        }
        self.advice = {item.name: item.advice for item in self._worth}
        self.beyond = 0
        self.hidden: list[str] = []

    def read(self) -> Iterator[MappedRow]:
        """
        The rows with data, in their order.
        """
        for row in self._found.rows:
            if row.problem:
                yield _unreadable(row.position, row.problem)
                continue
            why = self._rules.why(row)
            if why:
                self._leave_out(row, why)
            elif self._headings:
                yield self._mapped(row, self._headings, "other-headings")
            else:
                if row.is_hidden:
                    self.hidden.append(row.position)
                yield self._mapped(row, *self._problem(row))

    def _leave_out(self, row: Row, why: str) -> None:
        if why == NO_NUMBER:
            self.unnumbered.append(self._mapped(row, "", ""))
            return
        text = safe(next(filter(None, row.cells)), longest=40)
        title = lone_text(row.cells)
        if why == SAME_HEADINGS:
            other = self._rules.other_headings(row.cells)
            why = OTHER_HEADINGS if other else why
            self._headings = other and (
                f"it is below other headings: {row.position} {other}"
            )
        self.left_out.append(LeftOut(row.position, text, why))
        if why == IGNORED:
            self.ignored.append(self._mapped(row, "", ""))
        elif names_no_sales(title) or names_sales(title):
            self._section = section_of([(title, row.position)], self._recipe)

    def _mapped(self, row: Row, problem: str, word: str) -> MappedRow:
        cells, kinds = row.cells, row.kinds
        place = self._place
        same = self._same  # of equal texts one is kept: most cells of a report repeat
        values = tuple(
            [
                same.setdefault(cells[c], cells[c]) if c < len(cells) else ""
                for c in self._columns
            ]
        )
        return MappedRow(
            row.position,
            values,
            "".join([kinds[c] if c < len(kinds) else "t" for c in self._columns])
            if kinds
            else "",
            hash(cells),
            problem,
            word,
            self._section,
            cells[place] if place is not None and place < len(cells) else "",
            self._hash_beside_status(cells),
            any(c < len(cells) and cells[c] for c in self._found.heading.unmapped),
        )

    def _hash_beside_status(self, cells: tuple[str, ...]) -> int:
        state = self._mapped_status
        if state is None:
            return 0
        return hash((cells[:state], cells[state + 1 :]))

    def _problem(self, row: Row) -> tuple[str, str]:
        cells = row.cells
        heading: Heading = self._found.heading
        if self._is_text and len(cells) <= self._last:
            return f"it has {len(cells)} of {heading.width} cells", "short-row"
        if len(cells) > heading.width and any(cells[heading.width :]):
            if self._is_text:
                more = f"it has {len(cells)} cells under {heading.width} headings"
                return more, "long-row"
            self.beyond += 1
        if row.kinds and set(row.kinds) & UNKNOWN.keys():
            for column, field in zip(self._columns, self._names, strict=True):
                kind = row.kind(column)
                if kind in UNKNOWN:
                    cell = f"{column_letters(column)}{row.number}"
                    remedy = TO_COMPUTE if kind == NOT_COMPUTED else ""
                    reason = f"{field} (cell {cell}) is {UNKNOWN[kind]}{remedy}"
                    return reason, "no-value"
        if row.shown_in and (other := self._other_currency(row, row.shown_in)):
            return other, "unreadable"
        problem, word = self._rules.problem(row)
        return (problem, word) if problem else self._unanswered(cells)

    def _other_currency(self, row: Row, shown_in: Mapping[int, str]) -> str:
        """
        Which amount is shown in another currency than that of its row, or as a
        percentage, in words.
        """
        column = self._currency
        code = row.cells[column] if column is not None else ""
        currency = (code or self._own_currency).strip().upper()
        for column, field in zip(self._columns, self._names, strict=True):
            shown = shown_in.get(column, "") if field in AMOUNTS else ""
            if shown == PERCENT:
                cell = f"{column_letters(column)}{row.number}"
                return (
                    f"{field} (cell {cell}) is shown as a percentage, not an amount: "
                    "write the amount, or leave the column out of the recipe"
                )
            if shown and written_amounts.is_other_currency(shown, currency):
                cell = f"{column_letters(column)}{row.number}"
                return (
                    f"{field} (cell {cell}) is shown in {safe(shown)}, an amount in "
                    f"another currency than {currency}"
                )
        return ""

    def _unanswered(self, cells: Sequence[str]) -> tuple[str, str]:
        """
        What an unmapped column says that may be no sale: not counted until the recipe
        has an answer.
        """
        is_sale = self._recipe.is_sale_word
        for column in self._status:
            text = cells[column] if column < len(cells) else ""
            name = self._found.heading.names[column]
            if text:
                self.unanswered[name][text] += 1
            if text and not is_plainly_paid(text) and not is_sale(text):
                return _unmapped(name, text), "unmapped-status"
        for column in self._kind:
            text = cells[column] if column < len(cells) else ""
            if text and no_sale_words.in_kind(text) and not is_sale(text):
                name = self._found.heading.names[column]
                self.unanswered.setdefault(name, Counter())[text] += 1
                return _unmapped(name, text), "unmapped-kind"
        for item in self._worth:
            text = cells[item.column] if item.column < len(cells) else ""
            if item.is_payment and is_sale(text):
                continue
            if text and item.hides(text) and not self._answered.answers(item, cells):
                self.unanswered.setdefault(item.name, Counter())[text] += 1
                return _unmapped(item.name, text, item.advice), "unmapped-column"
        return self._no_ticket(cells) or self._lone_word(cells) or ("", "")

    def _no_ticket(self, cells: Sequence[str]) -> tuple[str, str] | None:
        """
        What the type of a ticket says that is none.
        """
        column = self._type
        if column is None or column >= len(cells):
            return None
        text = cells[column]
        if not text or not no_sale_words.is_no_ticket(text):
            return None
        if self._recipe.is_sale_word(text):
            return None
        if self._answered.is_voided(cells):
            return None
        name = safe(self._found.heading.names[column])
        return (
            f"{name} is {safe(text)!r}, which is not a ticket: map the column "
            f"{name!r} to `kind`, too, or add it to `ignore_columns`; "
            f"{no_sale_words.if_sale(text)}"
        ), "unmapped-kind"

    def _lone_word(self, cells: Sequence[str]) -> tuple[str, str] | None:
        """
        What a column says with one word that is not a sale, whatever its heading.
        """
        if no_sale_words.LONE_WORDS.isdisjoint(cells):
            return None
        is_sale = self._recipe.is_sale_word
        for column in self._others:
            text = cells[column] if column < len(cells) else ""
            if text not in no_sale_words.LONE_WORDS or is_sale(text):
                continue
            if self._answered.is_voided(cells) or self._answered.takes_back(cells):
                return None
            name = self._found.heading.names[column]
            self.unanswered.setdefault(name, Counter())[text] += 1
            return _unmapped(name, text), "unmapped-kind"
        return None


def _unmapped(name: str, text: str, advice: str = STATUS_ADVICE) -> str:
    return (
        f"{safe(name)} is {safe(text, longest=40)!r}, and the recipe maps no column "
        f"{safe(name)!r}: {advice}, or add it to `ignore_columns`"
    )


def _unreadable(position: str, problem: str) -> MappedRow:
    return MappedRow(
        position, (), "", 0, f"this is not a row of CSV ({problem})", "bad-row"
    )
