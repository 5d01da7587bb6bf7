"""
Deliveries of platforms that do not sign: who knows the address can send any number of
them, and each may cost a request to the platform, out of the same limit as every sync.

    within the budget   each is stored, and one about an order is processed at once
    about more          hints at a listing or an account share one sync, which is due
                        when the span of `SYNC_SECONDS` ends
    beyond the budget   they are not stored; the sync of that span covers them

So nothing that such a delivery announces is lost, and requests and rows are bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from ticketsync.store.delivery_states import NOT_ACCEPTED
from ticketsync.store.tables.webhooks import deliveries
from ticketsync.webhooks.new_delivery import ACCOUNT, ORDER, NewDelivery

BUDGET = 10  # deliveries of one account that are stored in a minute
SYNC_SECONDS = 300
BEYOND = f"more than {BUDGET} in a minute: one sync reads what they are about"


def apply_budget(
    connection: Connection, new: Sequence[NewDelivery], now: datetime
) -> list[NewDelivery]:
    """
    What is to be stored of these deliveries: all signed ones, and of each account whose
    platform does not sign as many as its budget allows, the others as one sync.
    """
    kept = [item for item in new if item.is_signed]
    by_account: dict[int, list[NewDelivery]] = {}
    for item in new:
        if not item.is_signed:
            by_account.setdefault(item.account_id, []).append(item)
    for account_id, items in by_account.items():
        kept += _of_account(connection, account_id, items, now)
    return kept


def _of_account(
    connection: Connection, account_id: int, items: list[NewDelivery], now: datetime
) -> list[NewDelivery]:
    known = _known_keys(connection, account_id, [item.key for item in items])
    repeated = [item for item in items if item.key in known]
    fresh = [item for item in items if item.key not in known]
    free = max(0, BUDGET - _count_of_minute(connection, account_id, now))
    kept = [_scheduled(item, now) for item in fresh[:free]]
    if any(item.has_effect for item in fresh[free:]):
        kept.append(_one_sync(account_id, now))
    return repeated + kept


def _scheduled(item: NewDelivery, now: datetime) -> NewDelivery:
    if not item.has_effect or item.what == ORDER:
        return item
    return replace(item, due_at=_end_of_span(now))


def _one_sync(account_id: int, now: datetime) -> NewDelivery:
    """
    The delivery that stands for all those of this span that are not stored.
    """
    due_at = _end_of_span(now)
    return NewDelivery(
        account_id=account_id,
        key=f"sync {due_at:%Y-%m-%dT%H:%M:%SZ}",
        event="",
        what=ACCOUNT,
        state="received",
        reason=BEYOND,
        is_signed=False,
        due_at=due_at,
    )


def _end_of_span(now: datetime) -> datetime:
    passed = int(now.timestamp()) % SYNC_SECONDS
    return now.replace(microsecond=0) + timedelta(seconds=SYNC_SECONDS - passed)


def _known_keys(
    connection: Connection, account_id: int, keys: Sequence[str]
) -> set[str]:
    query = select(deliveries.c.key).where(
        deliveries.c.account_id == account_id, deliveries.c.key.in_(keys)
    )
    return set(connection.scalars(query))


def _count_of_minute(connection: Connection, account_id: int, now: datetime) -> int:
    query = select(func.count()).where(
        deliveries.c.account_id == account_id,
        deliveries.c.received_at >= now.replace(second=0, microsecond=0),
        deliveries.c.state.not_in(NOT_ACCEPTED),
    )
    return int(connection.execute(query).scalar_one())
