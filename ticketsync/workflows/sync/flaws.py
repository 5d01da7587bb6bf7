"""
What is wrong with an event that can be read all the same: it is saved, its orders
count, and it is named until it is corrected at the platform. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ticketsync.core import web_address
from ticketsync.core.records import Event
from ticketsync.core.redact import safe
from ticketsync.net import exact_json

DAMAGED_TEXT = "damaged-text"
MALFORMED_ADDRESS = "malformed-address"


@dataclass(frozen=True, slots=True)
class Flaw:
    """
    A stable word, and the reason in words.
    """

    word: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckedEvent:
    """
    An event as it may be saved, and its flaw if it has one.
    """

    event: Event
    flaw: Flaw | None


def check(event: Event) -> CheckedEvent:
    """
    The event without an address that cannot be parsed, and what is wrong with it.
    """
    flaw = _damaged_name(event) or _malformed_address(event)
    return CheckedEvent(_without_malformed_addresses(event), flaw)


def _damaged_name(event: Event) -> Flaw | None:
    names = [event.name]
    for occurrence in event.occurrences:
        names += [occurrence.name, occurrence.venue or ""]
    for name in names:
        if exact_json.REPLACED in name:
            return Flaw(
                DAMAGED_TEXT,
                f"{safe(name, longest=60)!r} has a character that cannot be stored",
            )
    return None


def _malformed_address(event: Event) -> Flaw | None:
    for url in (event.url, *(occurrence.url for occurrence in event.occurrences)):
        if url is not None and web_address.is_malformed(url):
            return Flaw(
                MALFORMED_ADDRESS,
                f"{safe(event.name, longest=60)!r} has the address "
                f"{safe(url, longest=60)!r}, which is none",
            )
    return None


def _without_malformed_addresses(event: Event) -> Event:
    occurrences = tuple(
        msgspec.structs.replace(it, url=None) if _is_bad(it.url) else it
        for it in event.occurrences
    )
    if occurrences == event.occurrences and not _is_bad(event.url):
        return event
    url = None if _is_bad(event.url) else event.url
    return msgspec.structs.replace(event, url=url, occurrences=occurrences)


def _is_bad(url: str | None) -> bool:
    return url is not None and web_address.is_malformed(url)
