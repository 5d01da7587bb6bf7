"""
A report with one row for each show has no orders, and a row without an order number
may be a sale: both are said, with what to do.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder, money

from ticketsync.core import errors
from ticketsync.providers.file_import import starter

SHOWS = "Date,Time,Show,Tickets sold,Gross sales,Fees"
ROW = "2026-12-05,19:30,Gala,120,4800.00,96.00"
NEEDED = "export the one with a row for each order or ticket, which platforms call"


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def unread(folder):
    provider = folder.provider()
    list(provider.fetch_all_orders(None, None, workers=1))
    return provider.unread_files()


def test_a_starter_is_not_written_for_sums_of_shows(tmp_path):
    file = tmp_path / "shows.csv"
    file.write_text(f"{SHOWS}\n{ROW}\n")
    with pytest.raises(errors.BadFile) as caught:
        starter.starter_recipe(file, timezone="Europe/London", currency="GBP")
    assert caught.value.message == (
        "shows.csv has no column with an order's number that is known."
    )
    assert NEEDED in caught.value.hint


@pytest.mark.parametrize(
    "heading",
    [
        "Order number,Show,Starts,Ticket type,Tickets sold,Gross sales",
        "Ref,Show,Starts,Ticket type,Qty,Total",
    ],
)
def test_a_starter_is_written_for_orders(tmp_path, heading):
    file = tmp_path / "orders.csv"
    file.write_text(f"{heading}\n1,Gala,2026-12-05 19:30,Adult,1,40.00\n")
    text = starter.starter_recipe(file, timezone="Europe/London", currency="GBP")
    assert "event:" in text


def test_a_recipe_without_a_number_says_which_report_is_needed(folder):
    folder.put("a.csv", SHOWS, ROW)
    folder.recipe(drop=("order",))
    with pytest.raises(errors.ConfigurationError, match="no column to order") as caught:
        folder.orders()
    assert NEEDED in caught.value.hint


def test_a_report_of_shows_in_the_folder_says_which_report_is_needed(folder):
    folder.recipe()
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,40.00")
    folder.put("b.csv", SHOWS, ROW)
    assert money(folder.orders()["1"]) == (1, 4000, 0)
    assert NEEDED in unread(folder)["b.csv"].hint


def test_headings_that_were_renamed_say_what_they_did(folder):
    folder.recipe()
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,40.00")
    folder.put("b.csv", HEADING.replace("Order", "Ref"), f"2,{GALA},Adult,1,40.00")
    assert "Correct the heading" in unread(folder)["b.csv"].hint


def test_a_blank_number_may_be_filled_in(folder):
    folder.recipe()
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,40.00", f",{GALA},Child,1,20.00")
    assert folder.orders()["a.csv line 3"] == (
        "a.csv, line 3: it has no order number: fill in the number of its order in the "
        'report if it is a sale; if it is a total, `stop_at: [""]` in the recipe '
        "leaves out all rows without an order number, also those of sales"
    )
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,40.00", f"1,{GALA},Child,1,20.00")
    assert money(folder.orders()["1"]) == (2, 6000, 0)
