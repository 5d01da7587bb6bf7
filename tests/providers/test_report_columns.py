"""
What whole columns decide: whose an amount is, on which side of zero fees stand, and
letters and numbers that can be read in two ways.
"""

from pathlib import Path

import pytest
from support.report_folder import GALA, HEADING, LATE, ReportFolder, money

from ticketsync.providers.file_import.recipes import recipe_keys

FEES = f"{HEADING},Fee"
DOCUMENT = Path(__file__).parents[2] / "docs" / "reports.md"


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def read(folder, field, *rows, per=""):
    folder.recipe(*([f"per: {{{field}: {per}}}"] if per else []), **{field: "Fee"})
    folder.put("a.csv", FEES, *rows)
    return folder.orders()


TWO = (f"1,{GALA},Adult,1,39.00,2.00", f"1,{GALA},Child,1,20.00,2.00")


@pytest.mark.parametrize("field", ["fee", "kept", "discount", "tax"])
@pytest.mark.parametrize(
    "rows",
    [
        TWO,
        (*TWO, f"2,{GALA},Adult,1,39.00,2.00"),  # flat, of rows or of orders
        (  # 1.00 for each ticket of the order
            *TWO,
            f"2,{GALA},Adult,1,39.00,1.00",
            f"3,{GALA},Adult,3,117.00,3.00",
        ),
    ],
)
def test_an_amount_on_each_row_may_be_that_of_the_order(folder, field, rows):
    found = read(folder, field, *rows)
    if field == "tax" and len(rows) < 4:
        return  # no tax is the same for orders of any size
    assert f"{field} is 2.00 on each of the order's 2 rows" in found["1"]
    assert f"`per: {{{field}: order}}` or `row`" in found["1"]
    assert not [id_ for id_ in found if id_ != "1" and isinstance(found[id_], str)]


@pytest.mark.parametrize(("per", "charged"), [("order", 6100), ("row", 6300)])
def test_a_recipe_says_whose_a_fee_is(folder, per, charged):
    assert money(read(folder, "fee", *TWO, per=per)["1"]) == (2, charged, 0)


@pytest.mark.parametrize(
    "others",
    [
        # 5 % of the price of each row
        (f"2,{GALA},Adult,1,40.00,2.00", f"3,{GALA},Child,1,20.00,1.00"),
        # 2.00 for each ticket
        (f"2,{GALA},Adult,1,40.00,2.00", f"3,{GALA},Child,2,20.00,4.00"),
        # steps that follow no share, but the type
        (
            f"2,{GALA},Adult,1,40.00,2.00",
            f"3,{GALA},Child,1,20.00,1.50",
            f"4,{GALA},Aged,1,30.00,1.50",
        ),
        # another order with unlike fees
        (f"2,{GALA},Adult,1,40.00,2.00", f"2,{GALA},Child,1,20.00,1.50"),
    ],
)
def test_a_column_that_shows_fees_of_rows_is_added(folder, others):
    rows = (f"1,{GALA},Adult,1,40.00,2.00", f"1,{LATE},Adult,1,40.00,2.00")
    found = read(folder, "fee", *rows, *others)
    assert money(found["1"]) == (2, 8400, 0)


def test_what_orders_of_one_ticket_cost_shows_a_total_of_the_order(folder):
    folder.recipe(line="Seat")
    rows = (
        f"1,{GALA},Adult,1,78.00,A1",
        f"1,{GALA},Adult,1,78.00,A2",
        f"2,{GALA},Adult,1,39.00,A3",
    )
    folder.put("a.csv", f"{HEADING},Seat", *rows)
    assert "total is 78.00 on each of the order's 2 rows" in folder.orders()["1"]
    folder.put("a.csv", f"{HEADING},Seat", *(r.replace("78", "39") for r in rows))
    assert money(folder.orders()["1"]) == (2, 7800, 0)


def test_a_report_of_refunds_does_not_decide_how_fees_are_written(folder):
    folder.recipe(kept="Fee")
    folder.put(
        "a.csv",
        FEES,
        f"1,{GALA},Adult,2,78.00,-4.00",
        f"2,{GALA},Adult,1,39.00,-2.00",
    )
    folder.put("b.csv", FEES, f"1,{GALA},Adult,-1,-39.00,2.00")
    found = folder.orders()
    # 4.00 kept, and 2.00 of it given back
    assert found["1"].total_fees == 200
    assert found["2"].total_fees == 200


def test_a_fee_kept_of_money_that_went_back_is_set_aside(folder):
    folder.recipe(kept="Fee")
    rows = (f"1,{GALA},Adult,2,78.00,4.00", f"1,{GALA},Adult,-1,-39.00,2.00")
    folder.put("a.csv", FEES, *rows)
    assert "may be given back, kept or taken once more" in folder.orders()["1"]
    folder.recipe("signs: {kept: plus}", kept="Fee")
    assert folder.orders()["1"].total_fees == 600


def test_a_tax_below_zero_is_a_tax(folder):
    folder.recipe("tax: on top", tax="Fee")
    folder.put("a.csv", FEES, f"1,{GALA},Adult,1,39.00,-3.90")
    assert money(folder.orders()["1"]) == (1, 4290, 0)


@pytest.mark.parametrize(("plain", "odd"), [("37,50", "1,250"), ("37.50", "1.250")])
def test_three_decimals_may_be_a_thousand(folder, plain, odd):
    rows = (f"1;{GALA};Adult;1;{plain}", f"2;{GALA};Adult;1;{odd}")
    rows = [row.replace("Gala,", "Gala;") for row in rows]
    folder.recipe()
    folder.put("a.csv", HEADING.replace(",", ";"), *rows)
    found = folder.orders()
    assert money(found["1"]) == (1, 3750, 0)
    assert "with a decimal point or with a decimal comma" in found["2"]
    folder.recipe(f'decimal: "{plain[2]}"')
    assert money(folder.orders()["2"]) == (1, 125, 0)


@pytest.mark.parametrize("files", [("a.csv", "a.csv"), ("a.csv", "b.csv")])
def test_numbers_that_differ_in_capital_letters_are_set_aside(folder, files):
    folder.recipe()
    rows = {name: [HEADING] for name in files}
    for name, number in zip(files, ("B1", "b1"), strict=True):
        rows[name].append(f"{number},{GALA},Adult,1,39.00")
    for name, lines in rows.items():
        folder.put(name, *lines)
    found = folder.orders()
    assert set(found) == {"B1", "b1"}
    assert all("only in capital letters" in reason for reason in found.values())


def test_seats_that_differ_in_capital_letters_are_set_aside(folder):
    folder.recipe(line="Seat")
    rows = [f"1,{GALA},Adult,1,39.00,{seat}" for seat in ("A1", "a1")]
    folder.put("a.csv", f"{HEADING},Seat", *rows)
    assert "line is 'A1' and 'a1'" in folder.orders()["1"]
    back = f"1,{GALA},Adult,-1,-39.00,a1"
    folder.put("a.csv", f"{HEADING},Seat", rows[0], rows[1].replace("a1", "B1"), back)
    states = {t.id: t.status.value for t in folder.orders()["1"].tickets}
    assert states == {"1/A1/1": "void", "1/B1/1": "valid"}


def test_a_status_column_without_any_word_says_nothing_of_payment(folder):
    folder.recipe("status: {paid: [], refunded: []}", status="State")
    rows = [f"{n},{GALA},Adult,1,39.00,{word}" for n, word in ((1, "Sold"), (2, ""))]
    folder.put("a.csv", f"{HEADING},State", *rows)
    found = folder.orders()
    assert "status is 'Sold', which the recipe does not know" in found["1"]
    assert money(found["2"]) == (1, 3900, 0)


def test_a_total_of_the_order_over_two_nights_needs_their_prices(folder):
    folder.recipe("per: {total: order}")
    rows = (f"1,{GALA},Adult,2,118.00", f"1,{LATE},VIP,1,118.00")
    same_night = (f"2,{GALA},Adult,2,118.00", f"2,{GALA},VIP,1,118.00")
    folder.put("a.csv", HEADING, *rows, *same_night)
    found = folder.orders()
    assert "what each of them cost is not said" in found["1"]
    assert money(found["2"]) == (3, 11800, 0)
    folder.recipe("per: {total: order}", price="Each")
    priced = [
        f"{row},{each}" for row, each in zip(rows, ("39.00", "40.00"), strict=True)
    ]
    folder.put("a.csv", f"{HEADING},Each", *priced)
    found = folder.orders()["1"]
    assert sorted(ticket.face for ticket in found.tickets) == [3900, 3900, 4000]


def test_the_documents_name_every_field_of_a_recipe():
    lines = DOCUMENT.read_text().splitlines()
    named = "\n".join(line for line in lines if line.startswith("| `"))
    assert [it for it in recipe_keys.FIELDS if f"`{it}`" not in named] == []
