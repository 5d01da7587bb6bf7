"""
Files that cost a reader much and their author nothing: refused by name before they are
read, or read in time that grows with their size.
"""

import html
import struct
import zipfile

import pytest

from ticketsync.core import errors
from ticketsync.core.spreadsheets import (
    delimited,
    html_tables,
    merged_cells,
    number_formats,
    table_files,
    workbook_guards,
    xls_error_cells,
)
from ticketsync.core.spreadsheets.merged_cells import MergedCells
from ticketsync.core.spreadsheets.number_formats import CellCurrencies

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:'
    'office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
    "<office:spreadsheet>{}</office:spreadsheet></office:body>"
    "</office:document-content>"
)


def xlsx(path, *sheets, styles="", merged="", parts=0):
    """
    A workbook whose sheets have these rows, as XML.
    """
    numbers = range(1, len(sheets) + 1)
    named = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    places = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" '
        f'Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" '
            f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
            "</Relationships>",
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{named}</sheets>'
            "</workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}">{places}</Relationships>',
        )
        if styles:
            archive.writestr("xl/styles.xml", styles)
        for number, rows in zip(numbers, sheets, strict=True):
            sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{merged}'
            name = f"xl/worksheets/sheet{number}.xml"
            archive.writestr(name, f"{sheet}</worksheet>")
        for number in range(parts):
            archive.writestr(f"xl/media/{number}", b"")
    return path


def ods(path, *tables):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        content = "".join(
            f'<table:table table:name="T{n}">{rows}</table:table>'
            for n, rows in enumerate(tables)
        )
        archive.writestr("content.xml", ODS.format(content))
    return path


def row(number, cells):
    return f'<row r="{number}">{cells}</row>'


def cell(place, value=1, more=""):
    return f'<c r="{place}"{more}><v>{value}</v></c>'


def read_all(path):
    return [list(table.read()) for table in table_files.open_file(path).tables]


def refusal(path):
    with pytest.raises(errors.BadFile) as refused:
        read_all(path)
    return str(refused.value)


def read(path):
    (found,) = read_all(path)
    return found


def test_the_sheets_of_a_workbook_are_counted_together(tmp_path):
    stray = row(100_000, cell("T100000"))  # 2,000,000 cells
    said = refusal(xlsx(tmp_path / "a.xlsx", stray, stray))
    assert "a sheet of 100,000 × 20 cells, and 2,000,000 in those before it" in said
    one = '<table:table-cell office:value-type="float" office:value="1"/>'
    stray = (
        '<table:table-row table:number-rows-repeated="99999"><table:table-cell/>'
        f"</table:table-row><table:table-row>{one * 20}</table:table-row>"
    )
    said = refusal(ods(tmp_path / "a.ods", stray, stray))
    assert "2,000,000 in those before it" in said


def test_a_sheet_of_many_columns_may_have_fewer_cells(tmp_path):
    wide = xlsx(tmp_path / "a.xlsx", row(30, cell("XFD30")))
    assert len(read(wide)) == 1  # a stray cell in a short sheet: 491,520 cells
    said = refusal(xlsx(tmp_path / "b.xlsx", row(31, cell("XFD31"))))
    assert "a sheet of 31 × 16,384 cells, which no report has" in said
    repeated = (
        '<table:table-row table:number-rows-repeated="31"><table:table-cell '
        'table:number-columns-repeated="16384" office:value-type="float" '
        'office:value="1"/></table:table-row>'
    )
    assert "31 × 16,384" in refusal(ods(tmp_path / "a.ods", repeated))
    text = tmp_path / "a.csv"
    text.write_text((",".join(["x"] * 1_200) + "\n") * 500)
    assert "more than 500,000 cells" in refusal(text)


def test_cells_that_do_not_say_their_place_count(tmp_path):
    rows = "<row>" + "<c><v>1</v></c>" * 2_000 + "</row>"
    rows += "<row><c><v>1</v></c></row>" * 300
    assert "301 × 2,000" in refusal(xlsx(tmp_path / "a.xlsx", rows))


def test_an_archive_has_no_more_parts_than_a_workbook(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook_guards, "MOST_PARTS", 20)
    said = refusal(xlsx(tmp_path / "a.xlsx", row(1, cell("A1")), parts=30))
    assert "more than 20 parts" in said


def test_merged_ranges_are_read_row_by_row():
    merged = MergedCells([((0, 0), (0, 16_383)), ((2, 1), (3, 2))], 3, 3)
    assert [merged.of_row(n) for n in range(5)] == [
        {1, 2, 3},
        set(),
        {2},
        {1, 2},
        set(),
    ]
    everything = ((0, 0), (999_999, 16_383))
    assert MergedCells([everything], 1, 1).of_row(1) == {0, 1}
    with pytest.raises(OverflowError):
        merged_cells.MergedCells([everything] * 2, 1, 1)


def test_overlapping_merged_ranges_are_refused(tmp_path):
    merged = '<mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="A1:B3"/></mergeCells>'
    rows = row(1, cell("A1")) + row(2, cell("B2"))
    said = refusal(xlsx(tmp_path / "a.xlsx", rows, merged=merged))
    assert "merges more cells than it has" in said


def test_currencies_of_many_cells_side_by_side_take_one_entry():
    cells = CellCurrencies()
    cells.add_wide(2, range(1, 16_384), "EUR", rows=100_000)
    cells.add_wide(100_002, range(2), "USD")
    cells.add(100_002, 5, "GBP")
    assert cells.of_row(1) == {}
    assert len(cells.of_row(50_000)) == 16_383
    assert cells.of_row(100_002) == {0: "USD", 1: "USD", 5: "GBP"}


# Text without an end, which a search would follow to the end of the file for each of
# its beginnings: these tests would not end without the bounds.


def test_tags_without_an_end_are_each_read_once(tmp_path):
    endless = row(1, cell("A1")) + '<c t="e" ' * 400_000
    assert "not a readable workbook" in refusal(xlsx(tmp_path / "a.xlsx", endless))
    spaces = f'<row r="1"><c r="A1"><f>1</f>{" " * 500_000}x</c></row>'
    opened = table_files.open_file(xlsx(tmp_path / "b.xlsx", spaces))
    assert len(opened.tables) == 1


def test_formats_and_styles_without_an_end_are_each_read_once(tmp_path):
    assert number_formats.currency_in("[$" * 100_000) == ""
    assert number_formats.currency_in("[$EUR] 0.00") == "EUR"
    euros = '<numFmt numFmtId="200" formatCode="[$EUR] 0.00"/>'
    begun = euros + "<cellXfs>" * 300_000
    assert number_formats.currencies_of_styles(begun) == {}
    whole = euros + '<cellXfs><xf numFmtId="0"/><xf numFmtId="200"/></cellXfs>'
    assert number_formats.currencies_of_styles(whole) == {1: "EUR"}


def test_many_styles_cost_each_cell_nothing(tmp_path):
    formats = "".join(
        f'<numFmt numFmtId="{n}" formatCode="{html.escape("[$EUR] 0")}"/>'
        for n in range(200, 40_200)
    )
    used = "".join(f'<xf numFmtId="{n}"/>' for n in range(200, 40_200))
    styles = f"<styleSheet>{formats}<cellXfs>{used}</cellXfs></styleSheet>"
    rows = "".join(row(n, cell(f"A{n}", more=' s="39999"')) for n in range(1, 20_001))
    path = xlsx(tmp_path / "a.xlsx", rows, styles=styles)
    data = path.read_bytes()
    with workbook_guards.open_zip("a.xlsx", data) as archive:
        scan = workbook_guards.scan_xlsx("a.xlsx", archive).scan_of("S1")
    assert scan.currencies.of_row(19_999) == {0: "EUR"}


def page(tmp_path, body):
    file = tmp_path / "page.xls"
    file.write_text(f"<html><table><tr><td>Order</td></tr>\n{body}")
    return file


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<a \n" * 100_000, "a tag without an end"),
        ("<td a=\"'\n" * 100_000, "a tag without an end"),
        ("<tr><td colspan=1000>x</td></tr>\n" * 1_100, "more than 1,000,000 cells"),
        ("<tr><td colspan=1000></td></tr>\n" * 1_100, "more than 1,000,000 cells"),
        ("<tr>" + "<td colspan=1000>x</td>\n" * 20, "a row of more than 16,384 cells"),
        ("<table><tr><td>\n" * 1_001, "more than 1,000 tables"),
        ("<br><br>\n" * 750_001, "more than 1,500,000 tags"),
    ],
)
def test_a_page_that_no_program_exported_is_refused(tmp_path, body, reason):
    assert reason in refusal(page(tmp_path, body))


def test_comments_and_declarations_are_left_out(tmp_path):
    body = "<!--[if gte mso 9]><xml>x</xml><![endif]--><!DOCTYPE x><tr><td>A-1</td>"
    rows = read(page(tmp_path, body + "<!--\n" * 300_000))
    assert [found.cells for found in rows] == [("Order",), ("A-1",)]
    rows = read(page(tmp_path, "<tr><td>A-1</td></tr>" + "<!\n" * 300_000))
    assert [found.cells for found in rows] == [("Order",), ("A-1",)]


def test_the_bounds_are_those_that_are_documented():
    assert (workbook_guards.MOST_CELLS, delimited.MOST_CELLS) == (3_000_000,) * 2
    assert (workbook_guards.MOST_WIDE_CELLS, delimited.MOST_WIDE_CELLS) == (
        500_000,
    ) * 2
    assert html_tables.MOST_CELLS == 1_000_000


def test_the_sheets_of_an_old_workbook_are_counted_together(monkeypatch):
    """
    Two sheets of 12 rows and 250 columns each, whatever they say of themselves.
    """

    def record(kind, body):
        return struct.pack("<HH", kind, len(body)) + body

    begin = record(0x0809, b"\x00\x06\x10\x00")
    single = record(0x0203, struct.pack("<HHHd", 11, 3, 0, 1.0))
    several = record(0x00BD, struct.pack("<HH", 0, 0) + b"\x00" * 6 + b"\xf9\x00")
    stream = (begin + single + several) * 2
    xls_error_cells._refuse_large("a.xls", stream)
    monkeypatch.setattr(workbook_guards, "MOST_CELLS", 5_999)
    with pytest.raises(errors.BadFile, match="sheets of more than 5,999 cells"):
        xls_error_cells._refuse_large("a.xls", stream)
