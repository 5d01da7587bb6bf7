"""
Rows of a report that take something back, and lines that were cancelled: what they say
of prices, fees and taxes is counted once, or the order is set aside by name.
"""

import pytest
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money

STATUS = (
    "status: {paid: [Sold], refunded: [Returned], cancelled: [Stopped], void: [Void], "
    "pending: [Open]}"
)
PARTS = f"{HEADING},Fee,Tax,Back,State,Seat"


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def read(folder, *rows, says=(), **columns):
    """
    The orders of one report whose rows end with fee, tax, refunded, status and seat.
    """
    mapped = {"fee": "Fee", "tax": "Tax", "refunded": "Back", "line": "Seat"}
    folder.recipe(STATUS, *says, **mapped, status="State", **columns)
    folder.put("a.csv", PARTS, *rows)
    return folder.orders()


# Fees and taxes that went back


@pytest.mark.parametrize(
    ("says", "rows", "charged", "refunded"),
    [
        # 2 × (39.00 + 2.00)
        ((), (",4.00,,,Sold,", ",-4.00,,,Sold,"), 8200, 8200),
        # the fee stays with the platform
        ((), (",4.00,,,Sold,", ",,,,Sold,"), 8200, 7800),
        ((), (",4.00,,,Sold,", ",0.00,,,Sold,"), 8200, 7800),
        # all fees are written below zero where they are one, and above where not
        ((), (",-4.00,,,Sold,", ",4.00,,,Sold,"), 8200, 8200),
        # 2 × (39.00 + 3.90)
        (("tax: on top",), (",,7.80,,Sold,", ",,-7.80,,Sold,"), 8580, 8580),
        (("tax: on top",), (",4.00,7.80,,Sold,", ",-4.00,-7.80,,,"), 8980, 8980),
        # the tax is inside the price
        ((), (",,7.09,,Sold,", ",,-7.09,,Sold,"), 7800, 7800),
        ((), (",,7.09,,Sold,", ",,7.09,,Sold,"), 7800, 7800),
    ],
)
def test_a_row_takes_back_its_fee_and_its_tax(folder, says, rows, charged, refunded):
    sale, back = rows
    found = read(
        folder, f"1,{GALA},Adult,2,78.00{sale}", f"1,{GALA},Adult,-2,-78.00{back}",
        says=says,
    )  # fmt: skip
    assert money(found["1"]) == (0, charged, refunded)


@pytest.mark.parametrize(
    ("says", "rows", "reason"),
    [
        (
            (),
            (",4.00,,,Sold,", ",4.00,,,Sold,"),
            "a fee of 4.00 AUD, on the other side",
        ),
        (
            ("tax: on top",),
            (",,7.80,,Sold,", ",,7.80,,Sold,"),
            "a tax of 7.80 AUD, on the other side",
        ),
        (
            ("tax: on top",),
            (",,7.80,,Sold,", ",,,,Sold,"),
            "does not say how much of the tax on top",
        ),
    ],
)
def test_a_fee_that_went_back_or_not_sets_its_order_aside(folder, says, rows, reason):
    sale, back = rows
    found = read(
        folder, f"1,{GALA},Adult,2,78.00{sale}", f"1,{GALA},Adult,-2,-78.00{back}",
        f"2,{GALA},Adult,1,39.00{sale}", says=says,
    )  # fmt: skip
    assert reason in found["1"]
    assert money(found["2"])[0] == 1


def test_rows_without_signs_take_back_by_their_kind(folder):
    folder.recipe("kind: {sale: [S], refund: [R]}", kind="Kind", fee="Fee")
    folder.put(
        "a.csv",
        f"{HEADING},Kind,Fee",
        f"1,{GALA},Adult,2,78.00,S,4.00",
        f"1,{GALA},Adult,2,78.00,R,4.00",
    )
    assert money(folder.orders()["1"]) == (0, 8200, 8200)


@pytest.mark.parametrize(
    ("says", "row", "charged", "refunded"),
    [
        ((), "4.00,,,Returned,", 8200, 8200),
        (("tax: on top",), "4.00,7.80,,Returned,", 8980, 8980),
        # the report says itself how much
        ((), "4.00,,78.00,Returned,", 8200, 7800),
    ],
)
def test_a_returned_sale_gives_back_all_that_was_paid(
    folder, says, row, charged, refunded
):
    found = read(folder, f"1,{GALA},Adult,2,78.00,{row}", says=says)
    assert money(found["1"]) == (0, charged, refunded)


def test_a_fee_that_went_back_was_not_kept(folder):
    folder.recipe("buyer_fee: kept", fee="Fee", kept="Kept")
    folder.put(
        "a.csv",
        f"{HEADING},Fee,Kept",
        f"1,{GALA},Adult,2,78.00,4.00,1.00",
        f"1,{GALA},Adult,-1,-39.00,-2.00,0.00",
    )
    order = folder.orders()["1"]
    assert money(order) == (1, 8200, 4100)
    assert order.total_fees == 300  # 4.00 − 2.00 + 1.00


# Lines that were cancelled


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"1,{GALA},Child,1,20.00,1.00,,,Stopped,", (1, 3900, 0)),
        # it was paid, and went back
        (f"1,{GALA},Child,1,20.00,1.00,,21.00,Stopped,", (1, 6000, 2100)),
    ],
)
def test_a_cancelled_line_of_a_paid_order_was_not_charged(folder, row, expected):
    found = read(folder, f"1,{GALA},Adult,1,39.00,,,,Sold,", row)
    assert money(found["1"]) == expected
    assert len(found["1"].tickets) == 2
    assert found["1"].discounts == 0


def test_an_order_of_cancelled_lines_counts_nowhere(folder):
    found = read(
        folder,
        f"1,{GALA},Adult,1,39.00,,,,Stopped,",
        f"1,{GALA},Child,1,20.00,,,,Stopped,",
    )
    assert (money(found["1"]), found["1"].total) == ((0, 0, 0), 5900)


@pytest.mark.parametrize("has_other", [True, False])
def test_what_was_kept_of_a_cancelled_line_is_named(folder, has_other):
    """
    Of 80.00 that were paid 2.00 were kept; 4.50 more of a line that cost nothing.
    """
    folder.recipe(STATUS, status="State", kept="Kept")
    sold = [f"1,{GALA},Adult,2,80.00,Sold,2.00"] if has_other else []
    stopped = f"1,{GALA},Adult,1,40.00,{{}},{{}}"
    folder.put("a.csv", f"{HEADING},State,Kept", *sold, stopped.format("Stopped", 4.5))
    order = folder.orders()["1"]
    assert (order.charged, order.total_fees) == ((8000, 200) if has_other else (0, 0))
    assert order.doubt == (
        "4.50 AUD was kept of what was cancelled, and is not counted: by its status "
        "nothing was paid; map the word to `void` or `refunded` in the recipe if it was"
    )
    folder.put("a.csv", f"{HEADING},State,Kept", *sold, stopped.format("Void", 4.5))
    order = folder.orders()["1"]
    assert (order.total_fees, order.doubt) == (650 if has_other else 450, None)
    folder.put("a.csv", f"{HEADING},State,Kept", *sold, stopped.format("Stopped", 0))
    assert folder.orders()["1"].doubt is None


def test_the_tax_of_a_cancelled_line_is_not_charged(folder):
    found = read(
        folder,
        f"1,{GALA},Adult,1,39.00,,3.90,,Sold,",
        f"1,{GALA},Child,1,20.00,,2.00,,Stopped,",
        says=("tax: on top",),
    )
    assert (money(found["1"]), found["1"].tax) == ((1, 4290, 0), 390)


def test_a_refund_beside_a_cancelled_line_of_its_type_is_set_aside(folder):
    rows = (f"1,{GALA},Adult,1,39.00,,,,Sold,", f"1,{GALA},Adult,1,39.00,,,,Stopped,")
    found = read(folder, *rows, f"1,{GALA},Adult,-1,-39.00,,,,Sold,")
    assert "a part was cancelled and a part was not" in found["1"]
    found = read(folder, *rows, f"1,{GALA},Child,1,9.00,,,,Sold,",
                 f"1,{GALA},Child,-1,-9.00,,,,Sold,")  # fmt: skip
    assert money(found["1"]) == (1, 4800, 900)


# Money that went back, said twice


BACK = f"1,{GALA},Adult,-1,-39.00,,,,Sold,"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # one ticket went back once, whoever says so
        ((f"1,{GALA},Adult,1,39.00,,,,Returned,",), (0, 3900, 3900)),
        ((f"1,{GALA},Adult,1,39.00,,,39.00,Sold,",), (0, 3900, 3900)),
        # of two it may have been the other one
        (
            (
                f"1,{GALA},Adult,1,39.00,,,,Sold,",
                f"1,{GALA},Adult,1,39.00,,,,Returned,",
            ),
            None,
        ),
        ((f"1,{GALA},Adult,2,78.00,,,39.00,Sold,",), None),
        ((f"1,{GALA},Adult,2,78.00,,,60.00,Sold,",), None),
        # another type, another night
        (
            (
                f"1,{GALA},Adult,1,39.00,,,,Sold,",
                f"1,{GALA},Child,1,20.00,,,,Returned,",
            ),
            (0, 5900, 5900),
        ),
        (
            (
                f"1,{GALA},Adult,1,39.00,,,,Sold,",
                f"1,{LATE},Adult,1,39.00,,,,Returned,",
            ),
            (0, 7800, 7800),
        ),
        # the row is what the status was for
        (
            (
                f"1,{GALA},Adult,1,39.00,,,,Sold,",
                f"1,{GALA},Adult,1,39.00,,,,Void,",
            ),
            (1, 7800, 3900),
        ),
    ],
)
def test_money_that_went_back_is_never_counted_twice(folder, rows, expected):
    for order in (1, -1):
        found = read(folder, *[*rows, BACK][::order])
        if expected is None:
            assert "which may be the same money" in found["1"]
        else:
            assert money(found["1"]) == expected


@pytest.mark.parametrize(
    ("seat", "expected"), [("A1", (0, 7800, 7800)), ("A2", (1, 7800, 3900))]
)
def test_a_seat_says_which_ticket_went_back(folder, seat, expected):
    found = read(
        folder,
        f"1,{GALA},Adult,1,39.00,,,,Sold,A1",
        f"1,{GALA},Adult,1,39.00,,,,Returned,A2",
        f"{BACK}{seat}",
    )
    assert money(found["1"]) == expected


def test_a_status_and_the_row_of_a_statement_are_one_refund(folder):
    """
    The sale is exported again as returned, and the statement has the row.
    """
    folder.recipe(STATUS, status="State")
    folder.put("1.csv", f"{HEADING},State", f"1,{GALA},Adult,1,39.00,Sold",
               f"2,{GALA},Adult,2,78.00,Sold")  # fmt: skip
    folder.put("statement.csv", f"{HEADING},State", f"1,{GALA},Adult,-1,-39.00,",
               f"2,{GALA},Adult,-1,-39.00,")  # fmt: skip
    found = folder.orders()
    assert (money(found["1"]), money(found["2"])) == ((0, 3900, 3900), (1, 7800, 3900))
    folder.put("2.csv", f"{HEADING},State", f"1,{GALA},Adult,1,39.00,Returned")
    assert money(folder.orders()["1"]) == (0, 3900, 3900)


# A row for each ticket, fee and tax


def read_entries(folder, *rows, says="tax: on top"):
    folder.recipe(
        STATUS,
        "kind: {sale: [Ticket], refund: [Refund], fee: [Fee], tax: [Tax]}",
        says,
        drop=("quantity",),
        kind="Kind",
        status="State",
    )
    folder.put("a.csv", "Order,Show,Starts,Type,Total,Kind,State", *rows)
    return folder.orders()


SOLD = (
    f"1,{GALA},Adult,39.00,Ticket,Sold",
    f"1,{GALA},Adult,3.90,Tax,Sold",
    f"1,{GALA},,3.00,Fee,Sold",
)
TICKET_BACK = f"1,{GALA},Adult,-39.00,Refund,Sold"
TAX_BACK, FEE_BACK = f"1,{GALA},Adult,-3.90,Tax,Sold", f"1,{GALA},,-3.00,Fee,Sold"


@pytest.mark.parametrize(
    ("says", "rows", "expected", "tax"),
    [
        ("tax: on top", SOLD, (1, 4590, 0), 390),
        ("tax: on top", (*SOLD, TICKET_BACK, TAX_BACK, FEE_BACK), (0, 4590, 4590), 390),
        ("tax: on top", (*SOLD, TICKET_BACK, TAX_BACK), (0, 4590, 4290), 390),
        ("tax: inside", (*SOLD, TICKET_BACK, TAX_BACK, FEE_BACK), (0, 4200, 4200), 390),
        (
            "tax: on top",
            tuple(row.replace("Sold", "Returned") for row in SOLD),
            (0, 4590, 4590),
            390,
        ),
        (
            "tax: on top",
            (*SOLD[:2], f"1,{GALA},,3.00,Fee,Returned"),
            (1, 4590, 300),
            390,
        ),
        ("tax: on top", (*SOLD[:2], f"1,{GALA},,3.00,Fee,Stopped"), (1, 4290, 0), 390),
        ("tax: on top", (SOLD[0], SOLD[1], f"1,{GALA},,3.00,Fee,"), (1, 4590, 0), 390),
        (
            "tax: on top",
            tuple(row.replace("Sold", "Stopped") for row in SOLD),
            (0, 0, 0),
            390,
        ),
        # the status of the fee and its row below zero: one refund
        (
            "tax: on top",
            (*SOLD[:2], f"1,{GALA},,3.00,Fee,Returned", FEE_BACK),
            (1, 4590, 300),
            390,
        ),
    ],
)
def test_fees_and_taxes_with_rows_of_their_own_come_and_go(
    folder, says, rows, expected, tax
):
    for order in (1, -1):
        found = read_entries(folder, *rows[::order], says=says)
        assert money(found["1"]) == expected
        assert found["1"].tax == tax


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ((SOLD[0], FEE_BACK), "takes back 3.00 AUD, and no report that was read has"),
        ((*SOLD, f"1,{GALA},,-3.00,Fee,Open"), "its status is 'Open', pending"),
        (
            (SOLD[0].replace("Sold", "Returned"), f"1,{GALA},,3.00,Fee,"),
            "fee of 3.00 AUD has no status",
        ),
    ],
)
def test_an_unclear_fee_row_sets_its_order_aside(folder, rows, reason):
    assert reason.lower() in read_entries(folder, *rows)["1"].lower()


# A refund of the whole order on each of its rows


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize(
    ("states", "back", "result"),
    [
        # what went back is what was returned
        (("Sold", "Returned"), "20.00", (1, 6000, 2000)),
        # 10.00 of 60.00 was withheld
        (("Returned", "Returned"), "50.00", (0, 6000, 5000)),
        # the cancelled row was paid, for something of it went back
        (("Stopped", "Stopped"), "40.00", (0, 6000, 4000)),
        (("Sold", "Stopped"), "20.00", (1, 6000, 2000)),
        # nothing went back: the cancelled row was never paid
        (("Sold", "Stopped"), "0.00", (1, 4000, 0)),
        (("Sold", "Sold"), "20.00", (2, 6000, 2000)),
    ],
)
def test_a_refund_of_the_order_counts_once(folder, states, back, result, is_turned):
    rows = [
        f"1,{GALA},Adult,1,40.00,,,{back},{states[0]},",
        f"1,{GALA},Child,1,20.00,,,{back},{states[1]},",
    ]
    found = read(
        folder, *(rows[::-1] if is_turned else rows), says=("per: {refunded: order}",)
    )
    assert money(found["1"]) == result


def test_a_cancelled_ticket_is_not_charged_because_its_fee_was(folder):
    """
    The booking fee of 2.00 stays charged, the ticket does not.
    """
    folder.recipe(
        STATUS, "kind: {sale: [Ticket], fee: [Fee]}", kind="Kind", status="State"
    )
    folder.put(
        "a.csv",
        f"{HEADING},Kind,State",
        f"1,{GALA},Adult,1,40.00,Ticket,Stopped",
        f"1,{GALA},Adult,1,2.00,Fee,Sold",
        f"2,{GALA},Adult,1,40.00,Ticket,Sold",
    )
    found = folder.orders()
    assert money(found["1"]) == (0, 200, 0)
    assert money(found["2"]) == (1, 4000, 0)


# Taxes on top that have rows of their own


def taxed(folder, *rows, says=(), **columns):
    folder.recipe(
        "kind: {sale: [Ticket], refund: [Refund], tax: [Tax]}",
        "tax: on top",
        *says,
        drop=("type",),
        kind="Type",
        **columns,
    )
    heading = f"{HEADING},GST" if columns else HEADING
    folder.put("a.csv", heading, *(f"1,{GALA},{row}" for row in rows))
    return folder.orders()["1"]


BOUGHT = ("Ticket,1,40.00", "Ticket,1,40.00", "Tax,,8.00")


@pytest.mark.parametrize(
    ("rows", "figures"),
    [
        (("Refund,1,-40.00", "Tax,,-4.00"), (1, 8800, 4400)),
        (("Refund,2,-80.00", "Tax,,-8.00"), (0, 8800, 8800)),
    ],
)
def test_tax_rows_that_go_back(folder, rows, figures):
    found = taxed(folder, *BOUGHT, *rows, says=("repeated_rows: count",))
    assert money(found) == figures


@pytest.mark.parametrize(
    ("rows", "price", "tax"),
    [
        (("Refund,1,-40.00",), "40.00", "0.00"),
        (("Refund,2,-80.00",), "80.00", "0.00"),
        (("Refund,2,-80.00", "Tax,,-4.00"), "80.00", "4.00"),
        (("Refund,1,-40.00", "Tax,,-2.00"), "40.00", "2.00"),
    ],
)
def test_tax_rows_that_stay_set_the_order_aside(folder, rows, price, tax):
    found = taxed(folder, *BOUGHT, *rows, says=("repeated_rows: count",))
    assert f"take back {price} AUD of 80.00 AUD, and of the tax on top {tax} AUD" in (
        found
    )


def test_a_row_says_that_no_tax_went_back(folder):
    rows = [f"{row}," for row in BOUGHT]
    found = taxed(
        folder, *rows, "Refund,1,-40.00,0.00", says=("repeated_rows: count",), tax="GST"
    )
    assert money(found) == (1, 8800, 4000)


def test_a_complimentary_ticket_bears_no_tax(folder):
    # 80.00 with 8.00 of tax, of which all and half went back; a comp beside them
    rows = ("Ticket,1,40.00", "Ticket,1,40.00", "Tax,,8.00", "Refund,2,-80.00")
    folder.recipe(
        *("kind: {sale: [Ticket], refund: [Refund], tax: [Tax]}", "tax: on top"),
        *("status: {paid: [Sold], comp: [Guest]}", "repeated_rows: count"),
        drop=("type",),
        kind="Type",
        status="State",
    )
    lines = [f"1,{GALA},{row},Sold" for row in (*rows, "Tax,,-4.00")]
    folder.put("a.csv", f"{HEADING},State", *lines, f"1,{GALA},Ticket,1,40.00,Guest")
    assert "of the tax on top 4.00 AUD of 8.00 AUD" in folder.orders()["1"]


def test_the_tax_of_a_fee_stays_with_the_fee(folder):
    folder.recipe(
        *("kind: {sale: [Ticket], refund: [Refund], tax: [Tax], fee: [Fee]}",),
        "tax: on top",
        drop=("type",),
        kind="Type",
    )
    rows = ("Ticket,1,80.00", "Fee,,2.00", "Tax,,8.00", "Tax,,0.20")
    back = ("Refund,1,-80.00", "Tax,,-8.00")
    folder.put("a.csv", HEADING, *(f"1,{GALA},{row}" for row in (*rows, *back)))
    assert money(folder.orders()["1"]) == (0, 9020, 8800)


def test_a_tax_in_a_column_and_in_rows_is_set_aside(folder):
    rows = ("Ticket,1,40.00,4.00", "Tax,,4.00,")
    assert "in rows of its own and in a column" in taxed(folder, *rows, tax="GST")


def test_a_discount_of_more_than_the_price_takes_nothing_back(folder):
    folder.recipe(drop=("total",), price="Total", discount="Off")
    rows = (f"1,{GALA},Adult,1,40.00,", f"1,{GALA},Child,1,10.00,12.00")
    folder.put("a.csv", f"{HEADING},Off", *rows)
    assert "its discount is more than its price" in folder.orders()["1"]
