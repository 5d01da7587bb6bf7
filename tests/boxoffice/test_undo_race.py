"""
A guest who comes in at the moment in which the ticket is taken back: PostgreSQL lets
both go on side by side.
"""

import pytest
from support.own_box_office import NOW, SHOW, put_on_sale
from support.races import Race

from ticketsync.boxoffice import placed_orders
from ticketsync.core import errors
from ticketsync.store import engine
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.door import checkin


@pytest.fixture
def office(templates, frozen):
    frozen(NOW)
    with templates.copied("postgresql", "empty") as place:
        database = engine.open_database(place)
        yield put_on_sale(database)
        database.close()


def undo(office, reference):
    return cancel_and_refund.refund(
        office, reference, Refund(most_admitted=0), "undone"
    ).state


def cancel_show(office, _):
    return cancel_and_refund.cancel_show(office, SHOW, "storm").admitted


def take_back_during_scan(office, monkeypatch, taking_back):
    """
    Somebody counts who is in, a guest is scanned, and then the ticket is void. What
    came of both, and how many are in with a ticket that is void.
    """
    sold = sell.sell(office, SHOW, {"Adult": 1}, Tender("cash"))
    race = Race(office.database)
    count = cancel_and_refund.admitted_of

    def count_and_pause(*arguments):
        found = count(*arguments)
        race.pause()
        return found

    monkeypatch.setattr(cancel_and_refund, "admitted_of", count_and_pause)
    at = checkin.find_scan_point(office.database, SHOW)
    answers = race.run(
        lambda: taking_back(office, sold.order.reference),
        lambda: checkin.admit(office.database, at, sold.codes[1]).outcome,
    )
    with office.database.read() as connection:
        after = placed_orders.get_order(connection, sold.order.reference)
        within = count(connection, [after], placed_orders.VOID)
    return answers, sum(map(len, within.values()))


@pytest.mark.parametrize(
    ("taking_back", "done"), [(undo, "refunded"), (cancel_show, 0)]
)
def test_nobody_comes_in_behind_the_count_of_who_is_in(
    office, monkeypatch, taking_back, done
):
    answers, within = take_back_during_scan(office, monkeypatch, taking_back)
    assert answers == [done, "not-valid"]
    assert within == 0


@pytest.mark.parametrize("taking_back", [undo, cancel_show])
def test_control_without_the_lock_a_guest_is_in_whom_nobody_counted(
    office, monkeypatch, taking_back
):
    monkeypatch.setattr(cancel_and_refund, "_lock_guests", lambda *_: None)
    answers, within = take_back_during_scan(office, monkeypatch, taking_back)
    assert not any(isinstance(it, errors.TicketsyncError) for it in answers)
    assert within == 1
