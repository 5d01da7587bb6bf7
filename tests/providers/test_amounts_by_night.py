"""
Orders over several nights: a fee, a tax and what went back stay on the night that their
row names. What is expected was worked out by hand, by night in minor units.
"""

from collections import Counter

import pytest
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money

from ticketsync.sales.allocation import allocate

KIND = "kind: {sale: [Ticket], refund: [Refund], fee: [Fee], tax: [Tax]}"
STATUS = "status: {paid: [Sold], refunded: [Returned], cancelled: [Stopped]}"
ENTRIES = "Order,Show,Starts,Type,Total,Kind,State"
# 30.00 for the one night, 60.00 for the other
SOLD = (f"1,{GALA},Adult,30.00,Ticket,Sold", f"1,{LATE},Adult,60.00,Ticket,Sold")


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def read(folder, *rows, tax="on top", says=(), **columns):
    folder.recipe(
        *(KIND, STATUS, f"tax: {tax}", *says),
        drop=("quantity",),
        **{"kind": "Kind", "status": "State", **columns},
    )
    folder.put("a.csv", ENTRIES, *SOLD, *rows)
    return folder.orders()["1"]


def by_night(order, name):
    """
    An amount of the order's tickets, for the gala and the late show.
    """
    made = allocate(order, b"")
    assert made.order.doubt is None
    sums = {"Gala": 0, "Late": 0}
    for share in made.shares:
        part = getattr(share, name) if hasattr(share, name) else 0
        if name in ("buyer_fee", "tax_added"):
            part = getattr(share.parts, name)
        sums[share.occurrence_id.partition(" @")[0]] += part
    return tuple(sums.values())


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([f"1,{LATE},,9.00,Fee,Sold"], (0, 900)),
        ([f"1,{GALA},,9.00,Fee,Sold"], (900, 0)),
        ([f"1,{GALA},,2.00,Fee,Sold", f"1,{LATE},,9.00,Fee,Sold"], (200, 900)),
        # without a night: by price, 30.00 to 60.00
        (["1,,,,9.00,Fee,Sold"], (300, 600)),
        (["1,,,,9.00,Fee,Sold", f"1,{GALA},,5.00,Fee,Sold"], (800, 600)),
        # a title or a time alone names it, too, where one of the nights has it
        (["1,Late,,,9.00,Fee,Sold"], (0, 900)),
        (["1,,2026-12-05 19:30,,9.00,Fee,Sold"], (900, 0)),
        (["1,Booking,,,9.00,Fee,Sold"], (300, 600)),
    ],
)
def test_a_fee_stays_on_the_night_that_its_row_names(folder, rows, expected):
    found = read(folder, *rows)
    assert by_night(found, "buyer_fee") == expected
    assert found.charged == 9000 + sum(expected)


@pytest.mark.parametrize(
    ("tax", "charged"), [("on top", (3300, 6000)), ("inside", (3000, 6000))]
)
def test_a_tax_stays_on_the_night_that_its_row_names(folder, tax, charged):
    found = read(folder, f"1,{GALA},Adult,3.00,Tax,Sold", tax=tax)
    assert (by_night(found, "tax"), found.tax) == ((300, 0), 300)
    assert by_night(found, "charged") == charged


@pytest.mark.parametrize("tax", ["on top", "inside"])
def test_a_tax_in_a_column_is_of_the_tickets_of_its_row(folder, tax):
    folder.recipe(f"tax: {tax}", tax="GST")
    folder.put("a.csv", f"{HEADING},GST", f"1,{GALA},Adult,2,30.00,0.00",
               f"1,{LATE},Adult,1,60.00,6.00")  # fmt: skip
    found = folder.orders()["1"]
    assert (by_night(found, "tax"), found.tax) == ((0, 600), 600)
    added = 600 if tax == "on top" else 0
    assert by_night(found, "charged") == (3000, 6000 + added)


@pytest.mark.parametrize("kind", ["Fee", "Tax"])
@pytest.mark.parametrize("night", ["Late,2026-12-07 22:30", "Gala,2026-12-06 22:30"])
def test_a_row_of_another_night_sets_its_order_aside(folder, night, kind):
    folder.put("b.csv", ENTRIES, f"2,{GALA},Adult,30.00,Ticket,Sold")
    found = read(folder, f"1,{night},,9.00,{kind},Sold")
    shown = night.replace(",", ", ")
    assert found.endswith(
        f"a row of the kind '{kind}' over 9.00 AUD is for {shown}, and the order has "
        "no ticket there: correct its date, or leave it empty if the row is for the "
        "whole order"
    )
    assert money(folder.orders()["2"]) == (1, 3000, 0)


def test_a_row_of_another_night_than_that_of_the_order_waits(folder):
    folder.recipe(KIND, "tax: inside", drop=("quantity",), kind="Kind")
    rows = (f"1,{GALA},Adult,30.00,Ticket", f"1,{LATE},,9.00,Fee")
    folder.put("a.csv", ENTRIES.removesuffix(",State"), *rows)
    assert "the order has no ticket there" in folder.orders()["1"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # the fee of one night went back, and no ticket
        ([f"1,{LATE},,9.00,Fee,Sold", f"1,{LATE},,-9.00,Fee,Sold"], (0, 900)),
        (
            [f"1,{GALA},,9.00,Fee,Returned", f"1,{LATE},,9.00,Fee,Sold"],
            (900, 0),
        ),
        # a ticket and the fee of its night; a part of the fee of the other one
        (
            [f"1,{GALA},,2.00,Fee,Sold", f"1,{LATE},,9.00,Fee,Sold",
             f"1,{GALA},Adult,-30.00,Refund,Sold", f"1,{GALA},,-2.00,Fee,Sold",
             f"1,{LATE},,-4.00,Fee,Sold"],
            (3200, 400),
        ),
        # the fee is of no night: by price
        (["1,,,,9.00,Fee,Sold", "1,,,,-9.00,Fee,Sold"], (300, 600)),
        # the tax of one night
        (
            [f"1,{LATE},Adult,6.00,Tax,Sold", f"1,{LATE},Adult,-60.00,Refund,Sold",
             f"1,{LATE},Adult,-6.00,Tax,Sold"],
            (0, 6600),
        ),
    ],
)  # fmt: skip
def test_what_went_back_stays_on_its_night(folder, rows, expected):
    found = read(folder, *rows)
    assert by_night(found, "refunded") == expected
    assert money(found)[2] == sum(expected)


DATED = f"{HEADING},Kind,Day"
ON_SALE = "2026-10-01 12:00"
# 40.00 for the one night, 60.00 for the other
TWO = (
    f"1,{GALA},Adult,1,40.00,Ticket,{ON_SALE}",
    f"1,{LATE},Adult,1,60.00,Ticket,{ON_SALE}",
)
GALA_BACK = f"1,{GALA},Adult,-1,-40.00,Refund,2026-10-10 12:00"


def dated(folder, rows):
    """
    What went back by day and night, and the discrepancy of the order.
    """
    folder.recipe(KIND, "tax: inside", kind="Kind", placed="Day")
    folder.put("a.csv", DATED, *rows)
    order = folder.orders()["1"]
    assert not isinstance(order, str), order
    parts = {
        (f"{it.refunded_at:%m-%d}", it.occurrence_id[:4]): it.amount
        for it in order.refunds
    }
    back = Counter()
    for (_, night), amount in parts.items():
        back[night] += amount
    tickets = {it.occurrence_id[:4]: it.refunded for it in order.tickets}
    assert tickets == {"Gala": back["Gala"], "Late": back["Late"]}
    return parts, order.doubt


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize(
    ("backs", "expected"),
    [
        # 40.00 of the gala is back, all of it: the 30.00 are of the late show
        (
            [GALA_BACK, "1,,,,,-30.00,Refund,2026-11-05 12:00"],
            {("10-10", "Gala"): 4000, ("11-05", "Late"): 3000},
        ),
        # so they are where they went back earlier
        (
            [GALA_BACK, "1,,,,,-30.00,Refund,2026-10-05 12:00"],
            {("10-05", "Late"): 3000, ("10-10", "Gala"): 4000},
        ),
        # 30.00 and 60.00 are left: 10.00 and 20.00, then 20.00 and 40.00
        (
            [f"1,{GALA},,,-10.00,Refund,2026-10-10 12:00",
             "1,,,,,-60.00,Refund,2026-10-12 12:00",
             "1,,,,,-30.00,Refund,2026-10-11 12:00"],
            {("10-10", "Gala"): 1000, ("10-11", "Gala"): 1000,
             ("10-11", "Late"): 2000, ("10-12", "Gala"): 2000,
             ("10-12", "Late"): 4000},
        ),
        # 3.00 and 6.00 of fees; the fee of the gala went back with its row
        (
            [f"1,{GALA},,,3.00,Fee,{ON_SALE}", f"1,{LATE},,,6.00,Fee,{ON_SALE}",
             f"1,{GALA},,,-3.00,Fee,2026-10-10 12:00",
             "1,,,,,-5.00,Fee,2026-11-05 12:00"],
            {("10-10", "Gala"): 300, ("11-05", "Late"): 500},
        ),
        # 40.00 of the gala is all that it cost: 50.00 are of the late show
        (
            [f"1,{GALA},,,-40.00,Refund,2026-10-10 12:00",
             "1,,,,,-50.00,Refund,2026-10-12 12:00"],
            {("10-10", "Gala"): 4000, ("10-12", "Late"): 5000},
        ),
    ],
)  # fmt: skip
def test_what_names_no_night_is_divided_by_what_is_left(folder, backs, expected, turn):
    assert dated(folder, [*TWO, *backs][::turn]) == (expected, None)


@pytest.mark.parametrize("turn", [1, -1])
def test_a_row_that_names_its_night_has_its_ticket_first(folder, turn):
    """
    The other row takes back a ticket, too, and only that of the gala is left.
    """
    rows = [
        *TWO,
        "1,,,Adult,-1,-40.00,Refund,2026-11-05 12:00",
        f"1,{LATE},Adult,-1,-60.00,Refund,2026-10-10 12:00",
    ]
    expected = {("10-10", "Late"): 6000, ("11-05", "Gala"): 4000}
    assert dated(folder, rows[::turn]) == (expected, None)
    rows[2] = "1,,,Adult,-1,-30.00,Refund,2026-11-05 12:00"
    expected["11-05", "Gala"] = 3000
    assert dated(folder, rows[::turn]) == (expected, None)


@pytest.mark.parametrize("turn", [1, -1])
def test_more_than_was_paid_is_divided_by_price(folder, turn):
    """
    Of 70.00, 60.00 are left, and 10.00 are divided by 40.00 and 60.00.
    """
    rows = [*TWO, GALA_BACK, "1,,,,,-70.00,Refund,2026-11-05 12:00"][::turn]
    assert dated(folder, rows) == (
        {("10-10", "Gala"): 4000, ("11-05", "Gala"): 400, ("11-05", "Late"): 6600},
        "refunded 110.00 AUD of 100.00 AUD paid",
    )


def test_money_that_went_back_without_a_ticket_is_of_the_night_of_its_row(folder):
    """
    10.00 of the 60.00 of the second night went back; both tickets are kept.
    """
    folder.recipe()
    rows = (f"1,{GALA},Adult,1,30.00", f"1,{LATE},Adult,1,60.00")
    folder.put("a.csv", HEADING, *rows, f"1,{LATE},Adult,,-10.00")
    found = folder.orders()["1"]
    assert (money(found), by_night(found, "refunded")) == ((2, 9000, 1000), (0, 1000))


def test_what_a_sale_says_went_back_is_of_its_night(folder):
    folder.recipe(refunded="Back")
    rows = (f"1,{GALA},Adult,1,30.00,", f"1,{LATE},Adult,2,60.00,10.00")
    folder.put("a.csv", f"{HEADING},Back", *rows)
    assert by_night(folder.orders()["1"], "refunded") == (0, 1000)


def test_a_fee_that_the_platform_keeps_is_of_its_night(folder):
    rows = [f"1,{GALA},,2.00,Fee,Sold", f"1,{LATE},,9.00,Fee,Sold"]
    found = read(folder, *rows, f"1,{LATE},,-4.00,Fee,Sold", says=("buyer_fee: kept",))
    made = allocate(found, b"")
    kept = {it.occurrence_id[:4]: it.amount for it in made.fees if it.amount}
    assert kept == {"Gala": 200, "Late": 500}


def test_the_sequence_of_the_rows_changes_nothing(folder):
    rows = [
        f"1,{LATE},,9.00,Fee,Sold", f"1,{GALA},Adult,3.00,Tax,Sold",
        f"1,{GALA},Adult,-30.00,Refund,Sold", f"1,{GALA},Adult,-3.00,Tax,Sold",
    ]  # fmt: skip
    for order in (1, -1):
        found = read(folder, *rows[::order])
        assert by_night(found, "charged") == (3300, 6900)
        assert by_night(found, "refunded") == (3300, 0)


def test_fees_of_a_single_night_are_those_of_the_order(folder):
    folder.recipe(KIND, "tax: inside", drop=("quantity",), kind="Kind")
    rows = (f"1,{GALA},Adult,30.00,Ticket", f"1,{GALA},,9.00,Fee")
    folder.put("a.csv", ENTRIES.removesuffix(",State"), *rows)
    found = folder.orders()["1"]
    assert (found.buyer_fees, [t.fee for t in found.tickets]) == (900, [0])
