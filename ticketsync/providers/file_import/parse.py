"""
Parses the lines of a report as an order. Pure: the rules come with the raw record.

Its lines are plain text (`columns` made them so), but those of records that earlier
versions stored are as they stood in the report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from ticketsync.core import clock, money, records, written_amounts
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.core.redact import safe
from ticketsync.providers.base import Raw
from ticketsync.providers.file_import import returns, row_fees, ticket_ids
from ticketsync.providers.file_import.listing import occurrence_of, parse_time
from ticketsync.providers.file_import.recipe_keys import STATUSES
from ticketsync.providers.file_import.ticket_ids import SoldRow

Cells = Mapping[str, str]
_AMOUNTS = ("total", "discount", "fee", "kept", "tax", "refunded", "order_total")


def parse_order(raw: Raw) -> records.Order:
    """
    Raises `UnreadableRecord`.
    """
    problem = raw.get("problem")
    if problem:
        raise UnreadableRecord(problem["reason"], word=problem["word"])
    return _OrderParser(raw).order()


def parse_buyer(raw: Raw) -> records.Person:
    """
    Who bought an order, as far as its lines say so.
    """
    found = {
        name: next((line[name] for line in raw["lines"] if line.get(name)), "")
        for name in ("buyer_name", "buyer_email", "buyer_phone")
    }
    return records.Person(
        found["buyer_name"], found["buyer_email"], found["buyer_phone"]
    )


def sold_rows(raw: Raw) -> list[SoldRow]:
    """
    The rows of an order that sell tickets; none where it cannot be read.
    """
    if raw.get("problem"):
        return []
    try:
        parser = _OrderParser(raw)
        return [
            SoldRow(line, parser.occurrence(line)["id"])
            for line in parser.lines_of("sale")
        ]
    except UnreadableRecord:
        return []


class _OrderParser:
    """
    One order, its lines in the sequence of the report.
    """

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.rules: Mapping[str, Any] = raw["rules"]
        self.lines: list[Cells] = raw["lines"]
        self.currency = self._currency()
        self.kinds = [self._kind(line) for line in self.lines]
        if "nothing" in self.kinds and "sale" not in self.kinds:
            raise UnreadableRecord("quantity is 0")

    def _currency(self) -> str:
        codes = {
            line.get("currency", self.rules["currency"]).strip().upper()
            for line in self.lines
        }
        if len(codes) != 1 or not codes - {""}:
            raise UnreadableRecord(
                f"its currency is {safe(', '.join(sorted(codes)))!r}"
            )
        code = str(codes.pop())
        try:
            money.exponent(code)
        except ValueError:
            raise UnreadableRecord(f"{safe(code)!r} is not a currency") from None
        return code

    def _kind(self, line: Cells) -> str:
        """
        What a line is: `sale`, `refund`, `fee`, `tax`, or `nothing` for a price that
        the report lists and nobody bought.
        """
        kinds: Mapping[str, str] = self.rules.get("kind", {})
        kind = str(kinds.get(line.get("kind", "").lower(), ""))
        if kind in ("fee", "tax", "refund"):
            return kind
        quantity = self.quantity(line)
        if quantity == 0 and not any(self.amount(line, name) for name in _AMOUNTS):
            return "nothing"
        if quantity < 0 or self.line_total(line) < 0:
            return "refund"
        return "sale"

    def lines_of(self, kind: str) -> list[Cells]:
        return [
            line
            for line, found in zip(self.lines, self.kinds, strict=True)
            if found == kind
        ]

    def order(self) -> records.Order:
        sold, returned = self.lines_of("sale"), self.lines_of("refund")
        words = [self.status(line) for line in sold]
        status = _order_status(words)
        tickets = self.sold_tickets(sold, words)
        tickets, refunded = self.with_returns(tickets, sold, words, returned)
        tax = self.taxes(sold)
        order_fees = sum(self.line_total(line) for line in self.lines_of("fee"))
        if order_fees < 0:
            refunded, order_fees = refunded - order_fees, 0
        of_tickets = sum(ticket.face + ticket.fee for ticket in tickets)
        on_top = (tax or 0) if self.rules["tax_on_top"] else 0
        total = of_tickets + order_fees + on_top
        is_paid = status is OrderStatus.PAID or bool(refunded)
        charged = total if is_paid else 0
        first = (sold or self.lines)[0]
        occurrence = self.occurrence(first)
        if not first.get("order"):
            raise UnreadableRecord("it has no order number")
        return records.Order(
            id=str(self.raw["id"]),
            occurrence_id=occurrence["id"],
            status=status,
            placed_at=parse_time(first, self.rules, "placed")
            or clock.from_iso(occurrence["starts_at"]),
            currency=self.currency,
            total=total,
            charged=charged,
            tickets=tuple(tickets),
            buyer_fees=order_fees,
            tax=tax,
            tax_on_top=self.rules["tax_on_top"],
            discounts=sum(t.listed - t.face for t in tickets if t.listed is not None),
            fees=self.fees(sold, tickets, charged) if is_paid else (),
            refunds=(records.Refund(str(self.raw["id"]), refunded),)
            if refunded
            else (),
            channel=first.get("channel", ""),
            doubt=self.discrepancy(first, total, refunded, charged),
        )

    def status(self, line: Cells) -> str:
        word = line.get("status", "")
        if not self.rules["status"]:
            return "paid"
        try:
            return str(self.rules["status"][word.lower()])
        except KeyError:
            raise UnreadableRecord(
                f"status is {safe(word, longest=60)!r}, which the recipe does not "
                f"know: add it to one of {', '.join(STATUSES)} under `status`",
                word="unknown-status",
            ) from None

    def quantity(self, line: Cells) -> int:
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

    def line_total(self, line: Cells) -> int:
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

    def taxes(self, sold: list[Cells]) -> int | None:
        """
        The tax of all lines; unknown if it is for any line that cost something.
        """
        own = self.lines_of("tax")
        if own:
            return sum(self.line_total(line) for line in own)
        known = [self.tax(line) for line in sold]
        for line, tax in zip(sold, known, strict=True):
            if tax is None and self.line_total(line):
                return None
        return sum(tax or 0 for tax in known)

    def tax(self, line: Cells) -> int | None:
        per_ticket = self.amount(line, "tax_per_ticket")
        if per_ticket is not None:
            return per_ticket * self.quantity(line)
        return self.amount(line, "tax")

    def sold_tickets(
        self, sold: Sequence[Cells], words: Sequence[str]
    ) -> list[records.Ticket]:
        labels = self.raw.get("labels")
        if labels is None or len(labels) != len(sold):
            rows = [SoldRow(line, self.occurrence(line)["id"]) for line in sold]
            labels = ticket_ids.labels_of([rows])
        return [
            ticket
            for line, word, label in zip(sold, words, labels, strict=True)
            for ticket in self.tickets(line, word, label)
        ]

    def tickets(self, line: Cells, word: str, label: str) -> list[records.Ticket]:
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
                id=f"{self.raw['id']}/{label}/{n + 1}",
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

    def with_returns(
        self,
        tickets: list[records.Ticket],
        sold: Sequence[Cells],
        words: Sequence[str],
        returned: Sequence[Cells],
    ) -> tuple[list[records.Ticket], int]:
        """
        The tickets, those that were returned void, and what went back in minor units.
        """
        refunded = sum(
            self.refunded(line, word) for line, word in zip(sold, words, strict=True)
        )
        if returned and not sold:
            raise UnreadableRecord(
                "it only takes back what no report in the folder sells: add the report "
                "that has the sale, or map the column with the original order's number "
                "to `refund_of`",
                word="refund-alone",
            )
        for line in returned:
            self.refuse_open_return(line)
            amount = abs(self.line_total(line))
            refunded += amount
            voided = returns.find_returned(
                tickets, self.returned_row(line, amount, tickets)
            )
            tickets = [
                msgspec.structs.replace(ticket, status=TicketStatus.VOID)
                if n in voided
                else ticket
                for n, ticket in enumerate(tickets)
            ]
        return tickets, refunded

    def refuse_open_return(self, line: Cells) -> None:
        """
        Raises: `UnreadableRecord` for a row that takes back by a status that is not
        known, or that says it has not happened. A row without one is a fact.
        """
        word = self.status(line) if line.get("status") else ""
        if word in ("pending", "cancelled"):
            amount = self.shown(abs(self.line_total(line)))
            raise UnreadableRecord(
                f"a row takes back {amount}, and its status "
                f"is {safe(line['status'], longest=60)!r}, {word}: remove the row, or "
                "give it a status of money that went back",
                word="open-return",
            )

    def returned_row(
        self, line: Cells, amount: int, tickets: Iterable[records.Ticket]
    ) -> returns.ReturnedRow:
        """
        What a row takes back. One that gives no number of tickets, in a report that has
        them, takes back money alone.
        """
        occurrence = occurrence_of(line, self.rules)
        label = line.get("line", "")
        quantity: int | None = None
        if "quantity" in line:
            quantity = abs(self.quantity(line))
        elif self.rules.get("has_quantity", "quantity" in self.lines[0]):
            quantity = 0
        return returns.ReturnedRow(
            amount,
            quantity,
            occurrence["id"] if occurrence else "",
            line.get("type", ""),
            f"/{label}/" if label else "",
        )

    def refunded(self, line: Cells, word: str) -> int:
        stated = self.amount(line, "refunded")
        if stated is not None:
            return abs(stated)
        return self.line_total(line) if word == "refunded" else 0

    def fees(
        self, sold: Sequence[Cells], tickets: Sequence[records.Ticket], charged: int
    ) -> tuple[records.Fee, ...] | None:
        platform = self.rules["platform"]
        name = f"{platform} fee"
        buyer_fees = sum(self.amount(line, "fee") or 0 for line in sold)
        if not self.rules["tells_kept"]:
            if not charged:
                return ()
            if not buyer_fees or not self.rules["fee_is_kept"]:
                return None
            rest = records.Fee(f"What else {platform} kept", None)
            own = tuple(ticket.fee for ticket in tickets)
            return (self.fee(name, buyer_fees, own), rest)
        kept = sum(self.amount(line, "kept") or 0 for line in self.lines)
        parts = row_fees.fees_by_ticket(self.rows_with_fee(), tickets)
        if self.rules["fee_is_kept"]:
            kept += buyer_fees
            parts = tuple(
                part + ticket.fee for part, ticket in zip(parts, tickets, strict=True)
            )
        return (self.fee(name, kept, parts),) if kept or any(parts) else ()

    def fee(self, name: str, amount: int, parts: tuple[int, ...]) -> records.Fee:
        """
        A fee that stands on rows belongs to their tickets. One of the whole order, and
        one whose rules do not say which it is, is left to be allocated.
        """
        is_by_row = self.rules.get("fees_by_row", False)
        return records.Fee(name, amount, by_ticket=parts if is_by_row else None)

    def rows_with_fee(self) -> list[row_fees.RowFee]:
        """
        What was kept for each row, those that sell first, as their tickets are.
        """
        found = []
        for kind in ("sale", "refund", "fee", "tax", "nothing"):
            for line in self.lines_of(kind):
                occurrence = occurrence_of(line, self.rules)
                found.append(
                    row_fees.RowFee(
                        self.amount(line, "kept") or 0,
                        self.quantity(line) if kind == "sale" else 0,
                        occurrence["id"] if occurrence else "",
                        line.get("type", ""),
                    )
                )
        return found

    def amount(self, line: Cells, name: str) -> int | None:
        """
        The amount in a field in minor units; `None` if the line has none.
        """
        text = line.get(name)
        if text is None:
            return None
        try:
            if self.rules.get("is_plain"):
                return money.from_decimal_text(text, self.currency)
            decimal: written_amounts.DecimalSign = (
                "," if self.rules["decimal"] == "," else "."
            )
            return written_amounts.minor_units(text, self.currency, decimal)
        except ValueError as error:
            reason = getattr(error, "reason", f"not an amount in {self.currency}")
            raise UnreadableRecord(f"{name} is {safe(text)!r}, {reason}") from None

    def occurrence(self, line: Cells) -> Raw:
        """
        The occurrence that a line names. Raises `UnreadableRecord` if it names none.
        """
        occurrence = occurrence_of(line, self.rules)
        if occurrence is None:
            parse_time(line, self.rules, "starts")  # says what is wrong with the time
            raise UnreadableRecord("it has no event or no time")
        return occurrence

    def discrepancy(
        self, first: Cells, total: int, refunded: int, charged: int
    ) -> str | None:
        stated = self.amount(first, "order_total")
        if stated is not None and stated != total:
            return (
                f"its lines come to {self.shown(total)}, the order to "
                f"{self.shown(stated)}"
            )
        if refunded > charged:
            return f"refunded {self.shown(refunded)} of {self.shown(charged)} paid"
        return None

    def shown(self, minor: int) -> str:
        return f"{money.decimal_text(minor, self.currency)} {self.currency}"


def _order_status(words: list[str]) -> OrderStatus:
    if "pending" in words and set(words) != {"pending"}:
        raise UnreadableRecord("some of its lines are paid and others pending")
    if any(word in ("paid", "comp", "refunded", "void") for word in words) or not words:
        return OrderStatus.PAID
    if "pending" in words:
        return OrderStatus.PENDING
    return OrderStatus.CANCELLED


def _is_checked_in(line: Cells) -> bool:
    return line.get("checked_in", "").lower() in ("1", "y", "yes", "true", "x")
