"""
The rows of a report below its headings: those with data, those that are left out (a
total, a footer, what the recipe ignores), and those that cannot be read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from ticketsync.core import written_amounts
from ticketsync.core.redact import safe
from ticketsync.core.rows import UNKNOWN, Row, column_letters
from ticketsync.providers.file_import import heading as headings
from ticketsync.providers.file_import import unmapped_columns
from ticketsync.providers.file_import.heading import FoundTable, Heading
from ticketsync.providers.file_import.left_out import (
    IGNORED,
    LeftOutRules,
    lone_text,
)
from ticketsync.providers.file_import.recipe import Recipe
from ticketsync.providers.file_import.recipe_keys import AMOUNTS, WITHOUT_ENTRY
from ticketsync.providers.file_import.sections import (
    names_no_sales,
    names_sales,
    section_of,
)
from ticketsync.providers.file_import.status_words import is_plainly_paid

_IS_NO_SALE = re.compile(
    r"\b(?:refund(?:ed)?|return(?:ed|s)?|cancell?ed|cancellation|void(?:ed)?"
    r"|revers(?:al|ed)|chargeback|dispute[d]?|pending|unpaid|held|hold|reserved"
    r"|expired|failed|declined|tax|gst|vat|fees?|commission|exchanged?)\b",
    re.IGNORECASE,
)
STATUS_ADVICE = "map it to `status` or `kind`"
# Types of ticket that are none, by their whole name.
_NO_TICKET = re.compile(
    r"(?:(?:booking|service|transaction|handling|processing|convenience|ticketing|order"
    r"|credit card|card|payment|delivery|venue|facility|admin|administration|buyer)\s)?"
    r"(?:fees?|charges?|surcharges?|tax(?:es)?|gst|vat|postage|shipping|delivery"
    r"|donations?|refund(?:s|ed)?)",
    re.IGNORECASE,
)


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
    section    the title above it that says that it is no sale, and where that stands
    """

    position: str
    values: tuple[str, ...]
    kinds: str
    whole: int
    problem: str = ""
    word: str = ""
    section: str = ""
    place: str = ""
    beside: int = 0


class LeftOut(msgspec.Struct, frozen=True):
    """
    A row that is no data, its first words and why it is left out.
    """

    position: str
    text: str
    why: str


class RowReader:
    """
    Reads the rows of one table. What it leaves out, of that what the recipe ignores,
    and the words of columns that may say that a row is no sale, are in `left_out`,
    `ignored` and `unanswered` afterwards.
    """

    def __init__(self, recipe: Recipe, found: FoundTable, *, is_text: bool) -> None:
        self._found = found
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
        self._voided = _voided_words(heading, recipe)
        self._rules = LeftOutRules(heading, recipe)
        self._section = found.section
        named = [column for column, name in heading.fields if name == "currency"]
        self._currency = named[0] if named else None
        states = [column for column, name in heading.fields if name == "status"]
        self._mapped_status = states[0] if states else None
        self._own_currency = recipe.currency
        self._same: dict[str, str] = {}
        self.left_out: list[LeftOut] = []
        self.ignored: list[MappedRow] = []
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
            else:
                if row.is_hidden:
                    self.hidden.append(row.position)
                yield self._mapped(row, *self._problem(row))

    def _leave_out(self, row: Row, why: str) -> None:
        text = safe(next(filter(None, row.cells)), longest=40)
        self.left_out.append(LeftOut(row.position, text, why))
        title = lone_text(row.cells)
        if why == IGNORED:
            self.ignored.append(self._mapped(row, "", ""))
        elif names_no_sales(title) or names_sales(title):
            self._section = section_of([(title, row.position)])

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
                    return f"{field} (cell {cell}) is {UNKNOWN[kind]}", "no-value"
        if row.shown_in and (other := self._other_currency(row, row.shown_in)):
            return other, "unreadable"
        problem, word = self._rules.problem(row)
        return (problem, word) if problem else self._unanswered(cells)

    def _other_currency(self, row: Row, shown_in: Mapping[int, str]) -> str:
        """
        Which amount is shown in another currency than that of its row, in words.
        """
        column = self._currency
        code = row.cells[column] if column is not None else ""
        currency = (code or self._own_currency).strip().upper()
        for column, field in zip(self._columns, self._names, strict=True):
            shown = shown_in.get(column, "") if field in AMOUNTS else ""
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
        for column in self._status:
            text = cells[column] if column < len(cells) else ""
            name = self._found.heading.names[column]
            if text:
                self.unanswered[name][text] += 1
            if text and not is_plainly_paid(text):
                return _unmapped(name, text), "unmapped-status"
        for column in self._kind:
            text = cells[column] if column < len(cells) else ""
            if text and _IS_NO_SALE.search(text):
                name = self._found.heading.names[column]
                self.unanswered.setdefault(name, Counter())[text] += 1
                return _unmapped(name, text), "unmapped-kind"
        for item in self._worth:
            text = cells[item.column] if item.column < len(cells) else ""
            if text and item.hides(text) and not self._is_voided(cells):
                self.unanswered.setdefault(item.name, Counter())[text] += 1
                return _unmapped(item.name, text, item.advice), "unmapped-column"
        if self._type is not None and self._type < len(cells):
            text = cells[self._type]
            if text and _NO_TICKET.fullmatch(text):
                name = safe(self._found.heading.names[self._type])
                return (
                    f"{name} is {safe(text)!r}, which is no ticket: map the column "
                    f"{name!r} to `kind`, too, or add it to `ignore_columns`"
                ), "unmapped-kind"
        return "", ""

    def _is_voided(self, cells: Sequence[str]) -> bool:
        """
        Whether a mapped column says already that a row does not count.
        """
        return any(
            column < len(cells) and cells[column].lower() in words
            for column, words in self._voided
        )


def _voided_words(heading: Heading, recipe: Recipe) -> list[tuple[int, set[str]]]:
    """
    The mapped columns for status and kind, each with the words for rows that do not
    count or take back.
    """
    words = {
        "status": {w for w, ours in recipe.status.items() if ours in WITHOUT_ENTRY},
        "kind": {w for w, ours in recipe.kind.items() if ours in ("refund", "ignore")},
    }
    return [(c, words[field]) for c, field in heading.fields if field in words]


def _unmapped(name: str, text: str, advice: str = STATUS_ADVICE) -> str:
    return (
        f"{safe(name)} is {safe(text, longest=40)!r}, and the recipe maps no column "
        f"{safe(name)!r}: {advice}, or add it to `ignore_columns`"
    )


def _unreadable(position: str, problem: str) -> MappedRow:
    return MappedRow(
        position, (), "", 0, f"this is no row of CSV ({problem})", "bad-row"
    )
