"""
Reading one account's orders: fetch a page, parse it, save it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from ticketsync.accounts import bookmarks, streams
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import clock, errors
from ticketsync.core.parallel import side_by_side
from ticketsync.providers.base import (
    IssuesLooseTickets,
    Page,
    has_change_feed,
    reads_account,
)
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.sync import cross_checks, missing_orders, plan, set_aside
from ticketsync.workflows.sync.parse import (
    ParsedPage,
    parse_page,
    parse_tickets,
)
from ticketsync.workflows.sync.parse_ahead import Parser, parse_pages
from ticketsync.workflows.sync.plan import (
    Bookmarks,
    Occurrences,
    OrderPlan,
    ReadMode,
    Unit,
)
from ticketsync.workflows.sync.progress import OrdersRead
from ticketsync.workflows.sync.save_page import OrderStore

PAGES_AT_ONCE = 8  # in one transaction: each commit waits for the disk (measured)
BATCH_SECONDS = 1.0


class OrderReader:
    """
    Reads the orders that a plan asks for, a page at a time, and keeps in `read` what it
    has read; so a run that fails can keep what was read to its end.
    """

    def __init__(
        self,
        run: AccountRun,
        store: OrderStore,
        listed: Occurrences,
        held: Bookmarks,
        *,
        accept_shrink: bool,
    ) -> None:
        self._run = run
        self._store = store
        self._listed = listed
        self._held = held
        self._accept_shrink = accept_shrink
        self._expected = 0
        self._done = 0
        self.read = OrdersRead()
        self.refused: dict[str, str] = {}  # unit or occurrence, theirs → why
        self._answered: set[str] = set()  # the same, where the platform answered
        self._has_read_account = False  # all changes, whatever event they belong to

    def run_plan(self, chosen_plan: OrderPlan, quarantined: set[str]) -> Occurrences:
        """
        Read what the plan asks for; returns the occurrences that it was about.
        `quarantined` are the platform's ids of occurrences to read in any case.
        """
        window, marks = chosen_plan.window, self._held.read
        rest: Occurrences = ()
        if chosen_plan.mode is ReadMode.WHOLE:
            begun = self._read_whole()
            self._has_read_account = True
            chosen = self._listed
            rest = plan.changed_since_begun(window, begun)
        elif chosen_plan.mode is ReadMode.FEED:
            # What is quarantined comes again when the platform corrects it.
            self._read_recent()
            self._has_read_account = True
            touched = self._store.touched
            chosen = plan.covered_by_feed(self._listed, window, touched, marks)
            self.read.note_complete(chosen)
        else:
            news = self._read_recent() | quarantined
            rest = chosen = plan.to_read(self._run.provider, chosen_plan, marks, news)
        if rest:
            self._read_units(rest, is_sweep=chosen_plan.is_sweep)
        self._read_loose_tickets(chosen)
        return chosen

    def read_occurrences(self, chosen: Occurrences) -> None:
        """
        Read all orders of these occurrences, whatever was read before.
        """
        self._read_units(chosen, is_sweep=False)
        self._read_loose_tickets(self.read.complete_of(self._listed))

    def has_answered(self, id_: str) -> bool:
        """
        Whether the orders of an event or occurrence, by the platform's id, were read.
        """
        is_read = id_ in self._answered or id_ in self.read.complete
        return (is_read or self._has_read_account) and id_ not in self.refused

    # Ways to read

    def _read_whole(self) -> dict[str, str]:
        """
        All orders of the account, side by side; goes on where an unfinished read
        stopped. Returns the occurrences' fingerprints when the read began.
        """
        run, listed = self._run, self._listed
        provider = run.provider
        assert reads_account(provider)
        left = self._held.unfinished
        begun = dict(self._held.begun)
        refused_before = set(set_aside.refused_parts(run))
        if left is None:
            begun = {o.provider_occurrence_id: o.fingerprint for o in listed}
            with run.transaction() as connection:
                bookmarks.delete_bookmarks(connection, run.account.id, [streams.BEGUN])
                bookmarks.save_bookmarks(
                    connection, run.account.id, streams.BEGUN, begun
                )
        self.read.is_first = self._store.was_empty
        self._expected = plan.total_orders(listed)
        workers = self._workers(math.ceil(self._expected / plan.PAGE))
        extent = plan.extent(listed, workers, clock.now())
        pages = provider.fetch_all_orders(left, extent, workers=workers)
        with_known = (
            (page, self._store.known_orders(page, is_first_read=self.read.is_first))
            for page in self._checked(pages)
        )
        parser = Parser(provider, run.account.options, self._store.keeps_people)
        parsed = parse_pages(parser, with_known, expected=self._expected)
        for batch in _batches(parsed):
            self._save(*batch, keep_place=True)
        has_all_parts = set(set_aside.refused_parts(run)) == refused_before
        if left is not None or not has_all_parts:
            self.read.seen.clear()  # the rest was seen by another run, or by none
        for occurrence in listed:
            fingerprint = begun.get(occurrence.provider_occurrence_id)
            if fingerprint is not None:
                self.read.fingerprints[occurrence.provider_occurrence_id] = fingerprint
                self.read.note_complete([occurrence])
        if left is None:
            self.read.is_whole = True
            with run.transaction() as connection:
                bookmarks.delete_bookmarks(
                    connection, run.account.id, [streams.READ_ALL]
                )
            for occurrence in listed if has_all_parts else ():
                self.read.seen.setdefault(occurrence.provider_occurrence_id, set())
        return begun

    def _read_recent(self) -> set[str]:
        """
        Orders placed, or changed, since the last watermark; returns the platform's ids
        of the occurrences with changes.
        """
        provider, newest = self._run.provider, self._held.newest
        if not reads_account(provider) or newest is None:
            return set()
        before = set(self._store.touched)
        try:
            for page in self._checked(provider.fetch_recent_orders(newest)):
                self._save(parse_with_known(self._run, self._store, page))
                if page.unknown_ids:
                    self._store.mark_delisted(self._store.held_of(page.unknown_ids))
        except errors.InvalidResponse as incomplete:
            if incomplete.word != "list-incomplete":
                raise
            if has_change_feed(provider):
                cross_checks.read_everything_next(self._run)
                raise
            self._run.problems.append(incomplete)  # each occurrence is read by itself
            self.read.may_move = False
        self.read.seen.clear()  # a part of the orders says nothing of the rest
        changed = self._store.touched - before
        return {
            id_ for id_, row in self._store.occurrence_ids.items() if row in changed
        }

    def _read_units(self, chosen: Occurrences, *, is_sweep: bool) -> None:
        """
        The orders of these occurrences, several units side by side.
        """
        provider = self._run.provider
        units = plan.units(
            provider, chosen, self._listed, self._held, is_sweep=is_sweep
        )
        self.read.is_event_sweep = is_sweep and provider.spec.reads == "per_event"
        self._expected += plan.total_orders(chosen)
        for occurrence in (o for unit in units for o in unit.occurrences):
            self.read.fingerprints[occurrence.provider_occurrence_id] = (
                occurrence.fingerprint
            )
            self.read.seen[occurrence.provider_occurrence_id] = set()

        def pages_of(unit: Unit) -> Callable[[], Iterator[tuple[Unit, Part]]]:
            return lambda: (
                (unit, part)
                for part in _parts(provider.fetch_orders(unit.id, unit.since))
            )

        refused: dict[str, errors.TicketsyncError] = {}
        workers = self._workers(len(units))
        for unit, part in side_by_side(map(pages_of, units), workers=workers):
            if part is None:
                self._answered.add(unit.id)
                self._note_unit(unit)
            elif isinstance(part, errors.TicketsyncError):
                refused[unit.id] = part
                self._set_aside(unit.id, unit.occurrences, part)
            else:
                self._judge(part)
                self._save(parse_with_known(self._run, self._store, part))
                if part.bookmark is not None:
                    self.read.bookmarks[unit.id] = part.bookmark
        _raise_if_all(refused, len(units))
        for unit in units:
            if unit.since is not None:  # other units' pages may name its occurrences
                self.read.forget_seen(unit.occurrences)

    def _note_unit(self, unit: Unit) -> None:
        """
        Note what a finished unit says of its occurrences; a read of changes says
        nothing of those that it did not touch, and nothing of absence.
        """
        if unit.since is None:
            self.read.note_complete(unit.occurrences)
        else:
            self.read.forget_seen(unit.occurrences)
            touched = self._store.touched
            self.read.note_complete(o for o in unit.occurrences if o.id in touched)
        if self.read.is_event_sweep:
            self.read.swept_events.add(unit.id)

    def _read_loose_tickets(self, chosen: Occurrences) -> None:
        """
        Tickets without an order, of those occurrences whose counts suggest any.
        """
        provider = self._run.provider
        if not isinstance(provider, IssuesLooseTickets) or not chosen:
            return
        complete = self.read.complete_of(chosen)
        held = self._store.counts(o.id for o in complete)
        counted = provider.spec.listed_tickets
        suspicious = [
            o for o in complete if plan.may_have_loose_tickets(o, held[o.id], counted)
        ]
        # Until their tickets were read, too.
        self.read.complete.difference_update(
            o.provider_occurrence_id for o in suspicious
        )
        sold = {o.id: row.sold if (row := held[o.id]) else 0 for o in suspicious}
        listed: dict[int, float] = {o.id: 0 for o in suspicious}
        refused: dict[str, errors.TicketsyncError] = {}
        for occurrence, part in self._loose_pages(provider, suspicious):
            if part is None:
                self._answered.add(occurrence.provider_occurrence_id)
                continue
            if isinstance(part, errors.TicketsyncError):
                id_ = occurrence.provider_occurrence_id
                refused[id_] = part
                self._set_aside(id_, [occurrence], part)
                continue
            listed[occurrence.id] += math.inf if part.listed is None else part.listed
            self._save_loose_tickets(provider, occurrence, part)
        _raise_if_all(refused, len(suspicious))
        for occurrence in suspicious:
            if occurrence.provider_occurrence_id in refused:
                continue
            expected = max(sold[occurrence.id], occurrence.issued or 0)
            shown = listed[occurrence.id]
            if not missing_orders.lists_few_tickets(
                self._run, occurrence, shown, expected
            ):
                self.read.complete.add(occurrence.provider_occurrence_id)

    def _loose_pages(
        self, provider: IssuesLooseTickets, chosen: Occurrences
    ) -> Iterator[tuple[LinkedOccurrence, Part]]:
        """
        Pages of tickets of these occurrences, several of them side by side.
        """

        def pages_of(
            occurrence: LinkedOccurrence,
        ) -> Callable[[], Iterator[tuple[LinkedOccurrence, Part]]]:
            id_ = occurrence.provider_occurrence_id
            return lambda: (
                (occurrence, part) for part in _parts(provider.fetch_loose_tickets(id_))
            )

        workers = self._workers(len(chosen))
        return side_by_side(map(pages_of, chosen), workers=workers)

    def _save_loose_tickets(
        self, provider: IssuesLooseTickets, occurrence: LinkedOccurrence, page: Page
    ) -> None:
        store = self._store
        parsed = parse_tickets(
            provider,
            self._run.provider.spec,
            page,
            store.known_tickets(str(raw["id"]) for raw in page.records),
            store.occurrence_ids,
            provider_occurrence_id=occurrence.provider_occurrence_id,
            currency=occurrence.currency,
        )
        store.save_tickets(parsed)

    # One page, or none

    def _set_aside(
        self,
        id_: str,
        occurrences: Iterable[LinkedOccurrence],
        error: errors.TicketsyncError,
    ) -> None:
        """
        Go on without the orders of these occurrences: what we hold of them stays, and
        the next run asks for all of them again.
        """
        occurrences = list(occurrences)
        self.refused[id_] = set_aside.reason(self._run, occurrences[0], error)
        self.read.bookmarks.pop(id_, None)
        self.read.forget_seen(occurrences)
        ids = [o.provider_occurrence_id for o in occurrences]
        self.read.complete.difference_update(ids)
        self.read.refused.update(o.id for o in occurrences)
        if any(id_ in self._held.read for id_ in ids):
            self._store.forget_marks(ids)

    def _checked(self, pages: Iterator[Page]) -> Iterator[Page]:
        for page in pages:
            self._judge(page)
            yield page

    def _judge(self, page: Page) -> None:
        cross_checks.judge(self._run, page, accept_shrink=self._accept_shrink)

    def _save(self, *pages: ParsedPage, keep_place: bool = False) -> None:
        self.read.note_pages(pages)
        self._store.save(pages, keep_place=keep_place)
        self._done += sum(len(page.seen) for page in pages)
        total = max(self._expected, self._done)
        self._run.on_progress(self._run.account.name, "orders", self._done, total)

    def _workers(self, pages: int) -> int:
        return max(1, min(self._run.settings.sync.workers, pages))


Part = Page | errors.TicketsyncError | None  # a page, why there is none, or the end


def _parts(pages: Iterator[Page]) -> Iterator[Part]:
    """
    The pages of one event, then `None`, or the error if the platform refuses it.
    """
    try:
        yield from pages
    except (errors.Forbidden, errors.UnknownResource) as refusal:
        yield refusal
        return
    yield None


def _raise_if_all(refused: Mapping[str, errors.TicketsyncError], asked: int) -> None:
    """
    Raise the refusal of the first one if every one of several was refused: then it is
    the key, or the list itself.
    """
    if asked > 1 and len(refused) == asked:
        raise next(iter(refused.values()))


def parse_with_known(
    run: AccountRun, store: OrderStore, page: Page, *, is_clean: bool = False
) -> ParsedPage:
    """
    Parse a page with what is held of its orders; `is_clean` if people were taken out of
    its records before.
    """
    return parse_page(
        run.provider,
        page,
        store.known_orders(page),
        keeps_people=store.keeps_people,
        is_clean=is_clean,
    )


def _batches(pages: Iterator[ParsedPage]) -> Iterator[list[ParsedPage]]:
    """
    What is saved in one transaction each; pages that came before a failure come before
    it here too. The first are small, so that a run that is soon ended gets on.
    """
    batch: list[ParsedPage] = []
    size = 1
    failure: errors.TicketsyncError | None = None
    began = time.monotonic()
    try:
        for page in pages:
            batch.append(page)
            if len(batch) == size or time.monotonic() - began > BATCH_SECONDS:
                yield batch
                batch = []
                size = min(2 * size, PAGES_AT_ONCE)
                began = time.monotonic()
    except errors.TicketsyncError as error:
        failure = error
    if batch:
        yield batch
    if failure is not None:
        raise failure
