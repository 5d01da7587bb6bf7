"""
Webhook deliveries: what arrived, and how well they work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from ticketsync.core.plurals import number_of
from ticketsync.store import query_results
from ticketsync.store.delivery_states import NOT_ACCEPTED
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.sales import orders
from ticketsync.store.tables.webhooks import deliveries, webhooks

FAILED_STATES = ("failed", "rejected", "stale")
UNKNOWN_ADDRESS = "unknown"  # the platform of attempts at addresses that nobody has
LATEST = 100  # deliveries of an account, for the time to their effect
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
    One delivery and its result. Ids are the platform's, except `id`. An attempt at an
    unknown address belongs to no account. `replayed_at` is when a person last had it
    processed again.
    """

    id: int
    account: str | None
    provider: str | None
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
    replayed_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryHealth:
    """
    One account's deliveries: how many in each state, when the last accepted one
    arrived, and the average seconds from arrival to effect. Those that a person had
    processed again are only counted as `replayed`.
    """

    account: str
    states: dict[str, int]
    last_at: datetime | None
    seconds_to_effect: float | None
    replayed: int

    @property
    def percent_done(self) -> int | None:
        """
        The percentage of those with an effect among those that should have one; what
        was not accepted should have none. Unknown where there is none to judge by.
        """
        total = sum(self.states.get(s, 0) for s in ("done", *FAILED_STATES))
        return None if not total else 100 * self.states.get("done", 0) // total


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
    Deliveries, the newest first. The platform `UNKNOWN_ADDRESS` stands for attempts at
    addresses that nobody has.
    """
    query = (
        select(
            *query_results.named(
                query_results.field_names(Received),
                deliveries,
                account=accounts.c.name,
                provider=accounts.c.provider,
            )
        )
        .outerjoin(accounts, accounts.c.id == deliveries.c.account_id)
        .order_by(deliveries.c.received_at.desc(), deliveries.c.id.desc())
        .limit(limit)
    )
    if account is not None:
        query = query.where(accounts.c.name == account)
    if platform == UNKNOWN_ADDRESS:
        query = query.where(deliveries.c.account_id.is_(None))
    elif platform is not None:
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
    was_replayed = deliveries.c.replayed_at.is_not(None)
    rows = connection.execute(
        select(
            accounts.c.name,
            deliveries.c.state,
            was_replayed,
            func.count(),
            func.max(deliveries.c.received_at),
        )
        .join(accounts, accounts.c.id == deliveries.c.account_id)
        .group_by(accounts.c.name, deliveries.c.state, was_replayed)
    )
    states: dict[str, dict[str, int]] = {}
    last: dict[str, datetime] = {}
    replayed: dict[str, int] = {}
    for name, state, is_replayed, count, newest in rows:
        mine = states.setdefault(name, {})
        if is_replayed:
            replayed[name] = replayed.get(name, 0) + count
        else:
            mine[state] = count
        if state not in NOT_ACCEPTED:
            last[name] = max(last.get(name, newest), newest)
    return [
        DeliveryHealth(
            name,
            states[name],
            last.get(name),
            _seconds_to_effect(connection, name),
            replayed.get(name, 0),
        )
        for name in sorted(states)
    ]


def list_platforms(connection: Connection) -> list[str]:
    """
    The platforms that ever sent a delivery.
    """
    query = (
        select(accounts.c.provider)
        .join(deliveries, deliveries.c.account_id == accounts.c.id)
        .distinct()
        .order_by(accounts.c.provider)
    )
    return list(connection.scalars(query))


def count_at_unknown_addresses(connection: Connection) -> int:
    """
    How many attempts at addresses that nobody has are kept.
    """
    query = select(func.count()).where(deliveries.c.account_id.is_(None))
    return int(connection.execute(query).scalar_one())


def refused_attempts_in_words(at_unknown_addresses: int) -> str:
    """
    `1 attempt at an address that nobody has`, as page and command say it.
    """
    if at_unknown_addresses == 1:
        return "1 attempt at an address that nobody has"
    return f"{number_of(at_unknown_addresses, 'attempt')} at addresses that nobody has"


def _seconds_to_effect(connection: Connection, account: str) -> float | None:
    """
    The average seconds from arrival to effect of an account's latest deliveries.
    """
    rows = connection.execute(
        select(deliveries.c.received_at, deliveries.c.settled_at)
        .join(accounts, accounts.c.id == deliveries.c.account_id)
        .where(
            accounts.c.name == account,
            deliveries.c.state == "done",
            deliveries.c.replayed_at.is_(None),
            deliveries.c.settled_at.is_not(None),
        )
        .order_by(deliveries.c.received_at.desc(), deliveries.c.id.desc())
        .limit(LATEST)
    ).all()
    waits = [(row.settled_at - row.received_at).total_seconds() for row in rows]
    return round(sum(waits) / len(waits), 1) if waits else None


def find_unannounced_orders(
    connection: Connection, now: datetime
) -> list[UnannouncedOrders]:
    """
    Accounts with a webhook whose platform did not announce every order of the last
    day: it may have disabled the webhook, or a proxy in front of us rejects it. Such
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
            orders.c.placed_at >= now - timedelta(days=1),
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
