"""
F97: who ends a hold first, ends it. Expiries and payments of the same orders run at
once, and one after the other in both orders; each order ends once.
"""

import itertools
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from support.own_box_office import NOW, SHOW, put_on_sale
from support.unprotected import write_without_lock

from ticketsync.boxoffice import placed_orders, transitions
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.core import errors
from ticketsync.store import engine
from ticketsync.store.tables.boxoffice import boxoffice_history
from ticketsync.workflows import integrity_check
from ticketsync.workflows.boxoffice import box_office, cancel_and_refund, sell
from ticketsync.workflows.boxoffice.sell import Tender

pytestmark = pytest.mark.on_both_databases

CASH = Tender("cash")
ORDERS = 4
LATER = NOW + timedelta(minutes=15)


@pytest.fixture
def opened(url, frozen):
    """
    Opens the box office, with or without its protection.
    """
    frozen(NOW)
    used = []

    def open_office():
        used.append(engine.open_database(url))
        return put_on_sale(used[0], NewTier("Adult", 5500), capacity=1000)

    yield open_office
    for database in used:
        database.close()


def ends_of(office):
    """
    How often each order ended, by its id.
    """
    with office.database.read() as connection:
        query = select(boxoffice_history.c.row_id).where(
            boxoffice_history.c.kind == "order",
            boxoffice_history.c.from_state == "pending",
            boxoffice_history.c.to_state.in_(("paid", "expired")),
        )
        return Counter(connection.scalars(query))


def states_of(office, references):
    with office.database.read() as connection:
        return [
            placed_orders.get_order(connection, reference).state
            for reference in references
        ]


def end_at_once(office, references):
    """
    Two expiries and a payment of each order at once; the references that each expiry
    ended, and what was paid.
    """
    begin = threading.Barrier(2 + len(references))

    def expire():
        begin.wait()
        try:
            return cancel_and_refund.expire(office)
        except errors.Busy:
            return []

    def pay(reference):
        begin.wait()
        try:
            return [sell.pay(office, reference, CASH).order.reference]
        except (errors.SaleRefused, errors.Busy):
            return []

    with ThreadPoolExecutor(2 + len(references)) as pool:
        jobs = [pool.submit(expire), pool.submit(expire)]
        jobs += [pool.submit(pay, reference) for reference in references]
        found = [job.result() for job in jobs]
    return found[0] + found[1], [*itertools.chain(*found[2:])]


@pytest.mark.parametrize("rounds", [2, pytest.param(100, marks=pytest.mark.drill)])
def test_f97_expiries_and_payments_at_once_have_one_winner(opened, frozen, rounds):
    office = opened()
    assert office.key.reveal()
    paid = expired = 0
    for _ in range(rounds):
        frozen(NOW)
        held = [sell.hold(office, SHOW, {"Adult": 1}).reference for _ in range(ORDERS)]
        frozen(LATER)
        ended, bought = end_at_once(office, held)
        assert sorted(ended + bought) == sorted(held)
        states = dict(zip(held, states_of(office, held), strict=True))
        assert states == {
            **dict.fromkeys(ended, "expired"),
            **dict.fromkeys(bought, "paid"),
        }
        paid, expired = paid + len(bought), expired + len(ended)
    print(f"{office.database.dialect}: {paid} paid, {expired} expired")
    assert {*ends_of(office).values()} == {1}
    with office.database.read() as connection:
        seats = connection.scalar(text("SELECT COUNT(*) FROM boxoffice_seats"))
    assert seats == paid
    assert integrity_check.check(office.database, office.settings, deep=True).is_sound


def change_whatever_it_was(
    connection, kind, row_id, from_state, to_state, now, *, reason="", **values
):
    table = transitions.TABLES[kind]
    connection.execute(
        update(table).where(table.c.id == row_id).values(state=to_state, **values)
    )
    transitions.record(
        connection, kind, row_id, from_state, to_state, now, reason=reason
    )


def look_before_either_ends_it(monkeypatch):
    """
    Two expiries both see an order as pending before one of them ends it. What they
    publish of it is not part of this race: one after the other.
    """
    both = threading.Barrier(2)
    one_at_a_time = threading.Lock()
    end_hold, publish = cancel_and_refund.end_hold, box_office.save_own_orders.publish

    def end_together(*arguments):
        both.wait(60)
        end_hold(*arguments)

    def publish_alone(*arguments, **options):
        with one_at_a_time:
            return publish(*arguments, **options)

    monkeypatch.setattr(cancel_and_refund, "end_hold", end_together)
    monkeypatch.setattr(box_office.save_own_orders, "publish", publish_alone)


def test_f97_control_two_who_have_looked_both_end_an_order(opened, frozen, monkeypatch):
    """
    Without the lock of the show and without the state in the UPDATE.
    """
    write_without_lock(monkeypatch)
    monkeypatch.setattr(transitions, "change_state", change_whatever_it_was)
    office = opened()
    assert office.key.reveal()
    held = sell.hold(office, SHOW, {"Adult": 1})
    frozen(LATER)
    look_before_either_ends_it(monkeypatch)
    with ThreadPoolExecutor(2) as pool:
        first, second = (
            pool.submit(cancel_and_refund.expire, office) for _ in range(2)
        )
        assert first.result() == second.result() == [held.reference]
    assert ends_of(office) == {held.id: 2}


def test_f97_of_two_who_have_looked_one_ends_an_order(opened, frozen, monkeypatch):
    """
    The same without the lock, but with the state in the UPDATE: the loser is refused.
    """
    write_without_lock(monkeypatch)
    office = opened()
    held = sell.hold(office, SHOW, {"Adult": 1})
    frozen(LATER)
    look_before_either_ends_it(monkeypatch)
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(cancel_and_refund.expire, office) for _ in range(2)]
        failed = [job.exception() for job in jobs]
    assert sorted(type(error) for error in failed if error) == [errors.Busy]
    assert ends_of(office) == {held.id: 1}
