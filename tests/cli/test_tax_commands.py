"""
`ticketsync tax …` on the command line.
"""

import csv
import io
import json
import re

import pytest
from python_calamine import CalamineWorkbook
from support import commands
from support.read_pdfs import pdf_text
from support.saved_orders import FIRST_DAY, order, prepare, save, ticket

from ticketsync.core.records import Fee, Refund
from ticketsync.store import engine

SETTINGS = """\
business: {legal_name: Lantern Room Pty Ltd, tax_number: 83 914 571 673, country: AU}
tax:
  codes: {gst: {rate: 10}}
  default: {admission: gst, buyer_fee: gst, donation: out_of_scope, prices: inside,
            fees: gst}
"""
OPEN = "tax:\n  codes: {gst: {rate: 10}}\n  accounts: {other: {admission: gst}}\n"


@pytest.fixture
def tax(home, templates, monkeypatch):
    """
    30.00 and 3.00 of fees in one order, 44.40 with a gift of 5.00 in another, which was
    returned. 33.00 / 11 is 3.00, 44.40 / 11 is 4.04.
    """
    file = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = prepare(engine.open_database(str(file)))
    returned = Refund("r_1", 4940, FIRST_DAY)
    save(
        database,
        order(ticket(1, 3000, fee=300), id_="or_1", fees=(Fee("Service", 110),)),
        order(
            ticket(2, 4440),
            id_="or_2",
            fees=(),
            donations=500,
            charged=4940,
            total=4940,
            refunds=(returned,),
        ),
        at=FIRST_DAY,
    )
    database.close()
    (home / "config.yaml").write_text(SETTINGS)
    monkeypatch.setenv("COLUMNS", "110")

    def run(*words):
        done = commands.run("tax", *words)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


ALL = ("worksheet", "--period", "2026-09..2026-10")


def test_the_worksheet_by_hand(tax):
    done = tax(*ALL)
    assert done.returncode == 0, done.stderr
    found = {re.sub(r"  +", "|", line.strip()) for line in done.stdout.splitlines()}
    assert "tt|admission, booking fees|gst inside|2|77.40|7.04|AUD" in found
    assert "tt|donations|out of scope|1|5.00|–|AUD" in found
    assert "tt|refunded admission|gst inside|1|-44.40|-4.04|AUD" in found
    assert "tt|fees|gst inside|1|1.10|0.10|AUD" in found
    text = " ".join(done.stdout.split())
    assert "gst 10 %: 33.00 AUD, tax 3.00 (total ÷ 11: 3.00, difference 0.00)." in text
    assert "bas, AUD: G1 33 G3 0 G4 0 1A 3 1B 0" in text
    assert "The rules are your own statement." in text
    assert "Days are those of Australia/Sydney" in text


def test_json_and_csv_have_the_same_lines(tax):
    found = json.loads(tax(*ALL, "--json").stdout)
    assert [(x["what"], x["amount"], x["tax"]) for x in found["lines"]] == [
        ("admission, booking fees", "77.40", "7.04"),
        ("donations", "5.00", None),
        ("admission", "-44.40", "-4.04"),
        ("donations", "-5.00", None),
        ("fees", "1.10", "0.10"),
    ]
    assert found["boxes"]["AUD"][0]["amount"] == "33"
    assert found["totals"][0]["difference"] == "0.00"
    assert found["problems"] == []
    rows = list(csv.DictReader(io.StringIO(tax(*ALL, "--format", "csv").stdout)))
    assert [row["amount"] for row in rows] == [x["amount"] for x in found["lines"]]


def test_the_orders_of_the_worksheet_add_up_to_it(tax):
    done = tax(*ALL, "--orders", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    names = ("day", "order_id", "flow", "amount", "tax")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("2026-09-30", "or_1", "sale", "33.00", "3.00"),
        ("2026-09-30", "or_1", "fee", "1.10", "0.10"),
        ("2026-09-30", "or_2", "sale", "5.00", ""),
        ("2026-09-30", "or_2", "sale", "44.40", "4.04"),
        ("2026-10-01", "or_2", "refund", "-5.00", ""),
        ("2026-10-01", "or_2", "refund", "-44.40", "-4.04"),
    ]


def test_a_workbook_has_the_lines_and_no_formula(tax, tmp_path):
    file = tmp_path / "worksheet.xlsx"
    assert tax(*ALL, "-o", str(file)).returncode == 0
    book = CalamineWorkbook.from_path(file)
    names, *rows = book.get_sheet_by_name("tax worksheet").to_python()
    amounts = [row[names.index("amount")] for row in rows]
    assert amounts == [77.40, 5.0, -44.40, -5.0, 1.10]
    about = book.get_sheet_by_name("About").to_python()
    assert any("gst 10 %: 33.00 AUD" in str(cell) for row in about for cell in row)


def test_a_pdf_has_the_lines(tax, tmp_path):
    file = tmp_path / "worksheet.pdf"
    assert tax(*ALL, "-o", str(file)).returncode == 0
    text = pdf_text(file)
    line = r"tt +sale +admission, booking fees +gst inside .* 77.40 +7.04"
    assert re.search(line, text)
    assert "bas, AUD: G1 33" in text


def test_a_later_worksheet_replaces_an_earlier_one_and_nothing_else(tax, tmp_path):
    for ending in ("csv", "json", "xlsx", "pdf"):
        file = tmp_path / f"worksheet.{ending}"
        assert tax(*ALL, "-o", str(file)).returncode == 0
        assert tax(*ALL, "-o", str(file)).returncode == 0
        file.write_text("mine")
        assert tax(*ALL, "-o", str(file)).returncode == 2
        assert file.read_text() == "mine"


def test_without_a_rule_it_says_so_and_strict_needs_a_person(tax, home):
    assert tax(*ALL, "--strict").returncode == 0
    (home / "config.yaml").write_text(OPEN)
    done = tax(*ALL)
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    assert "Not in any sum: tt, admission of 2 orders, 82.40 AUD: no rule." in text
    assert "tt: no rule." in text
    strict = tax(*ALL, "--strict")
    assert strict.returncode == 4
    assert "no-tax-rule" in strict.stderr
    assert strict.stdout == done.stdout


def test_the_rules_are_listed_with_the_accounts_that_have_none(tax, home):
    found = json.loads(tax("rules", "--json").stdout)
    assert [row["account"] for row in found] == ["all accounts"]
    assert found[0]["rule"].startswith("admission gst, buyer fee gst")
    (home / "config.yaml").write_text(OPEN)
    found = json.loads(tax("rules", "--json").stdout)
    assert [(row["account"], row["rule"]) for row in found] == [
        ("tt", "no rule"),
        ("other", "admission gst"),
        ("other", "there is no such account"),
    ]
    assert "Tax codes: gst 10 %." in tax("rules").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("worksheet",), "A worksheet is of one period"),
        ((*ALL, "--layout", "w2"), "--layout 'w2' is not possible here"),
        ((*ALL, "--format", "parquet"), "--format 'parquet' is not possible here"),
        ((*ALL, "--account", "nobody"), "nobody"),
        ((*ALL, "--format", "table", "-o", "x"), "A table is for the terminal"),
    ],
)
def test_what_cannot_be_made_is_refused(tax, words, said):
    done = tax(*words)
    assert done.returncode == 2
    assert said in done.stderr
