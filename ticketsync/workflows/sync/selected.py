"""
Reading the orders of some occurrences only, now, whatever their fingerprints say, and
what these have on sale: what `sync --show` and `sync --event` do.

It says nothing of the rest of the account, so it moves no bookmark: the next ordinary
run goes on where the last complete one ended. That run, not this one, also reads again
what is missing because people or other answers are kept by now.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from ticketsync.accounts.state import AccountState
from ticketsync.catalogue import links, occurrences, selection
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.sync import (
    link_outcomes,
    listing,
    missing_orders,
    quarantined,
    set_aside,
    ticket_types,
)
from ticketsync.workflows.sync.orders import OrderReader
from ticketsync.workflows.sync.plan import Bookmarks
from ticketsync.workflows.sync.progress import OrdersRead
from ticketsync.workflows.sync.save_page import OrderStore


def find_occurrences(
    connection: Connection,
    shows: Sequence[str],
    events: Sequence[str],
    accounts: Collection[AccountState],
    names: Collection[str] = (),
) -> dict[int, set[int]]:
    """
    The occurrences that these shows and events stand for, of these accounts, `names`
    being how a person chose them: our ids, by our id of their account.

    Raises: `NotFound` for an unknown show or event, `UsageError` (`nothing-feeds`) for
    a show without occurrences, or where all occurrences are of other accounts, which
    are retired.
    """
    readable = {account.id for account in accounts}
    by_account: dict[int, set[int]] = {}
    for find, texts in (
        (selection.occurrences_of_show, shows),
        (selection.occurrences_of_event, events),
    ):
        for text in texts:
            found = [
                one
                for one in find(connection, text, names)
                if one.account_id in readable
            ]
            if not found:
                raise _only_retired(text)
            for one in found:
                by_account.setdefault(one.account_id, set()).add(one.occurrence_id)
    return by_account


def _only_retired(text: str) -> errors.UsageError:
    return errors.UsageError(
        f"Only retired accounts sell {safe(text)!r}; they are never read again.",
        hint="See `ticketsync accounts list`; `ticketsync accounts add … --revive` "
        "connects one again.",
        word="nothing-feeds",
    )


def sync_occurrences(
    run: AccountRun, occurrence_ids: Collection[int], *, accept_shrink: bool
) -> tuple[int, bool]:
    """
    Read the listing, then all orders of these occurrences of the account, by our ids;
    returns how many shows changed, and that this was not a read of everything.
    """
    listing.refresh(run, accept_shrink=accept_shrink)
    run.turn.end()
    with run.database.read() as connection:
        listed = occurrences.list_occurrences(connection, run.account.id)
    chosen = _readable(run, [o for o in listed if o.id in occurrence_ids])
    if not chosen:
        return 0, False
    store = OrderStore(run, {o.provider_occurrence_id: o.id for o in listed})
    # Without bookmarks all orders are read, not what changed since.
    reader = OrderReader(run, store, listed, Bookmarks(), accept_shrink=accept_shrink)
    try:
        reader.read_occurrences(chosen)
    except errors.TicketsyncError:
        _finish(run, store, reader.read, listed, accept_shrink=accept_shrink)
        raise
    changed = _finish(run, store, reader.read, listed, accept_shrink=accept_shrink)
    ids = {occurrence.id for occurrence in chosen}
    ticket_types.refresh(run, asked_for=ids, accept_shrink=accept_shrink)
    set_aside.note_orders(run, reader.refused, reader.has_answered)
    quarantined.leave_out_dismissed(run)
    link_outcomes.note_withheld(run, reader.read.refused)
    return changed, False


def _readable(
    run: AccountRun, chosen: Sequence[LinkedOccurrence]
) -> list[LinkedOccurrence]:
    """
    Those whose orders can be read; the notes say why others cannot.
    """
    if run.provider.spec.reads == "none":
        run.note(f"orders of {run.provider.spec.title} are not read")
        return []
    readable = []
    for occurrence in chosen:
        if occurrence.gone_since is not None:
            why = "it is no longer listed"
        elif occurrence.show_id is not None and not occurrence.is_followed:
            why = "its link is off"
        else:
            readable.append(occurrence)
            continue
        run.note(f"orders of {occurrence.name_and_start} are not read: {why}")
    return readable


def _finish(
    run: AccountRun,
    store: OrderStore,
    read: OrdersRead,
    listed: Sequence[LinkedOccurrence],
    *,
    accept_shrink: bool,
) -> int:
    """
    Recompute what was read, also before a failure; returns how many shows changed.
    """
    complete = read.complete_of(listed)
    refused = missing_orders.notice_absence(
        run, store, read, complete, accept_shrink=accept_shrink
    )
    touched = store.touched | {occurrence.id for occurrence in complete}
    if not touched:
        return 0
    from ticketsync.workflows import recompute_figures  # every run loads this module

    with run.transaction() as connection:
        changed = recompute_figures.recompute_after_read(
            connection,
            run.settings,
            run.account.id,
            links.get_show_ids(connection, touched),
            links.get_show_ids(connection, store.touched),
        )
        link_outcomes.note_outcomes(connection, run, complete, refused, touched)
    return changed
