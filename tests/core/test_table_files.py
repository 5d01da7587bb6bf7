"""
What a file is decide its bytes, not its name; what no report can be is refused by name
before it costs memory.
"""

import io
import pathlib
import resource
import struct
import subprocess
import sys
import zipfile
from datetime import datetime

import pytest
import xlsxwriter
from support import bombs

from ticketsync.core import errors
from ticketsync.core.settings import plain_yaml
from ticketsync.core.spreadsheets import delimited, rows, sheets, table_files

HEADING = ("Order", "Show", "Total")


def workbook(*sheets_, hidden=()):
    """
    The bytes of a workbook with these sheets: (name, rows).
    """
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for name, lines in sheets_:
        sheet = book.add_worksheet(name)
        if name in hidden:
            sheet.hide()
        else:
            sheet.activate()
            sheet.set_first_sheet()
        for number, cells in enumerate(lines):
            for column, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, column, cell, moment)
                elif cell == "=NA()":
                    sheet.write_formula(number, column, cell, None, "#N/A")
                elif cell is not None:
                    sheet.write(number, column, cell)
    book.close()
    return data.getvalue()


def read(path, data):
    path.write_bytes(data)
    opened = table_files.open_file(path)
    return [row.cells for row in sheets.rows_of(opened)], opened


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "a.xls", "report"])
def test_a_workbook_is_one_whatever_its_name(tmp_path, name):
    found, _ = read(tmp_path / name, workbook(("S", [HEADING, ("1", "Gala", 25)])))
    assert found == [HEADING, ("1", "Gala", "25")]


def test_cells_keep_their_column_and_say_what_they_are(tmp_path):
    moment = datetime(2026, 12, 5, 19, 30)
    lines = [(), (None, "a", moment, 1.5), (None, "b", "=NA()", True)]
    (tmp_path / "a.xlsx").write_bytes(workbook(("S", lines)))
    first, second = sheets.rows_of(table_files.open_file(tmp_path / "a.xlsx"))
    assert (first.position, first.number) == ("sheet S, row 2", 2)
    assert first.cells == ("", "a", "2026-12-05 19:30", "1.5")
    assert first.kinds[1:] == rows.TEXT + rows.MOMENT + rows.NUMBER
    assert second.kind(2) == rows.ERROR


def test_a_merged_cell_shows_what_it_covers(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "a.xlsx")
    sheet = book.add_worksheet()
    sheet.merge_range(0, 0, 1, 0, "1001")
    sheet.write(0, 1, "x")
    sheet.write(1, 1, "y")
    book.close()
    _, second = sheets.rows_of(table_files.open_file(tmp_path / "a.xlsx"))
    assert (second.cells, second.kind(0)) == (("", "y"), rows.MERGED)


def test_a_hidden_sheet_is_not_the_one_that_is_read(tmp_path):
    data = workbook(("Lists", [("x",)]), ("Sales", [HEADING]), hidden=("Lists",))
    found, _ = read(tmp_path / "a.xlsx", data)
    assert found == [HEADING]


def test_an_html_page_named_xls_is_read_as_one(tmp_path):
    page = "<html><table><tr><th>Order<th>Show</tr><tr><td>1<td>Gala &amp; co</table>"
    found, opened = read(tmp_path / "a.xls", page.encode())
    assert found == [("Order", "Show"), ("1", "Gala & co")]
    assert opened.notes == ("a.xls is an HTML page and was read as one",)


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16-le", "was read as UTF-16"),
        ("utf-16-be", "was read as UTF-16"),
        ("cp1252", "was read as Windows-1252 (from line 2)"),
    ],
)
def test_encodings_are_found_by_evidence(tmp_path, encoding, note):
    data = "Order,Show\n1,Café\n2,Gala\n".encode(encoding)
    found, opened = read(tmp_path / "a.csv", data)
    assert found[1] == ("1", "Café")
    assert note in "".join(opened.notes)


@pytest.mark.parametrize(
    "text",
    [
        "Sales report\nOrder;Show;Total\n1;Gala;37,50\n2;Gala;8,00\n",
        "Report for: Sydney, AU\nOrder;Show;Total\n1;Gala;37,50\n2;Gala;8,00\n",
        "Order\tShow\tTotal\n1\tGala\t37,50\n2\tGala\t8,00\n",
        "Order|Show|Total\n1|Gala|37,50\n2|Gala|8,00\n",
        "Order;Show;Total\r1;Gala;37,50\r2;Gala;8,00\r",
    ],
)
def test_the_delimiter_is_found_below_a_title(tmp_path, text):
    found, _ = read(tmp_path / "a.csv", text.encode())
    assert found[-2:] == [("1", "Gala", "37,50"), ("2", "Gala", "8,00")]


def test_a_line_that_is_no_csv_is_named_and_the_next_is_read(tmp_path):
    (tmp_path / "a.csv").write_text('a,b\n1,"x" y\n2,z\n')
    opened = table_files.open_file(tmp_path / "a.csv")
    _, bad, good = sheets.rows_of(opened)
    assert (bad.position, bool(bad.problem)) == ("line 2", True)
    assert good.cells == ("2", "z")


# Compound documents with contradictions, as the library follows them without end

END, FREE, ALLOCATION = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def numbers_of(*numbers):
    return struct.pack("<128I", *numbers, *[FREE] * (128 - len(numbers)))


def directory_of(*entries):
    packed = b"".join(
        name.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBB", 2 * len(name) + 2, kind, 1)
        + b"\xff" * 12
        + bytes(36)
        + struct.pack("<IQ", start, size)
        for name, kind, start, size in entries
    )
    return packed.ljust(512, b"\0")


ROOT = ("Root Entry", 5, END, 0)


def compound(*sectors, allocation=(0,), further=END):
    begin = table_files._OLE + bytes(16) + struct.pack("<5H", 62, 3, 65534, 9, 6)
    head = struct.pack("<9I", 0, 1, 1, 0, 4096, END, 0, further, 0)
    listed = [*allocation, *[FREE] * (109 - len(allocation))]
    return b"".join((begin, bytes(6), head, struct.pack("<109I", *listed), *sectors))


def one_allocation_sector_many_times():
    many = 1000
    further = [numbers_of(*[0] * 127, 3 + n) for n in range(many - 1)]
    return compound(
        *(numbers_of(ALLOCATION, END), directory_of(ROOT), *further),
        numbers_of(*[0] * 127, END),
        further=2,
    )


def further_allocation_that_goes_round():
    further = numbers_of(*[FREE] * 127, 2)
    return compound(numbers_of(ALLOCATION, END), directory_of(ROOT), further, further=2)


def directory_that_goes_round():
    return compound(numbers_of(ALLOCATION, 1), directory_of(ROOT))


def stream_that_goes_round():
    entries = directory_of(ROOT, ("Workbook", 2, 2, 100_000))
    return compound(numbers_of(ALLOCATION, END, 2), entries, bytes(512))


def without_root():
    entries = directory_of(("Workbook", 2, END, 0))
    return compound(numbers_of(ALLOCATION, END), entries)


CONTRADICTIONS = [
    further_allocation_that_goes_round,
    directory_that_goes_round,
    stream_that_goes_round,
    without_root,
]


@pytest.mark.parametrize("make", CONTRADICTIONS, ids=lambda make: make.__name__)
def test_a_document_with_contradictions_is_damaged(make, monkeypatch):
    monkeypatch.setattr(table_files, "_open_workbook", None)  # it is not reached
    with pytest.raises(errors.BadFile, match=r"a\.xls .*the file is damaged"):
        table_files.open_file(pathlib.Path("a.xls"), make())


@pytest.mark.parametrize("end", range(8, 1536, 90))
def test_a_document_that_ends_too_early_is_no_workbook(end):
    data = (
        table_files._OLE
        + compound(numbers_of(ALLOCATION, END), directory_of(ROOT))[8:end]
    )
    with pytest.raises(errors.BadFile, match=r"a\.xls"):
        table_files.open_file(pathlib.Path("a.xls"), data)


FOREIGN = {
    "open quote": (b'a,b\n1,"x\n2,z\n', "line 2 is never closed"),
    "pdf": (b"%PDF-1.7 ...", "is a PDF"),
    "nul": (b"a,b\n1,\0\0\0", "NUL"),
    "two encodings": ("Café\n".encode() + b"Caf\xe9\n", "line 2"),
    "archive": (b"PK\x03\x04 broken", "damaged"),
    "password": (
        table_files._OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "protected by a password",
    ),
    "xml": (b"<?xml version='1.0'?><x/>", "without a table"),
    "web archive": (b"MIME-Version: 1.0\n", "a web archive"),
}


@pytest.mark.parametrize("which", FOREIGN)
def test_what_is_no_table_is_refused_by_name(tmp_path, which):
    data, reason = FOREIGN[which]
    with pytest.raises(errors.BadFile) as caught:
        read(tmp_path / "a.csv", data)
    assert "a.csv" in caught.value.message
    assert reason in caught.value.message


@pytest.mark.parametrize("before", ["", "1,good\n" * 3])
def test_a_quotation_mark_without_end_is_refused_where_a_cell_is_too_long(
    tmp_path, before
):
    """
    Control: without it each later line was a row of its own, 9 million in a file of
    18 MB.
    """
    data = f'a,b\n{before}"' + "x\n" * 70_000
    line = data.count("\n", 0, data.index('"')) + 1
    with pytest.raises(errors.BadFile, match=f"mark in line {line} is never closed"):
        read(tmp_path / "a.csv", data.encode())


def test_a_text_with_too_many_lines_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "MOST_LINES", 3)
    read(tmp_path / "a.csv", b"a\nb\nc\n")
    with pytest.raises(errors.BadFile, match=r"a\.csv has more than 3 lines"):
        read(tmp_path / "a.csv", b"a\nb\nc\nd\n")


# Files that must not cost anything


def archive(path):
    bombs.archive_of(path, 300)


def repeated_row(path):
    cell = '<table:table-cell table:number-columns-repeated="16384" {}/>'.format(
        'office:value-type="float" office:value="1"'
    )
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}'
    table = f'<table:table table:name="S">{row}</table:table-row></table:table>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f"<office:document-content>{table}")


def twenty_million_cells(path):
    line = b"," * 999 + b"\n"
    with path.open("wb") as file:
        for _ in range(20_000):
            file.write(line)


def long_line(path):
    path.write_bytes(b"a," * 9_500_000)


def repeated_allocation(path):
    path.write_bytes(one_allocation_sector_many_times())


OVERSIZED = [
    *(bombs.stray_cell, archive, repeated_row, twenty_million_cells, long_line),
    repeated_allocation,
]
_READ = r"""
import pathlib, re, sys
from ticketsync.core import errors
from ticketsync.core.spreadsheets import sheets, table_files
try:
    for row in sheets.rows_of(table_files.open_file(pathlib.Path(sys.argv[1]))):
        pass
except errors.BadFile as error:
    status = pathlib.Path("/proc/self/status").read_text()
    print(int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024, error.message)
"""


@pytest.mark.parametrize("make", OVERSIZED, ids=lambda make: make.__name__)
@pytest.mark.thorough
def test_an_oversized_file_is_refused_within_200_mb(tmp_path, make):
    path = tmp_path / "big.xlsx"
    make(path)
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)),
    )
    assert done.returncode == 0, done.stderr
    megabytes, message = done.stdout.split(maxsplit=1)
    assert "big.xlsx" in message
    assert int(megabytes) < 200


@pytest.mark.parametrize("text", ["[" * 200_000, "a: " + "{b: " * 100_000])
def test_deep_yaml_is_refused_by_name(text):
    with pytest.raises(errors.BadFile, match=r"recipe\.yaml"):
        plain_yaml.read(text, "recipe.yaml")


@pytest.mark.parametrize("text", ["- a\n", "[a,b,c]: \n"])
def test_yaml_with_too_many_entries_is_refused_by_name(text, monkeypatch):
    monkeypatch.setattr(plain_yaml, "MOST_NODES", 1000)
    with pytest.raises(errors.BadFile, match=r"recipe\.yaml has more than 1,000"):
        plain_yaml.read(text * 5000, "recipe.yaml")


def test_yaml_with_half_a_character_is_refused_by_name():
    with pytest.raises(errors.BadFile, match=r"recipe\.yaml is not YAML"):
        plain_yaml.read("a: \ud83d", "recipe.yaml")


def test_large_yaml_is_refused_by_name():
    with pytest.raises(errors.BadFile, match=r"recipe\.yaml"):
        plain_yaml.read("- a\n" * 3_000_000, "recipe.yaml")
