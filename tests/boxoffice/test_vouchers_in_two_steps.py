"""
Orders that were paid partly by a gift voucher and go back in two steps.
"""

import sqlite3
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, select
from support.own_box_office import SHOW, STARTS

from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.core.periods import Period
from ticketsync.reporting import refund_money
from ticketsync.store.tables.boxoffice import (
    boxoffice_orders,
    payment_refunds,
    payments,
)
from ticketsync.store.tables.sales import orders, refunds
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender

IN_SEPTEMBER = datetime(2026, 9, 28, 3, tzinfo=UTC)
IN_OCTOBER = datetime(2026, 10, 6, 3, tzinfo=UTC)
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
ZONE = "Australia/Sydney"
COPIES = 2500  # more than LIMIT
LIMIT = 2000  # of the variables of a statement


@pytest.fixture
def office(office_of, frozen):
    frozen(IN_SEPTEMBER)
    return office_of(NewTier("Adult", 5500), starts_at=STARTS)


@pytest.fixture
def returned(office, frozen):
    """
    An order of 55.00 by a voucher of 50.00 and in cash: in September the cash went
    back, in October what the voucher had paid.
    """
    code = sell.issue_voucher(office, "gift", 5000, "AUD")
    tender = Tender("cash", vouchers=[code])
    reference = sell.sell(office, SHOW, {"Adult": 1}, tender).order.reference
    half = Refund(amount=500, keeps_tickets=True)
    cancel_and_refund.refund(office, reference, half, "late")
    frozen(IN_OCTOBER)
    cancel_and_refund.refund(office, reference, Refund(), "ill")
    return reference


def copy(connection, number):
    """
    So many more orders like the only one, with their payments and what went back.
    """
    texts = {
        boxoffice_orders: "reference",
        orders: "provider_id",
        refunds: "provider_id",
        payments: "idempotency_key",
        payment_refunds: "idempotency_key",
    }
    parents = {payments: "order_id", payment_refunds: "payment_id", refunds: "order_id"}
    for table in (boxoffice_orders, payments, payment_refunds, orders, refunds):
        rows = [dict(row) for row in connection.execute(select(table)).mappings()]
        copies = []
        for n in range(1, number + 1):
            for row in rows:
                new = {**row, "id": row["id"] + 1000 * n}
                if new.get(texts.get(table)):
                    new[texts[table]] = f"{row[texts[table]]}-{n}"
                if table in parents:
                    new[parents[table]] += 1000 * n
                copies.append(new)
        connection.execute(insert(table), copies)


@pytest.mark.thorough
def test_any_number_of_orders_may_have_given_back_to_vouchers(office, returned):
    """
    A month with more of them than the database takes variables in one statement, of
    which what went back in money is of the month before.
    """
    with office.database.write() as connection:
        copy(connection, COPIES)
    with office.database.read() as connection:
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, LIMIT)
        found = refund_money.list_refund_money(connection, ZONE, OCTOBER)
    assert sum(item.amount for item in found) == 500 * (COPIES + 1)
    assert sum(item.to_vouchers for item in found) == 5000 * (COPIES + 1)
    of_first = [item for item in found if item.order_id == returned]
    assert [(it.amount, it.to_vouchers) for it in of_first] == [(500, 0), (0, 5000)]
