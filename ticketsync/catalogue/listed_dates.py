"""
The dates of the platforms as people see them: the parts of one are one date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from ticketsync.catalogue.occurrences import LinkedOccurrence, list_occurrences
from ticketsync.core.date_keys import date_key, group_parts


@dataclass(frozen=True, slots=True)
class ListedDate:
    """
    The occurrences that are one date, at least one, in the order of our ids.
    """

    parts: tuple[LinkedOccurrence, ...]

    @property
    def first(self) -> LinkedOccurrence:
        return self.parts[0]

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(part.id for part in self.parts)

    @property
    def provider_occurrence_ids(self) -> tuple[str, ...]:
        return tuple(part.provider_occurrence_id for part in self.parts)

    @property
    def name(self) -> str:
        """
        Its name, start and account, and of how many ticket types it consists.
        """
        types = f", {len(self.parts)} ticket types" if len(self.parts) > 1 else ""
        return f"{self.first.name_and_start} ({self.first.account}{types})"

    @property
    def statuses(self) -> tuple[str, ...]:
        """
        Each status of its parts once; `gone` for what is no longer listed.
        """
        return _each_once(
            "gone" if part.gone_since else part.status for part in self.parts
        )

    @property
    def switch_notes(self) -> tuple[str, ...]:
        return _each_once(part.switch_note for part in self.parts)

    @property
    def is_moved(self) -> bool:
        """
        Whether a part of it is at another time than its show: a person must decide.
        """
        return any(part.link_status == "conflict" for part in self.parts)

    @property
    def problems(self) -> tuple[LinkedOccurrence, ...]:
        """
        The parts whose last read had a problem, one for each problem.
        """
        found: dict[str, LinkedOccurrence] = {}
        for part in self.parts:
            if part.problem:
                found.setdefault(part.problem, part)
        return tuple(found.values())

    @property
    def urls(self) -> tuple[str, ...]:
        return _each_once(part.url or "" for part in self.parts)

    @property
    def dashboard_urls(self) -> tuple[str, ...]:
        return _each_once(part.dashboard_url or "" for part in self.parts)

    @property
    def capacity(self) -> int | None:
        """
        The seats of all parts; unknown where those of one are.
        """
        return _sum_of([part.capacity for part in self.parts])

    def available(self, left: Mapping[int, int | None]) -> int | None:
        """
        How many tickets are left, from those of each occurrence by our id.
        """
        return _sum_of([left[part.id] for part in self.parts])

    @property
    def needs_reading(self) -> bool:
        """
        Whether its orders are read somewhere else.
        """
        return self.first.needs_reading

    def last_read_at(self, reads: Mapping[int, datetime | None]) -> datetime | None:
        """
        When all of it had been read, from the last read of each occurrence by our id.
        """
        times = [reads[part.id] for part in self.parts]
        known = [time for time in times if time is not None]
        return min(known) if len(known) == len(times) else None


def get_date(connection: Connection, occurrence: LinkedOccurrence) -> ListedDate:
    """
    The date that this occurrence is a part of, with the parts that are linked to the
    same show or none, as it does.
    """
    listed = list_occurrences(connection, event_id=occurrence.event_id)
    return next(date for date in list_dates(listed) if occurrence.id in date.ids)


def get_parts(
    connection: Connection, occurrence: LinkedOccurrence, *, is_alone: bool = False
) -> ListedDate:
    """
    What a decision about an occurrence is about: the date that it is a part of, or only
    this part where a person says so.
    """
    return ListedDate((occurrence,)) if is_alone else get_date(connection, occurrence)


def list_dates(occurrences: Iterable[LinkedOccurrence]) -> list[ListedDate]:
    """
    The dates that these occurrences are, in their order.
    """
    return [ListedDate(parts) for parts in group_parts(occurrences, date_key)]


def _each_once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))


def _sum_of(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
