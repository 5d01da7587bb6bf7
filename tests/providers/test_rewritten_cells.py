"""
Cells that people and programs wrote in another way than they were: read rightly, or set
aside by name, never read as something else.
"""

import zipfile

import pytest
import xlsxwriter
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


# Rows that are left out, and rows that may be sales


def notes(folder):
    return " ".join(folder.provider().notes())


def test_a_word_inside_another_is_not_ignored(folder):
    folder.recipe("ignore_rows: ['*test*']")
    rows = [
        "A1,The Greatest Show,2026-12-05 19:30,Adult,2,80.00",
        f"A2,{GALA},Adult,1,40.00",
        f"A3,{GALA},A TEST ticket,1,40.00",
        f"A4,{GALA},Test,2,41.50",
        f"A5,{GALA},pre-test,1,",
    ]
    folder.put("a.csv", HEADING, *rows)
    found = folder.orders()
    assert money(found.pop("A2")) == (1, 4000, 0)
    assert "'The Greatest Show' has 'test' inside a longer word" in found.pop("A1")
    assert not found
    # 1 + 2 + 1 tickets, 40.00 + 41.50
    said = "3 rows left out (ignore_rows; 4 tickets, 81.50 AUD): line 4 'A3'"
    assert said in notes(folder)


@pytest.mark.parametrize(
    ("patterns", "kept"),
    [("'test *', '* test', test", {"A1", "A2"}), ("'*greatest*', '*test*'", {"A2"})],
)
def test_a_pattern_can_say_which_it_means(folder, patterns, kept):
    folder.recipe(f"ignore_rows: [{patterns}]")
    rows = [
        "A1,The Greatest Show,2026-12-05 19:30,Adult,2,80.00",
        f"A2,{GALA},Adult,1,40.00",
        f"A3,{GALA},Test ticket,1,40.00",
    ]
    folder.put("a.csv", HEADING, *rows)
    assert set(folder.orders()) == kept


FIRST = "Show,Order,Starts,Type,Qty,Total"


@pytest.mark.parametrize(
    "title", ["Total Eclipse", "Page One", "Report", "Note", "Sum of Us", "Printed"]
)
def test_a_title_like_a_total_is_no_footer(folder, title):
    rows = [
        f"{title},A1,2026-12-05 19:30,Adult,2,80.00",
        f"{title},A1,,Adult,-1,-40.00",
        f"{title},,,Adult,2,80.00",
    ]
    folder.put("a.csv", FIRST, *rows, "Total,,,,3,120.00", "Printed,on Monday,,,,")
    found = folder.orders()
    assert "line 3: " in found["A1"]
    assert "`stop_at`" in found["A1"]
    assert "`stop_at`" in found["a.csv line 4"]
    assert "'Total'" in notes(folder)


@pytest.mark.parametrize(
    "total",
    [
        *("Total,,,,3,120.00", "Grand total:,,,,3,120.00", "Totals for Gala,,,,3,120"),
        *(",Total,,,3,120.00", "Sub-total: Gala,,,Adult,3,120.00", "Sum,,,,3,120.00"),
        *("Printed by hand,30/11/2026,,,,", "Page 1 of 3,,,,,", "Note,all paid,,,,"),
    ],
)
def test_totals_and_footers_are_left_out_with_a_note(folder, total):
    folder.put("a.csv", FIRST, "Gala,A1,2026-12-05 19:30,Adult,2,80.00", total)
    found = folder.orders()
    if total.startswith(("Printed", "Note")):  # has an order number, as it seems
        assert "`stop_at`" in found.pop(total.split(",")[1])
    else:
        assert "left out (a total or a footer)" in notes(folder)
    assert {id_: money(order) for id_, order in found.items()} == {"A1": (2, 8000, 0)}


@pytest.mark.parametrize(
    "title",
    [
        *("Refunds of this week", "Refunds", "Cancelled orders", "Returned tickets"),
        *("Chargebacks", "Pending payments", "REFUNDED", "Unpaid"),
    ],
)
def test_rows_below_a_title_of_refunds_are_no_sales(folder, title):
    sold = [f"A1,{GALA},Adult,2,80.00", f"B2,{GALA},Adult,1,40.00"]
    below = [f"A1,{GALA},Adult,1,40.00", "Late", f"C3,{GALA},Adult,1,40.00"]
    folder.put("a.csv", HEADING, *sold, f"{title},,,,,", HEADING, *below)
    found = folder.orders()
    assert money(found["B2"]) == (1, 4000, 0)
    for id_ in ("A1", "C3"):
        assert f"it is below '{title}' (line 4)" in found[id_]
    # What the rows say themselves counts, and a title of sales ends it.
    back = [f"A1,{GALA},Adult,-1,-40.00", "Sales,,,,,", f"C3,{GALA},Adult,1,40.00"]
    folder.put("a.csv", HEADING, *sold, f"{title},,,,,", *back)
    found = folder.orders()
    assert {id_: money(order) for id_, order in found.items()} == {
        "A1": (1, 8000, 4000),
        "B2": (1, 4000, 0),
        "C3": (1, 4000, 0),
    }


@pytest.mark.parametrize(
    ("name", "above", "is_sold"),
    [
        ("a.csv", "Refunds November", False),
        ("refunds_november.csv", "", False),
        ("a.csv", "Sales and refunds", True),
        ("sales-and-refunds.csv", "", True),
        ("refunds.csv", "Sales in November", True),
        ("a.csv", "Refunds are written below zero", True),
        ("a.csv", "Report incl. refunds", True),
        ("a.csv", "Return of the King", True),
    ],
)
def test_a_report_may_be_one_of_refunds(folder, name, above, is_sold):
    folder.put(name, above, HEADING, f"A1,{GALA},Adult,2,80.00")
    found = folder.orders()["A1"]
    if is_sold:
        assert money(found) == (2, 8000, 0)
    else:
        assert "it is below" in found


def test_a_sheet_may_be_one_of_refunds(folder):
    rows = [HEADING.split(","), ["A1", *GALA.split(","), "Adult", 1, 40]]
    file = folder.path / "in" / "a.xlsx"
    with xlsxwriter.Workbook(file) as book:
        for name in ("Sales", "Refunds"):
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
            rows[1][0] = "B1"
    found = folder.orders()
    assert money(found["A1"]) == (1, 4000, 0)
    assert "it is below 'Refunds' (the name of the sheet)" in found["B1"]


# Complimentary tickets with the amounts of a list


COMP = "status: {paid: [Paid], comp: [Comp]}"


@pytest.mark.parametrize(
    ("says", "charged", "tax"), [("on top", 4400, 400), ("inside", 4000, 400)]
)
def test_a_complimentary_ticket_bears_no_tax_of_its_list_price(
    folder, says, charged, tax
):
    folder.recipe(f"tax: {says}", COMP, tax="GST", status="State")
    rows = (f"A1,{GALA},Adult,1,40.00,4.00,Paid", f"A2,{GALA},Adult,1,41.00,4.10,Comp")
    folder.put("a.csv", f"{HEADING},GST,State", *rows)
    found = folder.orders()
    assert money(found["A1"]) == (1, charged, 0)
    assert money(found["A2"]) == (1, 0, 0)
    assert [found[id_].tax for id_ in ("A1", "A2")] == [tax, 0]
    # also beside a ticket of the same order that was paid
    folder.put("a.csv", f"{HEADING},GST,State", rows[0], rows[1].replace("A2", "A1"))
    order = folder.orders()["A1"]
    assert (money(order), order.tax) == ((2, charged, 0), tax)


@pytest.mark.parametrize(
    ("total", "refunded", "charged"),
    # A fee beside a price of 0.00 was paid, and so was one of which something went back
    [("41.00", "", 0), ("41.00", "0.00", 0), ("0.00", "", 205), ("41.00", "2.05", 205)],
)
def test_a_complimentary_ticket_bears_no_fee_of_its_list_price(
    folder, total, refunded, charged
):
    folder.recipe(COMP, fee="Fee", status="State", refunded="Back")
    folder.put(
        "a.csv",
        f"{HEADING},Fee,State,Back",
        f"A2,{GALA},Adult,1,{total},2.05,Comp,{refunded}",
    )
    order = folder.orders()["A2"]
    assert money(order) == (1, charged, 205 if refunded == "2.05" else 0)


# One title at one time in two rooms


ROOMS = (f"A1,{GALA},Adult,2,80.00,Main", f"B1,{GALA},Adult,1,20.00,Studio")
OTHERS = (f"C1,{GALA[:-5]}22:30,Adult,1,40.00,Main", f"D1,{LATE},Adult,1,40.00,Studio")


@pytest.mark.parametrize("mapped", [{}, {"venue": "Room"}])
@pytest.mark.parametrize("is_divided", [False, True])
def test_a_title_at_one_time_in_two_rooms_is_named(folder, mapped, is_divided):
    folder.recipe(**mapped)
    rows = (*ROOMS, *OTHERS)
    for n, some in enumerate((rows[:1], rows[1:]) if is_divided else (rows,)):
        folder.put(f"{n}.csv", f"{HEADING},Room", *some)
    found = folder.orders()
    assert money(found.pop("C1")) == money(found.pop("D1")) == (1, 4000, 0)
    assert set(found) == {"A1", "B1"}
    for reason in found.values():
        assert "plays at one time in two places (Main, Studio)" in reason


def test_a_show_that_moved_or_a_room_in_other_letters_is_one(folder):
    folder.recipe(venue="Room")
    folder.put("1.csv", f"{HEADING},Room", ROOMS[0])
    folder.put("2.csv", f"{HEADING},Room", ROOMS[0].replace("Main", "STUDIO"), ROOMS[1])
    found = folder.orders()
    assert [money(order) for order in found.values()] == [(2, 8000, 0), (1, 2000, 0)]


def test_a_recipe_can_say_that_two_rooms_are_one_show(folder):
    folder.recipe("ignore_columns: [Room]")
    folder.put("1.csv", f"{HEADING},Room", *ROOMS)
    assert money(folder.orders()["B1"]) == (1, 2000, 0)


# Number cells that are shown in a currency


def workbook(folder, formats, columns=()):
    """
    Orders of 40.00 whose total has these formats, the sheet's table at column C.
    """
    file = folder.path / "in" / "a.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(2, 2, [*HEADING.split(","), *columns])
        for n, code in enumerate(formats):
            sheet.write_row(3 + n, 2, [f"A{n}", *GALA.split(","), "Adult", 1])
            sheet.write_number(3 + n, 7, 40, book.add_format({"num_format": code}))
            sheet.write_row(3 + n, 8, ["EUR"] * len(columns))


def test_a_number_that_is_shown_in_another_currency_is_set_aside(folder):
    ours = ["0.00", "$#,##0.00", "[$A$-C09]0.00", '"AUD" 0.00', "[$$-409]0.00"]
    others = ["€0.00", "[$USD] 0.00", "[$€-407] 0.00", '0.00 "NZ$"', "[$£-809]0.00"]
    workbook(folder, [*ours, *others])
    found = list(folder.orders().values())
    assert [money(order) for order in found[:5]] == [(1, 4000, 0)] * 5
    for reason, shown, row in zip(
        found[5:], ("€", "USD", "€", "NZ$", "£"), range(9, 14), strict=True
    ):
        assert f"total (cell H{row}) is shown in {shown}" in reason
        assert "another currency than AUD" in reason


def test_the_currency_of_a_row_is_that_of_its_column(folder):
    folder.recipe(currency="Currency")
    workbook(folder, ["€0.00", "$0.00"], ["Currency"])
    found = folder.orders()
    assert money(found["A0"]) == (1, 4000, 0)
    assert "is shown in $, an amount in another currency than EUR" in found["A1"]


@pytest.mark.parametrize(
    ("code", "reason"), [("EUR", "is shown in EUR"), ("AUD", ""), ("USD", "")]
)
def test_an_open_document_names_the_currency_of_a_cell(folder, code, reason):
    texts = ["A1", *GALA.split(","), "Adult", "1"]

    def row(cells, last):
        cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p>'
        written = "".join(f"{cell.format(text)}</table:table-cell>" for text in cells)
        return f"<table:table-row>{written}{last}</table:table-row>"

    amount = (
        f'<table:table-cell office:value-type="currency" office:currency="{code}" '
        'office:value="40"><text:p>40.00</text:p></table:table-cell>'
    )
    names = ":".join(("office", "table", "text")).split(":")
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in names
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="S">{row(HEADING.split(","), "")}'
        f"{row(texts, amount)}</table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    with zipfile.ZipFile(folder.path / "in" / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    found = folder.orders()["A1"]
    if reason:
        assert reason in found
    else:  # a dollar sign may be any dollar
        assert money(found) == (1, 4000, 0)
