"""
Removing accounts. One that has brought sales is retired: its key is deleted and it is
never read again, its orders and figures stay. One that has brought none is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ticketsync.accounts import (
    bookmarks,
    credentials,
    edits,
    runs,
    sent_alerts,
    sources,
    state,
)
from ticketsync.accounts.state import AccountState
from ticketsync.catalogue import link_settings, links, occurrences, ticket_types
from ticketsync.core import clock, errors
from ticketsync.core.settings.config import Settings
from ticketsync.providers import registry
from ticketsync.providers.base import LISTING
from ticketsync.sales import quarantine, raw_records, stored_orders
from ticketsync.store import lease
from ticketsync.store.engine import Database
from ticketsync.webhooks import inbox
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.accounts import account_run, tokens


@dataclass(frozen=True, slots=True)
class Removal:
    """
    What removing an account does: one that has brought sales `retires`, its `orders`
    stay; another is deleted. `shared` dates are read by an older account, too: there
    they go on counting, here they stop.
    """

    account: AccountState
    retires: bool
    orders: int = 0
    shared: tuple[int, ...] = ()


def plan(database: Database, name: str) -> Removal:
    """
    What removing an account would do.

    Raises: `NotFound`; `GuardRefused` (`own-box-office`) for our own box office with
    orders.
    """
    with database.read() as reading:
        account = state.get_account(reading, name)
        return _removal(reading, account)


def remove(database: Database, settings: Settings, name: str) -> Removal:
    """
    Retire or delete an account, and delete its secrets from where we put them. Nobody
    may be at work on it. Removing a retired one again deletes what was left of its key.

    Raises `GuardRefused` if it has orders after all, or is our own box office with
    orders (`own-box-office`), `Busy` while it is being read.
    """
    with database.read() as reading:
        account = state.get_account(reading, name)
    held_by, holder = (
        account_run.lease_of(account),
        lease.this_process("accounts remove"),
    )
    try:
        with database.write() as writing:
            lease.take(writing, held_by, holder, clock.now())
            account = state.get_account_by_id(writing, account.id)
            references = inbox.list_secret_references(writing, account.id)
            removal = _removal(writing, account)
            if removal.retires:
                _retire(writing, settings, removal)
            else:
                _delete(writing, settings, account)
            lease.release(writing, held_by, holder)
    except IntegrityError:
        raise errors.GuardRefused(
            f"Account {name!r} has something in the books, which are kept.",
            hint=f"Run `ticketsync accounts pause {name}` instead.",
            word="has-history",
        ) from None
    _forget_secrets(account, references)
    if removal.retires:
        with database.write() as writing:
            edits.forget_secret(writing, account)
    return removal


def _removal(reading: Connection, account: AccountState) -> Removal:
    retires = stored_orders.holds_sales(reading, account.id) or quarantine.holds_sales(
        reading, account.id
    )
    if not retires:
        return Removal(account, retires=False)
    if registry.provider(account.provider).spec.is_ours:
        # Without its key neither a ticket can be made again nor the sale go on.
        raise errors.GuardRefused(
            f"Account {account.name!r} is your own box office: its orders and the key "
            "of its tickets are kept. Nothing was changed.",
            hint="To stop selling, run `ticketsync boxoffice close SHOW` for each.",
            word="own-box-office",
        )
    return Removal(
        account,
        retires=True,
        orders=stored_orders.count_orders(reading, account.id),
        shared=_shared(reading, account),
    )


def _shared(reading: Connection, account: AccountState) -> tuple[int, ...]:
    """
    Dates that an older account reads as well: connected twice by an earlier version.
    """
    if LISTING not in registry.provider(account.provider).spec.global_ids:
        return ()
    ids = occurrences.get_occurrence_ids(reading, account.id)
    found = occurrences.find_elsewhere(reading, account.id, ids)
    return tuple(ids[item.provider_id] for item in found if not item.is_retired)


def _retire(writing: Connection, settings: Settings, removal: Removal) -> None:
    account = removal.account
    if not account.is_retired:
        today = f"{clock.now():%Y-%m-%d}"
        edits.retire_account(
            writing, account, f"Retired on {today}; its orders are kept."
        )
    sent_alerts.delete_alert(writing, account.id)
    inbox.close_endpoint(writing, account.id, clock.now())
    if tokens.can_renew(account):
        kept = {n: v for n, v in account.options.items() if n != tokens.EXPIRES}
        edits.set_options(writing, account.id, kept)
    shows = link_settings.switch_off_links(writing, removal.shared)
    recompute_figures.recompute(writing, settings, shows)


def _delete(writing: Connection, settings: Settings, account: AccountState) -> None:
    """
    Delete an account with all that hangs on it; there are no sales among it.
    """
    ids = occurrences.get_occurrence_ids(writing, account.id).values()
    shows = links.get_show_ids(writing, ids)
    links.remove_account_links(writing, account.id)
    recompute_figures.recompute(writing, settings, shows)
    quarantine.delete_unread(writing, account.id)
    raw_records.delete_versions(writing, account.id)
    ticket_types.delete_ticket_types(writing, account.id)
    occurrences.delete_listing(writing, account.id)
    inbox.delete_of_account(writing, account.id)
    sources.delete_sources(writing, account.id)
    bookmarks.delete_all_bookmarks(writing, account.id)
    sent_alerts.delete_alert(writing, account.id)
    runs.delete_runs(writing, account.id)
    edits.remove_account(writing, account)


def _forget_secrets(account: AccountState, references: list[tuple[str, str]]) -> None:
    credentials.delete_secret(
        account.name, account.secret_source, account.secret_reference
    )
    if state.uses_oauth(account):
        tokens.forget(account)
    for source, reference in references:
        credentials.delete_secret(f"{account.name}/webhook", source, reference)
