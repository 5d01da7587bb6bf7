"""
What a provider that reads a folder of reports can say about the folder, beside what
every provider of files can (`base.ReadsFiles`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from ticketsync.core import errors
from ticketsync.providers.base import ReadsFiles


@dataclass(frozen=True, slots=True)
class HeldNames:
    """
    What an account holds already: the names of its events, and of each order, by its
    id, the platform's id of its event.
    """

    events: frozenset[str] = frozenset()
    orders: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class ReadsReports(ReadsFiles, Protocol):
    """
    Reads reports from a folder, each of which may be unreadable by itself.
    """

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

    def order_ids(self) -> frozenset[str]:
        """
        The ids of all orders in the folder, also of those that cannot be read.
        """
