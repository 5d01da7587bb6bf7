"""
What an order over several nights charged and gave back, ticket by ticket: what a row
says of a night stays there, and what names none is divided by price. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from ticketsync.core import money, records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.redact import safe
from ticketsync.providers.file_import import given_back
from ticketsync.providers.file_import.dated_refunds import ReturnedPart
from ticketsync.providers.file_import.line_values import Cells, LineValues
from ticketsync.providers.file_import.listing import occurrence_of
from ticketsync.providers.file_import.returns import ReturnedRow
from ticketsync.providers.file_import.sold_tickets import Sale

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
    of its sales. Its methods raise `UnreadableRecord` for a row of a night on which the
    order has no ticket.
    """

    def __init__(
        self,
        values: LineValues,
        sales: Sequence[Sale],
        tickets: Sequence[records.Ticket],
    ) -> None:
        self._values = values
        self._sales = sales
        self._tickets = tickets
        self._sold = [
            given_back.sold_row(values, it.line, it.word, is_charged=it.is_charged)
            for it in sales
        ]
        self._weights = [ticket.face + ticket.fee for ticket in tickets]
        numbers = [values.quantity(sale.line) for sale in sales]
        ends = [sum(numbers[: n + 1]) for n in range(len(numbers))]
        self._places = [
            list(range(end - number, end))
            for end, number in zip(ends, numbers, strict=True)
        ]

    def of_rows(self, rows: Iterable[Amount]) -> list[int]:
        """
        What rows for fees or taxes come to for each ticket.
        """
        found = [0] * len(self._tickets)
        for line, amount in rows:
            places = self._places_for(line, self._entry(line, amount))
            self._divide(found, amount, places)
        return found

    def taxes(self) -> list[int]:
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

    def refunded(self, taken: Sequence[Taken]) -> list[int]:
        """
        What the sales and the rows that take something back say went back.
        """
        found = [0] * len(self._tickets)
        for row, places in zip(self._sold, self._places, strict=True):
            self._divide(found, row.stated, places)
        for item in taken:
            amount = item.row.amount if item.is_counted else 0
            self._divide(found, amount, self._places_taken(item))
        return found

    def fees_back(self, taken: Sequence[Taken]) -> list[int]:
        """
        Of that, the buyers' fees.
        """
        found = [0] * len(self._tickets)
        for row, places in zip(self._sold, self._places, strict=True):
            for n in places if row.stated >= row.paid else ():
                found[n] += self._tickets[n].fee
        for item in taken:
            amount = item.row.fee if item.is_counted else 0
            self._divide(found, amount, self._places_taken(item))
        return found

    def returned_parts(
        self,
        parts: Sequence[ReturnedPart],
        taken: Sequence[Taken],
        entries: Sequence[Amount],
    ) -> list[ReturnedPart]:
        """
        What each row takes back, by night: `parts` are those of the rows that take back
        tickets, and then those of rows for fees and taxes.
        """
        found: list[ReturnedPart] = []
        # What a sale says, too, is divided as it is there.
        stated = self.refunded(())
        for part, item in zip(parts, taken, strict=False):
            places = self._places_taken(item)
            weights = self._weights if item.is_counted else stated
            found += self._of_nights(part, places, weights)
            if not item.is_counted:
                shares = _shares(part.amount, places, weights)
                for n, share in zip(places, shares, strict=True):
                    stated[n] = max(0, stated[n] - share)
        for part, (line, amount) in zip(parts[len(taken) :], entries, strict=True):
            places = self._places_for(line, self._entry(line, amount))
            found += self._of_nights(part, places, self._weights)
        return found

    def _of_nights(
        self, part: ReturnedPart, places: Sequence[int], weights: Sequence[int]
    ) -> Iterator[ReturnedPart]:
        nights = dict.fromkeys(self._tickets[n].occurrence_id for n in places)
        if len(nights) == 1:
            yield replace(part, occurrence_id=next(iter(nights)))
            return
        on_top = part.amount - (part.face or 0) - (part.buyer_fee or 0)
        divided = [
            self._by_night(_shares(amount, places, weights), places)
            for amount in (part.amount, part.buyer_fee or 0, on_top, part.tax or 0)
        ]
        for night in nights:
            amount, fee, added, tax = (sums[night] for sums in divided)
            yield ReturnedPart(
                part.placed,
                amount,
                None if part.face is None else amount - fee - added,
                None if part.buyer_fee is None else fee,
                None if part.tax is None else tax,
                night,
            )

    def _by_night(self, shares: Sequence[int], places: Sequence[int]) -> Counter[str]:
        found: Counter[str] = Counter()
        for n, share in zip(places, shares, strict=True):
            found[self._tickets[n].occurrence_id] += share
        return found

    def _places_taken(self, item: Taken) -> Sequence[int]:
        what = f"a row that takes back {self._values.shown(item.row.amount)}"
        return item.places or self._places_for(item.line, what)

    def _entry(self, line: Cells, amount: int) -> str:
        kind = safe(line.get("kind", ""))
        return f"a row of the kind {kind!r} over {self._values.shown(amount)}"

    def _divide(self, parts: list[int], amount: int, places: Sequence[int]) -> None:
        shares = _shares(amount, places, self._weights)
        for n, share in zip(places, shares, strict=True):
            parts[n] += share

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


def _shares(amount: int, places: Sequence[int], weights: Sequence[int]) -> list[int]:
    if not amount:
        return [0] * len(places)
    return money.split(amount, [weights[n] for n in places])


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
