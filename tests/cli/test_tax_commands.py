"""
`ticketsync tax …` on the command line.
"""

import csv
import io
import json
import re

import pytest
from msgspec import structs
from python_calamine import CalamineWorkbook
from support import commands
from support.read_pdfs import pdf_text
from support.saved_orders import (
    FIRST_DAY,
    occurrence,
    order,
    prepare,
    save,
    ticket,
)

from ticketsync.accounts import edits, state
from ticketsync.catalogue import adopting, occurrences, saved_listing
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.core import records
from ticketsync.core.records import Fee, Refund, VoucherSale
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


@pytest.mark.thorough
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


NOT_FILLED = "no box is filled in, because the rules do not say how this is taxed"
NO_RULES = "business: {country: AU}\n"


@pytest.mark.thorough
def test_boxes_without_a_rule_are_not_filled_with_zeros(tax, home, tmp_path):
    """
    All of 82.40 is in no box, in no format; a file that says G1 0 could be sent.
    """
    (home / "config.yaml").write_text(NO_RULES)
    text = " ".join(tax(*ALL).stdout.split())
    assert f"bas, AUD: {NOT_FILLED}" in text
    assert "Add the rule under `tax` in the settings" in text
    assert "Not in any sum: tt, admission of 2 orders, 82.40 AUD: no rule." in text
    assert "G1" not in text
    boxes = json.loads(tax(*ALL, "--json").stdout)["boxes"]["AUD"]
    assert [(box["box"], box["amount"], box["exact"]) for box in boxes] == [
        *(("G1", None, None), ("G3", None, None), ("G4", None, None)),
        *(("1A", None, None), ("1B", None, None)),
    ]
    assert not any(box["is_complete"] for box in boxes)
    assert "G1" not in tax(*ALL, "--format", "csv").stdout
    for ending in ("xlsx", "pdf"):
        assert tax(*ALL, "-o", str(tmp_path / f"sheet.{ending}")).returncode == 0
    about = CalamineWorkbook.from_path(tmp_path / "sheet.xlsx")
    cells = str(about.get_sheet_by_name("About").to_python())
    assert NOT_FILLED in cells
    assert "G1" not in cells
    printed = " ".join(pdf_text(tmp_path / "sheet.pdf").split())
    assert NOT_FILLED in printed
    assert "G1" not in printed


def test_boxes_of_a_part_say_that_they_are_not_complete(tax, home):
    """
    Tickets of 30.00 and 44.40 are taxed, less 44.40 that went back; nobody said how
    3.00 of booking fees are, nor the gift of 5.00, nor the fees of 1.10.
    """
    (home / "config.yaml").write_text(
        "business: {country: AU}\n"
        "tax:\n  codes: {gst: {rate: 10}}\n"
        "  default: {admission: gst, prices: inside}\n"
    )
    text = " ".join(tax(*ALL).stdout.split())
    assert "bas, AUD, not complete: G1 30 G3 – G4 – 1A 2 1B –. What is" in text
    assert "booking fees of 1 order, 3.00 AUD: no rule for booking fees." in text
    boxes = json.loads(tax(*ALL, "--json").stdout)["boxes"]["AUD"]
    assert [(box["amount"], box["is_complete"]) for box in boxes] == [
        *(("30", False), (None, False), (None, False), ("2", False), (None, False)),
    ]


def test_a_month_that_was_closed_without_rules_says_what_fills_its_boxes(tax, home):
    (home / "config.yaml").write_text(NO_RULES)
    done = commands.run("period", "close", "2026-09", at="2026-11-02T01:00:00Z")
    assert done.returncode == 0, done.stderr
    (home / "config.yaml").write_text(SETTINGS)
    text = " ".join(tax("worksheet", "--period", "2026-09").stdout.split())
    assert f"bas, AUD: {NOT_FILLED}" in text
    assert "rules that came later change nothing in it" in text
    assert "`ticketsync period reopen 2026-09" in text
    assert "`ticketsync period adjustments`" in text
    assert "Not in any sum: tt, admission of 2 orders, 82.40 AUD: no rule." in text
    assert "G1" not in text


def test_what_has_no_rule_is_summed_up_for_all_accounts(tax, home):
    """
    22.00 of another account and 82.40: 104.40, of which 49.40 went back.
    """
    (home / "config.yaml").write_text(NO_RULES)
    database = engine.open_database(str(home / "ticketsync.db"))
    with database.write() as connection:
        account = state.NewAccount("b", "humanitix", None, "env", "HX", "", None)
        edits.add_account(connection, account, FIRST_DAY)
        listed = records.Event("hx_1", "Late Laughs", None, (occurrence("hx_1", 0),))
        saved_listing.save_listing(connection, 2, [ListedEvent(listed, b"")])
        everything = occurrences.list_occurrences(connection)
        found = [it for it in everything if it.provider_occurrence_id == "hx_1"]
        plan = adopting.plan_adoption(connection, found)
        adopting.adopt(connection, plan, batch="test", now=FIRST_DAY)
    sold = order(ticket(9, 2200, "hx_1"), id_="hx_order", fees=())
    save(database, sold, at=FIRST_DAY, account_id=2)
    database.close()
    problems = json.loads(tax(*ALL, "--json").stdout)["problems"]
    assert problems == [
        "Not in any sum: b and tt, admission in 2 lines, 104.40 AUD: no rule.",
        "Not in any sum: tt, refunded admission of 1 order, -49.40 AUD: no rule.",
        "Not in any sum: tt, fees of 1 order, 1.10 AUD: no rule.",
    ]


LONG = """\
business: {country: AU}
tax:
  codes: {gst: {rate: 10}}
  default: {admission: gst, buyer_fee: gst, addons: gst, donation: out_of_scope,
            voucher: redeemed, prices: charged, fees: none}
"""
RULE = (
    "admission gst, buyer fee gst, addons gst, donation out of scope, fees none, "
    "voucher redeemed, prices as charged"
)


@pytest.mark.thorough
def test_80_columns_cut_no_rule_and_no_treatment(tax, home, monkeypatch):
    """
    A gift card of 50.00, and a ticket of 22.00 of which one paid 20.00.
    """
    (home / "config.yaml").write_text(LONG)
    database = engine.open_database(str(home / "ticketsync.db"))
    card = (VoucherSale("or_3/gift-cards", "ev_1", "Gift card", 5000),)
    money = {"charged": 5200, "total": 5200, "vouchers": 2000, "fees": ()}
    sold = order(ticket(3, 2200), id_="or_3", **money)
    save(database, structs.replace(sold, voucher_sales=card), at=FIRST_DAY)
    database.close()
    monkeypatch.setenv("COLUMNS", "80")
    rules, *sheets = tax("rules"), tax(*ALL), tax(*ALL, "--orders")
    assert RULE in " ".join(rules.stdout.split())
    for done in (rules, *sheets):
        assert "…" not in done.stdout
        assert max(map(len, done.stdout.splitlines())) <= 80
    for done in sheets:
        lines = [line.strip() for line in done.stdout.splitlines()]
        assert "gift cards sold, taxed when they pay" in lines
        assert "paid by voucher, taxed when it is redeemed" in lines
