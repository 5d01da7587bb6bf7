"""
A blank cell in a column that the recipe maps says nothing: what was kept of a paid
order is unknown, and a sale without a day waits. Worked out by hand.
"""

import pytest
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money

from ticketsync.core import errors
from ticketsync.workflows import recipe_preview


def no_database():
    raise errors.NotFound("There is none.", hint="")


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


# What the platform kept


def fees(folder, *rows, says=(), **columns):
    folder.recipe(*says, kept="Kept", **columns)
    folder.put("a.csv", f"{HEADING},Kept,Fee", *rows)
    return {id_: order.total_fees for id_, order in folder.orders().items()}


def test_a_blank_fee_of_a_paid_order_is_unknown_and_one_of_a_free_order_none(folder):
    found = fees(
        folder,
        f"1,{GALA},A,2,80.00,4.00,",
        f"2,{GALA},A,2,80.00,,",
        f"3,{GALA},A,2,0.00,,",
        f"4,{GALA},A,2,80.00,0.00,",
    )
    assert found == {"1": 400, "2": None, "3": 0, "4": 0}


def test_a_recipe_can_say_that_a_blank_cell_means_none(folder):
    rows = f"1,{GALA},A,2,80.00,4.00,", f"2,{GALA},A,2,80.00,,"
    assert fees(folder, *rows, says=('free: [""]',)) == {"1": 400, "2": 0}


def test_a_fee_that_stands_on_the_first_row_of_its_order_is_known(folder):
    rows = f"1,{GALA},A,1,40.00,4.00,", f"1,{GALA},B,1,20.00,,"
    assert fees(folder, *rows) == {"1": 400}


def test_a_blank_fee_beside_the_buyers_own_is_unknown_beyond_that(folder):
    folder.recipe("buyer_fee: kept", kept="Kept", fee="Fee")
    folder.put("a.csv", f"{HEADING},Kept,Fee", f"1,{GALA},A,2,80.00,,2.00")
    order = folder.orders()["1"]
    assert order.total_fees is None
    assert [fee.amount for fee in order.fees] == [200, None]


# The day of a sale


def days(folder, *rows, says=(), **columns):
    folder.recipe(*says, placed="Bought", status="Status", **columns)
    folder.put("a.csv", f"{HEADING},Bought,Status", *rows)
    return folder.orders()


STATUS = "status: {paid: [Sold], pending: [Open], comp: [Free]}"
DATED = f"1,{GALA},A,2,80.00,2026-11-02 10:00,Sold"


def test_a_sale_without_a_day_waits_where_others_have_one(folder):
    found = days(folder, DATED, f"2,{LATE},A,1,40.00,,Sold", says=(STATUS,))
    assert money(found["1"]) == (2, 8000, 0)
    assert "a.csv, line 3: placed is empty, and other sales have a day" in found["2"]


def test_it_counts_on_the_day_of_its_show_if_the_recipe_says_so(folder):
    says = STATUS, "undated_sales: show"
    found = days(folder, DATED, f"2,{LATE},A,1,40.00,,Sold", says=says)
    assert found["2"].placed_at.isoformat() == "2026-12-06T11:30:00+00:00"


@pytest.mark.parametrize(
    "row",
    [
        "2,Late,2026-12-06 22:30,A,1,40.00,,Open",  # nobody has paid it
        "1,Gala,2026-12-05 19:30,B,1,20.00,,Sold",  # another row has its order's day
        "1,Gala,2026-12-05 19:30,A,-1,-40.00,,Sold",  # first seen today
    ],
)
def test_other_rows_without_a_day_are_read(folder, row):
    found = days(folder, DATED, row, says=(STATUS,))
    assert not [it for it in found.values() if isinstance(it, str)]


def test_a_column_without_any_day_is_as_one_that_is_not_mapped(folder):
    found = days(folder, DATED.replace("2026-11-02 10:00", ""), says=(STATUS,))
    assert found["1"].placed_at.isoformat() == "2026-12-05T08:30:00+00:00"


def test_the_days_of_returns_alone_are_no_days_of_sales(folder):
    sale = DATED.replace("2026-11-02 10:00", "")
    back = f"1,{GALA},A,-1,-40.00,2026-11-09 10:00,Sold"
    assert money(days(folder, sale, back, says=(STATUS,))["1"]) == (1, 8000, 4000)


def test_recipe_check_says_that_no_sale_has_a_day(folder):
    days(folder, DATED.replace("2026-11-02 10:00", ""), says=(STATUS,))
    options = {"recipe": str(folder.path / "r.yaml")}
    file = folder.path / "in" / "a.csv"
    notes = recipe_preview.preview(options, str(file), no_database).notes
    assert notes == (
        "no sale has a day in the column mapped to `placed`: sales count on the day of "
        "their show",
    )


def test_a_day_in_another_file_of_the_folder_is_one_too(folder):
    folder.put("b.csv", f"{HEADING},Bought,Status", f"2,{LATE},A,1,40.00,,Sold")
    assert "b.csv, line 2: placed is empty" in days(folder, DATED, says=(STATUS,))["2"]
