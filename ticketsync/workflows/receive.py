"""
Working off the inbox: each hint makes us read one order again, from the platform itself
and along the ordinary path. What the delivery said is never applied; so it does not
matter in which order deliveries come, how often, or whether one is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ticketsync.accounts import state
from ticketsync.accounts.runs import Result
from ticketsync.accounts.state import AccountState
from ticketsync.catalogue import link_reads, links, occurrences
from ticketsync.core import clock, errors
from ticketsync.core.config import Settings
from ticketsync.financials import recompute
from ticketsync.net.hooks import ORDER
from ticketsync.providers.base import Page, has_change_feed
from ticketsync.store.engine import Database
from ticketsync.webhooks import inbox
from ticketsync.webhooks.inbox import WaitingDelivery
from ticketsync.workflows import show_figures
from ticketsync.workflows.account_run import AccountRun, new_run_id, run_account
from ticketsync.workflows.sync import listing
from ticketsync.workflows.sync.account import OrderRequest, sync_account
from ticketsync.workflows.sync.orders import parse_with_known
from ticketsync.workflows.sync.save_page import OrderStore

MANY = 20  # orders that a feed of changes brings cheaper than one by one

Pair = tuple[str, str]  # an order's id and its date's, where the platform asks for it


@dataclass(frozen=True, slots=True)
class Processed:
    """
    What one round did.
    """

    deliveries: int
    results: tuple[Result, ...]


def process_deliveries(database: Database, settings: Settings) -> Processed:
    """
    Work off what waits, an account at a time; an account that is busy or fails keeps
    its deliveries for later.
    """
    with database.read() as connection:
        items = inbox.list_due(connection, clock.now())
        accounts = {account.id: account for account in state.list_accounts(connection)}
    run_id = new_run_id()
    by_account: dict[int, list[WaitingDelivery]] = {}
    for item in items:
        by_account.setdefault(item.account_id, []).append(item)
    results = [
        _account(database, settings, accounts[account_id], mine, run_id)
        for account_id, mine in by_account.items()
        if accounts[account_id].state == "active"
        and not accounts[account_id].breaker_is_open(clock.now())
    ]
    return Processed(len(items), tuple(results))


def _account(
    database: Database,
    settings: Settings,
    account: AccountState,
    items: Sequence[WaitingDelivery],
    run_id: str,
) -> Result:
    result, _ = run_account(
        database,
        settings,
        account,
        lambda run: _work(run, items),
        run_id=run_id,
        kind="webhook",
        started_by="webhook",
    )
    if result.outcome in ("failed", "partial") and result.exit_code:
        with database.write() as connection:
            left = {item.id for item in inbox.list_due(connection, clock.now())}
            unsettled = [item for item in items if item.id in left]
            inbox.postpone(connection, unsettled, clock.now(), result.message)
    return result


def _work(run: AccountRun, items: Sequence[WaitingDelivery]) -> tuple[int, bool]:
    single: dict[Pair, list[int]] = {}
    whole: list[int] = []
    for item in items:
        if item.what == ORDER:
            single.setdefault((item.order_id, item.occurrence_id), []).append(item.id)
        else:
            whole.append(item.id)
    if has_change_feed(run.provider) and len(single) > MANY:
        whole += [id_ for ids in single.values() for id_ in ids]
        single = {}
    changed = 0
    if whole:
        changed += sync_account(run, OrderRequest())[0]
        with run.transaction() as connection:
            inbox.settle(connection, whole, "done", clock.now())
    if single:
        changed += _orders(run, single)
    return changed, False


def _orders(run: AccountRun, wanted: dict[Pair, list[int]]) -> int:
    """
    Read these orders again; their effect and that they are done commit together.
    """
    with run.database.read() as connection:
        store = OrderStore(
            run, occurrences.get_occurrence_ids(connection, run.account.id)
        )
    read: set[int] = set()
    done: list[int] = []
    failed: list[tuple[list[int], str]] = []
    for (order_id, occurrence_id), ids in wanted.items():
        try:
            raw = run.provider.fetch_order(order_id, occurrence_id)
            event = run.provider.provider_occurrence_id_of(raw)
            if event and event not in store.occurrence_ids:
                listing.refresh(run)
                with run.database.read() as connection:
                    store.occurrence_ids |= occurrences.get_occurrence_ids(
                        connection, run.account.id
                    )
        except errors.InvalidResponse as error:
            if error.word in ("not-json", "truncated", "too-large"):
                raise
            failed.append((ids, error.message))
            continue
        parsed = parse_with_known(run, store, Page("order", [raw]))
        store.save([parsed])
        seen = (occurrence for occurrence, _ in parsed.seen)
        read |= {store.occurrence_ids[it] for it in seen if it in store.occurrence_ids}
        done += ids
    return _finish(run, store.touched, read, done, failed)


def _finish(
    run: AccountRun,
    touched: Collection[int],
    read: Collection[int],
    done: Sequence[int],
    failed: Sequence[tuple[list[int], str]],
) -> int:
    now = clock.now()
    with run.transaction() as connection:
        changed = recompute.recompute_shows(
            connection,
            links.get_show_ids(connection, touched),
            show_figures.fee_schedules(connection, run.settings),
            now,
        )
        link_reads.note_read(connection, {*touched, *read}, now)
        inbox.settle(connection, done, "done", now)
        for ids, reason in failed:
            inbox.settle(connection, ids, "failed", now, reason=reason)
    return changed
