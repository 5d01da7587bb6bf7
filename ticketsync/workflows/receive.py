"""
Working off the inbox: each hint makes us read one order again, from the platform itself
and along the ordinary path. What the delivery said is never applied; so it does not
matter in which order deliveries come, how often, or whether one is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ticketsync.accounts import state
from ticketsync.accounts.runs import Result
from ticketsync.accounts.state import AccountState
from ticketsync.catalogue import links, offers
from ticketsync.core import clock, errors
from ticketsync.core.config import Settings
from ticketsync.financials import importing
from ticketsync.net.hooks import ORDER
from ticketsync.providers.base import Page, TellsChanges
from ticketsync.store.engine import Database
from ticketsync.webhooks import inbox
from ticketsync.webhooks.inbox import Waiting
from ticketsync.workflows import listing, match, orders, sync
from ticketsync.workflows.session import AccountSession, attend, new_run_id

MANY = 20  # orders that a feed of changes brings cheaper than one by one

Pair = tuple[str, str]  # an order's id and its date's, where the platform asks for it


@dataclass(frozen=True, slots=True)
class Worked:
    """
    What one round did.
    """

    deliveries: int
    results: tuple[Result, ...]


def work_off(database: Database, settings: Settings) -> Worked:
    """
    Work off what waits, an account at a time; an account that is busy or fails keeps
    its deliveries for later.
    """
    with database.read() as session:
        items = inbox.waiting(session, clock.now())
        accounts = {account.id: account for account in state.all_accounts(session)}
    run_id = new_run_id()
    by_account: dict[int, list[Waiting]] = {}
    for item in items:
        by_account.setdefault(item.account_id, []).append(item)
    results = [
        _account(database, settings, accounts[account_id], mine, run_id)
        for account_id, mine in by_account.items()
        if accounts[account_id].state == "active"
        and not accounts[account_id].breaker_is_open(clock.now())
    ]
    return Worked(len(items), tuple(results))


def _account(
    database: Database,
    settings: Settings,
    account: AccountState,
    items: Sequence[Waiting],
    run_id: str,
) -> Result:
    result, _ = attend(
        database,
        settings,
        account,
        lambda work: _work(work, items),
        run_id=run_id,
        kind="webhook",
        started_by="webhook",
    )
    if result.outcome in ("failed", "partial") and result.exit_code:
        with database.write() as session:
            left = {item.id for item in inbox.waiting(session, clock.now())}
            unsettled = [item for item in items if item.id in left]
            inbox.postpone(session, unsettled, clock.now(), result.message)
    return result


def _work(work: AccountSession, items: Sequence[Waiting]) -> tuple[int, bool]:
    single: dict[Pair, list[int]] = {}
    whole: list[int] = []
    for item in items:
        if item.what == ORDER:
            single.setdefault((item.order_id, item.occurrence_id), []).append(item.id)
        else:
            whole.append(item.id)
    if isinstance(work.provider, TellsChanges) and len(single) > MANY:
        whole += [id_ for ids in single.values() for id_ in ids]
        single = {}
    changed = 0
    if whole:
        changed += sync.work_through(work)
        with work.unit() as session:
            inbox.settle(session, whole, "done", clock.now())
    if single:
        changed += _orders(work, single)
    return changed, False


def _orders(work: AccountSession, wanted: dict[Pair, list[int]]) -> int:
    """
    Read these orders again; their effect and that they are done commit together.
    """
    with work.database.read() as session:
        progress = orders.Reading(ids=offers.ids(session, work.account.id))
    done: list[int] = []
    failed: list[tuple[list[int], str]] = []
    for (order_id, occurrence_id), ids in wanted.items():
        try:
            raw = work.provider.fetch_order(order_id, occurrence_id)
            event = work.provider.event_of(raw)
            if event and event not in progress.ids:
                listing.refresh(work)
                with work.database.read() as session:
                    progress.ids |= offers.ids(session, work.account.id)
        except errors.ProviderNonsense as error:
            if error.word in ("not-json", "truncated", "too-large"):
                raise
            failed.append((ids, error.message))
            continue
        orders.save_one(work, Page("order", [raw]), progress)
        done += ids
    return _finish(work, progress.touched, done, failed)


def _finish(
    work: AccountSession,
    touched: Iterable[int],
    done: Sequence[int],
    failed: Sequence[tuple[list[int], str]],
) -> int:
    now = clock.now()
    with work.unit() as session:
        changed = importing.import_shows(
            session,
            links.shows_of(session, touched),
            match.schedules(session, work.settings),
            now,
        )
        inbox.settle(session, done, "done", now)
        for ids, reason in failed:
            inbox.settle(session, ids, "failed", now, reason=reason)
    return changed
