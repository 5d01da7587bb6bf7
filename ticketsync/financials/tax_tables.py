"""
The tax worksheet as reports and sentences, which terminal, files and PDF share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ticketsync.core import money, written_rates
from ticketsync.core.plurals import number_of
from ticketsync.core.tables import Column, Kind, Row, Table
from ticketsync.financials.tax_returns import Box
from ticketsync.financials.tax_worksheet import (
    REFUND,
    CodeTotal,
    OrderLine,
    Worksheet,
    WorksheetLine,
    divisor_words,
)

LINES: Final = (
    Column("account"),
    Column("flow"),
    Column("what"),
    Column("treatment"),
    Column("state"),
    Column("code"),
    Column("rate"),
    Column("currency"),
    Column("orders", Kind.NUMBER),
    Column("amount", Kind.MONEY),
    Column("tax", Kind.MONEY),
)
ORDERS: Final = (
    Column("day", Kind.DAY),
    Column("account"),
    Column("order_id"),
    Column("flow"),
    Column("what"),
    Column("treatment"),
    Column("state"),
    Column("code"),
    Column("rate"),
    Column("currency"),
    Column("amount", Kind.MONEY),
    Column("tax", Kind.MONEY),
)
TOTALS: Final = (
    Column("code"),
    Column("rate"),
    Column("currency"),
    Column("amount", Kind.MONEY),
    Column("tax", Kind.MONEY),
    Column("from_total", Kind.MONEY),
    Column("difference", Kind.MONEY),
    Column("added", Kind.MONEY),
)


def lines_table(sheet: Worksheet) -> Table:
    """
    The lines of a worksheet.
    """
    return Table(LINES, [_line_row(line) for line in sheet.lines])


def orders_table(items: Iterable[OrderLine]) -> Table:
    """
    The lines of each order of a worksheet.
    """
    return Table(ORDERS, [_order_row(item) for item in items])


def totals_table(sheet: Worksheet) -> Table:
    """
    The totals of each tax code of a worksheet.
    """
    return Table(TOTALS, [_total_row(total) for total in sheet.totals])


def _line_row(line: WorksheetLine) -> Row:
    return (
        *(line.account, line.flow, line.what, line.treatment, line.state, line.code),
        *(_rate(line.rate_ppm), line.currency, line.orders, line.amount, line.tax),
    )


def _order_row(item: OrderLine) -> Row:
    line = item.line
    return (
        *(item.day, item.account, item.order_id, item.flow, item.what),
        *(line.words, line.state, line.code, _rate(line.rate_ppm)),
        *(item.currency, line.amount, line.tax),
    )


def _total_row(total: CodeTotal) -> Row:
    return (
        *(total.code, _rate(total.rate_ppm), total.currency, total.amount, total.tax),
        *(total.from_total, total.difference, total.added),
    )


def _rate(rate_ppm: int | None) -> str | None:
    return None if rate_ppm is None else written_rates.per_cent(rate_ppm)


def movement_words(flow: str, what: str) -> str:
    """
    What a line is of: `refunded admission`.
    """
    return f"refunded {what}" if flow == REFUND else what


def total_words(total: CodeTotal) -> str:
    """
    The total of a tax code, and how far it is from the tax of the whole sum.
    """

    def amount(minor: int) -> str:
        return money.grouped_text(minor, total.currency)

    text = (
        f"{total.code} {written_rates.per_cent(total.rate_ppm)} %: "
        f"{amount(total.amount)} {total.currency}, tax {amount(total.tax)} "
        f"(total {divisor_words(total.rate_ppm)}: {amount(total.from_total)}, "
        f"difference {amount(total.difference)})."
    )
    if total.added is not None:
        text += f" On top of prices was charged {amount(total.added)}."
    return text


def boxes_words(boxes: Sequence[Box], currency: str) -> str:
    """
    The boxes of a return in one line.
    """
    return "   ".join(f"{box.label} {box.grouped(currency)}" for box in boxes)


def rule_words(rules: Mapping[str, Sequence[str]]) -> list[str]:
    """
    The rules that were applied, a sentence for the accounts with the same.
    """
    same: dict[str, list[str]] = {}
    for account, words in rules.items():
        same.setdefault("; ".join(words), []).append(account)
    return [f"{', '.join(accounts)}: {words}." for words, accounts in same.items()]


def open_words(sheet: Worksheet) -> list[str]:
    """
    What is in no sum, a sentence for each line.
    """
    found = []
    for line in sheet.open_lines:
        what = movement_words(line.flow, line.what)
        amount = "an unknown amount"
        if line.amount is not None:
            text = money.grouped_text(line.amount, line.currency)
            amount = f"{text} {line.currency}"
        orders = number_of(line.orders, "order")
        found.append(
            f"Not in any sum: {line.account}, {what} of {orders}, {amount}: "
            f"{line.treatment}."
        )
    return found
