"""
The exchange rates in a file of a central bank.

Known are the reference rates of the European Central Bank (`eurofxref.csv`,
`eurofxref-hist.csv`, also as .zip), the historical data of the Reserve Bank of
Australia (table F11.1 as .csv) and the daily rates of the Bank of Canada
(`FX_RATES_DAILY.csv`), each in the layout in which the bank offers it for download.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from ticketsync.core import errors, money
from ticketsync.core.redact import safe
from ticketsync.core.spreadsheets import sheets, table_files, workbook_guards
from ticketsync.core.spreadsheets.rows import Row
from ticketsync.financials.conversion import Rate

SOURCES = ECB, RBA, BOC = "ECB", "RBA", "BoC"

_OF_AUD = re.compile(r"A\$1=([A-Z]{3})", re.ASCII)
_TO_CAD = re.compile(r"FX([A-Z]{3})CAD", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?", re.ASCII)
_DAYS = ("%Y-%m-%d", "%d-%b-%Y", "%d %B %Y")
_AGAIN = "Download the file again; do not save it with a spreadsheet program."
_NOT_PUBLISHED = ("", "N/A", "NA", "-", "Bank holiday")


def read_rates(file: Path) -> list[Rate]:
    """
    All rates of a file, in its sequence; a day without a rate is left out.

    Raises: `BadFile` for a file of another layout, or with a rate that is not a number.
    """
    opened = table_files.open_file(file, _content(file))
    rows = [*sheets.rows_of(opened)]
    for row in rows:
        if row.problem:
            raise errors.BadFile(f"{safe(file.name)}, {row.position}: {row.problem}.")
    for number, row in enumerate(rows):
        pairs = _pairs(row.cells)
        found = (
            [] if pairs is None else [*_rates(file.name, rows[number + 1 :], *pairs)]
        )
        if found:
            return found
    raise errors.BadFile(
        f"{safe(file.name)} has no exchange rates that ticketsync knows.",
        hint="Download eurofxref-hist.csv of the European Central Bank, table F11.1 of "
        "the Reserve Bank of Australia or FX_RATES_DAILY.csv of the Bank of Canada.",
    )


def _content(file: Path) -> bytes:
    """
    The bytes of a file, or of the one that an archive contains.
    """
    data = table_files.read_bytes(file)
    if not data.startswith(b"PK\x03\x04"):
        return data
    try:
        with workbook_guards.open_zip(file.name, data) as archive:
            members = archive.namelist()
            if len(members) != 1 or not members[0].lower().endswith(".csv"):
                return data
            return workbook_guards.read_member(file.name, archive, members[0])
    except errors.BadFile:
        raise errors.BadFile(
            f"{safe(file.name)} cannot be unpacked: it is damaged or too large.",
            hint=_AGAIN,
        ) from None


def _pairs(
    heading: Sequence[str],
) -> tuple[str, list[tuple[str, str] | None]] | None:
    """
    Whose rates these headings are of, and the currencies (base, quote) of each column;
    `None` for a row that is not a heading.
    """
    names = [cell.strip() for cell in heading]
    if not names:
        return None
    first, rest = names[0].lower(), names[1:]
    if first == "title":
        found = [_OF_AUD.fullmatch(name) for name in rest]
        if any(found):
            return RBA, [("AUD", it[1]) if it else None for it in found]
    if first == "date":
        found = [_TO_CAD.fullmatch(name) for name in rest]
        if any(found):
            return BOC, [(it[1], "CAD") if it else None for it in found]
        if "USD" in rest and "EUR" not in rest:
            return ECB, [("EUR", name) if name else None for name in rest]
    return None


def _rates(
    file: str,
    rows: Sequence[Row],
    source: str,
    pairs: Sequence[tuple[str, str] | None],
) -> Iterator[Rate]:
    """
    The rates below a heading. Rows that do not begin with a day are descriptions.
    """
    for row in rows:
        day = _day(row.cells[0]) if row.cells else None
        if day is None:
            continue
        if len(row.cells) > len(pairs) + 1:
            raise errors.BadFile(
                f"{safe(file)}, {row.position} has more cells than its heading.",
                hint=_AGAIN,
            )
        for pair, cell in zip(pairs, row.cells[1:], strict=False):
            text = cell.strip()
            if pair is None or text in _NOT_PUBLISHED:
                continue
            if not {*pair} <= money.EXPONENTS.keys():
                continue  # a currency of the past, which no amount is in
            if not _NUMBER.fullmatch(text) or not Decimal(text):
                raise errors.BadFile(
                    f"{safe(file)}, {row.position}: {safe(text, longest=30)!r} "
                    f"is not a rate of {pair[1]}.",
                    hint=_AGAIN,
                )
            yield Rate(source, day, *pair, text)


def _day(text: str) -> date | None:
    for form in _DAYS:
        try:
            return datetime.strptime(f"{text.strip()} +0000", f"{form} %z").date()
        except ValueError:
            continue
    return None
