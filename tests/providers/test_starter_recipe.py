"""
A recipe to start from proposes what the headings of a report make plain, and says what
is missing in words.
"""

import pytest
from support.report_folder import ReportFolder, money

from ticketsync.providers.file_import import starter
from ticketsync.providers.file_import.recipes import recipe

HEADING = "Order number,Show,Starts,Ticket type,Qty,Total"


def made(tmp_path, heading, *rows):
    file = tmp_path / "report.csv"
    file.write_text("\n".join([heading, *rows]) + "\n")
    text = starter.starter_recipe(file, timezone="Australia/Sydney", currency="AUD")
    return text, recipe.parse_recipe(text, "report.yaml")


@pytest.mark.parametrize(
    "name", ["Order date", "Date purchased", "Booked on", "Sale_Date", "Ordered at"]
)
def test_the_day_of_the_sale_is_proposed_by_its_heading(tmp_path, name):
    text, found = made(tmp_path, f"{HEADING},{name}")
    assert found.columns["placed"] == name
    assert "# placed" not in text


def test_without_a_day_of_the_sale_the_recipe_says_what_that_means(tmp_path):
    text, found = made(tmp_path, HEADING)
    assert "placed" not in found.columns
    assert (
        "  # placed: when it was bought; without it a sale counts on the day of its "
        "show"
    ) in text.splitlines()


@pytest.mark.parametrize("name", ["Commission", "Platform fee", "Processing fees"])
def test_what_the_platform_kept_is_proposed_by_its_heading(tmp_path, name):
    assert made(tmp_path, f"{HEADING},{name}")[1].columns["kept"] == name


@pytest.mark.parametrize("name", ["Booking fee", "Fees", "Service charge"])
def test_a_fee_that_buyers_may_have_paid_is_named_and_not_mapped(tmp_path, name):
    """
    Beside the total it would make it larger, and taken from it make it smaller.
    """
    text, found = made(tmp_path, f"{HEADING},{name}")
    assert not {"fee", "kept"} & found.columns.keys()
    assert (
        "  # fee (buyers paid it beside the total) or kept (it was taken from what you "
        f'get): "{name}"'
    ) in text.splitlines()


def test_a_status_has_a_meaning_where_it_means_one_thing_everywhere(tmp_path):
    words = ("Sold", "Refunded", "UNPAID", "Complimentary", "Confirmed", "Cancelled")
    rows = [f"{n},Gala,2026-12-05 19:30,A,1,9.00,{it}" for n, it in enumerate(words)]
    text, found = made(tmp_path, f"{HEADING},Status", *rows)
    assert found.columns["status"] == "Status"
    assert found.status == {
        "sold": "paid",
        "refunded": "refunded",
        "unpaid": "pending",
        "complimentary": "comp",
    }
    assert (
        '  # Put each of these words into its list: "Confirmed", "Cancelled"'
    ) in text.splitlines()


def test_all_columns_with_what_the_platform_kept_are_proposed(tmp_path):
    heading = f"{HEADING},Eventbrite Fees,Payment Processing Fee"
    text, found = made(tmp_path, heading)
    assert '  kept: ["Eventbrite Fees", "Payment Processing Fee"]' in text.splitlines()
    assert "Not used" not in text
    assert [it for it in found.headings if it[0] == "kept"] == [
        ("kept", "Eventbrite Fees"),
        ("kept", "Payment Processing Fee"),
    ]


def test_a_face_value_may_be_that_of_a_ticket_or_of_the_row(tmp_path):
    heading = HEADING.replace("Total", "Face Value")
    text, found = made(tmp_path, heading)
    assert found.columns["price"] == "Face Value"
    assert (
        "  # price is for one ticket: write `total` where the column is what the whole "
        "row cost"
    ) in text.splitlines()
    assert "# price" not in made(tmp_path, HEADING.replace("Total", "Unit price"))[0]


# The order of day and month


@pytest.mark.parametrize(
    ("zone", "dates", "line"),
    [
        ("Europe/Berlin", ("04.12.2026 19:30", "05.12.2026 19:30"), "dmy"),
        ("Australia/Sydney", ("04/12/2026 19:30",), "dmy"),
        ("America/New_York", ("04/12/2026 19:30",), "mdy"),
        ("Europe/Berlin", ("24.12.2026 19:30", "04.12.2026 19:30"), ""),  # says it
        ("Europe/Berlin", ("2026-12-04 19:30",), ""),
        ("America/Toronto", ("04/12/2026 19:30",), ""),  # both are in use there
    ],
)
def test_dates_that_can_be_read_in_two_ways_are_read_as_usual(
    tmp_path, zone, dates, line
):
    file = tmp_path / "report.csv"
    rows = [f"{n},Gala,{it},A,1,9.00" for n, it in enumerate(dates, 1)]
    file.write_text("\n".join([HEADING, *rows]) + "\n")
    text = starter.starter_recipe(file, timezone=zone, currency="EUR")
    assert recipe.parse_recipe(text, "report.yaml").dates == line


def test_the_starter_recipe_reads_such_a_report_without_an_edit(tmp_path):
    folder = ReportFolder(tmp_path)
    row = "1,Gala,04.12.2026 19:30,Adult,1,9.00"
    file = folder.put("a.csv", HEADING, row)
    text = starter.starter_recipe(file, timezone="Europe/Berlin", currency="EUR")
    (tmp_path / "r.yaml").write_text(text)
    order = folder.orders()["1"]
    assert money(order) == (1, 900, 0)
    assert order.placed_at.isoformat() == "2026-12-04T18:30:00+00:00"


# Headings in two columns, and totals to compare with


def test_a_start_in_two_columns_of_one_name_is_a_date_and_a_time(tmp_path):
    heading = "Order,Show,Performance date,Performance time,Bought,Price category,Total"
    row = "1,Gala,2026-12-04,19:30,2026-11-04 10:01,Adult,9.00"
    text, found = made(tmp_path, heading, row)
    assert found.columns == {
        "order": "Order",
        "event": "Show",
        "date": "Performance date",
        "time": "Performance time",
        "type": "Price category",
        "placed": "Bought",
        "total": "Total",
    }
    assert "Not used" not in text


def test_the_total_of_the_order_is_compared_and_not_left_out(tmp_path):
    heading = "Order,Show,Starts,Price,Order total,Status"
    text, found = made(tmp_path, heading, "1,Gala,2026-12-04 19:30,9.00,9.00,Voided")
    assert found.columns["order_total"] == "Order total"
    assert "  void: []" in text.splitlines()
