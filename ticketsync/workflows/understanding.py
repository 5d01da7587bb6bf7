"""
What a page of raw orders says. Pure, so that a second process can find it out while
this one saves the page before.

That process is this module run by itself. It gets answers as they came (no secret is
part of them) and tells what it understood; whatever it cannot do is done here.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from ticketsync.core import companion, errors, records
from ticketsync.core.companion import Companion
from ticketsync.net import paging
from ticketsync.providers import reading, registry
from ticketsync.providers.base import (
    ListsInOrders,
    NeedsEarlier,
    Page,
    Provider,
    Raw,
    ReportsPeople,
    reads_account,
)
from ticketsync.sales.allocation import AllocatedOrder, allocate
from ticketsync.sales.packing import Block, Version, pack
from ticketsync.workflows.records import (
    cleaned,
    refuse_unknown_currency,
    understood,
)

MANY = 4000  # orders from which a second process saves more than it costs (measured)

Contents = Mapping[str, bytes]  # order id → content hash of the version we hold
Earlier = Callable[[list[str]], Mapping[str, Sequence[Raw]]]


class Understanding(msgspec.Struct, frozen=True):
    """
    What a page says. `seen` are all its orders, as (date, id); `good` are those that
    are new or changed, and readable, and `block` holds their records; `newest` is where
    a later read of new orders begins; `people` are told where the account keeps them.
    """

    seen: list[tuple[str, str]]
    good: list[AllocatedOrder]
    block: Block
    bad: list[records.Unread]
    newest: str
    people: dict[str, records.People]


def ids_of(page: Page) -> list[str]:
    """
    The orders on a page, without decoding it.
    """
    rows = page.records
    heads = rows.heads if isinstance(rows, paging.Undecoded) else rows
    return [str(head["id"]) for head in heads]


def understand(
    provider: Provider,
    raws: Sequence[Raw],
    held: Contents,
    dates: Collection[str],
    *,
    keeps_people: bool = False,
    is_clean: bool = False,
    earlier: Earlier = lambda _: {},
) -> Understanding:
    """
    Understand the orders that are not as we hold them. People are taken out of `raws`,
    unless `is_clean` says that they were.
    """
    seen = [
        (
            reading.parsed_or_empty(provider.provider_occurrence_id_of, raw),
            str(raw["id"]),
        )
        for raw in raws
    ]
    newest = ""
    if reads_account(provider):
        moments = (reading.parsed_or_empty(provider.watermark_of, raw) for raw in raws)
        newest = max(moments, default="")
    people = _people(provider, raws) if keeps_people else {}
    cleans = cleaned(raws, None if is_clean else provider.spec)
    news = [clean for clean in cleans if held.get(clean.id) != clean.content]
    read = _reader(provider, earlier, [clean.id for clean in news])
    good, bad = understood(
        "order",
        news,
        _placed_on(dates, read),
        provider_occurrence_id_of=provider.provider_occurrence_id_of,
    )
    return Understanding(
        seen,
        [allocate(i.value, i.clean.content) for i in good],
        pack(Version(i.clean.id, i.clean.content, i.clean.data) for i in good),
        bad,
        newest,
        people,
    )


def _people(provider: Provider, raws: Sequence[Raw]) -> dict[str, records.People]:
    """
    Who is in these orders, where the platform tells.
    """
    found: dict[str, records.People] = {}
    if isinstance(provider, ReportsPeople):
        for raw in raws:
            with contextlib.suppress(errors.UnreadableRecord):
                found[str(raw["id"])] = reading.parsed(provider.parse_people, raw)
    return found


def _reader(
    provider: Provider, earlier: Earlier, ids: list[str]
) -> Callable[[Raw], records.Order]:
    """
    How the provider reads an order, beside what we hold of it from before.
    """
    if not isinstance(provider, NeedsEarlier):
        return provider.parse_order
    before = earlier(ids)

    def read(raw: Raw) -> records.Order:
        known = before.get(str(raw["id"]), [])
        return provider.parse_order(provider.with_earlier(raw, known))

    return read


def _placed_on(
    dates: Collection[str], read: Callable[[Raw], records.Order]
) -> Callable[[Raw], records.Order]:
    """
    Read an order and make sure that we know the dates it is for.
    """

    def read_known(raw: Raw) -> records.Order:
        order = read(raw)
        refuse_unknown_currency(order.currency)
        named = [ticket.occurrence_id for ticket in order.tickets]
        for date in (*named, order.occurrence_id):
            if date is not None and date not in dates:
                raise errors.UnreadableRecord(
                    f"its event {date} is not listed", word="unknown-event"
                )
        return order

    return read_known


class Opening(msgspec.Struct, frozen=True):
    """
    What the second process must know before the first page.
    """

    provider: str
    options: dict[str, str]
    dates: list[str]
    keeps_people: bool


class Desk:
    """
    Pages are given here and taken back understood, in the same order. Where there are
    many orders and a second processor, another process reads them meanwhile, as soon as
    it is up.
    """

    def __init__(
        self,
        provider: Provider,
        opening: Opening,
        here: Callable[[Page, Contents], Understanding],
        *,
        expected: int,
    ) -> None:
        self._opening = opening
        self._here = here
        needs_our_books = isinstance(provider, NeedsEarlier | ListsInOrders)
        self._has_helper = (
            expected >= MANY and _processors() > 1 and not needs_our_books
        )
        self._helper: Companion | None = None
        self._given: deque[tuple[Page, Contents, bool]] = deque()

    def give(self, page: Page, held: Contents) -> None:
        rows = page.records
        is_sent = isinstance(rows, paging.Undecoded) and self._ask(rows.body, held)
        self._given.append((page, held, is_sent))

    @property
    def waiting(self) -> int:
        return len(self._given)

    @property
    def is_next_here(self) -> bool:
        """
        Whether nobody works on the oldest page, so that waiting is of no use.
        """
        return bool(self._given) and not self._given[0][2]

    def take(self) -> tuple[str | None, Understanding]:
        """
        The bookmark of the oldest page that was given, and what the page says.
        """
        page, held, is_sent = self._given.popleft()
        told = self._helper.answer() if is_sent and self._helper is not None else None
        if told:
            return page.bookmark, _ANSWERS.decode(told)
        return page.bookmark, self._here(page, held)

    def close(self) -> None:
        if self._helper is not None:
            self._helper.close()

    def _ask(self, body: bytes, held: Contents) -> bool:
        if self._helper is None and self._has_helper:
            try:
                self._helper = Companion(__name__, _encode(self._opening))
            except OSError:
                self._has_helper = False  # no process to be had, so we do it
        if self._helper is None or not self._helper.is_up:
            return False
        self._helper.ask(_encode(held), body)
        return True


def reading_only(provider: str, options: Mapping[str, str]) -> Provider:
    """
    A provider that talks to nobody: understanding records needs no network.
    """
    return registry.provider(provider)(_NoNetwork(), options)  # type: ignore[arg-type]


class _NoNetwork:
    """
    Stands where a client would.
    """


_encode = msgspec.msgpack.encode
_OPENINGS = msgspec.msgpack.Decoder(Opening)
_HELD = msgspec.msgpack.Decoder(dict[str, bytes])
_ANSWERS = msgspec.msgpack.Decoder(Understanding)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# The second process


def _begin(opening: bytes) -> Callable[[bytes, bytes], bytes]:
    told = _OPENINGS.decode(opening)
    provider = reading_only(told.provider, told.options)
    dates = frozenset(told.dates)

    def answer(held: bytes, body: bytes) -> bytes:
        try:
            found = understand(
                provider,
                paging.records_in(body),
                _HELD.decode(held),
                dates,
                keeps_people=told.keeps_people,
            )
            return _encode(found)
        except Exception:  # whoever asked meets the same, and knows what to say of it
            return b""

    return answer


if __name__ == "__main__":
    gc.disable()  # one page after the other, and no cycles in any
    companion.serve(_begin)
