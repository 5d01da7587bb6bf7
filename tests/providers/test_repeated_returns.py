"""
Reports that take the same back, and reports that have an order for another night: each
counts as often as can be seen, or is set aside by name. What is expected was worked out
by hand; each order of 2 has tickets of 40.00.
"""

import os

import pytest
import xlsxwriter
from support.report_folder import GALA, HEADING, ReportFolder, money

from ticketsync.providers.file_import.several_reports import lasting_losses

DATED = f"{HEADING},Day"
ONE_BACK = f"A1,{GALA},Adult,-1,-40.00"
B2_BACK = f"B2,{GALA},Adult,-1,-39.00"
C3_BACK = f"C3,{GALA},Adult,-1,-40.00"
UNCLEAR = "may be the same money or more of it"


@pytest.fixture
def folder(tmp_path):
    found = ReportFolder(tmp_path)
    found.recipe()
    return found


def sell(folder, *rows, tickets=2):
    """
    An order of tickets of 40.00, one ticket of 39.00, and further rows.
    """
    folder.put(
        "sold.csv",
        HEADING,
        f"A1,{GALA},Adult,{tickets},{tickets * 40}.00",
        f"B2,{GALA},Adult,1,39.00",
        *rows,
    )


def weeks(folder, *contents, heading=HEADING):
    for n, rows in enumerate(contents):
        folder.put(f"week{n + 1}.csv", heading, *rows)


def test_two_statements_with_one_row_set_the_order_aside(folder):
    sell(folder)
    weeks(folder, [ONE_BACK], [ONE_BACK, B2_BACK])
    found = folder.orders()
    assert UNCLEAR in found["A1"]
    assert "week1.csv" in found["A1"]
    assert "map the time of the return" in found["A1"]
    assert money(found["B2"]) == (0, 3900, 3900)


def test_what_can_only_go_back_once_counts_once(folder):
    sell(folder)
    weeks(folder, [B2_BACK], [B2_BACK, ONE_BACK])
    found = folder.orders()
    assert money(found["B2"]) == (0, 3900, 3900)
    assert money(found["A1"]) == (1, 8000, 4000)


@pytest.mark.parametrize(
    ("word", "figures"), [("once", (1, 8000, 4000)), ("count", (0, 8000, 8000))]
)
def test_the_recipe_says_what_alike_returns_are(folder, word, figures):
    folder.recipe(f"repeated_returns: {word}")
    sell(folder)
    weeks(folder, [ONE_BACK], [ONE_BACK, B2_BACK])
    assert money(folder.orders()["A1"]) == figures


def test_rows_of_a_sale_that_count_each_say_nothing_of_returns(folder):
    folder.recipe("repeated_rows: count")
    sell(folder)
    weeks(folder, [ONE_BACK], [ONE_BACK, B2_BACK])
    assert UNCLEAR in folder.orders()["A1"]


def test_each_counts_where_the_recipe_says_so_also_in_a_longer_list(folder):
    folder.recipe("repeated_returns: count")
    sell(folder, f"C3,{GALA},Adult,3,120.00")
    weeks(folder, [ONE_BACK, C3_BACK], [ONE_BACK, C3_BACK, B2_BACK])
    found = folder.orders()
    assert money(found["A1"]) == (0, 8000, 8000)
    assert money(found["C3"]) == (1, 12000, 8000)
    assert money(found["B2"]) == (0, 3900, 3900)


def test_more_than_the_order_had_is_set_aside_where_each_counts(folder):
    folder.recipe("repeated_returns: count")
    sell(folder)
    more = (f"C{n},{GALA},Adult,1,39.00" for n in range(3))
    weeks(folder, *([ONE_BACK, row] for row in more))
    assert "does not have as much" in folder.orders()["A1"]


@pytest.mark.parametrize(
    ("word", "figures"), [("once", (2, 16000, 8000)), ("count", (0, 16000, 16000))]
)
def test_two_alike_rows_in_each_of_two_reports(folder, word, figures):
    folder.recipe("repeated_rows: count", f"repeated_returns: {word}")
    sell(folder, tickets=4)
    weeks(folder, [ONE_BACK, ONE_BACK], [ONE_BACK, ONE_BACK, B2_BACK])
    assert money(folder.orders()["A1"]) == figures


# The time of a return


def timed(folder, sale, *times):
    folder.recipe(placed="Day")
    folder.put("sold.csv", DATED, f"A1,{GALA},Adult,2,80.00,{sale}")
    for n, time in enumerate(times):
        rest = f"B{n},{GALA},Adult,1,39.00,2026-10-0{n + 1}"
        folder.put(f"week{n}.csv", DATED, f"{ONE_BACK},{time}", rest)
    return folder.orders()["A1"]


@pytest.mark.parametrize(
    ("times", "figures"),
    [
        (("2026-11-03", "2026-11-10"), (0, 8000, 8000)),
        (("2026-11-03 10:12", "2026-11-03 10:12"), (1, 8000, 4000)),
        (("2026-11-03 10:12", "2026-11-03 17:40"), (0, 8000, 8000)),
        # on the day of the sale, and not at its time
        (("2026-10-01 15:00", "2026-10-01 15:00"), (1, 8000, 4000)),
    ],
)
def test_returns_at_two_times_are_two(folder, times, figures):
    assert money(timed(folder, "2026-10-01 10:12", *times)) == figures


@pytest.mark.parametrize(
    ("sale", "time", "reason"),
    [
        ("2026-10-01", "2026-11-03", "both are of one day"),
        ("2026-10-01", "2026-10-01", "its day is that of the sale"),
        ("2026-10-01 10:12", "2026-10-01", "its day is that of the sale"),
        ("2026-10-01 10:12", "2026-10-01 10:12", "its day is that of the sale"),
    ],
)
def test_one_day_or_the_time_of_the_sale_decides_nothing(folder, sale, time, reason):
    found = timed(folder, sale, time, time)
    assert UNCLEAR in found
    assert reason in found


# The same return in other words


MORE = f"{HEADING},Day,State,Mail,Kept,Fee"
STATUS = "status: {paid: [Sold, Done, Refunded], pending: [Open]}"


def said_twice(folder, first, second, *, days=("2026-11-03 10:12",) * 2, ages=None):
    folder.recipe(
        *(STATUS, "signs: {kept: plus}"),
        placed="Day",
        status="State",
        email="Mail",
        kept="Kept",
        fee="Fee",
    )
    sale = f"A1,{GALA},Adult,3,120.00,2026-10-01 10:12,Sold,a@b.example,,"
    folder.put("sold.csv", MORE, sale)
    for n, (day, rest) in enumerate(zip(days, (first, second), strict=True)):
        other = f"B{n},{GALA},Adult,1,39.00,2026-10-02 10:00,Sold,,,"
        age = ages[n] if ages else None
        folder.put(f"week{n}.csv", MORE, f"{ONE_BACK},{day},{rest}", other, age=age)
    return folder.orders()["A1"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Done,a@b.example,,", "Refunded,a@b.example,,"),
        ("Done,a@b.example,,", "Done,new@b.example,,"),
        ("Done,,,", "Done,a@b.example,,"),
        ("Done,,,", "Done,,0.50,"),
        ("Done,,,", "Done,,,0.00"),
        ("Open,,,", "Done,,,"),
    ],
)
def test_one_return_in_other_words_counts_once(folder, first, second):
    assert money(said_twice(folder, first, second)) == (2, 12000, 4000)


def test_the_newer_report_says_what_became_of_a_return(folder):
    assert "takes back" in said_twice(folder, "Done,,,", "Open,,,")


@pytest.mark.parametrize(
    ("first", "second", "ages"),
    [
        ("Done,,,-2.00", "Done,,,-1.00", None),
        ("Done,,,-2.00", "Done,,,", None),
        ("Done,,,", "Refunded,,,", (10**9 + 9, 10**9 + 9)),
    ],
)
def test_returns_that_contradict_each_other_are_set_aside(folder, first, second, ages):
    found = said_twice(folder, first, second, ages=ages)
    assert "says something else of the same return" in found


def test_two_returns_in_other_words_are_two_by_their_times(folder):
    days = ("2026-11-03 10:12", "2026-11-10 09:00")
    found = said_twice(folder, "Done,,,", "Refunded,,,", days=days)
    assert money(found) == (1, 12000, 8000)


# Lists that go on from others


def test_a_list_that_goes_on_from_an_older_one_is_the_same(folder):
    sell(folder, f"C3,{GALA},Adult,3,120.00")
    weeks(folder, [ONE_BACK, C3_BACK], [ONE_BACK, C3_BACK, B2_BACK])
    found = folder.orders()
    assert [money(found[id_]) for id_ in ("A1", "B2", "C3")] == [
        (1, 8000, 4000),
        (0, 3900, 3900),
        (2, 12000, 4000),
    ]


def test_a_list_without_a_row_of_the_older_one_does_not_go_on_from_it(folder):
    sell(folder, f"C3,{GALA},Adult,3,120.00")
    both = f"C3,{GALA},Adult,-2,-80.00"
    weeks(folder, [ONE_BACK, C3_BACK], [ONE_BACK, both])
    assert UNCLEAR in folder.orders()["A1"]


def test_a_longer_list_and_one_more_statement(folder):
    sell(folder, f"C3,{GALA},Adult,3,120.00")
    first, longer = [ONE_BACK, C3_BACK], [ONE_BACK, C3_BACK, B2_BACK]
    weeks(folder, first, longer, [ONE_BACK])
    assert UNCLEAR in folder.orders()["A1"]
    assert money(folder.orders()["C3"]) == (2, 12000, 4000)


def test_two_sheets_of_one_workbook_are_two_statements(folder):
    sell(folder)
    file = folder.path / "in" / "weeks.xlsx"
    book = xlsxwriter.Workbook(file, {"strings_to_numbers": True})
    for rows in ([ONE_BACK, B2_BACK], [ONE_BACK, f"C3,{GALA},Adult,1,39.00"]):
        sheet = book.add_worksheet()
        for place, row in enumerate([HEADING, *rows]):
            sheet.write_row(place, 0, row.split(","))
    book.close()
    os.utime(file, (10**9 + 50, 10**9 + 50))
    assert UNCLEAR in folder.orders()["A1"]


@pytest.mark.parametrize(("older", "is_seen"), [(1, True), (0, False), (-1, False)])
def test_sales_with_their_returns_list_what_an_older_statement_has(
    folder, older, is_seen
):
    age = 10**9 + 100
    rows = (f"A1,{GALA},Adult,2,80.00", ONE_BACK)
    folder.put("sold.csv", HEADING, *rows, age=age)
    folder.put("week1.csv", HEADING, ONE_BACK, age=age - older)
    found = folder.orders()["A1"]
    if is_seen:
        assert money(found) == (1, 8000, 4000)
    else:
        assert UNCLEAR in found


def test_a_newer_report_that_lists_no_return_says_nothing_of_it(folder):
    folder.recipe("order_numbers: folder")
    folder.put("jan.csv", HEADING, f"A1,{GALA},Adult,2,80.00", ONE_BACK)
    folder.put("feb.csv", HEADING, ONE_BACK, f"B2,{GALA},Adult,1,39.00")
    folder.put("mar.csv", HEADING, f"A1,{NEXT},Adult,1,40.00")
    assert UNCLEAR in folder.orders()["A1"]


# Rows of taxes on top


ENTRY_KINDS = "kind: {sale: [Ticket], refund: [Refund], tax: [Tax]}"
WITH_TAX = (f"A1,{GALA},Ticket,2,80.00", f"A1,{GALA},Tax,,8.00")
PRICE, TAX = f"A1,{GALA},Refund,1,-40.00", f"A1,{GALA},Tax,,-4.00"


def entries(folder, first, second, *says):
    folder.recipe(ENTRY_KINDS, "tax: on top", *says, drop=("type",), kind="Type")
    folder.put("sold.csv", HEADING, *WITH_TAX)
    other = f"B2,{GALA},Ticket,1,39.00"
    weeks(folder, first, [*second, other])
    return folder.orders()["A1"]


@pytest.mark.parametrize("second", [(PRICE,), (PRICE, TAX), (TAX,)])
def test_a_price_without_its_tax_may_have_gone_back_twice(folder, second):
    assert UNCLEAR in entries(folder, [PRICE, TAX], second)


def test_a_price_and_its_tax_count_together(folder):
    found = entries(folder, [PRICE, TAX], [PRICE, TAX], "repeated_returns: count")
    assert money(found) == (0, 8800, 8800)


def test_the_tax_of_two_returns_at_one_time_is_not_one(folder):
    folder.recipe(
        *("kind: {sale: [Ticket], refund: [Refund], tax: [Tax]}", "tax: on top"),
        kind="Kind",
        placed="Day",
    )
    heading = f"{HEADING},Kind,Day"
    folder.put(
        "sold.csv",
        heading,
        f"A1,{GALA},Adult,1,40.00,Ticket,2026-10-01 10:00",
        f"A1,{GALA},Student,1,45.00,Ticket,2026-10-01 10:00",
        f"A1,{GALA},,,8.50,Tax,2026-10-01 10:00",
    )
    for name, price in (("Adult", "40.00"), ("Student", "45.00")):
        folder.put(
            f"{name}.csv",
            heading,
            f"A1,{GALA},{name},1,-{price},Refund,2026-11-03 10:00",
            f"A1,{GALA},,,-4.00,Tax,2026-11-03 10:00",
        )
    assert UNCLEAR in folder.orders()["A1"]


# Rows that name the order they belong to


@pytest.mark.parametrize(
    ("numbers", "figures"),
    [
        (("R1", "R2"), (0, 8000, 8000)),
        (("R1", "R1"), (1, 8000, 4000)),
        (("", ""), None),
    ],
)
def test_rows_that_name_their_order(folder, numbers, figures):
    folder.recipe(refund_of="Of")
    folder.put("sold.csv", f"{HEADING},Of", f"A1,{GALA},Adult,2,80.00,")
    for n, number in enumerate(numbers):
        row = ONE_BACK.replace("A1", number, 1)
        rest = f"B{n},{GALA},Adult,1,39.00,"
        folder.put(f"week{n}.csv", f"{HEADING},Of", f"{row},A1", rest)
    found = folder.orders()["A1"]
    if figures:
        assert money(found) == figures
    else:
        assert UNCLEAR in found


# Time


def test_no_order_is_read_for_a_list_that_goes_on(folder, monkeypatch):
    asked = []
    can_be = lasting_losses.can_be
    monkeypatch.setattr(
        lasting_losses, "can_be", lambda raw: asked.append(raw) or can_be(raw)
    )
    sold = [f"{n},{GALA},Adult,2,80.00" for n in range(20)]
    back = [f"{n},{GALA},Adult,-1,-40.00" for n in range(20)]
    folder.put("sold.csv", HEADING, *sold)
    weeks(folder, *(back[:n] for n in range(2, 20)))
    assert sum(money(order)[2] for order in folder.orders().values()) == 19 * 4000
    assert not asked


def test_alike_rows_are_looked_at_together(folder, monkeypatch):
    asked = []
    can_be = lasting_losses.can_be
    monkeypatch.setattr(
        lasting_losses, "can_be", lambda raw: asked.append(raw) or can_be(raw)
    )
    sold = [f"A1,{GALA},T{n},1,{n + 1}.00" for n in range(50)]
    back = [f"A1,{GALA},T{n},-1,-{n + 1}.00" for n in range(50)]
    folder.put("sold.csv", HEADING, *sold)
    weeks(folder, back, [*back, f"B2,{GALA},Adult,1,39.00"])
    assert money(folder.orders()["A1"]) == (0, 127500, 127500)
    assert len(asked) == 1


# Sales that a newer export of the same report has no longer


NEXT = "Gala,2026-12-06 19:30"
OTHERS = (f"B2,{GALA},Adult,1,39.00", f"C3,{GALA},Adult,1,39.00")


def moved(folder, *more, lines=(), between=None):
    """
    An order of two tickets that a newer export has for another night.
    """
    folder.recipe("order_numbers: folder", *lines)
    folder.put("old.csv", HEADING, f"A1,{GALA},Adult,2,80.00", *OTHERS)
    if between is not None:
        folder.put("mid.csv", HEADING, *between)
    folder.put("new.csv", HEADING, f"A1,{NEXT},Adult,2,80.00", *more)
    return folder.orders()


@pytest.mark.parametrize("others", [OTHERS, OTHERS[:1]])
@pytest.mark.parametrize("between", [None, OTHERS])
def test_an_order_moved_to_another_night_does_not_count_on_both(
    folder, others, between
):
    found = moved(folder, *others, between=between)
    assert "it lacks old.csv, line 2, which may have moved" in found["A1"]
    assert money(found["B2"]) == (1, 3900, 0)


@pytest.mark.parametrize("between", [None, OTHERS])
def test_an_order_that_moved_is_where_the_newer_export_has_it(folder, between):
    lines = ("changed_orders: [A1]",)
    found = moved(folder, *OTHERS, lines=lines, between=between)
    assert money(found["A1"]) == (2, 8000, 0)
    assert "2026-12-06" in found["A1"].occurrence_id


@pytest.mark.parametrize("others", [(), (f"D4,{NEXT},Adult,1,39.00",)])
def test_rows_of_another_night_are_added_where_nothing_is_exported_again(
    folder, others
):
    assert money(moved(folder, *others)["A1"]) == (4, 16000, 0)


def test_a_newer_export_that_has_both_nights_adds_one(folder):
    found = moved(folder, f"A1,{GALA},Adult,2,80.00", *OTHERS)
    assert money(found["A1"]) == (4, 16000, 0)


def test_an_order_that_lost_a_row_is_set_aside(folder):
    folder.recipe("order_numbers: folder")
    adult, child = f"A1,{GALA},Adult,1,40.00", f"A1,{GALA},Child,1,20.00"
    folder.put("old.csv", HEADING, adult, child, *OTHERS)
    folder.put("new.csv", HEADING, adult, *OTHERS)
    assert "which may have been cancelled" in folder.orders()["A1"]


def test_a_return_is_kept_though_a_newer_export_lists_none(folder):
    folder.recipe("order_numbers: folder")
    adult = f"A1,{GALA},Adult,2,80.00"
    folder.put("old.csv", HEADING, adult, ONE_BACK, *OTHERS)
    folder.put("new.csv", HEADING, adult, *OTHERS)
    assert money(folder.orders()["A1"]) == (1, 8000, 4000)


def test_a_changed_order_of_two_files_of_one_age_is_set_aside(folder):
    folder.recipe("order_numbers: folder", "changed_orders: [A1]")
    for name, row in (("a", GALA), ("b", NEXT)):
        folder.put(f"{name}.csv", HEADING, f"A1,{row},Adult,2,80.00", age=10**9)
    assert "neither is newer" in folder.orders()["A1"]


@pytest.mark.parametrize("kind", ["Tax", "Fee"])
def test_the_fees_and_taxes_of_two_parts_of_an_order_are_two(folder, kind):
    folder.recipe(
        "kind: {sale: [Ticket], tax: [Tax], fee: [Fee]}",
        *("tax: on top", "order_numbers: folder"),
        kind="Kind",
    )
    for name, price in (("Adult", "40.00"), ("Student", "35.00")):
        folder.put(
            f"{name}.csv",
            f"{HEADING},Kind",
            f"A1,{GALA},{name},1,{price},Ticket",
            f"A1,{GALA},,,4.00,{kind}",
        )
    assert money(folder.orders()["A1"]) == (2, 8300, 0)
