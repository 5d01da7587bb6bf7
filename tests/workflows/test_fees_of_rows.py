"""
What the platform kept for a row of a report is of that row's ticket and show.
"""

import pytest
from sqlalchemy import select
from support.report_accounts import ReportAccount

from ticketsync.store.tables.catalogue import occurrences
from ticketsync.store.tables.sales import fees, tickets

HEADING = "Order,Show,Starts,Type,Qty,Total,Kept"
EARLY, LATE = "Early,2026-12-22 17:30", "Late,2026-12-22 19:30"


@pytest.fixture
def account(database, tmp_path):
    found = ReportAccount(database, tmp_path)
    found.recipe(kept="Kept")
    found.add()
    return found


def by_event(account, table, column):
    """
    The sum of a column by the name of the event, of those with any.
    """
    query = select(occurrences.c.name, column).join(
        table, table.c.occurrence_id == occurrences.c.id
    )
    found = {}
    with account.database.read() as connection:
        for name, amount in connection.execute(query):
            found[name] = found.get(name, 0) + amount
    return {name: amount for name, amount in found.items() if amount}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # 70.00 for two tickets of 50.00, 7.00 for one of 300.00: by price it would be
        # 19.25 and 57.75.
        (
            [f"1,{LATE},Adult,2,100.00,70.00", f"1,{EARLY},Adult,1,300.00,7.00"],
            {"Late": 7000, "Early": 700},
        ),
        # A free ticket bears its own fee.
        (
            [f"1,{LATE},Guest,1,0.00,0.50", f"1,{EARLY},Adult,1,30.00,1.00"],
            {"Late": 50, "Early": 100},
        ),
        # The fee of what was taken back comes back to its show.
        (
            [
                f"1,{LATE},Adult,1,100.00,10.00",
                f"1,{EARLY},Adult,1,100.00,2.00",
                f"1,{LATE},Adult,-1,-100.00,-10.00",
            ],
            {"Early": 200},
        ),
        # An order without any price still has its fee.
        ([f"1,{LATE},Guest,2,0.00,0.90"], {"Late": 90}),
    ],
)
def test_a_fee_on_a_row_is_of_that_row_s_show(account, rows, expected):
    account.recipe("signs: {kept: plus}", kept="Kept")
    account.put("a.csv", HEADING, *rows)
    assert account.sync()[0].exit_code == 0
    assert by_event(account, tickets, tickets.c.fees) == expected
    assert by_event(account, fees, fees.c.amount) == expected


def test_a_fee_of_the_whole_order_is_allocated_by_what_was_charged(account):
    """
    40.00 over 100.00 and 300.00: 10.00 and 30.00.
    """
    account.recipe("per: {kept: order}", kept="Kept")
    account.put(
        "a.csv",
        HEADING,
        f"1,{LATE},Adult,2,100.00,40.00",
        f"1,{EARLY},Adult,1,300.00,40.00",
    )
    assert account.sync()[0].exit_code == 0
    assert by_event(account, tickets, tickets.c.fees) == {"Late": 1000, "Early": 3000}
    assert by_event(account, fees, fees.c.amount) == {"Late": 1000, "Early": 3000}
