"""
Tills: cash is booked to the session that is open, and what must be in the drawer is
what came in less what went out.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from support.own_box_office import NOW, SHOW, put_on_sale
from support.waiting import wait_until
from support.waiting_locks import is_anyone_blocked

from ticketsync.boxoffice import tills
from ticketsync.boxoffice.tills import Drawer
from ticketsync.core import errors
from ticketsync.store import engine
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.box_office import sale_of
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender

pytestmark = pytest.mark.usefixtures("evening")


@pytest.fixture
def on_postgres(templates):
    with templates.copied("postgresql", "empty") as place:
        database = engine.open_database(place)
        yield put_on_sale(database)
        database.close()


def open_till(office, till="1", currency="AUD", opening_float=20000):
    with office.database.write() as connection:
        return tills.open_till(
            connection, till, currency, NOW, opening_float=opening_float
        ).id


def close_till(office, session_id, counted):
    with office.database.write() as connection:
        return tills.close_till(connection, session_id, counted, NOW)


def drawer(office, session_id):
    with office.database.read() as connection:
        session = tills.get_session(connection, session_id)
        return tills.get_drawer(connection, session)


def cash(session_id):
    return Tender("cash", till_id=session_id)


def test_the_drawer_has_the_float_and_the_cash_that_came_less_what_went(office):
    till = open_till(office)
    first = sell.sell(office, SHOW, {"Adult": 2}, cash(till)).order.reference
    sell.sell(office, SHOW, {"Child": 1}, Tender("card", till_id=till))
    sell.sell(office, SHOW, {"Child": 1}, Tender("cash"))  # at no till
    held = sell.hold(office, SHOW, {"Child": 1}).reference
    sell.pay(office, held, cash(till))
    assert drawer(office, till) == Drawer(20000, 11000 + 2000, 0)
    cancel_and_refund.refund(office, first, Refund(tickets=[1], till_id=till), "ill")
    cancel_and_refund.refund(
        office, first, Refund(tickets=[2]), "ill"
    )  # out of no drawer
    assert drawer(office, till) == Drawer(20000, 13000, 5500)
    closed = close_till(office, till, 27400)
    assert (closed.state, closed.expected, closed.difference) == ("closed", 27500, -100)


def test_money_that_is_to_go_back_leaves_the_drawer_when_it_is_handed_over(office):
    till = open_till(office, opening_float=0)
    sold = sell.sell(office, SHOW, {"Adult": 1}, cash(till)).order.reference
    later = Refund(is_paid_out=False, till_id=till)
    cancel_and_refund.refund(office, sold, later, "no power")
    assert drawer(office, till).expected == 5500
    nothing = Refund(till_id=till)
    cancel_and_refund.refund(office, sold, nothing, "handed over")
    assert drawer(office, till).expected == 0


def test_no_more_cash_goes_out_of_a_drawer_than_is_in_it(office):
    first, other = open_till(office), open_till(office, "2", opening_float=5400)
    sold = sell.sell(office, SHOW, {"Adult": 1}, cash(first)).order.reference
    by_card = sell.sell(office, SHOW, {"Adult": 1}, Tender("card", till_id=other))
    with pytest.raises(errors.GuardRefused) as refused:
        cancel_and_refund.refund(office, sold, Refund(till_id=other), "ill")
    assert refused.value.word == "till-short"
    assert "has 1.00 AUD less" in refused.value.message
    assert drawer(office, other) == Drawer(5400, 0, 0)
    assert drawer(office, first) == Drawer(20000, 5500, 0)
    cancel_and_refund.refund(
        office, by_card.order.reference, Refund(till_id=other), "ill"
    )
    cancel_and_refund.refund(office, sold, Refund(till_id=first), "ill")
    assert drawer(office, first) == Drawer(20000, 5500, 5500)


def test_a_till_has_one_open_session(office):
    first = open_till(office)
    with pytest.raises(errors.GuardRefused) as refused:
        open_till(office, " 1 ")
    assert refused.value.word == "till-open"
    open_till(office, "2")
    close_till(office, first, 20000)
    second = open_till(office)
    assert second != first
    with office.database.read() as connection:
        assert tills.get_open(connection, "1").id == second


def test_a_closed_till_takes_and_gives_no_cash(office):
    till = open_till(office)
    sold = sell.sell(office, SHOW, {"Adult": 1}, cash(till)).order.reference
    close_till(office, till, 25500)
    for again in (
        lambda: sell.sell(office, SHOW, {"Adult": 1}, cash(till)),
        lambda: cancel_and_refund.refund(office, sold, Refund(till_id=till), "ill"),
        lambda: close_till(office, till, 25500),
    ):
        with pytest.raises(errors.GuardRefused) as refused:
            again()
        assert refused.value.word == "till-closed"
    assert drawer(office, till) == Drawer(20000, 5500, 0)


def test_a_drawer_has_one_currency(office):
    till = open_till(office, currency="NZD")
    with pytest.raises(errors.GuardRefused) as refused:
        sell.sell(office, SHOW, {"Adult": 1}, cash(till))
    assert refused.value.word == "till-currency"


def test_the_last_order_of_a_session_is_the_last_one_paid_in_it(office, evening):
    till, other = open_till(office), open_till(office, "2")
    held = sell.hold(office, SHOW, {"Child": 1}).reference
    first = sell.sell(office, SHOW, {"Adult": 1}, cash(till)).order.reference
    sell.sell(office, SHOW, {"Adult": 1}, cash(other))

    def last():
        with office.database.read() as connection:
            return tills.last_order(connection, tills.get_session(connection, till))

    assert last() == first
    evening(NOW + timedelta(minutes=1))
    sell.pay(office, held, Tender("card", till_id=till))
    assert last() == held
    cancel_and_refund.refund(office, held, Refund(till_id=till), "undone")
    assert last() == first


def test_each_state_of_a_session_is_in_the_history(office):
    till = open_till(office)
    close_till(office, till, 20000)
    with office.database.read() as connection:
        steps = connection.exec_driver_sql(
            "SELECT from_state, to_state FROM boxoffice_history WHERE kind = 'till'"
            " ORDER BY id"
        ).all()
    assert [tuple(step) for step in steps] == [
        *(("", "open"), ("open", "counted"), ("counted", "closed")),
    ]


def test_a_count_waits_for_a_sale_that_is_under_way(on_postgres):
    """
    Without the lock of the session the sale would be in no count.
    """
    office = on_postgres
    till = open_till(office, opening_float=0)

    with ThreadPoolExecutor(1) as pool:
        with sale_of(office, SHOW) as sale:
            sell.pay_within(
                *(sale, sell.hold_within(sale, {"Adult": 1}, channel="till")),
                *(cash(till), office.key),
            )
            closing = pool.submit(close_till, office, till, 5500)
            assert wait_until(lambda: is_anyone_blocked(office.database))
        assert closing.result().expected == 5500
