"""
Parses the lines of a report as an order. Pure: the rules come with the raw record.

Its lines are plain text (`columns` made them so), but those of records that earlier
versions stored are as they stood in the report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ticketsync.core import clock, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import OrderStatus, TicketStatus
from ticketsync.providers.base import Raw
from ticketsync.providers.file_import.orders import (
    dated_refunds,
    kept_fees,
    returned_tickets,
    row_fees,
    row_returns,
    sold_tickets,
    stated_totals,
    ticket_ids,
)
from ticketsync.providers.file_import.orders.dated_refunds import ReturnDays
from ticketsync.providers.file_import.orders.entries import Entries
from ticketsync.providers.file_import.orders.events_from_rows import first_placed
from ticketsync.providers.file_import.orders.line_values import Cells, LineValues
from ticketsync.providers.file_import.orders.night_parts import (
    NightParts,
    Taken,
    with_amounts,
)
from ticketsync.providers.file_import.orders.sold_tickets import Sale


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
class _Charges:
    """
    What the rows of an order charge: its sales, and its rows for fees and for taxes.
    """

    status: OrderStatus
    sales: Sequence[Sale]
    fees: Entries
    taxes: Entries


@dataclass(frozen=True, slots=True)
class _GivenBack:
    """
    The tickets of an order with those that went back void, the rows that took something
    back, all that went back in minor units, and of that the buyers' fees.
    """

    tickets: tuple[records.Ticket, ...]
    taken: Sequence[Taken]
    amount: int
    buyer_fees: int


@dataclass(frozen=True, slots=True)
class _Sums:
    """
    What an order comes to, in minor units; `charged` is 0 where nothing was paid.
    """

    total: int
    charged: int
    buyer_fees: int
    tax: int | None


@dataclass(frozen=True, slots=True)
class _ByTicket:
    """
    The tickets with all that is known of each, the buyers' fees of the whole order, if
    its tax on top is not in the tickets, and what of the fees was kept for each ticket.
    """

    tickets: tuple[records.Ticket, ...]
    buyer_fees: int
    tax_on_top: bool
    kept: tuple[int, ...] | None


class _OrderParser:
    """
    One order, its lines in the sequence of the report.
    """

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.values = LineValues(raw)
        self.rules = self.values.rules
        self.lines: list[Cells] = raw["lines"]
        self.by_kind: dict[str, list[Cells]] = {}
        for line in self.lines:
            self.by_kind.setdefault(self.values.kind(line), []).append(line)
        if "nothing" in self.by_kind and "sale" not in self.by_kind:
            raise UnreadableRecord("quantity is 0")

    def lines_of(self, *kinds: str) -> list[Cells]:
        return [line for kind in kinds for line in self.by_kind.get(kind, ())]

    def order(self) -> records.Order:
        charges = self.charges()
        back = self.given_back(charges)
        sums = self.sums(charges, back)
        night = self.night_parts(charges, back)
        made = self.by_ticket(charges, back, sums, night)
        parts = self.dated_parts(charges, back, night)
        days = ReturnDays(self.lines_of("sale"), self.rules["timezone"])
        first = (self.lines_of("sale") or self.lines)[0]
        occurrence = self.values.occurrence(first)
        if not first.get("order"):
            raise UnreadableRecord("it has no order number")
        id_ = str(self.raw["id"])
        return records.Order(
            id=id_,
            occurrence_id=occurrence["id"],
            status=charges.status,
            placed_at=first_placed(self.lines_of("sale") or self.lines, self.rules)
            or clock.from_iso(occurrence["starts_at"]),
            currency=self.values.currency,
            total=sums.total,
            charged=sums.charged,
            tickets=made.tickets,
            buyer_fees=made.buyer_fees,
            tax=sums.tax,
            tax_on_top=made.tax_on_top,
            discounts=sum(
                t.listed - t.face for t in back.tickets if t.listed is not None
            ),
            fees=self.fees(charges, back, sums, made),
            refunds=dated_refunds.refunds_by_date(
                id_, self.refunded(back, made), parts, days
            ),
            channel=first.get("channel", ""),
            doubt=self.discrepancy(charges, back, sums)
            or dated_refunds.early_return(parts, days, self.values.shown)
            or dated_refunds.coming_return(self.lines)
            or kept_fees.uncounted(self.values, charges.sales, charges.status),
        )

    def charges(self) -> _Charges:
        """
        Of an order that was paid, a line that was cancelled and never paid back is not
        charged.
        """
        lines = self.lines_of("sale")
        words = [self.values.status(line) for line in lines]
        fees = Entries(self.values, self.lines_of("fee"), words)
        taxes = Entries(self.values, self.lines_of("tax"), words)
        status = sold_tickets.order_status([*words, *fees.words, *taxes.words])
        sales = [
            Sale(
                line,
                word,
                status is not OrderStatus.PAID
                or word != "cancelled"
                or row_returns.stated(self.values, line, word) > 0,
            )
            for line, word in zip(lines, words, strict=True)
        ]
        if self.lines_of("refund") and not sales:
            raise _refund_alone()
        return _Charges(status, sales, fees, taxes)

    def given_back(self, charges: _Charges) -> _GivenBack:
        """
        What went back, by the order's tickets and by its rows for fees and taxes.
        """
        values, sales = self.values, charges.sales
        fees_back, taxes_back = charges.fees.returned, charges.taxes.returned
        tickets = sold_tickets.sold_tickets(values, self.raw, sales)
        sold = [
            row_returns.sold_row(
                values, sale.line, sale.word, is_charged=sale.is_charged
            )
            for sale in sales
        ]
        rows = self.returned_rows(charges)
        if not (rows or fees_back or taxes_back):
            for sale, row in zip(sales, sold, strict=True):
                row_returns.refuse_nothing_back(values, sale.line, sale.word, row)
        again = returned_tickets.repeating_rows(sold, rows, values.shown)
        once = [row for n, row in enumerate(rows) if n not in again]
        amount = sum(row.stated for row in sold) + sum(row.amount for row in once)
        if self.rules["tax_on_top"]:
            amount += taxes_back
        buyer_fees = sum(
            values.fee(sale.line)
            for sale, row in zip(sales, sold, strict=True)
            if row.stated >= row.paid
        )
        voided = returned_tickets.find_all_returned(
            tickets, rows, self.may_return(sales)
        )
        taken = [
            Taken(line, row, n not in again, sorted(places))
            for n, (line, row, places) in enumerate(
                zip(self.lines_of("refund"), rows, voided, strict=True)
            )
        ]
        return _GivenBack(
            _with_void(tickets, set().union(*voided)),
            taken,
            amount + fees_back,
            buyer_fees + sum(row.fee for row in once) + fees_back,
        )

    def returned_rows(self, charges: _Charges) -> list[returned_tickets.ReturnedRow]:
        """
        The rows that take back tickets, or money that was paid for them.
        """
        values = self.values
        has_tax = any(values.tax(sale.line) for sale in charges.sales)
        return [
            row_returns.returned_row(values, line, has_tax=has_tax)
            for line in self.lines_of("refund")
        ]

    def may_return(self, sales: Sequence[Sale]) -> list[bool]:
        """
        Whether each ticket of these sales can go back.
        """
        return [
            sale.word != "cancelled"
            for sale in sales
            for _ in range(self.values.quantity(sale.line))
        ]

    def sums(self, charges: _Charges, back: _GivenBack) -> _Sums:
        tax = self.tax(charges)
        buyer_fees = sum(ticket.fee for ticket in back.tickets) + charges.fees.charged
        total = sum(ticket.face for ticket in back.tickets) + buyer_fees
        if self.rules["tax_on_top"]:
            total += tax or 0
        is_paid = charges.status is OrderStatus.PAID or bool(back.amount)
        return _Sums(total, total if is_paid else 0, buyer_fees, tax)

    def tax(self, charges: _Charges) -> int | None:
        """
        The tax of all lines; unknown if it is for any line that cost something.
        """
        if charges.taxes.lines:
            self.refuse_two_taxes()
            return charges.taxes.charged
        known = [
            (s.line, self.values.tax(s.line)) for s in charges.sales if s.is_charged
        ]
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
                "its tax is in rows of its own and in a column that is mapped to "
                "`tax`: map one of them, or list the kind of the rows under `ignore`",
                word="two-taxes",
            )

    def night_parts(self, charges: _Charges, back: _GivenBack) -> NightParts | None:
        """
        What divides the amounts of an order over several nights; `None` for one of a
        single night. Raises `UnreadableRecord` where less of the tax on top went back
        than of the prices.
        """
        is_by_night = bool(self.rules.get("by_night"))
        has_tax_rows = self.rules["tax_on_top"] and charges.taxes.charged
        if not charges.sales or not (is_by_night or (has_tax_rows and back.taken)):
            return None
        entries = charges.fees, charges.taxes
        parts = NightParts(
            self.values, charges.sales, back.tickets, entries, back.taken
        )
        if has_tax_rows:
            parts.refuse_without_tax(*entries, back.taken)
        return parts if is_by_night else None

    def by_ticket(
        self,
        charges: _Charges,
        back: _GivenBack,
        sums: _Sums,
        night: NightParts | None,
    ) -> _ByTicket:
        """
        Fees, taxes and returns ticket by ticket in an order over several nights. In one
        of a single night, all that is of the whole order is left to be allocated.
        """
        left = sums.buyer_fees - back.buyer_fees
        if night is None:
            return _ByTicket(
                back.tickets,
                charges.fees.charged,
                self.rules["tax_on_top"],
                row_fees.buyer_fees_by_ticket(back.tickets, left),
            )
        tickets = with_amounts(
            back.tickets,
            night.fees,
            None if sums.tax is None else night.taxes,
            night.refunded,
            tax_on_top=self.rules["tax_on_top"],
        )
        kept = tuple(it.fee - n for it, n in zip(tickets, night.fees_back, strict=True))
        return _ByTicket(tickets, 0, False, kept)

    def refunded(self, back: _GivenBack, made: _ByTicket) -> Mapping[str | None, int]:
        """
        All that went back, by occurrence where that is known.
        """
        if not self.is_returned_by_night:
            return {None: back.amount}
        found: Counter[str | None] = Counter()
        for ticket in made.tickets:
            found[ticket.occurrence_id] += ticket.refunded or 0
        return found

    @property
    def is_returned_by_night(self) -> bool:
        return bool(self.rules.get("returns_by_night") and self.lines_of("sale"))

    def dated_parts(
        self, charges: _Charges, back: _GivenBack, night: NightParts | None
    ) -> list[dated_refunds.ReturnedPart]:
        """
        What each row takes back, in an order whose rows say when.
        """
        if not self.rules.get("dated_returns"):
            return []
        has_fees = bool(charges.fees.lines) or any("fee" in it for it in self.lines)
        fees, taxes = charges.fees.taken_back, charges.taxes.taken_back
        parts = dated_refunds.parts_of_rows(
            [item.row for item in back.taken],
            fees,
            taxes,
            has_fees=has_fees,
            tax_on_top=self.rules["tax_on_top"],
        )
        if night is None or not self.is_returned_by_night:
            return parts
        return night.returned_parts(parts)

    def fees(
        self, charges: _Charges, back: _GivenBack, sums: _Sums, made: _ByTicket
    ) -> tuple[records.Fee, ...] | None:
        """
        What the platform kept.
        """
        if charges.status is not OrderStatus.PAID and not back.amount:
            return ()
        others = self.lines_of("refund", "fee", "tax", "nothing")
        return kept_fees.kept_fees(
            self.values,
            kept_fees.rows_with_fee(self.values, charges.sales, others),
            made.tickets,
            sums.buyer_fees - back.buyer_fees,
            made.kept,
            is_charged=bool(sums.charged),
        )

    def discrepancy(
        self, charges: _Charges, back: _GivenBack, sums: _Sums
    ) -> str | None:
        rows = self.lines_of("sale", "fee", "tax")
        on_top = self.lines_of("tax") if self.rules["tax_on_top"] else []
        entries = [*self.lines_of("fee"), *on_top]
        bearing = [sale.line for sale in charges.sales if sale.is_charged]
        bearing += [line for line in entries if self.values.line_total(line) > 0]
        other = stated_totals.discrepancy(
            self.values, sums.total, bearing, rows, self.lines_of("refund")
        )
        if other is None and back.amount > sums.charged:
            shown = self.values.shown
            return f"refunded {shown(back.amount)} of {shown(sums.charged)} paid"
        return other


def _with_void(
    tickets: Sequence[records.Ticket], places: Collection[int]
) -> tuple[records.Ticket, ...]:
    return tuple(
        msgspec.structs.replace(ticket, status=TicketStatus.VOID)
        if n in places
        else ticket
        for n, ticket in enumerate(tickets)
    )


def _refund_alone() -> UnreadableRecord:
    return UnreadableRecord(
        "it only takes back what no report that was read sells: add the report "
        "that has the sale, or map the column with the original order's number "
        "to `refund_of`; where that is the number of an exchange, write that of its "
        "order",
        word="refund-alone",
    )
