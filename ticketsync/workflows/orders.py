"""
Reading and saving orders: pages as they come, one transaction each.

A page's bookmark is committed with the page. An event's own bookmark (the
fingerprint of its last complete read) is taken away by the first change saved and
set again only together with the recomputed figures; so a run that dies in between
leaves a mark that sends the next run to the same event.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlmodel import Session

from ticketsync.accounts import bookmarks, state
from ticketsync.accounts.runs import Counts
from ticketsync.catalogue import occurrences, shows
from ticketsync.catalogue.occurrences import LinkedOccurrence, Listed
from ticketsync.core import clock, digest, errors, records
from ticketsync.core.completeness import has_shrunk, is_mostly_missing
from ticketsync.core.parallel import side_by_side
from ticketsync.net import exact_json
from ticketsync.providers import reading
from ticketsync.providers.base import (
    Extent,
    FiltersByChange,
    IssuesLooseTickets,
    ListsInOrders,
    Page,
    Provider,
    Raw,
    ReadsWholeAccount,
    ReportsChanges,
)
from ticketsync.sales import privacy, quarantine, saving, versions
from ticketsync.sales.packing import Version, pack
from ticketsync.sales.saving import HeldCounts, IncomingTicket
from ticketsync.workflows import twins
from ticketsync.workflows.account_run import AccountRun
from ticketsync.workflows.cross_checks import (
    DOUBTED,
    checked,
    judge,
    read_everything_next,
)
from ticketsync.workflows.records import (
    cleaned,
    refuse_drift,
    refuse_unknown_currencies,
    refuse_unknown_currency,
    understood,
)
from ticketsync.workflows.understanding import (
    Contents,
    Desk,
    Opening,
    Understanding,
    ids_of,
    understand,
)

Told = tuple[str | None, Understanding]  # a page's bookmark and what the page says

STREAM = "orders"  # event id → fingerprint of its last complete read
BEGUN = "orders-begun"  # event id → fingerprint when the unfinished read began
WINDOWS = "orders-windows"  # "" → what is left of an unfinished read
NEWEST = "orders-newest"  # "" → watermark for new orders
SWEPT = "orders-swept"  # events that an unfinished sweep has read
CHANGED = "orders-changed"  # event id → the bookmark of its last complete read
ACCEPTED = "orders-accepted"  # event id → orders it counts and, a person says, lacks

PAGE = 100
PAGES_AT_ONCE = 8  # in one transaction: each commit waits for the disk (measured)
LOT_SECONDS = 1.0
PAGES_AHEAD = 12  # understood by another process while a lot is saved
EVIDENCE = 3  # events that must agree before a way of counting is believed
MOST_AGAIN = 100  # waiting orders that one run asks for one by one


@dataclass(slots=True)
class Reading:
    """
    What one run learns about orders: seen per event, touched, complete. `is_whole`
    says that all orders were read, so that `newest` is believed even if it went back;
    it stays where it was unless `may_move`.
    """

    ids: dict[str, int]
    seen: dict[str, set[str]] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    complete: set[str] = field(default_factory=set)
    marks: set[str] | None = None
    ill: set[str] | None = None
    held: dict[int, HeldCounts] | None = None
    prints: dict[str, str] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)
    swept: set[str] = field(default_factory=set)
    was_sweeping: bool = False
    is_first: bool = False
    is_whole: bool = False
    may_move: bool = True
    newest: str = ""
    expected: int = 0
    done: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """
    How an event stood at its last complete read, and whether the counts agreed.
    """

    fingerprint: str
    agrees: bool

    def as_text(self) -> str:
        return json.dumps([self.fingerprint, self.agrees])

    @staticmethod
    def of(text: str) -> Mark:
        fingerprint, agrees = json.loads(text)
        return Mark(str(fingerprint), bool(agrees))


def stale(
    candidates: Sequence[LinkedOccurrence], marks: dict[str, str]
) -> list[LinkedOccurrence]:
    """
    The events that must be read: never read whole, changed since, or not agreeing.
    """

    def is_fresh(occurrence: LinkedOccurrence) -> bool:
        text = marks.get(occurrence.occurrence_id)
        return text is not None and Mark.of(text) == Mark(occurrence.fingerprint, True)

    return [occurrence for occurrence in candidates if not is_fresh(occurrence)]


def whole_is_cheaper(
    chosen: Sequence[LinkedOccurrence], listed: Sequence[LinkedOccurrence]
) -> bool:
    """
    Whether one walk over all orders takes fewer requests than one per event.
    """
    if len(chosen) < 2:
        return False
    by_event = sum(_pages(occurrence) for occurrence in chosen)
    return math.ceil(_total(listed) / PAGE) + 1 < by_event


def read_recent(run: AccountRun, progress: Reading, *, accept_shrink: bool) -> set[str]:
    """
    Save orders placed since the last watermark; answers the events they belong to.
    """
    provider = run.provider
    if not isinstance(provider, ReadsWholeAccount):
        return set()
    with run.database.read() as session:
        newest = bookmarks.get_bookmarks(session, run.account.id, NEWEST).get("")
    if newest is None:
        return set()
    before = set(progress.touched)
    pages = provider.fetch_recent_orders(newest)
    try:
        for page in checked(run, pages, accept_shrink=accept_shrink):
            _save_page(run, page, progress)
            if page.gone:
                _mark_gone(run, _held(run, page.gone))
    except errors.InvalidResponse as incomplete:
        if incomplete.word != "list-incomplete":
            raise
        if isinstance(provider, ReportsChanges):
            read_everything_next(run)
            raise
        run.troubles.append(incomplete)  # events are read by themselves, too
        progress.may_move = False
    rows = progress.touched - before
    progress.seen.clear()  # a part of an event's orders says nothing of the rest
    return {id_ for id_, row in progress.ids.items() if row in rows}


def read_whole(
    run: AccountRun,
    progress: Reading,
    listed: Sequence[LinkedOccurrence],
    *,
    accept_shrink: bool,
) -> None:
    """
    All orders of the account, in time windows side by side; goes on where it stopped.
    """
    provider = run.provider
    assert isinstance(provider, ReadsWholeAccount)
    with run.database.read() as session:
        left = bookmarks.get_bookmarks(session, run.account.id, WINDOWS).get("")
    progress.expected = _total(listed)
    if left is None:
        prints = {
            occurrence.occurrence_id: occurrence.fingerprint for occurrence in listed
        }
        with run.transaction() as session:
            bookmarks.delete_bookmarks(session, run.account.id, [BEGUN])
            bookmarks.save_bookmarks(session, run.account.id, BEGUN, prints)
    workers = _workers(run, math.ceil(progress.expected / PAGE))
    extent = Extent(progress.expected, _cuts(listed, workers))
    pages = provider.fetch_all_orders(left, extent, workers=workers)
    pages = checked(run, pages, accept_shrink=accept_shrink)
    for lot in _in_lots(_understood(run, pages, progress)):
        _save_pages(run, lot, progress, keep_place=True)
    if left is not None:
        progress.seen.clear()  # the earlier part was seen by another run
    with run.database.read() as session:
        begun = bookmarks.get_bookmarks(session, run.account.id, BEGUN)
    for occurrence in listed:
        if occurrence.occurrence_id in begun:
            progress.complete.add(occurrence.occurrence_id)
            progress.prints[occurrence.occurrence_id] = begun[occurrence.occurrence_id]
    if left is None:
        progress.is_whole = True
        with run.transaction() as session:
            bookmarks.delete_bookmarks(session, run.account.id, [DOUBTED])
        for occurrence in listed:
            progress.seen.setdefault(occurrence.occurrence_id, set())


def covered_by_feed(
    progress: Reading,
    listed: Sequence[LinkedOccurrence],
    window: Sequence[LinkedOccurrence],
    marks: dict[str, str],
) -> list[LinkedOccurrence]:
    """
    The events that a feed of all changes has brought up to date: those it touched,
    and those that were not marked, by a new link or by a run that died.
    """
    new = {occurrence.id for occurrence in stale(window, marks)}
    found = [
        occurrence for occurrence in listed if occurrence.id in progress.touched | new
    ]
    for occurrence in found:
        progress.complete.add(occurrence.occurrence_id)
        progress.prints[occurrence.occurrence_id] = occurrence.fingerprint
    return found


@dataclass(frozen=True, slots=True)
class _Unit:
    """
    What one call of `fetch_orders` reads: a date, or a whole event with its dates;
    all of it, or what changed `since` a bookmark.
    """

    id: str
    offers: tuple[LinkedOccurrence, ...]
    since: str | None


def read_events(
    run: AccountRun,
    progress: Reading,
    chosen: Sequence[LinkedOccurrence],
    listed: Sequence[LinkedOccurrence],
    *,
    swept: bool,
    accept_shrink: bool,
) -> None:
    """
    The orders of these events, several events side by side: those that changed where
    the platform can tell and the rest was read before, else all of them.
    """
    provider = run.provider
    units = _units(run, chosen, listed, swept=swept)
    progress.was_sweeping = swept and provider.spec.orders_by == "event"
    progress.expected += _total(chosen)

    def reader(unit: _Unit) -> Callable[[], Iterator[tuple[_Unit, Page | None]]]:
        def pages() -> Iterator[tuple[_Unit, Page | None]]:
            for page in provider.fetch_orders(unit.id, unit.since):
                yield unit, page
            yield unit, None

        return pages

    for unit in units:
        for occurrence in unit.offers:
            progress.prints[occurrence.occurrence_id] = occurrence.fingerprint
            progress.seen[occurrence.occurrence_id] = set()
    workers = _workers(run, len(units))
    for unit, page in side_by_side(map(reader, units), workers=workers):
        if page is None:
            _complete(progress, unit)
            if progress.was_sweeping:
                progress.swept.add(unit.id)
            continue
        judge(run, page, accept_shrink=accept_shrink)
        _save_page(run, page, progress)
        if page.bookmark is not None:
            progress.changes[unit.id] = page.bookmark
    for unit in units:
        if unit.since is not None:
            _forget_seen(progress, unit)  # what other events' pages named of its dates


def remember_sweep(run: AccountRun, progress: Reading) -> None:
    """
    Note which events an unfinished sweep has read, for the run that goes on.
    """
    if progress.swept:
        with run.transaction() as session:
            done = dict.fromkeys(progress.swept, "")
            bookmarks.save_bookmarks(session, run.account.id, SWEPT, done)


def end_sweep(run: AccountRun, progress: Reading) -> None:
    """
    Forget those notes: the next sweep reads everything again.
    """
    if not progress.was_sweeping:
        return
    with run.database.read() as session:
        done = bookmarks.get_bookmarks(session, run.account.id, SWEPT)
    if done:
        with run.transaction() as session:
            bookmarks.delete_bookmarks(session, run.account.id, [SWEPT])


def _units(
    run: AccountRun,
    chosen: Sequence[LinkedOccurrence],
    listed: Sequence[LinkedOccurrence],
    *,
    swept: bool,
) -> list[_Unit]:
    if run.provider.spec.orders_by == "occurrence":
        return [_Unit(o.occurrence_id, (o,), None) for o in chosen]
    with run.database.read() as session:
        marks = bookmarks.get_bookmarks(session, run.account.id, STREAM)
        since = bookmarks.get_bookmarks(session, run.account.id, CHANGED)
        done = bookmarks.get_bookmarks(session, run.account.id, SWEPT)
    wanted = dict.fromkeys(occurrence.event_id for occurrence in chosen)
    offers: dict[str, list[LinkedOccurrence]] = {event: [] for event in wanted}
    for occurrence in listed:
        if occurrence.event_id in offers:
            offers[occurrence.event_id].append(occurrence)
    return [
        _Unit(
            event,
            tuple(dates),
            since.get(event)
            if (not swept or event in done)
            and all(date.occurrence_id in marks for date in dates)
            else None,
        )
        for event, dates in offers.items()
    ]


def _complete(progress: Reading, unit: _Unit) -> None:
    """
    Note what a finished read says of its dates; a read of changes says nothing of
    those it did not touch, and nothing of absence.
    """
    if unit.since is not None:
        _forget_seen(progress, unit)
    for occurrence in unit.offers:
        if unit.since is None or occurrence.id in progress.touched:
            progress.complete.add(occurrence.occurrence_id)


def _forget_seen(progress: Reading, unit: _Unit) -> None:
    """
    A part of a date's orders says nothing of the rest.
    """
    for occurrence in unit.offers:
        progress.seen.pop(occurrence.occurrence_id, None)


def read_loose(
    run: AccountRun,
    progress: Reading,
    chosen: Sequence[LinkedOccurrence],
    listed: Sequence[LinkedOccurrence],
) -> None:
    """
    Tickets without an order, of those events whose counts suggest that there are any.
    """
    provider = run.provider
    if not isinstance(provider, IssuesLooseTickets):
        return
    if not chosen:
        return
    held = _counted(run, progress)
    rule = counting_rule(listed, held)
    suspicious = [
        occurrence
        for occurrence in chosen
        if occurrence.occurrence_id in progress.complete
        and _may_have_loose(occurrence, held.get(occurrence.id), rule)
    ]

    def reader(
        occurrence: LinkedOccurrence,
    ) -> Callable[[], Iterator[tuple[LinkedOccurrence, Page]]]:
        def pages() -> Iterator[tuple[LinkedOccurrence, Page]]:
            for page in provider.fetch_loose_tickets(occurrence.occurrence_id):
                yield occurrence, page

        return pages

    workers = _workers(run, len(suspicious))
    tickets: dict[int, float] = {occurrence.id: 0 for occurrence in suspicious}
    for occurrence, page in side_by_side(map(reader, suspicious), workers=workers):
        tickets[occurrence.id] += math.inf if page.listed is None else page.listed
        _save_loose_page(run, provider, occurrence, page, progress)
    for occurrence in suspicious:
        _notice_few_tickets(
            run, progress, occurrence, held.get(occurrence.id), tickets[occurrence.id]
        )


def _notice_few_tickets(
    run: AccountRun,
    progress: Reading,
    occurrence: LinkedOccurrence,
    held: HeldCounts | None,
    listed: float,
) -> None:
    """
    An event whose list of tickets is shorter than half of what its orders hold, or of
    what the event itself counts, was not read whole.
    """
    expected = max(held.sold if held else 0, occurrence.issued or 0)
    if not is_mostly_missing(expected - listed, expected):
        return
    progress.complete.discard(occurrence.occurrence_id)
    run.troubles.append(
        errors.InvalidResponse(
            f"Account {run.account.name!r}: {occurrence.called} has {expected} "
            f"tickets, and the list of its tickets shows {listed:.0f}.",
            hint="It is read again with the next run.",
            word="list-incomplete",
        )
    )


def notice_absence(
    run: AccountRun,
    progress: Reading,
    chosen: Sequence[LinkedOccurrence],
    *,
    accept_shrink: bool,
) -> set[int]:
    """
    Orders that a complete read no longer showed are marked; an event that lost most
    of its orders is not believed (F15). Answers the rows of those events.
    """
    complete = [
        occurrence
        for occurrence in chosen
        if occurrence.occurrence_id in progress.complete
        and occurrence.occurrence_id in progress.seen
    ]
    refused = _refuse_few_orders(run, progress, complete, accept=accept_shrink)
    if complete and not progress.is_first:  # else all that is held was seen just now
        refused |= _refuse_lost_orders(
            run, progress, complete, refused, accept=accept_shrink
        )
    if refused:
        events = {o.occurrence_id for o in complete if o.id in refused}
        _read_again_next(run, progress, events)
    return refused


def _refuse_lost_orders(
    run: AccountRun,
    progress: Reading,
    complete: Sequence[LinkedOccurrence],
    doubtful: set[int],
    *,
    accept: bool,
) -> set[int]:
    """
    The rows of the events that lost most of the orders that we hold. What others lost
    is marked, unless they are `doubtful`.
    """
    refused: set[int] = set()
    with run.database.read() as session:
        known = saving.list_orders(
            session, run.account.id, (occurrence.id for occurrence in complete)
        )
    missing = {
        occurrence.id: known.get(occurrence.id, set())
        - progress.seen[occurrence.occurrence_id]
        for occurrence in complete
    }
    held = sum(len(known.get(occurrence.id, ())) for occurrence in complete)
    has_collapsed = has_shrunk(held - sum(map(len, missing.values())), held)
    gone: list[str] = []
    for occurrence in complete:
        before = len(known.get(occurrence.id, ()))
        left = before - len(missing[occurrence.id])
        is_doubtful = has_collapsed and left < before
        if (is_doubtful or has_shrunk(left, before)) and not accept:
            refused.add(occurrence.id)
            run.troubles.append(_shrunk(run, occurrence, left, before))
        elif occurrence.id not in doubtful:
            gone += missing[occurrence.id]
    _mark_gone(run, gone)
    return refused


def _mark_gone(run: AccountRun, ids: Collection[str]) -> None:
    if not ids:
        return
    with run.transaction() as session:
        saving.mark_delisted(session, run.account.id, ids, clock.now())
    run.notes.append(
        f"{len(ids)} orders are no longer listed; they still count, see `status`"
    )


def _read_again_next(run: AccountRun, progress: Reading, events: Iterable[str]) -> None:
    """
    Let the next run read all orders of these events: one that asks only for what
    changed would not meet again what was refused, nor accept it.
    """
    with run.transaction() as session:
        bookmarks.delete_event_bookmarks(session, run.account.id, STREAM, events)
    progress.marks = None
    if isinstance(run.provider, ReportsChanges):
        read_everything_next(run)


def _refuse_few_orders(
    run: AccountRun,
    progress: Reading,
    complete: Sequence[LinkedOccurrence],
    *,
    accept: bool,
) -> set[int]:
    """
    The rows of the events that list far fewer orders than they say themselves that they
    have: at a first read nothing else contradicts a list of orders that collapsed.

    What a person accepts is remembered: an event may lack as many from then on.
    """
    if accept:
        _accept_few_orders(run, progress, complete)
        return set()
    with run.database.read() as session:
        accepted = bookmarks.get_bookmarks(session, run.account.id, ACCEPTED)
    counted = {
        o.id: (
            len(progress.seen[o.occurrence_id]),
            (o.ordered or 0) - int(accepted.get(o.occurrence_id, 0)),
        )
        for o in complete
    }
    has_collapsed = has_shrunk(
        sum(seen for seen, ordered in counted.values() if ordered),
        sum(ordered for _, ordered in counted.values()),
    )
    refused: set[int] = set()
    for occurrence in complete:
        seen, ordered = counted[occurrence.id]
        if has_collapsed:
            refused.add(
                occurrence.id
            )  # it may agree by chance: what counts is not sure
        if has_shrunk(seen, ordered) or (has_collapsed and seen < ordered):
            refused.add(occurrence.id)
            run.troubles.append(_too_few(run, occurrence, seen, ordered))
    return refused


def _accept_few_orders(
    run: AccountRun, progress: Reading, complete: Sequence[LinkedOccurrence]
) -> None:
    lacking = {
        o.occurrence_id: (o.ordered or 0) - len(progress.seen[o.occurrence_id])
        for o in complete
    }
    gaps = {event: str(number) for event, number in lacking.items() if number > 0}
    if gaps:
        with run.transaction() as session:
            bookmarks.save_bookmarks(session, run.account.id, ACCEPTED, gaps)


def marks_for(
    run: AccountRun,
    progress: Reading,
    chosen: Iterable[LinkedOccurrence],
    waiting: set[str],
) -> dict[str, str]:
    """
    The bookmarks of the events that were read whole, to be saved with the figures.

    An event with a record in quarantine gets none, so that it is read again.
    """
    chosen = list(chosen)
    if not chosen:
        return {}
    held = _counted(run, progress)
    sure = isinstance(run.provider, ReportsChanges | FiltersByChange)
    return {
        occurrence.occurrence_id: Mark(
            progress.prints[occurrence.occurrence_id],
            sure or _agrees(occurrence, held.get(occurrence.id)),
        ).as_text()
        for occurrence in chosen
        if occurrence.occurrence_id in progress.complete
        and occurrence.occurrence_id not in waiting
    }


def _counted(run: AccountRun, progress: Reading) -> dict[int, HeldCounts]:
    """
    What we hold of each occurrence by now.
    """
    if progress.held is None:
        with run.database.read() as session:
            progress.held = saving.count_held(session, run.account.id)
    return progress.held


def retry_quarantine(run: AccountRun, progress: Reading) -> set[str]:
    """
    Try the waiting orders once more; answers the events that still have one waiting.
    """
    with run.database.read() as session:
        unread = quarantine.list_unread(session, run.account.id)
    orders = [item for item in unread if item.kind == "order"]
    if not orders:
        return set()
    again = Page("order", _fetched_again(run, orders))
    fetched = set(ids_of(again))
    page = Page(
        "order",
        [exact_json.decode(i.data) for i in orders if i.provider_id not in fetched],
    )
    found = [
        (
            None,
            _understand(run, page, _held(run, ids_of(page)), progress, is_clean=True),
        ),
        (None, _understand(run, again, _held(run, ids_of(again)), progress)),
    ]
    _save_records(run, found, progress, Counts(), is_retry=True)
    with run.database.read() as session:
        left = quarantine.list_unread(session, run.account.id)
    return {item.event_id for item in left if item.kind == "order"}


def _fetched_again(run: AccountRun, waiting: Sequence[records.Unread]) -> list[Raw]:
    """
    Orders that contradicted themselves, because a list was not whole when they were
    read: nothing else would bring them again before the next sweep.
    """
    doubtful = [item for item in waiting if item.word == errors.CONTRADICTION]
    found: list[Raw] = []
    for item in doubtful[:MOST_AGAIN]:
        with contextlib.suppress(errors.InvalidResponse):  # it goes on waiting
            found.append(run.provider.fetch_order(item.provider_id, item.event_id))
    wanted = {item.provider_id for item in doubtful}
    return [raw for raw in found if str(raw["id"]) in wanted]


def waiting_events(run: AccountRun) -> set[str]:
    """
    The events that have a record in quarantine.
    """
    with run.database.read() as session:
        return {
            item.event_id for item in quarantine.list_unread(session, run.account.id)
        }


# Pages


def _in_lots(pages: Iterator[Told]) -> Iterator[list[Told]]:
    """
    What is saved in one transaction each; pages that came before a failure come before
    it here too. The first lots are small, so that a run that is soon ended gets on.
    """
    lot: list[Told] = []
    size = 1
    failure: errors.TicketsyncError | None = None
    began = time.monotonic()
    try:
        for told in pages:
            lot.append(told)
            if len(lot) == size or time.monotonic() - began > LOT_SECONDS:
                yield lot
                lot = []
                size = min(2 * size, PAGES_AT_ONCE)
                began = time.monotonic()
    except errors.TicketsyncError as error:
        failure = error
    if lot:
        yield lot
    if failure is not None:
        raise failure


def _understood(
    run: AccountRun, pages: Iterator[Page], progress: Reading
) -> Iterator[Told]:
    """
    The pages with what each says; found out while earlier ones are saved.
    """
    opening = Opening(
        run.provider.spec.name,
        dict(run.account.options),
        list(progress.ids),
        _keeps_people(run),
    )

    def here(page: Page, held: Contents) -> Understanding:
        return _understand(run, page, held, progress)

    with run.database.read() as session:
        progress.is_first = not saving.holds_orders(session, run.account.id)
    desk = Desk(run.provider, opening, here, expected=progress.expected)
    try:
        failure = None
        for page in _with_failure(pages):
            if isinstance(page, errors.TicketsyncError):
                failure = page
                break
            desk.give(page, {} if progress.is_first else _held(run, ids_of(page)))
            while desk.is_next_here or desk.waiting > PAGES_AHEAD:
                yield desk.take()
        while desk.waiting:
            yield desk.take()
        if failure is not None:
            raise failure
    finally:
        desk.close()


def _with_failure(pages: Iterator[Page]) -> Iterator[Page | errors.TicketsyncError]:
    """
    The pages, and last what went wrong with the reading of them.
    """
    try:
        yield from pages
    except errors.TicketsyncError as error:
        yield error


def _save_page(run: AccountRun, page: Page, progress: Reading) -> None:
    found = _understand(run, page, _held(run, ids_of(page)), progress)
    _save_pages(run, [(page.bookmark, found)], progress)


def save_one(run: AccountRun, page: Page, progress: Reading) -> None:
    """
    Save an order that was asked for by its number; says nothing of any other.
    """
    _save_page(run, page, progress)
    progress.seen.clear()


def _save_pages(
    run: AccountRun,
    lot: Sequence[Told],
    progress: Reading,
    *,
    keep_place: bool = False,
) -> None:
    _save_records(run, lot, progress, run.counts, keep_place=keep_place)
    progress.done += sum(len(found.seen) for _, found in lot)
    run.on_progress(
        run.account.name,
        "orders",
        progress.done,
        max(progress.expected, progress.done),
    )


def _held(run: AccountRun, ids: Iterable[str]) -> Contents:
    """
    What we hold of these orders; those marked as gone are left out.
    """
    with run.database.read() as session:
        return saving.read_contents(session, run.account.id, ids)


def _understand(
    run: AccountRun,
    page: Page,
    held: Contents,
    progress: Reading,
    *,
    is_clean: bool = False,
) -> Understanding:
    provider = run.provider
    if isinstance(provider, ListsInOrders):
        _list_dates(run, provider, page.records, progress)

    def earlier(ids: list[str]) -> dict[str, list[Raw]]:
        with run.database.read() as session:
            return _earlier(session, run.account.id, [i for i in ids if i in held])

    found = understand(
        provider,
        page.records,
        held,
        progress.ids,
        keeps_people=_keeps_people(run) and not is_clean,
        is_clean=is_clean,
        earlier=earlier,
    )
    if page.latest is None:
        return found
    return msgspec.structs.replace(found, newest=min(found.newest, page.latest))


def _keeps_people(run: AccountRun) -> bool:
    return state.keeps_people(run.account, run.settings.account(run.account.name))


def _save_records(
    run: AccountRun,
    lot: Sequence[Told],
    progress: Reading,
    counts: Counts,
    *,
    keep_place: bool = False,
    is_retry: bool = False,
) -> None:
    provider, account_id = run.provider, run.account.id
    seen = [order for _, found in lot for order in found.seen]
    good = [item for _, found in lot for item in found.good]
    bad = [item for _, found in lot for item in found.bad]
    people = {id_: who for _, found in lot for id_, who in found.people.items()}
    for date, id_ in seen:
        progress.seen.setdefault(date, set()).add(id_)
    if not is_retry:
        title = provider.spec.title
        refuse_drift(len(seen) - len(bad), bad, title, run.account.name)
        progress.newest = max([progress.newest, *(found.newest for _, found in lot)])
    counts.processed += len(seen)
    counts.unchanged += len(seen) - len(good) - len(bad)
    counts.quarantined += len(bad)
    healed = _healed(run, progress, {id_ for _, id_ in seen}, bad)
    if not good and not bad and not healed and not keep_place and not people:
        return
    now = clock.now()
    with run.transaction() as session:
        twins.refuse_shared_orders(session, run, [item.order.id for item in good])
        blocks = [found.block for _, found in lot]
        versions.save_versions(session, account_id, "order", blocks, now)
        zone = shows.business_zone(session)
        saved = saving.save_orders(
            session, account_id, good, progress.ids, now, zone=zone
        )
        occurrences.keep_linked(session, saved.touched)
        privacy.save_people(
            session, account_id, people, run.settings.forget_before(now)
        )
        quarantine.save_unread(session, account_id, bad, now)
        quarantine.release(session, account_id, "order", healed)
        _unmark(session, account_id, progress, saved.touched)
        progress.held = None
        if keep_place:
            place = lot[-1][0]
            if place is None:
                bookmarks.delete_bookmarks(session, account_id, [WINDOWS])
            else:
                bookmarks.save_bookmarks(session, account_id, WINDOWS, {"": place})
    counts.created += saved.created
    counts.updated += saved.updated
    progress.touched |= saved.touched


def _earlier(
    session: Session, account_id: int, ids: Sequence[str]
) -> dict[str, list[Raw]]:
    """
    What we hold of these orders from before, oldest first.
    """
    found = versions.read_versions(session, account_id, "order", ids)
    return {
        id_: [exact_json.decode(data) for data in old] for id_, old in found.items()
    }


def _list_dates(
    run: AccountRun,
    provider: ListsInOrders,
    raws: Sequence[Raw],
    progress: Reading,
) -> None:
    """
    Save the dates that only these orders name.
    """
    named: dict[str, records.Event] = {}
    for raw in raws:
        with contextlib.suppress(errors.UnreadableRecord):
            for event in reading.parsed(provider.events_in, raw):
                refuse_unknown_currencies(event)
                named[event.id] = event
    news = [
        Listed(event, digest.content(event.id.encode()))
        for event in named.values()
        if any(date.id not in progress.ids for date in event.occurrences)
    ]
    if news:
        with run.transaction() as session:
            occurrences.save(session, run.account.id, news)
            progress.ids |= occurrences.ids(session, run.account.id)


def _healed(
    run: AccountRun,
    progress: Reading,
    seen: set[str],
    bad: Sequence[records.Unread],
) -> set[str]:
    """
    Orders that waited in quarantine and are what we hold, or readable, by now.
    """
    if progress.ill is None:
        with run.database.read() as session:
            waiting = quarantine.list_unread(session, run.account.id)
        progress.ill = {item.provider_id for item in waiting if item.kind == "order"}
    still = {item.provider_id for item in bad}
    healed = (seen & progress.ill) - still
    progress.ill = (progress.ill - healed) | still
    return healed


def _save_loose_page(
    run: AccountRun,
    provider: IssuesLooseTickets,
    occurrence: LinkedOccurrence,
    page: Page,
    progress: Reading,
) -> None:
    account_id = run.account.id
    cleans = cleaned(page.records, run.provider.spec)
    with run.database.read() as session:
        held = saving.read_loose_contents(session, account_id, (c.id for c in cleans))
    news = [c for c in cleans if held.get(c.id, b"") not in (c.content, None)]

    def read(raw: Raw) -> IncomingTicket:
        loose = provider.read_loose_ticket(raw)
        if loose.ticket.occurrence_id not in progress.ids:
            raise errors.UnreadableRecord(
                "its event is not listed", word="unknown-event"
            )
        currency = loose.currency or occurrence.currency
        if not currency:
            raise errors.UnreadableRecord("nothing says its currency")
        refuse_unknown_currency(currency)
        return IncomingTicket(loose, currency, b"")

    good, bad = understood(
        "ticket",
        news,
        read,
        provider_occurrence_id_of=lambda _: occurrence.occurrence_id,
    )
    run.counts.processed += len(cleans)
    run.counts.unchanged += len(cleans) - len(news)
    run.counts.quarantined += len(bad)
    if not good and not bad:
        return
    now = clock.now()
    incoming = [
        IncomingTicket(item.value.loose, item.value.currency, item.clean.content)
        for item in good
    ]
    block = pack(Version(i.clean.id, i.clean.content, i.clean.data) for i in good)
    with run.transaction() as session:
        versions.save_versions(session, account_id, "ticket", [block], now)
        saved = saving.save_loose_tickets(session, account_id, incoming, progress.ids)
        occurrences.keep_linked(session, saved.touched)
        quarantine.save_unread(session, account_id, bad, now)
        quarantine.release(session, account_id, "ticket", (i.clean.id for i in good))
        _unmark(session, account_id, progress, saved.touched)
        if progress.held is not None:
            for row in saved.touched:
                progress.held.pop(row, None)
            progress.held |= saving.count_held(session, account_id, saved.touched)
    run.counts.created += saved.created
    run.counts.updated += saved.updated
    progress.touched |= saved.touched


def _unmark(
    session: Session, account_id: int, progress: Reading, rows: set[int]
) -> None:
    if progress.marks is None:
        progress.marks = set(bookmarks.get_bookmarks(session, account_id, STREAM))
    events = {id_ for id_ in progress.marks if progress.ids.get(id_) in rows}
    progress.marks -= events
    if events:
        bookmarks.delete_event_bookmarks(session, account_id, STREAM, events)


# Estimates


def _pages(occurrence: LinkedOccurrence) -> int:
    return max(1, math.ceil((occurrence.ordered or 0) / PAGE))


def _total(listed: Iterable[LinkedOccurrence]) -> int:
    return sum(occurrence.ordered or 0 for occurrence in listed)


def _workers(run: AccountRun, pages: int) -> int:
    return max(1, min(run.settings.sync.workers, pages))


def _cuts(listed: Sequence[LinkedOccurrence], parts: int) -> list[int]:
    """
    Instants that part the account's orders into equal shares, as far as one can tell:
    each event is taken to sell evenly from its listing to its start.

    The first instant is where the earliest listing begins.
    """
    now = clock.now().timestamp()
    spans = []
    for occurrence in listed:
        if occurrence.ordered and occurrence.listed_at is not None:
            begins = occurrence.listed_at.timestamp()
            ends = max(begins + 1, min(occurrence.starts_at.timestamp(), now))
            spans.append((begins, ends, occurrence.ordered))
    if not spans or parts < 2:
        return []
    low, high = min(s[0] for s in spans), max(s[1] for s in spans)
    total = sum(s[2] for s in spans)

    def sold_by(instant: float) -> float:
        return sum(
            number * min(1.0, max(0.0, (instant - begins) / (ends - begins)))
            for begins, ends, number in spans
        )

    cuts = [int(low)]
    for part in range(1, parts):
        left, right = low, high
        for _ in range(32):
            middle = (left + right) / 2
            if sold_by(middle) < total * part / parts:
                left = middle
            else:
                right = middle
        if int(right) > cuts[-1]:
            cuts.append(int(right))
    return cuts


def counting_rule(
    listed: Sequence[LinkedOccurrence], held: dict[int, HeldCounts]
) -> int:
    """
    Which of `HeldCounts.tickets` the listing counts, judged by where they differ.

    Nobody documents whether unpaid and void tickets are counted. A way of counting
    is believed when it alone explains several events; else the smallest one is,
    which at worst asks a platform in vain.
    """
    fits = [0, 0, 0]  # events that this way of counting, and no other, explains
    for occurrence in listed:
        mine = held.get(occurrence.id)
        if mine is not None and mine.tickets.count(occurrence.issued) == 1:
            fits[mine.tickets.index(occurrence.issued)] += 1
    best = max(range(3), key=lambda rule: fits[rule])
    others = max(fits[rule] for rule in range(3) if rule != best)
    return best if fits[best] >= EVIDENCE and fits[best] > 4 * others else 0


def _may_have_loose(
    occurrence: LinkedOccurrence, held: HeldCounts | None, rule: int
) -> bool:
    """
    The listing counts more than the orders hold, or does not count at all.
    """
    if occurrence.issued is None:
        return True
    if held is None:
        return occurrence.issued > 0
    return held.loose > 0 or occurrence.issued > held.tickets[rule]


def _agrees(occurrence: LinkedOccurrence, held: HeldCounts | None) -> bool:
    """
    Whether the listing's counts fit what we hold under some way of counting.

    A listing that tells no counts never agrees: its events are read every time.
    """
    if occurrence.issued is None:
        return False
    if held is None:
        return not occurrence.issued and not occurrence.ordered
    fits = occurrence.issued in held.tickets
    return fits and (occurrence.ordered is None or occurrence.ordered in held.orders)


def _too_few(
    run: AccountRun, occurrence: LinkedOccurrence, seen: int, ordered: int
) -> errors.GuardRefused:
    return errors.GuardRefused(
        f"Account {run.account.name!r}: {occurrence.called} has {ordered} orders, and "
        f"the list of its orders shows {seen}; it is read again "
        "with the next run.",
        hint="Look at the platform. If the list is right, run "
        f"`ticketsync sync {run.account.name} --accept-shrink` once.",
        word="guard-shrink",
    )


def _shrunk(
    run: AccountRun, occurrence: LinkedOccurrence, left: int, known: int
) -> errors.GuardRefused:
    return errors.GuardRefused(
        f"Account {run.account.name!r}: {occurrence.called} suddenly "
        f"has {left} of its {known} orders; its figures stay as they were.",
        hint="Look at the platform. If it is right, run "
        f"`ticketsync sync {run.account.name} --accept-shrink` once.",
        word="guard-shrink",
    )


def save_again(
    session: Session,
    account_id: int,
    provider: Provider,
    page: Page,
    ids: dict[str, int],
    now: datetime,
) -> int:
    """
    Save stored raw orders as they are understood today; returns how many.
    """
    found = understand(
        provider,
        page.records,
        {},
        ids,
        is_clean=True,
        earlier=lambda known: _earlier(session, account_id, known),
    )
    quarantine.save_unread(session, account_id, found.bad, now)
    still = {item.provider_id for item in found.bad}
    healed = [id_ for _, id_ in found.seen if id_ not in still]
    quarantine.release(session, account_id, "order", healed)
    zone = shows.business_zone(session)
    saving.save_orders(session, account_id, found.good, ids, now, zone=zone)
    return len(found.good)
