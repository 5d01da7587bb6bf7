"""
The circuit breaker of an account.

It stops requests to a platform that keeps failing: five failures in a row open it, and
it lets one probe through after 1, 2, 4 … 24 hours.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, update

from ticketsync.accounts import edits
from ticketsync.accounts.state import LONGEST_PAUSE_HOURS, AccountState
from ticketsync.store.tables.accounts import accounts

FAILURES_TO_OPEN = 5


def record_success(connection: Connection, account: AccountState) -> None:
    """
    Close the breaker, and unpark a parked account: its platform answered. Writes
    nothing where nothing had failed.
    """
    if account.failures or account.breaker_until or account.breaker_opened:
        edits.write_columns(
            connection, account.id, failures=0, breaker_opened=0, breaker_until=None
        )
    edits.unpark_account(connection, account.id)


def record_failure(
    connection: Connection, account: AccountState, now: datetime
) -> None:
    """
    Count a failure of the platform; the fifth in a row opens the breaker.

    The database counts: `account` was read before the run began, and another process
    may have counted since.
    """
    counted = connection.execute(
        update(accounts)
        .where(accounts.c.id == account.id)
        .values(failures=accounts.c.failures + 1)
        .returning(accounts.c.failures, accounts.c.breaker_opened)
    )
    row = counted.one()
    if row.failures < FAILURES_TO_OPEN:
        return
    hours = min(2**row.breaker_opened, LONGEST_PAUSE_HOURS)
    edits.write_columns(
        connection,
        account.id,
        breaker_opened=row.breaker_opened + 1,
        breaker_until=now + timedelta(hours=hours),
    )
