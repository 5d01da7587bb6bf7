"""
Columns of tax that have the rate in the place of the amount. Each is set aside by name
until the recipe answers, and amounts are not asked about. Worked out by hand.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def read(folder, *rows, says=("tax: inside",), field="tax"):
    """
    Rows of a number of tickets, what they cost, the tax and the fee.
    """
    folder.recipe(*says, fee="Fee", **{field: "Tax"})
    lines = [
        ",".join([str(n), GALA, "A", *row.split()]) for n, row in enumerate(rows, 1)
    ]
    folder.put("a.csv", f"{HEADING},Tax,Fee", *lines)
    return folder.orders()


RATES = [
    ("1 40.00 8.25 0", "1 60.00 8.25 0"),
    ("1 40.00 2.1 0", "2 50.00 2.1 0"),
    ("1 80.00 0.10 0", "1 40.00 0.10 0", "1 40.00 0.10 0"),
    ("1 110.00 10 0", "1 105.00 10 0"),
    ("1 110.00 10 0", "1 110.00 10 0", "1 110.00 10 0", "1 55.00 10 0"),
    ("1 60.00 10 0", "1 80.00 10 0", "1 50.00 5 0", "1 90.00 20 0"),
    # a tour through five cities, two prices in each
    tuple(
        f"1 {price} {rate} 0"
        for price, rate in zip(
            (60, 70, 60, 75, 60, 70, 55, 65, 60, 70),
            (6, 6, 6.5, 6.5, 7, 7, 8.25, 8.25, 9.5, 9.5),
            strict=True,
        )
    ),
]


@pytest.mark.parametrize("rows", RATES)
def test_one_number_on_rows_of_unlike_prices_may_be_a_rate(folder, rows):
    found = read(folder, *rows)
    assert len(found) == len(rows)
    assert all("and the same on rows that cost" in it for it in found.values())


@pytest.mark.parametrize(
    ("rows", "tax"), [(("1 80 10 0",), 1000), (("1 80 0.08 0", "1 75 0.08 0"), 8)]
)
def test_the_number_of_a_rate_that_no_tax_comes_to_may_be_one(folder, rows, tax):
    """
    10.00 in 80.00 are 14.3 %, and 0.08 in 75.00 are 0.1 %.
    """
    found = read(folder, *rows)
    assert all("which no usual tax comes to" in reason for reason in found.values())
    found = read(folder, *rows, says=("per: {tax: row}",))
    assert {order.tax for order in found.values()} == {tax}


def test_a_tax_of_each_ticket_may_be_a_rate(folder):
    rows = ("1 40.00 8.25 0", "2 120.00 8.25 0")
    found = read(folder, *rows, field="tax_per_ticket")
    assert all("tax_per_ticket is 8.25, and the same" in it for it in found.values())
    says = ("per: {tax_per_ticket: ticket}",)
    found = read(folder, *rows, says=says, field="tax_per_ticket")
    assert [order.tax for order in found.values()] == [825, 1650]


AMOUNTS = [
    ("1 44.00 4.00 0", "1 22.00 2.00 0"),
    ("1 44.00 4.00 0", "1 44.00 4.00 0"),
    ("1 40.00 3.64 0", "1 40.00 3.64 0", "2 80.00 7.27 0"),
    # a price that is odd by 50 cents beside others of 10 %
    ("1 40.00 3.64 0", "1 40.00 3.64 0", "1 40.00 3.64 0", "1 40.50 3.64 0"),
    # 10 % of one show and 20 % of another
    ("1 44 4.00 0", "1 24 4.00 0", "1 55 5.00 0", "1 30 5.00 0"),
    # 25 cents for each ticket
    ("1 40.00 0.25 0", "2 30.00 0.50 0", "1 60.00 0.25 0", "2 90.00 0.50 0"),
    # 20 % of the fee, of a show without tax
    ("1 40 0.25 1.50", "1 60 0.25 1.50", "2 80 0.50 3.00", "2 100 0.50 3.00"),
    # 10 % of the price with its fee
    ("1 40.00 3.82 2.00", "1 42.00 3.82 0.00"),
    # a price of two tickets, each rounded
    ("2 72.60 6.60 0", "2 72.61 6.60 0"),
]


@pytest.mark.parametrize("rows", AMOUNTS)
def test_amounts_of_tax_count(folder, rows):
    found = read(folder, *rows)
    taxes = [round(float(row.split()[2]) * 100) for row in rows]
    assert [order.tax for order in found.values()] == taxes


def test_a_rate_in_two_files_is_seen(folder):
    """
    Each file has one price, of which 2.10 may be the tax.
    """
    folder.recipe("tax: inside", tax="Tax")
    folder.put("a.csv", f"{HEADING},Tax", f"1,{GALA},A,1,42.00,2.1")
    folder.put("b.csv", f"{HEADING},Tax", f"2,{GALA},A,1,64.00,2.1")
    assert all("so that it may be the rate" in it for it in folder.orders().values())
