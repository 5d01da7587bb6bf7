"""
How many orders and tickets are held of an occurrence: of all of an account, or of some.
"""

from types import SimpleNamespace

import pytest
from support.saved_orders import FIRST_DAY, order, prepare, save, ticket

from ticketsync.core.records import OrderStatus
from ticketsync.sales import stored_orders
from ticketsync.sales.stored_orders import HeldCounts
from ticketsync.workflows.sync import save_page
from ticketsync.workflows.sync.save_page import OrderStore

FRIDAY, SATURDAY = 1, 2  # our ids
OF_FRIDAY = HeldCounts(frozenset({1, 2}), sold=2, valid=3, existing=3, loose=0)
OF_SATURDAY = HeldCounts(frozenset({1}), sold=1, valid=1, existing=1, loose=0)


@pytest.fixture
def books(database):
    """
    On Friday a paid order of two tickets and a pending one, on Saturday a ticket.
    """
    prepare(database)
    save(
        database,
        order(ticket(1, 3500), ticket(2, 3500)),
        order(ticket(3, 3500), id_="or_2", status=OrderStatus.PENDING),
        order(ticket(4, 3500, "ev_2"), id_="or_3"),
        at=FIRST_DAY,
    )
    return database


@pytest.fixture
def store(books):
    run = SimpleNamespace(database=books, account=SimpleNamespace(id=1))
    return OrderStore(run, {"ev_1": FRIDAY, "ev_2": SATURDAY})


def test_those_of_some_occurrences_are_as_among_all(books):
    with books.read() as connection:
        whole = stored_orders.count_held(connection, 1)
        some = stored_orders.count_held(connection, 1, [SATURDAY])
        of_another_account = stored_orders.count_held(connection, 2)
    assert whole == {FRIDAY: OF_FRIDAY, SATURDAY: OF_SATURDAY}
    assert some == {SATURDAY: OF_SATURDAY}
    assert of_another_account == {}


@pytest.mark.parametrize("few", [0, 200])
def test_a_run_counts_what_it_asks_for(store, monkeypatch, few):
    monkeypatch.setattr(save_page, "FEW", few)
    assert store.counts([SATURDAY])[SATURDAY] == OF_SATURDAY
    assert store.counts([FRIDAY, SATURDAY])[FRIDAY] == OF_FRIDAY
    assert store.counts([99])[99] is None


def test_few_of_many_are_counted_alone(store):
    assert FRIDAY not in store.counts([SATURDAY])
