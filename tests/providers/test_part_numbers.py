"""
Reports with a number of tickets for each category: all of them are the number of a row,
and none is left out unseen. Amounts and numbers by hand.
"""

import pytest
from support.report_folder import GALA, ReportFolder, money

HEADING = "Order,Show,Starts,Adult qty,Child qty,Total"


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def read(folder, *rows, says=(), heading=HEADING, drop=("type", "quantity"), **columns):
    folder.recipe(*says, drop=drop, **columns)
    folder.put("a.csv", heading, *rows)
    return folder.orders()


ROWS = (f"1,{GALA},2,1,72.00", f"2,{GALA},0,1,12.00", f"3,{GALA},1,,30.00")


def test_a_number_of_each_category_is_added(folder):
    found = read(folder, *ROWS, quantity="[Adult qty, Child qty]", drop=("type",))
    assert money(found["1"]) == (3, 7200, 0)
    assert money(found["2"]) == (1, 1200, 0)
    assert money(found["3"]) == (1, 3000, 0)


def test_the_numbers_of_categories_are_asked_about_where_none_is_mapped(folder):
    found = read(folder, *ROWS, f"4,{GALA},1,1,42.00")
    for number in ("1", "2", "3", "4"):
        assert '`quantity: ["Adult qty", "Child qty"]`' in found[number]


def test_a_category_beside_a_mapped_one_is_asked_about(folder):
    found = read(folder, *ROWS, quantity="Adult qty", drop=("type",))
    assert "the recipe maps no column 'Child qty'" in found["1"]
    assert '`quantity: ["Adult qty", "Child qty"]`' in found["1"]
    assert money(found["3"]) == (1, 3000, 0)
    says = ("ignore_columns: [Child qty]",)
    found = read(folder, *ROWS, says=says, quantity="Adult qty", drop=("type",))
    assert money(found["1"]) == (2, 7200, 0)


@pytest.mark.parametrize(
    "pair",
    [
        ("Adults", "Children"),
        ("Adult tickets", "Concession tickets"),
        ("No. of adults", "No. of children"),
        ("Section A qty", "Section B qty"),
        ("Paid tickets", "Comp tickets"),
        ("Full price qty", "Reduced quantity"),
    ],
)
def test_categories_are_known_by_what_they_are_called(folder, pair):
    heading = f"Order,Show,Starts,{','.join(pair)},Total"
    found = read(folder, ROWS[0], heading=heading)
    assert f'`quantity: ["{pair[0]}", "{pair[1]}"]`' in found["1"]
    listed = f'["{pair[0]}", "{pair[1]}"]'
    found = read(folder, ROWS[0], heading=heading, quantity=listed, drop=("type",))
    assert money(found["1"]) == (3, 7200, 0)


@pytest.mark.parametrize(
    ("number", "other"),
    [
        ("Tickets", "Adult qty"),
        ("Total qty", "Child qty"),
        ("Ticket qty", "Adults"),
        ("Adult qty", "Scanned qty"),
        ("Adult qty", "Order qty"),
    ],
)
def test_a_number_of_all_tickets_needs_no_other(folder, number, other):
    heading = f"Order,Show,Starts,{number},{other},Total"
    found = read(folder, ROWS[0], heading=heading, quantity=number, drop=("type",))
    assert money(found["1"]) == (2, 7200, 0)


def test_numbers_on_two_sides_of_zero_are_not_added(folder):
    row = f"1,{GALA},2,-1,48.00"
    found = read(folder, row, quantity="[Adult qty, Child qty]", drop=("type",))
    assert "on two sides of zero" in found["1"]


def test_what_went_back_in_full_is_seen_by_all_numbers(folder):
    """Two adults and a child at 20.00 each are 60.00, all of which went back."""
    heading = "Order,Show,Starts,Adult qty,Child qty,Price,State,Amount returned"
    columns = {
        "price": "Price",
        "status": "State",
        "quantity": "[Adult qty, Child qty]",
    }
    found = read(
        folder,
        f"1,{GALA},2,1,20.00,Back,60.00",
        f"2,{GALA},2,1,20.00,Back,40.00",
        says=("status: {refunded: [Back]}",),
        heading=heading,
        drop=("type", "total"),
        **columns,
    )
    assert money(found["1"]) == (0, 6000, 6000)
    assert "Amount returned is '40.00'" in found["2"]
