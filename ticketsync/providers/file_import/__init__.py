"""
Report files, for platforms whose sales cannot be read but exported by a person.

Words     a report's event is our Event, a performance of it our Occurrence
Auth      none; a folder is watched and never written to
Pages     every report is read in full each run; unchanged orders change nothing
Surprise  a later report contains the whole order: the newest file that sells it counts
Surprise  fees are unknown unless a column says what the platform kept
Surprise  a row with a negative amount returns what the order sold before, on its date

From bytes to orders, each package using those before it: `core.spreadsheets` (what a
file is), `recipes` (what the columns of a platform mean), `one_report` (the rows of one
report that are data, and what their cells mean), `orders` (one order from its rows),
`several_reports` (one record per order from all files), `checks` (what all reports of a
folder say together). `folder` puts them to work, `fetch` gives pages of raw records.

Our raw record is an order: `{"id", "rules": …, "lines": […]}`, the cells of the
columns that the recipe maps, in plain text, and the rules for parsing them; a record
that cannot be read has its `problem`. Columns that the recipe does not map are never
stored, and of those about people only where the account keeps people.
"""

from __future__ import annotations

from collections.abc import Sequence

from ticketsync.core import records
from ticketsync.core.errors import UnreadableRecord
from ticketsync.providers.base import Raw
from ticketsync.providers.file_import.fetch import FileFetcher
from ticketsync.providers.file_import.orders import events_from_rows, parse, ticket_ids
from ticketsync.providers.file_import.spec import SPEC


class FileImport(FileFetcher):
    """
    What an account needs of a folder of reports: raw orders from `fetch`, values from
    `orders.events_from_rows` (events) and `orders.parse`.
    """

    spec = SPEC

    provider_occurrence_id_of = staticmethod(events_from_rows.provider_occurrence_id_of)
    parse_event = staticmethod(events_from_rows.parse_event)

    def parse_order(self, raw: Raw) -> records.Order:
        """
        Raises `UnreadableRecord` with the file and line where the order begins.
        """
        try:
            return parse.parse_order(raw)
        except UnreadableRecord as error:
            location = "" if raw.get("problem") else self.location_of(raw)
            raise UnreadableRecord(
                f"{location}{error.reason}", word=error.word
            ) from None

    def with_earlier(self, raw: Raw, earlier: Sequence[Raw]) -> Raw:
        """
        The record with the labels that its rows had in earlier reports, so that a check
        in stays with its ticket.
        """
        if not earlier or raw.get("problem"):
            return raw
        versions = [parse.sold_rows(version) for version in (*earlier, raw)]
        return {**raw, "labels": ticket_ids.labels_of([v for v in versions if v])}

    def parse_people(self, raw: Raw) -> records.People:
        """
        The buyer, where the recipe maps the columns.
        """
        return records.People(parse.parse_buyer(raw))
