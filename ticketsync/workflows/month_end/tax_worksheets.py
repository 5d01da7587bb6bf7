"""
The tax worksheet of a period: the orders as they count, by the venue's own rules.

A sale belongs to the day on which it was placed by the calendar of the business, a
refund to its own day, a fee to the day of its sale.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from operator import attrgetter

from sqlalchemy import Connection, true

from ticketsync.accounts import state
from ticketsync.core import clock
from ticketsync.core.periods import Period
from ticketsync.core.settings.config import Settings
from ticketsync.core.settings.tax_rules import TaxRules
from ticketsync.financials import (
    closed_periods,
    fee_lines,
    fee_taxes,
    frozen_tax,
    period_order,
    taxing,
)
from ticketsync.financials.fee_taxes import KeptFees
from ticketsync.financials.period_order import PeriodEvent
from ticketsync.financials.refund_taxes import Returned, refund_lines
from ticketsync.financials.tax_worksheet import (
    FEE,
    REFUND,
    SALE,
    OrderLine,
    Worksheet,
    make_worksheet,
)
from ticketsync.financials.taxing import SaleParts, TaxLine
from ticketsync.reporting import order_money, refund_money
from ticketsync.reporting.order_money import LeftOut, OrderMoney
from ticketsync.reporting.refund_money import RefundMoney
from ticketsync.store.business_zone import get_business_zone
from ticketsync.workflows import recompute_figures

_SUMMED_NAMES = [field.name for field in fields(SaleParts) if field.name != "tax"]
_SUMMED = attrgetter(*_SUMMED_NAMES)
Key = tuple[str, str, str]  # account, the platform's order id, currency


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPeriod:
    """
    A worksheet with the lines of orders that it is made of, the rules that were applied
    to each account and the tax codes in words, and what counts for no show and is in no
    line. `closed` is the closed period that it was read from.
    """

    zone: str
    sheet: Worksheet
    orders: list[OrderLine]
    rules: Mapping[str, list[str]]
    codes: list[str]
    left_out: list[LeftOut]
    closed: PeriodEvent | None = None


@dataclass(frozen=True, slots=True)
class OwnFees:
    """
    What the venue's own rates make of an order, in minor units, and the rate of the tax
    inside in parts per million; `None` where the venue does not say it.
    """

    amount: int
    tax_ppm: int | None


def read_tax_period(
    connection: Connection,
    settings: Settings,
    period: Period,
    accounts: Collection[str] = (),
    *,
    now: datetime | None = None,
) -> TaxPeriod:
    """
    The worksheet of a period for these accounts, or for all. That of a closed period is
    what was closed, whatever has changed since; as of `now` that of a period which was
    closed by then.
    """
    closed = _closed_period(connection, period, now or clock.now())
    if closed is not None:
        return read_closed(connection, closed, accounts)
    zone = get_business_zone(connection)
    sold = order_money.list_order_money(connection, zone, period, accounts)
    own = read_own_fees(connection, settings)
    items = [*_order_lines(sold, own, settings)]
    items += _refund_lines(connection, settings, zone, period, accounts)
    items.sort(key=lambda item: (item.day, item.account, item.order_id))
    return TaxPeriod(
        zone=zone,
        sheet=make_worksheet(items),
        orders=items,
        rules=rules_used(items, settings.tax),
        codes=settings.tax.code_words(),
        left_out=order_money.list_left_out(connection, zone, period, accounts),
    )


def _closed_period(
    connection: Connection, period: Period, now: datetime
) -> PeriodEvent | None:
    events = [e for e in closed_periods.list_events(connection) if e.closed_at <= now]
    for event in period_order.closed_now(events):
        if event.basis == "sale" and event.period == period:
            return event
    return None


def read_closed(
    connection: Connection, event: PeriodEvent, accounts: Collection[str] = ()
) -> TaxPeriod:
    """
    The worksheet of a closed period, of its frozen lines; for these accounts, or all.
    """
    lines = closed_periods.read_lines(connection, [event.id])
    items = frozen_tax.order_lines(
        line for line in lines if not accounts or line.account in accounts
    )
    rules = json.loads(event.rules)
    of_accounts: dict[str, list[str]] = rules["tax_rules"]
    return TaxPeriod(
        zone=event.zone,
        sheet=make_worksheet(items),
        orders=items,
        rules={n: w for n, w in of_accounts.items() if not accounts or n in accounts},
        codes=rules["tax_codes"],
        left_out=[],
        closed=event,
    )


def read_own_fees(
    connection: Connection, settings: Settings
) -> dict[tuple[int, int], OwnFees]:
    """
    The venue's own rates as applied to each order and show (our ids) whose fees are not
    reported.
    """
    schedules = recompute_figures.fee_schedules(connection, settings)
    found: dict[tuple[int, int], OwnFees] = {}
    for bill in fee_lines.scheduled_bills(connection, true(), schedules):
        key = (bill.order_id, bill.show_id)
        held = found.get(key, OwnFees(0, bill.tax_ppm))
        amount = held.amount + sum(bill.lines.values())
        found[key] = OwnFees(amount, bill.tax_ppm)
    return found


def parts_of(money: Iterable[OrderMoney]) -> SaleParts | None:
    """
    The parts of an order over all its shows; `None` while those of one are not known.
    """
    found = [*money]
    if any(part.unexplained is None for part in found):
        return None
    taxes = [part.tax for part in found]
    tax = None if None in taxes else sum(tax or 0 for tax in taxes)
    amounts = [*map(_SUMMED, found)]
    sums = amounts[0] if len(amounts) == 1 else [*map(sum, zip(*amounts, strict=True))]
    return SaleParts(tax=tax, **dict(zip(_SUMMED_NAMES, sums, strict=True)))


def lines_of(money: list[OrderMoney], settings: Settings) -> list[TaxLine]:
    """
    The tax lines of one order, whose parts these are.
    """
    first = money[0]
    return taxing.tax_lines(
        parts_of(money),
        settings.tax,
        first.account,
        first.day,
        charged=sum(part.charged for part in money),
        registered_from=settings.business.registered_from,
    )


def fee_of(part: OrderMoney, own: Mapping[tuple[int, int], OwnFees]) -> int | None:
    """
    The fees of an order's part in minor units: as reported, else by the venue's own
    rate, else `None`; and what it bills for free tickets.
    """
    by_rate = own.get((part.order_row, part.show_id))
    if part.fees is None:
        return None if by_rate is None else by_rate.amount
    return part.fees + (0 if by_rate is None else by_rate.amount)


def fee_lines_of(
    parts: Sequence[OrderMoney],
    sold: Iterable[TaxLine],
    own: Mapping[tuple[int, int], OwnFees],
    settings: Settings,
) -> list[TaxLine]:
    """
    The fees of one order, whose parts these are, as tax lines; `sold` are those of its
    sale.
    """
    known = [fee_of(part, own) for part in parts]
    taxes = [part.fee_tax for part in parts if part.fees]
    rates = [
        own[part.order_row, part.show_id].tax_ppm
        for part in parts
        if (part.order_row, part.show_id) in own
    ]
    kept = KeptFees(
        amount=None if None in known else sum(amount or 0 for amount in known),
        reported_tax=None if None in taxes else sum(tax or 0 for tax in taxes),
        own_rate_ppm=rates[0] if rates else None,
        passed_on=fee_taxes.passed_on(sold),
    )
    return fee_taxes.fee_lines(
        kept,
        settings.tax,
        parts[0].account,
        parts[0].day,
        registered_from=settings.business.registered_from,
    )


def divide_by_show(
    lines: Sequence[TaxLine], parts: Sequence[OrderMoney], settings: Settings
) -> dict[int, list[TaxLine]]:
    """
    The lines of the sale of one order, whose parts these are, divided among its shows
    (our ids).
    """
    weights = [max(0, part.charged) for part in parts]
    own = [lines_of([part], settings) for part in parts] if len(parts) > 1 else []
    divided = taxing.divide_lines(lines, own, weights)
    return dict(zip((part.show_id for part in parts), divided, strict=True))


def divide_fees(
    parts: Sequence[OrderMoney],
    sold: Mapping[int, Sequence[TaxLine]],
    own: Mapping[tuple[int, int], OwnFees],
    settings: Settings,
) -> list[list[TaxLine]]:
    """
    The fees of one order as tax lines, divided among its parts; `sold` are the lines of
    its sale by show (our ids).
    """
    of_sale = [line for part in parts for line in sold[part.show_id]]
    lines = fee_lines_of(parts, of_sale, own, settings)
    weights = [max(0, fee_of(part, own) or 0) for part in parts]
    of_shows = [
        fee_lines_of([part], sold[part.show_id], own, settings)
        for part in (parts if len(parts) > 1 else ())
    ]
    return taxing.divide_lines(lines, of_shows, weights)


def by_order(money: Iterable[OrderMoney]) -> dict[Key, list[OrderMoney]]:
    found: dict[Key, list[OrderMoney]] = defaultdict(list)
    for part in money:
        found[part.account, part.order_id, part.currency].append(part)
    return found


def _order_lines(
    sold: Iterable[OrderMoney],
    own: Mapping[tuple[int, int], OwnFees],
    settings: Settings,
) -> Iterator[OrderLine]:
    """
    The lines of the sales, and those of their fees.
    """
    for (account, order_id, currency), parts in by_order(sold).items():
        lines = lines_of(parts, settings)
        of_fees = fee_lines_of(parts, lines, own, settings)
        for flow, found in ((SALE, lines), (FEE, of_fees)):
            for line in found:
                yield OrderLine(account, order_id, parts[0].day, flow, currency, line)


def _refund_lines(
    connection: Connection,
    settings: Settings,
    zone: str,
    period: Period,
    accounts: Collection[str],
) -> Iterator[OrderLine]:
    """
    What the refunds of the period take back of the lines of their orders.
    """
    movements = refund_money.list_refund_money(connection, zone, period, accounts)
    taken = refund_tax_lines(connection, settings, zone, movements)
    for item, lines in zip(movements, taken, strict=True):
        if _is_within(item.day, period):
            for line in lines:
                yield OrderLine(
                    *(item.account, item.order_id, item.day, REFUND, item.currency),
                    line,
                )


def refund_tax_lines(
    connection: Connection,
    settings: Settings,
    zone: str,
    movements: Sequence[RefundMoney],
) -> list[list[TaxLine]]:
    """
    For each of these movements, all that there are of their orders, what it takes back
    of its show's part of the order: what has gone back of a show wholly, has taken back
    all of its tax.
    """
    keys = {(item.account, item.order_id) for item in movements}
    sold = by_order(order_money.list_orders_again(connection, zone, keys))
    lines = {
        key: divide_by_show(lines_of(parts, settings), parts, settings)
        for key, parts in sold.items()
    }
    return take_back(lines, movements)


def take_back(
    lines: Mapping[Key, Mapping[int, Sequence[TaxLine]]],
    movements: Sequence[RefundMoney],
) -> list[list[TaxLine]]:
    """
    The same, with the lines of each order divided among its shows.
    """
    places: dict[tuple[Key, int], list[int]] = defaultdict(list)
    for place, item in enumerate(movements):
        key = (item.account, item.order_id, item.currency)
        if item.show_id in lines.get(key, ()):
            places[key, item.show_id].append(place)
    found: list[list[TaxLine]] = [[] for _ in movements]
    for (key, show_id), of_show in places.items():
        returned = [
            Returned(item.amount, item.tax, item.to_vouchers)
            for item in (movements[place] for place in of_show)
        ]
        taken = refund_lines(lines[key][show_id], returned)
        for place, taken_lines in zip(of_show, taken, strict=True):
            found[place] = taken_lines
    return found


def _is_within(day: date, period: Period) -> bool:
    return (period.first is None or period.first <= day) and (
        period.last is None or day <= period.last
    )


def rules_used(items: Iterable[OrderLine], rules: TaxRules) -> dict[str, list[str]]:
    """
    The rules that held on the days of these lines, in words, by account.
    """
    days: dict[str, set[date]] = defaultdict(set)
    for item in items:
        days[item.account].add(item.day)
    found: dict[str, list[str]] = {}
    for account in sorted(days):
        used = [rules.rule_on(account, day) for day in sorted(days[account])]
        words = [taxing.NO_RULE if rule is None else rule.words for rule in used]
        found[account] = [*dict.fromkeys(words)]
    return found


def list_rules(
    connection: Connection, settings: Settings
) -> list[tuple[str, date | None, str]]:
    """
    Each rule of the settings with its account and first day: those of the business
    first, then those of each account, and the accounts for which there is none.
    """
    tax = settings.tax
    found = [("all accounts", rule.since, rule.words) for rule in tax.default]
    known = [account.name for account in state.list_accounts(connection)]
    for name in [*known, *(name for name in tax.accounts if name not in known)]:
        own = tax.accounts.get(name, ())
        found += [(name, rule.since, rule.words) for rule in own]
        if not own and not tax.default:
            found.append((name, None, taxing.NO_RULE))
        elif name not in known:
            found.append((name, None, "there is no such account"))
    return found
