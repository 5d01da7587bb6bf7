"""
Closing a period, reopening the newest one, and what has changed of closed ones since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

import ticketsync
from ticketsync.accounts import health, state
from ticketsync.core import actor, clock, errors
from ticketsync.core.periods import Period
from ticketsync.core.settings.config import Settings
from ticketsync.core.without_collector import without_collector
from ticketsync.financials import (
    adjusting,
    closed_periods,
    frozen_lines,
    period_order,
    taxing,
)
from ticketsync.financials.adjusting import CauseContext, OrderFacts, OrderKey
from ticketsync.financials.closed_periods import Closing
from ticketsync.financials.frozen_lines import FrozenLine
from ticketsync.financials.period_order import PeriodEvent
from ticketsync.reporting import order_money, outstanding_replays, waiting_records
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.engine import Database
from ticketsync.workflows import money_view, one_at_a_time
from ticketsync.workflows.month_end import period_lines
from ticketsync.workflows.month_end.period_lines import Span

LEASE = "periods"
SOLD_ON = "sale"  # the basis of the first period where none is named


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckItem:
    """
    One line of the checklist: what it is about, how many there are, and what to do.
    """

    name: str
    count: int
    to_do: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """
    What closing a period would write.
    """

    period: Period
    name: str
    zone: str
    basis: str
    lines: list[FrozenLine]
    adjustments: list[FrozenLine]
    checklist: list[CheckItem]

    @property
    def open_items(self) -> list[CheckItem]:
        return [item for item in self.checklist if item.count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """
    A closed period, and the draft that it was made of.
    """

    event: PeriodEvent
    draft: Draft


def parse_name(connection: Connection, text: str) -> Period:
    """
    The period that a person means by its name.

    Raises: `UsageError`.
    """
    if not text:
        raise errors.UsageError(
            "Which period?", hint="Name a month, for example 2026-10."
        )
    period = money_view.parse_period(connection, text)
    return Period(period.first, period.last)


def review(
    database: Database, settings: Settings, text: str, *, basis: str = ""
) -> Draft:
    """
    What closing a period would write, without writing it.

    Raises: as `close`.
    """
    with database.read() as connection:
        return _draft(connection, settings, text, basis)


def close(
    database: Database,
    settings: Settings,
    text: str,
    *,
    basis: str = "",
    strict: bool = False,
) -> Closed:
    """
    Close a period: in one transaction, in which nobody else writes.

    Raises: `GuardRefused` for a period that is not the next one or not over,
    `PersonNeeded` (`checklist-open`) where something is open under `strict`, `Busy`
    while another one is being closed.
    """
    with (
        one_at_a_time.refuse_others(database, LEASE, "Another period is being closed."),
        without_collector(),
        database.write(alone=True) as connection,
    ):
        draft = _draft(connection, settings, text, basis)
        if strict:
            refuse_open(draft)
        lines = [*draft.lines, *draft.adjustments]
        event = closed_periods.close(
            connection,
            Closing(
                name=draft.name,
                version=period_order.next_version(
                    closed_periods.list_events(connection), draft.name
                ),
                first=_day(draft.period.first),
                last=_day(draft.period.last),
                zone=draft.zone,
                basis=draft.basis,
                closed_at=clock.now(),
                closed_by=actor.current(),
                program=ticketsync.__version__,
                rules=period_lines.rules_text(
                    connection, settings, lines, _day(draft.period.last)
                ),
                checklist=json.dumps(
                    {item.name: item.count for item in draft.checklist}
                ),
            ),
            lines,
        )
    return Closed(event=event, draft=draft)


def refuse_open(draft: Draft) -> None:
    """
    Raises: `PersonNeeded` (`checklist-open`) where something is open.
    """
    if not draft.open_items:
        return
    first = draft.open_items[0]
    raise errors.PersonNeeded(
        f"{draft.name} was not closed: {first.name} {first.count}.",
        hint=f"{first.to_do} Or close it without --strict.",
        word="checklist-open",
    )


def reopen(database: Database, name: str, reason: str) -> PeriodEvent:
    """
    Reopen the newest closed period, for a reason that is kept.

    Raises: `UsageError` without a reason, `NotFound`, `GuardRefused` (`period-order`)
    for another one than the newest, `Busy`.
    """
    if not reason.strip():
        raise errors.UsageError(
            "A period is reopened for a reason.", hint="Add --reason TEXT."
        )
    with (
        one_at_a_time.refuse_others(database, LEASE, "Another period is being closed."),
        database.write(alone=True) as connection,
    ):
        events = closed_periods.list_events(connection)
        period = parse_name(connection, name)
        event = period_order.check_reopen(events, period_order.name_of(period))
        return closed_periods.reopen(connection, event, reason.strip(), actor.current())


def open_adjustments(connection: Connection, settings: Settings) -> list[FrozenLine]:
    """
    What has changed of closed periods and is in no period yet.
    """
    closed = period_order.closed_now(closed_periods.list_events(connection))
    if not closed:
        return []
    spans = [_span(event) for event in closed]
    newest = closed[-1]
    lines = period_lines.read_lines(
        connection, settings, spans, zone=newest.zone, basis=newest.basis
    )
    return _adjustments(connection, closed, lines)


def _draft(connection: Connection, settings: Settings, text: str, basis: str) -> Draft:
    closed = period_order.closed_now(closed_periods.list_events(connection))
    period = parse_name(connection, text)
    name = period_order.name_of(period)
    newest = closed[-1] if closed else None
    zone = get_business_zone(connection) if newest is None else newest.zone
    basis = basis or (SOLD_ON if newest is None else newest.basis)
    today = clock.day_of(clock.now(), zone)
    period_order.check_next(period, closed, today, basis)
    own = Span(
        origin_id=closed_periods.next_id(connection),
        first=_day(period.first),
        last=_day(period.last),
    )
    spans = [*map(_span, closed), own]
    lines = period_lines.read_lines(connection, settings, spans, zone=zone, basis=basis)
    own_lines = [line for line in lines if line.origin_id == own.origin_id]
    others = [line for line in lines if line.origin_id != own.origin_id]
    return Draft(
        period=period,
        name=name,
        zone=zone,
        basis=basis,
        lines=own_lines,
        adjustments=_adjustments(connection, closed, others),
        checklist=_checklist(connection, settings, period, zone, own_lines),
    )


def _span(event: PeriodEvent) -> Span:
    return Span(origin_id=event.id, first=event.first, last=event.last)


def _day(day: date | None) -> date:
    assert day is not None
    return day


def _adjustments(
    connection: Connection, closed: Sequence[PeriodEvent], present: list[FrozenLine]
) -> list[FrozenLine]:
    """
    What differs of closed periods, all of whose lines are read as they are known now.
    """
    if not closed:
        return []
    held = period_lines.group_by_origin(
        closed_periods.read_lines(connection, [event.id for event in closed])
    )
    now = period_lines.group_by_origin(present)
    pairs = [(held.get(e.id, []), now.get(e.id, [])) for e in closed]
    since = CauseContext(
        closed_at=closed[-1].closed_at,
        facts=_facts(connection, pairs),
        now=clock.now(),
    )
    return [
        line
        for of_closed, of_now in pairs
        for line in adjusting.adjust(of_closed, of_now, since)
    ]


def _facts(
    connection: Connection,
    pairs: Iterable[tuple[list[FrozenLine], list[FrozenLine]]],
) -> Mapping[OrderKey, OrderFacts]:
    keys: set[OrderKey] = set()
    for of_closed, of_now in pairs:
        keys |= adjusting.differing_orders(of_closed, of_now)
    found = order_money.list_stored_orders(connection, keys)
    return {
        key: OrderFacts(it.first_known, it.known_at, it.content.hex())
        for key, it in found.items()
    }


def _checklist(
    connection: Connection,
    settings: Settings,
    period: Period,
    zone: str,
    lines: Sequence[FrozenLine],
) -> list[CheckItem]:
    end = clock.start_of(_day(period.end), zone)
    left_out = order_money.list_left_out(connection, zone, period)
    return [
        CheckItem(
            name="accounts not read since its end",
            count=_unread(connection, settings, end),
            to_do="Run `ticketsync sync`.",
        ),
        CheckItem(
            name="records set aside",
            count=len(waiting_records.list_quarantined(connection)),
            to_do="See `ticketsync waiting list`.",
        ),
        CheckItem(
            name="orders that do not add up",
            count=len(waiting_records.list_discrepancies(connection)),
            to_do="See `ticketsync waiting list`.",
        ),
        CheckItem(
            name="orders that count for no show",
            count=sum(item.orders for item in left_out),
            to_do="See `ticketsync events list --unlinked`, and what is switched off.",
        ),
        CheckItem(
            name="orders with unknown fees",
            count=sum(line.fees_unknown for line in lines),
            to_do="Add your own rate under `accounts.NAME.fees` in the settings.",
        ),
        *_tax_item(settings, lines),
        CheckItem(
            name="accounts that wait for a replay",
            count=len(outstanding_replays.list_outstanding(connection)),
            to_do="Run `ticketsync sync replay`.",
        ),
    ]


def _tax_item(settings: Settings, lines: Sequence[FrozenLine]) -> Iterator[CheckItem]:
    """
    Whether rules for tax leave orders out; a venue without any has nothing to check.
    """
    if settings.tax.default or settings.tax.accounts:
        yield CheckItem(
            name="orders without a tax rule",
            count=sum(map(_is_tax_open, lines)),
            to_do="Add the rule under `tax` in the settings; see docs/tax.md.",
        )


def _is_tax_open(line: FrozenLine) -> bool:
    """
    Whether the rules do not say how an order is taxed; unknown fees are another item.
    """
    return any(
        bucket[2] == taxing.OPEN and bucket[3] != taxing.UNKNOWN_FEES
        for bucket in frozen_lines.taxes_of(line.tax_lines)
    )


def _unread(connection: Connection, settings: Settings, end: datetime) -> int:
    """
    How many accounts in use were not read completely since the period ended.
    """
    used = {a.id for a in state.list_accounts(connection) if not a.is_retired}
    return sum(
        facts.account_id in used
        and facts.needs_reading
        and (facts.last_read_at is None or facts.last_read_at < end)
        for facts in health.read_facts(connection, settings, clock.now())
    )
