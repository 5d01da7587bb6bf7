"""
Machines that sell into one database have clocks of their own: `db check --deep` takes
five minutes between them for honest, and of more says that a clock may be wrong.
"""

from datetime import timedelta

from support.own_box_office import NOW, SHOW

from ticketsync.boxoffice import contradictions
from ticketsync.workflows.boxoffice import sell
from ticketsync.workflows.boxoffice.sell import Tender


def found_after(office, evening, minutes):
    """
    Held at a till whose clock is so many minutes ahead of the one at which it is paid.
    """
    evening(NOW + timedelta(minutes=minutes))
    order = sell.hold(office, SHOW, {"Adult": 2})
    evening(NOW)
    sell.pay(office, order.reference, Tender("cash"))
    with office.database.read() as connection:
        return list(contradictions.find_contradictions(connection))


def test_clocks_that_differ_a_little_contradict_nothing(office, evening):
    assert found_after(office, evening, 4) == []


def test_a_clock_that_was_wrong_is_named_as_what_it_may_be(office, evening):
    """
    The order and its two tickets, each once.
    """
    found = found_after(office, evening, 7)
    assert [it.table for it in found] == [
        *("boxoffice_orders", "boxoffice_tickets", "boxoffice_tickets")
    ]
    for item in found:
        assert "the clock of a machine was wrong by more than 5 minutes" in item.what
