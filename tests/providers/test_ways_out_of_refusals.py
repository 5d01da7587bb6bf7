"""
Orders that were set aside with no way out that worked: each is read rightly, or the
line that its message names is one. Worked out by hand, in minor units.
"""

import pytest
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money

KIND = "kind: {sale: [Ticket], refund: [Refund], fee: [Fee], tax: [Tax]}"
ENTRIES = "Order,Show,Starts,Type,Total,Kind"


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def refunded_by_night(order):
    assert not isinstance(order, str), order
    found = {"Gala": 0, "Late": 0}
    for ticket in order.tickets:
        found[ticket.occurrence_id[:4]] += ticket.refunded or 0
    return found["Gala"], found["Late"]


# An order that goes on in another file


@pytest.mark.parametrize("files", ["ab", "aa"])
def test_an_order_goes_on_with_another_title_at_another_time(folder, files):
    rows = (
        f"1,{GALA},Adult,1,40.00,2026-10-01 12:00",
        f"1,{LATE},Adult,2,90.00,2026-10-03 09:30",
    )
    heading = f"{HEADING},Day"

    def put():
        for name in set(files):
            own = [row for row, it in zip(rows, files, strict=True) if it == name]
            folder.put(f"{name}.csv", heading, *own)

    folder.recipe(placed="Day")
    put()
    assert "`folder` if one order goes on in another file" in folder.orders()["1"]
    folder.recipe("order_numbers: folder", placed="Day")
    assert money(folder.orders()["1"]) == (3, 13000, 0)


# Tax rows of unlike rates


def tax_rows(folder, *rows, says=(), heading=ENTRIES, **columns):
    """
    40.00 with 10 % of the one night, and 80.00 of the other one with as much as `rows`
    say.
    """
    folder.recipe(
        *(KIND, "tax: 'on top'", *says), drop=("quantity",), kind="Kind", **columns
    )
    sold = (
        f"1,{GALA},Adult,40.00,Ticket",
        f"1,{GALA},,4.00,Tax",
        f"1,{LATE},Adult,80.00,Ticket",
    )
    folder.put("a.csv", heading, *sold, *rows)
    return folder.orders()["1"]


LATE_BACK, GALA_BACK = f"1,{LATE},Adult,-80.00,Refund", f"1,{GALA},Adult,-40.00,Refund"
FIVE = f"1,{LATE},,4.00,Tax"  # 5 %


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([LATE_BACK], (0, 8000)),
        ([FIVE, LATE_BACK, f"1,{LATE},,-4.00,Tax"], (0, 8400)),
        ([FIVE, GALA_BACK, f"1,{GALA},,-4.00,Tax"], (4400, 0)),
        ([GALA_BACK, f"1,{GALA},,-4.00,Tax", LATE_BACK], (4400, 8000)),
    ],
)
def test_a_night_gives_back_its_own_rate_of_tax(folder, rows, expected):
    assert refunded_by_night(tax_rows(folder, *rows)) == expected


def test_a_type_gives_back_its_own_rate_of_tax(folder):
    """
    40.00 with a tax of 4.00, and 80.00 without any, for one night.
    """
    folder.recipe(KIND, "tax: 'on top'", drop=("quantity",), kind="Kind")
    rows = (f"1,{GALA},Adult,40.00,Ticket", f"1,{GALA},Adult,4.00,Tax",
            f"1,{GALA},Child,80.00,Ticket")  # fmt: skip
    folder.put("a.csv", ENTRIES, *rows, f"1,{GALA},Child,-80.00,Refund")
    assert money(folder.orders()["1"]) == (1, 12400, 8000)
    folder.put("a.csv", ENTRIES, *rows, f"1,{GALA},Adult,-40.00,Refund")
    assert "of the tax on top 0.00 AUD of 4.00 AUD" in folder.orders()["1"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([GALA_BACK], "40.00 AUD of 120.00 AUD, and of the tax on top 0.00 AUD of 4"),
        ([FIVE, LATE_BACK, f"1,{LATE},,-2.00,Tax"], "the tax on top 2.00 AUD of 8.00"),
    ],
)
def test_a_night_that_gives_back_less_than_its_rate_is_set_aside(folder, rows, said):
    assert said in tax_rows(folder, *rows)


def test_both_ways_out_for_a_tax_that_is_not_said_work(folder):
    """
    The tax of the gala went back, or it was kept.
    """
    assert "add what of it went back, below zero" in tax_rows(folder, GALA_BACK)
    made = tax_rows(folder, GALA_BACK, f"1,{GALA},,-4.00,Tax")
    assert refunded_by_night(made) == (4400, 0)
    kept = f"{GALA_BACK},0.00"
    made = tax_rows(folder, kept, heading=f"{ENTRIES},GST", tax="GST")
    assert isinstance(made, str)  # the sales have no cell of that column
    sold = (f"1,{GALA},Adult,40.00,Ticket,", f"1,{GALA},,4.00,Tax,",
            f"1,{LATE},Adult,80.00,Ticket,")  # fmt: skip
    folder.put("a.csv", f"{ENTRIES},GST", *sold, kept)
    assert refunded_by_night(folder.orders()["1"]) == (4000, 0)


# A refund that names an exchange


OF = f"{HEADING},Of"
EXCHANGED = (
    f"1,{GALA},Adult,1,40.00,",
    f"X1,{GALA},Adult,-1,-40.00,1",
    f"X1,{LATE},Adult,1,40.00,1",
)
OF_EXCHANGE = f"R1,{LATE},Adult,-1,-40.00,X1"


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("numbers", ["", "order_numbers: folder"])
def test_a_refund_of_an_exchange_is_one_of_its_order(folder, numbers, turn):
    folder.recipe(numbers, refund_of="Of")
    for name, rows in (("a.csv", EXCHANGED), ("b.csv", [OF_EXCHANGE]))[::turn]:
        folder.put(name, OF, *rows)
    found = folder.orders()
    assert set(found) == {"1"}
    assert (refunded_by_night(found["1"]), money(found["1"])) == (
        (4000, 4000),
        (0, 8000, 8000),
    )


def test_an_exchange_of_an_exchange_is_followed(folder):
    folder.recipe(refund_of="Of")
    folder.put(
        *("a.csv", OF, *EXCHANGED, f"X2,{LATE},Adult,-1,-40.00,X1"),
        *(f"X2,{GALA},Child,1,40.00,X1", f"R1,{GALA},Child,-1,-15.00,X2"),
    )
    assert refunded_by_night(folder.orders()["1"]) == (4000 + 1500, 4000)


@pytest.mark.parametrize(
    "rows",
    [
        # the number is that of an order, too; of exchanges of two; of nothing
        [f"X1,{LATE},Adult,1,30.00,"],
        [f"2,{GALA},Adult,1,40.00,", f"X1,{GALA},Adult,-1,-40.00,2"],
    ],
)
def test_a_number_that_is_not_one_exchange_is_not_followed(folder, rows):
    folder.recipe(refund_of="Of")
    folder.put("a.csv", OF, *EXCHANGED, *rows, OF_EXCHANGE)
    assert money(folder.orders()["1"])[1:] == (8000, 4000)
    assert "X1" in folder.orders()
