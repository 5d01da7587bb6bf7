"""
What a switch takes out of the figures it takes out of everything that explains them,
and nobody off the door list; what our own doors see is in the figures at once.
"""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from support import hand_links
from support.dates import NOW
from support.waiting_locks import is_anyone_blocked

from ticketsync.catalogue import occurrences, shows
from ticketsync.core.settings.config import Settings
from ticketsync.door import attendees
from ticketsync.financials import explain, recompute
from ticketsync.reporting import figures_of_shows, refund_parts, sales, sales_over_time
from ticketsync.sandbox import world
from ticketsync.store import engine
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.door import checkin, merge_scans
from ticketsync.workflows.door.scan_files import Captured
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

ROUNDS, MANY_ROUNDS = 8, 50  # in the suite, in the drill


@pytest.fixture
def purchase(sandbox):
    """
    A paid order of three seats or more for a show ahead, all of whose seats admit.
    """
    return next(
        p
        for p in sandbox.world.purchases
        if p.state == "completed"
        and p.performance.starts_at.timestamp() > NOW.timestamp()
        and len(p.seats) >= 3
        and not any(s.is_void or s.is_refunded for s in p.seats)
    )


@pytest.fixture
def show(read_once, purchase):
    with read_once.read() as connection:
        (found,) = [
            show
            for show in shows.list_shows(connection)
            if show.starts_at == purchase.performance.starts_at
        ]
    return found


@pytest.fixture
def seats_sold(sandbox, purchase):
    """
    What the platform itself says of that night.
    """
    return sum(
        not seat.is_void
        for p in sandbox.world.purchases
        if p.performance is purchase.performance and p.state == "completed"
        for seat in p.seats
    ) + sum(
        not seat.is_void
        for performance, seat in sandbox.world.tickets_without_order
        if performance is purchase.performance
    )


def switch(database, show, **switches):
    with database.read() as connection:
        (occurrence,) = [
            o for o in occurrences.list_occurrences(connection) if o.show_id == show.id
        ]
    usual = {"enabled": None, "ticket_sales": None, "types": {}}
    hand_links.configure(database, Settings(), occurrence, **usual | switches)


def explained(database, show):
    with database.read() as connection:
        return sum(
            part.is_sold for part in explain.list_contributions(connection, show.id)
        )


def expected_at_the_door(database, show):
    with database.read() as connection:
        return attendees.count_guests(connection, show.id).expected


def in_everywhere(database, show):
    """
    How many are in, by everybody who says it.
    """
    with database.read() as connection:
        figures = figures_of_shows.figures(connection, show.id)
        (total,) = figures_of_shows.totals(connection, show.id)

        def ask(query):
            return int(connection.execute(text(query)).scalar())

        return {
            "figures": sum(item.checked_in for item in figures),
            "exports": sum(item.as_json()["checked_in"] for item in figures),
            "show_totals": total.checked_in,
            "session_complete": ask(
                f"SELECT checked_in FROM session_complete WHERE show_id = {show.id}"
            ),
            "attendee_checkin_status": ask(
                "SELECT SUM(is_checked_in) FROM attendee_checkin_status "
                f"WHERE show_id = {show.id}"
            ),
            "explain": sum(
                part.is_sold and part.is_checked_in
                for part in explain.list_contributions(connection, show.id)
            ),
            "door": attendees.count_guests(connection, show.id).admitted,
        }


# Switches


@pytest.mark.parametrize("how", ["no-sales", "excluded"])
def test_money_that_is_left_out_leaves_the_explanation_but_no_guest_leaves_the_list(
    read_once, show, seats_sold, purchase, how
):
    at = checkin.find_scan_point(read_once, show.id, "Door A")
    code, later = (f"it_{seat.id}" for seat in purchase.seats[:2])
    assert explained(read_once, show) == seats_sold
    assert expected_at_the_door(read_once, show) == seats_sold
    assert checkin.admit(read_once, at, code).outcome == "admitted"

    if how == "no-sales":
        switch(read_once, show, ticket_sales=False)
    else:
        recompute_figures.exclude(
            read_once, Settings(), show.id, True, "a private hire"
        )

    assert explained(read_once, show) == 0
    with read_once.read() as connection:
        assert figures_of_shows.figures(connection, show.id) == []
        assert list(sales.list_sales(connection, show_id=show.id)) == []
        assert show.id not in {sale.show_id for sale in sales.list_sales(connection)}
    assert expected_at_the_door(read_once, show) == seats_sold
    again = checkin.admit(read_once, at, code)
    assert again.outcome == "already-in"
    assert "since" in again.message
    assert checkin.admit(read_once, at, later).outcome == "admitted"


def test_a_link_that_is_off_takes_both_away(read_once, show, purchase):
    switch(read_once, show, enabled=False)

    at = checkin.find_scan_point(read_once, show.id)
    assert explained(read_once, show) == 0
    assert expected_at_the_door(read_once, show) == 0
    code = f"it_{purchase.seats[0].id}"
    assert checkin.admit(read_once, at, code).outcome == "unknown"


def test_the_overview_leaves_out_what_the_figures_leave_out(read_once, sandbox):
    """
    The busiest night of the last thirty days: excluded, its tickets leave the chart.
    """
    month = (NOW - timedelta(days=29)).timestamp()
    recent = [
        p
        for p in sandbox.world.purchases
        if p.placed_at >= month and p.state == "completed"
    ]
    night = max(
        (p.performance for p in recent),
        key=lambda n: sum(p.performance is n for p in recent),
    )

    def seats(purchases):
        return sum(not s.is_void for p in purchases for s in p.seats)

    with read_once.read() as connection:
        (show,) = [
            s for s in shows.list_shows(connection) if s.starts_at == night.starts_at
        ]
        before = (
            sales_over_time.read_recent_activity(
                connection, "day", "Australia/Sydney", NOW
            )
            .recent.last(30)
            .tickets
        )
    recompute_figures.exclude(read_once, Settings(), show.id, True, "")
    with read_once.read() as connection:
        after = (
            sales_over_time.read_recent_activity(
                connection, "day", "Australia/Sydney", NOW
            )
            .recent.last(30)
            .tickets
        )

    left_out = seats(p for p in recent if p.performance is night)
    assert left_out > 5
    # Orders of the 30th day's morning may lie before the venue's own midnight.
    assert before - after == left_out


def test_a_night_whose_sales_do_not_count_is_still_read_for_its_door(
    read_once, sandbox, show, purchase, seats_sold, settings
):
    switch(read_once, show, ticket_sales=False)
    sandbox.change(lambda w: world.cancel(w, purchase))

    sync.sync(read_once, settings, Request())

    at = checkin.find_scan_point(read_once, show.id)
    gone = len(purchase.seats)
    assert expected_at_the_door(read_once, show) == seats_sold - gone
    code = f"it_{purchase.seats[0].id}"
    assert checkin.admit(read_once, at, code).outcome == "not-valid"


# What our own doors see


def test_every_way_in_and_out_is_in_the_figures_at_once(
    read_once, sandbox, show, purchase, settings, tmp_path
):
    """
    Three seats: in at the door one after the other, out and in together, from an
    offline door's file; then the platform cancels the order.
    """
    one, two, three = (f"it_{seat.id}" for seat in purchase.seats[:3])
    at = checkin.find_scan_point(read_once, show.id, "Door A")
    before = in_everywhere(read_once, show)["figures"]

    def now_in(number):
        assert set(in_everywhere(read_once, show).values()) == {before + number}

    now_in(0)
    checkin.admit(read_once, at, one)
    now_in(1)
    checkin.admit(read_once, at, one)
    now_in(1)
    checkin.take_back(read_once, at, one)
    now_in(0)
    checkin.admit(read_once, at, f"or_{purchase.id}", group=True)
    now_in(len(purchase.seats))
    checkin.take_back(read_once, at, f"or_{purchase.id}", group=True)
    now_in(0)
    moment = NOW - timedelta(minutes=5)
    scans = [Captured(code, moment, "in", "B", "off", code) for code in (one, two)]
    merge_scans.merge(read_once, at, scans)
    # They were seen before they were let out, so nobody is in.
    now_in(0)
    file = tmp_path / "door.csv"
    file.write_text(f"at,code\n2026-09-01T00:00:01Z,{three}\n")
    merge_scans.merge_file(read_once, at, file)
    now_in(1)
    sandbox.change(lambda w: world.cancel(w, purchase))
    sync.sync(read_once, settings, Request(full=True))
    now_in(0)


def test_a_recompute_says_of_the_doors_what_the_scans_said(read_once, show, purchase):
    at = checkin.find_scan_point(read_once, show.id)
    checkin.admit(read_once, at, f"it_{purchase.seats[0].id}")
    before = in_everywhere(read_once, show)

    _, changed = recompute_figures.rebuild(read_once, Settings())

    assert changed == 0
    assert in_everywhere(read_once, show) == before


# Many doors at once, on the database that lets them


@pytest.fixture
def shared(templates, frozen):
    """
    A PostgreSQL with sales, one of its shows, and tickets of it that nobody has met.
    """
    database = engine.open_database(templates.copy("postgresql", "filled"))
    with database.read() as connection:
        guests = [
            g for g in attendees.list_tickets(connection) if g.admits and not g.is_in
        ]
    by_show = {g.show_id: [x for x in guests if x.show_id == g.show_id] for g in guests}
    number = max(by_show, key=lambda show: len(by_show[show]))
    yield database, number, [guest.ticket_id for guest in by_show[number]]
    database.close()


def until_done_or_blocked(database, job):
    while not job.done() and not is_anyone_blocked(database):
        pass


@contextmanager
def held_open(database):
    """
    The same database, whose transactions end with this block.
    """

    class Held:
        @contextmanager
        def write(self):
            yield connection

    with database.write() as connection:
        yield Held()


def two_doors(database, at, tickets, scan):
    """
    The second door scans while the first one's transaction is not over yet.
    """
    with ThreadPoolExecutor(1) as pool:
        with held_open(database) as first:
            scan(first, at, tickets[0])
            job = pool.submit(scan, database, at, tickets[1])
            until_done_or_blocked(database, job)
        job.result()


def a_door_and_a_recompute(database, at, tickets, scan):
    """
    A door scans while a run recomputes the show: it has counted already, and not
    written yet.
    """
    counted, go_on = threading.Event(), threading.Event()
    lines = recompute._fee_lines

    def slowly(*arguments):
        counted.set()
        go_on.wait()
        return lines(*arguments)

    def recompute_shows():
        with database.write() as connection:
            recompute_figures.recompute(connection, Settings(), {at.show.id})

    with ThreadPoolExecutor(2) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr(recompute, "_fee_lines", slowly)
        run = pool.submit(recompute_shows)
        counted.wait()
        door = pool.submit(scan, database, at, tickets[0])
        until_done_or_blocked(database, door)
        go_on.set()
        run.result()
        door.result()


def lost(database, show, tickets, race, rounds):
    """
    In how many rounds, in and out by turns, the figures do not say who is in.
    """
    at = checkin.find_scan_point(database, show, "Door A")
    found = 0
    for number in range(rounds):
        race(database, at, tickets, (checkin.admit, checkin.take_back)[number % 2])
        with database.read() as connection:
            figures = figures_of_shows.figures(connection, show)
            full = attendees.count_guests(connection, show)
        found += sum(item.checked_in for item in figures) != full.admitted
    return found


RACES = [two_doors, a_door_and_a_recompute]


OFTEN = [ROUNDS, pytest.param(MANY_ROUNDS, marks=pytest.mark.drill)]


@pytest.mark.parametrize("race", RACES)
@pytest.mark.parametrize("rounds", OFTEN)
def test_no_check_in_is_lost_from_the_figures(shared, race, rounds):
    assert lost(*shared, race, rounds) == 0


@pytest.mark.parametrize("race", RACES)
@pytest.mark.parametrize("rounds", OFTEN)
def test_control_without_the_lock_one_is_lost_each_time(
    shared, race, rounds, monkeypatch
):
    unlocked = SimpleNamespace(lock=lambda *arguments: None)
    monkeypatch.setattr(recompute, "row_locks", unlocked)

    assert lost(*shared, race, rounds) == rounds


# Orders over several shows


@given(data=st.data())
def test_refunds_of_an_order_over_several_shows_add_up_for_each(data):
    parts = data.draw(st.lists(st.integers(0, 9000), min_size=2, max_size=5))
    cuts = data.draw(st.lists(st.integers(0, sum(parts)), max_size=4))
    ends = sorted([0, *cuts, sum(parts)])
    amounts = [b - a for a, b in itertools.pairwise(ends)]

    shares = refund_parts.split_refunds(amounts, parts, parts, [None] * len(amounts))

    assert [sum(share) for share in shares] == amounts
    assert [sum(column) for column in zip(*shares, strict=True)] == parts


def test_two_refunds_of_an_order_over_two_shows():
    # 5 is 1.50 and 3.50 of 3 and 7; what is left, 1 and 4, is the second.
    assert refund_parts.split_refunds([5, 5], [3, 7], [3, 7], [None, None]) == [
        [2, 3],
        [1, 4],
    ]


def test_a_refund_that_came_back_after_all_and_another_one():
    # 20.00, taken back, then 15.00: by what was charged while nothing says otherwise.
    shares = refund_parts.split_refunds(
        [2000, -2000, 1500], [1000, 500], [3000, 1500], [None] * 3
    )
    assert [sum(share) for share in shares] == [2000, -2000, 1500]
    assert [sum(column) for column in zip(*shares, strict=True)] == [1000, 500]
