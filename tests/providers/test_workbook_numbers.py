"""
Number cells of a workbook that are not amounts: percentages, and a 0 that no program
computed. Worked out by hand: 40.00 less a discount of 10 % is not 39.90.
"""

import datetime

import pytest
import xlsxwriter
from support.report_folder import HEADING, ReportFolder, money

START = datetime.datetime(2026, 12, 5, 19, 30)  # a cell has no zone


@pytest.fixture
def folder(tmp_path):
    found = ReportFolder(tmp_path)
    found.recipe()
    return found


def put(folder, write, *columns):
    """
    A workbook with one order for each number that `write(sheet, book)` gives cells.
    """
    with xlsxwriter.Workbook(folder.path / "in" / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [*HEADING.split(","), *columns])
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for row in range(1, write(sheet, book) + 1):
            sheet.write_row(row, 0, [f"A{row}", "Gala", "", "Adult", 1])
            sheet.write_datetime(row, 2, START, day)


def in_formats(*formats):
    def write(sheet, book):
        for row, code in enumerate(formats, 1):
            sheet.write_number(row, 5, 40)
            sheet.write_number(row, 6, 0.1, book.add_format({"num_format": code}))
        return len(formats)

    return write


@pytest.mark.parametrize("name", ["discount", "kept", "tax", "refunded", "fee"])
def test_a_percentage_is_no_amount(folder, name):
    is_amount = ("per: {tax: row}",) if name == "tax" else ()
    folder.recipe("tax: inside", *is_amount, **{name: "More"})
    put(folder, in_formats("0%", "0.00%", '0.0"%"', "0.00"), "More")
    *percentages, amount = folder.orders().values()
    for row, reason in enumerate(percentages, 2):
        assert f"{name} (cell G{row}) is shown as a percentage" in reason
    assert not isinstance(amount, str)


def test_a_percentage_in_a_column_that_is_not_mapped_says_nothing(folder):
    put(folder, in_formats("0%"), "Share")
    assert money(folder.orders()["A1"]) == (1, 4000, 0)


def with_formulas(*values):
    def write(sheet, book):
        for row, value in enumerate(values, 1):
            sheet.write_formula(row, 5, f"=E{row + 1}*40", None, value)
        return len(values)

    return write


def test_a_formula_with_a_0_that_was_never_computed_is_set_aside(folder):
    """
    The workbook asks the program that opens it to compute all formulas.
    """
    put(folder, with_formulas(0, 40))
    found = folder.orders()
    assert "total (cell F2) is a formula without its value" in found["A1"]
    assert money(found["A2"]) == (1, 4000, 0)


def test_a_computed_0_is_0(folder, monkeypatch):
    from xlsxwriter.workbook import Workbook

    def write_calculation(self):
        self._xml_empty_tag("calcPr", [("calcId", "191029")])

    monkeypatch.setattr(Workbook, "_write_calc_pr", write_calculation)
    put(folder, with_formulas(0))
    assert money(folder.orders()["A1"]) == (1, 0, 0)
