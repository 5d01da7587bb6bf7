"""
Webhook deliveries: what arrived, and how well they work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from ticketsync.store import reports
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.sales import orders
from ticketsync.store.tables.webhooks import deliveries, webhooks

TROUBLED = ("failed", "rejected", "stale")
LATE = timedelta(minutes=10)  # until then a delivery may still arrive


@dataclass(frozen=True, slots=True)
class UnannouncedOrders:
    """
    How many `orders` of an account no delivery announced, `of` all its orders of that
    time.
    """

    account: str
    orders: int
    of: int


@dataclass(frozen=True, slots=True)
class Received:
    """
    One delivery and its result. Ids are the platform's, except `id`.
    """

    id: int
    account: str
    provider: str
    event: str
    what: str
    order_id: str
    occurrence_id: str
    state: str
    reason: str
    attempts: int
    received_at: datetime
    next_try_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryHealth:
    """
    One account's deliveries: how many in each state, when the last one arrived, and the
    average seconds from arrival to effect.
    """

    account: str
    states: dict[str, int]
    last_at: datetime
    seconds_to_effect: float | None

    @property
    def percent_done(self) -> int:
        """
        The percentage of those with an effect among those that should have one.
        """
        total = sum(self.states.get(s, 0) for s in ("done", *TROUBLED))
        return 100 if not total else 100 * self.states.get("done", 0) // total


def list_deliveries(
    connection: Connection,
    *,
    limit: int = 50,
    account: str | None = None,
    platform: str | None = None,
    state: str | None = None,
    id: int | None = None,
) -> list[Received]:
    """
    Deliveries, the newest first.
    """
    query = (
        select(
            *reports.named(
                reports.field_names(Received),
                deliveries,
                account=accounts.c.name,
                provider=accounts.c.provider,
            )
        )
        .join(accounts, accounts.c.id == deliveries.c.account_id)
        .order_by(deliveries.c.id.desc())
        .limit(limit)
    )
    if account is not None:
        query = query.where(accounts.c.name == account)
    if platform is not None:
        query = query.where(accounts.c.provider == platform)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    if id is not None:
        query = query.where(deliveries.c.id == id)
    return [Received(**row._mapping) for row in connection.execute(query)]


def read_delivery_health(connection: Connection) -> list[DeliveryHealth]:
    """
    Every account that ever received a delivery.
    """
    rows = connection.execute(
        select(
            accounts.c.name,
            deliveries.c.state,
            func.count(),
            func.max(deliveries.c.received_at),
        )
        .join(accounts, accounts.c.id == deliveries.c.account_id)
        .group_by(accounts.c.name, deliveries.c.state)
    )
    states: dict[str, dict[str, int]] = {}
    last: dict[str, datetime] = {}
    for name, state, count, newest in rows:
        states.setdefault(name, {})[state] = count
        last[name] = max(last.get(name, newest), newest)
    latest = {
        name: [
            (item.settled_at - item.received_at).total_seconds()
            for item in list_deliveries(
                connection, limit=100, account=name, state="done"
            )
            if item.settled_at is not None
        ]
        for name in states
    }
    return [
        DeliveryHealth(
            name,
            states[name],
            last[name],
            round(sum(latest[name]) / len(latest[name]), 1) if latest[name] else None,
        )
        for name in sorted(states)
    ]


def find_unannounced_orders(
    connection: Connection, now: datetime, days: int = 1
) -> list[UnannouncedOrders]:
    """
    Accounts with a webhook whose platform did not announce every order of the last
    days: it may have disabled the webhook, or a proxy in front of us rejects it. Such
    orders are still read, only later.
    """
    announced = (
        select(deliveries.c.id)
        .where(
            deliveries.c.account_id == orders.c.account_id,
            deliveries.c.order_id == orders.c.provider_id,
        )
        .exists()
    )
    rows = connection.execute(
        select(accounts.c.name, announced, func.count())
        .select_from(webhooks)
        .join(orders, orders.c.account_id == webhooks.c.account_id)
        .join(accounts, accounts.c.id == webhooks.c.account_id)
        .where(
            orders.c.placed_at >= webhooks.c.created_at,
            orders.c.placed_at >= now - timedelta(days=days),
            orders.c.placed_at < now - LATE,
        )
        .group_by(accounts.c.name, announced)
    )
    counts: dict[str, list[int]] = {}
    for name, is_announced, number in rows:
        counts.setdefault(name, [0, 0])[bool(is_announced)] += number
    return [
        UnannouncedOrders(name, missed, missed + known)
        for name, (missed, known) in sorted(counts.items())
        if missed
    ]
