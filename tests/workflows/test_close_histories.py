"""
Closed periods over a random history: of every origin, what was closed and the open
adjustments together are what today's orders say, and all of them together are the
figures of the shows, which other code sums up.
"""

from datetime import date, timedelta

import pytest
from support.period_sums import sum_by_key
from support.random_history import SETTINGS, History
from support.saved_orders import ZONE, instant, prepare

from ticketsync.core import clock
from ticketsync.core.periods import Period
from ticketsync.financials import adjusting, closed_periods, period_order, verifying
from ticketsync.reporting import figures_of_shows
from ticketsync.workflows.month_end import (
    close,
    ledger_export,
    period_ledger,
    period_lines,
)
from ticketsync.workflows.month_end.period_lines import Span

FIRST_SALES = date(2026, 9, 30)  # in Sydney
END = date(2027, 12, 31)


def balances_on(day, books):
    return {
        (it.ledger_account, it.currency): it.amount
        for it in books.balances
        if it.day == day and it.amount
    }


class Books:
    """
    A history whose days are closed now and then, as soon as they are over.
    """

    def __init__(self, database, frozen, seed, basis):
        self.database = database
        self.basis = basis
        self.play = History(prepare(database), frozen, seed)
        if basis == "show":  # both shows are in November
            self.play.now = instant("2026-12-01T00:00")
        self.causes = set()

    def step(self):
        self.play.step()
        if self.play.chance.random() < 0.2:
            self.close_days()

    def closed(self, connection):
        return period_order.closed_now(closed_periods.list_events(connection))

    def close_days(self):
        """
        From the first sale, or the day after the newest closed one, to some day that
        is over; or reopen the newest one.
        """
        with self.database.read() as connection:
            closed = self.closed(connection)
        if closed and self.play.chance.random() < 0.2:
            close.reopen(self.database, closed[-1].name, "a test")
            return
        first = period_order.next_first(closed) or FIRST_SALES
        yesterday = clock.local(self.play.now, ZONE).date() - timedelta(days=1)
        days = (yesterday - first).days
        if days >= 0:
            last = first + timedelta(days=self.play.chance.randint(0, days))
            name = f"{first}..{last}"
            done = close.close(self.database, SETTINGS, name, basis=self.basis)
            self.causes |= {line.cause for line in done.draft.adjustments}
            if self.basis == "sale":
                self.check_ledger(done.event)

    def check_ledger(self, event):
        """
        What is closed comes to what the orders say of all days up to its last.
        """
        with self.database.read() as connection:
            closed = period_ledger.read_books(connection, event)
            today = ledger_export.read_books(
                connection, SETTINGS, Period(last=event.last)
            )
        assert all(sum(entry.postings.values()) == 0 for entry in closed.entries)
        assert balances_on(event.last, closed) == balances_on(event.last, today)

    def check(self):
        with self.database.read() as connection:
            closed = self.closed(connection)
            adjusted = close.open_adjustments(connection, SETTINGS)
            held = list(closed_periods.read_lines(connection, [e.id for e in closed]))
            spans = [Span(origin_id=e.id, first=e.first, last=e.last) for e in closed]
            rest = period_order.next_first(closed) or FIRST_SALES
            spans.append(Span(origin_id=0, first=rest, last=END))
            today = period_lines.read_lines(
                connection, SETTINGS, spans, zone=ZONE, basis=self.basis
            )
            figures = figures_of_shows.figures(connection)
        assert {line.cause for line in adjusted} <= {*adjusting.CAUSES}
        now = period_lines.group_by_origin(today)
        then = period_lines.group_by_origin([*held, *adjusted])
        for event in closed:
            sums = sum_by_key(then.get(event.id, []))
            assert sums == sum_by_key(now.get(event.id, []))
        self.check_figures([*held, *adjusted, *now.get(0, [])], figures)

    @staticmethod
    def check_figures(lines, figures):
        found = {}
        for line in lines:
            sums = found.setdefault(line.show_id, [0, 0, 0, 0, 0])
            amounts = (line.charged, line.refunded, line.face, line.fees)
            for place, amount in enumerate((*amounts, line.fees_unknown)):
                sums[place] += amount
        for row in figures:
            gross, refunded, face, fees, unknown = found.pop(row.show_id, [0] * 5)
            assert (gross, refunded) == (row.gross.minor, row.refunded.minor)
            assert face == row.face.minor
            assert unknown == 0
            assert row.fees is not None
            assert fees == row.fees.minor
        assert all(not any(sums) for sums in found.values())


def play(database, frozen, seed, basis, steps):
    books = Books(database, frozen, seed, basis)
    for _ in range(steps):
        books.step()
        books.check()
    with database.read() as connection:
        found = verifying.verify(connection)
    assert found.flaws == ()
    assert found.periods >= 3
    return books


@pytest.mark.parametrize("basis", ["sale", "show"])
@pytest.mark.thorough
def test_what_was_closed_and_what_changed_since_is_what_there_is(
    database, frozen, basis
):
    """
    Half as long on PostgreSQL, where it takes twice the time; as long in the drills.
    """
    steps = 60 if database.dialect == "sqlite" else 30
    books = play(database, frozen, 5, basis, steps)
    assert len(books.causes) >= 3


@pytest.mark.drill
@pytest.mark.parametrize("basis", ["sale", "show"])
def test_drill_60_steps_on_both_databases(database, frozen, basis):
    play(database, frozen, 5, basis, 60)


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(12))
def test_drill_500_steps_of_many_histories(sqlite, frozen, seed):
    play(sqlite, frozen, 100 + seed, ("sale", "show")[seed % 2], 500)
