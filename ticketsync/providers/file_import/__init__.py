"""
Report files, for platforms whose sales cannot be read but exported by a person.

Words     a report's event is our Event, a performance of it our Occurrence
Auth      none; a folder is watched and never written to
Pages     every report is read in full each run; unchanged orders change nothing
Surprise  a later report contains the whole order: the newest file that has it counts
Surprise  fees are unknown unless a column says what the platform kept
Surprise  a row with a negative amount returns what the order sold before

Our raw record is an order: `{"id", "rules": …, "lines": […]}`, the cells of the
columns that the recipe maps, as text, and the rules for parsing them. Columns that it
does not map, above all those about people, are never read.
"""

from __future__ import annotations

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

    provider_occurrence_id_of = staticmethod(listing.provider_occurrence_id_of)
    parse_event = staticmethod(listing.parse_event)

    def parse_order(self, raw: Raw) -> records.Order:
        """
        Raises `UnreadableRecord` with the file and line where the order begins.
        """
        try:
            return parse.parse_order(raw)
        except UnreadableRecord as error:
            location = self.location_of(raw)
            raise UnreadableRecord(
                f"{location}{error.reason}", word=error.word
            ) from None
