"""
Saving parsed pages of an account's orders, one or several in a transaction.

A page's bookmark is committed with the page. An occurrence's own bookmark (the
fingerprint at its last complete read) is removed by the first change that is saved, and
set again only together with the recomputed figures: a run that dies in between sends
the next run to the same occurrence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from ticketsync.accounts import bookmarks, state, streams
from ticketsync.accounts.runs import Counts
from ticketsync.catalogue import link_reads, occurrences, saved_listing
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.core import clock, digest, records
from ticketsync.core.plurals import number_of
from ticketsync.net import exact_json
from ticketsync.providers.base import NeedsEarlier, Page, Raw
from ticketsync.sales import (
    delisting,
    privacy,
    quarantine,
    raw_records,
    saving,
    stored_orders,
)
from ticketsync.sales.saving import SavedOrders
from ticketsync.sales.stored_orders import HeldCounts
from ticketsync.store.business_zone import get_business_zone
from ticketsync.workflows.accounts import duplicate_accounts
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.sync import held_back
from ticketsync.workflows.sync.drift import RecentPages, refuse_drift
from ticketsync.workflows.sync.parse import (
    KnownOrders,
    ParsedPage,
    ParsedTickets,
    order_ids,
)
from ticketsync.workflows.sync.ticket_types import note_out_of_date

PAGES_TOGETHER = 4  # saved before somebody at a till gets a turn (measured)
FEW = 200  # occurrences above which all are counted, in one pass


@dataclass(frozen=True, slots=True)
class _SavedPages:
    """
    Numbers of orders: new ones, changed ones, those that these pages have once more,
    and those set aside as they were saved.
    """

    created: int
    updated: int
    repeated: int
    set_aside: int


class OrderStore:
    """
    What the database holds of one account's orders, and how pages get into it. Only
    this run writes there while it has the lease, so what was read once stays true.
    """

    def __init__(self, run: AccountRun, occurrence_ids: dict[str, int]) -> None:
        self._run = run
        self.occurrence_ids = occurrence_ids  # the platform's → ours
        self.touched: set[int] = set()  # our ids of occurrences with changed orders
        self.left_out: set[str] = set()  # orders that another account has
        self._is_empty: bool | None = None
        self._marked: set[str] | None = None
        self._quarantined: set[str] | None = None
        self._counts: dict[int, HeldCounts | None] = {}
        self._recent = RecentPages()

    @property
    def was_empty(self) -> bool:
        """
        Whether the account had no order when this run first asked.
        """
        if self._is_empty is None:
            with self._run.database.read() as connection:
                self._is_empty = not stored_orders.holds_orders(
                    connection, self._run.account.id
                )
        return self._is_empty

    @property
    def keeps_people(self) -> bool:
        account = self._run.account
        return state.keeps_people(account, self._run.settings.account(account.name))

    def counts(self, wanted: Iterable[int]) -> Mapping[int, HeldCounts | None]:
        """
        What we hold by now of these occurrences, by our ids, and maybe of others;
        `None` of one without orders and tickets.
        """
        missing = set(wanted) - self._counts.keys()
        if missing:
            are_few = len(missing) <= min(FEW, len(self.occurrence_ids) // 2)
            with self._run.database.read() as connection:
                found = stored_orders.count_held(
                    connection, self._run.account.id, missing if are_few else None
                )
            self._counts |= dict.fromkeys(missing) | found
        return self._counts

    def known_orders(self, page: Page, *, is_first_read: bool = False) -> KnownOrders:
        """
        What is held of the page's orders; those marked as delisted are left out.
        """
        if is_first_read:
            return KnownOrders({}, self.occurrence_ids)
        with self._run.database.read() as connection:
            account_id = self._run.account.id
            contents = stored_orders.read_contents(
                connection, account_id, order_ids(page)
            )
            if not isinstance(self._run.provider, NeedsEarlier):
                return KnownOrders(contents, self.occurrence_ids)
            earlier = earlier_versions(connection, account_id, list(contents))
        return KnownOrders(contents, self.occurrence_ids, earlier)

    def save(
        self,
        pages: Sequence[ParsedPage],
        *,
        keep_place: bool = False,
        is_retry: bool = False,
    ) -> None:
        """
        Save these pages in one transaction, or in several where somebody at a till
        waits for it; with `keep_place` also where a later read of everything goes on.
        A retry of what was quarantined is not counted.
        """
        run = self._run
        seen = sum(len(page.seen) for page in pages)
        orders = [order for page in pages for order in page.orders]
        unreadable = [item for page in pages for item in page.unreadable]
        has_people = any(page.people for page in pages)
        if not is_retry:
            read, name = seen - len(unreadable), run.account.name
            refuse_drift(self._recent, read, unreadable, run.provider.spec, name)
        counts = Counts() if is_retry else run.counts
        counts.processed += seen
        counts.unchanged += seen - len(orders) - len(unreadable)
        counts.quarantined += len(unreadable)
        self._save_events([event for page in pages for event in page.events])
        readable = self._readable_again(pages, unreadable)
        if not (orders or unreadable or readable or keep_place or has_people):
            return
        waiting = deque(pages)
        while waiting:
            for saved in self._save_some(waiting, readable, keep_place=keep_place):
                counts.quarantined += saved.set_aside
                counts.created += saved.created
                counts.updated += saved.updated
                counts.unchanged += saved.repeated
        self._counts = {}

    def _save_some(
        self, waiting: deque[ParsedPage], readable: set[str], *, keep_place: bool
    ) -> list[_SavedPages]:
        """
        Save the first of these pages, and those after them for as long as nobody at a
        till waits to write, in one transaction.
        """
        database = self._run.database
        saved: list[_SavedPages] = []
        with self._run.transaction() as connection:
            while waiting and not (saved and database.has_urgent_writers()):
                number = min(PAGES_TOGETHER, len(waiting))
                pages = [waiting.popleft() for _ in range(number)]
                saved.append(self._save_pages(connection, pages, readable))
                if keep_place:
                    _keep_place(connection, self._run.account.id, pages[-1].bookmark)
        return saved

    def _save_pages(
        self, connection: Connection, pages: Sequence[ParsedPage], readable: set[str]
    ) -> _SavedPages:
        """
        Save these pages; `readable` are quarantined orders, of any page, that are
        readable again.
        """
        run, account_id, now = self._run, self._run.account.id, clock.now()
        kept = held_back.keep_back(connection, run, pages, self.occurrence_ids)
        orders = [order for page in kept.pages for order in page.orders]
        unreadable = [item for page in kept.pages for item in page.unreadable]
        unreadable += kept.set_aside
        seen = {id_ for page in kept.pages for _, id_ in page.seen}
        released = self._hold_back(readable & seen, kept.set_aside)
        self.left_out |= set(kept.left_out)
        duplicate_accounts.refuse_shared_orders(
            connection, run, [it.order.id for it in orders]
        )
        blocks = [page.versions for page in kept.pages]
        raw_records.save_versions(connection, account_id, "order", blocks, now)
        zone, ids = get_business_zone(connection), self.occurrence_ids
        saved = saving.save_orders(connection, account_id, orders, ids, now, zone=zone)
        # A page at a time: it may name thousands, and a statement binds only so many.
        people = [page.people for page in kept.pages if page.people]
        answered = {
            id_
            for found in people
            for id_ in privacy.list_answered_occurrences(connection, account_id, found)
        }
        occurrences.lock_against_linking(connection, saved.touched | answered)
        forgotten = run.settings.forget_before(now)
        for found in people:
            privacy.save_people(connection, account_id, found, forgotten)
        quarantine.save_unread(connection, account_id, unreadable, now)
        quarantine.release(connection, account_id, "order", released)
        self._note_changes(connection, saved)
        self._note_unreadable(connection, unreadable)
        return _SavedPages(
            saved.created,
            saved.updated,
            repeated=len(orders) - saved.created - saved.updated,
            set_aside=len(kept.set_aside),
        )

    def save_tickets(self, page: ParsedTickets) -> None:
        """
        Save tickets that belong to no order.
        """
        run, account_id = self._run, self._run.account.id
        run.counts.processed += page.seen
        run.counts.unchanged += page.seen - len(page.tickets) - len(page.unreadable)
        run.counts.quarantined += len(page.unreadable)
        if not page.tickets and not page.unreadable:
            return
        with run.transaction() as connection:
            now = clock.now()
            raw_records.save_versions(
                connection, account_id, "ticket", [page.versions], now
            )
            ids = self.occurrence_ids
            saved = saving.save_loose_tickets(
                connection, account_id, page.tickets, ids, now
            )
            occurrences.lock_against_linking(connection, saved.touched)
            quarantine.save_unread(connection, account_id, page.unreadable, now)
            parsed = [item.loose.ticket.id for item in page.tickets]
            quarantine.release(connection, account_id, "ticket", parsed)
            self._note_changes(connection, saved)
            self._note_unreadable(connection, page.unreadable)
        for row in saved.touched:
            self._counts.pop(row, None)
        run.counts.created += saved.created
        run.counts.updated += saved.updated

    def held_of(self, ids: Iterable[str]) -> list[str]:
        """
        Which of these orders we hold, those left out that are marked as delisted.
        """
        with self._run.database.read() as connection:
            return list(
                stored_orders.read_contents(connection, self._run.account.id, ids)
            )

    def known_tickets(self, ids: Iterable[str]) -> dict[str, bytes | None]:
        """
        What we hold of these tickets, see `stored_orders.read_loose_contents`.
        """
        with self._run.database.read() as connection:
            return stored_orders.read_loose_contents(
                connection, self._run.account.id, ids
            )

    def mark_delisted(self, order_ids: Collection[str]) -> None:
        """
        Remember that the platform no longer lists these orders; they still count.
        """
        if not order_ids:
            return
        with self._run.transaction() as connection:
            account_id, now = self._run.account.id, clock.now()
            delisting.mark_delisted(connection, account_id, order_ids, now, now)
        number = len(order_ids)
        self._run.note(
            number_of(
                number,
                "order is no longer listed; it still counts, see `status`",
                "orders are no longer listed; they still count, see `status`",
            )
        )

    def forget_marks(self, provider_occurrence_ids: Iterable[str]) -> None:
        """
        Let the next run read all orders of these occurrences.
        """
        with self._run.transaction() as connection:
            bookmarks.delete_event_bookmarks(
                connection, self._run.account.id, streams.READ, provider_occurrence_ids
            )
        self._marked = None

    def _save_events(self, events: Sequence[records.Event]) -> None:
        """
        Save the events that only orders list, before the orders that need them.
        """
        if not events:
            return
        listed = [ListedEvent(e, digest.content(e.id.encode())) for e in events]
        with self._run.transaction() as connection:
            saved_listing.save_listing(connection, self._run.account.id, listed)
            self.occurrence_ids |= occurrences.get_occurrence_ids(
                connection, self._run.account.id
            )

    def _readable_again(
        self, pages: Sequence[ParsedPage], unreadable: Sequence[records.Unread]
    ) -> set[str]:
        """
        Orders that were quarantined and are what we hold, or readable, by now.
        """
        if self._quarantined is None:
            with self._run.database.read() as connection:
                waiting = quarantine.list_unread(connection, self._run.account.id)
            self._quarantined = {i.provider_id for i in waiting if i.kind == "order"}
        seen = {id_ for page in pages for _, id_ in page.seen}
        still = {item.provider_id for item in unreadable}
        readable = (seen & self._quarantined) - still
        self._quarantined = (self._quarantined - readable) | still
        return readable

    def _hold_back(
        self, readable: set[str], set_aside: Sequence[records.Unread]
    ) -> set[str]:
        """
        What is readable again, without orders that are set aside although they can be
        read.
        """
        held = {item.provider_id for item in set_aside}
        self._quarantined = (self._quarantined or set()) | held
        return readable - held

    def _note_unreadable(
        self, connection: Connection, unreadable: Sequence[records.Unread]
    ) -> None:
        """
        What cannot be read is the problem of its occurrence.
        """
        if not unreadable:
            return
        said = quarantine.describe_unread(connection, self._run.account.id)
        problems = {
            self.occurrence_ids[item.event_id]: said[item.event_id]
            for item in unreadable
            if item.event_id in self.occurrence_ids and item.event_id in said
        }
        link_reads.set_problems(connection, problems, clock.now())

    def _note_changes(self, connection: Connection, saved: SavedOrders) -> None:
        """
        What was written takes the marks of its occurrences away.
        """
        account_id = self._run.account.id
        ids = self.occurrence_ids.items()
        note_out_of_date(
            connection, self._run, (id_ for id_, row in ids if row in saved.touched)
        )
        if self._marked is None:
            self._marked = set(
                bookmarks.get_bookmarks(connection, account_id, streams.READ)
            )
        changed = {
            id_ for id_ in self._marked if self.occurrence_ids.get(id_) in saved.touched
        }
        if changed:
            bookmarks.delete_event_bookmarks(
                connection, account_id, streams.READ, changed
            )
        self._marked -= changed
        self.touched |= saved.touched


def _keep_place(connection: Connection, account_id: int, place: str | None) -> None:
    """
    Remember where a read of everything goes on, or that it is at its end.
    """
    if place is None:
        bookmarks.delete_bookmarks(connection, account_id, [streams.UNFINISHED])
    else:
        bookmarks.save_bookmarks(
            connection, account_id, streams.UNFINISHED, {"": place}
        )


def earlier_versions(
    connection: Connection, account_id: int, order_ids: Sequence[str]
) -> dict[str, list[Raw]]:
    """
    The stored versions of these orders, oldest first.
    """
    found = raw_records.read_versions(connection, account_id, "order", order_ids)
    return {
        id_: [exact_json.decode(data) for data in old] for id_, old in found.items()
    }
