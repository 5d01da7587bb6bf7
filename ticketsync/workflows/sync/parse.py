"""
What a page of raw orders says: the records and what we hold of them in, a `ParsedPage`
out. Pure: it talks to neither a platform nor the database.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from ticketsync.core import errors, records
from ticketsync.net import paging
from ticketsync.providers import reading, registry
from ticketsync.providers.base import (
    IssuesLooseTickets,
    ListsInOrders,
    NeedsEarlier,
    Page,
    Provider,
    ProviderSpec,
    Raw,
    ReportsPeople,
    reads_account,
)
from ticketsync.sales.allocation import AllocatedOrder, IncomingTicket, allocate
from ticketsync.sales.compressed_records import Block, Version, pack
from ticketsync.workflows.sync.raw_records import (
    clean_records,
    parse_or_quarantine,
    refuse_unknown_currencies,
)


class KnownOrders(msgspec.Struct, frozen=True):
    """
    What we hold of a page's orders, by the platform's ids: the hash of each order's
    content; for platforms that need them, the older versions of each, oldest first; and
    the occurrences that are listed.
    """

    contents: Mapping[str, bytes]
    occurrence_ids: Collection[str]
    earlier: Mapping[str, Sequence[Raw]] = {}


class ParsedPage(msgspec.Struct, frozen=True):
    """
    What a page says. `seen` are all its orders as (provider's occurrence id, provider's
    order id); `orders` are those that are new or changed, and readable, and `versions`
    holds their records; `newest` is where a later read of new orders begins; `people`
    are kept where the account keeps them; `events` are listed by these orders alone;
    `bookmark` is where a later read goes on.
    """

    seen: list[tuple[str, str]]
    orders: list[AllocatedOrder]
    versions: Block
    unreadable: list[records.Unread]
    newest: str
    people: dict[str, records.People]
    events: list[records.Event]
    bookmark: str | None


class ParsedTickets(msgspec.Struct, frozen=True):
    """
    What a page of tickets without an order says: how many it shows, those that are new
    or changed, and readable, and their records.
    """

    seen: int
    tickets: list[IncomingTicket]
    versions: Block
    unreadable: list[records.Unread]


def order_ids(page: Page) -> list[str]:
    """
    The orders on a page, without decoding it.
    """
    return [str(head["id"]) for head in paging.heads_of(page.records)]


def parse_page(
    provider: Provider,
    page: Page,
    known: KnownOrders,
    *,
    keeps_people: bool = False,
    is_clean: bool = False,
) -> ParsedPage:
    """
    Parse the orders that differ from what we hold. People are taken out of the page's
    records, unless `is_clean` says that they were.
    """
    raws = page.records
    seen = [
        (
            reading.parsed_or_empty(provider.provider_occurrence_id_of, raw),
            str(raw["id"]),
        )
        for raw in raws
    ]
    newest = _newest(provider, page)
    events = _unlisted_events(provider, raws, known)
    people = _people(provider, raws) if keeps_people and not is_clean else {}
    cleans = clean_records(raws, None if is_clean else provider.spec)
    changed = [c for c in cleans if known.contents.get(c.id) != c.content]
    listed = {*known.occurrence_ids, *_occurrence_ids(events)} if events else None
    parsed, unreadable = parse_or_quarantine(
        "order",
        changed,
        _order_parser(provider, known, listed or known.occurrence_ids),
        provider_occurrence_id_of=provider.provider_occurrence_id_of,
    )
    return ParsedPage(
        seen,
        [allocate(item.value, item.clean.content) for item in parsed],
        pack(Version(i.clean.id, i.clean.content, i.clean.data) for i in parsed),
        unreadable,
        newest,
        people,
        events,
        page.bookmark,
    )


def parse_tickets(
    provider: IssuesLooseTickets,
    spec: ProviderSpec,
    page: Page,
    known: Mapping[str, bytes | None],
    occurrence_ids: Collection[str],
    *,
    provider_occurrence_id: str,
    currency: str | None,
) -> ParsedTickets:
    """
    Parse the tickets of one occurrence that belong to no order. `known` are the hashes
    of those that we hold, `None` for one that an order holds; `currency` is that of the
    occurrence, for a platform that names none with the ticket.
    """

    def parse(raw: Raw) -> IncomingTicket:
        loose = provider.parse_loose_ticket(raw)
        if loose.ticket.occurrence_id not in occurrence_ids:
            raise errors.UnreadableRecord(
                "its event is not listed", word="unknown-event"
            )
        code = loose.currency or currency
        if not code:
            raise errors.UnreadableRecord("nothing says its currency")
        reading.refuse_unknown_currency(code)
        return IncomingTicket(loose, code, b"")

    cleans = clean_records(page.records, spec)
    changed = [c for c in cleans if known.get(c.id, b"") not in (c.content, None)]
    parsed, unreadable = parse_or_quarantine(
        "ticket",
        changed,
        parse,
        provider_occurrence_id_of=lambda _: provider_occurrence_id,
    )
    return ParsedTickets(
        len(cleans),
        [
            IncomingTicket(item.value.loose, item.value.currency, item.clean.content)
            for item in parsed
        ],
        pack(Version(i.clean.id, i.clean.content, i.clean.data) for i in parsed),
        unreadable,
    )


def offline_provider(name: str, options: Mapping[str, str]) -> Provider:
    """
    A provider that cannot talk to its platform: parsing needs no network.
    """
    return registry.provider(name)(_NoNetwork(), options)  # type: ignore[arg-type]  # never asked


class _NoNetwork:
    """
    Stands where a client would.
    """


def _newest(provider: Provider, page: Page) -> str:
    if not reads_account(provider):
        return ""
    moments = [
        reading.parsed_or_empty(provider.watermark_of, raw) for raw in page.records
    ]
    newest = max(moments, default="")
    return newest if page.latest is None else min(newest, page.latest)


def _unlisted_events(
    provider: Provider, raws: Sequence[Raw], known: KnownOrders
) -> list[records.Event]:
    """
    Events with an occurrence that only these orders name.
    """
    if not isinstance(provider, ListsInOrders):
        return []
    named: dict[str, records.Event] = {}
    for raw in raws:
        with contextlib.suppress(errors.UnreadableRecord):
            for event in reading.parsed(provider.events_in, raw):
                refuse_unknown_currencies(event)
                named[event.id] = event
    return [
        event
        for event in named.values()
        if any(o.id not in known.occurrence_ids for o in event.occurrences)
    ]


def _occurrence_ids(events: Sequence[records.Event]) -> list[str]:
    return [o.id for event in events for o in event.occurrences]


def _people(provider: Provider, raws: Sequence[Raw]) -> dict[str, records.People]:
    """
    Who is in these orders, where the platform reports it.
    """
    found: dict[str, records.People] = {}
    if isinstance(provider, ReportsPeople):
        for raw in raws:
            with contextlib.suppress(errors.UnreadableRecord):
                found[str(raw["id"])] = reading.parsed(provider.parse_people, raw)
    return found


def _order_parser(
    provider: Provider, known: KnownOrders, listed: Collection[str]
) -> Callable[[Raw], records.Order]:
    """
    How one order is parsed: with its older versions where the provider needs them,
    and only with a known currency and for occurrences that are listed.
    """

    with_earlier = provider.with_earlier if isinstance(provider, NeedsEarlier) else None

    def parse(raw: Raw) -> records.Order:
        if with_earlier is not None:
            raw = with_earlier(raw, known.earlier.get(str(raw["id"]), []))
        order = provider.parse_order(raw)
        reading.refuse_unknown_currency(order.currency)
        named = [ticket.occurrence_id for ticket in order.tickets]
        named += [voucher.occurrence_id for voucher in order.voucher_sales]
        for id_ in (*named, order.occurrence_id):
            if id_ is not None and id_ not in listed:
                raise errors.UnreadableRecord(
                    f"its event {id_} is not listed", word="unknown-event"
                )
        return order

    return parse
