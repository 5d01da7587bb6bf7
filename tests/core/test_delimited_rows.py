"""
Rows of delimited text where a cell has line breaks, or a quotation mark stands alone.
"""

import csv

import pytest

from ticketsync.core.spreadsheets import sheets, table_files

LONE_MARKS = [
    (  # one in each of two cells of one column
        'A1,Gala,2026-12-05 19:30,"Early bird,1,40.00',
        "B2,Gala,2026-12-05 19:30,Adult,1,40.00",
        'C3,Gala,2026-12-05 19:30,Early bird",1,40.00',
    ),
    (  # in two columns
        'A1,Gala,2026-12-05 19:30,"Early bird,1,40.00',
        "B2,Gala,2026-12-05 19:30,Adult,1,40.00",
        'C3,Gala",2026-12-05 19:30,Adult,1,40.00',
    ),
    (  # before a cell that is quoted as it should be
        'A1,Gala,2026-12-05 19:30,"Early bird,1,40.00',
        "B2,Gala,2026-12-05 19:30,Adult,1,40.00",
        'C3,Gala,2026-12-05 19:30,"Adult",1,40.00',
    ),
    (  # above a total, and behind a quoted cell
        'A1,"Gala, late",2026-12-05 19:30,"Early bird,1,40.00',
        "Total",
        'C3,Gala,2026-12-05 19:30,Adult",1,"1,040.00"',
    ),
]


def rows_of(file):
    return list(sheets.rows_of(table_files.open_file(file)))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("rows", LONE_MARKS)
def test_a_lone_quotation_mark_swallows_no_rows(tmp_path, rows, delimiter):
    file = tmp_path / "a.csv"
    end = ["D4,Gala,2026-12-05 19:30,Adult,1,40.00"] * 3
    text = "\n".join(("Order,Show,Starts,Type,Qty,Total", *rows, *end))
    if delimiter != ",":
        text = text.replace(", late", " late").replace("1,040", "1040")
    file.write_text(text.replace(",", delimiter))
    heading, bad, *others = rows_of(file)
    assert heading.cells[0] == "Order"
    assert (bad.position, bad.cells) == ("lines 2 to 4", ())
    assert bad.problem
    assert [row.cells[0] for row in others] == ["D4", "D4", "D4"]


@pytest.mark.parametrize(
    "cell",
    [
        "Flat 3\n12 Smith St\nNewtown NSW 2042",
        "Flat 3, 12 Smith St, Newtown\nSydney, NSW, 2042, Australia",
        'She said "one, two, 3"\n\nand left, at 9, with 2, or 3, others',
        "\n",
    ],
)
@pytest.mark.parametrize("place", range(7))
def test_a_cell_may_have_lines_of_its_own(tmp_path, cell, place):
    file = tmp_path / "a.csv"
    names = ["Order", "Show", "Starts", "Type", "Qty", "Total"]
    row = ["A1", "Gala", "2026-12-05 19:30", "Adult", "1", "40.00"]
    names.insert(place, "Note")
    row.insert(place, cell)
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([names, row, row])
    found = rows_of(file)
    assert [bad.problem for bad in found] == ["", "", ""]
    assert found[1].cells == tuple(text.strip() for text in row)
