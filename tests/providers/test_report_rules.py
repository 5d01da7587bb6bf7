"""
What a recipe can say about a report, and what is set aside where it says nothing.
"""

import re
from datetime import datetime

import pytest
import xlsxwriter
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money

from ticketsync.core import errors
from ticketsync.providers.file_import import folder as folders
from ticketsync.providers.file_import.recipes import recipe
from ticketsync.providers.report_folder import HeldNames


@pytest.fixture
def folder(tmp_path):
    found = ReportFolder(tmp_path)
    found.recipe()
    return found


# Kinds of rows


ENTRIES = (
    "ID,Entry,Event Name,Event Date,Price Level,Type,Amount",
    "T501,2026-11-20 10:00,Gala,2026-12-05 19:30,Adult,Ticket,25.00",
    "T501,2026-11-20 10:00,Gala,2026-12-05 19:30,Adult,Tax,2.50",
    "T502,2026-11-20 10:00,Gala,2026-12-05 19:30,Adult,Ticket,25.00",
    "T502,2026-11-20 10:00,Gala,2026-12-05 19:30,Adult,Tax,2.50",
    "O90,2026-11-20 10:00,Gala,2026-12-05 19:30,,Venue Fee,1.50",
    "T502,2026-11-24 09:00,Gala,2026-12-05 19:30,Adult,Refund,-25.00",
    "X1,2026-11-24 09:00,Gala,2026-12-05 19:30,,Postage,4.00",
)


def entries(folder, *lines):
    folder.recipe(
        "tax: on top",
        *lines,
        drop=("quantity",),
        order="ID",
        event="Event Name",
        starts="Event Date",
        type="Price Level",
        total="Amount",
        placed="Entry",
        kind="Type",
    )
    folder.put("a.csv", *ENTRIES)


def test_a_report_has_one_row_for_each_ticket_tax_and_fee(folder):
    entries(
        folder,
        "kind: {sale: [Ticket], tax: [Tax], fee: [Venue Fee], refund: [Refund], "
        "ignore: [Postage]}",
    )
    found = folder.orders()
    # 25.00 of T502 went back, and perhaps its 2.50 of tax
    assert "of the tax on top 0.00 AUD of 2.50 AUD" in found.pop("T502")
    # 25.00 + 2.50; 1.50 beside any ticket
    assert {id_: money(order) for id_, order in found.items()} == {
        "T501": (1, 2750, 0),
        "O90": (0, 150, 0),
    }
    assert [found[id_].tax for id_ in ("T501", "O90")] == [250, 0]
    assert found["O90"].buyer_fees == 150


def test_a_kind_of_row_that_the_recipe_does_not_know_is_set_aside(folder):
    entries(
        folder,
        "kind: {sale: [Ticket], tax: [Tax], fee: [Venue Fee], refund: [Refund]}",
    )
    found = folder.orders()
    assert "kind is 'Postage', which the recipe does not know" in found["X1"]
    assert money(found["T501"]) == (1, 2750, 0)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("kind: {sale: [a]}",), "belong together"),
        (("formats: {starts: '%d/%m/%Y'}",), "does not have an hour"),
        (("formats: {starts: '%d/%m %H:%M'}",), "does not have a year"),
        (("formats: {starts: '%d/%m/%Y %I:%M'}",), "does not have an hour"),
        (("repeated_rows: maybe",), "'count', 'once', 'refuse'"),
        (("signs: {kept: down}",), "'minus', 'plus'"),
    ],
)
def test_a_recipe_that_says_half_is_refused(folder, lines, reason):
    folder.recipe(*lines)
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,25.00")
    with pytest.raises(errors.ConfigurationError, match=reason):
        folder.orders()


def test_a_fee_of_the_buyer_that_is_kept_cannot_be_kept_besides(folder):
    folder.recipe("buyer_fee: kept", fee="Fee", kept="Fee")
    folder.put("a.csv", f"{HEADING},Fee", f"1,{GALA},Adult,1,25.00,5.25")
    with pytest.raises(errors.ConfigurationError, match="would count twice"):
        folder.orders()


def test_a_refund_under_a_number_of_its_own_finds_its_order(folder):
    folder.recipe(refund_of="Original")
    folder.put(
        "a.csv",
        f"{HEADING},Original",
        f"7,{GALA},Adult,2,50.00,",
        f"R1,{GALA},Adult,-1,-25.00,7",
    )
    assert {id_: money(order) for id_, order in folder.orders().items()} == {
        "7": (1, 5000, 2500)
    }


def test_a_refund_without_its_order_is_set_aside(folder):
    folder.put("a.csv", HEADING, f"R1,{GALA},Adult,-1,-25.00")
    assert "map the column with the original order's number" in folder.orders()["R1"]


def test_a_row_takes_back_what_was_sold_for_its_own_night(folder):
    folder.put(
        "a.csv",
        HEADING,
        f"1,{LATE},Adult,1,25.00",
        f"1,{GALA},Adult,1,25.00",
        f"1,{LATE},Adult,-1,-25.00",
    )
    order = folder.orders()["1"]
    states = {t.occurrence_id: t.status.value for t in order.tickets}
    assert states == {
        "Late @ 2026-12-06T11:30:00Z": "void",
        "Gala @ 2026-12-05T08:30:00Z": "valid",
    }


def test_more_taken_back_than_sold_is_set_aside(folder):
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,25.00", f"1,{GALA},Adult,-2,-50.00")
    assert "takes back 2 Adult, and the order has 1" in folder.orders()["1"]


def test_a_part_of_the_price_of_the_one_ticket_of_a_row_keeps_it(folder):
    folder.recipe(drop=("quantity",))
    folder.put(
        "a.csv",
        "Order,Show,Starts,Type,Total",
        f"1,{GALA},Adult,25.00",
        f"1,{GALA},Adult,-5.00",
    )
    assert money(folder.orders()["1"]) == (1, 2500, 500)


# Missing is not a default


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"1,{GALA},Adult,,25.00", "quantity is missing"),
        ("1,Gala,2026-12-05,Adult,1,25.00", "it has no time of day"),
        ("1,Gala,Sat 5 Dec 19:30,Adult,1,25.00", "not a time"),
        ("1,Gala,46361.8125,Adult,1,25.00", "not a time"),
        ("1,Gala,05/12/2026 19:30,Adult,1,25.00", "with the month first"),
        (f"1,{GALA},Adult,1", "it has 5 of 6 cells"),
        (f"1,{GALA},Adult,1,25.00,x", "it has 7 cells under 6 headings"),
        (f"1,{GALA},Adult,1,", "it has no price"),
        (f"4.5E+11,{GALA},Adult,1,25.00", "a spreadsheet has shortened"),
    ],
)
def test_a_row_that_lacks_something_is_set_aside(folder, row, reason):
    folder.put("a.csv", HEADING, row, f"2,{LATE},Adult,1,20.00")
    found = list(folder.orders().values())
    assert reason in found[0]
    assert found[0].startswith("a.csv, line 2: ") or reason == "it has no price"
    assert money(found[1]) == (1, 2000, 0)


def test_day_and_month_are_decided_by_the_whole_column(folder):
    folder.put(
        "a.csv",
        HEADING,
        "1,Gala,05/12/2026 19:30,Adult,1,25.00",
        "2,Gala,22/12/2026 19:30,Adult,1,25.00",
    )
    assert folder.orders()["1"].occurrence_id == "Gala @ 2026-12-05T08:30:00Z"


DECIDED = (
    "a.csv: starts such as '05/12/2026 19:30' is read with the {} first, because of "
    "'{} 19:30' (line 3); correct that one if it is a mistake, or say `dates: dmy` or "
    "`mdy` in the recipe"
)


@pytest.mark.parametrize(
    ("date", "first", "in_sync"), [("22/12/2026", "day", 0), ("12/13/2026", "month", 1)]
)
def test_the_date_that_decides_a_column_is_named(folder, date, first, in_sync):
    """
    A run says so where the country writes dates in the other order.
    """
    rows = [f"{n},Gala,{day} 19:30,Adult,1,25.00" for n, day in
            enumerate(["05/12/2026", date, "06/12/2026"])]  # fmt: skip
    folder.put("a.csv", HEADING, *rows)
    note = DECIDED.format(first, date)
    assert folder.provider().notes() == (note,) * in_sync
    options = {"recipe": str(folder.path / "r.yaml"), "watch": str(folder.path / "in")}
    preview = folders.read_folder(options, HeldNames(), is_preview=True)
    assert note in preview.notes
    folder.recipe("dates: dmy")
    assert folder.provider().notes() == ()


MIXED = [
    "1,Gala,30/10/2026 20:00,Adult,1,25.00",
    "2,Gala,13/11/2026 20:00,Adult,1,25.00",
    "3,Gala,12/13/2026 20:00,Adult,1,25.00",
]


def test_a_date_that_contradicts_its_column_is_set_aside_by_name(folder):
    folder.put("a.csv", HEADING, *MIXED)
    found = folder.orders()
    assert money(found["1"]) == money(found["2"]) == (1, 2500, 0)
    assert found["3"] == (
        "a.csv, line 4: starts is '12/13/2026 20:00', not a time: it has the month "
        "first, and other dates of its column have the day first; correct it in the "
        "report, or say `dates: mdy` in the recipe if all of them are written like it"
    )
    folder.put("a.csv", HEADING, MIXED[0], MIXED[2])
    found = folder.orders()
    assert "has the day first" in found["1"]
    assert "has the month first" in found["3"]


def test_a_format_of_the_recipe_decides_dates_beside_their_column(folder):
    folder.recipe('formats: {starts: "%m/%d/%Y %H:%M"}')
    folder.put("a.csv", HEADING, *MIXED)
    found = folder.orders()
    assert "not a time written as %m/%d/%Y %H:%M" in found["1"]
    assert found["3"].occurrence_id == "Gala @ 2026-12-13T09:00:00Z"


def test_a_recipe_can_say_which_comes_first(folder):
    folder.recipe("dates: mdy")
    folder.put("a.csv", HEADING, "1,Gala,12/05/2026 7:30 pm,Adult,1,25.00")
    assert folder.orders()["1"].occurrence_id == "Gala @ 2026-12-05T08:30:00Z"


def test_date_cells_among_text_dates_may_have_been_swapped(folder):
    folder.recipe('formats: {starts: "%d/%m/%Y %H:%M"}')
    book = xlsxwriter.Workbook(folder.path / "in" / "a.xlsx")
    sheet = book.add_worksheet()
    shown = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
    sheet.write_row(0, 0, HEADING.split(","))
    sheet.write_row(1, 0, ["1", "Gala", "22/12/2026 19:30", "Adult", 1, 25])
    sheet.write_row(2, 0, ["2", "Gala", None, "Adult", 1, 25])
    sheet.write_datetime(2, 2, datetime(2026, 5, 12, 19, 30), shown)
    book.close()
    found = folder.orders()
    assert money(found["1"]) == (1, 2500, 0)
    assert "day and month may have been exchanged" in found["2"]


def test_error_cells_and_merged_cells_are_named(folder):
    book = xlsxwriter.Workbook(folder.path / "in" / "a.xlsx")
    sheet = book.add_worksheet("S")
    sheet.write_row(0, 0, HEADING.split(","))
    for row, order in enumerate(("1", "2", "3", "4"), start=1):
        sheet.write_row(row, 0, [order, "Gala", "2026-12-05 19:30", "Adult", 1, 25])
    sheet.write_formula(1, 5, "=NA()", None, "#N/A")
    sheet.merge_range(2, 3, 3, 3, "Adult")
    book.close()
    found = folder.orders()
    assert "total (cell F2) is an error value such as #N/A" in found["1"]
    assert money(found["2"]) == (1, 2500, 0)
    assert "type (cell D4) is part of a merged cell" in found["3"]


# Amounts and their signs


def test_words_that_mean_nothing_is_paid(folder):
    folder.recipe('free: [Free, "-", ""]')
    rows = [f"{n},{GALA},Adult,1,{x}" for n, x in enumerate(("Free", "-", "", "25.00"))]
    folder.put("a.csv", HEADING, *rows)
    assert [money(o)[1] for o in folder.orders().values()] == [0, 0, 0, 2500]


def test_a_number_cell_is_a_number_whatever_the_recipe_says_of_text(folder):
    folder.recipe('decimal: ","')
    book = xlsxwriter.Workbook(folder.path / "in" / "a.xlsx")
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADING.split(","))
    sheet.write_row(1, 0, ["1", "Gala", "2026-12-05 19:30", "Adult", 1, 1234.5])
    sheet.write_row(2, 0, ["2", "Gala", "2026-12-05 19:30", "Adult", 1, "1.234,50"])
    sheet.write_row(3, 0, ["3", "Gala", "2026-12-05 19:30", "Adult", 1, 12.345])
    book.close()
    found = folder.orders()
    assert [money(found[id_])[1] for id_ in ("1", "2")] == [123450, 123450]
    assert "total is '12.345', not an amount in AUD" in found["3"]


def test_a_column_with_both_decimal_signs_is_set_aside(folder):
    rows = ("1.50", "2,50", "3")
    folder.put(
        "a.csv",
        HEADING.replace(",", ";"),
        *(
            f"{n};{GALA};Adult;1;{x}".replace("Gala,", "Gala;")
            for n, x in enumerate(rows)
        ),
    )
    found = folder.orders()
    assert "decimal points and decimal commas" in found["0"]
    assert "decimal points and decimal commas" in found["1"]
    assert money(found["2"]) == (1, 300, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1.250", 'with `decimal: "."` it is 1.25, with `decimal: ","` 1250.00'),
        ('"1,250"', 'with `decimal: "."` it is 1250.00, with `decimal: ","` 1.25'),
        (
            "1.255",
            'with `decimal: "."` it is not an amount in AUD, with `decimal: ","` '
            "1255.00",
        ),
    ],
)
def test_what_each_decimal_sign_makes_of_an_amount_is_said(folder, text, said):
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,40,{text}")
    assert folder.orders()["1"] == (
        f"a.csv, line 2: total is '{text.strip(chr(34))}', which could be read with a "
        f"decimal point or with a decimal comma: say `decimal:` in the recipe; {said}"
    )


def test_what_each_decimal_sign_makes_of_a_contradictory_column_is_said(folder):
    rows = (f'1,{GALA},Adult,1,"1.250,00"', f"2,{GALA},Adult,1,12.50")
    folder.put("a.csv", HEADING, *rows)
    assert (
        'say `decimal:` in the recipe; with `decimal: "."` it is 12.50, with '
        '`decimal: ","` not an amount' in folder.orders()["2"]
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Free", "free: [Free]"),
        ("-", 'free: ["-"]'),
        ("n/a", 'free: ["n/a"]'),
        ("No", 'free: ["No"]'),
    ],
)
def test_a_word_for_nothing_names_the_line_that_reads_it(folder, text, line):
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,{text}")
    assert folder.orders()["1"] == (
        f"a.csv, line 2: total is '{text}', not an amount; if it means 0: `{line}` in "
        "the recipe"
    )
    folder.recipe(line)
    assert money(folder.orders()["1"]) == (1, 0, 0)


@pytest.mark.parametrize("text", ["#N/A", "5 tickets", "x" * 31])
def test_what_is_no_word_for_nothing_is_not_proposed_as_one(folder, text):
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,{text}")
    assert "free:" not in str(folder.orders()["1"])


def test_an_empty_price_names_the_line_that_reads_it(folder):
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,")
    line = 'free: [""]'
    assert "it has no price; if it was free, and the recipe maps" in str(
        folder.orders()["1"]
    )
    assert f"`{line}` in the recipe" in str(folder.orders()["1"])
    folder.recipe(line)
    assert money(folder.orders()["1"]) == (1, 0, 0)


def test_one_fee_on_the_other_side_of_zero_is_set_aside(folder):
    folder.recipe(kept="Kept")
    rows = [f"{n},{GALA},Adult,1,25.00,1.50" for n in range(12)]
    folder.put("a.csv", f"{HEADING},Kept", *rows, f"99,{GALA},Adult,1,25.00,-1.50")
    found = folder.orders()
    assert "kept is -1.50 on a sale" in found["99"]
    assert sum(found["0"].total_fees for _ in "x") == 150


def test_a_recipe_can_say_how_fees_are_written(folder):
    folder.recipe("signs: {kept: minus}", kept="Kept")
    folder.put(
        "a.csv",
        f"{HEADING},Kept",
        f"1,{GALA},Adult,1,25.00,-1.50",
        f"1,{GALA},Adult,-1,-25.00,1.50",
        f"2,{GALA},Adult,1,25.00,-1.50",
    )
    found = folder.orders()
    assert (found["1"].total_fees, found["2"].total_fees) == (0, 150)


@pytest.mark.parametrize(
    ("per", "refunded"), [("order", 1000), ("row", 2000), ("", None)]
)
def test_an_amount_of_the_order_on_each_of_its_rows(folder, per, refunded):
    folder.recipe(*([f"per: {{refunded: {per}}}"] if per else []), refunded="Back")
    folder.put(
        "a.csv",
        f"{HEADING},Back",
        f"1,{GALA},Adult,1,25.00,10.00",
        f"1,{GALA},Child,1,15.00,10.00",
        f"2,{GALA},Child,1,15.00,",
    )
    found = folder.orders()
    if refunded is None:
        assert "the amount of a row or of the order" in found["1"]
    else:
        assert money(found["1"]) == (2, 4000, refunded)
    assert money(found["2"]) == (1, 1500, 0)


def test_a_total_of_the_order_on_unlike_rows(folder):
    rows = (f"1,{GALA},Adult,2,60.00", f"1,{GALA},Child,1,60.00")
    folder.put("a.csv", HEADING, *rows)
    assert "the amount of a row or of the order" in folder.orders()["1"]
    folder.recipe("per: {total: order}")
    assert money(folder.orders()["1"]) == (3, 6000, 0)
    folder.recipe("per: {total: row}")
    assert money(folder.orders()["1"]) == (3, 12000, 0)


# Which order, which ticket


@pytest.mark.parametrize(
    ("says", "expected"), [("count", (2, 5000)), ("once", (1, 2500)), ("", None)]
)
def test_rows_that_are_equal_in_every_cell(folder, says, expected):
    folder.recipe(*([f"repeated_rows: {says}"] if says else []))
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,25.00", f"1,{GALA},Adult,1,25.00")
    found = folder.orders()["1"]
    if expected is None:
        assert "line 3: it is equal to line 2 in every cell" in found
        return
    assert money(found)[:2] == expected
    assert "1 row equal to an earlier one" in " ".join(folder.provider().notes())
    assert len({ticket.id for ticket in found.tickets}) == expected[0]


def test_a_line_that_is_not_unique_in_its_order_still_names_every_ticket(folder):
    folder.recipe(line="Seat")
    folder.put(
        "a.csv",
        f"{HEADING},Seat",
        f"1,{GALA},Adult,1,25.00,GA",
        f"1,{GALA},Child,1,15.00,GA",
        f"1,{GALA},Child,1,15.00,A/1",
    )
    assert [t.id for t in folder.orders()["1"].tickets] == [
        "1/GA/1",
        "1/GA~2/1",
        "1/A%2F1/1",
    ]


def test_ids_of_two_orders_never_meet(folder):
    folder.recipe(line="Seat")
    folder.put(
        "a.csv",
        f"{HEADING},Seat",
        f"1/2,{GALA},Adult,1,25.00,3",
        f"1,{GALA},Adult,1,25.00,2/3",
    )
    ids = [t.id for order in folder.orders().values() for t in order.tickets]
    assert ids == ["1/2/3/1", "1/2%2F3/1"]


@pytest.mark.parametrize(
    ("says", "ids"),
    [
        ("event", ["1 (Gala)", "1 (Late)"]),
        ("file", ["1 (gala)", "1 (late)"]),
        ("folder", ["1"]),
    ],
)
def test_numbers_that_begin_again(folder, says, ids):
    folder.recipe(f"order_numbers: {says}")
    folder.put("gala.csv", HEADING, f"1,{GALA},Adult,2,50.00")
    folder.put("late.csv", HEADING, f"1,{LATE},Adult,1,20.00")
    found = folder.orders()
    assert list(found) == ids
    assert sum(order.charged for order in found.values()) == 7000
    assert sum(len(order.tickets) for order in found.values()) == 3


@pytest.mark.parametrize("says", ["event", "file"])
def test_orders_keep_their_ids_when_the_recipe_divides_numbers_later(folder, says):
    """
    As a message proposes it: order 1 was stored, then another file began again at 1.
    """
    folder.put("gala.csv", HEADING, f"1,{GALA},Adult,2,50.00", f"2,{GALA},Adult,1,25")
    first = folder.orders()
    assert list(first) == ["1", "2"]
    folder.recipe(f"order_numbers: {says}")
    folder.put("late.csv", HEADING, f"1,{LATE},Adult,1,20.00")
    held = HeldNames(orders=dict.fromkeys(first, "Gala"))
    found = folder.orders(held)
    new = "1 (Late)" if says == "event" else "1 (late)"
    assert {id_: money(order)[1] for id_, order in found.items()} == {
        "1": 5000,
        "2": 2500,
        new: 2000,
    }
    # Nothing moves when the first file is exported again, newer than the second.
    folder.put("gala.csv", HEADING, f"1,{GALA},Adult,2,50.00", f"2,{GALA},Adult,1,25")
    stored = {"1": "Gala", "2": "Gala", new: "Late"}
    again = folder.orders(HeldNames(orders=stored))
    assert {id_: money(order)[1] for id_, order in again.items()} == {
        id_: money(order)[1] for id_, order in found.items()
    }


def test_numbers_that_are_no_longer_divided_would_be_counted_twice(folder):
    folder.put("gala.csv", HEADING, f"1,{GALA},Adult,2,50.00", f"3,{GALA},Adult,1,25")
    stored = {"1 (Gala)": "Gala", "2 (Late)": "Late"}
    found = folder.orders(HeldNames(orders=stored))
    assert list(found) == ["3", "1 (Gala)"]
    assert "stored as '1 (Gala)', and would be counted twice" in found["1 (Gala)"]
    assert "put that line back" in found["1 (Gala)"]
    assert money(found["3"]) == (1, 2500, 0)


def test_a_number_with_brackets_of_its_own_is_no_divided_one(folder):
    folder.put("a.csv", HEADING, f"1 (web),{GALA},Adult,2,50", f"1,{GALA},Adult,1,25")
    found = folder.orders(HeldNames(orders={"1 (web)": "Gala"}))
    assert [money(order)[1] for order in found.values()] == [5000, 2500]


def test_an_order_bought_at_another_time_is_another_order(folder):
    folder.recipe(placed="Sold")
    heading = f"{HEADING},Sold"
    folder.put("1.csv", heading, f"1,{GALA},Adult,2,50.00,2026-11-01")
    folder.put("2.csv", heading, f"1,{GALA},Adult,1,25.00,2026-11-08")
    assert "its number is that of another order" in folder.orders()["1"]


def test_two_files_of_one_age_that_disagree_are_set_aside(folder):
    for name, total in (("1.csv", "50.00"), ("2.csv", "40.00")):
        folder.put(name, HEADING, f"1,{GALA},Adult,2,{total}", age=10**9)
    assert "neither file is newer" in folder.orders()["1"]


def test_a_newer_file_with_fewer_rows_counts_and_says_so(folder):
    rows = (f"1,{GALA},Adult,1,25.00", f"1,{GALA},Child,1,15.00")
    folder.put("1.csv", HEADING, *rows)
    folder.put("2.csv", HEADING, rows[0])
    assert money(folder.orders()["1"]) == (1, 2500, 0)
    assert "2.csv is newer than 1.csv and has 1 row fewer" in " ".join(
        folder.provider().notes()
    )


@pytest.mark.parametrize("held", [None, HeldNames(orders={"00123": "Gala"})])
def test_numbers_that_lost_their_zeros_are_set_aside(folder, held):
    folder.put("1.csv", HEADING, f"123,{GALA},Adult,1,25.00")
    if held is None:
        folder.put("2.csv", HEADING, f"00123,{GALA},Adult,1,25.00")
    found = folder.orders(held)
    assert found
    for reason in found.values():
        assert "differs from" in reason
        assert "in leading zeros alone" in reason


@pytest.mark.parametrize("held", [None, HeldNames(events=frozenset({"The Gala"}))])
def test_a_title_in_other_letters_is_the_same_event(folder, held):
    folder.put("1.csv", HEADING, f"1,The {GALA},Adult,1,25.00")
    folder.put(
        "2.csv", HEADING, f"2,THE-  {GALA.upper()}!,Adult,1,25.00".replace("!,", ",")
    )
    found = {order.occurrence_id for order in folder.orders(held).values()}
    assert found == {"The Gala @ 2026-12-05T08:30:00Z"}


def labels(provider, earlier, later):
    raw = provider.with_earlier(later, earlier)
    return [
        (ticket.id, ticket.type_name) for ticket in provider.parse_order(raw).tickets
    ]


def test_a_ticket_keeps_its_id_when_rows_move_join_and_change(folder):
    def read(*rows):
        folder.put("a.csv", HEADING, *rows)
        provider = folder.provider()
        (page,) = provider.fetch_all_orders(None, None, workers=1)
        return provider, page.records[0]

    adult, child = f"1,{GALA},Adult,1,25.00", f"1,{GALA},Child,1,15.00"
    _, first = read(adult, child)
    provider, swapped = read(child, adult)
    assert labels(provider, [first], swapped) == [
        ("1/2/1", "Child"),
        ("1/1/1", "Adult"),
    ]
    provider, joined = read(f"1,{GALA},Aged,1,20.00", child, adult)
    assert labels(provider, [first, swapped], joined) == [
        ("1/3/1", "Aged"),
        ("1/2/1", "Child"),
        ("1/1/1", "Adult"),
    ]
    provider, raised = read(child, adult.replace("25.00", "30.00"))
    assert labels(provider, [first, swapped], raised) == [
        ("1/2/1", "Child"),
        ("1/1/1", "Adult"),
    ]


# Rows that are not data, columns that no one mapped


def test_rows_can_be_ignored_and_footers_are_left_out(folder):
    folder.recipe('stop_at: ["Sum*"]', "ignore_rows: ['*test*']")
    folder.put(
        "a.csv",
        HEADING,
        f"1,{GALA},Adult,1,25.00",
        f"2,{GALA},A test,1,25.00",
        "Sum of all,,,,2,50.00",
        ",Grand total,,,2,50.00",
        "Printed by hand on Monday,,,,,",
        f",Notes on a Scandal,{GALA[5:]},Adult,1,25.00",
    )
    found = folder.orders()
    assert list(found) == ["1", "a.csv line 7"]
    assert "it has no order number" in found["a.csv line 7"]
    notes = " ".join(folder.provider().notes())
    for text in ("'Sum of all'", "ignore_rows", "'Grand total'", "'Printed by hand"):
        assert text in notes


def test_a_row_with_an_order_and_a_start_is_data_whatever_it_is_called(folder):
    folder.recipe("stop_at: [Total]")
    folder.put("a.csv", HEADING, f"Total 1,{GALA},Adult,1,25.00")
    assert money(folder.orders()["Total 1"]) == (1, 2500, 0)


def test_a_status_that_no_one_mapped_waits_for_an_answer(folder):
    rows = (f"1,{GALA},Adult,1,25.00,Paid", f"2,{GALA},Adult,1,25.00,On hold")
    folder.put("a.csv", f"{HEADING},Order Status", *rows)
    assert "map it to `status` or `kind`" in folder.orders()["2"]
    (note,) = folder.provider().identify().notes
    assert "'Order Status' ('On hold' in 1 row, 'Paid' in 1 row)" in note
    folder.recipe("ignore_columns: [order status]")
    assert money(folder.orders()["2"]) == (1, 2500, 0)
    assert folder.provider().identify().notes == ()


@pytest.mark.parametrize("word", ["Confirmed", "active", "Issued", "Booked", "OK"])
def test_a_word_that_may_be_a_reservation_waits_and_a_payment_does_not(folder, word):
    rows = (f"1,{GALA},Adult,1,25.00,Completed", f"2,{GALA},Adult,1,25.00,{word}")
    folder.put("a.csv", f"{HEADING},Status", *rows)
    found = folder.orders()
    assert money(found["1"]) == (1, 2500, 0)
    assert f"Status is {word!r}" in found["2"]


# Starts from elsewhere


def test_a_recipe_can_say_when_all_rows_start(folder):
    folder.recipe("start: 2026-12-05 19:30", drop=("starts",))
    folder.put("a.csv", "Order,Show,Type,Qty,Total", "1,Gala,Adult,1,25.00")
    assert folder.orders()["1"].occurrence_id == "Gala @ 2026-12-05T08:30:00Z"


def test_the_start_may_be_in_the_name_of_the_file(folder):
    folder.recipe('start: "sales_{%Y-%m-%d_%H%M}*.csv"', drop=("starts",))
    row = ("Order,Show,Type,Qty,Total", "1,Gala,Adult,1,25.00")
    folder.put("sales_2026-12-05_1930 final.csv", *row)
    folder.put("sales.csv", *row)
    provider = folder.provider()
    assert folder.orders()["1"].occurrence_id == "Gala @ 2026-12-05T08:30:00Z"
    assert "is not named" in provider.unread_files()["sales.csv"].message


def test_todaytix_writes_its_showtime_in_halves_of_the_day(tmp_path):
    found = recipe.load_recipe("todaytix", timezone="Australia/Sydney", currency="AUD")
    heading = ",".join(found.columns.values())
    folder = ReportFolder(tmp_path)
    (tmp_path / "r.yaml").write_text(
        (recipe.resources.files(recipe.__package__) / "todaytix.yaml")
        .read_text()
        .replace("columns:", "timezone: Australia/Sydney\ncurrency: AUD\ncolumns:", 1)
    )
    row = "C1,A1,Gala,2026-03-06 7:30 PM,2026-02-01,Stalls,50.00,7.50,4.55,Sold"
    folder.put("a.csv", heading, row)
    assert folder.orders()["C1"].occurrence_id == "Gala @ 2026-03-06T08:30:00Z"


# People, and files beside each other


def test_people_are_mapped_and_taken_out_of_what_is_stored(folder):
    folder.recipe(name="Buyer", email="Mail")
    folder.put("a.csv", f"{HEADING},Buyer,Mail", f"1,{GALA},Adult,1,25.00,Ann,a@b.test")
    provider = folder.provider()
    (page,) = provider.fetch_all_orders(None, None, workers=1)
    raw = page.records[0]
    assert provider.parse_people(raw).buyer.name == "Ann"
    provider.spec.take_people_out(raw)
    assert not re.search("Ann|a@b", repr(raw))
    assert provider.spec.names_people({"recipe": str(folder.path / "r.yaml")})


def test_a_bad_file_is_named_and_stops_no_other(folder):
    folder.put("good.csv", HEADING, f"1,{GALA},Adult,1,25.00")
    folder.put("other.csv", "Bestellung,Show,Starts,Type,Qty,Total", "x,y,z,a,b,c")
    (folder.path / "in" / "a.pdf.csv").write_bytes(b"%PDF-1.7")
    provider = folder.provider()
    assert money(folder.orders()["1"]) == (1, 2500, 0)
    assert sorted(provider.unread_files()) == ["a.pdf.csv", "other.csv"]
    assert "lacks 'Order'" in provider.unread_files()["other.csv"].message
    for error in provider.unread_files().values():
        assert "newer" not in f"{error.message}{error.hint}"


def test_a_file_that_changes_changes_the_state_of_its_folder(folder):
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,25.00")
    before = folder.provider().state()
    assert folder.provider().state() == before
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,26.00")
    assert folder.provider().state() != before
