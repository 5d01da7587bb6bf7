"""
An order over several nights of which more goes back on the row of one night than that
night was charged: an amount of the whole order is borne by the other nights, too, and
any other amount sets the order aside. Worked out by hand, in minor units.
"""

from collections import Counter

import pytest
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money

SOLD, BACK = "2026-10-01 12:00", "2026-10-10 12:00"


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def by_night(order):
    """
    What went back of the gala and of the late show, by ticket and by refund.
    """
    assert not isinstance(order, str), order
    assert order.doubt is None
    tickets, refunds = Counter(), Counter()
    for ticket in order.tickets:
        tickets[ticket.occurrence_id[:4]] += ticket.refunded
    for refund in order.refunds:
        refunds[refund.occurrence_id[:4]] += refund.amount
    assert +refunds == +tickets
    return tickets["Gala"], tickets["Late"]


# The fee of the order is 3.00: of 40.00 and 80.00, 1.00 and 2.00 of it.
@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize(
    ("backs", "expected"),
    [
        ([f"{GALA},Adult,-1,-40.00,-1.00,{BACK}"], (4100, 0)),
        ([f"{GALA},Adult,-1,-40.00,-3.00,{BACK}"], (4100, 200)),
        ([f"{LATE},Adult,-1,-40.00,-3.00,{BACK}"], (100, 4200)),
        # 2.50 on the gala, of which 1.50 are of the late show, and its own 0.50
        (
            [f"{GALA},Adult,-1,-40.00,-2.50,{BACK}",
             f"{LATE},Adult,-2,-80.00,-0.50,2026-11-05 12:00"],
            (4100, 8200),
        ),
        # one amount of one day, which the prices that go back would divide as 1 and 1
        (
            [f"{GALA},Adult,-1,-40.00,-3.00,{BACK}",
             f"{LATE},Adult,-1,-40.00,-3.00,{BACK}"],
            (4100, 4200),
        ),
    ],
)  # fmt: skip
def test_a_fee_of_the_order_is_borne_by_all_nights(folder, backs, expected, turn):
    folder.recipe("per: {fee: order}", fee="Fee", placed="Day")
    rows = [
        f"1,{GALA},Adult,1,40.00,3.00,{SOLD}", f"1,{LATE},Adult,2,80.00,3.00,{SOLD}",
        *(f"1,{back}" for back in backs),
    ]  # fmt: skip
    folder.put("a.csv", f"{HEADING},Fee,Day", *rows[::turn])
    found = folder.orders()["1"]
    assert by_night(found) == expected
    # a day keeps all that its row says
    days = Counter(f"{it.refunded_at:%m-%d}" for it in found.refunds)
    assert set(days) == ({"10-10", "11-05"} if "11-05" in backs[-1] else {"10-10"})


def test_a_tax_of_the_order_is_borne_by_all_nights(folder):
    """
    12.00 on top of 40.00 and 80.00: 4.00 and 8.00 of it.
    """
    folder.recipe("per: {tax: order}", "tax: 'on top'", tax="GST")
    rows = [f"1,{GALA},Adult,1,40.00,12.00", f"1,{LATE},Adult,2,80.00,12.00",
            f"1,{GALA},Adult,-1,-40.00,-12.00"]  # fmt: skip
    folder.put("a.csv", f"{HEADING},GST", *rows)
    assert by_night(folder.orders()["1"]) == (4400, 800)


def test_a_row_of_more_than_its_night_was_paid_sets_the_order_aside(folder):
    """
    The way out that the message names is one.
    """
    folder.recipe()
    sold = [f"1,{GALA},Adult,1,40.00", f"1,{LATE},Adult,1,60.00"]
    folder.put("a.csv", HEADING, *sold, f"1,{GALA},Adult,,-50.00")
    assert folder.orders()["1"] == (
        "a.csv, line 2: 50.00 AUD goes back of Gala @ 2026-12-05T08:30:00Z, and "
        "40.00 AUD was paid for it: write what went back of another night of the "
        "order on a row for that night"
    )
    backs = f"1,{GALA},Adult,,-40.00", f"1,{LATE},Adult,,-10.00"
    folder.put("a.csv", HEADING, *sold, *backs)
    found = folder.orders()["1"]
    assert (by_night(found), money(found)) == ((4000, 1000), (2, 10000, 5000))


def test_a_refund_of_the_order_on_the_one_night_that_was_returned(folder):
    """
    60.00 went back, and the only row that is returned cost 40.00.
    """
    folder.recipe(
        *("status: {paid: [Sold], refunded: [Returned]}", "per: {refunded: order}"),
        status="State",
        refunded="Back",
    )
    rows = (
        f"1,{GALA},Adult,1,40.00,Returned,60.00",
        f"1,{LATE},Adult,1,60.00,Sold,60.00",
    )
    folder.put("a.csv", f"{HEADING},State,Back", *rows)
    assert "60.00 AUD goes back of Gala" in folder.orders()["1"]


def test_an_order_of_which_more_goes_back_than_was_paid_is_listed_as_before(folder):
    folder.recipe()
    rows = f"1,{GALA},Adult,1,40.00", f"1,{LATE},Adult,1,60.00"
    folder.put("a.csv", HEADING, *rows, f"1,{GALA},Adult,,-101.00")
    assert folder.orders()["1"].doubt == "refunded 101.00 AUD of 100.00 AUD paid"


def test_a_refund_of_the_order_is_not_set_aside_for_a_rounding(folder):
    """
    1.65 and 32.10 with a fee of 0.50 and a tax of 3.37 are 1.65 + 0.02 + 0.16 = 1.83
    and 32.10 + 0.48 + 3.21 = 35.79; of 37.60 by price, 1.84 and 35.76 went back.
    """
    folder.recipe(
        *("per: {fee: order, tax: order, refunded: order}", "tax: 'on top'"),
        fee="Fee",
        tax="GST",
        refunded="Back",
    )
    rows = (
        f"1,{GALA},Adult,3,1.65,0.50,3.37,37.60",
        f"1,{LATE},Adult,2,32.10,0.50,3.37,37.60",
    )
    folder.put("a.csv", f"{HEADING},Fee,GST,Back", *rows)
    assert by_night(folder.orders()["1"]) == (183, 3577)
