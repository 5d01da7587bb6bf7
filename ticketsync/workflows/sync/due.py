"""
Whether an account is tried now, and why not.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ticketsync.accounts import runs
from ticketsync.accounts.runs import Result
from ticketsync.accounts.state import AccountState
from ticketsync.core import clock, errors, moments
from ticketsync.core.plurals import number_of
from ticketsync.core.settings.config import Settings
from ticketsync.store.business_zone import get_business_zone
from ticketsync.store.engine import Database


def reason_to_skip(
    database: Database,
    settings: Settings,
    account: AccountState,
    *,
    is_named: bool,
    only_due: bool,
) -> Result | None:
    """
    Why the account is not tried now; `None` if it is. One that was asked for by name
    is tried even if it is parked or failed several times in a row.
    """
    now = clock.now()
    if account.state == "paused":
        return _paused(account)
    if account.state == "parked" and not is_named:
        return _parked(account)
    if account.breaker_is_open(now) and not is_named:
        with database.read() as connection:
            return _breaker_open(account, get_business_zone(connection))
    if only_due:
        with database.read() as connection:
            last = runs.last_attempt(connection, account.id)
        # A schedule of the same length must not be missed by a few seconds.
        wait = settings.account(account.name).interval - timedelta(seconds=30)
        if last is not None and not is_over(last, wait, now):
            return Result(account.name, "skipped-not-due")
    return None


def is_over(began: datetime, wait: timedelta, now: datetime) -> bool:
    """
    Whether a wait is over; one that began in the future is, too: the clock was put back
    since (F36).
    """
    return not began <= now < began + wait


def out_of_time(account: AccountState, settings: Settings) -> Result:
    """
    The accounts before this one took all the time that a run has.
    """
    late = errors.ProviderUnavailable(
        f"Account {account.name!r}: it was skipped: the limit of "
        f"{settings.sync.run_minutes} minutes for one run was reached.",
        hint=f"Run `ticketsync sync {account.name}`, or allow more (`run_minutes`).",
        word="deadline",
    )
    return runs.failed_result(account.name, late)


def _paused(account: AccountState) -> Result:
    return Result(
        account.name,
        "skipped-disabled",
        word="paused",
        message=f"Account {account.name!r} is paused.",
        hint=f"Run `ticketsync accounts resume {account.name}`.",
    )


def _parked(account: AccountState) -> Result:
    error = errors.PersonNeeded(
        f"Account {account.name!r} needs attention: {account.state_reason}",
        hint=f"Run `ticketsync accounts rotate {account.name}` for a new key, or "
        f"`ticketsync sync {account.name}` to try the one it has.",
        word="parked",
    )
    return runs.failed_result(account.name, error, outcome="skipped-parked")


def _breaker_open(account: AccountState, zone: str) -> Result:
    assert account.breaker_until is not None
    error = errors.BreakerOpen(
        f"Account {account.name!r} failed {number_of(account.failures, 'time')} in a "
        f"row; the next probe is at {moments.with_zone(account.breaker_until, zone)}.",
        hint=f"Run `ticketsync sync {account.name}` to try now.",
    )
    return runs.failed_result(account.name, error, outcome="skipped-breaker")
