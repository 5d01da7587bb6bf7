"""
From raw records to parsed ones: people removed, hashed, parsed or quarantined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import msgspec

from ticketsync.core import digest
from ticketsync.core.errors import UnreadableRecord
from ticketsync.core.records import LONGEST_ID, Event, Order, Ticket, Unread
from ticketsync.net import exact_json
from ticketsync.providers import reading
from ticketsync.providers.base import ProviderSpec, Raw

T = TypeVar("T")


class CleanRecord(msgspec.Struct, frozen=True):
    """
    A raw record without people, its canonical bytes and their hash.
    """

    id: str
    raw: Raw
    data: bytes
    content: bytes


class ParsedRecords(msgspec.Struct, Generic[T], frozen=True):
    clean: CleanRecord
    value: T


def clean_records(raws: Sequence[Raw], spec: ProviderSpec | None) -> list[CleanRecord]:
    """
    The records as they may be stored; people are taken out of the given ones too.

    Without a `spec` they are taken to be clean already.
    """
    found = []
    for raw in raws:
        if spec is not None:
            spec.take_people_out(raw)
        data = exact_json.encode(raw)
        content = digest.content(data)
        found.append(
            CleanRecord(_storable_id(str(raw["id"]), content), raw, data, content)
        )
    return found


def _storable_id(id_: str, content: bytes) -> str:
    """
    The id; one that is longer than any platform's is cut, so that the record can be
    set aside under it: an index of PostgreSQL refuses it.
    """
    return id_ if len(id_) <= LONGEST_ID else f"{id_[:100]}…{content.hex()[:16]}"


def parse_or_quarantine(
    kind: str,
    cleans: Sequence[CleanRecord],
    read: Callable[[Raw], T],
    *,
    provider_occurrence_id_of: Callable[[Raw], str] = lambda _: "",
) -> tuple[list[ParsedRecords[T]], list[Unread]]:
    """
    What could be parsed, and what goes to quarantine with its reason.
    """
    good: list[ParsedRecords[T]] = []
    bad: list[Unread] = []
    for clean in cleans:
        try:
            value = reading.parsed(read, clean.raw)
            _refuse_impossible_ids(value)
            good.append(ParsedRecords(clean, value))
        except UnreadableRecord as error:
            bad.append(
                Unread(
                    kind,
                    clean.id,
                    _storable_id(
                        reading.parsed_or_empty(provider_occurrence_id_of, clean.raw),
                        clean.content,
                    ),
                    clean.data,
                    error.word,
                    error.reason,
                )
            )
    return good, bad


def _refuse_impossible_ids(value: object) -> None:
    """
    `UnreadableRecord` for an id that no platform gives, which not every database could
    store, nor any request name.
    """
    event = getattr(value, "event", value)  # a checked one
    if max(map(len, _ids(event)), default=0) > LONGEST_ID:
        raise UnreadableRecord(
            f"an id in it has more than {LONGEST_ID} characters", word="impossible-id"
        )


def _ids(value: object) -> list[str]:
    if isinstance(value, Order):
        ids = [value.id, value.occurrence_id or ""]
        ids += [refund.id for refund in value.refunds]
        for ticket in value.tickets:
            ids += (ticket.id, ticket.occurrence_id, ticket.type_id)
        for voucher in value.voucher_sales:
            ids += (voucher.id, voucher.occurrence_id)
        return ids
    if isinstance(value, Event):
        ids = [value.id]
        for occurrence in value.occurrences:
            ids += (occurrence.id, occurrence.event_id)
            ids += [kind.id for kind in occurrence.ticket_types or ()]
        return ids
    if isinstance(value, Ticket):
        return [value.id, value.occurrence_id, value.type_id]
    return []


def refuse_unknown_currencies(event: Event) -> None:
    """
    `UnreadableRecord` for a listing record with a date in a currency that ISO 4217 does
    not list.
    """
    for occurrence in event.occurrences:
        if occurrence.currency is not None:
            reading.refuse_unknown_currency(occurrence.currency)
