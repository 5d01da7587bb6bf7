"""
What went back by the day that its row gives, with the parts of money that it says. What
is expected was worked out by hand; Sydney is 11 hours ahead of UTC from 4 October on,
and 10 before.
"""

from datetime import UTC, datetime

import pytest
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money

FULL = f"{HEADING},Day,Fee,Tax,State"
STATUS = "status: {paid: [Sold], refunded: [Returned]}"
SALE = f"1,{GALA},Adult,2,80.00,2026-10-01 10:12,4.00,7.27,Sold"


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def read(folder, *rows, says=(), **columns):
    mapped = {"placed": "Day", "fee": "Fee", "tax": "Tax", "status": "State"}
    folder.recipe(STATUS, *says, **{**mapped, **columns})
    folder.put("a.csv", FULL, *rows)
    return folder.orders()


def at(day, hour=1, minute=0):
    """
    An instant in UTC; that of noon in Sydney in summer unless another one is given.
    """
    return datetime.fromisoformat(day).replace(hour=hour, minute=minute, tzinfo=UTC)


def refunds(order):
    assert {it.id for it in order.refunds} <= {order.id}
    return [
        (it.amount, it.refunded_at, it.face, it.buyer_fee, it.tax)
        for it in order.refunds
    ]


UNDATED = (None, None, None, None)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # the row says all of it: 40.00 and a fee of 2.00, with 3.64 of tax inside
        (
            "-1,-40.00,2026-11-03,-2.00,-3.64,",
            (4200, at("2026-11-03"), 4000, 200, 364),
        ),
        (
            "-1,-40.00,2026-11-03 23:30,,,",
            (4000, at("2026-11-03", 12, 30), 4000, 0, None),
        ),
        # the fee stayed
        ("-1,-40.00,2026-11-03,0.00,0.00,", (4000, at("2026-11-03"), 4000, 0, 0)),
        # on the day of the sale, at another time
        ("-1,-40.00,2026-10-01 11:00,,,", (4000, at("2026-10-01", 1), 4000, 0, None)),
        ("-1,-40.00,,-2.00,-3.64,", (4200, *UNDATED)),
        # the report repeats the time of the sale on all rows
        ("-1,-40.00,2026-10-01 10:12,-2.00,,", (4200, *UNDATED)),
    ],
)
def test_a_row_gives_its_day_and_its_parts(folder, row, expected):
    found = read(folder, SALE, f"1,{GALA},Adult,{row}")["1"]
    assert refunds(found) == [expected]
    assert found.doubt is None


def test_a_tax_on_top_goes_back_with_its_row(folder):
    found = read(
        folder,
        f"1,{GALA},Adult,2,80.00,2026-10-01,4.00,8.40,Sold",
        f"1,{GALA},Adult,-1,-40.00,2026-11-03,-2.00,-4.20,",
        says=("tax: on top",),
    )["1"]
    assert refunds(found) == [(4620, at("2026-11-03"), 4000, 200, 420)]


def test_a_report_without_fees_says_nothing_of_them(folder):
    folder.recipe(placed="Day")
    folder.put("a.csv", f"{HEADING},Day", f"1,{GALA},Adult,1,40.00,2026-10-01",
               f"1,{GALA},Adult,-1,-40.00,2026-11-03")  # fmt: skip
    assert refunds(folder.orders()["1"]) == [(4000, at("2026-11-03"), 4000, None, None)]


def test_each_day_and_what_has_none_is_a_refund(folder):
    found = read(
        folder,
        f"1,{GALA},Adult,4,160.00,2026-10-01,,,Sold",
        f"1,{GALA},Child,1,20.00,2026-10-01,,,Returned",
        f"1,{GALA},Adult,-1,-40.00,2026-11-10,,,",
        f"1,{GALA},Adult,-1,-39.00,2026-11-03,,,",
        f"1,{GALA},Adult,-1,-38.00,2026-11-03,,,",
        f"1,{GALA},Adult,-1,-37.00,,,,",
    )["1"]
    assert refunds(found) == [
        (2000 + 3700, *UNDATED),
        (3900 + 3800, at("2026-11-03"), 7700, None, None),
        (4000, at("2026-11-10"), 4000, None, None),
    ]


def test_a_status_and_a_row_that_say_the_same_have_the_day_of_the_row(folder):
    found = read(
        folder,
        f"1,{GALA},Adult,1,39.00,2026-10-01,,,Returned",
        f"1,{GALA},Adult,-1,-39.00,2026-11-03,,,",
    )["1"]
    assert refunds(found) == [(3900, at("2026-11-03"), 3900, None, None)]


@pytest.mark.parametrize(
    ("sale", "back"),
    [
        ("2026-10-01 10:12", "2026-09-30 23:59"),
        ("2026-10-01 10:12", "2026-09-30"),
        ("2026-10-01", "2026-09-30 10:00"),
        ("2026-10-01 10:12", "2026-10-01 09:00"),
    ],
)
def test_a_return_before_the_sale_is_named_and_has_no_day(folder, sale, back):
    found = read(
        folder,
        f"1,{GALA},Adult,2,80.00,{sale},,,Sold",
        f"1,{GALA},Adult,-1,-40.00,{back},,,",
    )["1"]
    assert money(found) == (1, 8000, 4000)
    assert refunds(found) == [(4000, *UNDATED)]
    assert found.doubt == (
        f"a row takes back 40.00 AUD on {back}, before the order was bought "
        f"({sale}): that is not taken for the day of the return"
    )


@pytest.mark.parametrize(
    ("sale", "back", "date"),
    [
        ("2026-10-01 10:12", "2026-10-01", at("2026-10-01", 2)),
        ("2026-10-01", "2026-10-01 09:00", at("2026-09-30", 23)),
    ],
)
def test_the_day_of_the_sale_in_another_form_is_a_day(folder, sale, back, date):
    found = read(
        folder,
        f"1,{GALA},Adult,2,80.00,{sale},,,Sold",
        f"1,{GALA},Adult,-1,-40.00,{back},,,",
    )["1"]
    assert [it.refunded_at for it in found.refunds] == [date]
    assert found.doubt is None


def test_a_day_that_cannot_be_read_sets_its_order_aside(folder):
    found = read(
        folder,
        SALE,
        f"1,{GALA},Adult,-1,-40.00,soon,,,",
        f"2,{GALA},Adult,1,40.00,2026-10-01,,,Sold",
    )
    assert "placed is 'soon', not a time" in found["1"]
    assert money(found["2"]) == (1, 4000, 0)


@pytest.mark.parametrize(
    ("time", "date"),
    [
        ("2026-10-04 02:30", at("2026-10-03", 16, 30)),  # does not exist
        ("2026-04-05 02:30", at("2026-04-04", 15, 30)),  # happens twice
    ],
)
def test_in_the_hour_of_a_clock_change_the_day_is_known(folder, time, date):
    found = read(
        folder,
        f"1,{GALA},Adult,2,80.00,2026-02-01 10:12,,,Sold",
        f"1,{GALA},Adult,-1,-40.00,{time},,,",
    )["1"]
    assert [it.refunded_at for it in found.refunds] == [date]


def test_an_exchange_has_its_own_day(folder):
    """
    A ticket moves to another night, under the number of the exchange and its time.
    """
    folder.recipe(placed="Day", refund_of="Original")
    folder.put(
        "a.csv",
        f"{HEADING},Day,Original",
        f"1,{GALA},Adult,2,80.00,2026-10-01 10:12,",
        f"X7,{GALA},Adult,-1,-40.00,2026-11-03 15:00,1",
        f"X7,{LATE},Adult,1,45.00,2026-11-03 15:00,1",
    )
    found = folder.orders()["1"]
    assert money(found) == (2, 12500, 4000)
    assert refunds(found) == [(4000, at("2026-11-03", 4), 4000, None, None)]


ENTRIES = "Order,Show,Starts,Type,Total,Kind,Day"
KIND = "kind: {sale: [Ticket], refund: [Refund], fee: [Fee], tax: [Tax]}"


@pytest.mark.parametrize(
    ("tax", "amount"), [("on top", 3900 + 390 + 300), ("inside", 3900 + 300)]
)
def test_rows_of_one_day_for_ticket_tax_and_fee_are_one_refund(folder, tax, amount):
    folder.recipe(KIND, f"tax: {tax}", drop=("quantity",), kind="Kind", placed="Day")
    folder.put(
        "a.csv",
        ENTRIES,
        f"1,{GALA},Adult,39.00,Ticket,2026-10-01",
        f"1,{GALA},Adult,3.90,Tax,2026-10-01",
        f"1,{GALA},Adult,3.00,Fee,2026-10-01",
        f"1,{GALA},Adult,-39.00,Refund,2026-11-03",
        f"1,{GALA},Adult,-3.90,Tax,2026-11-03",
        f"1,{GALA},Adult,-3.00,Fee,2026-11-03",
    )
    found = folder.orders()["1"]
    assert refunds(found) == [(amount, at("2026-11-03"), 3900, 300, 390)]


def test_a_fee_that_went_back_later_is_a_refund_of_its_own(folder):
    folder.recipe(KIND, "tax: inside", drop=("quantity",), kind="Kind", placed="Day")
    folder.put(
        "a.csv",
        ENTRIES,
        f"1,{GALA},Adult,39.00,Ticket,2026-10-01",
        f"1,{GALA},Adult,3.00,Fee,2026-10-01",
        f"1,{GALA},Adult,-39.00,Refund,2026-11-03",
        f"1,{GALA},Adult,-3.00,Fee,2026-11-10",
    )
    assert refunds(folder.orders()["1"]) == [
        (3900, at("2026-11-03"), 3900, 0, None),
        (300, at("2026-11-10"), 0, 300, None),
    ]


def test_records_of_earlier_versions_say_what_they_said(folder):
    """
    Their movements are written; a row's day is not taken from them.
    """
    raw = {
        "id": "1",
        "rules": {
            "is_plain": True, "timezone": "Australia/Sydney", "currency": "AUD",
            "decimal": ".", "platform": "Other House", "tax_on_top": False,
            "fee_is_kept": False, "tells_kept": False, "has_quantity": True,
            "formats": {}, "status": {}, "kind": {},
        },
        "lines": [
            {"order": "1", "event": "Gala", "starts": "2026-12-05 19:30",
             "quantity": "2", "total": "80.00", "placed": "2026-10-01"},
            {"order": "1", "event": "Gala", "starts": "2026-12-05 19:30",
             "quantity": "-1", "total": "-40.00", "placed": "2026-11-03"},
        ],
    }  # fmt: skip
    folder.recipe()
    assert refunds(folder.provider().parse_order(raw)) == [(4000, *UNDATED)]


@pytest.mark.parametrize("sequence", [(0, 1), (1, 0)])
def test_an_order_bought_at_two_times_has_the_day_of_the_first(folder, sequence):
    """
    Whatever the sequence of its rows; so a return between the two is after the sale.
    """
    rows = [
        f"1,{GALA},Adult,2,80.00,2026-10-01,,,Sold",
        f"1,{GALA},Child,1,50.00,2026-11-05,,,Sold",
    ]
    back = f"1,{GALA},Adult,-1,-40.00,2026-10-20,,,"
    found = read(folder, *(rows[n] for n in sequence), back)["1"]
    assert found.placed_at == datetime(
        2026, 9, 30, 14, tzinfo=UTC
    )  # midnight in Sydney
    assert refunds(found) == [(4000, at("2026-10-20"), 4000, None, None)]
    assert found.doubt is None


def test_a_return_on_a_day_to_come_counts_and_its_day_does_not(folder, frozen):
    """
    On 26 November at 13:30 UTC it is the 27th in Sydney.
    """
    frozen(datetime(2026, 11, 26, 13, 30, tzinfo=UTC))
    back = f"1,{GALA},Adult,-1,-40.00,{{}},-2.00,-3.64,"
    found = read(folder, SALE, back.format("2026-11-27"))["1"]
    assert refunds(found) == [(4200, at("2026-11-27"), 4000, 200, 364)]
    assert found.doubt is None
    found = read(folder, SALE, back.format("2026-11-28 09:00"))["1"]
    assert money(found) == (1, 8400, 4200)
    assert refunds(found) == [(4200, *UNDATED)]
    assert found.doubt == (
        "a row takes something back on 2026-11-28 09:00, a day that had not come when "
        "the report was read: it counts, and that is not taken for the day of the "
        "return; correct it in the report"
    )
    # Of two rows only one has a day of its own.
    found = read(folder, SALE, back.format("2062-11-20"), back.format("2026-11-20"))[
        "1"
    ]
    assert refunds(found) == [
        (4200, *UNDATED),
        (4200, at("2026-11-20"), 4000, 200, 364),
    ]


def test_a_sale_on_a_day_to_come_is_set_aside_by_name(folder, frozen):
    frozen(datetime(2026, 11, 26, 13, 30, tzinfo=UTC))
    today, later = (SALE.replace("2026-10-01", f"2026-11-{n}") for n in (27, 28))
    assert money(read(folder, today)["1"]) == (2, 8400, 0)
    assert read(folder, later)["1"] == (
        "a.csv, line 2: placed is '2026-11-28 10:12', after today (2026-11-27): "
        "correct the day in the report, or the order of day and month by `dates` in "
        "the recipe"
    )
    frozen(datetime(2026, 11, 27, 13, 30, tzinfo=UTC))
    assert money(read(folder, later)["1"]) == (2, 8400, 0)


def test_without_a_day_of_the_sale_the_show_may_be_to_come(folder, frozen):
    frozen(datetime(2026, 11, 26, 13, 30, tzinfo=UTC))
    folder.recipe()
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,2,80.00")
    assert money(folder.orders()["1"]) == (2, 8000, 0)
