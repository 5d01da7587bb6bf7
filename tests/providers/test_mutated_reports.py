"""
500 report files with damage in their cells, bytes and members of the archive, 100 of
them in the suite and the others in the drills: none crashes or hangs the reader, and
the good report beside each is read.
"""

import io
import json
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

READER = Path(__file__).parents[1] / "support" / "report_reader.py"
RECIPE = """\
platform: Other House
timezone: Australia/Sydney
currency: AUD
columns:
  {order: Order, event: Show, starts: Starts, type: Type, quantity: Qty, total: Total}
"""
HEADING = ["Order", "Show", "Starts", "Type", "Qty", "Total"]
ROWS = [
    [f"A{n}", "Gala", "2026-12-05 19:30", "Adult", n % 3 + 1, 25.5 * (n % 3 + 1)]
    for n in range(30)
]
JUNK = [
    *("", " ", "-", "NaN", "Infinity", "1e400", "1E+11", "0x10", "٣", "１２", "½", "∞"),
    *("(((", "-(1)", "1,,2", "1.2.3", "$", "€", "AUD", "\x00", "\ud7ff", "🎭", "'"),
    *("=1+1", "#N/A", "#REF!", '"', '"x', ";", "\t", "a\nb", "9" * 400, "A" * 40_000),
    *("2026-02-30 19:30", "29/02/2027 19:30", "24:00", "2026-10-04 02:30", "0", "-0"),
    *("9999-12-31 23:59", "0001-01-01 00:00", "99999999999999999999", "<b>", "&amp;"),
]
BATCH = 50
IN_SUITE = 2  # batches


def csv_bytes(rows):
    lines = [",".join(map(str, row)) for row in [HEADING, *rows]]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def xlsx_bytes(rows):
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"nan_inf_to_errors": True})
    sheet = book.add_worksheet("Sales")
    for number, row in enumerate([HEADING, *rows]):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, column, cell[:32_000])
            else:
                sheet.write(number, column, cell)
    book.close()
    return data.getvalue()


def html_bytes(rows):
    lines = [
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
        for row in [HEADING, *rows]
    ]
    return f"<html><table>{''.join(lines)}</table></html>".encode()


FORMATS = {"csv": csv_bytes, "xlsx": xlsx_bytes, "xls": html_bytes}


def with_junk_cells(chance):
    rows = [list(row) for row in ROWS]
    for _ in range(chance.randint(1, 12)):
        row = chance.choice(rows)
        row[chance.randrange(len(row))] = chance.choice(JUNK)
    if chance.random() < 0.2:
        chance.choice(rows).append(chance.choice(JUNK))
    if chance.random() < 0.2:
        del chance.choice(rows)[3:]
    return rows


def with_damaged_bytes(chance, data):
    data = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        where = chance.randrange(len(data))
        what = chance.randrange(5)
        if what == 0:
            data[where] ^= 1 << chance.randrange(8)
        elif what == 1:
            del data[where : where + chance.randint(1, 200)]
        elif what == 2:
            data[where:where] = chance.randbytes(chance.randint(1, 200))
        elif what == 3:
            del data[where:]
        else:
            data[where:where] = data[: chance.randint(1, 500)]
        if not data:
            data = bytearray(b"x")
    return bytes(data)


def with_damaged_members(chance, data):
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            found[name] = archive.read(name)
    name = chance.choice(sorted(found))
    what = chance.randrange(5)
    if what == 0:
        del found[name]
    elif what == 1:
        found[name] = with_damaged_bytes(chance, found[name])
    elif what == 2:
        found[name] = b""
    elif what == 3:
        sheet = found["xl/worksheets/sheet1.xml"]
        where = chance.choice([b"XFD1048576", b"A0", b"ZZZZZ9", b"A99999999999", b""])
        found["xl/worksheets/sheet1.xml"] = sheet.replace(b"B7", where, 1)
    else:
        found[name] = found[name].replace(b"<", b"<<", chance.randint(1, 3))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in found.items():
            archive.writestr(name, content)
    return packed.getvalue()


def mutated(seed):
    """
    The name and the bytes of one damaged report.
    """
    chance = random.Random(seed)
    ending = chance.choice(sorted(FORMATS))
    how = chance.choice(["cells", "bytes", "members"])
    if how == "cells":
        rows = with_junk_cells(chance)
        return f"m.{ending}", FORMATS[ending](rows)
    if how == "members":
        return "m.xlsx", with_damaged_members(chance, xlsx_bytes(ROWS))
    return f"m.{ending}", with_damaged_bytes(chance, FORMATS[ending](ROWS))


@pytest.mark.parametrize(
    "batch",
    [
        *range(IN_SUITE),
        *(
            pytest.param(number, marks=pytest.mark.drill)
            for number in range(IN_SUITE, 500 // BATCH)
        ),
    ],
)
@pytest.mark.thorough
def test_a_damaged_report_stops_nothing(tmp_path, batch):
    folders = []
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        folder = tmp_path / str(seed)
        (folder / "in").mkdir(parents=True)
        (folder / "r.yaml").write_text(RECIPE)
        good = ["GOOD-1", "Gala", "2026-12-05 19:30", "Adult", 2, "50.00"]
        (folder / "in" / "good.csv").write_bytes(csv_bytes([good]))
        name, data = mutated(seed)
        (folder / "in" / name).write_bytes(data)
        folders.append(str(folder))
    done = subprocess.run(
        [sys.executable, str(READER), *folders],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["wrong"] == {}
    assert max(found["seconds"].values()) < 5
    assert found["megabytes"] < 300
