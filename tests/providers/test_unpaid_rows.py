"""
A column with how a row was paid, which no line of the recipe maps: a cell that says
that nothing was paid sets its row aside by name, and the way out works.
"""

import pytest
from support.report_folder import GALA, HEADING, ReportFolder, money

ROW = f"1,{GALA},Adult,2,80.00"
OTHER = f"2,{GALA},Adult,1,40.00,Card"
HEADINGS = (
    *("Payment method", "payment_method", "Paid by", "Payment type", "Payment"),
    *("Method of payment", "Zahlungsart", "Tender type", "Paid?"),
)
UNPAID = (
    *("Invoice (open)", "Unpaid", "Pay at door", "On account", "Pending", "offen"),
    *(
        "UNPAID",
        "Invoice - due 14 December",
        "Cash on arrival",
        "Bank transfer pending",
    ),
    *("Not paid", "not_paid", "Awaiting payment", "Pay later", "To be invoiced"),
    *("Reserved", "Card declined", "Deposit only", "Part paid", "Rechnung offen"),
    *("Card (refunded)", "Cash at the door", "Pay at box office", "COD", "No"),
    *("Impayé", "Pendiente", "Abendkasse", "Outstanding", "No payment"),
)
PAID = (
    *("Card", "Cash", "Invoice", "PayPal", "Paid", "Credit card", "Visa ending 4242"),
    *("Bank transfer", "Gift card", "Klarna (pay later)", "PayPal Pay Later", "EFTPOS"),
    *("Box office", "Card, paid at the door", "Rechnung", "Direct debit", "Account"),
    *("Open Banking", "Jane Doe", "On credit card", "2026-11-02", "40.00", ""),
)


@pytest.fixture
def folder(tmp_path):
    found = ReportFolder(tmp_path)
    found.recipe()
    return found


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_row_that_was_not_paid_waits(folder, heading):
    rows = [f'{n},{GALA},Adult,2,80.00,"{it}"' for n, it in enumerate(UNPAID, 11)]
    folder.put("a.csv", f"{HEADING},{heading}", *rows, OTHER)
    found = folder.orders()
    assert money(found.pop("2")) == (1, 4000, 0)
    counted = {
        UNPAID[int(n) - 11] for n, it in found.items() if not isinstance(it, str)
    }
    assert counted == set()
    assert f"the recipe maps no column '{heading}': map its words" in found["11"]


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_row_that_was_paid_counts(folder, heading):
    rows = [f'{n},{GALA},Adult,2,80.00,"{it}"' for n, it in enumerate(PAID, 11)]
    folder.put("a.csv", f"{HEADING},{heading}", *rows)
    waiting = [it for it in folder.orders().values() if isinstance(it, str)]
    assert waiting == []


@pytest.mark.parametrize(
    ("heading", "line", "columns"),
    [
        ("Paid by", "ignore_columns: [Paid by]", {}),
        ("Paid by", "sale_words: [On account]", {}),
        ("Payment type", "sale_words: [On account]", {}),
        ("Paid by", "status: {paid: [On account, Card]}", {"status": "Paid by"}),
    ],
)
def test_the_ways_out_work(folder, heading, line, columns):
    folder.put("a.csv", f"{HEADING},{heading}", f"{ROW},On account", OTHER)
    assert "is 'On account'" in folder.orders()["1"]
    folder.recipe(line, **columns)
    assert money(folder.orders()["1"]) == (2, 8000, 0)


def test_a_row_mapped_to_pending_needs_no_further_answer(folder):
    folder.recipe("status: {paid: [OK], pending: [Open]}", status="State")
    rows = (f"{ROW},Open,Pay at door", f"2,{GALA},Adult,1,40.00,OK,Pay at door")
    folder.put("a.csv", f"{HEADING},State,Payment method", *rows)
    found = folder.orders()
    assert money(found["1"])[1:] == (0, 0)
    assert "Payment method is 'Pay at door'" in found["2"]


def test_what_costs_nothing_or_went_back_needs_no_answer(folder):
    rows = (
        f"1,{GALA},Guest,1,0.00,None",
        f"2,{GALA},Adult,2,80.00,Card",
        f"2,{GALA},Adult,-1,-40.00,Refund",
    )
    folder.put("a.csv", f"{HEADING},Payment method", *rows)
    found = folder.orders()
    assert money(found["1"]) == (1, 0, 0)
    assert money(found["2"]) == (1, 8000, 4000)


@pytest.mark.parametrize("word", ["Pay at door", "Not paid", "Awaiting payment"])
def test_a_cell_that_says_nothing_else_waits_under_any_heading(folder, word):
    folder.put("a.csv", f"{HEADING},Comment", f"{ROW},{word}", f"{OTHER}")
    found = folder.orders()
    assert f"Comment is '{word}'" in found["1"]
    assert money(found["2"]) == (1, 4000, 0)
