"""
Journal entries that follow from sales, refunds, fees and shows that played. Pure, and
nothing is posted: the same input gives the same entries under the same ids.

What is charged is unearned until the show has played; tax, and what is somebody else's,
is taken out. A show that is cancelled never earns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from ticketsync.core import records
from ticketsync.ledger import chart
from ticketsync.ledger.chart import Chart

SALE: Final = "sale"
REFUND: Final = "refund"
FEE: Final = "fee"
EARN: Final = "earn"
ADJUST: Final = "adjust"
_MOVED: Final = (SALE, REFUND, FEE, ADJUST)

SHOW: Final = "show"
DAY: Final = "day"
MONTH: Final = "month"
PER: Final = (SHOW, DAY, MONTH)  # what there is an entry for


@dataclass(frozen=True, slots=True)
class ShowDay:
    """
    A show (our id) and its local day.
    """

    show_id: int
    day: date
    title: str
    is_cancelled: bool = False


# What vouchers were sold for is owed until they pay; what else their orders charged is
# no show's, and income at once.
OF_NO_SHOW: Final = ShowDay(records.NO_SHOW, date.min, records.VOUCHERS_SOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """
    What one order moved for one show (our id) on a day, in minor units: `kind` is one
    of sale, refund and fee.

    amount     what the platform holds more (sale), less (refund), or keeps (fee)
    voucher    of the price, what a voucher paid; less what vouchers were sold for
    collected  what is somebody else's
    kept       of that in a refund, what the platform keeps nevertheless: a fee of ours
    taxes      the tax in it, by tax code
    order_id   the platform's, where one order alone moved it
    adjusts    of what changes a closed period, which one and whose: 2026-09/tt/or_99;
               all that one order changes for a show is one entry
    """

    kind: str
    account: str
    day: date
    show_id: int
    currency: str
    amount: int
    voucher: int = 0
    collected: int = 0
    kept: int = 0
    taxes: Mapping[str, int] = field(default_factory=dict)
    adjusts: str = ""
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One balanced entry: amounts are minor units of its currency, debits positive. Those
    of one show (our id) say which, and of what `kind` they are.
    """

    id: str
    day: date
    text: str
    currency: str
    postings: Mapping[str, int]
    kind: str = ""
    show_id: int | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """
    What a ledger account comes to at the end of a day, in minor units.
    """

    ledger_account: str
    currency: str
    day: date
    amount: int


def project(
    movements: Iterable[Movement],
    shows: Mapping[int, ShowDay],
    chart_: Chart,
    until: date,
) -> list[Entry]:
    """
    The entries up to a day, that day included, in their order.
    """
    groups: dict[tuple[object, ...], dict[str, int]] = defaultdict(
        lambda: defaultdict(int)
    )
    unearned: dict[tuple[int, str], int] = defaultdict(int)
    for item, postings in _posted(movements, shows, chart_, until):
        show = shows[item.show_id]
        place = _MOVED.index(ADJUST if item.adjusts else item.kind)
        key = (item.day, place, item.account, show, item.currency, item.adjusts)
        for name, amount in postings.items():
            groups[key][name] += amount
        unearned[item.show_id, item.currency] += postings.get(chart.UNEARNED, 0)
    entries = [_entry(key, postings) for key, postings in groups.items()]
    entries += [
        _earned(shows[show_id], currency, amount)
        for (show_id, currency), amount in unearned.items()
        if amount and not shows[show_id].is_cancelled and shows[show_id].day <= until
    ]
    return sorted(entries, key=lambda entry: (entry.day, entry.kind == EARN, entry.id))


def unearned_amounts(
    movements: Iterable[Movement],
    shows: Mapping[int, ShowDay],
    chart_: Chart,
    until: date,
) -> Iterator[tuple[Movement, int]]:
    """
    What each movement up to a day adds to the unearned money of its show, in minor
    units.
    """
    for item, postings in _posted(movements, shows, chart_, until):
        if amount := -postings.get(chart.UNEARNED, 0):
            yield item, amount


def _posted(
    movements: Iterable[Movement],
    shows: Mapping[int, ShowDay],
    chart_: Chart,
    until: date,
) -> Iterator[tuple[Movement, dict[str, int]]]:
    """
    The movements up to a day, each with its postings.
    """
    for item in movements:
        if item.day <= until:
            show = shows[item.show_id]
            waits = show.is_cancelled or item.day <= show.day
            own = chart.UNEARNED if waits else chart.INCOME
            yield item, _postings(item, chart_, own)


def _postings(item: Movement, chart_: Chart, counterpart: str) -> dict[str, int]:
    if item.kind == FEE:
        taxes = {chart_.tax_paid(c): t for c, t in item.taxes.items()}
        borne = item.amount - item.collected - sum(taxes.values())
        return {
            chart_.fees(item.account): borne,
            chart_.collected(item.account): item.collected,
            chart_.clearing(item.account): -item.amount,
            **taxes,
        }
    taxes = {chart_.tax(code): -tax for code, tax in item.taxes.items()}
    own = item.amount + item.voucher - item.collected - sum(item.taxes.values())
    return {
        chart_.clearing(item.account): item.amount,
        chart.VOUCHERS: item.voucher,
        chart_.collected(item.account): -item.collected - item.kept,
        chart_.fees(item.account): item.kept,
        **taxes,
        counterpart: -own,
    }


def _entry(key: tuple[object, ...], postings: Mapping[str, int]) -> Entry:
    day, kind, account, show, currency, adjusts = key
    assert isinstance(day, date)
    assert isinstance(kind, int)
    assert isinstance(show, ShowDay)
    word = _MOVED[kind]
    id_ = f"{word}/{adjusts or f'{account}/{day}'}/{show.show_id}/{currency}"
    kept = {name: amount for name, amount in sorted(postings.items()) if amount}
    return Entry(id_, day, show.title, str(currency), kept, word, show.show_id)


def _earned(show: ShowDay, currency: str, amount: int) -> Entry:
    postings = {chart.UNEARNED: -amount, chart.INCOME: amount}
    id_ = f"{EARN}/{show.show_id}/{currency}"
    return Entry(id_, show.day, show.title, currency, postings, EARN, show.show_id)


def from_day(entries: Sequence[Entry], first: date | None) -> list[Entry]:
    """
    The entries from a day on, without those that say nothing.
    """
    return [e for e in entries if e.postings and (first is None or e.day >= first)]


def opening(entries: Sequence[Entry], first: date | None) -> list[Entry]:
    """
    What came before a day: an entry for each currency with the balances of what the
    venue has and owes.
    """
    if first is None:
        return []
    before = [entry for entry in entries if entry.day < first]
    found = []
    for currency in sorted({entry.currency for entry in before}):
        postings = _sums(e for e in before if e.currency == currency)
        kept = {
            n: a for n, a in sorted(postings.items()) if chart.is_of_balance(n) and a
        }
        if kept:
            kept[chart.OPENING] = -sum(kept.values())
            id_ = f"open/{first}/{currency}"
            found.append(Entry(id_, first, "Opening balances", currency, kept))
    return found


def summed(entries: Iterable[Entry], per: str, until: date) -> list[Entry]:
    """
    One entry for each day or month (one of `PER`) and currency; that of a month is
    on its last day, `until` at the latest. By `show` as they are.
    """
    if per == SHOW:
        return [*entries]
    groups: dict[tuple[date, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        day = entry.day if per == DAY else min(_end_of_month(entry.day), until)
        groups[day, entry.currency].append(entry)
    found = []
    for (day, currency), group in sorted(groups.items()):
        postings = {name: sum_ for name, sum_ in sorted(_sums(group).items()) if sum_}
        time = f"{day}" if per == DAY else f"{day:%Y-%m}"
        text = f"Ticket sales {time}"
        if postings:
            id_ = f"{per}/{time}/{currency}"
            found.append(Entry(id_, day, text, currency, postings))
    return found


def balances(entries: Sequence[Entry], until: date) -> list[Balance]:
    """
    The balances of what the venue has and owes, at the end of each month and of the
    last day.
    """
    if not entries:
        return []
    days = sorted({_end_of_month(entry.day) for entry in entries})
    found = []
    for day in [*(d for d in days if d < until), until]:
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for entry in entries:
            if entry.day <= day:
                for name, amount in entry.postings.items():
                    if chart.is_of_balance(name):
                        sums[name, entry.currency] += amount
        found += [Balance(*key, day, amount) for key, amount in sorted(sums.items())]
    return found


def _sums(entries: Iterable[Entry]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for entry in entries:
        for name, amount in entry.postings.items():
            found[name] += amount
    return found


def _end_of_month(day: date) -> date:
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return following - timedelta(days=1)
