"""
Sheets and rows of a workbook of which a person cannot know whether they count: a sheet
that is nearly a report waits by name, and rows that nobody sees are named.
"""

import subprocess
import zipfile

import pytest
import xlsxwriter
from support import needs
from support.report_folder import GALA, HEADING, ReportFolder

from ticketsync.core.spreadsheets import table_files

HEADINGS = HEADING.split(",")
NIGHT = GALA.split(",")


@pytest.fixture
def folder(tmp_path):
    found = ReportFolder(tmp_path)
    found.recipe()
    return found


def sale(number):
    return [str(number), *NIGHT, "Adult", 1, 40]


def write(folder, hidden_rows=(), hidden_sheets=(), **sheets):
    file = folder.path / "in" / "a.xlsx"
    book = xlsxwriter.Workbook(file)
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
        for place in hidden_rows:
            sheet.set_row(place, None, None, {"hidden": True})
        if name in hidden_sheets:
            sheet.hide()
    book.close()
    return file


def renamed(old, new, *more):
    return [new if name == old else name for name in HEADINGS] + list(more)


@pytest.mark.parametrize(
    ("heading", "lacking"),
    [
        (renamed("Total", "Amount"), "'Total'"),
        (renamed("Order", "Booking"), "'Order'"),
        (renamed("Qty", "Number", "Notes"), "'Qty'"),
    ],
)
def test_a_sheet_with_one_renamed_heading_waits_by_name(folder, heading, lacking):
    write(folder, Nov=[HEADINGS, sale(1)], Dec=[heading, sale(2)])
    if len(heading) > 6:  # 5 of 7 headings are equal: a list of something else
        assert folder.provider().unread_files() == {}
        return
    assert list(folder.orders()) == ["1"]
    provider = folder.provider()
    found = provider.unread_files()
    assert list(found) == ["a.xlsx, sheet Dec"]
    assert found["a.xlsx, sheet Dec"].message == (
        "a.xlsx: the sheet 'Dec' is like one that is read, but its headings (sheet "
        f"Dec, row 1) lack {lacking}."
    )
    assert provider.is_readable()
    assert provider.notes() == ()


@pytest.mark.parametrize(
    "rows",
    [
        [["Show", "Starts", "Type", "Qty", "Total"], [*NIGHT, "Adult", 1, 40]],
        [["Order", "Name", "Phone", "Show", "Seat", "Notes"], ["1", *"abcde"]],
        [renamed("Total", "Amount")],  # without data
        [["Exported on 1 December"]],
    ],
)
def test_a_summary_or_a_list_of_something_else_is_a_note(folder, rows):
    write(folder, Nov=[HEADINGS, sale(1)], Other=rows)
    assert folder.provider().unread_files() == {}
    assert folder.provider().notes() == ("a.xlsx: the sheet 'Other' was not read",)


def test_a_sheet_that_is_hidden_or_not_chosen_is_a_note(folder):
    other = [renamed("Total", "Amount"), sale(2)]
    write(folder, Nov=[HEADINGS, sale(1)], Dec=other, hidden_sheets=["Dec"])
    assert folder.provider().notes() == ("a.xlsx: the hidden sheet 'Dec' was not read",)
    write(folder, Nov=[HEADINGS, sale(1)], Dec=other)
    folder.recipe("sheet: Nov")
    assert folder.provider().unread_files() == {}


def test_rows_that_are_hidden_count_and_are_named(folder):
    write(
        folder,
        hidden_rows=(2, 3),
        Nov=[HEADINGS, sale(1), sale(2), sale(3), sale(4), ["Total", "", "", "", 4]],
    )
    assert sorted(folder.orders()) == ["1", "2", "3", "4"]
    assert folder.provider().notes()[-1] == (
        "a.xlsx: 2 rows that the workbook hides or filters out counted like the others "
        "(sheet Nov, row 3; sheet Nov, row 4)"
    )


def test_a_hidden_title_is_not_named(folder):
    write(folder, hidden_rows=(0,), Nov=[["Sales"], HEADINGS, sale(1)])
    assert folder.provider().notes() == ()


ODS_ROW = (
    '<table:table-row{}><table:table-cell office:value-type="float" '
    'office:value="{}"/></table:table-row>'
)


def test_hidden_rows_of_an_open_document_are_seen(tmp_path):
    rows = [
        ODS_ROW.format("", 1),
        ODS_ROW.format(' table:visibility="filter"', 2),
        ODS_ROW.format(
            ' table:visibility="collapse" table:number-rows-repeated="2"', 3
        ),
        ODS_ROW.format("", 4),
        '<table:table-row table:visibility="collapse" '
        'table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>',
    ]
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content{spaces}><office:body>'
        f'<office:spreadsheet><table:table table:name="S">{"".join(rows)}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    file = tmp_path / "a.ods"
    with zipfile.ZipFile(file, "w") as archive:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr("mimetype", kind)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest='
            '"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry '
            f'manifest:full-path="/" manifest:media-type="{kind}"/>'
            "</manifest:manifest>",
        )
    found = [
        (row.cells[0], row.is_hidden)
        for row in table_files.open_file(file).tables[0].read()
    ]
    assert found == [
        ("1", False), ("2", True), ("3", True), ("3", True), ("4", False)
    ]  # fmt: skip


@needs.programs("soffice")
@pytest.mark.parametrize("ending", ["ods", "xls", "xlsx"])
@pytest.mark.thorough
def test_hidden_rows_are_seen_in_what_libreoffice_writes(
    folder, tmp_path, office_profile, ending
):
    file = write(folder, hidden_rows=(2,), Nov=[HEADINGS, sale(1), sale(2), sale(3)])
    subprocess.run(
        [
            *("soffice", f"-env:UserInstallation=file://{office_profile}"),
            *("--headless", "--convert-to", ending, "--outdir", tmp_path / "out"),
            file,
        ],
        check=True,
        capture_output=True,
        timeout=100,
    )
    (table,) = table_files.open_file(tmp_path / "out" / f"a.{ending}").tables
    assert [row.cells[0] for row in table.read() if row.is_hidden] == ["2"]


@pytest.mark.parametrize(
    "title",
    ["Abandoned carts", "Waiting list", "Waitlist", "Test orders", "Credit notes"],
)
def test_titles_of_what_was_never_sold_set_their_rows_aside(folder, title):
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,40.00", title, f"2,{GALA},,1,40.00")
    found = folder.orders()
    assert found["1"].charged == 4000
    assert repr(title) in found["2"]


@pytest.mark.parametrize("title", ["Abandoned", "Crash Test", "Test match", "Carts"])
def test_titles_of_shows_are_no_such_titles(folder, title):
    folder.put("a.csv", HEADING, f"1,{GALA},Adult,1,40.00", title, f"2,{GALA},,1,40.00")
    found = folder.orders()
    assert [found[number].charged for number in ("1", "2")] == [4000, 4000]
