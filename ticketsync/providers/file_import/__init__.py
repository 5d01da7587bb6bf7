"""
Reports in files: platforms that let nobody read their sales, except a person who
exports them.

Words     a report's event is our Event, a date of it our Occurrence
Auth      none; a folder is watched and never written to
Pages     every report is read whole each run; what did not change changes nothing
Surprise  a later report tells all of an order: the newest file that has it counts
Surprise  fees are unknown unless a column says what the platform kept
Surprise  a row with a negative amount takes back what the order sold before

Our raw record is an order: `{"id", "rules": …, "lines": […]}`, the cells of the
columns that the recipe maps as text, and the rules to understand them. Columns that
it does not map, people above all, are never read.
"""

from __future__ import annotations

from typing import ClassVar

from ticketsync.core import records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.providers.base import Raw
from ticketsync.providers.file_import import listing, parse
from ticketsync.providers.file_import.fetch import FileFetcher
from ticketsync.providers.file_import.spec import SPEC


class FileImport(FileFetcher):
    """
    What an account needs of a folder of reports: raw orders from `fetch`, values from
    `listing` (events) and `parse` (orders).
    """

    spec = SPEC
    reports_changes: ClassVar[bool] = True

    provider_occurrence_id_of = staticmethod(listing.provider_occurrence_id_of)
    read_event = staticmethod(listing.parse_event)

    def read_order(self, raw: Raw) -> records.Order:
        """
        Raises `UnreadableRecord` with the file and line where the order begins.
        """
        try:
            return parse.parse_order(raw)
        except UnreadableRecord as error:
            place = self.place_of(raw)
            raise UnreadableRecord(f"{place}{error.reason}", word=error.word) from None
