"""
Rows of a report that take something back, with a status of their own.
"""

import pytest
from sqlalchemy import func, select
from support.report_accounts import GALA, HEADING, ReportAccount

from ticketsync.core import errors
from ticketsync.store.tables.sales import orders

WORDS = "{paid: [Sold], refunded: [Returned], pending: [Open], cancelled: [Stopped]}"


@pytest.fixture
def account(database, tmp_path):
    found = ReportAccount(database, tmp_path)
    found.recipe(f"status: {WORDS}", status="State")
    found.add()
    return found


def refunded(account):
    with account.database.read() as connection:
        return connection.scalar(select(func.sum(orders.c.refunded)))


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        ("Returned", 0, None),
        ("Sold", 0, None),
        ("", 0, None),
        ("Open", errors.PARTLY, "takes back 39.00 AUD, and its status is 'Open'"),
        ("Stopped", errors.PARTLY, "takes back 39.00 AUD, and its status is 'Stopped'"),
        ("Declined", errors.PARTLY, "status is 'Declined', which the recipe does not"),
    ],
)
def test_only_money_that_went_back_is_a_refund(account, status, code, reason):
    account.put(
        "a.csv",
        f"{HEADING},State",
        f"1,{GALA},Adult,2,78.00,Sold",
        f"1,{GALA},Adult,-1,-39.00,{status}",
        f"2,{GALA},Adult,1,39.00,Sold",
    )
    assert account.sync()[0].exit_code == code
    if reason is None:
        assert refunded(account) == 3900
    else:
        assert refunded(account) == 0
        assert reason in account.waiting()["1"]
