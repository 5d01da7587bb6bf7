"""
Everything again from the stored raw records, into a private database: what orders,
tickets, refunds and fees must be today, if no one has edited them.

The records are saved in the order in which they came, each at the time at which it
came, by the same code that saved them first. A replay brings the database in line with
it, `db check --deep` says where the two differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from ticketsync.accounts import runs
from ticketsync.accounts.state import AccountState
from ticketsync.catalogue import occurrences
from ticketsync.core import clock
from ticketsync.net import exact_json
from ticketsync.providers.base import (
    IssuesLooseTickets,
    NeedsEarlier,
    Page,
    Provider,
    Raw,
)
from ticketsync.reporting import compared_databases
from ticketsync.reporting.compared_databases import RowDifference
from ticketsync.reporting.outstanding_replays import last_upgrade
from ticketsync.sales import (
    delisting,
    past_flaws,
    quarantine,
    raw_records,
    refunds,
    saving,
    stored_orders,
)
from ticketsync.sales.allocation import IncomingTicket
from ticketsync.sales.raw_records import KeptBlock
from ticketsync.store import database_copies
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.engine import Database
from ticketsync.workflows.sync import replay_listing
from ticketsync.workflows.sync.parse import KnownOrders, offline_provider, parse_page
from ticketsync.workflows.sync.raw_records import clean_records, parse_or_quarantine
from ticketsync.workflows.sync.save_page import earlier_versions


@contextmanager
def empty_books(source: Connection) -> Iterator[Database]:
    """
    A private database that knows the accounts and their listings, and no order.
    """
    with database_copies.scratch() as scratch:
        copy_listings(source, scratch)
        yield scratch


def copy_listings(source: Connection, scratch: Database) -> None:
    with scratch.write() as connection:
        occurrences.copy_listings(source, connection)


def read_again(
    source: Connection,
    scratch: Database,
    account: AccountState,
    keep_lease: Callable[[], None] = lambda: None,
) -> None:
    """
    Save every stored record of an account into those books; `keep_lease` is called
    between the blocks.
    """
    provider = offline_provider(account.provider, account.options)
    ids = occurrences.get_occurrence_ids(source, account.id)
    with scratch.write() as connection:
        for block in raw_records.read_history(source, account.id):
            keep_lease()
            raws = [exact_json.decode(version.data) for version in block.versions]
            if block.kind == "order":
                _save_orders(connection, account.id, provider, block, raws, ids)
            elif block.kind == replay_listing.EVENT:
                replay_listing.save_ticket_types(
                    connection, account.id, provider, raws, block.fetched_at
                )
            elif block.kind == replay_listing.TICKET_TYPE:
                replay_listing.save_listed_types(
                    connection, provider, raws, ids, block.fetched_at
                )
            elif block.kind == "ticket" and isinstance(provider, IssuesLooseTickets):
                at = block.fetched_at
                _save_loose(connection, account.id, provider, raws, ids, at)


def _save_orders(
    connection: Connection,
    account_id: int,
    provider: Provider,
    block: KeptBlock,
    raws: list[Raw],
    ids: dict[str, int],
) -> None:
    page = Page("order", raws)
    save_again(connection, account_id, provider, page, ids, block.fetched_at)
    # Afterwards, because an order is parsed with what was held before it.
    raw_records.save_versions(
        connection, account_id, "order", [block.packed()], block.fetched_at
    )


def save_again(
    connection: Connection,
    account_id: int,
    provider: Provider,
    page: Page,
    ids: dict[str, int],
    now: datetime,
) -> int:
    """
    Save stored raw orders as they are parsed today; returns how many. `ids` are our
    ids of the occurrences by the platform's.
    """
    earlier: dict[str, list[Raw]] = {}
    if isinstance(provider, NeedsEarlier):
        order_ids = [str(raw["id"]) for raw in page.records]
        earlier = earlier_versions(connection, account_id, order_ids)
    parsed = parse_page(provider, page, KnownOrders({}, ids, earlier), is_clean=True)
    quarantine.save_unread(connection, account_id, parsed.unreadable, now)
    still = {item.provider_id for item in parsed.unreadable}
    readable = [id_ for _, id_ in parsed.seen if id_ not in still]
    quarantine.release(connection, account_id, "order", readable)
    zone = get_business_zone(connection)
    saving.save_orders(connection, account_id, parsed.orders, ids, now, zone=zone)
    return len(parsed.orders)


def _save_loose(
    connection: Connection,
    account_id: int,
    provider: IssuesLooseTickets,
    raws: list[Raw],
    ids: dict[str, int],
    now: datetime,
) -> int:
    listed = occurrences.list_occurrences(connection, account_id)
    currencies = {
        occurrence.provider_occurrence_id: occurrence.currency for occurrence in listed
    }
    good, _ = parse_or_quarantine(
        "ticket", clean_records(raws, None), provider.parse_loose_ticket
    )
    incoming = [
        IncomingTicket(item.value, currency, item.clean.content)
        for item in good
        for occurrence_id in [item.value.ticket.occurrence_id]
        for currency in [item.value.currency or currencies.get(occurrence_id)]
        if occurrence_id in ids and currency
    ]
    saving.save_loose_tickets(connection, account_id, incoming, ids, now)
    return len(incoming)


def differences(
    held: Connection, again: Connection, account_id: int
) -> Iterator[RowDifference]:
    """
    The rows of an account that are not what its stored records come to.

    When an order was missed in a listing, or a refund first seen, stands in no record:
    such a moment is believed where it lies in a run of the account. Movements that an
    earlier version stored do not say of which occurrence alone they are.
    """
    spans = runs.list_run_spans(held, account_id)
    upgraded_at = last_upgrade(held)
    unplaced_until = clock.iso(upgraded_at) or ""
    for kind in compared_databases.KINDS:
        found: Iterator[RowDifference] = (
            _without_place(_with_our_moments(pair, spans), unplaced_until)
            for pair in compared_databases.compare_rows(held, again, account_id, kind)
        )
        if kind == "refund":
            found = _without_assumed(
                list(found),
                _Reads(
                    compared_databases.read_order_dates(held, account_id),
                    spans,
                    past_flaws.get_upgrade_instant(held) or "",
                ),
            )
        yield from (pair for pair in found if pair.held != pair.again)


@dataclass(frozen=True, slots=True)
class _Reads:
    """
    When the orders of an account were placed, by the platform's ids, when it was read,
    and until when movements were stored without what they are of.
    """

    placed: Mapping[str, str]
    spans: Sequence[tuple[str, str]]
    undivided_until: str


def _with_our_moments(
    pair: RowDifference, spans: Sequence[tuple[str, str]]
) -> RowDifference:
    if pair.held is None or pair.again is None:
        return pair
    ours: dict[str, str] = {}
    if pair.kind == "order" and _is_within(pair.held["gone_since"], spans):
        since = pair.held["gone_since"]
        ours = {"gone_since": since, "doubt": delisting.DELISTED}
    if pair.kind == "refund" and _is_within(pair.held["seen_at"], spans):
        ours = {"seen_at": pair.held["seen_at"]}
    return replace(pair, again={**pair.again, **ours})


def _without_place(pair: RowDifference, unplaced_until: str) -> RowDifference:
    if pair.kind != "refund" or pair.held is None or pair.again is None:
        return pair
    if pair.held["occurrence_id"] is None and pair.held["seen_at"] <= unplaced_until:
        return replace(pair, again={**pair.again, "occurrence_id": None})
    return pair


def _without_assumed(
    pairs: Sequence[RowDifference], reads: _Reads
) -> Iterator[RowDifference]:
    """
    A refund from before refunds had days is one row on an assumed day, that of its
    sale, however many steps the records know: so its sum is compared, and its day. It
    was seen while the account was read.
    """
    groups: dict[str, list[RowDifference]] = {}
    for pair in pairs:
        groups.setdefault(str(pair.key[0]), []).append(pair)
    for group in groups.values():
        if not _is_assumed(group, reads):
            yield from group


def _is_assumed(group: Sequence[RowDifference], reads: _Reads) -> bool:
    held = [pair.held for pair in group if pair.held is not None]
    again = [pair.again for pair in group if pair.again is not None]
    if len(held) != 1 or not again or held[0].get("basis") != "assumed":
        return False
    if not _is_within(held[0]["seen_at"], reads.spans):
        return False
    if not _is_placeholder(held[0], again, reads.undivided_until):
        return False
    same = sum(row["amount"] for row in again) == held[0]["amount"]
    owner = {row[compared_databases.ORDER] for row in (*held, *again)}
    sale = reads.placed.get(held[0][compared_databases.ORDER] or "", "")
    return same and len(owner) == 1 and _is_day_of(held[0]["on_day"], sale)


def _is_placeholder(
    held: compared_databases.Values,
    again: Sequence[compared_databases.Values],
    undivided_until: str,
) -> bool:
    """
    Whether a movement on an assumed day says nothing that its records do not say: it is
    the first, without a time of its platform's, and what it says beside its amount is
    what all its steps say together, or nothing at all where it was stored before
    movements said it.
    """
    if held["number"] != 1 or held["refunded_at"] is not None:
        return False
    parts = [held[name] for name in (*refunds.MOVED_PARTS, "occurrence_id")]
    is_undivided = held["seen_at"] <= undivided_until and {*parts} == {None}
    sums = [_sum_of(name, again) for name in refunds.MOVED_PARTS]
    return any(
        held["kind"] == row["kind"]
        and (is_undivided or parts == [*sums, row["occurrence_id"]])
        for row in again
    )


def _sum_of(name: str, rows: Sequence[compared_databases.Values]) -> int | None:
    found = [row[name] for row in rows]
    return None if None in found else sum(found)


def _is_day_of(day: str, moment: str) -> bool:
    """
    Whether an instant can lie on that day in some time zone.
    """
    try:
        apart = date.fromisoformat(day) - date.fromisoformat(moment[:10])
    except ValueError:
        return False
    return abs(apart) <= timedelta(days=1)


def _is_within(moment: str | None, spans: Sequence[tuple[str, str]]) -> bool:
    return moment is not None and any(a <= moment <= b for a, b in spans)


# Bringing the database in line


@dataclass(slots=True)
class RecordsToRewrite:
    """
    What must be written again: orders, tickets without an order, and tickets that left
    theirs, by the platform's ids; `missing` are those of which there is no row.
    """

    orders: set[str] = field(default_factory=set)
    loose: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)


def differing(held: Connection, again: Connection, account_id: int) -> RecordsToRewrite:
    found = RecordsToRewrite()
    for pair in differences(held, again, account_id):
        order_id = pair.order_id
        if order_id is None:
            found.loose.add(pair.name)
        else:
            found.orders.add(order_id)
        is_gone = pair.again is not None and pair.again.get("status") == "gone"
        if pair.kind == "ticket" and pair.held is not None and is_gone:
            found.gone.add(pair.name)
        is_whole = pair.kind == "order" or order_id is None
        if pair.held is None and is_whole:
            found.missing.add(pair.name)
    return found


def put_right(
    connection: Connection,
    again: Connection,
    account: AccountState,
    wrong: RecordsToRewrite,
    now: datetime,
) -> int:
    """
    Save what differs as its newest stored record says; returns how many were saved.
    Marks of orders that are listed no longer stay.
    """
    provider = offline_provider(account.provider, account.options)
    ids = occurrences.get_occurrence_ids(connection, account.id)
    gone = stored_orders.list_delisted_orders(connection, account.id)
    saved = 0
    for raws in _newest(connection, account.id, "order", wrong.orders):
        page = Page("order", raws)
        saved += save_again(connection, account.id, provider, page, ids, now)
    for moment in {gone[id_] for id_ in gone.keys() & wrong.orders}:
        same = [id_ for id_ in gone.keys() & wrong.orders if gone[id_] == moment]
        delisting.mark_delisted(connection, account.id, same, moment, now)
    delisting.restore_delisted_tickets(again, connection, account.id, wrong.gone, now)
    if isinstance(provider, IssuesLooseTickets):
        for raws in _newest(connection, account.id, "ticket", wrong.loose):
            saved += _save_loose(connection, account.id, provider, raws, ids, now)
    _note_unreadable(connection, again, account.id, now)
    return saved


def _newest(
    connection: Connection, account_id: int, kind: str, wanted: set[str]
) -> Iterator[list[Raw]]:
    if not wanted:
        return
    for block in raw_records.read_latest(connection, account_id, kind):
        raws = [exact_json.decode(v.data) for v in block if v.provider_id in wanted]
        if raws:
            yield raws


def _note_unreadable(
    connection: Connection, again: Connection, account_id: int, now: datetime
) -> None:
    """
    Records that cannot be read any more wait in quarantine; those of them that waited
    there and can be read again are released.
    """
    unread = quarantine.list_unread(again, account_id)
    waiting = quarantine.list_unread(connection, account_id)
    known = {(item.kind, item.provider_id, item.data) for item in waiting}
    quarantine.save_unread(
        connection,
        account_id,
        [i for i in unread if (i.kind, i.provider_id, i.data) not in known],
        now,
    )
    still = {(item.kind, item.provider_id) for item in unread}
    stored = raw_records.read_versions(
        connection, account_id, "order", [item.provider_id for item in waiting]
    )
    parsed_now = [
        item.provider_id
        for item in waiting
        if item.kind == "order"
        and (item.kind, item.provider_id) not in still
        and item.data in stored.get(item.provider_id, ())
    ]
    quarantine.release(connection, account_id, "order", parsed_now)
