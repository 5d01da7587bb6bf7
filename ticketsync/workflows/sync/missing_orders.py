"""
What a read is not believed to say: that most orders are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from ticketsync.accounts import bookmarks, streams
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import clock, errors
from ticketsync.core.shrunken_lists import has_shrunk, is_mostly_missing
from ticketsync.providers.base import has_change_feed
from ticketsync.sales import stored_orders
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.sync import cross_checks, plan, report_files
from ticketsync.workflows.sync.progress import OrdersRead
from ticketsync.workflows.sync.save_page import OrderStore


def notice_absence(
    run: AccountRun,
    store: OrderStore,
    read: OrdersRead,
    chosen: Sequence[LinkedOccurrence],
    *,
    accept_shrink: bool,
) -> set[int]:
    """
    Mark orders that a complete read no longer showed; an occurrence that lost most of
    its orders is not believed (F15). Returns our ids of those occurrences.
    """
    if not report_files.is_complete(run):
        return set()  # an order that is not there may be in the file that was not read
    complete = [
        o for o in read.complete_of(chosen) if o.provider_occurrence_id in read.seen
    ]
    refused = _refuse_few_orders(run, read, complete, accept=accept_shrink)
    if complete and not read.is_first:  # else all that is held was seen just now
        refused |= _refuse_lost_orders(
            run, store, read, complete, refused, accept=accept_shrink
        )
    if refused:
        store.forget_marks(
            o.provider_occurrence_id for o in complete if o.id in refused
        )
        if has_change_feed(run.provider) or (
            read.is_whole
            and not all(_is_read_daily(run, o) for o in complete if o.id in refused)
        ):
            # The next read would not meet again what was refused, nor accept it.
            cross_checks.read_everything_next(run)
    return refused


def _is_read_daily(run: AccountRun, occurrence: LinkedOccurrence) -> bool:
    """
    Whether an ordinary run reads its orders by themselves.
    """
    since = clock.now() - timedelta(days=run.settings.sync.days_back)
    return plan.is_read(occurrence, since)


def _how_to_accept(
    run: AccountRun, read: OrdersRead, occurrence: LinkedOccurrence
) -> str:
    """
    The command that reads its orders again and accepts them: of one that is long over
    only a read of everything does, where dates are read one by one.
    """
    is_met = (
        read.is_whole
        or has_change_feed(run.provider)
        or _is_read_daily(run, occurrence)
    )
    full = "" if is_met else "--full "
    return f"run `ticketsync sync {run.account.name} {full}--accept-shrink` once."


def lists_few_tickets(
    run: AccountRun, occurrence: LinkedOccurrence, listed: float, expected: int
) -> bool:
    """
    Whether an occurrence's list of tickets lacks more than half of those that its
    orders hold, or that the occurrence itself counts: it was not read whole then.
    """
    if not is_mostly_missing(expected - listed, expected):
        return False
    run.problems.append(
        errors.InvalidResponse(
            f"Account {run.account.name!r}: {occurrence.name_and_start} has {expected} "
            f"tickets, and the list of its tickets shows {listed:.0f}.",
            hint="It is read again with the next run.",
            word="list-incomplete",
        )
    )
    return True


def _refuse_lost_orders(
    run: AccountRun,
    store: OrderStore,
    read: OrdersRead,
    complete: Sequence[LinkedOccurrence],
    refused_before: set[int],
    *,
    accept: bool,
) -> set[int]:
    """
    The occurrences that lost most of the orders that we hold. What others lost is
    marked, unless they were refused before. An order that is listed for another
    occurrence, where it may be set aside, is not lost.
    """
    with run.database.read() as connection:
        rows = (occurrence.id for occurrence in complete)
        known = stored_orders.list_orders(connection, run.account.id, rows)
    listed: set[str] = set().union(*read.seen.values())
    missing = {o.id: known.get(o.id, set()) - listed for o in complete}
    held = sum(len(known.get(o.id, ())) for o in complete)
    has_collapsed = has_shrunk(held - sum(map(len, missing.values())), held)
    refused: set[int] = set()
    delisted: list[str] = []
    for occurrence in complete:
        before = len(known.get(occurrence.id, ()))
        left = before - len(missing[occurrence.id])
        is_suspect = has_collapsed and left < before
        if (is_suspect or has_shrunk(left, before)) and not accept:
            refused.add(occurrence.id)
            how = _how_to_accept(run, read, occurrence)
            run.problems.append(_has_lost_orders(run, occurrence, left, before, how))
        elif occurrence.id not in refused_before:
            delisted += missing[occurrence.id]
    store.mark_delisted(delisted)
    return refused


def _refuse_few_orders(
    run: AccountRun,
    read: OrdersRead,
    complete: Sequence[LinkedOccurrence],
    *,
    accept: bool,
) -> set[int]:
    """
    The occurrences that list far fewer orders than they say themselves that they have:
    at a first read nothing else contradicts a list of orders that collapsed.

    What a person accepts is remembered: an occurrence may lack as many from then on.
    """
    if accept:
        _accept_few_orders(run, read, complete)
        return set()
    with run.database.read() as connection:
        accepted = bookmarks.get_bookmarks(connection, run.account.id, streams.ACCEPTED)
    counted = {
        o.id: (
            len(read.seen[o.provider_occurrence_id]),
            (o.ordered or 0) - int(accepted.get(o.provider_occurrence_id, 0)),
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
            # It may agree by chance: what counts is not sure.
            refused.add(occurrence.id)
        if has_shrunk(seen, ordered) or (has_collapsed and seen < ordered):
            refused.add(occurrence.id)
            how = _how_to_accept(run, read, occurrence)
            run.problems.append(_lists_few_orders(run, occurrence, seen, ordered, how))
    return refused


def _accept_few_orders(
    run: AccountRun, read: OrdersRead, complete: Iterable[LinkedOccurrence]
) -> None:
    lacking = {
        o.provider_occurrence_id: (o.ordered or 0)
        - len(read.seen[o.provider_occurrence_id])
        for o in complete
    }
    gaps = {id_: str(number) for id_, number in lacking.items() if number > 0}
    if gaps:
        with run.transaction() as connection:
            bookmarks.save_bookmarks(connection, run.account.id, streams.ACCEPTED, gaps)


def _lists_few_orders(
    run: AccountRun,
    occurrence: LinkedOccurrence,
    seen: int,
    ordered: int,
    how_to_accept: str,
) -> errors.GuardRefused:
    return errors.GuardRefused(
        f"Account {run.account.name!r}: {occurrence.name_and_start} has {ordered} "
        f"orders, and the list of its orders shows {seen}; it is read again "
        "with the next run.",
        hint=f"Look at the platform. If the list is right, {how_to_accept}",
        word="guard-shrink",
    )


def _has_lost_orders(
    run: AccountRun,
    occurrence: LinkedOccurrence,
    left: int,
    known: int,
    how_to_accept: str,
) -> errors.GuardRefused:
    return errors.GuardRefused(
        f"Account {run.account.name!r}: {occurrence.name_and_start} suddenly "
        f"has {left} of its {known} orders; its figures stay as they were.",
        hint=f"Look at the platform. If it is right, {how_to_accept}",
        word="guard-shrink",
    )
