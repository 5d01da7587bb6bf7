"""
Parses the lines of a report as an order. Pure: the rules come with the raw record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from ticketsync.core import clock, money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.core.redact import safe
from ticketsync.providers.base import Raw
from ticketsync.providers.file_import.listing import occurrence_of, parse_time


def parse_order(raw: Raw) -> records.Order:
    """
    Raises `UnreadableRecord`.
    """
    return _OrderParser(raw).order()


_MONEY = re.compile(r"^\(?-?[^\d.,()-]*(-?[\d.,\s]*\d)[^\d.,()-]*\)?$")


class _OrderParser:
    """
    One order, its lines in the sequence of the report.
    """

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.rules: Mapping[str, Any] = raw["rules"]
        lines = raw["lines"]
        codes = {
            line.get("currency", self.rules["currency"]).strip().upper()
            for line in lines
        }
        if len(codes) != 1 or not codes - {""}:
            raise UnreadableRecord(
                f"its currency is {safe(', '.join(sorted(codes)))!r}"
            )
        self.currency = codes.pop()
        try:
            money.exponent(self.currency)
        except ValueError:
            raise UnreadableRecord(
                f"{safe(self.currency)!r} is not a currency"
            ) from None
        self.lines: list[Mapping[str, str]] = lines

    def order(self) -> records.Order:
        sold = [line for line in self.lines if not self.is_return(line)]
        returned = [line for line in self.lines if self.is_return(line)]
        words = [self.status(line) for line in sold]
        status = _order_status(words)
        tickets, refunded = self.tickets_and_refund(sold, words, returned)
        tax = self.taxes(sold)
        of_tickets = sum(ticket.face + ticket.fee for ticket in tickets)
        total = of_tickets + ((tax or 0) if self.rules["tax_on_top"] else 0)
        charged = total if status is OrderStatus.PAID or refunded else 0
        first = self.lines[0]
        occurrence = self.occurrence(first)
        id_ = first.get("order")
        if not id_:
            raise UnreadableRecord("it has no order number")
        return records.Order(
            id=id_,
            occurrence_id=occurrence["id"],
            status=status,
            placed_at=parse_time(first, self.rules, "placed")
            or clock.from_iso(occurrence["starts_at"]),
            currency=self.currency,
            total=total,
            charged=charged,
            tickets=tuple(tickets),
            tax=tax,
            tax_on_top=self.rules["tax_on_top"],
            discounts=sum(t.listed - t.face for t in tickets if t.listed is not None),
            fees=self.fees(sold, charged),
            refunds=(records.Refund(id_, refunded),) if refunded else (),
            channel=first.get("channel", ""),
            doubt=self.discrepancy(first, total, refunded, charged),
        )

    def status(self, line: Mapping[str, str]) -> str:
        word = line.get("status", "")
        if not self.rules["status"]:
            return "paid"
        try:
            return str(self.rules["status"][word.lower()])
        except KeyError:
            raise UnreadableRecord(
                f"status is {safe(word, longest=60)!r}, which the recipe does not know",
                word="unknown-status",
            ) from None

    def is_return(self, line: Mapping[str, str]) -> bool:
        return self.quantity(line) < 0 or self.line_total(line) < 0

    def quantity(self, line: Mapping[str, str]) -> int:
        text = line.get("quantity", "1")
        try:
            number = Decimal(text)
            if number != int(number):
                raise ValueError
        except (InvalidOperation, ValueError):
            raise UnreadableRecord(
                f"quantity is {safe(text)!r}, not a whole number"
            ) from None
        return int(number)

    def line_total(self, line: Mapping[str, str]) -> int:
        """
        The price of all tickets of a line, after discounts.
        """
        total = self.amount(line, "total")
        if total is not None:
            return total
        price = self.amount(line, "price")
        if price is None:
            raise UnreadableRecord("it has no price")
        return price * abs(self.quantity(line)) - (self.amount(line, "discount") or 0)

    def taxes(self, sold: list[Mapping[str, str]]) -> int | None:
        """
        The tax of all lines; unknown if it is for any line that cost something.
        """
        known = [self.tax(line) for line in sold]
        for line, tax in zip(sold, known, strict=True):
            if tax is None and self.line_total(line):
                return None
        return sum(tax or 0 for tax in known)

    def tax(self, line: Mapping[str, str]) -> int | None:
        per_ticket = self.amount(line, "tax_per_ticket")
        if per_ticket is not None:
            return per_ticket * self.quantity(line)
        return self.amount(line, "tax")

    def tickets(
        self, line: Mapping[str, str], word: str, number: int
    ) -> list[records.Ticket]:
        occurrence = self.occurrence(line)
        quantity = self.quantity(line)
        if quantity == 0:
            raise UnreadableRecord("quantity is 0")
        faces = money.split_evenly(
            0 if word == "comp" else self.line_total(line), quantity
        )
        fees = money.split_evenly(self.amount(line, "fee") or 0, quantity)
        listed = self.amount(line, "list_price")
        discounts = money.split_evenly(self.amount(line, "discount") or 0, quantity)
        is_void = word in ("void", "cancelled", "refunded")
        type_name = line.get("type") or "Ticket"
        return [
            records.Ticket(
                id=f"{line.get('order')}/{line.get('line') or number}/{n + 1}",
                occurrence_id=occurrence["id"],
                type_id=type_name,
                type_name=type_name,
                status=TicketStatus.VOID if is_void else TicketStatus.VALID,
                checked_in=_is_checked_in(line),
                face=face,
                fee=fee,
                listed=listed if listed is not None else face + discount,
            )
            for n, (face, fee, discount) in enumerate(
                zip(faces, fees, discounts, strict=True)
            )
        ]

    def refunded(self, line: Mapping[str, str], word: str) -> int:
        stated = self.amount(line, "refunded")
        if stated is not None:
            return abs(stated)
        return self.line_total(line) if word == "refunded" else 0

    def fees(
        self, sold: list[Mapping[str, str]], charged: int
    ) -> tuple[records.Fee, ...] | None:
        platform = self.rules["platform"]
        name = f"{platform} fee"
        buyer_fees = sum(self.amount(line, "fee") or 0 for line in sold)
        if not charged:
            return ()
        if not self.rules["tells_kept"]:
            if not buyer_fees or not self.rules["fee_is_kept"]:
                return None
            rest = records.Fee(f"What else {platform} kept", None)
            return (records.Fee(name, buyer_fees), rest)
        kept = sum(self.amount(line, "kept") or 0 for line in self.lines)
        if self.rules["fee_is_kept"]:
            kept += buyer_fees
        return (records.Fee(name, kept),) if kept else ()

    def amount(self, line: Mapping[str, str], name: str) -> int | None:
        """
        An amount as people write it: 1,234.50, $12, (12.00) for a negative one.
        """
        text = line.get(name)
        if text is None:
            return None
        match = _MONEY.match(text)
        if match is None:
            raise UnreadableRecord(f"{name} is {safe(text)!r}, not an amount")
        thousands = "," if self.rules["decimal"] == "." else "."
        digits = re.sub(r"\s", "", match[1]).replace(thousands, "")
        digits = digits.replace(self.rules["decimal"], ".")
        is_negative = text.startswith("(") or "-" in text
        try:
            minor = money.from_decimal_text(digits.removeprefix("-"), self.currency)
        except ValueError:
            raise UnreadableRecord(
                f"{name} is {safe(text)!r}, not an amount in {self.currency}"
            ) from None
        return -minor if is_negative else minor

    def occurrence(self, line: Mapping[str, str]) -> Raw:
        """
        The occurrence that a line names. Raises `UnreadableRecord` if it names none.
        """
        occurrence = occurrence_of(line, self.rules)
        if occurrence is None:
            parse_time(line, self.rules, "starts")  # says what is wrong with the time
            raise UnreadableRecord("it has no event or no time")
        return occurrence

    def tickets_and_refund(
        self,
        sold: Sequence[Mapping[str, str]],
        words: Sequence[str],
        returned: Sequence[Mapping[str, str]],
    ) -> tuple[list[records.Ticket], int]:
        """
        The tickets of the lines sold, those that were returned void, and what went back
        in minor units.
        """
        tickets: list[records.Ticket] = []
        refunded = 0
        for number, (line, word) in enumerate(zip(sold, words, strict=True), start=1):
            tickets += self.tickets(line, word, number)
            refunded += self.refunded(line, word)
        for line in returned:
            refunded += abs(self.line_total(line))
            _void_tickets(tickets, line.get("type", ""), abs(self.quantity(line)))
        return tickets, refunded

    def discrepancy(
        self, first: Mapping[str, str], total: int, refunded: int, charged: int
    ) -> str | None:
        def shown(minor: int) -> str:
            return f"{money.decimal_text(minor, self.currency)} {self.currency}"

        stated = self.amount(first, "order_total")
        if stated is not None and stated != total:
            return f"its lines come to {shown(total)}, the order to {shown(stated)}"
        if refunded > charged:
            return f"refunded {shown(refunded)} of {shown(charged)} paid"
        return None


def _order_status(words: list[str]) -> OrderStatus:
    if "pending" in words and set(words) != {"pending"}:
        raise UnreadableRecord("some of its lines are paid and others pending")
    if any(word in ("paid", "comp", "refunded", "void") for word in words) or not words:
        return OrderStatus.PAID
    if "pending" in words:
        return OrderStatus.PENDING
    return OrderStatus.CANCELLED


def _is_checked_in(line: Mapping[str, str]) -> bool:
    return line.get("checked_in", "").lower() in ("1", "y", "yes", "true", "x")


def _void_tickets(tickets: list[records.Ticket], type_name: str, number: int) -> None:
    """
    Mark that many tickets of a type as void, the last ones first.
    """
    for n in range(len(tickets) - 1, -1, -1):
        ticket = tickets[n]
        is_type = not type_name or ticket.type_name == type_name
        if number > 0 and is_type and ticket.status is TicketStatus.VALID:
            tickets[n] = msgspec.structs.replace(ticket, status=TicketStatus.VOID)
            number -= 1
