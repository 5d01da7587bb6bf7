"""
Cash that goes out of one drawer in several places at once: never more than is in it.

Two refunds of two shows lock two shows, so that only the lock of the till session keeps
them apart.
"""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from support import waiting_locks
from support.own_box_office import (
    NOW,
    SHOW,
    STARTS,
    put_another_on_sale,
    put_on_sale,
)
from support.unprotected import write_without_lock
from support.waiting import wait_until
from support.waiting_locks import is_anyone_blocked

from ticketsync.boxoffice import tills
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.core import errors
from ticketsync.store import engine
from ticketsync.workflows import integrity_check
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.box_office import BoxOffice
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender

pytestmark = pytest.mark.on_both_databases

SEAT = NewTier("Adult", 5500)


@pytest.fixture
def opened(url, frozen):
    """
    Opens the box office, as another process would the second time.
    """
    frozen(NOW)
    used = []

    def open_office():
        used.append(engine.open_database(url))
        if len(used) > 1:
            return BoxOffice(used[-1], used_settings[0])
        office = put_on_sale(used[0], SEAT, capacity=1000)
        used_settings.append(office.settings)
        return office

    used_settings = []
    yield open_office
    for database in used:
        database.close()


def open_till(office, name, opening_float):
    with office.database.write() as connection:
        return tills.open_till(
            connection, name, "AUD", NOW, opening_float=opening_float
        ).id


def in_drawer(office, till):
    with office.database.read() as connection:
        session = tills.get_session(connection, till)
        return tills.get_drawer(connection, session).expected


def refund_at_once(opened, monkeypatch):
    """
    55.00 are in a drawer, and 55.00 go back for each of two shows. Nobody looks into
    the drawer before the other one has booked its refund, too, or waits; and nobody
    commits before the other one has looked, or waits. What is in the drawer then, and
    what was refused.
    """
    office, other = opened(), opened()
    gala = put_another_on_sale(office, "Gala", STARTS + timedelta(days=1), SEAT)
    full, till = open_till(office, "1", 0), open_till(office, "2", 5500)
    references = [
        sell.sell(office, show, {"Adult": 1}, Tender("cash", till_id=full))
        for show in (SHOW, gala)
    ]
    arrived, looked = [], []
    look = tills.refuse_overdrawn

    def meet(there):
        there.append(threading.get_ident())
        assert wait_until(
            lambda: len(there) == 2 or is_anyone_blocked(office.database), 60
        )

    def look_late(*arguments):
        meet(arrived)
        try:
            look(*arguments)
        finally:
            meet(looked)

    monkeypatch.setattr(tills, "refuse_overdrawn", look_late)
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(
                cancel_and_refund.refund, *(at, it.order.reference), wanted, "ill"
            )
            for at, it in zip((office, other), references, strict=True)
            for wanted in [Refund(till_id=till)]
        ]
        failed = [job.exception(120) for job in jobs]
    return in_drawer(office, till), [error.word for error in failed if error]


@waiting_locks.needed
def test_two_refunds_at_once_take_no_more_than_is_in_the_drawer(opened, monkeypatch):
    assert refund_at_once(opened, monkeypatch) == (0, ["till-short"])


def test_control_refunds_that_share_the_lock_of_a_drawer_overdraw_it(
    opened, url, monkeypatch
):
    """
    On SQLite writers come one after the other whatever they lock; each statement is a
    transaction of its own here, so that what is refused is booked all the same.
    """
    lock = tills.lock_open
    monkeypatch.setattr(tills, "lock_open", lambda *it, alone=False: lock(*it))
    if not url.startswith("postgresql"):
        write_without_lock(monkeypatch)
    assert refund_at_once(opened, monkeypatch)[0] == -5500


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.drill)])
@pytest.mark.thorough
def test_sales_refunds_and_counts_of_a_drawer_never_wait_for_one_another_in_a_circle(
    opened, rounds
):
    """
    Two shows and two drawers, everything at once: nobody is stopped by the database,
    and what is in a drawer is what came in less what went out.
    """
    office = opened()
    gala = put_another_on_sale(
        office, "Gala", STARTS + timedelta(days=1), SEAT, capacity=1000
    )
    for number in range(rounds):
        till = open_till(office, f"{number}", 0)
        booked, refused = sell_and_return_at_once(
            office, till, (SHOW, gala), seed=number
        )
        assert set(refused) <= {"till-short"}
        assert in_drawer(office, till) == booked >= 0
    assert integrity_check.check(office.database, office.settings, deep=True).is_sound


def sell_and_return_at_once(office, till, shows, *, seed):
    """
    Eight at work at one drawer; what they booked, and what was refused.
    """
    begin = threading.Barrier(8)

    def sell_and_return(number):
        chance = random.Random(seed * 100 + number)
        sold, booked, refused = [], 0, []
        begin.wait(60)
        for _ in range(4):
            show = chance.choice(shows)
            by = chance.choice(("cash", "card"))
            paid = sell.sell(office, show, {"Adult": 1}, Tender(by, till_id=till))
            booked += 5500 if by == "cash" else 0
            sold.append((paid.order.reference, by))
            if chance.random() < 0.6:
                reference, by = sold.pop(chance.randrange(len(sold)))
                try:
                    cancel_and_refund.refund(
                        office, reference, Refund(till_id=till), "ill"
                    )
                    booked -= 5500 if by == "cash" else 0
                except errors.GuardRefused as error:
                    refused.append(error.word)
        return booked, refused

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(sell_and_return, range(8)))
    return sum(it[0] for it in found), [word for it in found for word in it[1]]
