"""
Cells that people and programs wrote in another way than they were: read rightly, or set
aside by name, never read as something else.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder, money


@pytest.fixture
def folder(tmp_path):
    found = ReportFolder(tmp_path)
    found.recipe()
    return found


@pytest.mark.parametrize("text", ["1_0", "1e1", "1.000", "２", "2x"])
def test_a_quantity_is_a_plain_whole_number(folder, text):
    rows = (f"1,{GALA},Adult,2.0,80.00", f"2,{GALA},Adult,{text},40.00")
    folder.put("a.csv", HEADING, *rows)
    found = folder.orders()
    assert money(found["1"]) == (2, 8000, 0)
    assert f"quantity is {text!r}, not a whole number" in found["2"]


def test_a_lone_quotation_mark_is_named(folder):
    folder.put(
        "a.csv",
        HEADING,
        f'A1,{GALA},"Early bird,1,40.00',
        f"B2,{GALA},Adult,1,40.00",
        f'C3,{GALA},Early bird",1,40.00',
        f"D4,{GALA},Adult,1,40.00",
    )
    found = folder.orders()
    assert money(found.pop("D4")) == (1, 4000, 0)
    (reason,) = found.values()
    assert "lines 2 to 4" in reason
    assert "a quotation mark in line 2" in reason
