"""
Cells that people and programs wrote in another way than they were: read rightly, or set
aside by name, never read as something else.
"""

import pytest
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money

from ticketsync.providers.report_folder import HeldNames


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


REWRITTEN = [
    *(("1001", "1001.0"), ("1001", "1001.00"), ("1001", '"1,001"'), ("1001", "1.001")),
    *(("1001", "#1001"), ("1001", "'1001"), ("1001", "# 1001"), ("1001", "１００１")),
    *(("1001", "1 001"), ("1001", "\u200b1001")),
    *(("A-3", "A–3"), ("A-3", "A−3"), ("A 4", "A\u00a04"), ("A 4", "A4")),
    *(("A-3", "#a–3"), ("1001.1", "1001.10"), ("0012", "12.0")),
]


@pytest.mark.parametrize("is_stored", [False, True])
@pytest.mark.parametrize("files", [("a.csv", "a.csv"), ("a.csv", "b.csv")])
@pytest.mark.parametrize(("number", "other"), REWRITTEN)
def test_one_number_in_two_writings_is_named(folder, number, other, files, is_stored):
    rows = {name: [HEADING] for name in files}
    held = None
    for name, written in zip(files, (number, other), strict=True):
        if is_stored and written == number:
            held = HeldNames(orders={number: "Gala"})
        else:
            rows[name].append(f"{written},{GALA},Adult,1,40.00")
    for name, lines in rows.items():
        folder.put(name, *lines, f"Z{name[0]},{GALA},Adult,1,40.00")
    found = folder.orders(held)
    kept = {id_ for id_, order in found.items() if not isinstance(order, str)}
    assert kept == {f"Z{name[0]}" for name in files}
    reasons = [order for order in found.values() if isinstance(order, str)]
    assert len(reasons) == (1 if is_stored else 2)
    assert all("only in how it is written" in reason for reason in reasons)


def test_numbers_of_one_event_are_compared_within_it(folder):
    folder.recipe("order_numbers: event")
    rows = [f"1001,{GALA},Adult,1,40.00", f"#1001,{LATE},Adult,1,40.00"]
    folder.put("a.csv", HEADING, *rows)
    assert [money(order) for order in folder.orders().values()] == [(1, 4000, 0)] * 2
    folder.put("a.csv", HEADING, *rows, f"1001.0,{GALA},Adult,1,40.00")
    found = folder.orders()
    assert money(found.pop("#1001 (Late)")) == (1, 4000, 0)
    assert set(found) == {"1001 (Gala)", "1001.0 (Gala)"}
    assert all("only in how it is written" in reason for reason in found.values())


def test_numbers_that_are_unlike_stay_apart(folder):
    numbers = ["1001", "10010", "1001.5", "A-1", "A-11", "A1B", "1-001", "1001 (2)"]
    rows = [f"{number},{GALA},Adult,1,40.00" for number in numbers]
    folder.put("a.csv", HEADING, *rows)
    assert [money(order) for order in folder.orders().values()] == [(1, 4000, 0)] * 8
