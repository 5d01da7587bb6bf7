"""
The bookkeeping programs, what file each takes, and what it asks of the entries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ticketsync.core import errors, money
from ticketsync.ledger import import_files, text
from ticketsync.ledger.projection import Balance, Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """
    A program that takes plain text with all entries and checks their balances.

    begins     how each of its files begins
    accounts   what the name of a ledger account must look like there, and in words
    """

    begins: bytes
    lines: Callable[[Sequence[Entry], Sequence[Balance]], Iterator[str]]
    accounts: tuple[re.Pattern[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """
    A program that imports entries into its books, in one currency at a time.

    begins          how each of its files begins
    accounts        what a ledger account must look like there, and in words
    most_lines      in one file, without the heading
    digits          of an amount after the point; `None` for those of the currency
    has_tax_rate    whether each line names a tax rate
    """

    begins: bytes
    lines: Callable[[Sequence[Entry], str], Iterator[str]]
    accounts: tuple[re.Pattern[str], str]
    most_lines: int | None = None
    digits: int | None = None
    has_tax_rate: bool = False


PROGRAMS: Final[Mapping[str, Program | Importer]] = {
    "hledger": Program(
        begins=b"commodity ",
        lines=text.hledger_lines,
        accounts=(
            re.compile(r"\w(?:(?!  )[\w:. &'-])*"),
            "words with single spaces",
        ),
    ),
    "beancount": Program(
        begins=b'option "title" "ticketsync"',
        lines=text.beancount_lines,
        accounts=(
            re.compile(
                r"(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+"
            ),
            "Assets:, Liabilities:, Equity:, Income: or Expenses: and a name",
        ),
    ),
    "qbo": Importer(
        begins=b"Journal No,",
        lines=import_files.qbo_lines,
        accounts=(re.compile(r"[^=+@-][^\"]{0,99}"), "at most 100 characters"),
    ),
    "myob": Importer(
        begins=b"Journal Number\t",
        lines=import_files.myob_lines,
        accounts=(re.compile(r"[1-9]-?[0-9]{4}"), "a number such as 1-1234"),
        digits=2,
    ),
    "xero": Importer(
        begins=b"*Narration,",
        lines=import_files.xero_lines,
        accounts=(re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,9}"), "a code such as 200"),
        most_lines=import_files.XERO_LINES,
        has_tax_rate=True,
    ),
}


def write(
    name: str,
    entries: Sequence[Entry],
    balances: Sequence[Balance] = (),
    tax_rate: str = "",
) -> str:
    """
    The file for one of `PROGRAMS`; balances for those that check them.

    Raises: `ConfigurationError` where a ledger account or the tax rate cannot be
    written so; `UsageError` for entries in several currencies, or too many.
    """
    program = PROGRAMS[name]
    if isinstance(program, Program):
        _refuse_accounts(name, program, entries)
        lines = program.lines(entries, balances)
    else:
        _refuse(name, program, entries, tax_rate)
        lines = program.lines(entries, tax_rate)
    return "".join(f"{line}\n" for line in lines)


def _refuse(
    name: str, program: Importer, entries: Sequence[Entry], tax_rate: str
) -> None:
    currencies = sorted({entry.currency for entry in entries})
    if len(currencies) > 1:
        raise errors.UsageError(
            f"{name} imports one currency at a time; these entries are in "
            f"{' and '.join(currencies)}.",
            hint=f"Add --currency {currencies[0]}, then the next.",
        )
    for currency in currencies:
        if program.digits not in (None, money.exponent(currency)):
            raise errors.UsageError(
                f"{name} takes amounts with {program.digits} decimals only; {currency} "
                f"has {money.exponent(currency)}.",
                hint="Enter them by hand, or use another program.",
            )
    lines = sum(len(entry.postings) for entry in entries)
    if program.most_lines is not None and lines > program.most_lines:
        raise errors.UsageError(
            f"{name} takes {program.most_lines} lines in a file; these are {lines:,}.",
            hint="Choose a shorter --period, or --per day or month.",
        )
    _refuse_accounts(name, program, entries)
    if program.has_tax_rate and not tax_rate:
        raise errors.ConfigurationError(
            f"{name} needs the name of a tax rate on each line.",
            hint="Set ledger.xero_tax_rate, for example BAS Excluded or No Tax.",
        )


def _refuse_accounts(
    name: str, program: Program | Importer, entries: Sequence[Entry]
) -> None:
    pattern, words = program.accounts
    wrong = sorted(
        {n for entry in entries for n in entry.postings if not pattern.fullmatch(n)}
    )
    if not wrong:
        return
    raise errors.ConfigurationError(
        f"{name} cannot take these ledger accounts: {', '.join(wrong)}.",
        hint=f"Name yours under ledger.accounts in the settings: {words}.",
    )
