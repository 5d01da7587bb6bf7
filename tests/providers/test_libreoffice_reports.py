"""
One sheet as LibreOffice writes it: in four formats, as text in three locales, and saved
by it once more. All give the same figures.
"""

import csv
import shutil
import subprocess

import pytest
import xlsxwriter
from support import needs
from support.made_reports import HEADING, RECIPE

from ticketsync.core.records import TicketStatus
from ticketsync.core.spreadsheets import table_files
from ticketsync.core.spreadsheets.rows import UNKNOWN
from ticketsync.providers.file_import import FileImport

pytestmark = needs.programs("soffice")
LOCALES = ["en-AU", "de-DE", "fr-FR"]
SETTINGS = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale"
 oor:op="fuse"><value>{locale}</value></prop></item>
</oor:items>
"""
# Amounts with thousands and cents, a refund, a guest, one computed amount.
ROWS = [
    ["1001", "Gala", "2026-12-05 19:30", "Adult", "2", "2501.50", "-12.25"],
    ["1001", "Gala", "2026-12-05 19:30", "Child", "1", "15.00", "-0.50"],
    ["1002", "Café Swing", "2026-12-22 14:00", "Adult", "3", "90.65", "-4.50"],
    ["1002", "Café Swing", "2026-12-22 14:00", "Adult", "-1", "-30.00", "0"],
    ["1003", "Gala", "2026-12-05 19:30", "Guest", "1", "0", "0"],
]
# By hand: valid tickets, paid, refunded, kept, in cents.
FIGURES = {
    "1001": (3, 251650, 0, 1275),
    "1002": (2, 9065, 3000, 450),
    "1003": (1, 0, 0, 0),
}
ERRORS = {
    "=1/0": "#DIV/0!",
    "=NA()": "#N/A",
    "=A1+1": "#VALUE!",
    "=SUM(#REF!)": "#REF!",
}
STARTS = {
    "1001": "Gala @ 2026-12-05T08:30:00Z",
    "1002": "Café Swing @ 2026-12-22T03:00:00Z",
    "1003": "Gala @ 2026-12-05T08:30:00Z",
}


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """
    Converts a file in LibreOffice; the path of what it wrote.
    """
    profiles = tmp_path_factory.mktemp("profiles")

    def convert(file, filter_, folder, *, infilter="", locale="en-AU"):
        folder.mkdir(parents=True, exist_ok=True)
        profile = profiles / locale
        if not profile.exists():
            (profile / "user").mkdir(parents=True)
            (profile / "user" / "registrymodifications.xcu").write_text(
                SETTINGS.format(locale=locale)
            )
        ending = filter_.partition(":")[0]
        command = ["soffice", f"-env:UserInstallation=file://{profile}", "--headless"]
        if infilter:
            command.append(f"--infilter={infilter}")
        command += ["--convert-to", filter_, "--outdir", str(folder), str(file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180)
        written = folder / f"{file.stem}.{ending}"
        assert written.exists(), done.stdout + done.stderr
        return written

    return convert


@pytest.fixture(scope="module")
def workbook(office, tmp_path_factory):
    """
    The sheet as a workbook of LibreOffice, its numbers and dates as such.
    """
    folder = tmp_path_factory.mktemp("sheet")
    source = folder / "sales.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADING, *ROWS])
    # Comma, quotation mark, UTF-8; the order is a text, the third column a date (YMD).
    tokens = "44,34,76,1,1/2/2/2/3/5/4/2/5/1/6/1/7/1,1033"
    return office(
        source, "ods", folder / "ods", infilter=f"Text - txt - csv (StarCalc):{tokens}"
    )


# Delimited text: semicolons, UTF-8, cells as they are shown.
TEXT = "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,true"


def figures(folder, file):
    """
    What a report says, as `FIGURES` and `STARTS` have it; fails for a row set aside.
    """
    (folder / "in").mkdir(parents=True)
    (folder / "r.yaml").write_text(RECIPE)
    shutil.copy(file, folder / "in" / file.name)
    provider = FileImport(
        None, {"recipe": str(folder / "r.yaml"), "watch": str(folder / "in")}
    )
    found, starts = {}, {}
    for page in provider.fetch_all_orders(None, None, workers=1):
        for raw in page.records:
            order = provider.parse_order(raw)
            found[order.id] = (
                sum(t.status is TicketStatus.VALID for t in order.tickets),
                order.charged,
                sum(refund.amount for refund in order.refunds),
                order.total_fees or 0,
            )
            starts[order.id] = order.occurrence_id
    return found, starts


@pytest.mark.parametrize("ending", ["ods", "xlsx", "xls", "html"])
@pytest.mark.thorough
def test_every_format_gives_the_same_figures(office, workbook, tmp_path, ending):
    file = office(workbook, ending, tmp_path / "written")
    assert figures(tmp_path / "once", file) == (FIGURES, STARTS)
    # Without a filter it opens a page as a document for the web.
    as_sheet = {"infilter": "HTML (StarCalc)"} if ending == "html" else {}
    again = office(file, ending, tmp_path / "again", **as_sheet)
    assert figures(tmp_path / "twice", again) == (FIGURES, STARTS)


@pytest.mark.parametrize("ending", ["xls", "ods"])
@pytest.mark.thorough
def test_error_cells_are_named_in_the_formats_that_others_write(
    office, tmp_path, ending
):
    """
    A sheet with one row for each kind of error, among enough good ones that the file
    is stored in large blocks; the sheet's name is not Latin.
    """
    source = tmp_path / "sales.xlsx"
    workbook = xlsxwriter.Workbook(str(source))
    sheet = workbook.add_worksheet("Verkäufe €")
    sheet.write_row(0, 0, HEADING)
    for number in range(1, 41):
        row = [f"A{number}", *ROWS[0][1:]]
        sheet.write_row(number, 0, [*row[:4], 2, 50, 1])
    for number, (formula, value) in enumerate(ERRORS.items()):
        sheet.write_formula(10 * number + 5, 5, formula, None, value)
    workbook.close()
    file = office(source, ending, tmp_path / "written")

    opened = table_files.open_file(file)
    (table,) = opened.tables
    named = {
        row.cells[0] for row in table.read() if any(k in UNKNOWN for k in row.kinds)
    }

    assert table.name == "Verkäufe €"
    assert named == {"A5", "A15", "A25", "A35"}


@pytest.mark.parametrize("ending", ["xls", "ods", "xlsx"])
@pytest.mark.thorough
def test_percentages_are_known_in_the_formats_that_others_write(
    office, tmp_path, ending
):
    source = tmp_path / "sales.xlsx"
    with xlsxwriter.Workbook(str(source)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADING)
        for row, code in enumerate(("0%", "0.000%", "0.00", "General"), 1):
            as_shown = book.add_format({"num_format": code})
            sheet.write_row(row, 0, ["A1", *ROWS[0][1:4]])
            sheet.write_row(row, 4, [0.5, 0.25], as_shown)
            sheet.write_formula(row, 6, f"=E{row + 1}", as_shown, 0.5)
    (table,) = table_files.open_file(office(source, ending, tmp_path / "in")).tables
    _, *rows = table.read()
    assert [row.shown_in or {} for row in rows] == [
        {4: "%", 5: "%", 6: "%"},
        {4: "%", 5: "%", 6: "%"},
        {},
        {},
    ]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.thorough
def test_text_of_every_locale_gives_the_same_figures(
    office, workbook, tmp_path, locale
):
    file = office(workbook, TEXT, tmp_path / "written", locale=locale)
    has_comma = locale != "en-AU"
    assert ("90,65" in file.read_text(encoding="utf-8")) == has_comma
    assert figures(tmp_path / "once", file) == (FIGURES, STARTS)
    again = office(
        file,
        TEXT,
        tmp_path / "again",
        infilter="Text - txt - csv (StarCalc):59,34,76,1,1/2/2/2",
        locale=locale,
    )
    assert figures(tmp_path / "twice", again) == (FIGURES, STARTS)
