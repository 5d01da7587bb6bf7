"""
HTML tables, which many programs export under the name .xls.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from ticketsync.core.spreadsheets.rows import MERGED, TEXT, Row

MOST_CELLS = 1_000_000  # of all tables of a page, with those that a cell spans
MOST_TAGS = 1_500_000
MOST_TABLES = 1000
_WIDEST = 16_384  # cells of a row, as in a workbook
_LONGEST_TAG = 65_536  # characters


class UnreadablePage(ValueError):
    """
    A page that no program exported, and that would take for ever to read.
    """


def looks_like_html(text: str) -> bool:
    """
    Whether a text is an HTML page or a piece of one with a table.
    """
    begin = text[:4096].lstrip().lower()
    return begin.startswith("<") and ("<html" in begin or "<table" in begin)


def read_tables(text: str) -> list[tuple[Row, ...]]:
    """
    The rows of each table of a page; cells below a cell that spans rows are `MERGED`.

    Raises: `UnreadablePage`.
    """
    text = _without_comments(text)
    _refuse_costly(text)
    parser = _TableParser()
    parser.feed(text)
    parser.close()
    found, cells = [], 0
    for number, table in enumerate(parser.tables, start=1):
        rows = []
        for row in _rows(table, number):
            cells += len(row.cells)
            if cells > MOST_CELLS:
                raise UnreadablePage(f"has more than {MOST_CELLS:,} cells")
            if any(row.cells):
                rows.append(row)
        found.append(tuple(rows))
    return found


def _without_comments(text: str) -> str:
    """
    A page without its comments and declarations. The parser would look for the end of
    each to the end of the page, where there is none.
    """
    kept, at = [], 0
    while (begin := text.find("<!", at)) >= 0:
        kept.append(text[at:begin])
        mark = "-->" if text.startswith("<!--", begin) else ">"
        end = text.find(mark, begin)
        if end < 0:
            return "".join(kept)
        at = end + len(mark)
    return "".join((*kept, text[at:]))


def _refuse_costly(text: str) -> None:
    """
    Raises: `UnreadablePage` for more than any report has, and for a tag that is longer
    than any: it may have no end.
    """
    if text.count("<") > MOST_TAGS:
        raise UnreadablePage(f"has more than {MOST_TAGS:,} tags")
    if text.lower().count("<table") > MOST_TABLES:
        raise UnreadablePage(f"has more than {MOST_TABLES:,} tables")
    for part in text.split(">"):
        begin = part.find("<")
        if begin >= 0 and len(part) - begin > _LONGEST_TAG:
            raise UnreadablePage("has a tag without an end")


class _TableParser(HTMLParser):
    """
    Collects the cells of all tables as (text, columns, rows spanned).
    """

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[tuple[str, int, int]]]] = []
        self._open: list[list[list[tuple[str, int, int]]]] = []
        self._text: list[str] | None = None
        self._spans = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._end_cell()
            table: list[list[tuple[str, int, int]]] = []
            self.tables.append(table)
            self._open.append(table)
        elif tag == "tr" and self._open:
            self._end_cell()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open:
            self._end_cell()
            if not self._open[-1]:
                self._open[-1].append([])
            given = dict(attrs)
            self._text = []
            self._spans = (_span(given.get("colspan")), _span(given.get("rowspan")))
        elif tag == "br" and self._text is not None:
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        if tag == "table" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def close(self) -> None:
        super().close()
        self._end_cell()

    def _end_cell(self) -> None:
        if self._text is not None and self._open and self._open[-1]:
            text = " ".join("".join(self._text).split())
            self._open[-1][-1].append((text, *self._spans))
        self._text = None


def _span(text: str | None) -> int:
    return min(int(text), 1000) if text and text.isdecimal() and len(text) < 5 else 1


def _rows(table: list[list[tuple[str, int, int]]], number: int) -> Iterator[Row]:
    covered: dict[int, int] = {}  # column → rows that are still covered
    for line, cells in enumerate(table, start=1):
        texts: list[str] = []
        kinds: list[str] = []

        def skip_covered(texts: list[str] = texts, kinds: list[str] = kinds) -> None:
            while covered.get(len(texts), 0) > 0:
                covered[len(texts)] -= 1
                texts.append("")
                kinds.append(MERGED)

        for text, columns, rows in cells:
            skip_covered()
            if len(texts) + columns > _WIDEST:
                raise UnreadablePage(f"has a row of more than {_WIDEST:,} cells")
            for n in range(columns):
                covered[len(texts)] = rows - 1
                texts.append("" if n else text)
                kinds.append(MERGED if n else TEXT)
        skip_covered()
        position = f"table {number}, row {line}"
        yield Row(position, line, tuple(texts), "".join(kinds))
