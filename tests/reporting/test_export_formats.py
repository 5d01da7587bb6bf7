"""
One report in every format: the same values, types and sums, read back by programs that
are not ours.
"""

import csv
import io
import json
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from python_calamine import CalamineWorkbook
from support import needs

from ticketsync.core import clock, errors
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.reporting import export_formats, output_files, parquet, workbooks

COLUMNS = (
    Column("name"),
    Column("gross", Kind.MONEY),
    Column("currency"),
    Column("fees", Kind.MONEY),
    Column("tickets", Kind.COUNT),
    Column("show_id", Kind.ID),
    Column("placed_at", Kind.INSTANT),
    Column("starts_local", Kind.LOCAL),
    Column("on_day", Kind.DAY),
    Column("is_comp", Kind.FLAG),
    Column("share", Kind.RATE),
    Column("whole", Kind.MONEY, is_repeated=True),
)
AT = datetime(2026, 10, 3, 15, 30, 5, tzinfo=UTC)  # 01:30:05 in Sydney, the next day
ROWS = (
    *[("=1+1", 1234_56, "AUD", 3_01, 2, 7, AT, "2026-11-27 19:30", "2026-10-03")],
    *[("@SUM(A1)", -5_00, "AUD", 99, 0, 7, AT, "2026-11-27 19:30", "2026-10-03")],
    *[("+61 400", 980, "JPY", None, 1, None, None, None, None)],
    *[("007", 18_605, "KWD", 5, 3, 9, AT, "2026-11-28 20:00", "2026-10-04")],
    *[('a "b", c\nd', 0, "AUD", 0, 1, 7, AT, "2026-11-27 19:30", "2026-10-03")],
)
MORE = (
    (True, 35_000, 10_00),
    (False, None, 10_00),
    (None, 0, 980),
    (True, 1, 1),
    (False, 0, 5),
)
WHOLE = [(*row, *more) for row, more in zip(ROWS, MORE, strict=True)]
GOLDEN_CSV = """\
name,gross,currency,fees,tickets,show_id,placed_at,\
starts_local,on_day,is_comp,share,whole
'=1+1,1234.56,AUD,3.01,2,7,2026-10-03T15:30:05Z,\
2026-11-27 19:30,2026-10-03,True,3.5,10.00
'@SUM(A1),-5.00,AUD,0.99,0,7,2026-10-03T15:30:05Z,\
2026-11-27 19:30,2026-10-03,False,,10.00
'+61 400,980,JPY,,1,,,,,,0.0,980
007,18.605,KWD,0.005,3,9,2026-10-03T15:30:05Z,\
2026-11-28 20:00,2026-10-04,True,0.0,0.001
"a ""b"", c
d",0.00,AUD,0.00,1,7,2026-10-03T15:30:05Z,\
2026-11-27 19:30,2026-10-03,False,0.0,0.05
"""
FIRST = (
    '{"name": "=1+1", "gross": "1234.56", "currency": "AUD", "fees": "3.01", '
    '"tickets": 2, "show_id": 7, "placed_at": "2026-10-03T15:30:05Z", '
    '"starts_local": "2026-11-27 19:30", "on_day": "2026-10-03", "is_comp": true, '
    '"share": "3.5", "whole": "10.00"}'
)
# Comma, quotation mark, UTF-8, cells as stored, every sheet.
AS_STORED = "44,34,76,1,,0,false,true,false,false,false,-1"
PLAIN = export_formats.CsvStyle()


@pytest.fixture(autouse=True)
def moment(monkeypatch):
    monkeypatch.setattr(clock, "_now", lambda: AT)


def report(rows=WHOLE, columns=COLUMNS, **more):
    more = {"name": "sales", "zone": "Australia/Sydney", **more}
    return export_formats.Report(table=Table(columns, iter(rows)), **more)


def text(format, style=PLAIN, **more):
    stream = io.StringIO()
    assert export_formats.write_text(report(**more), format, stream, style) == len(
        WHOLE
    )
    return stream.getvalue()


@pytest.fixture
def workbook(tmp_path):
    file = tmp_path / "sales.xlsx"
    assert export_formats.write_path(report(), "xlsx", file) == len(WHOLE)
    return file


def test_csv_and_json_are_as_they_always_were():
    assert text("csv") == GOLDEN_CSV
    assert text("json").startswith("[\n" + FIRST + ",\n{")
    assert text("json").endswith('"0.05"}\n]\n') or text("json").endswith("\n]\n")


def test_json_lines_are_the_objects_of_the_json():
    lines = text("jsonl").splitlines()
    assert lines[0] == FIRST
    assert [json.loads(line) for line in lines] == json.loads(text("json"))


def test_a_csv_for_excel_begins_with_a_mark_and_is_else_the_same():
    style = export_formats.CsvStyle(for_excel=True)
    assert text("csv", style) == "\ufeff" + GOLDEN_CSV
    head = text("csv", style).encode()
    assert output_files.is_csv([column.name for column in COLUMNS])(head)


def test_a_workbook_has_real_numbers_and_dates(workbook):
    book = CalamineWorkbook.from_path(workbook)
    assert book.sheet_names == ["About", "sales", "Totals"]
    heading, first, second, third, fourth, last = book.get_sheet_by_name(
        "sales"
    ).to_python()
    assert heading[6] == "placed_at (Australia/Sydney)"
    assert first == [
        *("=1+1", 1234.56, "AUD", 3.01, 2.0, 7.0),
        *(datetime(2026, 10, 4, 1, 30, 5), datetime(2026, 11, 27, 19, 30)),
        *(date(2026, 10, 3), True, 0.035, 10.0),
    ]
    assert second[:4] == ["@SUM(A1)", -5.0, "AUD", 0.99]
    assert third == ["+61 400", 980.0, "JPY", "", 1.0, "", "", "", "", "", 0.0, 980.0]
    assert fourth[:4] == ["007", 18.605, "KWD", 0.005]
    assert last[0] == 'a "b", c\nd'


def test_the_totals_of_a_workbook_are_values_for_each_currency(workbook):
    """
    An unknown part makes a sum unknown; what is repeated is not summed.
    """
    totals = CalamineWorkbook.from_path(workbook).get_sheet_by_name("Totals")
    assert totals.to_python() == [
        ["currency", "gross", "fees", "tickets"],
        ["AUD", 1229.56, 4.0, 3.0],
        ["JPY", 980.0, "", 1.0],
        ["KWD", 18.605, 0.005, 3.0],
    ]


def test_a_workbook_says_what_it_is(tmp_path):
    file = tmp_path / "x.xlsx"
    about = [("sold", "October 2026")]
    export_formats.write_path(report(about=about), "xlsx", file)
    lines = CalamineWorkbook.from_path(file).get_sheet_by_name("About").to_python()
    said = dict(lines)
    assert said["report"] == "sales"
    assert said["sold"] == "October 2026"
    assert said["made"] == "2026-10-04 01:30:05 in Australia/Sydney"
    assert said["made by"].startswith("ticketsync ")
    assert "Australia/Sydney" in said["times"]


def xml_of(file):
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_f123_a_workbook_has_no_formula_and_looks_as_promised(workbook):
    parts = xml_of(workbook)
    sheets = [body for name, body in parts.items() if name.startswith("xl/worksheets")]
    assert len(sheets) == 3
    assert not any("<f>" in body or "<f " in body for body in sheets)
    assert "=1+1" in sheets[1]
    assert 'state="frozen"' in sheets[1]
    assert '<autoFilter ref="A1:L6"/>' in sheets[1]
    for shape in ('"#,##0.00"', '"#,##0.000"', '"#,##0"', "yyyy-mm-dd hh:mm:ss"):
        assert shape.strip('"') in parts["xl/styles.xml"] or shape == '"#,##0"'


def test_the_same_rows_and_moment_give_the_same_bytes(tmp_path):
    for format in ("xlsx", "parquet"):
        files = [tmp_path / f"{number}.{format}" for number in (1, 2)]
        for file in files:
            export_formats.write_path(report(), format, file)
        assert files[0].read_bytes() == files[1].read_bytes()


def test_more_rows_than_a_sheet_has_continue_on_the_next_one(tmp_path, monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_ROWS", 2)
    file = tmp_path / "x.xlsx"
    assert export_formats.write_path(report(), "xlsx", file) == 5
    book = CalamineWorkbook.from_path(file)
    names = ["sales", "sales (2)", "sales (3)"]
    assert book.sheet_names == ["About", *names, "Totals"]
    rows = [book.get_sheet_by_name(name).to_python() for name in names]
    assert [len(sheet) - 1 for sheet in rows] == [2, 2, 1]
    assert len({sheet[0][0] for sheet in rows}) == 1
    assert [row[0] for sheet in rows for row in sheet[1:]] == [row[0] for row in WHOLE]
    assert workbooks.parts_of(5) == 3
    assert workbooks.parts_of(4) == 2
    assert workbooks.parts_of(0) == 1


@pytest.mark.parametrize("minor", [10**15, -(10**15)])
def test_an_amount_that_a_spreadsheet_would_round_is_refused(tmp_path, minor):
    columns = (Column("gross", Kind.MONEY), Column("currency"), Column("n", Kind.COUNT))
    for row in ((minor, "AUD", 1), (1, "AUD", minor)):
        with pytest.raises(errors.UsageError, match="15 digits") as refused:
            export_formats.write_path(report([row], columns), "xlsx", tmp_path / "x")
        assert refused.value.word == "too-many-digits"
    file = tmp_path / "y.xlsx"
    exact = minor // abs(minor) * (10**15 - 1)
    export_formats.write_path(report([(exact, "AUD", 1)], columns), "xlsx", file)
    cell = CalamineWorkbook.from_path(file).get_sheet_by_name("sales").to_python()[1][0]
    assert Decimal(f"{cell:.2f}") == Decimal(exact) / 100


def test_a_date_before_spreadsheets_is_a_text(tmp_path):
    file = tmp_path / "x.xlsx"
    rows = [("1899-05-01",), ("0001-01-01",), ("1900-03-01",)]
    export_formats.write_path(report(rows, (Column("on", Kind.DAY),)), "xlsx", file)
    found = CalamineWorkbook.from_path(file).get_sheet_by_name("sales").to_python()
    assert found[1:] == [["1899-05-01"], ["0001-01-01"], [date(1900, 3, 1)]]


def test_parquet_keeps_types_and_exact_decimals(tmp_path):
    file = tmp_path / "sales.parquet"
    assert export_formats.write_path(report(), "parquet", file) == len(WHOLE)
    with duckdb.connect(":memory:") as connection:
        source = f"read_parquet('{file}')"
        types = {
            name: kind
            for name, kind, *_ in connection.execute(
                f"DESCRIBE SELECT * FROM {source}"
            ).fetchall()
        }
        sums = connection.execute(
            f"SELECT currency, sum(gross), sum(fees), sum(tickets) FROM {source} "
            "GROUP BY currency ORDER BY currency"
        ).fetchall()
        rows = connection.execute(
            f"SELECT name, show_id, epoch(placed_at), starts_local, on_day, is_comp, "
            f"share FROM {source}"
        ).fetchall()
    assert types["gross"] == types["fees"] == types["whole"] == "DECIMAL(18,3)"
    assert types["placed_at"] == "TIMESTAMP WITH TIME ZONE"
    assert (types["is_comp"], types["tickets"]) == ("BOOLEAN", "BIGINT")
    assert sums == [
        ("AUD", Decimal("1229.560"), Decimal("4.000"), 3),
        ("JPY", Decimal("980.000"), None, 1),
        ("KWD", Decimal("18.605"), Decimal("0.005"), 3),
    ]
    assert rows[0] == (
        *("=1+1", 7, AT.timestamp(), datetime(2026, 11, 27, 19, 30)),
        *(date(2026, 10, 3), True, Decimal("3.5")),
    )
    assert rows[2] == ("+61 400", None, None, None, None, None, Decimal("0.0"))
    assert [row[0] for row in rows] == [row[0] for row in WHOLE]


@pytest.mark.parametrize(
    "name",
    ["", "NULL", "\\N", ".", "'", '"', "a\r\nb", "\r", "陳大文", "محمد", ",", "\t"],
)
def test_parquet_keeps_every_text(tmp_path, name):
    file = tmp_path / "x.parquet"
    columns = (Column("a"), Column("b"))
    export_formats.write_path(report([(name, None)] * 2, columns), "parquet", file)
    with duckdb.connect(":memory:") as connection:
        found = connection.execute(f"SELECT * FROM read_parquet('{file}')").fetchall()
    assert found == [(name, None)] * 2


def test_parquet_refuses_an_amount_that_its_column_cannot_hold(tmp_path):
    columns = (Column("gross", Kind.MONEY), Column("currency"))
    rows = [(10**17, "JPY"), (5, "KWD")]
    with pytest.raises(errors.UsageError, match="more digits") as refused:
        export_formats.write_path(report(rows, columns), "parquet", tmp_path / "x")
    assert refused.value.word == "too-many-digits"


def test_without_duckdb_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(errors.ConfigurationError) as refused:
        parquet.write_parquet(report().table, "sales", tmp_path / "x")
    assert "pip install 'ticketsync[parquet]'" in refused.value.hint


def test_an_empty_report_is_a_file_in_every_format(tmp_path):
    assert text_of_empty("csv").startswith("name,gross")
    assert json.loads(text_of_empty("json")) == []
    assert text_of_empty("jsonl") == ""
    for format in ("xlsx", "parquet"):
        file = tmp_path / f"x.{format}"
        assert export_formats.write_path(report([]), format, file) == 0
    book = CalamineWorkbook.from_path(tmp_path / "x.xlsx")
    assert len(book.get_sheet_by_name("sales").to_python()) == 1
    with duckdb.connect(":memory:") as connection:
        found = connection.execute(
            f"SELECT count(*) FROM read_parquet('{tmp_path / 'x.parquet'}')"
        )
        assert found.fetchall() == [(0,)]


def text_of_empty(format):
    stream = io.StringIO()
    assert export_formats.write_text(report([]), format, stream, PLAIN) == 0
    return stream.getvalue()


@pytest.mark.parametrize("format", export_formats.FORMATS)
def test_an_earlier_file_of_the_same_report_is_recognised(tmp_path, format):
    """
    And no other report's, nor one that is not ours.
    """
    file = tmp_path / "file"
    if format in export_formats.TEXT:
        file.write_text(text(format))
    else:
        export_formats.write_path(report(), format, file)
    other = report(name="refunds", columns=(Column("other"),), rows=[])
    head = file.read_bytes()
    assert export_formats.recognised(report(), format)(head)
    assert not export_formats.recognised(other, format)(head)
    assert not export_formats.recognised(report(), format)(b"PK\3\4docProps/core.xml")


@needs.programs("soffice")
@pytest.mark.thorough
def test_libreoffice_reads_the_same(workbook, tmp_path, office_profile):
    subprocess.run(
        [
            *("soffice", f"-env:UserInstallation=file://{office_profile}"),
            *("--headless", "--convert-to"),
            f"csv:Text - txt - csv (StarCalc):{AS_STORED}",
            *("--outdir", str(tmp_path), str(workbook)),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    totals = (tmp_path / "sales-Totals.csv").read_text()
    assert totals.splitlines() == [
        "currency,gross,fees,tickets",
        "AUD,1229.56,4,3",
        "JPY,980,,1",
        "KWD,18.605,0.005,3",
    ]
    rows = list(csv.reader(io.StringIO((tmp_path / "sales-sales.csv").read_text())))
    assert [row[0] for row in rows[1:]] == [row[0] for row in WHOLE]
    assert rows[1][6] == "2026-10-04 01:30:05"
    assert rows[4][1] == "18.605"


@pytest.mark.parametrize("ending", ["pdf", "xls", "ods", "html"])
def test_a_file_of_another_kind_is_not_filled_with_csv(ending):
    with pytest.raises(errors.UsageError, match=f"no export format '{ending}'"):
        export_formats.chosen_format("", Path(f"sales.{ending}"))
    assert export_formats.chosen_format("csv", Path(f"sales.{ending}")) == "csv"
    assert export_formats.chosen_format("", Path("sales.2026")) == "csv"
