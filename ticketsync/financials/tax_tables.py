"""
The tax worksheet as reports and sentences, which terminal, files and PDF share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ticketsync.core import money
from ticketsync.core.plurals import joined, number_of
from ticketsync.core.tables import Column, Kind, Row, Table
from ticketsync.core.written import written_rates
from ticketsync.financials.tax_returns import Box
from ticketsync.financials.tax_worksheet import (
    REFUND,
    CodeTotal,
    OrderLine,
    Worksheet,
    WorksheetLine,
    divisor_words,
)

NOT_SUMMED: Final = "Not in any sum"
HOW_TO_ANSWER: Final = (
    "Add the rule under `tax` in the settings, or your own rate under "
    "`accounts.NAME.fees` where fees are not known; see docs/tax.md."
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


def boxes_words(
    layout: str, boxes: Sequence[Box], currency: str, what_to_do: str
) -> str:
    """
    The boxes of a return in one line; where they are not complete, with `what_to_do`.
    """
    name = f"{layout}, {currency}"
    texts = "   ".join(f"{box.label} {box.grouped(currency)}" for box in boxes)
    if all(box.is_complete for box in boxes):
        return f"{name}: {texts}"
    if not any(box.is_filled for box in boxes):
        return (
            f"{name}: no box is filled in, because the rules do not say how this is "
            f"taxed (see `{NOT_SUMMED}` below). {what_to_do}"
        )
    return (
        f"{name}, not complete: {texts}. What is named below as `{NOT_SUMMED}` is in "
        f"no box. {what_to_do}"
    )


def how_to_fill(closed: str | None) -> str:
    """
    What fills the boxes that are not complete; `closed` is the name of the closed
    period whose worksheet it is.
    """
    if closed is None:
        return HOW_TO_ANSWER
    return (
        f"{closed} was closed so, and rules that came later change nothing in it. "
        "With the rules in the settings, reopen it, if it is the newest closed period "
        f'(`ticketsync period reopen {closed} --reason "..."`), and close it again; or '
        "declare what `ticketsync period adjustments` lists with the next period."
    )


def box_records(boxes: Iterable[Box], currency: str) -> list[dict[str, Any]]:
    """
    The boxes of a return for JSON.
    """
    return [
        {
            "box": box.label,
            "text": box.text,
            "amount": box.written(currency),
            "exact": box.written_exact(currency),
            "is_complete": box.is_complete,
        }
        for box in boxes
    ]


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
    What is in no sum, a sentence for each currency, kind of movement and reason.
    """
    alike: dict[tuple[str, str, str], list[WorksheetLine]] = {}
    for line in sheet.open_lines:
        alike.setdefault((line.currency, line.flow, line.treatment), []).append(line)
    return [_open_sentence(lines) for lines in alike.values()]


def _open_sentence(lines: Sequence[WorksheetLine]) -> str:
    first = lines[0]
    accounts = joined(dict.fromkeys(line.account for line in lines))
    kinds = dict.fromkeys(kind for line in lines for kind in line.what.split(", "))
    what = movement_words(first.flow, ", ".join(kinds))
    number = f"of {number_of(first.orders, 'order')}"
    if len(lines) > 1:  # an order may be in several
        number = f"in {len(lines)} lines"
    return (
        f"{NOT_SUMMED}: {accounts}, {what} {number}, {_open_amount(lines)}: "
        f"{first.treatment}."
    )


def _open_amount(lines: Sequence[WorksheetLine]) -> str:
    amounts = [line.amount for line in lines]
    if None in amounts:
        return "an unknown amount"
    total = sum(amount or 0 for amount in amounts)
    return f"{money.grouped_text(total, lines[0].currency)} {lines[0].currency}"
