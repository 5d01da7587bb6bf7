"""
Projected entries as files to import into bookkeeping programs. They add to books that
have what came before, so that no opening balance is among them.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ticketsync.core import money
from ticketsync.ledger.projection import Entry
from ticketsync.ledger.text import plain

XERO_LINES: Final = 300  # in one file, by help.xero.com/nz/ManualJournalsImport
_NUMBER = 8  # characters of a journal number in MYOB


def qbo_lines(entries: Sequence[Entry], _: str) -> Iterator[str]:
    """
    The lines of a CSV for QuickBooks Online; it checks that each entry balances.
    """
    heading = ("Journal No", "Journal Date", "Account Name", "Debits", "Credits")
    yield _line((*heading, "Description", "Name"))
    for entry in entries:
        described = plain(f"{entry.text}, {entry.currency}")
        for name, amount in entry.postings.items():
            sides = _sides(amount, entry.currency)
            yield _line((entry.id, str(entry.day), name, *sides, described, ""))


def myob_lines(entries: Sequence[Entry], _: str) -> Iterator[str]:
    """
    The lines of a text with tabs for MYOB: a journal of at most 8 characters each, an
    empty line between two of them. Source: the journal entry fields of MYOB's help,
    help.myob.com/wiki/x/8YFk.
    """
    heading = ("Journal Number", "Date", "Memo", "Account Number")
    yield _line((*heading, "Debit Amount", "Credit Amount", "Job"), "\t")
    numbers = _numbers(entry.id for entry in entries)
    for place, entry in enumerate(entries):
        if place:
            yield ""
        memo = f"{entry.id} {plain(entry.text)}"
        head = (numbers[entry.id], f"{entry.day:%d/%m/%Y}", memo)
        for name, amount in entry.postings.items():
            sides = _sides(amount, entry.currency)
            yield _line((*head, name, *sides, ""), "\t")


def xero_lines(entries: Sequence[Entry], tax_rate: str) -> Iterator[str]:
    """
    The lines of a CSV of manual journals for Xero, debits positive; lines of one
    narration and day are one journal. The tax has lines of its own, so that all lines
    have the same rate. Source: help.xero.com/nz/ManualJournalsImport.
    """
    heading = ("*Narration", "*Date", "Description", "*AccountCode", "*TaxRate")
    tracking = ("TrackingName1", "TrackingOption1", "TrackingName2", "TrackingOption2")
    yield _line((*heading, "*Amount", *tracking))
    for entry in entries:
        day = f"{entry.day:%d/%m/%Y}"
        for name, amount in entry.postings.items():
            text = money.decimal_text(amount, entry.currency)
            cells = (entry.id, day, plain(entry.text), name, tax_rate, text)
            yield _line((*cells, *("" for _ in tracking)))


def _sides(amount: int, currency: str) -> tuple[str, str]:
    """
    Debit and credit.
    """
    text = money.decimal_text(abs(amount), currency)
    return (text, "") if amount > 0 else ("", text)


def _numbers(ids: Iterable[str]) -> dict[str, str]:
    """
    A short number for each id: the same in each file, and no two alike in one.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for id_ in ids:
        digest = base64.b32encode(hashlib.sha256(id_.encode()).digest()).decode()
        number = digest[:_NUMBER]
        while number in taken:
            digest = digest[1:] + digest[0]
            number = digest[:_NUMBER]
        taken.add(number)
        found[id_] = number
    return found


def _line(cells: Iterable[str], separator: str = ",") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=separator, lineterminator="").writerow(cells)
    return stream.getvalue()
