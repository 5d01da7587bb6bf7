"""
Whether two reports that use one number mean one order: decided by what they sold. Pure.

Sure are: something sold for the same event, start, type and line, at the same price or
bought at the same time. What only a number of tickets sets apart is likely the same,
and so is what only the name of the event or type does, unless other orders of the
report say that its numbers begin again (`Comparisons`).
What nothing decides is another order here: it is set aside, never booked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from ticketsync.core import clock
from ticketsync.core.redact import safe
from ticketsync.providers.file_import.orders.events_from_rows import occurrence_of

Cells = Mapping[str, str]
_CENT = Decimal("0.01")
Degree = Literal["same", "likely", "renamed", "other"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    `why` says in words what sets the two apart; `is_sure` whether what is the same was
    bought at the same time of a day. `nights` are the local starts, the older first,
    where nothing else is apart.
    """

    degree: Degree
    why: str = ""
    is_sure: bool = False
    nights: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sold:
    """
    What one row sold; `price` is for one ticket.
    """

    event_id: str
    event: str
    occurrence_id: str
    starts_at: str
    starts_local: datetime
    type: str
    line: str
    quantity: str
    price: Decimal | None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.occurrence_id, self.type, self.line

    @property
    def beside_start(self) -> tuple[object, ...]:
        return self.event_id, self.type, self.line, self.quantity, self.price

    @property
    def beside_event(self) -> tuple[object, ...]:
        return self.starts_at, self.type, self.line, self.quantity, self.price

    @property
    def beside_type(self) -> tuple[object, ...]:
        return self.occurrence_id, self.line, self.quantity, self.price

    def costs(self, price: Decimal | None) -> bool:
        """
        Whether a ticket has this price. One that a division made, as 100.00 for three,
        is known to a cent.
        """
        if price is None or self.price is None or price == self.price:
            return price == self.price
        is_divided = any(round(it, 2) != it for it in (price, self.price))
        return is_divided and abs(price - self.price) <= _CENT


def compare(
    old: Sequence[Cells],
    new: Sequence[Cells],
    rules: Mapping[str, Any],
    *,
    events_before: Collection[str] | None = None,
) -> Verdict:
    """
    What the rows of sales in two reports say of each other. With `events_before`, the
    platform's ids of events that have orders, an event that is none of them may be one
    of them under a new name.
    """
    sold_before, sold_now = _sold(old, rules), _sold(new, rules)
    if not sold_before or not sold_now:
        return Verdict("same")
    times_before, times_now = _placed(old), _placed(new)
    if times_before and times_now and not times_before & times_now:
        why = f"bought at {min(times_now)}, not {min(times_before)}"
        return Verdict("other", why)
    before = {row.key for row in sold_before}
    shared = [row for row in sold_now if row.key in before]
    # Beside one another two reports may each have a part of one order.
    is_alone = events_before is not None
    is_exact = any(_has_seconds(time) for time in times_before & times_now)
    if is_exact and (shared or is_alone):
        return Verdict("same", is_sure=True)
    if shared:
        is_at_once = any(map(has_time_of_day, times_before & times_now))
        return _of_shared(sold_before, shared, is_at_once=is_at_once)
    shown = _shown(sold_before[0], sold_now[0])
    why = f"for {shown[1]}, not {shown[0]}"
    if _is_renamed(sold_before, sold_now, events_before):
        return Verdict("renamed", why)
    return Verdict("other", why, nights=_nights(sold_before, sold_now))


def _nights(before: Sequence[_Sold], now: Sequence[_Sold]) -> tuple[str, ...]:
    """
    When an order was for, and when it is now, where only that has changed.
    """
    starts = [{row.starts_local for row in rows} for rows in (before, now)]
    kept = [Counter(row.beside_start for row in rows) for rows in (before, now)]
    if kept[0] != kept[1] or any(len(of_one) > 1 for of_one in starts):
        return ()
    return _shown_starts(before[0], now[0]) if starts[0] != starts[1] else ()


def _of_shared(
    before: Sequence[_Sold], shared: Sequence[_Sold], *, is_at_once: bool
) -> Verdict:
    if is_at_once:
        return Verdict("same", is_sure=True)
    prices: dict[tuple[str, str, str], set[Decimal | None]] = {}
    amounts: dict[tuple[str, str, str], set[str]] = {}
    for row in before:
        prices.setdefault(row.key, set()).add(row.price)
        amounts.setdefault(row.key, set()).add(row.quantity)
    alike = [row for row in shared if any(map(row.costs, prices[row.key]))]
    if any(row.quantity in amounts[row.key] for row in alike):
        return Verdict("same", "equal where something was sold, and not in a time")
    if alike:
        return Verdict("likely", f"another number of tickets of {alike[0].type!r}")
    first = shared[0]
    known = next(_shown_price(row) for row in before if row.key == first.key)
    return Verdict("other", f"{_shown_price(first)} for a ticket, not {known}")


def _is_renamed(
    before: Sequence[_Sold],
    now: Sequence[_Sold],
    events_before: Collection[str] | None,
) -> bool:
    """
    Whether only the name of a type has changed, or that of an event.
    """
    if events_before is None:
        return False
    if Counter(r.beside_type for r in before) == Counter(r.beside_type for r in now):
        return True
    if any(row.event_id in events_before for row in now):
        return False
    return Counter(r.beside_event for r in before) == Counter(
        r.beside_event for r in now
    )


def is_renamed(
    before: Sequence[Cells], now: Sequence[Cells], rules: Mapping[str, Any]
) -> bool:
    """
    Whether what these rows sold differs in the name of the event or the type alone.
    """
    return _is_renamed(_sold(before, rules), _sold(now, rules), ())


def has_each(
    before: Sequence[Cells], now: Sequence[Cells], rules: Mapping[str, Any]
) -> bool:
    """
    Whether each row that sold something has one for the same event, start, type and
    line, however changed.
    """
    return Counter(row.key for row in _sold(before, rules)) <= Counter(
        row.key for row in _sold(now, rules)
    )


def _sold(lines: Sequence[Cells], rules: Mapping[str, Any]) -> list[_Sold]:
    kinds: Mapping[str, str] = rules["kind"]
    found = []
    for line in lines:
        occurrence = occurrence_of(line, rules)
        kind = kinds.get(line.get("kind", "").lower())
        if occurrence is None or kind in ("fee", "tax"):
            continue
        found.append(
            _Sold(
                str(occurrence["event_id"]),
                str(occurrence["name"]),
                str(occurrence["id"]),
                str(occurrence["starts_at"]),
                _local(occurrence),
                line.get("type", ""),
                line.get("line", ""),
                line.get("quantity", "1"),
                _price(line),
            )
        )
    return found


def _price(line: Cells) -> Decimal | None:
    try:
        if "total" not in line:
            return Decimal(line["price"]).normalize() if "price" in line else None
        return (Decimal(line["total"]) / Decimal(line.get("quantity", "1"))).normalize()
    except (InvalidOperation, ZeroDivisionError):
        return None


def _placed(lines: Sequence[Cells]) -> set[str]:
    return {line["placed"] for line in lines if "placed" in line}


def is_timed(lines: Iterable[Cells]) -> bool:
    """
    Whether rows say at which time of a day they were bought.
    """
    return any(has_time_of_day(line.get("placed", "")) for line in lines)


def has_time_of_day(time: str) -> bool:
    """
    Whether a time says more than the day: many orders are bought on one.
    """
    return len(time) > len("2026-12-05") and not time.endswith(" 00:00")


def _has_seconds(time: str) -> bool:
    """
    Whether a time is exact enough that no two orders of one number share it.
    """
    try:
        return datetime.fromisoformat(time).second > 0
    except ValueError:
        return False


def _shown_price(row: _Sold) -> str:
    return "no price" if row.price is None else f"{row.price:.2f}"


def _local(occurrence: Mapping[str, Any]) -> datetime:
    instant = clock.from_iso(str(occurrence["starts_at"]))
    return clock.local(instant, str(occurrence["timezone"]))


def _shown(*rows: _Sold) -> list[str]:
    """
    What rows are for, in the venue's time; with the ids where that says nothing.
    """
    starts = _shown_starts(*rows)
    found = [
        f"{row.event} {start}, {row.type}".rstrip(", ")
        for row, start in zip(rows, starts, strict=True)
    ]
    if len(set(found)) < len(found):
        found = [f"{row.occurrence_id}, {row.type}".rstrip(", ") for row in rows]
    return [safe(text, longest=80) for text in found]


def _shown_starts(*rows: _Sold) -> tuple[str, ...]:
    """
    `Sat 12 Dec 20:00`; with the year where they are of several.
    """
    is_one_year = len({row.starts_local.year for row in rows}) == 1
    month = "%b" if is_one_year else "%b %Y"
    starts = [row.starts_local for row in rows]
    return tuple(f"{it:%a} {it.day} {it:{month} %H:%M}" for it in starts)


@dataclass(slots=True)
class Comparisons:
    """
    The verdicts on the orders of a report beside those of one that it may replace.
    """

    found: dict[tuple[str, str], dict[str, Verdict]] = field(default_factory=dict)

    def add(self, old: str, new: str, id_: str, verdict: Verdict) -> None:
        self.found.setdefault((old, new), {})[id_] = verdict

    def begin_again(self, old: str, new: str) -> bool:
        """
        Whether the numbers of a report begin again: one of its orders is another one,
        or more of them changed than stayed as they were.
        """
        degrees = Counter(v.degree for v in self.found.get((old, new), {}).values())
        likely = degrees["likely"]
        unchanged = degrees["same"] + degrees["renamed"]
        return degrees["other"] > 0 or (likely > 1 and likely > unchanged)

    def doubtful(self) -> dict[str, tuple[str, str, Verdict]]:
        """
        Orders that are likely the same, or the same under another name, where numbers
        begin again: the two reports. Where most of the orders are others, an equal one
        may be so by chance: one that says no time.
        """
        found: dict[str, tuple[str, str, Verdict]] = {}
        for (old, new), verdicts in self.found.items():
            if not self.begin_again(old, new):
                continue
            degrees = Counter(verdict.degree for verdict in verdicts.values())
            are_most_others = degrees["other"] > degrees["same"]
            for id_, verdict in verdicts.items():
                is_chance = are_most_others and verdict.degree == "same"
                is_doubtful = verdict.degree in ("likely", "renamed")
                if is_doubtful or (is_chance and not verdict.is_sure):
                    found[id_] = old, new, verdict
        return found
