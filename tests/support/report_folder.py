"""
A folder of reports with a recipe of few columns, read without an account.
"""

import os

from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import TicketStatus
from ticketsync.providers.file_import import FileImport

HEADING = "Order,Show,Starts,Type,Qty,Total"
COLUMNS = {
    "order": "Order",
    "event": "Show",
    "starts": "Starts",
    "type": "Type",
    "quantity": "Qty",
    "total": "Total",
}
GALA, LATE = "Gala,2026-12-05 19:30", "Late,2026-12-06 22:30"


class ReportFolder:
    """
    A recipe and its reports; each report is newer than the one before.
    """

    def __init__(self, path):
        self.path = path
        self._age = 10**9
        (path / "in").mkdir()

    def recipe(self, *lines, drop=(), **columns):
        mapped = {k: v for k, v in {**COLUMNS, **columns}.items() if k not in drop}
        text = [
            "platform: Other House",
            "timezone: Australia/Sydney",
            "currency: AUD",
            "columns:",
            *(f"  {ours}: {theirs}" for ours, theirs in mapped.items()),
            *lines,
        ]
        (self.path / "r.yaml").write_text("\n".join(text))

    def put(self, name, heading, *rows, age=None):
        file = self.path / "in" / name
        file.write_text("\n".join([heading, *rows]) + "\n")
        self._age += 1
        moment = age or self._age
        os.utime(file, (moment, moment))
        return file

    def provider(self, held=None):
        options = {"recipe": str(self.path / "r.yaml"), "watch": str(self.path / "in")}
        found = FileImport(None, options)
        if held is not None:
            found.recognise(held)
        return found

    def orders(self, held=None):
        """
        The orders by id, or the reason why one was set aside.
        """
        provider = self.provider(held)
        found = {}
        for page in provider.fetch_all_orders(None, None, workers=1):
            for raw in page.records:
                try:
                    found[raw["id"]] = provider.parse_order(raw)
                except UnreadableRecord as error:
                    found[raw["id"]] = error.reason
        return found


def money(order):
    """
    Valid tickets, and what was charged and refunded in minor units.
    """
    refunded = sum(refund.amount for refund in order.refunds)
    valid = sum(t.status is TicketStatus.VALID for t in order.tickets)
    return valid, order.charged, refunded
