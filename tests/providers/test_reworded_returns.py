"""
A return that two statements say in other words counts once where it surely is one, or
its order is set aside by name. Worked out by hand; a ticket costs 40.00.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder, money

WIDE = f"{HEADING},Of,Day,Fee,Seat"
SALE = f"A1,{GALA},Adult,2,80.00,,2026-10-01,,"
WITH_FEE = f"A1,{GALA},Adult,2,80.00,,2026-10-01,4.00,"
# one return, each time in other words than the first
PLAIN = f"A1,{GALA},Adult,-1,-40.00,,,,"
NUMBERED = f"R7,{GALA},Adult,-1,-40.00,A1,,,"
OTHERS = {
    "number": (NUMBERED, "the number of the refund"),
    "type": (f"A1,{GALA},,-1,-40.00,,,,", "`type`"),
    "seat": (f"A1,{GALA},Adult,-1,-40.00,,,,F3", "`line`"),
    "day": (f"A1,{GALA},Adult,-1,-40.00,,2026-11-03,,", "`placed`"),
    "night": ("A1,,,Adult,-1,-40.00,,,,", "`event`, `starts`"),
    "several": (f"R7,{GALA},,-1,-40.00,A1,2026-11-03,-1.00,",
                "the number of the refund, `type`, `placed`"),
}  # fmt: skip
UNCLEAR = "so it may be the same money or more of it"


@pytest.fixture
def folder(tmp_path):
    found = ReportFolder(tmp_path)
    recipe(found)
    return found


def recipe(folder, *says, **more):
    mapped = {"refund_of": "Of", "placed": "Day", "fee": "Fee", "line": "Seat"}
    folder.recipe(*says, **mapped, **more)


def read(folder, first, second, sale=SALE):
    """
    The order of two statements, each of which has a return of another order, too.
    """
    folder.put("sold.csv", WIDE, sale, f"B2,{GALA},Adult,2,78.00,,2026-10-01,,")
    folder.put("1.csv", WIDE, *first)
    folder.put("2.csv", WIDE, *second, f"B2,{GALA},Adult,-1,-39.00,,2026-11-04,,")
    found = folder.orders()
    assert money(found["B2"]) == (1, 7800, 3900)
    return found["A1"]


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize(("row", "differ"), OTHERS.values(), ids=OTHERS)
def test_what_may_be_one_return_or_two_is_set_aside(folder, row, differ, is_turned):
    rows = [PLAIN, row][:: -1 if is_turned else 1]
    found = read(folder, [rows[0]], [rows[1]], sale=WITH_FEE)
    assert UNCLEAR in found
    assert f"(they differ in {differ})" in found
    assert "1.csv, line 2" in found
    assert "2.csv, line 2" in found
    assert "`repeated_returns: once`" in found


@pytest.mark.parametrize(
    ("word", "figures"), [("once", (1, 8000, 4000)), ("count", (0, 8000, 8000))]
)
@pytest.mark.parametrize("name", [it for it in OTHERS if it not in ("seat", "several")])
def test_the_recipe_says_whether_it_is_one(folder, name, word, figures):
    recipe(folder, f"repeated_returns: {word}")
    assert money(read(folder, [PLAIN], [OTHERS[name][0]])) == figures


def test_the_row_that_says_more_counts(folder):
    recipe(folder, "repeated_returns: once")
    for rows in ([PLAIN], [OTHERS["several"][0]]), ([OTHERS["several"][0]], [PLAIN]):
        (refund,) = read(folder, *rows, sale=WITH_FEE).refunds
        assert (refund.amount, refund.buyer_fee) == (4100, 100)
        assert str(refund.refunded_at)[:10] == "2026-11-03"


@pytest.mark.parametrize("name", OTHERS)
def test_what_can_only_go_back_once_counts_once(folder, name):
    sale = f"A1,{GALA},Adult,1,40.00,,2026-10-01,1.00,"
    found = read(folder, [PLAIN], [OTHERS[name][0]], sale=sale)
    assert money(found) == (0, 4100, 4100 if name == "several" else 4000)


def test_at_one_time_of_a_day_it_is_one(folder):
    rows = [f"{number},{GALA},Adult,-1,-40.00,{of},2026-11-03 15:04,,"
            for number, of in (("A1", ""), ("R7", "A1"))]  # fmt: skip
    assert money(read(folder, rows[:1], rows[1:])) == (1, 8000, 4000)


def test_a_newer_export_with_its_sales_lists_the_return_of_an_older_statement(folder):
    folder.put("statement.csv", WIDE, NUMBERED)
    folder.put("all.csv", WIDE, SALE, PLAIN)
    assert money(folder.orders()["A1"]) == (1, 8000, 4000)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # numbers of their own, seats, nights, types, days, times, amounts
        (NUMBERED, NUMBERED.replace("R7", "R8")),
        (PLAIN + "F3", PLAIN + "F4"),
        (f"A1,{GALA},Adult,-1,-40.00,,2026-11-03,,",
         f"R7,{GALA},Adult,-1,-40.00,A1,2026-11-04,,"),
        (f"A1,{GALA},Adult,-1,-40.00,,2026-11-03 10:00,,",
         f"R7,{GALA},Adult,-1,-40.00,A1,2026-11-03 10:05,,"),
        (f"A1,{GALA},Adult,-1,-40.00,,,,", f"R7,{GALA},Adult,-1,-38.00,A1,,,"),
    ],
)  # fmt: skip
def test_returns_that_differ_where_both_say_it_are_two(folder, first, second):
    found = read(folder, [first], [second])
    back = 7800 if "38.00" in second else 8000
    assert money(found) == (0, 8000, back)


def test_rows_of_one_statement_are_two_returns(folder):
    assert money(read(folder, [PLAIN, NUMBERED], [])) == (0, 8000, 8000)


def test_a_day_and_a_time_of_that_day_may_be_one(folder):
    rows = [f"A1,{GALA},Adult,-1,-40.00,,2026-11-03{time},," for time in ("", " 10:00")]
    found = read(folder, rows[:1], rows[1:])
    assert "they differ in `placed`" in found
    assert UNCLEAR in found


def test_each_counts_only_if_the_order_has_as_much(folder):
    recipe(folder, "repeated_returns: count")
    sale = f"A1,{GALA},Adult,1,40.00,,2026-10-01,,"
    assert "does not have as much" in read(folder, [PLAIN], [NUMBERED], sale=sale)


def test_another_fee_of_one_return_is_asked_about(folder):
    one = f"A1,{GALA},Adult,-1,-40.00,,2026-11-03 15:04,-1.00,"
    other = f"R7,{GALA},Adult,-1,-40.00,A1,2026-11-03 15:04,-2.00,"
    assert UNCLEAR in read(folder, [one], [other], sale=WITH_FEE)


def test_under_folder_it_is_asked_about_too(folder):
    recipe(folder, "order_numbers: folder")
    assert UNCLEAR in read(folder, [PLAIN], [NUMBERED])
