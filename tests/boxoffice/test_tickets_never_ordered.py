"""
What was never ordered is no ticket of a sale: three adults at the till of which two
left the basket again, two children whose hold was given up, two adults whose hold was
over. What was sold are that one adult, and two more of which one went back: 3 tickets
of 165.00, of which 55.00 went back and 2 still admit.
"""

from datetime import timedelta

import pytest
from support.own_box_office import NOW, SHOW

from ticketsync.core.settings.config import Settings
from ticketsync.door import attendees
from ticketsync.financials import explain
from ticketsync.reporting import exported_sales, figures_of_shows, sales
from ticketsync.reporting.export_filter import ExportFilter
from ticketsync.workflows import integrity_check
from ticketsync.workflows.boxoffice import (
    cancel_and_refund,
    save_own_orders,
    sell,
    till_sales,
)
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.door import checkin

CASH = Tender("cash")


@pytest.fixture
def story(office, frozen):
    """
    The references of the orders by what became of them.
    """
    fewer = sell.hold(office, SHOW, {"Adult": 3}).reference
    till_sales.change_basket(office, fewer, {"Adult": 1})
    sell.pay(office, fewer, CASH)
    given_up = sell.hold(office, SHOW, {"Child": 2}).reference
    cancel_and_refund.cancel(office, given_up, "changed their mind")
    returned = sell.sell(office, SHOW, {"Adult": 2}, CASH).order.reference
    cancel_and_refund.refund(office, returned, Refund(tickets=[1]), "ill")
    over = sell.hold(office, SHOW, {"Adult": 2}).reference
    frozen(NOW + timedelta(minutes=16))
    cancel_and_refund.expire(office)
    return {"fewer": fewer, "given up": given_up, "returned": returned, "over": over}


def rows_of(table):
    return [dict(zip(table.names, row, strict=True)) for row in table.rows]


def test_lists_and_exports_count_what_was_ordered(office, story):
    expected = {"fewer": 1, "given up": 0, "returned": 2, "over": 0}
    with office.database.read() as connection:
        listed = rows_of(sales.sales_table(connection))
        exported = rows_of(exported_sales.exported_table(connection, ExportFilter()))
        (figures,) = figures_of_shows.figures(connection)
        parts = explain.list_contributions(connection, SHOW)
    for rows in (listed, exported):
        counts = {row["order_id"]: row["tickets"] for row in rows}
        assert counts == {story[name]: number for name, number in expected.items()}
    shown = figures.as_json()
    assert (shown["tickets_sold"], shown["gross"], shown["refunded"]) == (
        *(2, "165.00", "55.00"),
    )
    by_order = [part.order_id for part in parts if part.ticket_status != "gone"]
    assert sorted(by_order) == sorted([story["fewer"], *[story["returned"]] * 2])


def test_nobody_is_let_in_with_one(office, story):
    at = checkin.find_scan_point(office.database, SHOW)
    for ticket in (f"{story['fewer']}-3", f"{story['over']}-1"):
        assert checkin.admit(office.database, at, ticket).outcome != "admitted"
    with office.database.read() as connection:
        assert attendees.count_guests(connection, SHOW).expected == 2


def test_an_order_that_is_saved_as_before_is_put_right(office, story):
    with office.database.read() as connection:
        account = save_own_orders.find_account(connection)
        assert save_own_orders.find_differing(connection, account) == []
    assert integrity_check.check(office.database, Settings(), deep=True).rows == ()
