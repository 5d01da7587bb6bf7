"""
A sale with the status of a refund, whose column for what went back says 0: many reports
fill that column for parts of a sale only.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder, money

HEADINGS = f"{HEADING},Status,Refunded"


@pytest.fixture
def folder(tmp_path):
    found = ReportFolder(tmp_path)
    found.recipe(
        "status: {paid: [Sold], refunded: [Returned]}",
        status="Status",
        refunded="Refunded",
    )
    return found


def test_it_is_set_aside_and_both_answers_work(folder):
    sale = f"2,{GALA},Child,1,20.00,Sold,0.00"
    folder.put("a.csv", HEADINGS, f"1,{GALA},Adult,2,80.00,Returned,0.00", sale)
    found = folder.orders()
    assert "its status 'Returned' says that 80.00 AUD went back" in found["1"]
    assert money(found["2"]) == (1, 2000, 0)
    folder.put("a.csv", HEADINGS, f"1,{GALA},Adult,2,80.00,Returned,", sale)
    assert money(folder.orders()["1"]) == (0, 8000, 8000)
    folder.recipe(
        "status: {paid: [Sold], void: [Returned]}",
        status="Status",
        refunded="Refunded",
    )
    folder.put("a.csv", HEADINGS, f"1,{GALA},Adult,2,80.00,Returned,0.00", sale)
    assert money(folder.orders()["1"]) == (0, 8000, 0)


def test_a_row_that_takes_it_back_says_what_went_back(folder):
    folder.put(
        "a.csv",
        HEADINGS,
        f"1,{GALA},Adult,2,80.00,Returned,0.00",
        f"1,{GALA},Adult,-2,-80.00,Returned,",
    )
    assert money(folder.orders()["1"]) == (0, 8000, 8000)


def test_what_cost_nothing_has_nothing_to_give_back(folder):
    folder.put("a.csv", HEADINGS, f"1,{GALA},Adult,2,0.00,Returned,0.00")
    assert money(folder.orders()["1"]) == (0, 0, 0)
