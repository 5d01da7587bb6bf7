"""
The stored sales as projected entries: from the figures' own orders, with the tax of the
venue's rules taken out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from ticketsync.accounts import state
from ticketsync.accounts.state import AccountState
from ticketsync.core import clock, records
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.settings.config import Settings
from ticketsync.financials import fee_taxes
from ticketsync.financials.taxing import OPEN, TaxLine
from ticketsync.ledger import own_accounts, projection, unearned
from ticketsync.ledger.chart import Chart
from ticketsync.ledger.projection import FEE, REFUND, SALE, Balance, Entry, Movement
from ticketsync.ledger.unearned import Unearned
from ticketsync.reporting import order_money, refund_money
from ticketsync.reporting.order_money import OrderMoney
from ticketsync.reporting.refund_money import RefundMoney
from ticketsync.store.business_zone import get_business_zone
from ticketsync.workflows.month_end import tax_worksheets
from ticketsync.workflows.month_end.gift_card_gaps import GiftCardGaps, find_gaps
from ticketsync.workflows.month_end.ledger_movements import Place, make_movement
from ticketsync.workflows.month_end.tax_worksheets import Key

_REPORT_FILES = "file"  # the provider whose accounts have a recipe


@dataclass(frozen=True, slots=True)
class Future:
    """
    How many sales and refunds are dated after today, and whose they are: the accounts
    that read reports with a recipe, and the others.
    """

    number: int
    of_reports: tuple[str, ...] = ()
    of_others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """
    The entries of a period and the balances at its ends of months, with what they do
    not say: orders up to the last of them whose fees are unknown or that no tax rule
    covers, what nobody reports of gift cards, and sales and refunds of the period that
    are dated after today. Without an
    opening entry, unknown fees of earlier sales are not counted; of one currency, those
    of no other.
    """

    entries: list[Entry]
    balances: list[Balance]
    unknown_fees: int
    without_rule: int
    future: Future
    gift_cards: GiftCardGaps


def read_books(
    connection: Connection,
    settings: Settings,
    period: Period,
    *,
    per: str = projection.SHOW,
    currency: str = "",
    has_opening: bool = True,
    now: datetime | None = None,
) -> Books:
    """
    The books of a period, with an entry for each of `projection.PER`; what came before
    is one opening entry for each currency, if asked for. They end today at the latest:
    what a later show earns is not earned yet.

    Raises: `ConfigurationError` for settings that name a ledger account wrongly.
    """
    whole = _project(connection, settings, period, now or clock.now(), currency)
    since = None if has_opening else period.first
    opening = projection.opening(whole.entries, period.first) if has_opening else []
    entries = projection.from_day(whole.entries, period.first)
    entries = [*opening, *projection.summed(entries, per, whole.until)]
    own = settings.ledger.accounts
    known = whole.chart.names()
    own_accounts.refuse_unknown(own, known)
    own_accounts.refuse_mixed(own, known)
    balances = projection.balances(entries, whole.until)
    return Books(
        entries=own_accounts.rename(entries, own),
        balances=own_accounts.rename_balances(balances, own),
        unknown_fees=whole.reader.count_unknown_fees(since),
        without_rule=len(whole.reader.without_rule),
        future=whole.future,
        gift_cards=find_gaps(
            connection,
            (item for item in whole.moved if item.day <= whole.until),
            {it.name: it.provider for it in state.list_accounts(connection)},
        ),
    )


@dataclass(frozen=True, slots=True)
class UnearnedMoney:
    """
    The money of shows that have not played, up to the day `until`, and how many orders
    no tax rule covers; `future` are sales and refunds dated after `now`. `after_shows`
    is what was sold less what went back after shows had played, in minor units by
    currency.
    """

    lines: list[Unearned]
    until: date
    without_rule: int
    future: Future
    after_shows: dict[str, int]


def read_unearned(
    connection: Connection, settings: Settings, period: Period, now: datetime
) -> UnearnedMoney:
    """
    What was unearned before a period, what came and went in it, and what is left at
    its end, or at `now` if that is earlier.
    """
    whole = _project(connection, settings, period, now)
    return UnearnedMoney(
        unearned.statement(whole.entries, whole.shows, period.first),
        whole.until,
        len(whole.reader.without_rule),
        whole.future,
        unearned.after_shows(whole.entries, period.first),
    )


@dataclass(frozen=True, slots=True)
class UnearnedShow:
    """
    One show's line of the statement in each currency up to `now`, and what each order
    added to it or took off, in minor units; `without_rule` of them no tax rule covers.
    """

    lines: list[Unearned]
    moved: list[tuple[Movement, int]]
    without_rule: int


def read_unearned_show(
    connection: Connection, settings: Settings, show_id: int, now: datetime
) -> UnearnedShow:
    """
    What is unearned of one show, down to its orders.
    """
    whole = _project(connection, settings, ALWAYS, now)
    lines = unearned.statement(whole.entries, whole.shows, None)
    of_show = [item for item in whole.moved if item.show_id == show_id]
    added = projection.unearned_amounts(of_show, whole.shows, whole.chart, whole.until)
    orders = {(item.account, item.order_id) for item in of_show}
    return UnearnedShow(
        [line for line in lines if line.show.show_id == show_id],
        [*added],
        len(orders & whole.reader.without_rule),
    )


@dataclass(frozen=True, slots=True)
class _Projected:
    moved: list[Movement]
    entries: list[Entry]
    shows: dict[int, projection.ShowDay]
    chart: Chart
    until: date
    reader: _Reader
    future: Future


def _project(
    connection: Connection,
    settings: Settings,
    period: Period,
    now: datetime,
    currency: str = "",
) -> _Projected:
    zone = get_business_zone(connection)
    today = clock.day_of(now, zone)
    until = today if period.last is None else min(period.last, today)
    reader = _Reader(settings, until)
    sold = [
        part
        for part in order_money.list_order_money(connection, zone, ALWAYS)
        if currency in ("", part.currency)
    ]
    own = tax_worksheets.read_own_fees(connection, settings)
    moved = [*reader.sales_and_fees(sold, own), *reader.refunds(connection, zone)]
    shows = {records.NO_SHOW: projection.OF_NO_SHOW} | {
        show_id: projection.ShowDay(show_id, day, title, is_cancelled)
        for show_id, day, title, is_cancelled in order_money.list_show_days(connection)
    }
    accounts = state.list_accounts(connection)
    chart = Chart([account.name for account in accounts], settings.tax.codes)
    entries = projection.project(moved, shows, chart, until)
    last = date.max if period.last is None else period.last
    late = [it for it in moved if today < it.day <= last and it.kind != FEE]
    future = _future(late, accounts)
    return _Projected(moved, entries, shows, chart, until, reader, future)


def _future(late: list[Movement], accounts: list[AccountState]) -> Future:
    names = {it.account for it in late}
    reports = {it.name for it in accounts if it.provider == _REPORT_FILES}
    return Future(
        len(late), tuple(sorted(names & reports)), tuple(sorted(names - reports))
    )


class _Reader:
    """
    Makes movements of orders, and notes the orders up to the day `until` about which
    something is unknown.
    """

    def __init__(self, settings: Settings, until: date) -> None:
        self._settings = settings
        self._until = until
        self._unknown_fees: dict[tuple[str, str], date] = {}  # the day of the sale
        self.without_rule: set[tuple[str, str]] = set()
        self._lines: dict[Key, dict[int, list[TaxLine]]] = {}
        self._platforms_own: dict[Key, tuple[int, int]] = {}  # charged, kept

    def sales_and_fees(
        self,
        sold: Sequence[OrderMoney],
        own: dict[tuple[int, int], tax_worksheets.OwnFees],
    ) -> Iterator[Movement]:
        for key, parts in tax_worksheets.by_order(sold).items():
            lines = tax_worksheets.lines_of(parts, self._settings)
            by_show = tax_worksheets.divide_by_show(lines, parts, self._settings)
            of_fees = tax_worksheets.divide_fees(parts, by_show, own, self._settings)
            self._lines[key] = by_show
            self._platforms_own[key] = (
                fee_taxes.passed_on(lines),
                fee_taxes.passed_on(line for found in of_fees for line in found),
            )
            if any(line.state == OPEN for line in lines) and self._counts(parts):
                self.without_rule.add(key[:2])
            for part in parts:
                held = part.charged - part.tax_remitted
                yield _movement(SALE, part, held, by_show[part.show_id])
            yield from self._fees(parts, of_fees, own)

    def _fees(
        self,
        parts: Sequence[OrderMoney],
        lines: Sequence[Sequence[TaxLine]],
        own: dict[tuple[int, int], tax_worksheets.OwnFees],
    ) -> Iterator[Movement]:
        amounts = [tax_worksheets.fee_of(part, own) for part in parts]
        if None in amounts:
            if self._counts(parts):
                order = parts[0].account, parts[0].order_id
                self._unknown_fees[order] = min(part.day for part in parts)
            return
        for part, amount, of_part in zip(parts, amounts, lines, strict=True):
            if amount:
                yield _movement(FEE, part, amount, of_part)

    def count_unknown_fees(self, since: date | None) -> int:
        days = self._unknown_fees.values()
        return sum(since is None or since <= day for day in days)

    def _counts(self, parts: Sequence[OrderMoney]) -> bool:
        return min(part.day for part in parts) <= self._until

    def refunds(self, connection: Connection, zone: str) -> Iterator[Movement]:
        items = [
            item
            for item in refund_money.list_refund_money(connection, zone, ALWAYS)
            if (item.account, item.order_id, item.currency) in self._lines
        ]
        taken = tax_worksheets.take_back(self._lines, items)
        kept = self._kept(items, taken)
        for item, lines, amount in zip(items, taken, kept, strict=True):
            yield _movement(REFUND, item, -item.amount, lines, amount)

    def _kept(
        self, items: Sequence[RefundMoney], taken: Sequence[Sequence[TaxLine]]
    ) -> list[int]:
        """
        What the platform keeps of what each of these refunds gave back, order by order.
        """
        places: dict[Key, list[int]] = defaultdict(list)
        for place, item in enumerate(items):
            places[item.account, item.order_id, item.currency].append(place)
        found = [0] * len(items)
        for key, of_order in places.items():
            returned = [-fee_taxes.passed_on(taken[place]) for place in of_order]
            amounts = fee_taxes.kept_of_returns(*self._platforms_own[key], returned)
            for place, amount in zip(of_order, amounts, strict=True):
                found[place] = amount
        return found


def _movement(
    kind: str,
    part: OrderMoney | RefundMoney,
    amount: int,
    lines: Sequence[TaxLine],
    kept: int = 0,
) -> Movement:
    place = Place(part.account, part.show_id, part.currency, part.order_id)
    return make_movement(kind, place, part.day, amount, lines, kept)
