"""
The venue's own list from files: every problem is named with its row and column (F35).
"""

from datetime import UTC, datetime

import pytest
import xlsxwriter

from ticketsync.catalogue.season_list import import_file
from ticketsync.catalogue.shows import VenueInfo
from ticketsync.core import errors

HOUSE = VenueInfo(1, "The Lantern Room", "Australia/Sydney", "AUD")
FRIDAY = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)


def read(tmp_path, name, content):
    file = tmp_path / name
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        file.write_text(content, encoding="utf-8")
    return import_file.read_shows(file, HOUSE)


CSV = "production,starts_at,capacity,reference\nGala,2026-11-27 19:30,180,G-1\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.csv", "\ufeff" + CSV),
        ("a.csv", CSV.replace(",", ";")),
        ("a.tsv", CSV.replace(",", "\t")),
        (
            "a.csv",
            "Production,Date,Time,Capacity,Reference\nGala,2026-11-27,19:30,180,G-1\n",
        ),
        (
            "a.csv",
            "production,starts_at,capacity,reference\n"
            "Gala,2026-11-27T19:30:00+11:00,180,G-1\n",
        ),
        (
            "a.yaml",
            "- production: Gala\n  date: 2026-11-27\n  time: 19:30\n"
            "  capacity: 180\n  reference: G-1\n",
        ),
        (
            "a.yml",
            "shows:\n- {production: Gala, starts_at: 2026-11-27 19:30, capacity: 180,"
            " reference: G-1}\n",
        ),
    ],
)
def test_every_kind_of_text_file_says_the_same_show(tmp_path, name, content):
    parsed = read(tmp_path, name, content)

    assert parsed.problems == ()
    (show,) = parsed.shows
    assert (show.production, show.starts_at) == ("Gala", FRIDAY)
    assert (show.capacity, show.reference) == (180, "G-1")
    assert (show.venue, show.timezone, show.currency) == (
        "The Lantern Room",
        "Australia/Sydney",
        "AUD",
    )


def test_a_workbook_is_read_with_its_real_dates(tmp_path):
    file = tmp_path / "season.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("Season")
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        times = book.add_format({"num_format": "hh:mm"})
        for column, name in enumerate(("production", "date", "time", "capacity")):
            sheet.write(0, column, name)
        sheet.write(1, 0, "Gala")
        sheet.write_datetime(1, 1, datetime(2026, 11, 27), days)
        sheet.write_datetime(1, 2, datetime(1900, 1, 1, 19, 30).time(), times)
        sheet.write(1, 3, 180)

    (show,) = import_file.read_shows(file, HOUSE).shows

    assert (show.production, show.starts_at, show.capacity) == ("Gala", FRIDAY, 180)


def test_an_open_document_is_read_too(tmp_path):
    (show,) = import_file.read_shows(_ods(tmp_path), HOUSE).shows
    assert (show.production, show.starts_at) == ("Gala", FRIDAY)


def test_a_calendar_brings_its_own_zones(tmp_path):
    text = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
        "BEGIN:VEVENT\r\nUID:g-1\r\nSUMMARY:Gala\r\n"
        "DTSTART;TZID=Australia/Sydney:20261127T193000\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:g-2\r\nSUMMARY:Gala\r\nDTSTART:20261127T083000Z\r\n"
        "END:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:g-3\r\nSUMMARY:Gala\r\nDTSTART:20261127T193000\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    shows = read(tmp_path, "a.ics", text.encode()).shows
    assert [show.starts_at for show in shows] == [FRIDAY] * 3
    assert [show.reference for show in shows] == ["g-1", "g-2", "g-3"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Gala,31/06/2026,,", 'line 2, column starts_at: "31/06/2026" is not a date'),
        ("Gala,2026-11-27,,", "line 2, column starts_at: "),
        (",2026-11-27 19:30,,", "line 2, column production: the title is missing"),
        ("Gala,2026-11-27 19:30,many,", 'line 2, column capacity: "many" is not a'),
        ("Gala,2026-11-27 19:30,-1,", 'line 2, column capacity: "-1" is not a'),
        ("Gala,2026-10-04 02:30,,", "line 2, column starts_at: 2026-10-04 02:30 does"),
        ("Gala,,,", "line 2, column starts_at: there is neither starts_at nor date"),
    ],
)
def test_a_bad_row_is_named_with_line_and_column(tmp_path, line, reason):
    text = f"production,starts_at,capacity,reference\n{line}\n"
    parsed = read(tmp_path, "a.csv", text)
    assert str(parsed.problems[0]).startswith(reason)
    with pytest.raises(errors.BadFile, match="line 2"):
        import_file.refuse_problems(parsed, tmp_path / "a.csv")


def test_bad_rows_do_not_take_good_ones_along(tmp_path):
    parsed = read(tmp_path, "a.csv", CSV + "Gala,never,1,\n")
    assert len(parsed.shows) == 1
    assert str(parsed.problems[0]).startswith("line 3, column starts_at")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", "titel,starts_at\n", "the column 'titel' is not known"),
        ("a.csv", "starts_at\n2026-01-01 10:00\n", "`production` is missing"),
        ("a.csv", "production,production\n", "is duplicated"),
        ("a.csv", b"\xff\xfe\x00", "not UTF-8"),
        ("a.csv", "production,starts_at\n", "holds no shows"),
        ("a.xlsx", b"PK\x03\x04nonsense", "not a readable workbook"),
        ("a.ics", b"nonsense", "calendar"),
        ("a.pdf", b"%PDF", "not a supported file type"),
        ("a.yaml", "just text", "not a list of shows"),
        ("a.yaml", "- production: [1]\n", "a show is a list"),
        ("a.yaml", "- productoin: Gala\n", "'productoin' is not known"),
    ],
)
def test_files_that_are_something_else_say_so(tmp_path, name, content, reason):
    with pytest.raises(errors.BadFile, match=reason):
        read(tmp_path, name, content)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(errors.BadFile, match="cannot be read"):
        import_file.read_shows(tmp_path / "none.csv", HOUSE)


def _ods(tmp_path):
    """
    The smallest spreadsheet that is one: a zip with a mimetype and its content.
    """
    import zipfile

    cells = [["production", "starts_at"], ["Gala", "2026-11-27 19:30"]]
    rows = "".join(
        "<table:table-row>"
        + "".join(
            '<table:table-cell office:value-type="string"><text:p>'
            f"{cell}</text:p></table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in cells
    )
    name = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        '<?xml version="1.0"?><office:document-content '
        f'xmlns:office="{name}:office:1.0" xmlns:table="{name}:table:1.0" '
        f'xmlns:text="{name}:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Season">{rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    file = tmp_path / "season.ods"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest '
            f'xmlns:manifest="{name}:manifest:1.0"/>',
        )
    return file
