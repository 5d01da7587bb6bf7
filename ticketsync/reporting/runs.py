"""
How the accounts are doing, and what their runs did.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select, type_coerce
from sqlmodel import Session

from ticketsync.store.tables.accounts import Account, SyncRun
from ticketsync.store.tables.catalogue import Occurrence, Refusal, ShowLink
from ticketsync.store.tables.sales import Order, Quarantined
from ticketsync.store.tables.webhooks import Delivered
from ticketsync.store.types import WHOLE
from ticketsync.store.upsert import table_of

STALE_DELIVERIES = 3  # in an hour


@dataclass(frozen=True, slots=True)
class Run:
    """
    One account's part of one run.
    """

    run_id: str
    account_name: str
    kind: str
    started_by: str
    outcome: str
    started_at: datetime
    finished_at: datetime | None
    requests: int
    processed: int
    created: int
    updated: int
    unchanged: int
    quarantined: int
    shows_changed: int
    exit_code: int
    word: str
    message: str
    hint: str
    trace: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """
    One account: its two clocks (last attempt, last complete success) and its state.
    """

    account: str
    provider: str
    state: str
    state_reason: str
    secret_source: str
    secret_reference: str
    base_url: str | None
    identity: str | None
    failures: int
    breaker_until: datetime | None
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_outcome: str | None
    last_exit_code: int
    last_message: str
    last_hint: str
    created_at: datetime
    identity_name: str
    options: Mapping[str, str]  # without what only concerns its tokens


@dataclass(frozen=True, slots=True)
class Open:
    """
    What waits for a person.
    """

    unmatched: int
    quarantined: int
    doubtful_orders: int
    gone: int
    moved: int
    failed_deliveries: int
    stale_deliveries: int

    @property
    def clocks_differ(self) -> bool:
        """
        Whether so many deliveries of the last hour were signed at another time than
        now that a clock is to blame (F64).
        """
        return self.stale_deliveries >= STALE_DELIVERIES


def runs(session: Session, *, limit: int = 20, run_id: str | None = None) -> list[Run]:
    table = table_of(SyncRun)
    query = (
        select(*(table.c[name] for name in Run.__slots__))
        .order_by(table.c.id.desc())
        .limit(limit)
    )
    if run_id is not None:
        query = query.where(table.c.run_id == run_id)
    return [Run(**row._mapping) for row in session.connection().execute(query)]


def freshness(session: Session) -> list[Freshness]:
    accounts, table = table_of(Account), table_of(SyncRun)
    connection = session.connection()
    reads_orders = table.c.kind.in_(("full", "incremental"))
    tried = and_(reads_orders, table.c.outcome.not_like("skipped-%"))
    attempts = dict(
        connection.execute(
            select(table.c.account_id, func.max(table.c.started_at))
            .where(tried)
            .group_by(table.c.account_id)
        ).all()
    )
    successes = dict(
        connection.execute(
            select(table.c.account_id, func.max(table.c.finished_at))
            .where(reads_orders, table.c.outcome == "success")
            .group_by(table.c.account_id)
        ).all()
    )
    newest = select(func.max(table.c.id)).where(tried).group_by(table.c.account_id)
    last = {
        row.account_id: row
        for row in connection.execute(select(table).where(table.c.id.in_(newest)))
    }
    return [
        Freshness(
            account=row.name,
            provider=row.provider,
            state=row.state,
            state_reason=row.state_reason,
            secret_source=row.secret_source,
            secret_reference=row.secret_reference,
            base_url=row.base_url,
            identity=row.identity,
            failures=row.failures,
            breaker_until=row.breaker_until,
            last_attempt_at=attempts.get(row.id),
            last_success_at=successes.get(row.id),
            last_outcome=last[row.id].outcome if row.id in last else None,
            last_exit_code=last[row.id].exit_code if row.id in last else 0,
            last_message=last[row.id].message if row.id in last else "",
            last_hint=last[row.id].hint if row.id in last else "",
            created_at=row.created_at,
            identity_name=row.identity_name,
            options=_shown_options(row.options),
        )
        for row in connection.execute(select(accounts).order_by(accounts.c.name))
    ]


def _shown_options(text: str) -> dict[str, str]:
    told: dict[str, str] = json.loads(text)
    return {name: v for name, v in told.items() if not name.startswith("oauth_")}


def open_work(session: Session, now: datetime) -> Open:
    """
    What waits for a person, counted; of stale deliveries those of the last hour.
    """
    came = table_of(Delivered)
    dates, links, refusals = table_of(Occurrence), table_of(ShowLink), table_of(Refusal)
    orders, waiting = table_of(Order), table_of(Quarantined)
    never = select(refusals.c.occurrence_id).where(refusals.c.show_id.is_(None))

    def number(query: object) -> int:
        return int(session.connection().execute(query).scalar() or 0)  # type: ignore[call-overload]

    return Open(
        unmatched=number(
            select(func.count())
            .select_from(dates.outerjoin(links, links.c.occurrence_id == dates.c.id))
            .where(
                links.c.id.is_(None),
                dates.c.gone_since.is_(None),
                type_coerce(dates.c.is_dated, WHOLE) == 1,
                dates.c.id.not_in(never),
            )
        ),
        quarantined=number(select(func.count()).select_from(waiting)),
        doubtful_orders=number(
            select(func.count()).select_from(orders).where(orders.c.doubt.is_not(None))
        ),
        gone=number(
            select(func.count())
            .select_from(dates)
            .where(dates.c.gone_since.is_not(None))
        ),
        moved=number(
            select(func.count()).select_from(links).where(links.c.status == "conflict")
        ),
        failed_deliveries=number(
            select(func.count()).select_from(came).where(came.c.state == "failed")
        ),
        stale_deliveries=number(
            select(func.count())
            .select_from(came)
            .where(
                came.c.state == "stale",
                came.c.received_at > now - timedelta(hours=1),
            )
        ),
    )
