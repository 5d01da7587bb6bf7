"""
Rows of one order that differ in their status alone are two tickets, or one that is
listed once more: each counts, and they are named.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder, money

STATUS = "status: {paid: [Sold], refunded: [Returned], cancelled: [Stopped]}"
ROW = f"1,{GALA},Adult,1,40.00"
NOTE = (
    "a.csv: 1 row equal to an earlier one of the order in all but the status (line 3); "
    "each counts as a ticket: remove the earlier one if it is the same ticket, or say "
    "`repeated_rows: count` if such rows are tickets of their own"
)


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def read(folder, *states, says=(), seats=("", "")):
    folder.recipe(STATUS, *says, status="State")
    rows = [f"{ROW},{it},{seat}" for it, seat in zip(states, seats, strict=True)]
    other = f"2,{GALA},Adult,1,40.00,Sold,"
    folder.put("a.csv", f"{HEADING},State,Code", *rows, other)
    provider = folder.provider()
    return money(folder.orders()["1"]), [*provider.notes()]


def test_a_ticket_that_is_listed_again_as_returned_is_named(folder):
    assert read(folder, "Sold", "Returned") == ((1, 8000, 4000), [NOTE])


@pytest.mark.parametrize(
    ("states", "more"),
    [
        # another code, or the recipe has answered
        (("Sold", "Returned"), {"seats": ("K1", "K2")}),
        (("Sold", "Returned"), {"says": ("repeated_rows: count",)}),
        # what was never paid counts nowhere
        (("Sold", "Stopped"), {}),
    ],
)
def test_rows_that_are_clear_are_not_named(folder, states, more):
    assert read(folder, *states, **more)[1] == []
