"""
Giving an account another name: its stored key and its dismissals move along.
"""

from __future__ import annotations

from ticketsync.accounts import credentials, dismissals, edits, naming, pins, state
from ticketsync.core import clock, errors
from ticketsync.core.settings.config import Settings
from ticketsync.store import lease
from ticketsync.store.engine import Database
from ticketsync.workflows.accounts import account_run, tokens


def rename_account(
    database: Database, settings: Settings, name: str, new_name: str
) -> None:
    """
    Give an account another name; its stored key and its dismissals move along.

    Raises `UsageError` while the settings file names it by its old name only: its fees
    and all else that stands there would no longer apply; `Busy` while it is being read,
    because that is held under its name.
    """
    naming.refuse_bad_name(new_name)
    if name in settings.accounts and new_name not in settings.accounts:
        raise errors.UsageError(
            f"The settings say something about {name!r}, which would no longer apply.",
            hint=f"Rename `accounts: {name}:` to `{new_name}:` in the settings file "
            "first.",
        )
    with database.write() as writing:
        account = state.get_account(writing, name)
        held_by = account_run.lease_of(account)
        holder = lease.this_process("accounts rename")
        lease.take(writing, held_by, holder, clock.now())
        pins.refuse_unconfirmed(account)
        edits.set_name(writing, account, new_name)
        source, reference = account.secret_source, account.secret_reference
        moved = credentials.move_secret(name, new_name, source, reference)
        if tokens.can_renew(account):
            tokens.move(account, new_name)
        edits.set_secret_reference(writing, account.id, moved)
        dismissals.rename_account(writing, name, new_name)
        lease.release(writing, held_by, holder)
