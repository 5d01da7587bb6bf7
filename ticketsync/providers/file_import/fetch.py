"""
Gives what is in a folder of reports as pages of raw records, one for each order.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping

from ticketsync.core import digest, errors, records
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.net.client import ApiClient
from ticketsync.providers.base import Folder, Options, OrderEstimate, Page, Raw
from ticketsync.providers.file_import import folder as folders
from ticketsync.providers.file_import.folder import Reports, recipe_of
from ticketsync.providers.file_import.orders.events_from_rows import (
    listed_occurrences,
    provider_occurrence_id_of,
)
from ticketsync.providers.file_import.possible_reports import list_files
from ticketsync.providers.file_import.recipes.recipe import Recipe
from ticketsync.providers.file_import.several_reports.stored_order_ids import (
    possible_numbers,
)
from ticketsync.providers.report_folder import HeldNames, ReadReport

PAGE_SIZE = 100


class FileFetcher:
    """
    Reads a folder instead of a platform.
    """

    def __init__(self, api: ApiClient, options: Options) -> None:
        self._options = options
        self._reports: Reports | None = None
        self._held = HeldNames()
        self._state = ""

    def identify(self) -> records.Identity:
        """
        The folder. Raises `BadFile` where none of its files can be read.
        """
        reports = self._read()
        self._refuse_none()
        unread = reports.unread
        files = number_of(len(reports.files), "report")
        return records.Identity(
            None,
            f"{files} in {self._options['watch']}, {reports.recipe.platform}",
            reports.recipe.currency or None,
            notes=tuple(
                [*reports.unanswered, *(error.message for error in unread.values())][:5]
                + [*reports.assumed]
                + ([reports.beside] if reports.beside else [])
            ),
        )

    def folder(self) -> Folder:
        chosen = recipe_of(self._options)
        folder = folders.folder_of(self._options)
        found = list_files(folder, chosen)
        files = frozenset(str(file.resolve()) for file in found)
        return Folder(str(folder.resolve()), chosen.files, files)

    def contents(self) -> Mapping[str, str]:
        return {
            digest.content(file.read_bytes()).hex(): file.name
            for file in self._read().with_orders
        }

    def state(self) -> str:
        """
        A fingerprint that stays while nothing in the folder changes.
        """
        return folders.state_of(self._options)

    def state_read(self) -> str:
        """
        The state of the folder just before it was read.
        """
        self._read()
        return self._state

    def recognise(self, held: HeldNames) -> None:
        """
        Read the folder in the light of what the account holds already.
        """
        if held != self._held:
            self._held = held
            self._reports = None

    def unread_files(self) -> Mapping[str, errors.BadFile]:
        """
        Why a file could not be read, by its name.
        """
        return self._read().unread

    def is_readable(self) -> bool:
        """
        Whether at least one file can be read.
        """
        return self._read().is_readable

    def order_ids(self) -> frozenset[str]:
        """
        The ids of all orders in the folder, also of those that cannot be read.
        """
        return frozenset(order["id"] for order in self._read().orders)

    def orders_of_reports(self) -> Mapping[str, Collection[str]]:
        """
        The ids of the orders that each report gives, by its key, without those that are
        set aside.
        """
        return self._read().orders_of

    def reports_read(self) -> Mapping[str, ReadReport]:
        """
        The reports of the folder by the digest of their content, as they were when they
        were read first.
        """
        return self._read().read

    def notes(self) -> tuple[str, ...]:
        """
        What was not read although nothing is wrong with it, in sentences.
        """
        return self._read().notes

    def lasting_notes(self) -> Mapping[str, str]:
        """
        What a person should look at until it is settled, by the name of the file.
        """
        return self._read().lasting

    def fetch_events(self) -> Iterator[Page]:
        rows = listed_occurrences(self._read().orders)
        for begin in range(0, len(rows), PAGE_SIZE):
            yield Page("event", rows[begin : begin + PAGE_SIZE])

    def fetch_orders(
        self, provider_occurrence_id: str, bookmark: str | None
    ) -> Iterator[Page]:
        for page in self._pages():
            raws = [
                raw
                for raw in page.records
                if provider_occurrence_id_of(raw) == provider_occurrence_id
            ]
            if raws:
                yield Page("order", raws)

    def fetch_all_orders(
        self, bookmark: str | None, estimate: OrderEstimate, *, workers: int
    ) -> Iterator[Page]:
        return self._pages()

    def fetch_recent_orders(self, watermark: str) -> Iterator[Page]:
        return self._pages()

    def fetch_order(self, provider_order_id: str, provider_occurrence_id: str) -> Raw:
        """
        Raises `NotFound` if no report has it.
        """
        for order in self._read().orders:
            if order["id"] == provider_order_id:
                return order
        raise errors.NotFound(
            f"No report has the order {safe(provider_order_id)!r}.",
            hint="Export it again.",
        )

    def watermark_of(self, raw: Raw) -> str:
        return ""  # every run reads everything

    def _pages(self) -> Iterator[Page]:
        self._refuse_none()
        orders = self._read().orders
        for begin in range(0, len(orders), PAGE_SIZE):
            yield Page("order", orders[begin : begin + PAGE_SIZE])

    def _refuse_none(self) -> None:
        """
        `BadFile` if none of the files can be read.
        """
        if not self.is_readable():
            raise next(iter(self._read().unread.values()))

    def location_of(self, raw: Raw) -> str:
        """
        File and line where an order begins, as a prefix of a message.
        """
        locations = self._reports.locations if self._reports is not None else {}
        return f"{locations[raw['id']]}: " if raw.get("id") in locations else ""

    def order_numbers_of(self, options: Options) -> str | None:
        """
        As the other account's recipe says, if its reports are of the same platform; one
        whose recipe cannot be read may be of it.
        """
        try:
            theirs = recipe_of(options)
        except errors.ConfigurationError:
            return "file"
        is_same = theirs.platform.casefold() == self._recipe.platform.casefold()
        return theirs.order_numbers if is_same else None

    def numbers_of(self, order_id: str) -> frozenset[str]:
        return frozenset({order_id, *possible_numbers(order_id)})

    def shared_orders(self) -> str:
        return self._recipe.shared_orders

    @functools.cached_property
    def _recipe(self) -> Recipe:
        return recipe_of(self._options)

    def _read(self) -> Reports:
        if self._reports is None:
            self._state = folders.state_of(self._options)
            self._reports = folders.read_folder(self._options, self._held)
        return self._reports
