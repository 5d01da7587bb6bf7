"""
Parses the lines of a report as an order. Pure: the rules come with the raw record.

Its lines are plain text (`columns` made them so), but those of records that earlier
versions stored are as they stood in the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ticketsync.core import clock, money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.providers.base import Raw
from ticketsync.providers.file_import import (
    given_back,
    returns,
    row_fees,
    stated_totals,
    ticket_ids,
)
from ticketsync.providers.file_import.entries import Entries
from ticketsync.providers.file_import.line_values import Cells, LineValues
from ticketsync.providers.file_import.listing import occurrence_of, parse_time
from ticketsync.providers.file_import.recipe_keys import WITHOUT_ENTRY


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


def sold_rows(raw: Raw) -> list[ticket_ids.SoldRow]:
    """
    The rows of an order that sell tickets; none where it cannot be read.
    """
    if raw.get("problem"):
        return []
    try:
        parser = _OrderParser(raw)
        return [
            ticket_ids.SoldRow(line, parser.values.occurrence(line)["id"])
            for line in parser.lines_of("sale")
        ]
    except UnreadableRecord:
        return []


@dataclass(frozen=True, slots=True)
class _Sale:
    """
    A line that sells, and its status. `is_charged` is false for a line that was
    cancelled in an order of which something else was paid.
    """

    line: Cells
    word: str
    is_charged: bool


@dataclass(frozen=True, slots=True)
class _GivenBack:
    """
    The tickets of an order, what of them went back in minor units, and of that the fees
    that the buyer had paid.
    """

    tickets: tuple[records.Ticket, ...]
    amount: int
    buyer_fees: int


class _OrderParser:
    """
    One order, its lines in the sequence of the report.
    """

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.values = LineValues(raw)
        self.rules = self.values.rules
        self.lines: list[Cells] = raw["lines"]
        self.kinds = [self.values.kind(line) for line in self.lines]
        if "nothing" in self.kinds and "sale" not in self.kinds:
            raise UnreadableRecord("quantity is 0")

    def lines_of(self, kind: str) -> list[Cells]:
        return [
            line
            for line, found in zip(self.lines, self.kinds, strict=True)
            if found == kind
        ]

    def order(self) -> records.Order:
        words = [self.values.status(line) for line in self.lines_of("sale")]
        fees = Entries(self.values, self.lines_of("fee"), words)
        taxes = Entries(self.values, self.lines_of("tax"), words)
        status = _order_status([*words, *fees.words, *taxes.words])
        sales = self.sales(words, status)
        if self.lines_of("refund") and not sales:
            raise _refund_alone()
        tax_rows = given_back.TaxRows(
            taxes.charged, taxes.returned, fees.charged, fees.returned
        )
        back = self.given_back(self.sold_tickets(sales), sales, tax_rows)
        tax = self.tax(sales, taxes)
        refunded = back.amount + fees.returned
        if self.rules["tax_on_top"]:
            refunded += taxes.returned
        buyer_fees = sum(ticket.fee for ticket in back.tickets) + fees.charged
        of_tickets = sum(ticket.face for ticket in back.tickets) + buyer_fees
        on_top = (tax or 0) if self.rules["tax_on_top"] else 0
        total = of_tickets + on_top
        is_paid = status is OrderStatus.PAID or bool(refunded)
        charged = total if is_paid else 0
        first = (self.lines_of("sale") or self.lines)[0]
        occurrence = self.values.occurrence(first)
        if not first.get("order"):
            raise UnreadableRecord("it has no order number")
        return records.Order(
            id=str(self.raw["id"]),
            occurrence_id=occurrence["id"],
            status=status,
            placed_at=parse_time(first, self.rules, "placed")
            or clock.from_iso(occurrence["starts_at"]),
            currency=self.values.currency,
            total=total,
            charged=charged,
            tickets=back.tickets,
            buyer_fees=fees.charged,
            tax=tax,
            tax_on_top=self.rules["tax_on_top"],
            discounts=sum(
                t.listed - t.face for t in back.tickets if t.listed is not None
            ),
            fees=self.fees(
                sales,
                back.tickets,
                buyer_fees - back.buyer_fees - fees.returned,
                charged,
            )
            if is_paid
            else (),
            refunds=(records.Refund(str(self.raw["id"]), refunded),)
            if refunded
            else (),
            channel=first.get("channel", ""),
            doubt=self.discrepancy(sales, total, refunded, charged),
        )

    def sales(self, words: Sequence[str], status: OrderStatus) -> list[_Sale]:
        """
        The lines that sell. Of an order that was paid, one that was cancelled and never
        paid back is not charged.
        """
        return [
            _Sale(
                line,
                word,
                status is not OrderStatus.PAID
                or word != "cancelled"
                or given_back.stated(self.values, line, word) > 0,
            )
            for line, word in zip(self.lines_of("sale"), words, strict=True)
        ]

    def tax(self, sales: Sequence[_Sale], entries: Entries) -> int | None:
        """
        The tax of all lines; unknown if it is for any line that cost something.
        """
        if entries.lines:
            self.refuse_two_taxes()
            return entries.charged
        known = [(s.line, self.values.tax(s.line)) for s in sales if s.is_charged]
        if any(tax is None and self.values.line_total(line) for line, tax in known):
            return None
        return sum(tax or 0 for _, tax in known)

    def refuse_two_taxes(self) -> None:
        """
        Raises: `UnreadableRecord` for an order that says its tax in rows of its own and
        in a column, too.
        """
        if any(self.values.tax(line) for line in self.lines):
            raise UnreadableRecord(
                "its tax stands in rows of its own and in a column that is mapped to "
                "`tax`: map one of them, or list the kind of the rows under `ignore`",
                word="two-taxes",
            )

    def sold_tickets(self, sales: Sequence[_Sale]) -> list[records.Ticket]:
        ticket_ids.refuse_other_case([sale.line for sale in sales])
        labels = self.raw.get("labels")
        if labels is None or len(labels) != len(sales):
            rows = [
                ticket_ids.SoldRow(sale.line, self.values.occurrence(sale.line)["id"])
                for sale in sales
            ]
            labels = ticket_ids.labels_of([rows])
        return [
            ticket
            for sale, label in zip(sales, labels, strict=True)
            for ticket in self.tickets(sale, label)
        ]

    def tickets(self, sale: _Sale, label: str) -> list[records.Ticket]:
        line, word = sale.line, sale.word
        occurrence = self.values.occurrence(line)
        quantity = self.values.quantity(line)
        if quantity == 0:
            raise UnreadableRecord("quantity is 0")
        total = 0 if word == "comp" else self.values.line_total(line)
        faces = money.split_evenly(total if sale.is_charged else 0, quantity)
        fees = money.split_evenly(
            self.values.fee(line) if sale.is_charged else 0, quantity
        )
        listed = self.values.amount(line, "list_price")
        discounts = money.split_evenly(
            self.values.amount(line, "discount") or 0, quantity
        )
        is_void = word in WITHOUT_ENTRY
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
                listed=(listed if listed is not None else face + discount)
                if sale.is_charged
                else None,
            )
            for n, (face, fee, discount) in enumerate(
                zip(faces, fees, discounts, strict=True)
            )
        ]

    def given_back(
        self,
        tickets: Sequence[records.Ticket],
        sales: Sequence[_Sale],
        taxes: given_back.TaxRows,
    ) -> _GivenBack:
        """
        What went back by the order's tickets, and the tickets with the returned void.
        """
        values, lines = self.values, self.lines_of("refund")
        sold = [
            given_back.sold_row(
                values, sale.line, sale.word, is_charged=sale.is_charged
            )
            for sale in sales
        ]
        has_tax = any(values.tax(sale.line) for sale in sales)
        rows = [
            given_back.returned_row(values, line, has_tax=has_tax) for line in lines
        ]
        if self.rules["tax_on_top"]:
            given_back.refuse_without_tax(
                values, lines, sum(it.face + it.fee for it in tickets), rows, taxes
            )
        again = returns.repeating_rows(sold, rows, values.shown)
        rows_once = [row for n, row in enumerate(rows) if n not in again]
        is_open = [
            sale.word != "cancelled"
            for sale in sales
            for _ in range(values.quantity(sale.line))
        ]
        voided = returns.find_all_returned(tickets, rows, is_open)
        return _GivenBack(
            tuple(
                msgspec.structs.replace(ticket, status=TicketStatus.VOID)
                if n in voided
                else ticket
                for n, ticket in enumerate(tickets)
            ),
            sum(row.stated for row in sold) + sum(row.amount for row in rows_once),
            sum(
                values.fee(sale.line)
                for sale, row in zip(sales, sold, strict=True)
                if row.stated >= row.paid
            )
            + sum(row.fee for row in rows_once),
        )

    def fees(
        self,
        sales: Sequence[_Sale],
        tickets: Sequence[records.Ticket],
        buyer_fees: int,
        charged: int,
    ) -> tuple[records.Fee, ...] | None:
        """
        What the platform kept; `buyer_fees` are those that did not go back.
        """
        platform = self.rules["platform"]
        name = f"{platform} fee"
        own = row_fees.buyer_fees_by_ticket(tickets, buyer_fees)
        if not self.rules["tells_kept"]:
            if not charged:
                return ()
            if not buyer_fees or not self.rules["fee_is_kept"]:
                return None
            rest = records.Fee(f"What else {platform} kept", None)
            return (self.fee(name, buyer_fees, own), rest)
        rows = self.rows_with_fee(sales)
        kept = sum(row.amount for row in rows)
        parts: tuple[int, ...] | None = row_fees.fees_by_ticket(rows, tickets)
        if self.rules["fee_is_kept"]:
            kept += buyer_fees
            parts = row_fees.added(parts, own)
        return (self.fee(name, kept, parts),) if kept or any(parts or ()) else ()

    def fee(self, name: str, amount: int, parts: tuple[int, ...] | None) -> records.Fee:
        """
        A fee that stands on rows belongs to their tickets. One of the whole order, and
        one whose rules do not say which it is, is left to be allocated.
        """
        is_by_row = self.rules.get("fees_by_row", False)
        return records.Fee(name, amount, by_ticket=parts if is_by_row else None)

    def rows_with_fee(self, sales: Sequence[_Sale]) -> list[row_fees.RowFee]:
        """
        What was kept for each row, those that sell first, as their tickets are.
        """
        sold = [
            self.row_fee(sale.line, self.values.quantity(sale.line), sale.is_charged)
            for sale in sales
        ]
        others = [
            self.row_fee(line, 0, True)
            for kind in ("refund", "fee", "tax", "nothing")
            for line in self.lines_of(kind)
        ]
        return [*sold, *others]

    def row_fee(self, line: Cells, sells: int, is_charged: bool) -> row_fees.RowFee:
        occurrence = occurrence_of(line, self.rules)
        return row_fees.RowFee(
            (self.values.amount(line, "kept") or 0) if is_charged else 0,
            sells,
            occurrence["id"] if occurrence else "",
            line.get("type", ""),
        )

    def discrepancy(
        self, sales: Sequence[_Sale], total: int, refunded: int, charged: int
    ) -> str | None:
        rows = [*self.lines_of("sale"), *self.lines_of("fee"), *self.lines_of("tax")]
        on_top = self.lines_of("tax") if self.rules["tax_on_top"] else []
        entries = [*self.lines_of("fee"), *on_top]
        bearing = [sale.line for sale in sales if sale.is_charged]
        bearing += [line for line in entries if self.values.line_total(line) > 0]
        other = stated_totals.discrepancy(
            self.values, total, bearing, rows, self.lines_of("refund")
        )
        if other is None and refunded > charged:
            shown = self.values.shown
            return f"refunded {shown(refunded)} of {shown(charged)} paid"
        return other


def _refund_alone() -> UnreadableRecord:
    return UnreadableRecord(
        "it only takes back what no report that was read sells: add the report "
        "that has the sale, or map the column with the original order's number "
        "to `refund_of`",
        word="refund-alone",
    )


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
