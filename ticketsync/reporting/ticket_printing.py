"""
Tickets and receipts as PDFs: for a receipt printer with a roll of 80 mm, or on A6.

The values come in as they are printed, so this module knows no table. A picture of a
ticket's code is as good as the ticket: nothing here is stored.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from operator import add
from typing import Any

from ticketsync.core import clock, errors, extras
from ticketsync.core.money import Money, MoneyError
from ticketsync.core.redact import safe
from ticketsync.reporting.printing import typeset


class Paper(StrEnum):
    """
    What it is printed on.
    """

    ROLL = "roll"
    A6 = "a6"


@dataclass(frozen=True, slots=True)
class PrintedTicket:
    """
    One ticket: `number` of `count` of its order. `starts_at` is the venue's local time,
    `code` what is scanned at the door.
    """

    venue: str
    show: str
    starts_at: datetime
    tier: str
    price: Money
    number: int
    count: int
    reference: str
    code: str
    seat: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """
    So many tickets of one price, or with a quantity of 0 something else, like a
    discount.
    """

    title: str
    amount: Money
    quantity: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    What was sold and how it was paid. Both times are the venue's local ones; `show` is
    a voucher where nothing starts. `taxes`
    are those inside the total, `tenders` what was given, `change` what of it was
    handed back. `seller` and `notes` are lines of text, above and below.

    Raises: `MoneyError` where it does not add up, or has two currencies.
    """

    venue: str
    show: str
    starts_at: datetime | None
    sold_at: datetime
    reference: str
    lines: Sequence[ReceiptLine]
    taxes: Sequence[ReceiptLine]
    tenders: Sequence[ReceiptLine]
    change: Money
    seller: Sequence[str] = ()
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        paid = _sum(self.tenders, Money(0, self.total.currency)) - self.change
        if paid != self.total:
            raise MoneyError(f"{paid} was paid for {self.total}")
        _sum(self.taxes, Money(0, self.total.currency))  # raises for another currency

    @property
    def total(self) -> Money:
        """
        What the lines come to.
        """
        return _sum(self.lines, Money(0, self.change.currency))


def _sum(lines: Sequence[ReceiptLine], zero: Money) -> Money:
    return reduce(add, (line.amount for line in lines), zero)


def print_tickets(tickets: Sequence[PrintedTicket], paper: Paper) -> bytes:
    """
    These tickets as a PDF, each on a page of its own.

    Raises: `ConfigurationError` where typst or segno is not installed.
    """
    return typeset(
        "ticket.typ",
        {
            "paper": paper.value,
            "title": _title(tickets[0].show if tickets else "", "Tickets"),
            "tickets": [_ticket(ticket) for ticket in tickets],
        },
        instead="",
    )


def _ticket(ticket: PrintedTicket) -> dict[str, Any]:
    return {
        "venue": _name(ticket.venue),
        "show": _name(ticket.show),
        "when": clock.format_moment(ticket.starts_at),
        "tier": _name(ticket.tier, longest=60),
        "price": "free" if ticket.price.minor == 0 else _with_currency(ticket.price),
        "seat": _name(ticket.seat, longest=60),
        "reference": ticket.reference,
        "number": f"{ticket.number} of {ticket.count}",
        "code": ticket.code,
        "picture": _picture(ticket.code),
    }


def _picture(code: str) -> str:
    """
    The QR code as an SVG, with the quiet zone that scanners ask for (ISO 18004).
    """
    try:
        import segno
    except ModuleNotFoundError:
        raise errors.ConfigurationError(
            "Tickets need segno, which is not installed.",
            hint=f"Run `{extras.install_command('pdf')}`.",
        ) from None
    picture = io.BytesIO()
    made = segno.make(code, error="m", micro=False)
    made.save(picture, kind="svg", border=4, xmldecl=False)
    return picture.getvalue().decode()


def print_receipt(receipt: Receipt, paper: Paper) -> bytes:
    """
    The receipt as a PDF.

    Raises: `ConfigurationError` where typst is not installed.
    """
    total = receipt.total
    paid = [_line(line) for line in receipt.tenders]
    if receipt.change.minor:
        paid.append(_line(ReceiptLine("Change", receipt.change)))
    return typeset(
        "receipt.typ",
        {
            "paper": paper.value,
            "title": _title(receipt.show, "Receipt"),
            "venue": _name(receipt.venue),
            "seller": [_name(line) for line in receipt.seller],
            "show": _name(receipt.show),
            "when": ""
            if receipt.starts_at is None
            else clock.format_moment(receipt.starts_at),
            "lines": [_line(line) for line in receipt.lines],
            "total": {"title": f"Total {total.currency}", "amount": total.grouped},
            "taxes": [_line(line) for line in receipt.taxes],
            "paid": paid,
            "reference": receipt.reference,
            "sold": clock.format_moment(receipt.sold_at),
            "notes": [_name(line, longest=300) for line in receipt.notes],
        },
        instead="",
    )


def _line(line: ReceiptLine) -> dict[str, Any]:
    title = f"{line.quantity:,} × {line.title}" if line.quantity else line.title
    return {"title": _name(title, longest=80), "amount": line.amount.grouped}


def _title(show: str, what: str) -> str:
    return f"{what}: {safe(show, longest=100)}"


def _name(text: str, *, longest: int = 100) -> dict[str, Any]:
    shown = safe(text, longest=longest)
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in shown)
    return {
        "text": shown,
        "rtl": _is_right_to_left(shown),
        "length": len(shown) + wide,  # these signs are as wide as two letters
    }


def _is_right_to_left(text: str) -> bool:
    """
    Whether the first letter of a text is of a script that runs to the left.
    """
    kinds = (unicodedata.bidirectional(sign) for sign in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


def _with_currency(amount: Money) -> str:
    return f"{amount.currency} {amount.grouped}"
