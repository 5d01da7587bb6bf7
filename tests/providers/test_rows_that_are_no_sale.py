"""
Rows and columns of a report that are not sales, or say that one is none: totals, words
for what went back, fees as types of ticket, other headings, several tickets in a row.
Each is left out or set aside by name, and the way out that the reason names works.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder, money


@pytest.fixture
def folder(tmp_path):
    found = ReportFolder(tmp_path)
    found.recipe()
    return found


def figures(orders):
    """
    Tickets, charged and refunded of the orders that count, and the others by number.
    """
    counted = [money(it) for it in orders.values() if not isinstance(it, str)]
    aside = {id_: it for id_, it in orders.items() if isinstance(it, str)}
    return tuple(map(sum, zip(*counted, strict=True))), aside


SOLD = (f"1,{GALA},Adult,2,80.00", f"2,{GALA},Child,1,20.00")


# Totals


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("Subtotal", f"Subtotal,{GALA},,3,100.00"),
        ("Total Gala", f"Total Gala,{GALA},,3,100.00"),
        ("1001 Total", f"1001 Total,{GALA},Adult,3,100.00"),
        ("Gala total:", f"Gala total:,{GALA},,3,100.00"),
        ("Grand total", f"Grand total,{GALA},Adult,3,100.00"),
        ("Sum", f"Sum,{GALA},Adult,3,100.00"),
        ("Summe", f"Summe,{GALA},Adult,3,100.00"),
        ("All orders", f"All orders,{GALA},Adult,3,100.00"),
        ("Average", f"Average,{GALA},Adult,2,50.00"),
        ("Total", f"9,{GALA},Total,3,100.00"),
        ("Adult total", f"9,{GALA},Adult total,3,100.00"),
        ("Total", "9,Total,2026-12-05 19:30,,3,100.00"),
    ],
)
def test_a_total_with_a_show_and_a_start_is_no_sale(folder, name, row):
    folder.put("a.csv", HEADING, *SOLD, row)
    found, aside = figures(folder.orders())
    assert found == (3, 10000, 0)  # 200.00 with the total
    (reason,) = aside.values()
    assert f"a.csv, line 4: {name!r} is what a total is called" in reason
    folder.recipe(f'ignore_rows: ["{name}"]')
    assert figures(folder.orders()) == ((3, 10000, 0), {})


def test_the_totals_of_each_order_are_left_out_by_one_line(folder):
    rows = (SOLD[0], f"1,{GALA},Total,2,80.00", SOLD[1], f"2,{GALA},Total,1,20.00")
    folder.put("a.csv", HEADING, *rows)
    assert all("'Total'" in reason for reason in folder.orders().values())
    folder.recipe("ignore_rows: [Total]")
    assert figures(folder.orders()) == ((3, 10000, 0), {})
    (note,) = folder.provider().notes()
    assert "3 tickets, 100.00 AUD" in note


def test_a_total_in_a_column_that_is_not_mapped_is_no_sale(folder):
    rows = [f"{row}," for row in SOLD]
    folder.put("a.csv", f"{HEADING},Level", *rows, f"9,{GALA},Adult,3,100.00,Subtotal")
    found, aside = figures(folder.orders())
    assert found == (3, 10000, 0)
    assert "line 4: 'Subtotal' is what a total is called" in aside["9"]


@pytest.mark.parametrize(
    "row",
    [
        "9,Total Eclipse,2026-12-05 19:30,Adult,1,25.00",
        "9,Totally Tina,2026-12-05 19:30,Adult,1,25.00",
        "9,Sum,2026-12-05 19:30,Adult,1,25.00",
        f"9,{GALA},Total Experience,1,25.00",
        f"SUM-9,{GALA},Adult,1,25.00",
    ],
)
def test_a_sale_that_only_sounds_like_a_total_counts(folder, row):
    folder.put("a.csv", HEADING, row)
    assert figures(folder.orders()) == ((1, 2500, 0), {})


def test_sums_without_a_name_are_left_out(folder):
    more = [f"{n},{GALA},Adult,1,20.00" for n in (3, 4)]
    folder.put(
        "a.csv", HEADING, *SOLD, ",,,,3,100.00", *more, ",,,,2,40.00", ",,,,5,140.00"
    )
    assert figures(folder.orders()) == ((5, 14000, 0), {})
    (note,) = folder.provider().notes()
    assert note == (
        "a.csv: 3 rows left out (sums of the rows above): line 4; line 7; line 8"
    )


def test_rows_below_merged_cells_are_no_sums(folder):
    """
    The second row of each order says nothing but its type and what it cost, which is
    what the first one cost; or, without a type, as much as one row above.
    """
    adult, child = f"1,{GALA},Adult,1,40.00", ",,,Child,1,40.00"
    for drop in ((), ("type",)):
        folder.recipe(drop=drop)
        folder.put("a.csv", HEADING, adult, child)
        assert "it has no" in str(folder.orders()["a.csv line 3"])
    folder.put("a.csv", HEADING, f"1,{GALA},,1,40.00", ",,,,1,40.00")
    assert "it has no" in str(folder.orders()["a.csv line 3"])
    rows = (f"1,{GALA},Adult,1,40.00", f"1,{GALA},Adult,1,40.00")
    folder.put("a.csv", HEADING, *rows, ",,,Family,2,80.00")
    assert "it has no" in str(folder.orders()["a.csv line 4"])


@pytest.mark.parametrize(
    "amount",
    [
        *("1,234.00", "$1,234", "1 234,00", "1,234 of it"),
        *("2.000", "2.000 of it", "EUR 2000.00"),  # 2, or 2,000 of another currency
    ],
)
def test_a_part_of_more_than_a_thousand_that_went_back_waits(folder, amount):
    folder.recipe("status: {refunded: [Returned]}", status="Status")
    rows = [
        f'{n},{GALA},Adult,1,2000.00,Returned,"{it}"'
        for n, it in enumerate((amount, "2,000.00", "2026-10-05"), start=1)
    ]
    folder.put("a.csv", f"{HEADING},Status,Refunded", *rows)
    found = folder.orders()
    assert "the recipe maps no column 'Refunded'" in found["1"]
    assert money(found["2"]) == money(found["3"]) == (0, 200000, 200000)


@pytest.mark.parametrize("number", ["1,000", "1.000", "2,000"])
def test_a_thousand_tickets_are_not_one(folder, number):
    folder.recipe(drop=("quantity",))
    heading = "Order,Show,Starts,Type,Tickets sold,Total"
    folder.put("a.csv", heading, f'1,{GALA},Adult,"{number}",40000.00')
    assert "the recipe maps no column 'Tickets sold'" in folder.orders()["1"]


@pytest.mark.parametrize(
    "row",
    [",,,,3,90.00", ",,,,4,100.00", f",{GALA},,3,100.00", f",{GALA},Adult,1,5.00"],
)
def test_rows_without_a_number_are_left_out_where_the_recipe_says_so(folder, row):
    folder.put("a.csv", HEADING, *SOLD, row)
    found, aside = figures(folder.orders())
    assert found == (3, 10000, 0)
    assert "a.csv, line 4: it has no" in aside["a.csv line 4"]
    assert '`stop_at: [""]` in the recipe' in aside["a.csv line 4"]
    folder.recipe('stop_at: [""]')
    assert figures(folder.orders()) == ((3, 10000, 0), {})
    (note,) = folder.provider().notes()
    assert "no order number, as `stop_at` says; " in note
    assert f"{row.rpartition(',')[2]} AUD" in note


@pytest.mark.parametrize(
    "row",
    ["TOTAL:,,,,3,100.00", "Printed 27/11/2026 by Ann,,,,,", "Page 1 of 2,,,,,"],
)
def test_footers_may_stand_in_the_column_of_the_start(folder, row):
    heading = "Starts,Order,Show,Type,Qty,Total"
    rows = [f"2026-12-05 19:30,{n},Gala,Adult,1,40.00" for n in (1, 2)]
    folder.put("a.csv", heading, *rows, row)
    assert figures(folder.orders()) == ((2, 8000, 0), {})
    assert "a total or a footer" in folder.provider().notes()[0]


def test_what_may_be_a_footer_says_how_to_leave_it_out(folder):
    heading = "Starts,Order,Show,Type,Qty,Total"
    folder.put("a.csv", heading, "2026-12-05 19:30,1,Gala,Adult,1,40.00", "Fin,,,,,")
    found, aside = figures(folder.orders())
    assert found == (1, 4000, 0)
    assert "under `stop_at` if it is a footer" in aside["a.csv line 3"]
    folder.recipe("stop_at: [Fin]")
    assert figures(folder.orders()) == ((1, 4000, 0), {})


def test_a_row_without_a_start_is_the_one_that_is_named(folder):
    folder.put("a.csv", HEADING, *SOLD, "2,Gala,,Adult,1,40.00")
    assert folder.orders()["2"] == "a.csv, line 4: it has no event or no time"


# Headings below the first ones


def test_headings_in_capitals_are_the_headings_again(folder):
    folder.put("a.csv", HEADING, SOLD[0], HEADING.upper(), SOLD[1])
    assert figures(folder.orders()) == ((3, 10000, 0), {})
    (note,) = folder.provider().notes()
    assert "the headings again" in note


@pytest.mark.parametrize(
    ("heading", "row", "odd"),
    [
        (
            "Order,Show,Starts,Type,Qty,Amount refunded",
            f"3,{GALA},Adult,1,40.00",
            "Amount refunded",
        ),
        ("Order,Show,Starts,Type,Total,Qty", f"3,{GALA},Adult,80.00,2", "Total"),
        (
            "Refund no,Show,Starts,Type,Qty,Refunded",
            f"R3,{GALA},Adult,1,40.00",
            "Refund no",
        ),
    ],
)
def test_rows_below_other_headings_are_set_aside(folder, heading, row, odd):
    folder.put("a.csv", HEADING, *SOLD, heading, row)
    found, aside = figures(folder.orders())
    assert found == (3, 10000, 0)
    (reason,) = aside.values()
    assert "line 5: it is below other headings: line 4" in reason
    assert f"list {odd!r} under `ignore_rows`" in reason


def test_rows_below_headings_of_the_same_meaning_count_when_the_recipe_says_so(folder):
    other = HEADING.replace("Total", "Amount")
    folder.put(
        "a.csv", HEADING, SOLD[0], other, SOLD[1], HEADING, f"3,{GALA},Adult,1,40.00"
    )
    found, aside = figures(folder.orders())
    assert (found, set(aside)) == ((3, 12000, 0), {"2"})
    folder.recipe("ignore_rows: [Amount]")
    assert figures(folder.orders()) == ((4, 14000, 0), {})


@pytest.mark.parametrize(
    "title", ["Abandoned carts", "Waiting list", "Test orders", "Credit notes"]
)
def test_more_titles_say_that_the_rows_below_are_no_sales(folder, title):
    folder.put("a.csv", HEADING, SOLD[0], f"{title},,,,,", SOLD[1])
    found, aside = figures(folder.orders())
    assert found == (2, 8000, 0)
    assert f"it is below '{title}' (line 3)" in aside["2"]


# Types that are not tickets

NO_TICKETS = [
    "Cancelled",
    "Cancellation",
    "Chargeback",
    "Reversal",
    "Void",
    "Partial refund",
    "Adult (refunded)",
    "Refund - Adult",
    "Adult VOID",
    "Credit note",
    "Unpaid",
    "Returned",
    "Waitlist",
    "Booking Fee (incl GST)",
    "Postage & handling",
    "Sales tax",
    "Levy",
    "Restoration levy",
    "Insurance",
    "Refund protection",
    "Cancellation fee",
    "Discount",
    "Rounding",
    "Booking fee",
]
TICKETS = [
    "Adult incl. booking fee",
    "Adult (incl GST)",
    "Adult + booking fee",
    "Adult (no refunds)",
    "Non-refundable",
    "Flexible (free cancellation)",
    "Cover charge",
    "Entry fee",
    "Adult with refund protection",
    "Member discount",
    "Returning member",
    "Adult + donation",
]


@pytest.mark.parametrize("name", NO_TICKETS)
def test_a_type_that_is_no_ticket_is_set_aside(folder, name):
    folder.put("a.csv", HEADING, *SOLD, f"3,{GALA},{name},1,40.00")
    found, aside = figures(folder.orders())
    assert found == (3, 10000, 0)
    assert f"Type is {name!r}, which is not a ticket" in aside["3"]
    folder.recipe("ignore_columns: [Type]")
    assert figures(folder.orders()) == ((4, 14000, 0), {})
    folder.recipe(f'kind: {{sale: [Adult, Child], ignore: ["{name}"]}}', kind="Type")
    assert figures(folder.orders()) == ((3, 10000, 0), {})


@pytest.mark.parametrize("name", TICKETS)
def test_a_ticket_that_only_names_a_fee_or_a_right_counts(folder, name):
    folder.put("a.csv", HEADING, f"3,{GALA},{name},1,40.00")
    assert figures(folder.orders()) == ((1, 4000, 0), {})


# Columns that no line of the recipe maps


def with_column(folder, name, *cells):
    rows = [f"{n},{GALA},Adult,1,40.00,{cell}" for n, cell in enumerate(cells, 1)]
    folder.put("a.csv", f"{HEADING},{name}", *rows)
    return figures(folder.orders())


@pytest.mark.parametrize(
    ("name", "plain", "odd"),
    [
        ("Paid?", "Yes", "No"),
        ("Is valid", "True", "False"),
        ("Order type", "Sale", "Refund"),
        ("Credit note", "", "40.00"),
        ("Partially refunded", "No", "Yes"),
        ("Deleted", "", "2026-11-20"),
        ("Disputed", "No", "Yes"),
        ("Exchanged to", "", "1044"),
        ("Outstanding", "0.00", "40.00"),
        ("Test order", "No", "Yes"),
        ("Remark", "aisle", "Refunded"),
        ("Remark", "aisle", "VOID"),
    ],
)
def test_a_column_that_contradicts_a_sale_sets_it_aside(folder, name, plain, odd):
    found, aside = with_column(folder, name, plain, odd)
    assert found == (1, 4000, 0)
    assert f"{name} is {odd!r}, and the recipe maps no column" in aside["2"]
    assert f"{name!r}" in folder.provider().identify().notes[0]
    folder.recipe(f'ignore_columns: ["{name}"]')
    assert figures(folder.orders()) == ((2, 8000, 0), {})
    words = f'kind: {{sale: ["{plain}"], ignore: ["{odd}"]}}'
    folder.recipe(words, kind=f'"{name}"')
    assert figures(folder.orders()) == ((1, 4000, 0), {})
    words = f'status: {{paid: ["{plain}"], pending: ["{odd}"]}}'
    folder.recipe(words, status=f'"{name}"')
    states = {id_: it.status.value for id_, it in folder.orders().items()}
    assert states == {"1": "paid", "2": "pending"}


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Remark", ("no refund", "void if late", "cancelled her other order")),
        ("Paid?", ("Yes", "Y", "2026-11-02")),
        ("Refund policy", ("Yes", "No", "14 days")),
        ("Reserved", ("Yes", "No", "")),
        ("Balance due", ("0.00", "", "-")),
    ],
)
def test_a_column_that_contradicts_nothing_raises_no_question(folder, name, cells):
    assert with_column(folder, name, *cells) == ((3, 12000, 0), {})


def test_a_free_ticket_need_not_be_paid(folder):
    folder.put("a.csv", f"{HEADING},Paid", f"1,{GALA},Guest,1,0.00,No")
    assert figures(folder.orders()) == ((1, 0, 0), {})


@pytest.mark.parametrize("back", ["1,-40.00", "1,(40.00)", "1,$-40.00", "-1,-40.00"])
def test_a_word_on_a_row_below_zero_raises_no_question(folder, back):
    rows = (f"1,{GALA},Adult,2,80.00,", f"1,{GALA},Adult,{back},Refund")
    folder.put("a.csv", f"{HEADING},Remark", *rows)
    assert figures(folder.orders()) == ((1, 8000, 4000), {})


def test_a_discount_beside_a_price_may_be_in_it(folder):
    folder.recipe(price="Total", drop=("total",))
    rows = (f"1,{GALA},Adult,2,40.00,8.00", f"2,{GALA},Adult,2,40.00,0%")
    folder.put("a.csv", f"{HEADING},Discount", *rows)
    found, aside = figures(folder.orders())
    assert found == (2, 8000, 0)
    assert "map it to `discount` if it is not in the price" in aside["1"]
    folder.recipe("ignore_columns: [Discount]", price="Total", drop=("total",))
    assert figures(folder.orders()) == ((4, 16000, 0), {})
    folder.recipe(price="Total", discount="Discount", drop=("total",))
    folder.put("a.csv", f"{HEADING},Discount", rows[0])
    assert figures(folder.orders()) == ((2, 7200, 0), {})


STATES = "status: {paid: [Complete], cancelled: [Cancelled], refunded: [Refunded]}"


@pytest.mark.parametrize(
    ("state", "back", "waits"),
    [
        ("Cancelled", "$42.80", True),  # then it was paid
        ("Cancelled", "$0.00", False),
        ("Refunded", "$42.80", True),  # of 85.60
        ("Refunded", "$85.60", False),
        ("Refunded", "2026-11-20", False),
    ],
)
def test_what_went_back_contradicts_the_status_of_a_row(folder, state, back, waits):
    folder.recipe(STATES, status="State")
    rows = (
        f"1,{GALA},Adult,1,42.80,Complete,",
        f"2,{GALA},Adult,2,85.60,{state},{back}",
    )
    folder.put("a.csv", f"{HEADING},State,Refunds", *rows)
    found = folder.orders()
    assert money(found["1"]) == (1, 4280, 0)
    assert isinstance(found["2"], str) == waits
    folder.recipe(STATES, status="State", refunded="Refunds")
    if back.startswith("$4"):
        assert money(folder.orders()["2"]) == (0, 8560, 4280)


# Numbers of tickets


@pytest.mark.parametrize(
    "name",
    [
        "Qty Sold",
        "Total tickets",
        "Quantity sold",
        "Total qty",
        "Tickets booked",
        "Tickets issued",
        "Admissions",
        "Attendees",
        "Guests",
        "Seat count",
        "Ticket(s)",
        "Number of people",
        "Qty",
    ],
)
def test_a_number_of_tickets_that_is_not_mapped_is_asked_about(folder, name):
    folder.recipe(drop=("quantity",))
    heading = f"Order,Show,Starts,Type,{name},Total"
    folder.put("a.csv", heading, f"1,{GALA},Adult,2,80.00", f"2,{GALA},Child,3,60.00")
    assert all("map it to `quantity`" in it for it in folder.orders().values())
    folder.recipe(quantity=name)
    assert figures(folder.orders()) == ((5, 14000, 0), {})


@pytest.mark.parametrize("name", ["#", "Ticket numbers", "Ticket total", "Seat"])
def test_other_numbers_raise_no_question(folder, name):
    folder.recipe(drop=("quantity",))
    heading = f"Order,Show,Starts,Type,{name},Total"
    folder.put("a.csv", heading, f"1,{GALA},Adult,2,80.00")
    assert figures(folder.orders()) == ((1, 8000, 0), {})


SEAT = "Order,Show,Starts,Type,Seat,Total"


@pytest.mark.parametrize("seat", ["A1, A2", "A1-A4", "A1 & A2", "A1-4", "12-14"])
def test_a_row_that_names_several_seats_is_set_aside(folder, seat):
    folder.recipe(drop=("quantity",), line="Seat")
    rows = (f'1,{GALA},Adult,"{seat}",80.00', f"2,{GALA},Adult,A9,40.00")
    folder.put("a.csv", SEAT, *rows)
    found, aside = figures(folder.orders())
    assert found == (1, 4000, 0)
    assert f"line 2: line is '{seat}', which may be several tickets" in aside["1"]
    folder.recipe("ignore_columns: [Seat]", drop=("quantity",), line="Seat")
    assert figures(folder.orders()) == ((2, 12000, 0), {})
    numbered = [f"{row},{n}" for row, n in zip(rows, (2, 1), strict=True)]
    folder.recipe(quantity="Number", line="Seat")
    folder.put("a.csv", f"{SEAT},Number", *numbered)
    assert figures(folder.orders()) == ((3, 12000, 0), {})


@pytest.mark.parametrize(
    "seats",
    [("A-12", "B-3"), ("12-3", "12-14"), ("T1-4", "T5-2"), ("Row A, 5", "Row A, 6")],
)
def test_a_row_and_a_seat_are_one_place(folder, seats):
    folder.recipe(drop=("quantity",), line="Seat")
    rows = [f'{n},{GALA},Adult,"{seat}",40.00' for n, seat in enumerate(seats, 1)]
    folder.put("a.csv", SEAT, *rows)
    assert figures(folder.orders()) == ((2, 8000, 0), {})


@pytest.mark.parametrize(
    ("name", "waits"),
    [
        ("2 x Adult", True),
        ("Adult x 2", True),
        ("1 x Adult", False),
        ("Box for 4", False),
    ],
)
def test_a_type_that_says_a_number_is_asked_about(folder, name, waits):
    folder.recipe(drop=("quantity",))
    folder.put("a.csv", SEAT, f"1,{GALA},{name},,80.00")
    assert isinstance(folder.orders()["1"], str) == waits
    folder.recipe("ignore_columns: [Type]", drop=("quantity",))
    assert figures(folder.orders()) == ((1, 8000, 0), {})
