"""
The books of a closed period: entries that follow from the lines that were closed and
from nothing else, so that they are the same for ever.

They begin with the first period that was closed. What adjusts an earlier period is
booked on the last day of the period that it was closed with.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from sqlalchemy import Connection

from ticketsync.core import records
from ticketsync.financials import closed_periods, fee_taxes, frozen_lines, period_order
from ticketsync.financials.frozen_lines import SOLD, FrozenLine
from ticketsync.financials.period_order import PeriodEvent
from ticketsync.financials.taxing import TaxLine
from ticketsync.ledger import chart, projection
from ticketsync.ledger.chart import Chart
from ticketsync.ledger.projection import (
    EARN,
    FEE,
    REFUND,
    SALE,
    Balance,
    Entry,
    Movement,
    ShowDay,
)
from ticketsync.workflows.month_end import period_lines
from ticketsync.workflows.month_end.gift_card_gaps import GiftCardGaps, find_gaps
from ticketsync.workflows.month_end.ledger_movements import Place, make_movement

_NO_ID = re.compile(r"[^A-Za-z0-9._-]+")

OrderKey = tuple[int, str, str]  # account (our id), the platform's id, currency


@dataclass(frozen=True, slots=True)
class PeriodBooks:
    """
    The entries of a closed period, the first ones with what came before, the balances
    at its end, how many orders have fees that are unknown and in no entry, and what
    nobody reports of gift cards.
    """

    entries: list[Entry]
    balances: list[Balance]
    unknown_fees: int
    gift_cards: GiftCardGaps


def read_books(connection: Connection, event: PeriodEvent) -> PeriodBooks:
    """
    The books of a period that was closed by sale.
    """
    closed = period_order.closed_now(closed_periods.list_events(connection))
    events = [*(e for e in closed if e.last < event.first), event]
    reader = _Reader(connection, events)
    moved = [reader.movements(of_event) for of_event in events]
    codes = {code for items in moved for item in items for code in item.taxes}
    chart_ = Chart(reader.providers, codes - {""})

    def projected(number: int) -> list[Entry]:
        """
        What is known after so many periods.
        """
        if not number:
            return []
        last = events[number - 1]
        shows = reader.shows(number)
        items = [item for of_event in moved[:number] for item in of_event]
        return projection.project(items, shows, chart_, last.last)

    before, whole = projected(len(events) - 1), projected(len(events))
    entries = [
        *projection.opening(before, event.first),
        *_corrections(before, whole, event.first),
        *projection.from_day(whole, event.first),
    ]
    balances = projection.balances(entries, event.last)
    every = (item for of_event in moved for item in of_event)
    gaps = find_gaps(connection, every, reader.providers)
    return PeriodBooks(entries, balances, len(reader.unknown_fees), gaps)


def _corrections(
    before: Sequence[Entry], whole: Sequence[Entry], first: date
) -> list[Entry]:
    """
    What shows earned otherwise than was booked: one that had played is cancelled now,
    or has another day.
    """
    booked, now = _unearned(before, first), _unearned(whole, first)
    titles = {entry.show_id: entry.text for entry in whole}
    found = []
    for show_id, currency in sorted({*booked, *now}):
        key = show_id, currency
        amount = now.get(key, 0) - booked.get(key, 0)
        if amount:
            postings = {chart.INCOME: -amount, chart.UNEARNED: amount}
            id_ = f"{EARN}/{first}/{show_id}/{currency}"
            text = titles[show_id]
            entry = Entry(id_, first, text, currency, postings, EARN, show_id)
            found.append(entry)
    return found


def _unearned(entries: Iterable[Entry], first: date) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = defaultdict(int)
    for entry in entries:
        if entry.day < first and entry.show_id is not None:
            amount = entry.postings.get(chart.UNEARNED, 0)
            found[entry.show_id, entry.currency] += amount
    return found


class _Reader:
    """
    Makes movements of the lines of periods, one after the other.

    Lines of one order add up over periods, and what they move is what they come to with
    the new ones, less what they came to before: so all of it together is exact. Only
    orders that come again are remembered.
    """

    def __init__(self, connection: Connection, events: Sequence[PeriodEvent]) -> None:
        self._connection = connection
        self._events = events
        ids = [event.id for event in events]
        self._again = closed_periods.list_repeated_orders(connection, ids)
        self._held: dict[OrderKey, list[FrozenLine]] = defaultdict(list)
        self._shows: list[dict[int, tuple[str, str]]] = []
        self._names = {event.id: event.name for event in events}
        self.providers: dict[str, str] = {}  # of the accounts, by their names
        self.unknown_fees: set[OrderKey] = set()

    def movements(self, event: PeriodEvent) -> list[Movement]:
        """
        What the lines of the next period move; alike ones as their sum.
        """
        lines = list(closed_periods.read_lines(self._connection, [event.id]))
        named = {line.show_id: (line.starts_local, line.production) for line in lines}
        self._shows.append(named)
        self.providers |= {line.account: line.provider for line in lines}
        own = [line for line in lines if not line.cause]
        sold = [line for line in own if line.kind in SOLD]
        back = [line for line in own if line.kind not in SOLD]
        changes = [line for line in lines if line.cause]
        changes.sort(key=lambda line: (line.origin_id, _order_of(line)))
        return _summed(
            [
                *self._booked(_by_order(sold)),
                *self._booked([line] for line in back),
                *self._adjusted(_by_order(changes), event),
            ]
        )

    def shows(self, number: int) -> dict[int, ShowDay]:
        """
        The shows as they were known when so many periods had been closed.
        """
        rules = json.loads(self._events[number - 1].rules)
        cancelled = {*rules.get(period_lines.CANCELLED_SHOWS, ())}
        found = {records.NO_SHOW: projection.OF_NO_SHOW}
        for named in self._shows[:number]:
            for show_id, (starts, title) in named.items():
                if show_id == records.NO_SHOW:
                    continue
                day = date.fromisoformat(starts[:10])
                found[show_id] = ShowDay(show_id, day, title, show_id in cancelled)
        return found

    def _booked(self, groups: Iterable[list[FrozenLine]]) -> Iterator[Movement]:
        for lines in groups:
            day = date.fromisoformat(lines[0].effective_on)
            yield from self._more(lines, day, "")

    def _adjusted(
        self, groups: Iterable[list[FrozenLine]], event: PeriodEvent
    ) -> Iterator[Movement]:
        for lines in groups:
            first = lines[0]
            order = _NO_ID.sub("-", first.order_id)
            of = f"{self._names[first.origin_id]}/{first.account}/{order}"
            yield from self._more(lines, event.last, of)

    def _more(
        self, lines: list[FrozenLine], day: date, adjusts: str
    ) -> Iterator[Movement]:
        """
        What an order moves by these lines of it.
        """
        key = _order_of(lines[0])
        if key[:2] not in self._again:
            self._note_fees(key, lines)
            yield from _moved_by(lines, day)
            return
        before = [_taken_back(it) for it in _moved_by(self._held[key], day)]
        self._held[key] += lines
        self._note_fees(key, self._held[key])
        after = _moved_by(self._held[key], day)
        for item in _summed([*before, *after]):
            yield replace(item, adjusts=adjusts)

    def _note_fees(self, key: OrderKey, lines: Iterable[FrozenLine]) -> None:
        if _are_fees_known(lines):
            self.unknown_fees.discard(key)
        else:
            self.unknown_fees.add(key)


def _are_fees_known(lines: Iterable[FrozenLine]) -> bool:
    """
    Whether the fees of one order are known for each of its shows, as its lines add up:
    a line that adjusts another says -1 once they became known.
    """
    unknown: dict[int, int] = defaultdict(int)
    for line in lines:
        unknown[line.show_id] += line.fees_unknown
    return not any(unknown.values())


def _order_of(line: FrozenLine) -> OrderKey:
    return line.account_id, line.order_id, line.currency


def _by_order(lines: Iterable[FrozenLine]) -> Iterator[list[FrozenLine]]:
    """
    The lines of each order, which follow one another.
    """
    for _, of_order in groupby(lines, lambda line: (line.origin_id, _order_of(line))):
        yield list(of_order)


def _moved_by(lines: Sequence[FrozenLine], day: date) -> list[Movement]:
    """
    What the lines of one order, which add up, move on a day.
    """
    sold = [line for line in lines if line.kind in SOLD]
    parts = _parts(sold)
    taxed = [_tax_lines(part) for part in parts]
    are_known = _are_fees_known(sold)
    found = []
    for part, of_part in zip(parts, taxed, strict=True):
        place = _place(part[0])
        held = sum(line.charged - line.tax_remitted for line in part)
        found.append(make_movement(SALE, place, day, held, of_part[SALE]))
        if are_known:
            fees = sum(line.fees for line in part)
            found.append(make_movement(FEE, place, day, fees, of_part[FEE]))
    back = [line for line in lines if line.kind not in SOLD]
    return found + _returned(back, day, taxed) if back else found


def _returned(
    back: Sequence[FrozenLine],
    day: date,
    sold: Sequence[Mapping[str, Sequence[TaxLine]]],
) -> list[Movement]:
    """
    What went back of an order; `sold` says how each part of its sale is taxed.
    """
    taken = [_tax_lines([line])[REFUND] for line in back]
    passed, of_fees = (
        sum(fee_taxes.passed_on(of_part[flow]) for of_part in sold)
        for flow in (SALE, FEE)
    )
    kept = fee_taxes.kept_of_returns(
        passed,
        of_fees,
        [-fee_taxes.passed_on(of_line) for of_line in taken],
    )
    return [
        make_movement(REFUND, _place(line), day, -line.refunded, of_line, amount)
        for line, of_line, amount in zip(back, taken, kept, strict=True)
    ]


def _parts(lines: Iterable[FrozenLine]) -> list[list[FrozenLine]]:
    found: dict[int, list[FrozenLine]] = defaultdict(list)
    for line in lines:
        found[line.show_id].append(line)
    return [*found.values()]


def _place(line: FrozenLine) -> Place:
    return Place(line.account, line.show_id, line.currency)


def _tax_lines(lines: Iterable[FrozenLine]) -> dict[str, list[TaxLine]]:
    """
    How lines are taxed, apart for sales, fees and refunds.
    """
    texts = [line.tax_lines for line in lines if line.tax_lines != "[]"]
    taxes: frozen_lines.Taxes = {}
    for text in texts:
        of_line = frozen_lines.taxes_of(text)
        taxes = frozen_lines.add_taxes(taxes, of_line) if taxes else of_line
    found: dict[str, list[TaxLine]] = defaultdict(list)
    for (flow, kinds, state, words, code, rate), (_, amount, tax, _) in taxes.items():
        named = tuple(kinds.split("+")), state, words
        found[flow].append(TaxLine(*named, amount, tax, code, rate))
    return found


def _taken_back(item: Movement) -> Movement:
    """
    The movement that takes another one back.
    """
    return replace(
        item,
        amount=-item.amount,
        voucher=-item.voucher,
        collected=-item.collected,
        kept=-item.kept,
        taxes={code: -tax for code, tax in item.taxes.items()},
    )


def _summed(movements: Iterable[Movement]) -> list[Movement]:
    """
    Movements of the same kind, day, show and account as one, without those of nothing.
    """
    groups: dict[tuple[object, ...], list[Movement]] = defaultdict(list)
    for item in movements:
        key = (item.kind, item.account, item.day, item.show_id, item.currency)
        groups[(*key, item.adjusts)].append(item)
    found = [items[0] if len(items) == 1 else _sum(items) for items in groups.values()]
    return [item for item in found if _moves(item)]


def _sum(items: Sequence[Movement]) -> Movement:
    taxes: Mapping[str, int] = {
        code: sum(item.taxes.get(code, 0) for item in items)
        for code in {code: None for item in items for code in item.taxes}
    }
    return replace(
        items[0],
        amount=sum(item.amount for item in items),
        voucher=sum(item.voucher for item in items),
        collected=sum(item.collected for item in items),
        kept=sum(item.kept for item in items),
        taxes=taxes,
    )


def _moves(item: Movement) -> bool:
    amounts = (item.amount, item.voucher, item.collected, item.kept)
    return any(amounts) or any(item.taxes.values())
