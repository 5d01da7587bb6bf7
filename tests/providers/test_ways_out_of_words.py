"""
A row that waits because of a word names a line of the recipe by which it counts, and
that line works: for each word of each list, in each place where it is looked for.
"""

import re

import pytest
import yaml
from support.report_folder import HEADING, ReportFolder, money

from ticketsync.providers.file_import.one_report import no_sale_words, total_names

SOLD = "1001,Gala,2026-12-05 19:30,{},1,40.00"
OTHER = "1002,Gala,2026-12-05 19:30,Adult,1,40.00"
TYPES = (
    *("Void Festival", "Discount", "Adult no exchange or refund"),
    *("Expired Concession", "Postage Stamp Theatre refund", 'The "Void" [A]'),
    *("Booking fee", "GST", "Donation", "Returns", "Cancelled", "Chargeback", "Unpaid"),
    *("Adult (refunded)", "Exchange", "Deleted scenes", "Credit note", "Held"),
    *("Sum", "Adult Total", "Grand total", "Average", "Total"),
)
TITLES = (
    *("Refunds of this week", "Cancelled orders", "Pending", "Waiting list"),
    *("Test orders", "Credit notes", "Expired"),
)


@pytest.fixture
def folder(tmp_path):
    return ReportFolder(tmp_path)


def named_line(reason):
    """
    The line of a recipe that a message names for a row that is a sale.
    """
    if found := re.search(r"`(sale_words: \[.*\])`", reason):
        return found[1]
    assert "`ignore_columns`" in reason, reason
    column = re.search(r"column '([^']+)'", reason)
    assert column, reason
    return f"ignore_columns: [{column[1]}]"


def try_line(folder, number="1001", **columns):
    """
    The order after the line that its message names was written.
    """
    folder.recipe(**columns)
    reason = folder.orders()[number]
    assert isinstance(reason, str), "it does not wait"
    line = named_line(reason)
    yaml.safe_load(line)
    folder.recipe(line, **columns)
    return money(folder.orders()[number])


@pytest.mark.parametrize("name", TYPES)
def test_a_type_of_ticket(folder, name):
    quoted = '"{}"'.format(name.replace('"', '""'))
    folder.put("a.csv", HEADING, SOLD.format(quoted), OTHER)
    assert try_line(folder) == (1, 4000, 0)


def test_the_line_is_named_with_the_type_itself(folder):
    folder.put("a.csv", HEADING, SOLD.format("Void Festival"), OTHER)
    folder.recipe()
    assert folder.orders()["1001"] == (
        "a.csv, line 2: Type is 'Void Festival', which is not a ticket: map the column "
        "'Type' to `kind`, too, or add it to `ignore_columns`; if it is a sale, "
        '`sale_words: ["Void Festival"]`'
    )


def test_other_types_wait_still(folder):
    folder.put(
        "a.csv",
        HEADING,
        SOLD.format("VOID festival"),
        OTHER.replace("Adult", "Void"),
    )
    folder.recipe("sale_words: [Void Festival]")
    orders = folder.orders()
    assert money(orders["1001"]) == (1, 4000, 0)
    assert "Type is 'Void', which is not a ticket" in orders["1002"]


def test_each_word_in_a_column_that_is_not_mapped(folder):
    words = sorted(no_sale_words.LONE_WORDS | total_names.WORDS)
    assert {"Refund", "Sum", "VOID", "Grand Total"} <= set(words)
    rows = [
        f"{n},Gala,2026-12-05 19:30,Adult,1,40.00,{word}"
        for n, word in enumerate(words, 1)
    ]
    folder.put("a.csv", f"{HEADING},Buyer", *rows)
    folder.recipe()
    reasons = folder.orders().values()
    assert {named_line(reason) for reason in reasons} == {"ignore_columns: [Buyer]"}
    assert len(reasons) == len(words)
    folder.recipe("ignore_columns: [Buyer]")
    assert {money(order) for order in folder.orders().values()} == {(1, 4000, 0)}


@pytest.mark.parametrize("word", ["Sum", "Total", "Refund"])
def test_a_word_of_a_buyer_may_be_said_as_well(folder, word):
    row = f"{SOLD.format('Adult')},{word}"
    folder.put("a.csv", f"{HEADING},Buyer", row, f"{OTHER},Smith")
    folder.recipe(f"sale_words: [{word}]")
    assert money(folder.orders()["1001"]) == (1, 4000, 0)


@pytest.mark.parametrize(
    "heading", ["Row type", "Transaction", "Sale type", "Payment kind"]
)
@pytest.mark.parametrize(
    "word", ["Refund", "Exchange", "Booking fee", "Held", "Return"]
)
def test_a_word_that_says_what_a_row_is(folder, heading, word):
    row = f"{SOLD.format('Adult')},{word}"
    folder.put("a.csv", f"{HEADING},{heading}", row, f"{OTHER},Sale")
    assert try_line(folder) == (1, 4000, 0)


@pytest.mark.parametrize("word", ["Confirmed", "Cancelled", "Active", "Void Festival"])
def test_a_status(folder, word):
    row = f"{SOLD.format('Adult')},{word}"
    folder.put("a.csv", f"{HEADING},Order status", row, f"{OTHER},Paid")
    assert try_line(folder) == (1, 4000, 0)


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        *(("Refunded", "5.00"), ("Cancelled", "Yes"), ("Void", "1"), ("Paid?", "No")),
        *(("Test order", "Yes"), ("Outstanding", "5.00"), ("Currency", "USD")),
        *(("Tickets sold", "3"), ("Chargeback", "x"), ("Confirmed", "No")),
    ],
)
def test_a_column_that_may_change_the_worth(folder, heading, text):
    row = f"{SOLD.format('Adult')},{text}".replace(",1,40.00", ",40.00")
    other = OTHER.replace(",1,40.00", ",40.00")
    top = HEADING.replace(",Qty", "")
    folder.put("a.csv", f"{top},{heading}", row, f"{other},")
    columns = {"drop": ("quantity",)}
    folder.recipe(**columns)
    line = named_line(folder.orders()["1001"])
    folder.recipe(line, **columns)
    assert money(folder.orders()["1001"]) == (1, 4000, 0)


@pytest.mark.parametrize("number", ["Total Gala", "TOTAL 9 a", "Gala Total", "Sum"])
def test_an_order_number(folder, number):
    folder.put("a.csv", HEADING, SOLD.format("Adult").replace("1001", number), OTHER)
    assert try_line(folder, number) == (1, 4000, 0)


def test_a_show(folder):
    row = SOLD.format("").replace("Gala", "Total")
    folder.put("a.csv", HEADING, row, OTHER)
    assert try_line(folder) == (1, 4000, 0)


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("place", ["above", "between", "file"])
def test_a_title(folder, title, place):
    rows = [HEADING, SOLD.format("Adult"), OTHER]
    if place == "above":
        rows.insert(0, title)
    elif place == "between":
        rows.insert(1, title)
    folder.put(f"{title}.csv" if place == "file" else "a.csv", *rows)
    assert try_line(folder) == (1, 4000, 0)


def test_an_exchange_under_its_own_number_names_refund_of(folder):
    top = f"{HEADING},For"
    rows = (
        "1001,Gala,2026-12-05 19:30,Adult,1,40.00,",
        "1002,Gala,2026-12-05 19:30,Adult,-1,-40.00,1001",
        "1002,Late,2026-12-06 22:30,Adult,1,40.00,1001",
    )
    folder.put("a.csv", top, *rows)
    folder.recipe()
    assert (
        "map the column with that order's number to `refund_of`"
        in (folder.orders()["1002"])
    )
    folder.recipe(refund_of="For")
    assert money(folder.orders()["1001"]) == (1, 8000, 4000)


def test_a_place_called_postage_is_a_ticket(folder):
    folder.put("a.csv", HEADING, SOLD.format("Postage Stamp Theatre"), OTHER)
    folder.recipe()
    assert money(folder.orders()["1001"]) == (1, 4000, 0)
