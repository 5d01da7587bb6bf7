"""
Amounts of a report that contradict each other, or that may be of a ticket, of a row or
of an order: set aside by name, with lines for the recipe that answer. Worked out by
hand.
"""

import pytest
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def figures(found):
    return {
        id_: order if isinstance(order, str) else money(order)
        for id_, order in found.items()
    }


# A price that is the total of its row


def put_prices(folder, *rows):
    folder.put("a.csv", HEADING, *(f"{n},{row}" for n, row in enumerate(rows, 1)))


GROWN = (f"{GALA},A,1,40.00", f"{GALA},A,2,80.00", f"{GALA},A,3,120.00")


def test_prices_that_grow_with_the_tickets_are_set_aside(folder):
    """
    As prices of a ticket they would come to 40 + 160 + 360 instead of 240.00.
    """
    folder.recipe(drop=("total",), price="Total")
    put_prices(folder, *GROWN)
    found = figures(folder.orders())
    assert found["1"] == (1, 4000, 0)
    assert "a.csv, line 3: price is 80.00 on a row of 2 tickets" in found["2"]
    assert "map the column to `total`" in found["3"]


@pytest.mark.parametrize(
    ("mapped", "says", "charged"),
    [("total", (), 12000), ("price", ("per: {price: ticket}",), 36000)],
)
def test_both_answers_to_a_price_that_grows_work(folder, mapped, says, charged):
    folder.recipe(*says, drop={"total"} - {mapped}, **{mapped: "Total"})
    put_prices(folder, *GROWN)
    assert figures(folder.orders())["3"] == (3, charged, 0)


def test_a_return_of_one_ticket_shows_the_price_of_three_as_their_total(folder):
    folder.recipe(drop=("total",), price="Total")
    folder.put("a.csv", HEADING, f"1,{GALA},A,3,120.00", f"1,{GALA},A,-1,-40.00")
    assert "price is 120.00 on a row of 3 tickets" in folder.orders()["1"]


@pytest.mark.parametrize(
    "rows",
    [
        (f"{GALA},A,1,40.00", f"{GALA},A,3,40.00"),
        # two prices of one type, each with two numbers of tickets
        (f"{GALA},A,1,40", f"{GALA},A,2,40", f"{GALA},A,1,20", f"{GALA},A,3,20"),
        (f"{GALA},A,2,80.00", f"{GALA},B,1,40.00"),  # two types
        (f"{GALA},A,2,80.00", f"{LATE},A,1,40.00"),  # two shows
        # one dear pair of seats, and others that say what a ticket costs
        (f"{GALA},A,1,40", f"{GALA},A,2,80", f"{GALA},A,3,40", f"{GALA},A,4,40"),
    ],
)
def test_prices_of_tickets_count(folder, rows):
    folder.recipe(drop=("total",), price="Total")
    put_prices(folder, *rows)
    assert not [it for it in folder.orders().values() if isinstance(it, str)]


def test_a_list_price_that_is_that_of_the_row_is_set_aside(folder):
    """
    As the price of each ticket it would show discounts of 80.00 and 240.00.
    """
    folder.recipe(list_price="Listed")
    rows = [f"{n},{GALA},A,{n},{n * 40}.00,{n * 40}.00" for n in (1, 2, 3)]
    folder.put("a.csv", f"{HEADING},Listed", *rows)
    assert "list_price is 120.00 on a row of 3 tickets" in folder.orders()["3"]


# A total of the order on each seat


SEATS = [
    *(f"1,{GALA},A,1,80.00,{seat}" for seat in ("A1", "A2")),
    *(f"2,{GALA},A,1,120.00,{seat}" for seat in ("B1", "B2", "B3")),
    *(f"3,{GALA},A,1,80.00,{seat}" for seat in ("C1", "C2")),
]


def test_totals_that_grow_with_the_seats_of_their_order_are_set_aside(folder):
    folder.recipe(line="Seat")
    folder.put("a.csv", f"{HEADING},Seat", *SEATS)
    found = folder.orders()
    assert "total is 80.00 on each of the order's 2 rows" in found["1"]
    assert "total is 120.00 on each of the order's 3 rows" in found["2"]


@pytest.mark.parametrize(("each", "charged"), [("order", 12000), ("row", 36000)])
def test_both_answers_to_a_total_on_each_seat_work(folder, each, charged):
    folder.recipe(f"per: {{total: {each}}}", line="Seat")
    folder.put("a.csv", f"{HEADING},Seat", *SEATS)
    assert money(folder.orders()["2"]) == (3, charged, 0)


def test_one_price_for_each_seat_counts_for_each(folder):
    folder.recipe(line="Seat")
    rows = [row.replace("120.00", "80.00") for row in SEATS]
    folder.put("a.csv", f"{HEADING},Seat", *rows)
    assert [money(it)[1] for it in folder.orders().values()] == [16000, 24000, 16000]


# A total beside a price and a discount


def read(folder, row, *says, **columns):
    mapped = {"price": "Price", "discount": "Off", "tax": "Tax"} | columns
    folder.recipe(*says, **{it: name for it, name in mapped.items() if name})
    folder.put("a.csv", f"{HEADING},Price,Off,Tax", f"1,{GALA},A,2,{row}")
    return folder.orders()["1"]


def test_a_total_without_the_mapped_discount_is_set_aside(folder):
    """
    80.00 by the total, 72.00 by price and discount.
    """
    reason = read(folder, "80.00,40.00,8.00,")
    assert "total is 80.00, its price 40.00 for 2 and the discount 8.00" in reason
    assert "which is 72.00: leave `discount` out" in reason


def test_without_the_discount_the_total_counts(folder):
    assert money(read(folder, "80.00,40.00,8.00,", discount="")) == (2, 8000, 0)


def test_without_the_total_the_price_and_discount_count(folder):
    folder.recipe(drop=("total",), price="Price", discount="Off")
    folder.put("a.csv", f"{HEADING},Price,Off", f"1,{GALA},A,2,80.00,40.00,8.00")
    assert money(folder.orders()["1"]) == (2, 7200, 0)


def test_a_total_of_more_than_the_price_is_set_aside(folder):
    reason = read(folder, "80.00,35.00,,")
    assert "total is 80.00, its price 35.00 for 2, which is 70.00" in reason
    assert money(read(folder, "80.00,35.00,,", price="")) == (2, 8000, 0)


@pytest.mark.parametrize(
    ("row", "charged"),
    [
        ("72.00,40.00,8.00,", 7200),
        ("72.00,40.00,-8.00,", 7200),
        ("60.00,40.00,,", 6000),  # a discount without a column
        ("80.00,36.36,,7.27", 8000),  # a price without the tax
        ("100.00,49.99,,", 10000),  # a price that is rounded
    ],
)
def test_a_total_that_agrees_with_its_price_counts(folder, row, charged):
    says = ["tax: inside"] + ["signs: {discount: minus}"] * ("-8" in row)
    assert money(read(folder, row, *says)) == (2, charged, 0)


# A tax that is a rate


def read_taxes(folder, *taxes, says=()):
    folder.recipe("tax: inside", *says, tax="GST")
    prices = (80, 5, 40)
    rows = [
        f"{n},{GALA},A,1,{price}.00,{tax}"
        for n, (price, tax) in enumerate(zip(prices, taxes, strict=False), 1)
    ]
    folder.put("a.csv", f"{HEADING},GST", *rows)
    return folder.orders()


@pytest.mark.parametrize("taxes", [("10", "10"), ("10", "10", "20"), ("7.7", "7.7")])
def test_one_tax_whatever_the_price_may_be_a_rate(folder, taxes):
    found = read_taxes(folder, *taxes)
    assert all("so that it may be the rate" in reason for reason in found.values())


def test_a_tax_that_is_said_to_be_the_amount_counts(folder):
    found = read_taxes(folder, "2.00", "2.00", says=("per: {tax: row}",))
    assert [order.tax for order in found.values()] == [200, 200]


def test_a_tax_inside_of_more_than_the_price_is_set_aside(folder):
    found = read_taxes(folder, "7.27", "10.00")
    assert found["1"].tax == 727
    assert "tax is 10.00, more than the row that has it cost" in found["2"]


@pytest.mark.parametrize(("tax", "more"), [("inside", "12.00"), ("on top", "13.00")])
def test_a_tax_of_more_than_any_rate_is_asked_about(folder, tax, more):
    """
    12.00 inside 40.00 are 43 % of 28.00, 13.00 on top of it 33 %.
    """
    row = f"1,{GALA},A,1,40.00,{more}"
    for says, charged in ((), None), (("per: {tax: row}",), 4000):
        folder.recipe(f"tax: {tax}", *says, tax="GST")
        folder.put("a.csv", f"{HEADING},GST", row)
        found = folder.orders()["1"]
        if charged is None:
            assert f"tax is {more}, more than 30 % of what the row cost" in found
        else:
            assert found.tax == int(more[:2]) * 100


def test_taxes_of_the_prices_count(folder):
    found = read_taxes(folder, "7.27", "0.45", "3.64")
    assert [order.tax for order in found.values()] == [727, 45, 364]
