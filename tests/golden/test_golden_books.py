"""
The golden books: 50 orders of six accounts in three currencies, written by hand
(`books/*.csv`), with what they come to (`books/expected/*.csv`). Every report, export,
explanation and worksheet says the same, to the minor unit, on both databases.

The expected figures follow from the documents and not from ticketsync: a model that
shares no code with it and LibreOffice say the same (`test_golden_sums.py`).
"""

import contextlib
import csv
import io
import json
import subprocess
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import duckdb
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text as sql
from support import golden_books, needs
from support.golden_books import AS_OF, NOW, PROVIDERS, expected
from support.golden_commands import Books
from support.golden_tables import FIGURES, MONTHS

from ticketsync.store import engine

FORMATS = ("csv", "json", "jsonl", "xlsx", "parquet")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request, templates):
    with templates.copied(request.param, "empty") as place:
        yield Books(place)


@pytest.fixture
def books(filled, home, frozen, monkeypatch, capsys):
    frozen(NOW)
    filled.start(home, monkeypatch, capsys)
    return filled


@pytest.fixture
def own_books(url, home, frozen, monkeypatch, capsys):
    """
    A database of the test's own, to be changed.
    """
    frozen(NOW)
    found = Books(url)
    found.start(home, monkeypatch, capsys)
    return found


def text(value):
    return "" if value is None else str(value)


def of_columns(rows, names):
    """
    The rows with these columns, as texts, how often there is each.
    """
    return Counter(tuple(text(row[name]) for name in names) for row in rows)


def assert_equal(found, wanted, names=None, **chosen):
    """
    Those of the expected rows that are chosen, and no others, in all or some columns.
    """
    wanted = [r for r in wanted if all(r[name] == v for name, v in chosen.items())]
    assert wanted
    names = names or [name for name in wanted[0] if name not in chosen]
    assert of_columns(found, names) == of_columns(wanted, names)


# What was earned


def test_every_show_on_every_account(books):
    found = books.read("financials", "list")
    assert_equal(found, expected("figures"))
    of_show = []
    for show_id in books.shows:
        shown = json.loads(books.run("financials", "show", str(show_id), "--json"))
        of_show += map(books.named, shown["financials"])
    assert_equal([r for r in of_show if r["show"] != "X20"], expected("figures"))


def test_every_show(books):
    wanted = expected("shows")
    assert_equal(books.read("financials", "list", "--per", "show"), wanted)
    sold = books.read("report", "sales", "--per", "show")
    for row in wanted:
        row["tickets"] = row["tickets_sold"]
    names = ("show", "currency", "tickets", "gross", "refunded", "fees", "net")
    assert_equal(sold, wanted, names)


def test_every_account_and_platform(books):
    wanted = expected("accounts")
    found = books.read("financials", "list", "--per", "account")
    assert_equal(found, wanted)
    by_platform = books.read("report", "sales", "--per", "platform")
    for row in wanted:
        row["platform"] = PROVIDERS[row["account"]]
        row["tickets"] = row["tickets_sold"]
    names = ("platform", "currency", "tickets", "gross", "refunded", "fees", "net")
    assert_equal(by_platform, wanted, names)


def test_every_month_by_the_day_of_the_show_and_of_the_sale(books):
    found = books.read("financials", "list", "--per", "month")
    assert_equal(found, expected("months"), by="show")
    sold = books.read("report", "sales", "--per", "month")
    names = ("month", "currency", "gross", "refunded", "fees", "net")
    assert_equal(sold, expected("months"), names, by="sale")
    played = books.read("report", "sales", "--per", "month", "--by", "show")
    assert_equal(played, expected("months"), names, by="show")
    for month in MONTHS:
        chosen = ("financials", "list", "--by", "sale", "--period", month)
        sums = {}
        for row in books.read(*chosen, "--per", "account"):
            held = sums.setdefault(row["currency"], [Decimal()] * 2)
            sums[row["currency"]] = [
                amount + Decimal(row[name])
                for amount, name in zip(held, ("gross", "refunded"), strict=True)
            ]
        assert {c: [*map(str, amounts)] for c, amounts in sums.items()} == {
            row["currency"]: [row["gross"], row["refunded"]]
            for row in expected("months")
            if (row["by"], row["month"]) == ("sale", month)
        }


def test_platforms_with_their_rates(books):
    wanted = expected("platforms")
    for row in wanted:
        row["tickets"] = row.pop("tickets_sold")
    assert_equal(books.read("report", "platforms"), wanted)


def test_the_shows_of_last_week_and_of_the_week_before(books):
    words = ("report", "weekly", "--as-of", "2026-11-10T00:00:00Z", "--json")
    found = json.loads(books.run(*words))
    shows = [{**books.named(row), "week": found["first"]} for row in found["shows"]]
    for part in (found, found["before"]):
        sums = [{**row, "show": "", "week": part["first"]} for row in part["totals"]]
        shows += sums
    assert_equal(shows, expected("weekly"))


def test_what_is_on_sale_each_day(books):
    words = ("report", "daily", "--as-of", "2026-11-02T01:00:00Z")
    found = [
        {**row, "currency": currency, "gross": amount}
        for row in books.read(*words)
        for currency, amount in row["gross"].items()
    ]
    assert_equal(found, expected("daily"))


def test_views_for_sql(books):
    """
    Amounts are minor units there.
    """
    of_shows, of_productions, of_tickets = (
        view_of(books, name)
        for name in ("show_totals", "production_totals", "ticket_sales_analytics")
    )
    assert_equal(of_shows, expected("shows"))
    sums = Counter()
    productions = {row["show"]: row["production"] for row in of_shows}
    for row in expected("shows"):
        for name in ("gross", "refunded"):
            sums[productions[row["show"]], row["currency"], name] += Decimal(row[name])
    found = {
        (row["production"], row["currency"], name): Decimal(row[name])
        for row in of_productions
        for name in ("gross", "refunded")
    }
    assert found == sums
    chosen = {row["ticket_id"] for row in expected("tickets")}
    names = ("ticket_id", "show", "face", "charged", "refunded", "buyer_fee", "fees")
    listed = [row for row in of_tickets if row["ticket_id"] in chosen]
    assert_equal(listed, expected("tickets"), names)
    charged = Counter()
    for row in of_tickets:
        charged[row["account"], row["currency"]] += Decimal(row["charged"])
    assert charged == {
        (row["account"], row["currency"]): Decimal(row["gross"])
        for row in expected("accounts")
    }


def view_of(books, name):
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(
            contextlib.closing(engine.open_database(books.url))
        )
        connection = stack.enter_context(database.read())
        rows = connection.execute(sql(f"SELECT * FROM {name}"))
        return [in_major(books.named(dict(row._mapping))) for row in rows]


def in_major(row):
    """
    A row of a view with its whole amounts in the decimals of their currency.
    """
    places = DECIMALS[row["currency"]]
    money = {"face", "charged", "gross", "refunded", "fees", "net", "buyer_fee"}
    amounts = {
        name: f"{Decimal(row[name]).scaleb(-places):.{places}f}"
        for name in money.intersection(row)
        if row[name] is not None
    }
    return {**row, **amounts}


def test_named_fees(books):
    for_json = json.loads(books.run("export", "fees", "--format", "json"))
    assert_equal(map(books.named, for_json), expected("fees"))


def test_refunds_by_day_and_basis(books):
    found = books.read("refunds", "list")
    assert_equal(found, expected("refunds"))
    by_show = books.read("refunds", "list", "--by", "show", "--period", "2026-11")
    november = [
        row for row in expected("refunds") if row["show"] in ("L07", "L08", "D14")
    ]
    assert_equal(by_show, november)


def test_every_order(books):
    found = books.read("sales", "list", "--limit", "100")
    assert_equal(found, expected("sales"))


@pytest.mark.parametrize("show", ["G16", "G17", "H31", "L07", "L08"])
def test_explained_to_the_ticket(books, show):
    (show_id,) = (id_ for id_, key in books.shows.items() if key == show)
    found = books.read("financials", "explain", str(show_id))
    of_orders = {row["ticket_id"][:5] for row in expected("tickets")}
    chosen = [
        {**row, "show": show} for row in found if row["ticket_id"][:5] in of_orders
    ]
    assert_equal(chosen, expected("tickets"), show=show)


@pytest.mark.parametrize("reading", AS_OF)
def test_as_it_was_known_at_an_instant(books, reading):
    at = ("--as-of", AS_OF[reading])
    found = books.read("financials", "list", *at)
    sold = [row for row in found if row["gross"].strip("0.")]
    names = ("show", "account", "currency", *FIGURES, "fees_source")
    assert_equal(sold, expected("as_of"), names, reading=reading)
    known = {"B": ("2026-10-04",), "D": ("2026-10-04", "2026-10-18", "2026-11-02")}
    days = {row["on_day"] for row in books.read("refunds", "list", *at)}
    assert days >= set(known[reading])
    assert max(days) == known[reading][-1]


# Tax and books


def test_the_tax_worksheet_of_every_month(books):
    check_worksheets(books)


def check_worksheets(books):
    for month in MONTHS:
        found = json.loads(
            books.run(
                "tax", "worksheet", "--period", month, "--layout", "bas", "--json"
            )
        )
        assert_equal(found["lines"], expected("worksheet"), month=month)
        boxes = [
            {"currency": currency, **box}
            for currency, of_currency in found["boxes"].items()
            for box in of_currency
        ]
        assert_equal(boxes, expected("boxes"), month=month)


def test_unearned_money_by_show(books):
    for month in MONTHS:
        found = books.read("report", "unearned", "--period", month)
        assert_equal(found, expected("unearned"), month=month)


@needs.programs("hledger")
def test_balances_in_hledger(books, tmp_path):
    """
    The file is accepted, and another program adds it up to the same balances.
    """
    file = tmp_path / "books.ledger"
    books.run("export", "ledger", "-o", str(file))
    subprocess.run(["hledger", "-f", str(file), "check", "-s"], check=True)
    for _, last in MONTHS.values():
        command = ["hledger", "-f", str(file), "bal", "-O", "csv", "--flat", "-N"]
        command += ["--layout", "bare", "--end", str(last + timedelta(days=1))]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = [
            {
                "day": str(last),
                "ledger_account": row["account"],
                "currency": row["commodity"],
                "amount": row["balance"],
            }
            for row in csv.DictReader(io.StringIO(done.stdout))
            if row["account"].startswith(("Assets:", "Liabilities:"))
        ]
        assert_equal(found, expected("balances"), day=str(last))


def test_closed_months(own_books, tmp_path):
    """
    Nothing of a closed month differs from what it was.
    """
    for month in MONTHS:
        closed = own_books.run("period", "close", month, "--yes")
        said = closed.replace(",", "").splitlines()
        for row in expected("closing"):
            if row["month"] == month:
                sums = f"Sold {row['sold']} returned {row['returned']}"
                assert f"{sums} {row['currency']}." in said
        assert "adjustment" not in closed.replace("adjustments in the next", "")
    own_books.run("period", "verify")
    own_books.run("period", "export", "2026-10", "--dir", str(tmp_path))
    month = tmp_path / "2026-10"
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=month, check=True)
    with (month / "tax.csv").open(newline="") as file:
        assert_equal([*csv.DictReader(file)], expected("worksheet"), month="2026-10")
    with (month / "accounts.csv").open(newline="") as file:
        of_accounts = [*csv.DictReader(file)]
    for row in expected("closing"):
        if row["month"] == "2026-10":
            own = [a for a in of_accounts if a["currency"] == row["currency"]]
            for column, name in (("charged", "sold"), ("refunded", "returned")):
                assert sum(Decimal(a[column]) for a in own) == Decimal(row[name])
    check_worksheets(own_books)
    adjusted = own_books.run("period", "adjustments", "--json")
    assert json.loads(adjusted) == []


# Files


def exported(books, folder, format, *words):
    """
    The rows of a file, as texts; a workbook keeps no more than the value of an amount.
    """
    file = folder / f"{words[1]}.{format}"
    books.run(*words, "-o", str(file), "--force")
    if format == "csv":
        rows = [*csv.DictReader(io.StringIO(file.read_text()))]
    elif format == "json":
        rows = json.loads(file.read_text())
    elif format == "jsonl":
        rows = [json.loads(line) for line in file.read_text().splitlines()]
    elif format == "parquet":
        with duckdb.connect() as connection:
            found = connection.execute(f"SELECT * FROM '{file}'")
            names = [column[0] for column in found.description]
            rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    else:
        names, *cells = (
            CalamineWorkbook.from_path(file).get_sheet_by_index(1).to_python()
        )
        rows = [dict(zip(names, row, strict=True)) for row in cells]
    return [books.named(row) for row in rows]


DECIMALS = {"AUD": 2, "JPY": 0, "KWD": 3}


def in_units(row, names):
    """
    The row with its amounts in the decimals of its currency.
    """
    decimals = DECIMALS[row["currency"]]
    amounts = {
        name: "" if row[name] in (None, "") else f"{row[name]:.{decimals}f}"
        for name in names
        if not isinstance(row[name], str) or not row[name]
    }
    return {**row, **amounts, "on_day": text(row.get("on_day"))}


EXPORTS = {
    "sales": ("charged", "refunded", "fees", "net"),
    "refunds": ("amount",),
    "fees": ("amount",),
    "financials": ("gross", "refunded", "fees", "net", "tax_remitted", "face"),
}


def test_exported_files(books, tmp_path):
    """
    In every format; what writes the others knows nothing of the database.
    """
    formats = FORMATS if books.url.endswith(".db") else FORMATS[:2]
    for name, amounts in EXPORTS.items():
        wanted = expected("figures" if name == "financials" else name)
        for format in formats:
            found = exported(books, tmp_path, format, "export", name)
            keys = ("order_id", "show", "account", "currency", "name", "on_day")
            names = [key for key in keys if key in wanted[0] and key in found[0]]
            in_decimals = [in_units(row, amounts) for row in found]
            assert_equal(in_decimals, wanted, [*names, *amounts])


def test_exported_sums_of_months_and_shows(books, tmp_path):
    """
    Of these only the fees that platforms report, and with what is linked to no show:
    30.00 in October.
    """
    months = exported(books, tmp_path, "json", "export", "sales", "--per", "month")
    found = {(r["month"], r["currency"]): (r["charged"], r["refunded"]) for r in months}
    assert found == {
        ("2026-09", "AUD"): ("540.95", "25.00"),
        ("2026-09", "JPY"): ("3000", "0"),
        ("2026-10", "AUD"): ("1075.64", "249.15"),
        ("2026-10", "JPY"): ("13460", "5500"),
        ("2026-10", "KWD"): ("74.421", "0.000"),
        ("2026-11", "AUD"): ("129.00", "63.00"),
        ("2026-11", "KWD"): ("15.005", "15.005"),
    }
    shows = exported(books, tmp_path, "csv", "export", "sales", "--per", "show")
    found = {r["show"]: (r["charged"], r["refunded"]) for r in shows}
    assert found == {
        "G16": ("421.16", "4.82"),
        "G17": ("459.83", "116.33"),
        "T24": ("16460", "5500"),
        "H31": ("218.60", "28.00"),
        "L07": ("520.00", "125.00"),
        "L08": ("96.00", "63.00"),
        "D14": ("89.426", "15.005"),
        "": ("30.00", "0.00"),
    }
    tickets = exported(books, tmp_path, "csv", "export", "sales", "--per", "ticket")
    of_orders = {row["ticket_id"] for row in expected("tickets")}
    names = ("ticket_id", "show", "face", "charged", "refunded", "fees")
    chosen = [row for row in tickets if row["ticket_id"] in of_orders]
    assert_equal(chosen, expected("tickets"), names)


def test_sold_in_october_for_shows_of_november(books, tmp_path):
    """
    By hand: 67.00 of tt, 210.00 of eb without 30.00 of November, 111.00 of hx; 66.00
    and 30.00 of the cancelled show; 74.421 in KWD.
    """
    words = ("export", "sales", "--sold", "2026-10", "--shows", "2026-11")
    found = exported(books, tmp_path, "json", *words)
    sums = Counter()
    for row in found:
        sums[row["show"], row["currency"]] += round(float(row["charged"]) * 1000)
    assert dict(sums) == {
        ("L07", "AUD"): 67000 + 180000 + 111000,
        ("L08", "AUD"): 96000,
        ("D14", "KWD"): 74421,
    }


def test_control_one_cent_more_is_noticed(own_books):
    """
    One cent more in one order, and four tables differ.
    """
    database = engine.open_database(own_books.url)
    golden_books.change_by_one_cent(database)
    with pytest.raises(AssertionError):
        assert_equal(own_books.read("financials", "list"), expected("figures"))
    with pytest.raises(AssertionError):
        assert_equal(
            own_books.read("sales", "list", "--limit", "100"), expected("sales")
        )
    with pytest.raises(AssertionError):
        check_worksheets(own_books)
    with pytest.raises(AssertionError):
        test_unearned_money_by_show(own_books)
