"""
The health of accounts: the situations, declared once, and the facts they depend on.

Each condition refers to the facts by name, with operators that both Python values and
SQL columns have (`==`, `>`, `&`). So the same situations are evaluated in Python by
`accounts.health.assess` and become the CASE expression of the view `sync_health`. No
fact in a condition is ever null, because Python and SQL compare null differently.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Table,
    and_,
    bindparam,
    case,
    func,
    null,
    or_,
    select,
    type_coerce,
)

from ticketsync.core import clock
from ticketsync.store.instants import Now, SecondsBetween
from ticketsync.store.tables.accounts import accounts, sync_runs
from ticketsync.store.tables.sales import quarantine
from ticketsync.store.tables.webhooks import deliveries, webhooks
from ticketsync.store.types import Instant

OF_ORDERS: Final = ("full", "incremental")  # runs that read orders, not only a listing
QUARANTINE: Final = "quarantine"  # the word of a run that read all but some records
GUARD_REFUSED: Final = 7  # exit codes of a run, as in `core.errors`
PERSON_NEEDED: Final = 4
MISCONFIGURED: Final = 2

OK: Final = "ok"
PAUSED: Final = "paused"
RETIRED: Final = "retired"
PARKED: Final = "parked"
FAILING: Final = "failing"
HELD: Final = "held"
STALE: Final = "stale"
FAILED: Final = "failed"
MISSING_SECRET: Final = "missing-webhook-secret"  # noqa: S105  # no secret itself
PARTIAL: Final = "partial"
INTERRUPTED: Final = "interrupted"
STARTED: Final = "started"  # the outcome of a run that has not ended
NEVER_SYNCED: Final = "never synced"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """
    What the health of an account is derived from. `last_…` is of its last finished
    attempt to read orders; `unread_seconds` is the time since it was last read
    completely, or connected; above `stale_seconds` it is stale. Nobody waits for an
    account that does not need reading.
    """

    account_id: int
    account: str
    provider: str
    state: str
    state_reason: str
    failures: int
    breaker_until: datetime | None
    is_breaker_open: int
    created_at: datetime
    last_attempt_at: datetime | None
    was_tried: int
    last_success_at: datetime | None
    last_read_at: datetime | None
    last_outcome: str
    last_exit_code: int
    last_message: str
    last_hint: str
    unread_since: datetime
    unread_seconds: int
    stale_seconds: int
    needs_reading: int
    lacks_webhook_secret: int
    webhook_since: datetime | None
    quarantined: int
    quarantined_since: datetime | None
    failed_deliveries: int
    zone: str = "UTC"  # of the business, for sentences


@dataclass(frozen=True, slots=True)
class Situation:
    """
    One word for the health of an account. `since` names the fact that says since when.

    waits    a person has to act, so `status` exits with 10
    alerts   a notification is sent; not for what passes by itself
    """

    word: str
    applies: Callable[[Any], Any]
    since: str = ""
    waits: bool = False
    alerts: bool = False


# The worst comes first; the first one that applies decides.
SITUATIONS: Final = (
    Situation(PAUSED, lambda f: f.state == "paused"),
    Situation(
        PARKED,
        lambda f: f.state == "parked",
        since="unread_since",
        waits=True,
        alerts=True,
    ),
    Situation(RETIRED, lambda f: f.state != "active"),
    Situation(
        FAILING,
        lambda f: f.is_breaker_open == 1,
        since="unread_since",
        waits=True,
        alerts=True,
    ),
    Situation(
        HELD,
        lambda f: f.last_exit_code == GUARD_REFUSED,
        since="unread_since",
        waits=True,
        alerts=True,
    ),
    Situation(
        STALE,
        lambda f: (f.needs_reading == 1) & (f.unread_seconds > f.stale_seconds),
        since="unread_since",
        waits=True,
        alerts=True,
    ),
    Situation(
        FAILED,
        lambda f: (
            (f.last_outcome == "failed")
            & (
                (f.last_exit_code == PERSON_NEEDED)
                | (f.last_exit_code == MISCONFIGURED)
            )
        ),
        since="unread_since",
        waits=True,
        alerts=True,
    ),
    Situation(FAILED, lambda f: f.last_outcome == "failed", since="unread_since"),
    Situation(
        MISSING_SECRET,
        lambda f: f.lacks_webhook_secret == 1,
        since="webhook_since",
        waits=True,
        alerts=True,
    ),
    Situation(
        PARTIAL,
        lambda f: f.quarantined > 0,
        since="quarantined_since",
        waits=True,
        alerts=True,
    ),
    Situation(PARTIAL, lambda f: f.last_outcome == "partial", since="unread_since"),
    Situation(
        INTERRUPTED, lambda f: f.last_outcome == "interrupted", since="unread_since"
    ),
    Situation(
        NEVER_SYNCED,
        lambda f: (f.needs_reading == 1) & (f.was_tried == 0),
        since="created_at",
    ),
)
WELL: Final = Situation(OK, lambda f: True, since="last_read_at")


def situation(facts: AccountFacts) -> Situation:
    """
    The situation that an account is in.
    """
    return next((found for found in SITUATIONS if found.applies(facts)), WELL)


def word(facts: FromClause) -> ColumnElement[Any]:
    """
    `situation` as SQL, over a selectable with the facts: the word.
    """
    return case(*((s.applies(facts.c), s.word) for s in SITUATIONS), else_=OK)


def since(facts: FromClause) -> ColumnElement[Any]:
    """
    `situation` as SQL: since when.
    """
    return case(
        *(
            (s.applies(facts.c), facts.c[s.since] if s.since else null())
            for s in SITUATIONS
        ),
        else_=facts.c[WELL.since],
    )


def reads_orders(runs: Table) -> ColumnElement[bool]:
    """
    The condition for runs that read orders.
    """
    return or_(*(runs.c.kind == kind for kind in OF_ORDERS))


def was_tried(runs: Table) -> ColumnElement[bool]:
    """
    The condition for runs that read orders and were not skipped.
    """
    return and_(reads_orders(runs), runs.c.outcome.not_like("skipped-%"))


def was_complete(runs: Table) -> ColumnElement[bool]:
    """
    The condition for runs that read everything; those that only put records in
    quarantine did.
    """
    read = or_(
        runs.c.outcome == "success",
        and_(runs.c.outcome == "partial", runs.c.word == QUARANTINE),
    )
    return and_(reads_orders(runs), read)


def by_our_clock() -> ColumnElement[Any]:
    """
    The present instant, asked for when the statement runs.
    """
    return bindparam("present", callable_=clock.now, type_=Instant(), unique=True)


def complete_reads() -> Subquery:
    """
    `at`, the end of the last complete run of each `account_id`; not of one that ended
    in the future, before the clock was put back.
    """
    return (
        select(sync_runs.c.account_id, func.max(sync_runs.c.finished_at).label("at"))
        .where(was_complete(sync_runs), sync_runs.c.finished_at <= by_our_clock())
        .group_by(sync_runs.c.account_id)
        .subquery()
    )


def account_facts(now: datetime | None = None) -> Select[Any]:
    """
    The facts of every account at that instant, by default when the statement runs.
    """
    moment: ColumnElement[Any] = (
        Now() if now is None else bindparam("now", now, Instant(), unique=True)
    )
    last = sync_runs.alias("last")
    read_at = from_newest_run("finished_at", was_complete, moment)
    unread_since = func.coalesce(read_at, accounts.c.created_at)
    attempt_at = from_newest_run("started_at", was_tried, moment)
    return (
        select(
            accounts.c.id.label("account_id"),
            accounts.c.name.label("account"),
            accounts.c.provider,
            accounts.c.state,
            accounts.c.state_reason,
            accounts.c.failures,
            accounts.c.breaker_until,
            case((accounts.c.breaker_until.is_not(None), 1), else_=0).label(
                "is_breaker_open"
            ),
            accounts.c.created_at,
            attempt_at.label("last_attempt_at"),
            case((attempt_at.is_not(None), 1), else_=0).label("was_tried"),
            from_newest_run(
                "finished_at",
                lambda runs: and_(reads_orders(runs), runs.c.outcome == "success"),
                moment,
            ).label("last_success_at"),
            read_at.label("last_read_at"),
            *(
                func.coalesce(last.c[name], empty).label(f"last_{name}")
                for name, empty in (
                    *(("outcome", ""), ("exit_code", 0)),
                    *(("message", ""), ("hint", "")),
                )
            ),
            type_coerce(unread_since, Instant()).label("unread_since"),
            SecondsBetween(unread_since, moment).label("unread_seconds"),
            accounts.c.stale_seconds,
            case((accounts.c.needs_reading, 1), else_=0).label("needs_reading"),
            _lacks_webhook_secret(moment).label("lacks_webhook_secret"),
            _from_account(webhooks, lambda hooks: hooks.c.created_at).label(
                "webhook_since"
            ),
            _from_account(quarantine, lambda _: func.count()).label("quarantined"),
            _from_account(
                quarantine, lambda waiting: func.min(waiting.c.first_seen_at)
            ).label("quarantined_since"),
            _from_account(
                deliveries,
                lambda _: func.count(),
                lambda deliveries: deliveries.c.state == "failed",
            ).label("failed_deliveries"),
        )
        .select_from(accounts)
        .outerjoin(last, last.c.id == from_newest_run("id", _was_finished, moment))
        .order_by(accounts.c.name)
    )


def _was_finished(runs: Table) -> ColumnElement[bool]:
    return and_(was_tried(runs), runs.c.outcome != STARTED)


def from_newest_run(
    column: str,
    restriction: Callable[[Table], ColumnElement[bool]],
    moment: ColumnElement[Any],
) -> Any:
    """
    A column of an account's newest run that meets a condition. An account's runs never
    overlap, so the one that began last also ended last; the index has the newest first.
    One that began after this moment, the present, says nothing: the clock was put back
    since, and it would be the newest for as long as it was ahead.
    """
    return (
        select(sync_runs.c[column])
        .where(
            sync_runs.c.account_id == accounts.c.id,
            sync_runs.c.started_at <= moment,
            restriction(sync_runs),
        )
        .order_by(sync_runs.c.started_at.desc(), sync_runs.c.id.desc())
        .limit(1)
        .correlate(accounts)
        .scalar_subquery()
    )


def _from_account(
    table: Table,
    value: Callable[[Table], Any],
    *restrictions: Callable[[Table], ColumnElement[bool]],
) -> Any:
    """
    A value computed from an account's rows in another table.
    """
    return (
        select(value(table))
        .select_from(table)
        .where(
            table.c.account_id == accounts.c.id,
            *(restriction(table) for restriction in restrictions),
        )
        .correlate(accounts)
        .scalar_subquery()
    )


def _lacks_webhook_secret(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """
    1 where signed webhooks may arrive and there is no secret to verify them with.
    """

    def lacks_secret(hooks: Table) -> ColumnElement[bool]:
        has_old = and_(
            hooks.c.old_source != "",
            hooks.c.old_until.is_not(None),
            hooks.c.old_until > moment,
        )
        return and_(
            hooks.c.is_signed,
            hooks.c.secret_source == "",
            ~has_old,
        )

    count: ColumnElement[Any] = _from_account(
        webhooks, lambda _: func.count(), lacks_secret
    )
    return count
