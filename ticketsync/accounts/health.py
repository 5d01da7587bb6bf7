"""
The health of each account: one word, since when, and what to do about it.

The situations are declared in `store.account_health_rules`, because the view
`sync_health` is made from them too; the sentences about them are here. Everything that
shows an account's health uses this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from ticketsync.accounts import pins, state
from ticketsync.core import moments
from ticketsync.core.plurals import number_of
from ticketsync.core.settings.config import Settings
from ticketsync.store import account_health_rules
from ticketsync.store.account_health_rules import AccountFacts, Situation
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.tables.accounts import accounts

OK = account_health_rules.OK
PARTIAL = account_health_rules.PARTIAL
QUARANTINE = account_health_rules.QUARANTINE
MISSING_SECRET = account_health_rules.MISSING_SECRET


_STATES = {
    "failed": "could not be read",
    "missing-webhook-secret": "has no webhook secret",
}


@dataclass(frozen=True, slots=True)
class Health:
    """
    The health of one account. `since` is when the account was last known to be well,
    or when the situation began; `text` describes it in sentences, `to_do` says what to
    do, empty where there is nothing. `zone` is that of the business.
    """

    account_id: int
    account: str
    word: str
    since: datetime | None
    text: str
    to_do: str
    waits: bool
    alerts: bool
    zone: str = "UTC"

    @property
    def state(self) -> str:
        """
        What to say after the account's name: `is paused`, `could not be read`.
        """
        return _STATES.get(self.word, f"is {self.word}")

    @property
    def is_quiet(self) -> bool:
        """
        Whether it is neither well nor worth an alert: temporary, or chosen by a person.
        """
        return self.word != OK and not self.alerts


def assess(facts: AccountFacts) -> Health:
    """
    The account's health: the worst situation that applies.
    """
    found = account_health_rules.situation(facts)
    explain = _EXPLANATIONS.get(found.word, _is_fresh)
    text, to_do = explain(facts)
    return Health(
        account_id=facts.account_id,
        account=facts.account,
        word=found.word,
        since=_since(found, facts),
        text=text,
        to_do=to_do,
        waits=found.waits,
        alerts=found.alerts,
        zone=facts.zone,
    )


def assess_all(
    connection: Connection, settings: Settings, now: datetime
) -> list[Health]:
    """
    The health of every account, by name.
    """
    return assess_facts(connection, read_facts(connection, settings, now))


def assess_facts(connection: Connection, found: Sequence[AccountFacts]) -> list[Health]:
    """
    The same of what `read_facts` gave.
    """
    return [assess(_with_present_pin(connection, facts)) for facts in found]


def _with_present_pin(connection: Connection, facts: AccountFacts) -> AccountFacts:
    """
    The facts with what is to be done now, where the last run found the account
    unconfirmed: somebody may have confirmed it since.
    """
    if pins.NOBODY not in facts.last_message:
        return facts
    if pins.is_confirmed(state.get_account_by_id(connection, facts.account_id)):
        return replace(
            facts, last_message="It was confirmed after its last run.", last_hint=""
        )
    hint = f"Run `ticketsync accounts confirm {facts.account}`."
    return replace(facts, last_message="It waits to be confirmed.", last_hint=hint)


def read_facts(
    connection: Connection, settings: Settings, now: datetime
) -> list[AccountFacts]:
    """
    The facts that the health of every account is derived from; the settings say how
    long an account may go unread.
    """
    rows = connection.execute(account_health_rules.account_facts(now))
    zone = get_business_zone(connection)
    return [
        replace(facts, stale_seconds=settings.stale_seconds(facts.account), zone=zone)
        for facts in (AccountFacts(**row._mapping) for row in rows)
    ]


def are_limits_recorded(connection: Connection, settings: Settings) -> bool:
    """
    Whether the database has the current limits for how long accounts may go unread.
    """
    return not _new_limits(connection, settings)


def record_limits(connection: Connection, settings: Settings) -> None:
    """
    Store how long each account may go unread, for the view `sync_health`, which does
    not know the settings.
    """
    for account_id, seconds in _new_limits(connection, settings).items():
        connection.execute(
            update(accounts)
            .where(accounts.c.id == account_id)
            .values(stale_seconds=seconds)
        )


def _new_limits(connection: Connection, settings: Settings) -> dict[int, int]:
    rows = connection.execute(
        select(accounts.c.id, accounts.c.name, accounts.c.stale_seconds)
    )
    return {
        row.id: seconds
        for row in rows
        for seconds in [settings.stale_seconds(row.name)]
        if seconds != row.stale_seconds
    }


def _since(found: Situation, facts: AccountFacts) -> datetime | None:
    since: datetime | None = getattr(facts, found.since) if found.since else None
    return since


def _is_parked(facts: AccountFacts) -> tuple[str, str]:
    reason = _bare(facts.account, facts.state_reason)
    return (
        f"It needs attention. {reason}".strip(),
        f"Run `ticketsync accounts rotate {facts.account}`.",
    )


def _is_paused(facts: AccountFacts) -> tuple[str, str]:
    reason = f": {facts.state_reason}" if facts.state_reason else ""
    return (
        f"Paused by a person{reason}.",
        f"Run `ticketsync accounts resume {facts.account}` to read it again.",
    )


def _is_retired(facts: AccountFacts) -> tuple[str, str]:
    return "It is not read any more; its orders are kept.", ""


def _is_failing(facts: AccountFacts) -> tuple[str, str]:
    assert facts.breaker_until is not None
    return (
        f"Paused after {number_of(facts.failures, 'failure')}. {_last(facts)} "
        f"Not tried again before {moments.with_zone(facts.breaker_until, facts.zone)}.",
        _what_to_do(facts),
    )


def _is_behind(facts: AccountFacts) -> tuple[str, str]:
    return f"It falls behind. {_last(facts)}", _what_to_do(facts)


def _has_failed(facts: AccountFacts) -> tuple[str, str]:
    return _last(facts), _what_to_do(facts)


def _lacks_secret(facts: AccountFacts) -> tuple[str, str]:
    return (
        "Its webhooks are turned away, because it has no secret to verify them with.",
        f"Run `ticketsync webhooks secret {facts.account}`.",
    )


def _is_partial(facts: AccountFacts) -> tuple[str, str]:
    if not facts.quarantined:
        return _has_failed(facts)
    some = number_of(facts.quarantined, "record")
    return (
        f"{some} could not be read, kept in quarantine. {_figures(facts)}",
        "`ticketsync waiting list` names each; every run tries them again.",
    )


def _is_unread(facts: AccountFacts) -> tuple[str, str]:
    return _figures(facts), _what_to_do(facts)


def _is_fresh(facts: AccountFacts) -> tuple[str, str]:
    return _figures(facts), ""


_EXPLANATIONS: Mapping[str, Callable[[AccountFacts], tuple[str, str]]] = {
    account_health_rules.PARKED: _is_parked,
    account_health_rules.PAUSED: _is_paused,
    account_health_rules.RETIRED: _is_retired,
    account_health_rules.FAILING: _is_failing,
    account_health_rules.HELD: _has_failed,
    account_health_rules.STALE: _is_behind,
    account_health_rules.FAILED: _has_failed,
    account_health_rules.MISSING_SECRET: _lacks_secret,
    account_health_rules.PARTIAL: _is_partial,
    account_health_rules.INTERRUPTED: _has_failed,
    account_health_rules.NEVER_SYNCED: _is_unread,
}


_NEED_A_PERSON = (
    account_health_rules.MISCONFIGURED,
    account_health_rules.PERSON_NEEDED,
    account_health_rules.GUARD_REFUSED,
)


def _last(facts: AccountFacts) -> str:
    """
    The message of its last attempt, and how old its figures are.
    """
    message = _bare(facts.account, facts.last_message)
    return f"{message} {_figures(facts)}".strip()


def _what_to_do(facts: AccountFacts) -> str:
    """
    The hint of its last attempt where that needs a person; else to try again.
    """
    if facts.last_hint and facts.last_exit_code in _NEED_A_PERSON:
        return facts.last_hint
    return f"Run `ticketsync sync {facts.account}`."


def _figures(facts: AccountFacts) -> str:
    if not facts.needs_reading:
        return "Nothing of it has to be read: its sales are saved as they are made."
    if facts.last_read_at is None:
        return "It was never read completely."
    return f"Its figures are from {moments.with_zone(facts.last_read_at, facts.zone)}."


def _bare(account: str, message: str) -> str:
    """
    A message without the account's name, which is shown anyway.
    """
    return message.removeprefix(f"Account {account!r}: ")
