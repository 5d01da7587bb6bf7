"""
One account: read its listing, link what is certain, read its orders, recompute.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ticketsync.accounts import bookmarks, runs, streams
from ticketsync.catalogue import links, occurrences
from ticketsync.catalogue.matching_rules.candidates import Match, describe_start
from ticketsync.core import clock, errors, records
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.workflows.accounts import people_switch
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.sync import (
    link_outcomes,
    listing,
    missing_orders,
    quarantined,
    report_files,
    selected,
    set_aside,
    sold_elsewhere,
    ticket_types,
)
from ticketsync.workflows.sync.due import is_over
from ticketsync.workflows.sync.orders import OrderReader
from ticketsync.workflows.sync.plan import (
    Bookmarks,
    Mark,
    Occurrences,
    agrees,
    plan_orders,
)
from ticketsync.workflows.sync.progress import OrdersRead
from ticketsync.workflows.sync.save_page import OrderStore

if TYPE_CHECKING:
    from ticketsync.catalogue.matching_rules.matching import Unsure

_MOST_NAMED = 3  # pairs of a note
OF_PLANS = (  # streams that decide what is read
    *(streams.READ, streams.BEGUN, streams.CHANGED, streams.SWEPT),
    *(streams.UNFINISHED, streams.NEWEST, streams.READ_ALL),
)


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """
    What is asked of one account: all orders, with `is_full`; of shows that start after
    `since`; and with `accept_shrink` a person says that lists which shrank are right.
    """

    is_full: bool = False
    since: datetime | None = None
    accept_shrink: bool = False

    @property
    def asks_again(self) -> bool:
        """
        Whether everything is to be read, changed or not.
        """
        return self.is_full or self.accept_shrink or self.since is not None


def sync_account(run: AccountRun, request: OrderRequest) -> tuple[int, bool]:
    """
    Bring one account up to date; returns how many shows changed, and whether all
    orders were read.
    """
    if run.provider.spec.is_ours:
        # Most accounts are a platform's and would load it for nothing.
        from ticketsync.workflows.sync import own_box_office

        return own_box_office.sync_box_office(run, is_full=request.is_full)
    account_id, settings = run.account.id, run.settings.sync
    if not request.asks_again and report_files.is_unchanged(run):
        link_certain(run)
        return 0, False
    found = listing.refresh(run, accept_shrink=request.accept_shrink)
    unlisted_parts = dict(set_aside.refused_parts(run))
    link_certain(run)
    people_switch.follow(run)
    if not report_files.is_readable(run):
        return 0, False
    with run.database.read() as connection:
        held_listing = occurrences.list_occurrences(connection, account_id)
        last_sweep = runs.last_sweep(connection, account_id)
    # What a part has on sale that is not read lacks nothing for that.
    is_whole = not unlisted_parts and not set_aside.leaves_out_parts(run)
    listed = [
        o
        for o in held_listing
        if is_whole or found.has(o) or o.fingerprint == records.FROM_ORDERS
    ]
    store = OrderStore(run, {o.provider_occurrence_id: o.id for o in held_listing})
    # First, since what it changes takes bookmarks away.
    still_quarantined = quarantined.retry_orders(run, store)
    held = _bookmarks(run)
    now = clock.now()
    plan = plan_orders(
        run.provider,
        listed,
        held,
        is_full=request.is_full,
        is_sweep_due=last_sweep is None
        or is_over(last_sweep, timedelta(hours=settings.sweep_hours), now),
        since=request.since or now - timedelta(days=settings.days_back),
    )
    accept = request.accept_shrink
    reader = OrderReader(run, store, listed, held, accept_shrink=accept)
    try:
        chosen = reader.run_plan(plan, still_quarantined)
        refused = missing_orders.notice_absence(
            run, store, reader.read, chosen, accept_shrink=accept
        )
    except errors.TicketsyncError:
        _keep_what_is_complete(run, store, reader.read, listed, accept_shrink=accept)
        raise
    is_whole = is_whole and not set_aside.refused_parts(run)
    if still_quarantined:
        has_all = is_whole and reader.read.is_whole
        read_whole = None if has_all else _read_whole(reader.read, chosen, refused)
        quarantined.release_gone(run, reader.read, read_whole)
    changed = _update_figures(run, store, reader.read, chosen, refused)
    _name_refused(run, reader, held_listing, unlisted_parts)
    _end_sweep(run, reader.read)
    if store.left_out:
        run.note(sold_elsewhere.note_left_out(store.left_out))
    ticket_types.refresh(run, is_sweep=plan.is_sweep, accept_shrink=accept)
    report_files.note_reports(run)
    report_files.note_state(run)
    if still_quarantined or run.counts.quarantined:
        quarantined.note_waiting(run)
    return changed, plan.is_sweep


def _read_whole(read: OrdersRead, chosen: Occurrences, refused: set[int]) -> set[str]:
    """
    The platform's ids of the occurrences of which all orders were read and believed.
    """
    return {
        o.provider_occurrence_id
        for o in read.complete_of(chosen)
        if o.id not in refused and o.provider_occurrence_id in read.seen
    }


def sync_selected(
    run: AccountRun, occurrence_ids: Collection[int], *, accept_shrink: bool
) -> tuple[int, bool]:
    """
    Bring these occurrences of one account up to date, by our ids.
    """
    if run.provider.spec.is_ours:
        from ticketsync.workflows.sync import own_box_office

        return own_box_office.sync_box_office(run, is_full=True)
    return selected.sync_occurrences(run, occurrence_ids, accept_shrink=accept_shrink)


def refresh_listing(run: AccountRun) -> listing.ListingResult:
    """
    Read only the listing of one account.
    """
    if run.provider.spec.is_ours:
        from ticketsync.workflows.sync import own_box_office

        return own_box_office.refresh_listing(run)
    return listing.refresh(run)


def _name_refused(
    run: AccountRun,
    reader: OrderReader,
    listed: Occurrences,
    unlisted_parts: Mapping[str, str],
) -> None:
    """
    Name what the platform refused, and release what it refused before and shows now, or
    what is no longer read at all.
    """
    followed = {
        id_
        for o in listed
        if o.gone_since is None and o.is_followed
        for id_ in (o.provider_occurrence_id, o.provider_event_id)
    }

    def is_settled(id_: str) -> bool:
        return id_ not in followed or reader.has_answered(id_)

    set_aside.note_orders(run, reader.refused, is_settled)
    set_aside.note_parts_of_orders(run, unlisted_parts)
    link_outcomes.note_withheld(run, reader.read.refused)


def link_certain(run: AccountRun) -> None:
    """
    Link the account's occurrences that are certainly shows of ours, in its turn, which
    ends with that.
    """
    run.wait_for_turn()
    with run.database.read() as connection:
        is_any = occurrences.list_occurrences(
            connection, run.account.id, only_unlinked=True
        )
    if is_any:
        _link_certain(run)
    run.turn.end()


def _link_certain(run: AccountRun) -> None:
    from ticketsync.workflows.matching import match

    with run.database.read() as connection:
        plan = match.plan(connection, run.settings, account_id=run.account.id)
    run.notes += plan.remarks  # those about the account name it
    if plan.certain:
        made = match.accept(
            run.database,
            run.settings,
            plan.certain,
            decided_by="machine",
            batch=run.run_id,
        )
        run.note(
            f"{number_of(made, 'occurrence')} linked to your shows "
            f"({_evidence(plan.certain)})"
        )
    if plan.unsure:
        run.note(
            f"{_unmatched(plan.unsure)} to no show yet; run "
            "`ticketsync match`, or `ticketsync shows adopt --all`"
        )


def _evidence(certain: Sequence[Match]) -> str:
    """
    Why these pairs were linked; those whose time or title differs are named.
    """
    by_offset = sum(match.is_by_offset for match in certain)
    unlike = [(match, how) for match in certain if (how := _differs(match))]
    said = ["same venue, title and time"] if len(unlike) < len(certain) else []
    if by_offset:
        said.append(f"{by_offset} by an offset that you confirmed")
    if unlike:
        named = [
            f"{safe(match.show.production)} {match.show.starts_local}, {how}"
            for match, how in unlike[:_MOST_NAMED]
        ]
        if len(unlike) > _MOST_NAMED:
            named.append(f"and {len(unlike) - _MOST_NAMED} more")
        said.append(
            f"{len(unlike)} with no other candidate although not all of it is the "
            f"same: {', '.join(named)}"
        )
    return "; ".join(said)


def _differs(match: Match) -> str:
    """
    What is not the same of the two sides of a pair, in words.
    """
    found = []
    if not match.is_same_title:
        found.append(f"listed as {safe(match.occurrence.event)!r}")
    if not match.is_exact and not match.is_by_offset:
        found.append(describe_start(match))
    return " and ".join(found)


def _unmatched(unsure: Sequence[Unsure]) -> str:
    from ticketsync.catalogue.matching_rules import questions

    number = questions.count_dates(unsure)
    return f"{number_of(number, 'date')} {'belongs' if number == 1 else 'belong'}"


def _bookmarks(run: AccountRun) -> Bookmarks:
    with run.database.read() as connection:
        held = bookmarks.get_streams(connection, run.account.id, OF_PLANS)
    return Bookmarks(
        read=held[streams.READ],
        begun=held[streams.BEGUN],
        changed=held[streams.CHANGED],
        swept=held[streams.SWEPT],
        unfinished=held[streams.UNFINISHED].get(""),
        newest=held[streams.NEWEST].get(""),
        must_read_all=bool(held[streams.READ_ALL]),
    )


def _keep_what_is_complete(
    run: AccountRun,
    store: OrderStore,
    read: OrdersRead,
    listed: Occurrences,
    *,
    accept_shrink: bool,
) -> None:
    """
    Occurrences that were read to their end before a failure need not be read again: so
    a first read that takes longer than one run may take goes on where it stopped.
    """
    complete = read.complete_of(listed)
    refused = missing_orders.notice_absence(
        run, store, read, complete, accept_shrink=accept_shrink
    )
    _update_figures(run, store, read, complete, refused, is_finished=False)
    if read.swept_events:
        with run.transaction() as connection:
            done = dict.fromkeys(read.swept_events, "")
            bookmarks.save_bookmarks(connection, run.account.id, streams.SWEPT, done)


def _end_sweep(run: AccountRun, read: OrdersRead) -> None:
    """
    Forget what an unfinished sweep had read: the next one reads everything again.
    """
    if not read.is_event_sweep:
        return
    with run.database.read() as connection:
        swept = bookmarks.get_bookmarks(connection, run.account.id, streams.SWEPT)
    if swept:
        with run.transaction() as connection:
            bookmarks.delete_bookmarks(connection, run.account.id, [streams.SWEPT])


def _update_figures(
    run: AccountRun,
    store: OrderStore,
    read: OrdersRead,
    chosen: Occurrences,
    refused: set[int],
    *,
    is_finished: bool = True,
) -> int:
    """
    Recompute the figures of everything read, and set its bookmarks in the same
    transaction; returns how many shows changed.

    A run that did not finish leaves where new orders begin, and what it did not read.
    """
    complete = read.complete_of(chosen)
    touched = store.touched | {occurrence.id for occurrence in complete}
    if not touched and not read.newest and not read.bookmarks:
        return 0
    held = _bookmarks(run)
    marks = _marks(run, store, read, [o for o in complete if o.id not in refused])
    fresh = {id_: mark for id_, mark in marks.items() if held.read.get(id_) != mark}
    later = {
        unit: bookmark
        for unit, bookmark in read.bookmarks.items()
        if (complete or is_finished) and held.changed.get(unit) != bookmark
    }
    newest = _next_watermark(read, held) if is_finished and complete else None
    with run.database.read() as connection:
        shows = links.get_show_ids(connection, touched)
        sold = links.get_show_ids(connection, store.touched)
    if not shows and not fresh and not newest and not later:
        return 0
    from ticketsync.workflows import recompute_figures  # where nothing changed, idle

    account_id = run.account.id
    with run.transaction() as connection:
        changed = recompute_figures.recompute_after_read(
            connection, run.settings, account_id, shows, sold
        )
        bookmarks.save_bookmarks(connection, account_id, streams.READ, fresh)
        bookmarks.save_bookmarks(connection, account_id, streams.CHANGED, later)
        if newest:
            bookmarks.save_bookmarks(
                connection, account_id, streams.NEWEST, {"": newest}
            )
        if complete and is_finished:  # else the next run goes on from what this began
            bookmarks.delete_bookmarks(connection, account_id, [streams.BEGUN])
        # A complete run is on record as one.
        read_now = () if is_finished and run.reads_completely else touched
        link_outcomes.note_outcomes(connection, run, complete, refused, read_now)
    return changed


def _marks(
    run: AccountRun, store: OrderStore, read: OrdersRead, complete: Occurrences
) -> dict[str, str]:
    """
    The bookmarks of occurrences that were read whole. One with an order in quarantine
    gets none, so that it is read again.
    """
    if not complete:
        return {}
    waiting = quarantined.list_occurrences(run)
    counts = store.counts(o.id for o in complete)
    is_sure = run.provider.spec.changes != "none"
    return {
        o.provider_occurrence_id: Mark(
            read.fingerprints[o.provider_occurrence_id],
            is_sure or agrees(o, counts[o.id]),
        ).as_text()
        for o in complete
        if o.provider_occurrence_id not in waiting
    }


def _next_watermark(read: OrdersRead, held: Bookmarks) -> str | None:
    """
    Where the next read of new orders begins; nothing if that stays where it was.
    """
    before = held.newest or ""
    is_later = read.newest > before or (read.is_whole and bool(read.newest))
    moves = is_later and read.may_move and read.newest != before
    return read.newest if moves else None
