"""
What a provider that reads a folder of reports can say about the folder, beside what
every provider of files can (`base.ReadsFiles`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable

from ticketsync.core import errors
from ticketsync.providers.base import Options, ProviderSpec, Raw, ReadsFiles


def _none_stored(ids: Collection[str]) -> Mapping[str, Raw]:
    return {}


@dataclass(frozen=True, slots=True)
class ReadReport:
    """
    A report as it was when it was read first: the file's name, and its time in
    nanoseconds. Its content is no newer when it is put into the folder again. `meaning`
    is what the recipe says of it that read it last, as far as that is known, and what
    was said of it.
    """

    name: str
    modified_at: int
    meaning: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeldNames:
    """
    What an account holds already: the names of its events, and of each order, by its
    id, the platform's id of its event.

    event_names  the names of each event, by the platform's id
    reports      the ids of the stored orders that each report gave, by its key
    stored       gives the newest stored records of these orders
    read         the reports that were read before, by the digest of their content
    """

    events: frozenset[str] = frozenset()
    orders: Mapping[str, str] = field(default_factory=dict)
    event_names: Mapping[str, Collection[str]] = field(default_factory=dict)
    reports: Mapping[str, Collection[str]] = field(default_factory=dict)
    stored: Callable[[Collection[str]], Mapping[str, Raw]] = _none_stored
    read: Mapping[str, ReadReport] = field(default_factory=dict)


def report_key(name: str, digest: str) -> str:
    """
    What a report is known by: its content, and its name for a person.
    """
    return f"{digest} {name}"


def report_name(key: str) -> str:
    """
    The file's name in a report's key.
    """
    return key.partition(" ")[2]


def report_digest(key: str) -> str:
    """
    The digest of a report's content in its key.
    """
    return key.partition(" ")[0]


@runtime_checkable
class ReadsReports(ReadsFiles, Protocol):
    """
    Reads reports from a folder, each of which may be unreadable by itself.
    """

    spec: ClassVar[ProviderSpec]

    def state(self) -> str:
        """
        A fingerprint that stays while nothing in the folder changes; no file is opened.
        """

    def state_read(self) -> str:
        """
        The state of the folder just before it was read.
        """

    def recognise(self, held: HeldNames) -> None:
        """
        Read the folder in the light of what the account holds already.
        """

    def unread_files(self) -> Mapping[str, errors.BadFile]:
        """
        Why a file cannot be read, by its name.
        """

    def is_readable(self) -> bool:
        """
        Whether at least one file can be read.
        """

    def notes(self) -> tuple[str, ...]:
        """
        What was left out although nothing is wrong with it, in sentences.
        """

    def lasting_notes(self) -> Mapping[str, str]:
        """
        What a person should look at until it is settled, in a sentence by the name of
        the file.
        """

    def order_ids(self) -> frozenset[str]:
        """
        The ids of all orders in the folder, also of those that cannot be read.
        """

    def reports_read(self) -> Mapping[str, ReadReport]:
        """
        The reports of the folder by the digest of their content, as they were when they
        were read first.
        """

    def orders_of_reports(self) -> Mapping[str, Collection[str]]:
        """
        The ids of the orders that each report gives, by its key (`report_key`), without
        those that are set aside.
        """

    def location_of(self, raw: Raw) -> str:
        """
        File and line where an order begins, as a prefix of a message.
        """

    def order_numbers_of(self, options: Options) -> str | None:
        """
        Within what order numbers are unique (`order_numbers`) in the reports of an
        account with these options; `None` if they are of another platform.
        """

    def numbers_of(self, order_id: str) -> frozenset[str]:
        """
        What an order of this id may be numbered in a report, and the id.
        """

    def shared_orders(self) -> str:
        """
        What an order is that another account of the platform has as well: `refuse`
        (nobody has said it), `once` (the same one) or `count` (another sale).
        """
