"""
Workbooks that cost a reader much and their author nothing.
"""

import zipfile

import xlsxwriter


def stray_cell(path):
    """
    One cell in the last row and column that a sheet can have.
    """
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write(0, 0, "Order")
    sheet.write(1_048_575, 16_383, "x")
    book.close()


def archive_of(path, megabytes):
    """
    An archive whose one sheet unpacks to so many megabytes.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        name = "xl/worksheets/sheet1.xml"
        with archive.open(name, "w", force_zip64=True) as member:
            for _ in range(megabytes):
                member.write(b"<" * (1 << 20))
