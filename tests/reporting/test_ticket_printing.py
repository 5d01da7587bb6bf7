"""
Tickets and receipts as a person and a scanner read them from the PDF.
"""

import subprocess
import sys
from dataclasses import replace
from datetime import datetime

import pytest
from support import needs

from ticketsync.core import errors
from ticketsync.core.money import Money, MoneyError
from ticketsync.reporting import ticket_printing
from ticketsync.reporting.ticket_printing import (
    Paper,
    PrintedTicket,
    Receipt,
    ReceiptLine,
)

PAPERS = pytest.mark.parametrize("paper", [*Paper])
DOTS_PER_INCH = 80  # what a cheap receipt printer does at least twice over
TONIGHT = datetime(2026, 11, 27, 19, 30)
ADULT = PrintedTicket(
    venue="The Lantern Room",
    show="Late Laughs",
    starts_at=TONIGHT,
    tier="Adult",
    price=Money(5500, "AUD"),
    number=1,
    count=3,
    reference="TS-7K4P-2Q",
    code="TS1.7K4P2Q.1.1.ABCDEFGHIJ234567",
    seat="Row C, seat 12",
)
LONGEST = replace(
    ADULT,
    **dict.fromkeys(("venue", "show", "tier", "seat"), "字" * 300),
    code="TS1.7K4P2Q.2.1.ZZZZZZZZZZ765432",
    price=Money(123456789, "AUD"),
)
SOLD = Receipt(
    venue="The Lantern Room",
    show="Late Laughs",
    starts_at=TONIGHT,
    sold_at=datetime(2026, 11, 27, 19, 4),
    reference="TS-7K4P-2Q",
    lines=[
        ReceiptLine("Adult", Money(11000, "AUD"), 2),
        ReceiptLine("Concession", Money(4000, "AUD"), 1),
        ReceiptLine("Discount", Money(-500, "AUD")),
    ],
    taxes=[ReceiptLine("GST included (10%)", Money(1318, "AUD"))],
    tenders=[
        ReceiptLine("Voucher", Money(2000, "AUD")),
        ReceiptLine("Cash", Money(20000, "AUD")),
    ],
    change=Money(7500, "AUD"),
    seller=["ABN 12 345 678 901"],
    notes=["Till 1"],
)


def ran(*command, **options):
    done = subprocess.run(command, capture_output=True, check=True, **options)
    return done.stdout


def pages(pdf):
    """
    The words of each page, line by line.
    """
    text = ran("pdftotext", "-layout", "-", "-", input=pdf).decode()
    return [
        [" ".join(line.split()) for line in page.splitlines() if line.strip()]
        for page in text.removesuffix("\f").split("\f")
    ]


@needs.programs("zbarimg", "pdftoppm")
@PAPERS
def test_a_scanner_reads_the_code_of_each_page(paper, tmp_path):
    second = replace(ADULT, number=2, code="TS1.7K4P2Q.3.2.QQQQQQQQQQ234567")
    made = ticket_printing.print_tickets([ADULT, LONGEST, second], paper)
    prefix = str(tmp_path / "page")
    ran("pdftoppm", "-r", str(DOTS_PER_INCH), "-png", "-", prefix, input=made)
    pictures = sorted(tmp_path.glob("page*.png"))
    read = [
        ran("zbarimg", "--quiet", "--raw", "--nodbus", str(it)).decode().strip()
        for it in pictures
    ]
    assert read == [
        "TS1.7K4P2Q.1.1.ABCDEFGHIJ234567",
        "TS1.7K4P2Q.2.1.ZZZZZZZZZZ765432",
        "TS1.7K4P2Q.3.2.QQQQQQQQQQ234567",
    ]


@needs.programs("pdftotext")
@PAPERS
def test_a_ticket_says_what_it_is_for(paper):
    (page,) = pages(ticket_printing.print_tickets([ADULT], paper))
    assert page == [
        "The Lantern Room",
        "Late Laughs",
        "Fri 27 Nov 2026, 19:30",
        "TS1.7K4P2Q.1.1.ABCDEFGHIJ234567",
        "Adult AUD 55.00",
        "Row C, seat 12",
        "TS-7K4P-2Q 1 of 3",
    ]


@needs.programs("pdftotext")
@PAPERS
def test_amounts_have_the_digits_of_their_currency(paper):
    prices = [Money(4500, "JPY"), Money(12500, "KWD"), Money(0, "AUD")]
    made = ticket_printing.print_tickets(
        [replace(ADULT, price=price, seat="") for price in prices], paper
    )
    assert [page[4] for page in pages(made)] == [
        *("Adult JPY 4,500", "Adult KWD 12.500", "Adult free")
    ]


@needs.programs("pdftotext")
@PAPERS
def test_names_are_texts_and_never_markup(paper):
    show = '#panic("x") *bold* $x$ \\ "'
    made = ticket_printing.print_tickets([replace(ADULT, show=show)], paper)
    assert show in pages(made)[0]


@needs.programs("pdftotext")
@PAPERS
def test_whatever_is_written_on_it_a_ticket_is_one_page(paper):
    word = replace(ADULT, show="Donaudampfschifffahrt" * 20, tier="x" * 300)
    arabic = replace(ADULT, show="حلم ليلة صيف!", tier="טיפוס")
    made = ticket_printing.print_tickets([LONGEST, word, arabic], paper)
    assert len(pages(made)) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("Late Laughs", False), ("真夏の夜の夢", False), ("12", False), ("", False)),
        *(("حلم ليلة صيف!", True), ("2. טיפוס", True), ("Macbeth (טיפוס)", False)),
    ],
)
def test_a_name_runs_in_the_direction_of_its_first_letter(text, expected):
    assert ticket_printing._name(text)["rtl"] is expected


@needs.programs("pdftotext")
@PAPERS
def test_a_receipt_adds_up_on_paper(paper):
    (page,) = pages(ticket_printing.print_receipt(SOLD, paper))
    assert page == [
        "The Lantern Room",
        "ABN 12 345 678 901",
        "Late Laughs",
        "Fri 27 Nov 2026, 19:30",
        "2 × Adult 110.00",
        "1 × Concession 40.00",
        "Discount -5.00",
        "Total AUD 145.00",
        "GST included (10%) 13.18",
        "Voucher 20.00",
        "Cash 200.00",
        "Change 75.00",
        "TS-7K4P-2Q Fri 27 Nov 2026, 19:04",
        "Till 1",
    ]


@needs.programs("pdftotext")
def test_a_receipt_for_exact_cash_has_no_change():
    exact = replace(
        SOLD,
        tenders=[ReceiptLine("Cash", Money(14500, "AUD"))],
        change=Money(0, "AUD"),
    )
    (page,) = pages(ticket_printing.print_receipt(exact, Paper.ROLL))
    assert "Cash 145.00" in page
    assert not any(line.startswith("Change") for line in page)


@pytest.mark.parametrize(
    "wrong",
    [
        {"change": Money(7400, "AUD")},
        {"tenders": []},
        {"lines": SOLD.lines[:1]},
        {"change": Money(7500, "NZD")},
        {"taxes": [ReceiptLine("GST", Money(1318, "NZD"))]},
    ],
)
def test_a_receipt_that_does_not_add_up_is_never_printed(wrong):
    with pytest.raises(MoneyError):
        replace(SOLD, **wrong)


@pytest.mark.parametrize("missing", ["typst", "segno"])
def test_a_missing_library_is_named(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(errors.ConfigurationError) as caught:
        ticket_printing.print_tickets([ADULT], Paper.A6)
    assert missing in caught.value.message
    assert caught.value.hint == "Run `pip install 'ticketsync[pdf]'`."
