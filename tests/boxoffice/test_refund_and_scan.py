"""
Own tickets at the door, and what happens at the same moment elsewhere: the refund of a
ticket that is being scanned, and the same ticket at other doors.
"""

import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import waiting_locks
from support.own_box_office import NOW, SHOW, put_on_sale
from support.unprotected import write_without_lock
from support.waiting import wait_until
from support.waiting_locks import is_anyone_blocked

from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.door import attendees
from ticketsync.door import recorded_scans as scans
from ticketsync.store import engine, row_locks
from ticketsync.workflows.boxoffice import box_office, cancel_and_refund, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.door import checkin

pytestmark = pytest.mark.on_both_databases

CASH = Tender("cash")


@pytest.fixture
def office(office_of, evening):
    return office_of(NewTier("Adult", 5500), capacity=1000)


class Pause:
    """
    Stops a function of a module once, after it has run, until `go_on`.
    """

    def __init__(self, monkeypatch, module, name):
        self._function = getattr(module, name)
        self.is_there, self.go_on = threading.Event(), threading.Event()
        monkeypatch.setattr(module, name, self._pause)

    def _pause(self, *arguments, **options):
        found = self._function(*arguments, **options)
        if not self.is_there.is_set():
            self.is_there.set()
            assert self.go_on.wait(60)
        return found


def scan_during_refund(office, monkeypatch):
    """
    The scan has found the ticket when a refund begins, and goes on once that is done or
    waits: what the scan said, and whether the refund was done by then.
    """
    sold = sell.sell(office, SHOW, {"Adult": 1}, CASH)
    at = checkin.find_scan_point(office.database, SHOW)
    looked = Pause(monkeypatch, attendees, "search_tickets")
    with ThreadPoolExecutor(2) as pool:
        scanned = pool.submit(checkin.admit, office.database, at, sold.codes[1])
        assert looked.is_there.wait(60)
        refunded = pool.submit(
            cancel_and_refund.refund, office, sold.order.reference, Refund(), "ill"
        )
        assert wait_until(
            lambda: refunded.done() or office.database.has_urgent_writers(), 60
        )
        was_void = refunded.done()
        looked.go_on.set()
        outcome = scanned.result().outcome
        assert refunded.result().state == "refunded"
    return outcome, was_void


def test_f103_a_scan_that_began_before_a_refund_sees_it(office, monkeypatch):
    outcome, was_void = scan_during_refund(office, monkeypatch)
    assert was_void is (office.database.dialect == "postgresql")  # or it had to wait
    assert outcome == ("not-valid" if was_void else "admitted")


def test_f103_control_without_a_second_look_a_void_ticket_is_in(
    url, monkeypatch, frozen
):
    frozen(NOW)
    write_without_lock(monkeypatch)
    monkeypatch.setattr(
        scans, "_first_outcome", lambda connection, new, ticket: (scans.NOT_IN, "")
    )
    database = engine.open_database(url)
    office = put_on_sale(database, NewTier("Adult", 5500), capacity=1000)
    outcome, was_void = scan_during_refund(office, monkeypatch)
    database.close()
    assert (outcome, was_void) == ("admitted", True)


def scan_of_what_is_void(office, monkeypatch):
    """
    The ticket is void already, and nobody else can see it yet, when it is scanned; the
    refund goes on when the scan, of another process, is done or waits. The answer, and
    whether it waited.
    """
    door = engine.open_database(office.database.url)
    sold = sell.sell(office, SHOW, {"Adult": 1}, CASH)
    at = checkin.find_scan_point(office.database, SHOW)
    published = Pause(monkeypatch, box_office.save_own_orders, "publish")
    with ThreadPoolExecutor(2) as pool:
        refunded = pool.submit(
            cancel_and_refund.refund, office, sold.order.reference, Refund(), "ill"
        )
        assert published.is_there.wait(60)
        scanned = pool.submit(checkin.admit, door, at, sold.codes[1])
        assert wait_until(lambda: scanned.done() or is_anyone_blocked(door), 60)
        has_waited = not scanned.done()
        published.go_on.set()
        assert refunded.result().state == "refunded"
        outcome = scanned.result().outcome
    door.close()
    return outcome, has_waited


@waiting_locks.needed
def test_f103_a_scan_during_a_refund_waits_for_it(office, monkeypatch):
    assert scan_of_what_is_void(office, monkeypatch) == ("not-valid", True)


def test_f103_control_without_the_lock_of_a_ticket_a_void_one_is_in(
    templates, monkeypatch, frozen
):
    """
    SQLite has one writer at a time.
    """
    frozen(NOW)
    with templates.copied("postgresql", "empty") as place:
        database = engine.open_database(place)
        office = put_on_sale(database, NewTier("Adult", 5500), capacity=1000)
        without_lock_of_tickets(monkeypatch)
        outcome, _ = scan_of_what_is_void(office, monkeypatch)
        database.close()
    assert outcome == "admitted"


# Many doors


def sold_codes(office, number):
    """
    The codes of so many tickets, ten of them an order at most.
    """
    found = []
    while len(found) < number:
        count = min(10, number - len(found))
        found += sell.sell(office, SHOW, {"Adult": count}, CASH).codes.values()
    return found


def scan_everywhere(office, codes, *, doors, times):
    """
    Every ticket so many times, through all doors at once; the outcomes.
    """
    lots = [code for code in codes for _ in range(times)]
    random.Random(7).shuffle(lots)
    begin = threading.Barrier(doors)

    def scan(number):
        door, device = f"Door {number}", f"d{number}"
        at = checkin.find_scan_point(office.database, SHOW, door, device)
        begin.wait()
        return [
            checkin.admit(office.database, at, code, by_camera=True).outcome
            for code in lots[number::doors]
        ]

    with ThreadPoolExecutor(doors) as pool:
        return [*itertools.chain(*pool.map(scan, range(doors)))]


@pytest.mark.parametrize(
    ("doors", "number"), [(8, 8), pytest.param(50, 500, marks=pytest.mark.drill)]
)
def test_f101_own_tickets_scanned_five_times_are_admitted_once(office, doors, number):
    codes = sold_codes(office, number)
    outcomes = scan_everywhere(office, codes, doors=doors, times=5)
    print(
        f"{office.database.dialect}: {doors} doors, {len(outcomes):,} scans,"
        f" {outcomes.count('admitted')} admitted"
    )
    assert outcomes.count("admitted") == number
    assert outcomes.count("already-in") == 4 * number
    with office.database.read() as connection:
        assert attendees.count_guests(connection, SHOW).admitted == number


@pytest.mark.parametrize("kind", ["postgresql"])
def test_f101_control_without_the_lock_of_a_ticket(
    templates, monkeypatch, frozen, kind
):
    """
    SQLite has one writer at a time; PostgreSQL lets two doors look at once.
    """
    frozen(NOW)
    with templates.copied(kind, "empty") as place:
        database = engine.open_database(place)
        office = put_on_sale(database, NewTier("Adult", 5500), capacity=1000)
        codes = sold_codes(office, 1)
        without_lock_of_tickets(monkeypatch)
        # Both have looked, neither has written; both have written, neither committed.
        meet_before(monkeypatch, scans, "_insert")
        meet_before(monkeypatch, scans, "_replay")
        outcomes = scan_everywhere(office, codes, doors=2, times=2)
        database.close()
    assert outcomes == ["admitted", "admitted"]


def without_lock_of_tickets(monkeypatch):
    lock = row_locks.lock
    monkeypatch.setattr(
        row_locks,
        "lock",
        lambda connection, table, ids: (
            None if table.name == "tickets" else lock(connection, table, ids)
        ),
    )
    monkeypatch.setattr(scans, "_lock_ticket", _look)


def meet_before(monkeypatch, module, name):
    """
    Two meet before they call this function of a module.
    """
    both = threading.Barrier(2)
    function = getattr(module, name)

    def call_together(*arguments):
        both.wait(60)
        return function(*arguments)

    monkeypatch.setattr(module, name, call_together)


def _look(connection, ticket_id):
    query = scans.select(scans.tickets).where(scans.tickets.c.id == ticket_id)
    return connection.execute(query).one()
