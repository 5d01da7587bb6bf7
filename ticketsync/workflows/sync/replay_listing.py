"""
The stored records of a listing, parsed again: ticket types and prices as they were, and
what an earlier version did not keep of an occurrence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from ticketsync.accounts.state import AccountState
from ticketsync.catalogue import moves, price_history, saved_listing, ticket_types
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.net import exact_json
from ticketsync.providers.base import ListsTicketTypes, Provider, Raw
from ticketsync.sales import raw_records
from ticketsync.workflows.sync.parse import offline_provider
from ticketsync.workflows.sync.raw_records import clean_records, parse_or_quarantine

EVENT = "event"
TICKET_TYPE = "ticket_type"


def save_ticket_types(
    connection: Connection,
    account_id: int,
    provider: Provider,
    raws: Sequence[Raw],
    now: datetime,
) -> None:
    """
    Save the ticket types in these raw events as they were seen at that time.
    """
    listed = (
        occurrence
        for item in _parse(provider, raws)
        for occurrence in item.event.occurrences
    )
    ticket_types.save_listed(connection, account_id, listed, now)


def save_listed_types(
    connection: Connection,
    provider: Provider,
    raws: Sequence[Raw],
    ids: Mapping[str, int],
    now: datetime,
) -> None:
    """
    The same for raw records of a list of ticket types, each of which holds all of one
    occurrence; `ids` are our ids of the occurrences by the platform's.
    """
    if not isinstance(provider, ListsTicketTypes):
        return
    cleans = clean_records(raws, None)
    good, _ = parse_or_quarantine(TICKET_TYPE, cleans, provider.parse_ticket_types)
    reported = {ids[item.clean.id]: item.value for item in good if item.clean.id in ids}
    ticket_types.save_ticket_types(connection, reported, now)


def put_listing_right(
    connection: Connection, again: Connection, account: AccountState
) -> None:
    """
    Save what the newest stored record says of each occurrence that an upgrade has
    marked as incomplete, and the ticket types and prices that the other database has.
    """
    provider = offline_provider(account.provider, account.options)
    incomplete = saved_listing.list_incomplete(connection, account.id)
    if incomplete:
        for block in raw_records.read_latest(connection, account.id, EVENT):
            raws = [exact_json.decode(version.data) for version in block]
            listed = [
                kept
                for item in _parse(provider, raws)
                if (kept := _only(item, incomplete)).event.occurrences
            ]
            saved = saved_listing.save_listing(connection, account.id, listed)
            moves.follow_moves(connection, saved.moved)
    price_history.bring_in(connection, again, account.id)


def _parse(provider: Provider, raws: Sequence[Raw]) -> list[ListedEvent]:
    cleans = clean_records(raws, None)
    good, _ = parse_or_quarantine(EVENT, cleans, provider.parse_event)
    return [ListedEvent(item.value, item.clean.content) for item in good]


def _only(item: ListedEvent, wanted: frozenset[str]) -> ListedEvent:
    """
    The event with only these occurrences, by the platform's ids.
    """
    kept = tuple(o for o in item.event.occurrences if o.id in wanted)
    return ListedEvent(
        msgspec.structs.replace(item.event, occurrences=kept), item.content
    )
