"""
Sending check-ins to the platforms, for accounts whose settings ask for it.
"""

from __future__ import annotations

from ticketsync.accounts import runs, state
from ticketsync.accounts.runs import Result
from ticketsync.core import clock, errors
from ticketsync.core.settings.config import Settings
from ticketsync.core.stopping import Stop
from ticketsync.door import recorded_scans
from ticketsync.providers.base import AcceptsCheckIns
from ticketsync.store.engine import Database
from ticketsync.workflows.accounts.account_run import (
    AccountRun,
    new_run_id,
    run_account,
)
from ticketsync.workflows.accounts.accounts_in_parallel import alone


def check_ins(
    database: Database, settings: Settings, stop: Stop | None = None
) -> list[Result]:
    """
    Send check-ins to the platforms, for accounts whose settings ask for it.

    Raises: `Interrupted` if `stop` was requested.
    """
    with database.read() as connection:
        accounts = [
            account
            for account in state.list_accounts(connection)
            if settings.account(account.name).push_check_ins
            and account.state == "active"
            and not account.breaker_is_open(clock.now())
            and recorded_scans.list_unsent(connection, account.id)
        ]
    run_id = new_run_id()
    return [
        run_account(
            database,
            settings,
            account,
            _push,
            run_id=run_id,
            kind="manual",
            started_by="check-in",
            direction=runs.PUSH,
            turn=alone(stop),
        )[0]
        for account in accounts
    ]


def _push(run: AccountRun) -> tuple[int, bool]:
    """
    One request for each ticket, never repeated by itself: a platform that counts
    entries would count twice. What it did not take stays, with the reason.
    """
    provider = run.provider
    if not isinstance(provider, AcceptsCheckIns):
        raise errors.ConfigurationError(
            f"{provider.spec.title} does not accept check-ins.",
            hint=f"Remove `push_check_ins` of {run.account.name!r} from the settings.",
        )
    with run.database.read() as connection:
        waiting = recorded_scans.list_unsent(connection, run.account.id)
    for item in waiting:
        problem = ""
        try:
            provider.push_check_in(item.ticket_id, item.occurrence_id, is_in=item.is_in)
        except errors.InvalidResponse as refused:
            problem = refused.message
            run.problems.append(refused)
        with run.transaction() as connection:
            recorded_scans.record_notified(
                connection, item.ticket_row, is_in=item.is_in, problem=problem
            )
    return 0, False
