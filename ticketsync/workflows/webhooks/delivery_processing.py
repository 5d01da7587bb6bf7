"""
Processing webhook deliveries: each hint makes us read one order again, from the
platform itself and along the ordinary path. What the delivery said is never applied; so
it does not matter in which order deliveries come, how often, or whether one is missing.

An account that fails does no harm to the others, nor a delivery to its account, however
it fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from ticketsync.accounts import runs, state
from ticketsync.accounts.runs import Result
from ticketsync.accounts.state import AccountState
from ticketsync.catalogue import link_reads, links, occurrences
from ticketsync.core import clock, errors, log
from ticketsync.core.settings.config import Settings
from ticketsync.core.stopping import Stop
from ticketsync.net.webhook_signatures import ORDER
from ticketsync.providers import registry
from ticketsync.providers.base import Page, has_change_feed
from ticketsync.store.engine import Database
from ticketsync.webhooks import attempts, inbox
from ticketsync.webhooks.attempts import (
    ASKED_BEFORE,
    NO_SUCH_OBJECT,
    WaitingDelivery,
)
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.accounts.account_run import (
    AccountRun,
    new_run_id,
    run_account,
)
from ticketsync.workflows.accounts.accounts_in_parallel import Turn, alone
from ticketsync.workflows.sync import listing, quarantined
from ticketsync.workflows.sync.account import OrderRequest, sync_account
from ticketsync.workflows.sync.orders import parse_with_known
from ticketsync.workflows.sync.save_page import OrderStore

MANY = 20  # orders that a feed of changes brings cheaper than one by one
MISSING = timedelta(hours=1)  # how long an order that is not there is not asked for

Pair = tuple[str, str]  # an order's id and its date's, where the platform asks for it


@dataclass(frozen=True, slots=True)
class Processed:
    """
    What one round did.
    """

    deliveries: int
    results: tuple[Result, ...]


def process_deliveries(
    database: Database, settings: Settings, stop: Stop | None = None
) -> Processed:
    """
    Work off what waits, an account at a time; an account that is busy or fails keeps
    its deliveries for later.

    Raises: `Interrupted` if `stop` was requested; then they wait, too.
    """
    now = clock.now()
    with database.read() as connection:
        due = attempts.list_due_accounts(connection, now)
        accounts = state.list_accounts(connection) if due else []
    run_id = new_run_id()
    count = 0
    results = []
    for account in accounts:
        if account.id not in due or account.state != "active":
            continue
        if account.breaker_is_open(now):
            continue
        with database.write() as connection:
            claimed = attempts.claim(connection, account.id, now)
        if claimed:
            count += len(claimed)
            results.append(
                _account(database, settings, account, claimed, run_id, alone(stop))
            )
    return Processed(count, tuple(results))


def _account(
    database: Database,
    settings: Settings,
    account: AccountState,
    claimed: Sequence[WaitingDelivery],
    run_id: str,
    turn: Turn,
) -> Result:
    """
    One attempt of an account's deliveries; whatever goes wrong becomes its result.
    """
    try:
        result, _ = run_account(
            database,
            settings,
            account,
            lambda run: _work(run, claimed),
            run_id=run_id,
            kind="webhook",
            started_by="webhook",
            turn=turn,
        )
    except errors.Interrupted:
        with database.write() as connection:
            attempts.give_back(connection, claimed, clock.now())
        raise
    except Exception as error:  # the other accounts have deliveries, too
        result = runs.failed_result(account.name, _unexpected(account, error))
    with database.write() as connection:
        if result.outcome.startswith("skipped"):
            attempts.give_back(connection, claimed, clock.now())
        elif result.exit_code:
            attempts.note_failure(connection, claimed, clock.now(), result.message)
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
    changed = _orders(run, single) if single else 0
    if whole:
        changed += sync_account(run, OrderRequest())[0]
        with run.transaction() as connection:
            inbox.settle(connection, whole, "done", clock.now())
    quarantined.leave_out_dismissed(run)
    return changed, False


@dataclass(slots=True)
class _OrdersRead:
    """
    What came of reading single orders again: our ids of the occurrences that were read,
    and the deliveries in each state.
    """

    occurrences: set[int] = field(default_factory=set)
    done: list[int] = field(default_factory=list)
    not_there: list[int] = field(default_factory=list)
    not_asked: list[int] = field(default_factory=list)
    failed: list[tuple[list[int], str]] = field(default_factory=list)


def _orders(run: AccountRun, wanted: dict[Pair, list[int]]) -> int:
    """
    Read these orders again; their effect and that they are done commit together, also
    where the platform can be reached no longer after some of them.
    """
    with run.database.read() as connection:
        known = occurrences.get_occurrence_ids(connection, run.account.id)
    orders = _SingleOrders(run, OrderStore(run, known))
    read = _OrdersRead()
    missing = _missing_orders(run)
    try:
        for pair, ids in wanted.items():
            if pair in missing:
                read.not_asked += ids
            else:
                _read_isolated(run, orders, read, pair, ids)
    except errors.TicketsyncError:
        _finish(run, orders.store, read)
        raise
    return _finish(run, orders.store, read)


def _read_isolated(
    run: AccountRun,
    orders: _SingleOrders,
    read: _OrdersRead,
    pair: Pair,
    ids: list[int],
) -> None:
    """
    Read one order again. Only what concerns the whole account is raised.
    """
    try:
        read.occurrences |= orders.read_again(*pair)
        read.done += ids
    except errors.GuardRefused as refused:  # of this order or of its occurrence
        if refused not in run.problems:
            run.problems.append(refused)
    except errors.TicketsyncError as error:
        if errors.is_refusal(error):
            # Also of somebody else's order, which says nothing about our key.
            read.not_there += ids
        elif isinstance(error, errors.InvalidResponse) and error.word not in (
            *("not-json", "truncated", "too-large"),
        ):
            read.failed.append((ids, error.message))
        else:
            raise
    except Exception as error:  # its attempt is counted; the others go on
        run.problems.append(_unexpected(run.account, error))


class _SingleOrders:
    """
    Reads orders of one account one by one. The listing is read at most once, for orders
    of occurrences that we do not hold; where a guard refuses it, it refuses these.
    """

    def __init__(self, run: AccountRun, store: OrderStore) -> None:
        self._run = run
        self.store = store
        self._has_refreshed = False
        self._refused: errors.GuardRefused | None = None

    def read_again(self, order_id: str, occurrence_id: str) -> set[int]:
        """
        Read one order again and save it; returns our ids of its occurrences. Raises
        what the platform's response means.
        """
        run, store = self._run, self.store
        raw = run.provider.fetch_order(order_id, occurrence_id)
        event = run.provider.provider_occurrence_id_of(raw)
        if event and event not in store.occurrence_ids:
            self._refresh()
            if self._refused is not None and event not in store.occurrence_ids:
                raise self._refused
        parsed = parse_with_known(run, store, Page("order", [raw]))
        store.save([parsed])
        seen = (occurrence for occurrence, _ in parsed.seen)
        return {store.occurrence_ids[it] for it in seen if it in store.occurrence_ids}

    def _refresh(self) -> None:
        if self._has_refreshed:
            return
        self._has_refreshed = True
        run = self._run
        try:
            listing.refresh(run)
        except errors.GuardRefused as refused:
            self._refused = refused
        with run.database.read() as connection:
            self.store.occurrence_ids |= occurrences.get_occurrence_ids(
                connection, run.account.id
            )


def _missing_orders(run: AccountRun) -> set[Pair]:
    """
    Orders that are not asked for again yet, because the platform does not know them.
    Only where anybody may have named them; what a platform signed is believed.
    """
    sender = registry.sends_webhooks(run.account.provider)
    if sender is None or sender.webhooks.is_signed:
        return set()
    with run.database.read() as connection:
        return attempts.list_missing_orders(
            connection, run.account.id, clock.now() - MISSING
        )


def _unexpected(account: AccountState, error: Exception) -> errors.TicketsyncError:
    """
    Our error for a failure that nobody foresaw, which is logged.
    """
    log.warning("delivery failed", account=account.name, trace=log.trace_of(error))
    if isinstance(error, errors.TicketsyncError):
        return error
    return errors.TicketsyncError(
        f"Account {account.name!r}: a webhook delivery could not be processed "
        f"({type(error).__name__} in our own code).",
        hint="See the log for details.",
    )


def _finish(run: AccountRun, store: OrderStore, read: _OrdersRead) -> int:
    now = clock.now()
    with run.transaction() as connection:
        sold = links.get_show_ids(connection, store.touched)
        changed = recompute_figures.recompute_after_read(
            connection, run.settings, run.account.id, sold, sold
        )
        link_reads.note_read(connection, {*store.touched, *read.occurrences}, now)
        inbox.settle(connection, read.done, "done", now)
        for ids, state_, reason in (
            (read.not_there, "ignored", NO_SUCH_OBJECT),
            (read.not_asked, "ignored", ASKED_BEFORE),
            *((ids, "failed", reason) for ids, reason in read.failed),
        ):
            inbox.settle(connection, ids, state_, now, reason=reason)
    return changed
