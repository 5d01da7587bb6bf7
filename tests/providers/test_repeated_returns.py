"""
Reports that take the same back without saying on which day, and reports that have an
order for another night: each counts as often as can be seen, or is set aside by name.
What is expected was worked out by hand.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder, money

DATED = f"{HEADING},Day"
ONE_BACK = f"A1,{GALA},Adult,-1,-40.00"
NEVER_SEEN = "does not say on which day"


@pytest.fixture
def folder(tmp_path):
    found = ReportFolder(tmp_path)
    found.recipe()
    return found


def sell(folder, *rows):
    """
    Two tickets of 40.00, one ticket of 39.00, and further rows.
    """
    folder.put(
        "sold.csv",
        HEADING,
        f"A1,{GALA},Adult,2,80.00",
        f"B2,{GALA},Adult,1,39.00",
        *rows,
    )


def test_two_statements_with_one_row_set_the_order_aside(folder):
    sell(folder)
    folder.put("week1.csv", HEADING, ONE_BACK)
    folder.put("week2.csv", HEADING, ONE_BACK, f"B2,{GALA},Adult,-1,-39.00")
    found = folder.orders()
    assert NEVER_SEEN in found["A1"]
    assert "week1.csv" in found["A1"]
    assert money(found["B2"]) == (0, 3900, 3900)


def test_what_can_only_go_back_once_counts_once(folder):
    sell(folder)
    folder.put("week1.csv", HEADING, f"B2,{GALA},Adult,-1,-39.00")
    folder.put("week2.csv", HEADING, f"B2,{GALA},Adult,-1,-39.00", ONE_BACK)
    found = folder.orders()
    assert money(found["B2"]) == (0, 3900, 3900)
    assert money(found["A1"]) == (1, 8000, 4000)


@pytest.mark.parametrize(("word", "figures"), [
    ("once", (1, 8000, 4000)), ("count", (0, 8000, 8000)),
])  # fmt: skip
def test_the_recipe_says_what_alike_rows_are(folder, word, figures):
    folder.recipe(f"repeated_rows: {word}")
    sell(folder)
    folder.put("week1.csv", HEADING, ONE_BACK)
    folder.put("week2.csv", HEADING, ONE_BACK, f"B2,{GALA},Adult,-1,-39.00")
    assert money(folder.orders()["A1"]) == figures


def test_no_more_than_the_order_had_goes_back_whatever_the_recipe_says(folder):
    folder.recipe("repeated_rows: count")
    sell(folder)
    for week in range(3):
        number = f"C{week}"
        folder.put(
            f"week{week}.csv", HEADING, ONE_BACK, f"{number},{GALA},Adult,1,39.00"
        )
    assert money(folder.orders()["A1"]) == (0, 8000, 8000)


@pytest.mark.parametrize("days", [("3", "10"), ("3", "3")])
def test_rows_with_their_day_need_no_answer(folder, days):
    folder.recipe(placed="Day")
    folder.put("sold.csv", DATED, f"A1,{GALA},Adult,2,80.00,2026-10-01")
    for n, day in enumerate(days):
        rest = f"B{n},{GALA},Adult,1,39.00,2026-10-0{n + 1}"
        folder.put(f"week{n}.csv", DATED, f"{ONE_BACK},2026-11-{day.zfill(2)}", rest)
    back = 4000 * len(set(days))
    assert money(folder.orders()["A1"]) == (2 - back // 4000, 8000, back)


def test_the_day_of_the_sale_is_not_the_day_of_the_return(folder):
    folder.recipe(placed="Day")
    folder.put("sold.csv", DATED, f"A1,{GALA},Adult,2,80.00,2026-10-01")
    for n in (1, 2):
        rest = f"B{n},{GALA},Adult,1,39.00,2026-10-01"
        folder.put(f"week{n}.csv", DATED, f"{ONE_BACK},2026-10-01", rest)
    assert NEVER_SEEN in folder.orders()["A1"]


def test_a_list_that_goes_on_from_an_older_one_is_the_same(folder):
    rows = [ONE_BACK, f"C3,{GALA},Adult,-1,-40.00"]
    sell(folder, f"C3,{GALA},Adult,3,120.00")
    folder.put("september.csv", HEADING, *rows)
    folder.put("october.csv", HEADING, *rows, f"B2,{GALA},Adult,-1,-39.00")
    found = folder.orders()
    assert [money(found[id_]) for id_ in ("A1", "B2", "C3")] == [
        (1, 8000, 4000),
        (0, 3900, 3900),
        (2, 12000, 4000),
    ]


def test_sales_with_their_returns_list_what_an_older_statement_has(folder):
    folder.put("week1.csv", HEADING, ONE_BACK)
    sell(folder, ONE_BACK)
    assert money(folder.orders()["A1"]) == (1, 8000, 4000)


def test_a_statement_that_is_newer_than_the_sales_is_unclear(folder):
    sell(folder, ONE_BACK)
    folder.put("week1.csv", HEADING, ONE_BACK)
    assert NEVER_SEEN in folder.orders()["A1"]


def test_rows_that_name_their_order_are_told_apart_by_their_own_number(folder):
    folder.recipe(refund_of="Of")
    folder.put("sold.csv", f"{HEADING},Of", f"A1,{GALA},Adult,2,80.00,")
    for n, number in enumerate(("R1", "R2")):
        row = ONE_BACK.replace("A1", number, 1)
        folder.put(f"week{n}.csv", f"{HEADING},Of", f"{row},A1")
    assert money(folder.orders()["A1"]) == (0, 8000, 8000)


@pytest.mark.parametrize(
    ("numbers", "is_seen"), [(("", ""), False), (("R", "R"), True)]
)
def test_rows_that_name_their_order_and_have_no_own_number(folder, numbers, is_seen):
    folder.recipe(refund_of="Of")
    folder.put("sold.csv", f"{HEADING},Of", f"A1,{GALA},Adult,2,80.00,")
    for n, number in enumerate(numbers):
        row = ONE_BACK.replace("A1", number, 1)
        rest = f"B{n},{GALA},Adult,1,39.00,"
        folder.put(f"week{n}.csv", f"{HEADING},Of", f"{row},A1", rest)
    found = folder.orders()["A1"]
    if is_seen:
        assert money(found) == (1, 8000, 4000)
    else:
        assert NEVER_SEEN in found


# Sales that a newer export of the same report has no longer

NEXT = "Gala,2026-12-06 19:30"
OTHERS = (f"B2,{GALA},Adult,1,39.00", f"C3,{GALA},Adult,1,39.00")


def moved(folder, *more, **says):
    """
    An order of two tickets that a newer export has for another night.
    """
    folder.recipe("order_numbers: folder", *says.get("lines", ()))
    folder.put("old.csv", HEADING, f"A1,{GALA},Adult,2,80.00", *OTHERS)
    folder.put("new.csv", HEADING, f"A1,{NEXT},Adult,2,80.00", *more)
    return folder.orders()


def test_an_order_moved_to_another_night_does_not_count_on_both(folder):
    found = moved(folder, *OTHERS)
    assert "lacks the row old.csv, line 2" in found["A1"]
    assert money(found["B2"]) == (1, 3900, 0)


def test_an_order_that_moved_is_where_the_newer_export_has_it(folder):
    found = moved(folder, *OTHERS, lines=("changed_orders: [A1]",))
    assert money(found["A1"]) == (2, 8000, 0)
    assert found["A1"].tickets[0].occurrence_id == found["A1"].occurrence_id
    assert "2026-12-06" in found["A1"].occurrence_id


@pytest.mark.parametrize("others", [(), OTHERS[:1], (f"D4,{NEXT},Adult,1,39.00",)])
def test_rows_of_another_night_are_added_where_nothing_is_exported_again(
    folder, others
):
    assert money(moved(folder, *others)["A1"]) == (4, 16000, 0)


def test_a_newer_export_that_has_both_nights_adds_one(folder):
    found = moved(folder, f"A1,{GALA},Adult,2,80.00", *OTHERS)
    assert money(found["A1"]) == (4, 16000, 0)
