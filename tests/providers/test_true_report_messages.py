"""
What is said of rows that wait is true: the words of their status are counted, and rows
that differ in how a cell is written are not said to differ in something else.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder, money

from ticketsync.core import errors
from ticketsync.workflows import recipe_preview


def no_database():
    raise errors.NotFound("There is none.", hint="")


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def test_the_status_of_a_row_that_waits_is_counted(folder):
    folder.recipe("status: {paid: [Complete]}", status="Status")
    file = folder.put(
        "a.csv",
        f"{HEADING},Status,Refunds",
        f"1,{GALA},A,2,85.60,Complete,0.00",
        f"3,{GALA},A,1,42.80,Complete,2.80",
    )
    options = {"recipe": str(folder.path / "r.yaml")}
    found = recipe_preview.preview(options, str(file), no_database)
    assert [(it.word, it.rows, it.means) for it in found.words] == [
        ("Complete", 2, "paid")
    ]
    (unread,) = found.unread
    assert "Refunds is '2.80'" in unread.reason


def read_twice(folder, first, second, *says, **columns):
    folder.recipe("order_numbers: folder", *says, placed="Bought", **columns)
    for name, (total, bought) in (("a", first), ("b", second)):
        row = f"1,{GALA},A,1,{total},{bought},A1"
        folder.put(f"{name}.csv", f"{HEADING},Bought,Seat", row)
    return folder.orders()["1"]


LOCAL, INSTANT = "2026-11-02 10:00", "2026-11-01T23:00:00Z"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("80.00", LOCAL), ('"80,00"', LOCAL)),
        (("80.00", LOCAL), ("80.00", INSTANT)),
    ],
)
def test_rows_that_are_written_in_two_ways_are_said_to_be(folder, first, second):
    reason = read_twice(folder, first, second)
    assert "does not map, or in how a cell is written" in reason


def test_such_rows_of_one_seat_are_one(folder):
    found = read_twice(folder, ("80.00", LOCAL), ("80.00", INSTANT), line="Seat")
    assert money(found) == (1, 8000, 0)


def test_rows_that_were_bought_at_two_times_are_two(folder):
    found = read_twice(folder, ("80.00", LOCAL), ("80.00", "2026-11-02T10:00:00Z"))
    assert money(found) == (2, 16000, 0)
