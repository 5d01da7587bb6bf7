"""
The expected figures of the golden books are right: a model that shares no code with
ticketsync makes the same, LibreOffice adds the rows up to the same, and some of them
are worked out here with a pencil.
"""

import ast
import csv
from decimal import Decimal

import pytest
import xlsxwriter
from support import (
    golden_ledger,
    golden_model,
    golden_tables,
    golden_tax,
    needs,
    office,
)
from support.golden_books import NOW, expected
from support.golden_commands import Books
from support.golden_model import BOOKS, rows

FILES = sorted(file.stem for file in (BOOKS / "expected").glob("*.csv"))


@pytest.fixture(scope="module")
def modelled():
    return golden_tables.tables()


@pytest.mark.parametrize("name", FILES)
def test_the_model_says_the_same(modelled, name):
    def in_order(found):
        return sorted(tuple(row.items()) for row in found)

    assert in_order(modelled[name]) == in_order(expected(name))


def test_every_file_of_figures_is_modelled_and_the_model_is_on_its_own(modelled):
    assert sorted(modelled) == FILES
    for module in (golden_model, golden_tax, golden_ledger, golden_tables):
        with open(module.__file__, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        imported = {
            node.module if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not [name for name in imported if name.startswith("ticketsync")]


def test_the_books_are_what_they_are_called():
    """
    50 orders, six accounts, three currencies; each order is the sum of its tickets.
    """
    orders = rows("orders.csv")
    assert len({row["order"] for row in orders}) == 50
    assert len({row["account"] for row in orders}) == 6
    assert {row["currency"] for row in orders} == {"AUD", "JPY", "KWD"}
    sums = dict.fromkeys((row["order"] for row in orders), Decimal())
    for row in rows("tickets.csv"):
        sums[row["order"]] += Decimal(row["charged"])
    assert sums == {row["order"]: Decimal(row["charged"]) for row in orders}
    kinds = {(row["kind"], row["basis"]) for row in rows("refunds.csv")}
    assert kinds >= {("refund", b) for b in ("reported", "void", "seen", "assumed")}
    assert ("dispute", "reported") in kinds


# With a pencil


def look_up(file, column, **key):
    (row,) = (r for r in expected(file) if key.items() <= r.items())
    return row[column]


def fee(show, account, name):
    return look_up("fees", "amount", show=show, account=account, name=name)


def tax(month, flow, account, treatment):
    key = {"flow": flow, "account": account, "treatment": treatment}
    return look_up("worksheet", "tax", month=month, **key)


def unearned(month, show):
    row = next(
        r for r in expected("unearned") if (r["month"], r["show"]) == (month, show)
    )
    return [*row.values()][3:]


def balance(day, name, currency="AUD"):
    key = {"day": day, "ledger_account": name, "currency": currency}
    return look_up("balances", "amount", **key)


def test_what_was_charged_and_went_back_with_a_pencil():
    figure = {(r["show"], r["account"]): r for r in expected("figures")}
    # G16, tt: 45.00 + 70.00 + 45.00 of the order over two shows + 48.21 + 0.00.
    # 48.21: 5.00 x 45 / 70 = 3.214 and 5.00 x 25 / 70 = 1.786, so 3.21 and 1.79.
    assert figure["G16", "tt"]["gross"] == "208.21"
    # G17, tt: 65.00 + 26.79 + 45.00 + 90.00 + 25.00 (45.00 less a voucher of 20.00).
    assert figure["G17", "tt"]["gross"] == "251.79"
    # Back: 2.68 of 7.50 (7.50 x 26.79 / 75.00 = 2.679), 30.00 + 15.00, and 25.00.
    assert figure["G17", "tt"]["refunded"] == "72.68"
    # G17, hx: 3 x 30.00 + 5.00, and 25.00.
    assert figure["G17", "hx"]["gross"] == "120.00"
    # L07, wx: 3 x 33.00 - 33.00 - 9.00 of remitted tax - (1.20 + 2.10).
    assert figure["L07", "wx"]["net"] == "53.70"
    # T24: 3,000 + 6,980 + 980 + 2,500 + 3,000; back 2,500 + 3,000; kept 108 + 251 + 35
    # + 90 + 108 = 592.
    assert figure["T24", "sq"]["net"] == "10368"
    # D14: 18.605 + 37.211 + 18.605 + 15.005.
    assert figure["D14", "door"]["gross"] == "89.426"
    # L07, eb: 30.00 assumed + 10.00 - 10.00 reversed + 30.00 disputed.
    assert figure["L07", "eb"]["refunded"] == "60.00"


def test_fees_with_a_pencil():
    # L07, tt: 33.00 on 30 September at 0.65; the same an hour later at 0.75 + 0.58
    # (1.75 % = 0.5775) + 0.30; and 34.00 at 0.75 + 0.60 (0.595) + 0.30.
    assert [fee("L07", "tt", n) for n in ("Per ticket", "Percentage", "Per order")] == [
        *("2.15", "1.18", "0.60")
    ]
    # G17, tt, by percent: 0.47 of 1.31 (1.31 x 26.79 / 75.00 = 0.468), 0.79 of 45.00
    # (0.7875), 1.58 of 90.00 (1.575, half away from zero).
    assert fee("G17", "tt", "Percentage") == "2.84"
    # 0.30 of the order over two shows: 0.30 x 48.21 / 75.00 = 0.193; and 0.11.
    assert fee("G16", "tt", "Per order") == "0.19"
    # 3.01 over two shows of 30.00: the cent is the first show's. 1.51 + 1.55 + 3.10 +
    # 1.55 + 1.55 + 1.55 = 10.81.
    assert fee("L07", "eb", "Service") == "10.81"
    assert fee("L08", "eb", "Service") == "1.50"
    # 2.50 of 77.39: x 55.00 / 77.39 = 1.777; with 1.90.
    assert fee("H31", "wx", "Wix") == "3.68"


def test_tax_with_a_pencil():
    # Elevenths of 45.00, 70.00, 110.00, 33.00, 45.00 (20.00 of it by voucher):
    # 4.09 + 6.36 + 10.00 + 3.00 + 4.09.
    assert tax("2026-09", "sale", "tt", "gst as charged") == "27.54"
    # On top of 50.00, 70.35, 21.00, 20.00: 5.00 + 7.04 (7.035) + 2.10 + 2.00.
    assert tax("2026-10", "sale", "wx", "gst on top") == "16.14"
    # 3,000, 6,980, 980, 2,500, 3,000 / 11 = 272.7, 634.5, 89.1, 227.3, 272.7; the first
    # is of September: 635 + 89 + 227 + 273.
    assert tax("2026-10", "sale", "sq", "jct inside") == "1224"
    # 25.00 of 45.00 with 4.09 back: 2.272.
    assert tax("2026-10", "refund", "tt", "gst as charged") == "-2.27"
    # The venue bears 1.37 + 2.00 + 2.64 of the fees of hx: 0.12 + 0.18 + 0.24.
    # 2.00 and 1.50 the platform sold to the buyers.
    assert tax("2026-10", "fee", "hx", "gst inside") == "0.54"
    # Elevenths of 1.63, 3.11, 1.84, 3.38, 2.96, 1.65: 0.15 + 0.28 + 0.17 + 0.31 + 0.27
    # + 0.15.
    assert tax("2026-10", "fee", "tt", "tax inside your own rate") == "1.33"
    # The cancelled show's part of 60.00 with 5.45 has 2.72 of it; 30.00 disputed have
    # 2.73, and 10.00 that did not go back give back 0.91 (60.00 with 5.45: 0.908).
    assert tax("2026-11", "refund", "eb", "gst as charged") == "-4.54"


def test_unearned_money_and_balances_with_a_pencil():
    # T24: 13,460 - 1,224 of tax sold, 5,500 - 500 back.
    assert unearned("2026-10", "T24") == ["2727", "12236", "5000", "9963", "0"]
    # L08: 66.00 - 6.00 and 30.00 - 2.72; back 33.00 - 3.00 and 30.00 - 2.72.
    assert unearned("2026-10", "L08") == ["0.00", "87.28", "0.00", "0.00", "87.28"]
    assert unearned("2026-11", "L08") == ["87.28", "0.00", "57.28", "0.00", "30.00"]
    # H31 in October: 29.50 - 1.50 of the platform's - 2.55, 56.00 - 5.09, 55.00 - 5.00,
    # 55.00 - 5.00, 23.10 - 2.10. Its 28.00 went back after it had played.
    assert unearned("2026-10", "H31")[1:4] == ["197.36", "0.00", "197.36"]
    # What eb holds at the end of September: 43.65 + 87.30 - 3.65 - 7.30.
    assert balance("2026-09-30", "Assets:Platform:Eb") == "120.00"
    # And hx: 32.00 + 95.00 - 2.00 - 5.00; nothing is left of what is the platform's.
    assert balance("2026-09-30", "Assets:Platform:Hx") == "120.00"
    names = {row["ledger_account"] for row in expected("balances")}
    assert "Liabilities:Collected:Hx" not in names
    # 27.54 + 11.91 + 10.91 of September.
    assert balance("2026-09-30", "Liabilities:Tax:Gst") == "-50.36"


def test_what_nothing_explains_and_a_fee_that_is_kept_with_a_pencil():
    # 34.00 for a seat of 33.00: a dollar is taxed nowhere. 33.00 / 11 = 3.00.
    words = "the platform's numbers do not add up"
    key = {"month": "2026-10", "account": "tt", "treatment": words}
    assert look_up("worksheet", "amount", **key) == "1.00"
    assert tax("2026-10", "sale", "tt", words) == ""
    # Elevenths of 33.00, 45.00, 90.00, 66.00, 75.00 and, new, 33.00: 3.00 + 4.09 + 8.18
    # + 6.00 + 6.82 + 3.00.
    assert tax("2026-10", "sale", "tt", "gst as charged") == "31.09"
    # 32.00 sold and returned; hx keeps the 2.00 that it sold: 271.99 - 2.00.
    assert balance("2026-11-30", "Assets:Platform:Hx") == "269.99"
    # 30.00 - 2.73 are no longer unearned, and 2.00 are nobody's but ours.
    assert unearned("2026-11", "L07")[2] == "27.27"
    names = {row["ledger_account"] for row in expected("balances")}
    assert "Liabilities:Collected:Hx" not in names


def test_platforms_weeks_and_days_with_a_pencil():
    # 18.51 of 348.50 is 5.31 %, 60.00 of it 17.2 %.
    key = {"platform": "humanitix"}
    assert look_up("platforms", "fee_rate", **key) == "5.3"
    assert look_up("platforms", "refund_rate", **key) == "17.2"
    # On 10 November: 100.00 + 210.00 + 111.00 + 99.00; back 10.00 and 30.00 of eb and
    # 32.00 of hx; 3.93 + 10.81 + 6.00 + 3.30 kept, 9.00 of tax remitted.
    this = {"week": "2026-11-02", "show": "L07"}
    assert look_up("weekly", "gross", **this) == "520.00"
    assert look_up("weekly", "refunded", **this) == "72.00"
    assert look_up("weekly", "net", **this) == "414.96"
    # Since 1 November, 0:00: one of eb, one guest of hx, one and two of wx.
    assert look_up("daily", "sold_since_yesterday", show="L07") == "5"


# In LibreOffice

SUMS = {
    ("figures", "gross"): "SUMIFS(T!H:H,T!C:C,{show},T!K:K,{account},T!M:M,1)",
    ("figures", "face"): "SUMIFS(T!F:F,T!C:C,{show},T!K:K,{account},T!M:M,1)",
    ("accounts", "gross"): "SUMIFS(T!H:H,T!K:K,{account},T!M:M,1,T!N:N,1)",
    ("accounts", "refunded"): "SUMIFS(R!E:E,R!K:K,{account})",
    ("closing", "sold"): (
        "SUMIFS(T!H:H,T!L:L,{currency},T!M:M,1,T!N:N,1,T!O:O,{month})"
    ),
    ("closing", "returned"): "SUMIFS(R!E:E,R!L:L,{currency},R!M:M,{month})",
}
# The tax of sales, order by order: elevenths of what is not given and not the
# platform's own, or a tenth of the price before it.
TAXED = {
    "gst as charged": "ROUND((O!N{n}+O!J{n}-O!I{n}-O!P{n}-{theirs})/11,2)",
    "jct inside": "ROUND(O!N{n}/11,0)",
    "gst on top": "ROUND((O!N{n}-O!K{n})*0.1,2)",
}


def number(text):
    try:
        return float(text)
    except ValueError:
        return text


def write_sheet(book, name, file):
    sheet = book.add_worksheet(name)
    with (BOOKS / file).open(encoding="utf-8", newline="") as stream:
        found = [*csv.reader(stream)]
    for at, row in enumerate(found):
        sheet.write_row(at, 0, [number(cell) if cell else "" for cell in row])
    return sheet, len(found)


def write_books(path):
    """
    The rows as they were typed, and beside them formulas whose results are not in the
    file. Columns are those of the CSV files; N says whether a date counts.
    """
    asked = []
    with xlsxwriter.Workbook(path) as book:
        _, number_of_orders = write_sheet(book, "O", "orders.csv")
        sheet, count = write_sheet(book, "T", "tickets.csv")
        for n in range(2, count + 1):
            of = f"MATCH(B{n},O!A:A,0)"
            sheet.write_formula(f"K{n}", f"=INDEX(O!B:B,{of})")
            sheet.write_formula(f"L{n}", f"=INDEX(O!F:F,{of})")
            paid = f'OR(INDEX(O!E:E,{of})="paid",INDEX(O!N:N,{of})<>0)'
            sheet.write_formula(f"M{n}", f"=IF({paid},1,0)")
            sheet.write_formula(f"N{n}", f'=IF(OR(C{n}="X20",C{n}="U20"),0,1)')
            sheet.write_formula(f"O{n}", f"=LEFT(INDEX(O!D:D,{of}),7)")
        sheet, count = write_sheet(book, "R", "refunds.csv")
        for n in range(2, count + 1):
            of = f"MATCH(A{n},O!A:A,0)"
            sheet.write_formula(f"K{n}", f"=INDEX(O!B:B,{of})")
            sheet.write_formula(f"L{n}", f"=INDEX(O!F:F,{of})")
            sheet.write_formula(f"M{n}", f"=LEFT(H{n},7)")
        sums = book.add_worksheet("Sums")
        for (file, column), formula in SUMS.items():
            for row in expected(file):
                quoted = {name: f'"{value}"' for name, value in row.items()}
                asked.append((row[column], formula.format(**quoted)))
        asked += [
            (row["tax"], tax_formula(row))
            for row in expected("worksheet")
            if row["flow"] == "sale" and row["treatment"] in TAXED
        ]
        for at, (_, formula) in enumerate(asked):
            sums.write_formula(at, 0, "=" + formula, None, "")
    assert number_of_orders == 51
    return [wanted for wanted, _ in asked]


def tax_formula(row):
    """
    The sum over the orders of a line of the worksheet, each rounded.
    """
    parts = []
    for n, order in enumerate(rows("orders.csv"), start=2):
        is_of = order["account"] == row["account"]
        counts = order["order"] not in ("tt-11", "tt-12")
        if is_of and counts and order["placed"].startswith(row["month"]):
            theirs = f"O!G{n}" if row["account"] == "hx" else "0"
            parts.append(TAXED[row["treatment"]].format(n=n, theirs=theirs))
    return "+".join(parts)


@pytest.fixture
def books(templates, home, frozen, monkeypatch, capsys):
    frozen(NOW)
    with templates.copied("sqlite", "empty") as place:
        found = Books(place)
        found.start(home, monkeypatch, capsys)
        yield found


# By hand from the expected files: sums over all rows of a currency.
EXPORTED = {
    ("sales", "charged"): {"AUD": "1745.59", "JPY": "16460", "KWD": "89.426"},
    ("sales", "refunded"): {"AUD": "337.15", "JPY": "5500", "KWD": "15.005"},
    ("refunds", "amount"): {"AUD": "337.15", "JPY": "5500", "KWD": "15.005"},
    ("fees", "amount"): {"AUD": "76.54", "JPY": "592"},
    ("financials", "gross"): {"AUD": "1715.59", "JPY": "16460", "KWD": "89.426"},
}


@needs.programs("soffice")
@pytest.mark.thorough
def test_libreoffice_adds_up_the_same(books, tmp_path):
    """
    It calculates the formulas of a workbook with the rows as they were typed; and of
    the workbooks that ticketsync exports it reads the same amounts.
    """
    wanted = write_books(tmp_path / "books.xlsx")
    names = dict.fromkeys(name for name, _ in EXPORTED)
    for name in names:
        books.run("export", name, "-o", str(tmp_path / f"{name}.xlsx"))
    files = [tmp_path / f"{name}.xlsx" for name in ("books", *names)]
    found = office.read_sheets(files, tmp_path / "office")
    sums = [Decimal(row[0]) for row in found["books", "Sums"]]
    assert len(wanted) > 60
    assert [
        (at, seen, amount)
        for at, (seen, amount) in enumerate(zip(sums, wanted, strict=True))
        if abs(seen - Decimal(amount)) >= Decimal("0.0005")
    ] == []
    for (name, column), amounts in EXPORTED.items():
        heading, *lines = found[name, name]
        exported = dict.fromkeys(amounts, Decimal())
        for line in lines:
            row = dict(zip(heading, line, strict=True))
            if row[column]:
                exported[row["currency"]] += Decimal(row[column].replace(",", ""))
        assert {c: str(amount) for c, amount in exported.items()} == amounts
