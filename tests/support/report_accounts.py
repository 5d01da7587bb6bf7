"""
An account of report files.
"""

import os

import xlsxwriter
from sqlalchemy import case, func, select

from ticketsync.core.settings.config import Settings
from ticketsync.reporting import waiting_records
from ticketsync.store.tables.catalogue import occurrences
from ticketsync.store.tables.sales import orders, tickets
from ticketsync.workflows.accounts import connect
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.sync import run as job

RECIPE = """\
platform: Other House
timezone: Australia/Sydney
currency: AUD
columns:
  {order: Order, event: Show, starts: Starts, type: Type, quantity: Qty, total: Total}
"""
SOLD = func.count(case((tickets.c.is_sold.in_([True]), 1)))
HEADING = "Order,Show,Starts,Type,Qty,Total"
GALA = "Gala,2026-12-05 19:30"


def write_book(file, rows):
    """
    A workbook with these rows; amounts and numbers of tickets are number cells.
    """
    book = xlsxwriter.Workbook(file, {"strings_to_numbers": True})
    sheet = book.add_worksheet()
    for place, row in enumerate(rows):
        sheet.write_row(place, 0, row)
    book.close()


class ReportAccount:
    """
    An account whose files grow newer with each that is put.
    """

    def __init__(self, database, path):
        self.database, self.path = database, path
        self._age = 10**9
        (path / "in").mkdir()
        self.recipe()

    def recipe(self, *lines, **columns):
        """
        A recipe with further lines, and further columns by field.
        """
        more = "".join(f", {ours}: {theirs}" for ours, theirs in columns.items())
        text = RECIPE.replace("}", f"{more}}}")
        (self.path / "r.yaml").write_text("\n".join([text, *lines]))

    def add(self, name="other", **options):
        folder = {"recipe": str(self.path / "r.yaml"), "watch": str(self.path / "in")}
        connect.add(
            self.database,
            Settings(),
            provider="file",
            name=name,
            base_url=None,
            source=SecretSource("none", ""),
            options=folder | options,
            check=False,
        )

    def put(self, name, *lines, data=None):
        """
        Lines of a heading of their own begin with `Order,`; `.xlsx` makes a workbook.
        """
        file = self.path / "in" / name
        if lines and not lines[0].startswith("Order,"):
            lines = (HEADING, *lines)
        if data is not None:
            file.write_bytes(data)
        elif file.suffix == ".xlsx":
            write_book(file, [line.split(",") for line in lines])
        else:
            file.write_text("\n".join(lines or [HEADING]) + "\n")
        self._age += 1
        os.utime(file, (self._age, self._age))
        return file

    def sync(self, **more):
        outcome = job.sync(self.database, Settings(), job.Request(**more))
        return outcome.results[0], outcome.notes

    def figures(self):
        with self.database.read() as connection:
            return connection.execute(
                select(
                    func.count(func.distinct(orders.c.id)),
                    SOLD,
                    func.sum(tickets.c.charged),
                ).join(tickets, tickets.c.order_id == orders.c.id)
            ).one()

    def events(self):
        """
        The names of what tickets were sold for.
        """
        with self.database.read() as connection:
            query = select(occurrences.c.name).join(
                tickets, tickets.c.occurrence_id == occurrences.c.id
            )
            return sorted(set(connection.scalars(query)))

    def waiting(self):
        with self.database.read() as connection:
            return {
                id_: why for _, id_, why in waiting_records.list_quarantined(connection)
            }
