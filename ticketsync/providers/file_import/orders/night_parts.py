"""
What an order over several nights charged and gave back, ticket by ticket: what a row
says of a night stays there, and what names none is divided by price, or of what went
back by what is left. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import msgspec

from ticketsync.core import money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import safe
from ticketsync.providers.file_import.orders import row_returns
from ticketsync.providers.file_import.orders.dated_refunds import ReturnedPart
from ticketsync.providers.file_import.orders.entries import Entries
from ticketsync.providers.file_import.orders.events_from_rows import occurrence_of
from ticketsync.providers.file_import.orders.line_values import Cells, LineValues
from ticketsync.providers.file_import.orders.night_returns import (
    Charged,
    NightReturns,
    ReturnedMoney,
    added,
)
from ticketsync.providers.file_import.orders.returned_tickets import ReturnedRow
from ticketsync.providers.file_import.orders.sold_tickets import Sale

_WITHIN_NIGHT = ("type", "line")
_EVENT = ("event_id", "event")

Amount = tuple[Cells, int]  # a row, and its amount in minor units


@dataclass(frozen=True, slots=True)
class Taken:
    """
    A row that takes something back, what of it counts, and the places of the tickets
    that went back with it.
    """

    line: Cells
    row: ReturnedRow
    is_counted: bool
    places: Sequence[int]


class NightParts:
    """
    Divides the amounts of an order's rows over its tickets, which come in the sequence
    of its sales. Raises `UnreadableRecord` for a row of a night on which the order has
    no ticket, and where more goes back of a night than was paid for it, though no more
    than was paid for the order.
    """

    def __init__(
        self,
        values: LineValues,
        sales: Sequence[Sale],
        tickets: Sequence[records.Ticket],
        entries: tuple[Entries, Entries],
        taken: Sequence[Taken],
    ) -> None:
        self._values = values
        self._sales = sales
        self._tickets = tickets
        self._weights = [ticket.face + ticket.fee for ticket in tickets]
        numbers = [values.quantity(sale.line) for sale in sales]
        ends = [sum(numbers[: n + 1]) for n in range(len(numbers))]
        self._places = [
            list(range(end - number, end))
            for end, number in zip(ends, numbers, strict=True)
        ]
        fees, taxes = entries
        self.fees = self._of_rows(fees.charged_rows)
        self.taxes = self._of_rows(taxes.charged_rows) if taxes.lines else self._taxes()
        self._returns = self._divided(fees, taxes, taken)
        self._refuse_more_than_paid()

    @property
    def refunded(self) -> list[int]:
        """
        All that went back of each ticket.
        """
        return self._returns.refunded

    @property
    def fees_back(self) -> list[int]:
        """
        Of that, the buyers' fees.
        """
        return self._returns.fees_back

    def returned_parts(self, parts: Sequence[ReturnedPart]) -> list[ReturnedPart]:
        """
        What each row takes back, by night: `parts` are those of the rows that take back
        tickets, and then those of rows for fees and taxes.
        """
        return self._returns.by_night(parts)

    def refuse_without_tax(
        self, fees: Entries, taxes: Entries, taken: Sequence[Taken]
    ) -> None:
        """
        Raises: `UnreadableRecord` for an order of which less of its tax on top went
        back than of the prices and fees which bear it. A row that says its own tax is
        believed.
        """
        rows = [item for item in taken if item.row.tax is None]
        amounts = [(item.row.price + item.row.fee, self._about(item)) for item in rows]
        amounts += [
            (amount, self._places_of_entry(line, amount))
            for line, amount in fees.returned_rows
        ]
        whole = added(len(self._tickets), (self._weights, self.fees))
        expected = sum(self._tax_in(whole, *item) for item in amounts)
        # a minor unit of rounding for each
        if rows and expected - taxes.returned > len(rows) + 1:
            shown = self._values.shown
            raise UnreadableRecord(
                f"rows take back {shown(sum(amount for amount, _ in amounts))} of "
                f"{shown(sum(whole))}, and of the tax on top {shown(taxes.returned)} "
                f"of {shown(taxes.charged)}: add what of it went back, below zero, or "
                "map a column to `tax` that has 0.00 where none did",
                word="unclear-return",
            )

    def _tax_in(
        self, whole: Sequence[int], amount: int, places: Sequence[int]
    ) -> Fraction:
        """
        The tax in an amount that goes back of these tickets, `whole` being what each
        cost with its fee.
        """
        cost = sum(whole[n] for n in places)
        tax = sum(self.taxes[n] for n in places)
        return Fraction(tax * min(amount, cost), cost) if cost else Fraction()

    def _of_rows(self, rows: Iterable[Amount]) -> list[int]:
        """
        What rows for fees or taxes charge for each ticket.
        """
        found = [0] * len(self._tickets)
        for line, amount in rows:
            places = self._places_of_entry(line, amount)
            shares = money.split(amount, [self._weights[n] for n in places])
            for n, share in zip(places, shares, strict=True):
                found[n] += share
        return found

    def _taxes(self) -> list[int]:
        """
        The tax of each ticket, as its sale says it.
        """
        return [
            part
            for sale, places in zip(self._sales, self._places, strict=True)
            for part in money.split_evenly(
                (self._values.tax(sale.line) or 0) if sale.is_charged else 0,
                len(places),
            )
        ]

    def _divided(
        self, fees: Entries, taxes: Entries, taken: Sequence[Taken]
    ) -> NightReturns:
        none = [0] * len(self._tickets)
        is_on_top = self._values.rules["tax_on_top"]
        charged = Charged(
            [ticket.occurrence_id for ticket in self._tickets],
            [ticket.face for ticket in self._tickets],
            added(len(none), ([it.fee for it in self._tickets], self.fees)),
            self.taxes if is_on_top else none,
            none if is_on_top else self.taxes,
        )
        name = "on_top" if is_on_top else "inside"
        # Those below zero are all among the rows that say what went back, each once.
        stated = [
            *(self._entry_back(it, "fee") for it in _besides(fees)),
            *(self._entry_back(it, name) for it in _besides(taxes)),
        ]
        rows = [
            *(self._taken_back(it, is_on_top=is_on_top) for it in taken),
            *(self._entry_back(it, "fee") for it in fees.taken_back),
            *(self._entry_back(it, name) for it in taxes.taken_back),
            *stated,
        ]
        return NightReturns(charged, self._sold_back(), rows)

    def _sold_back(self) -> list[ReturnedMoney]:
        """
        What the sales themselves say went back.
        """
        found = []
        for sale, places in zip(self._sales, self._places, strict=True):
            row = row_returns.sold_row(
                self._values, sale.line, sale.word, is_charged=sale.is_charged
            )
            is_all = row.stated >= row.paid
            fee = sum(self._tickets[n].fee for n in places) if is_all else 0
            if row.stated:
                found.append(ReturnedMoney(places, price=row.stated - fee, fee=fee))
        return found

    def _taken_back(self, item: Taken, *, is_on_top: bool) -> ReturnedMoney:
        row = item.row
        return ReturnedMoney(
            self._about(item),
            row.placed,
            row.price,
            row.fee,
            row.amount - row.price - row.fee,
            0 if is_on_top else row.tax or 0,
            item.is_counted,
            self._of_order,
        )

    def _about(self, item: Taken) -> Sequence[int]:
        what = f"a row that takes back {self._values.shown(item.row.amount)}"
        return item.places or self._places_for(item.line, what)

    @property
    def _of_order(self) -> list[str]:
        """
        The parts of what a row takes back that are amounts of the whole order.
        """
        fields: Sequence[str] = self._values.rules.get("returned_of_order", ())
        return [{"tax": "on_top"}.get(field, field) for field in fields]

    def _refuse_more_than_paid(self) -> None:
        is_on_top = self._values.rules["tax_on_top"]
        taxes = self.taxes if is_on_top else [0] * len(self._tickets)
        paid = added(len(taxes), (self._weights, self.fees, taxes))
        back = self.refunded
        if sum(back) > sum(paid):
            return  # the order is listed as one that does not add up
        for night in dict.fromkeys(ticket.occurrence_id for ticket in self._tickets):
            own = [n for n, it in enumerate(self._tickets) if it.occurrence_id == night]
            was_paid, went_back = (sum(it[n] for n in own) for it in (paid, back))
            if went_back > was_paid:
                shown = self._values.shown
                raise UnreadableRecord(
                    f"{shown(went_back)} goes back of {safe(night, longest=80)}, and "
                    f"{shown(was_paid)} was paid for it: write what went back of "
                    "another night of the order on a row for that night",
                    word="too-much-returned",
                )

    def _entry_back(self, entry: Amount, name: str) -> ReturnedMoney:
        line, amount = entry
        places = self._places_of_entry(line, amount)
        fee, on_top, inside = (
            amount if name == it else 0 for it in ("fee", "on_top", "inside")
        )
        placed = line.get("placed", "")
        return ReturnedMoney(places, placed, fee=fee, on_top=on_top, inside=inside)

    def _places_of_entry(self, line: Cells, amount: int) -> list[int]:
        kind = safe(line.get("kind", ""))
        return self._places_for(
            line, f"a row of the kind {kind!r} over {self._values.shown(amount)}"
        )

    def _places_for(self, line: Cells, what: str) -> list[int]:
        """
        The tickets that a row is about: of the night that it names, and there of its
        type and seat, where the order has such.
        """
        found = [n for n, it in enumerate(self._sales) if self._is_of_night(it, line)]
        if not found:
            night = ", ".join(
                line[name] for name in ("event", "starts") if name in line
            )
            raise UnreadableRecord(
                f"{what} is for {safe(night, longest=80)}, and the order has no ticket "
                "there: correct its date, or leave it empty if the row is for the "
                "whole order",
                word="other-night",
            )
        names = _WITHIN_NIGHT if "starts" in line else (*_EVENT, *_WITHIN_NIGHT)
        for name in names:
            same = [n for n in found if self._sales[n].line.get(name) == line.get(name)]
            found = (same if name in line else []) or found
        return [place for n in found for place in self._places[n]]

    def _is_of_night(self, sale: Sale, line: Cells) -> bool:
        """
        Whether a sale is for the night that a row names; so is each for one that names
        no time.
        """
        if "starts" not in line:
            return True
        named = occurrence_of(line, self._values.rules)
        if named is None:
            return sale.line.get("starts") == line["starts"]
        own = self._values.occurrence(sale.line)
        is_at_time = bool(own["starts_at"] == named["starts_at"])
        is_of_event = any(own[it] == named[it] for it in ("event_id", "name"))
        return bool(own["id"] == named["id"]) or (is_at_time and is_of_event)


def _besides(entries: Entries) -> list[Amount]:
    """
    The rows that say by their status what went back, where none below zero does.
    """
    return [] if entries.taken_back else entries.returned_rows


def with_amounts(
    tickets: Sequence[records.Ticket],
    fees: Sequence[int],
    taxes: Sequence[int] | None,
    refunded: Sequence[int],
    *,
    tax_on_top: bool,
) -> tuple[records.Ticket, ...]:
    """
    The tickets with what was charged and went back of each; `taxes` are `None` where
    they are not known.
    """
    return tuple(
        msgspec.structs.replace(
            ticket,
            fee=ticket.fee + fees[n],
            tax=None if taxes is None else taxes[n],
            tax_added=taxes[n] if tax_on_top and taxes is not None else 0,
            refunded=refunded[n],
        )
        for n, ticket in enumerate(tickets)
    )
