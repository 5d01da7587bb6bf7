"""
The accounts and their sync runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.reporting import last_reads, waiting_kinds
from ticketsync.reporting.waiting_kinds import Waiting
from ticketsync.store import account_health_rules, query_results
from ticketsync.store.account_health_rules import AccountFacts
from ticketsync.store.tables.accounts import accounts, sync_runs
from ticketsync.store.tables.webhooks import deliveries

STALE_DELIVERIES = 3  # in an hour
LATEST = "latest"  # stands for the newest run
LAST_PART = len("20261126-181200-") + 1  # where the last part of a name begins


@dataclass(frozen=True, slots=True)
class Run:
    """
    One account's part of one run. `seconds` is how long it took, and unknown until it
    has ended; response times are those of its requests, in milliseconds; `direction` is
    `push` for what was sent to the platform.
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
    seconds: float | None
    median_response_ms: int | None
    slowest_response_ms: int | None
    direction: str

    @property
    def who(self) -> str:
        """
        Who started it, without the machine; how, unless by an ordinary command.
        """
        return re.sub(r"@\S*", "", self.started_by).removesuffix(" (manual)")


@dataclass(frozen=True, slots=True)
class Freshness:
    """
    One account: its state, last attempt, last run without a fault, and `last_read_at`,
    when all of it was read, also where records were put in quarantine: from then are
    its figures.
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
    last_read_at: datetime | None
    last_outcome: str | None
    last_exit_code: int
    last_message: str
    last_hint: str
    created_at: datetime
    identity_name: str
    options: Mapping[str, str]  # without those of its tokens
    needs_reading: bool

    @property
    def read_ago(self) -> str:
        """
        For people: how long ago it was read completely, where that matters.
        """
        return last_reads.ago(self.last_read_at, needs_reading=self.needs_reading)


@dataclass(frozen=True, slots=True)
class OpenCounts:
    """
    How many items of each kind wait for a person.
    """

    unmatched: int
    quarantined: int
    doubtful_orders: int
    gone: int
    moved: int
    failed_deliveries: int
    stale_deliveries: int


def list_runs(
    connection: Connection, *, limit: int = 20, run_id: str | None = None
) -> list[Run]:
    """
    The latest runs, the newest first, or all accounts of one run, which is meant by its
    name or the last part of it, by the beginning of one of these, or by `latest`.

    Raises: `NotFound` for a beginning of several runs.
    """
    query = _runs().order_by(sync_runs.c.id.desc()).limit(limit)
    if run_id is None:
        return _read(connection, query)
    name = _find_run(connection, run_id)
    return [] if name is None else _read(connection, query.where(_is_run(name)))


def _is_run(name: str) -> ColumnElement[bool]:
    return sync_runs.c.run_id == name


def _find_run(connection: Connection, text: str) -> str | None:
    """
    The whole name of the run that is meant, the newest one of a last part; `None` if
    there is none.
    """
    newest = select(sync_runs.c.run_id).order_by(sync_runs.c.id.desc())
    if text == LATEST:
        return connection.scalar(newest.limit(1))
    # The last part of a name may come again after some years.
    last_part = sync_runs.c.run_id.endswith(f"-{text}", autoescape=True)
    exact = connection.scalar(newest.where(_is_run(text) | last_part).limit(1))
    if exact is not None or not text:
        return exact
    begins = sync_runs.c.run_id.startswith(text, autoescape=True)
    part_begins = func.substr(sync_runs.c.run_id, LAST_PART).startswith(
        text, autoescape=True
    )
    found = connection.scalars(newest.where(begins | part_begins).limit(1000)).all()
    names = list(dict.fromkeys(found))
    if len(names) > 1:
        raise errors.NotFound(
            f"{len(names):,} runs begin with {safe(text)!r}.",
            hint="Write more of the name.",
            details=errors.first_of(names),
        )
    return names[0] if names else None


def last_runs(connection: Connection) -> list[Run]:
    """
    The last run of each account that was not skipped.
    """
    newest = (
        select(func.max(sync_runs.c.id))
        .where(sync_runs.c.outcome.not_like("skipped-%"))
        .group_by(sync_runs.c.account_id)
    )
    return _read(connection, _runs().where(sync_runs.c.id.in_(newest)))


def _runs() -> Select[Any]:
    names = [name for name in query_results.field_names(Run) if name != "seconds"]
    return select(*query_results.named(names, sync_runs), sync_runs.c.duration_ms)


def _read(connection: Connection, query: Select[Any]) -> list[Run]:
    found = []
    for row in connection.execute(query):
        values = dict(row._mapping)
        measured = values.pop("duration_ms")
        seconds = _seconds(measured, row.started_at, row.finished_at)
        found.append(Run(**values, seconds=seconds))
    return found


def _seconds(
    measured_ms: int | None, started: datetime, finished: datetime | None
) -> float | None:
    """
    As measured; of a run from before that, by the seconds of its begin and end.
    """
    if measured_ms is not None:
        return measured_ms / 1000
    if finished is None:
        return None
    return max(0.0, (finished - started).total_seconds())


def list_freshness(
    connection: Connection, now: datetime | None = None
) -> list[Freshness]:
    """
    Every account, by name.
    """
    rows = connection.execute(account_health_rules.account_facts(now))
    return freshness_of(connection, [AccountFacts(**row._mapping) for row in rows])


def freshness_of(
    connection: Connection, facts: Sequence[AccountFacts]
) -> list[Freshness]:
    """
    The same, of accounts whose facts were read.
    """
    query = select(accounts.c.id, *(accounts.c[name] for name in _OF_ACCOUNT))
    rows = {row.id: row for row in connection.execute(query)}
    return [_freshness(of_account, rows[of_account.account_id]) for of_account in facts]


_OF_ACCOUNT = (
    *("secret_source", "secret_reference", "base_url"),
    *("identity", "identity_name", "options"),
)


def _freshness(facts: AccountFacts, row: Any) -> Freshness:
    names = {*query_results.field_names(Freshness)} - {
        *_OF_ACCOUNT,
        "last_outcome",
        "needs_reading",
    }
    values = {name: row._mapping[name] for name in _OF_ACCOUNT}
    return Freshness(
        **{name: getattr(facts, name) for name in names},
        **{**values, "options": _shown_options(row.options)},
        needs_reading=bool(facts.needs_reading),
        last_outcome=facts.last_outcome or None,
    )


def _shown_options(text: str) -> dict[str, str]:
    options: dict[str, str] = json.loads(text)
    return {name: v for name, v in options.items() if not name.startswith("oauth_")}


def count_open(listed: Sequence[Waiting], stale_deliveries: int) -> OpenCounts:
    """
    How many items of what `waiting.list_waiting` lists wait for a person, including
    dismissed ones.
    """

    def number(*kinds: str) -> int:
        return sum(item.count for item in listed if item.kind in kinds)

    return OpenCounts(
        unmatched=number(waiting_kinds.UNMATCHED),
        quarantined=number(waiting_kinds.QUARANTINE),
        doubtful_orders=number(waiting_kinds.ORDER, waiting_kinds.DELISTED_ORDER),
        gone=number(waiting_kinds.DELISTED),
        moved=number(waiting_kinds.MOVED),
        failed_deliveries=number(waiting_kinds.FAILED_DELIVERY),
        stale_deliveries=stale_deliveries,
    )


def count_stale_deliveries(connection: Connection, now: datetime) -> int:
    """
    How many deliveries of the last hour had a signature of another time.
    """
    query = (
        select(func.count())
        .select_from(deliveries)
        .where(
            deliveries.c.state == "stale",
            deliveries.c.received_at > now - timedelta(hours=1),
        )
    )
    return connection.execute(query).scalar_one()


def do_clocks_differ(stale_deliveries: int) -> bool:
    """
    Whether so many deliveries of the last hour had a signature of another time that a
    clock must be wrong (F64).
    """
    return stale_deliveries >= STALE_DELIVERIES
