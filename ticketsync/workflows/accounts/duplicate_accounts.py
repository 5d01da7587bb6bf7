"""
Nothing is read by two accounts: every sale would count twice.

Accounts are compared by what they read (whose key, which organisations, which regions,
which folder), not by how their options are written; and while reading, by the dates,
orders and reports themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from ticketsync.accounts import edits, pins, sources, state
from ticketsync.accounts.state import AccountState
from ticketsync.catalogue import occurrences
from ticketsync.core import clock, errors, records
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import Secret, safe
from ticketsync.core.settings.config import Settings
from ticketsync.providers import registry
from ticketsync.providers.base import (
    LISTING,
    ORDER,
    Options,
    Provider,
    ProviderSpec,
    ReadsFiles,
)
from ticketsync.providers.options import are_apart
from ticketsync.sales import stored_orders
from ticketsync.workflows.accounts import key_owner
from ticketsync.workflows.accounts.account_client import client
from ticketsync.workflows.accounts.account_run import AccountRun

if TYPE_CHECKING:
    from ticketsync.store.upsert import Elsewhere

# When an account is connected or changed


@dataclass(frozen=True, slots=True)
class ProposedAccount:
    """
    What an account would read: a new one, or (`id`) one with changed options.
    """

    name: str
    options: Options
    secret: Secret
    found: records.Identity | None
    id: int | None = None


def refuse_duplicate(
    connection: Connection,
    provider: Provider,
    proposed: ProposedAccount,
    settings: Settings,
) -> None:
    """
    `GuardRefused` if another account, a retired one included, reads the same.
    """
    spec = provider.spec
    for other in state.list_accounts(connection):
        if other.provider != spec.name or other.id == proposed.id:
            continue
        if isinstance(provider, ReadsFiles):
            _refuse_same_folder(provider, proposed, other, settings)
        elif _is_duplicate(connection, spec, proposed, other):
            raise _connected_already(spec, other)
    if isinstance(provider, ReadsFiles):
        contents = _contents(provider)
        refuse_known_files(connection, proposed.name, proposed.id, contents)


def _is_duplicate(
    connection: Connection,
    spec: ProviderSpec,
    proposed: ProposedAccount,
    other: AccountState,
) -> bool:
    """
    The same key, the same account or an organisation in common, and no option that
    keeps them apart.
    """
    if are_apart(spec.options, proposed.options, other.options):
        return False
    found = proposed.found
    owners = frozenset(found.owners if found else ())
    return (
        key_owner.is_key_of(other, spec, proposed.secret)
        or bool(found and found.id and found.id == other.identity)
        or bool(owners & key_owner.owners_of(connection, other, spec))
    )


def _connected_already(spec: ProviderSpec, other: AccountState) -> errors.GuardRefused:
    called = _called(other.name, other.is_retired)
    return errors.GuardRefused(
        f"{called[0].upper()}{called[1:]} reads this {spec.title} account already; a "
        "second one would count every sale twice.",
        hint=remedy(spec, other.name, is_retired=other.is_retired),
        word="connected-already",
    )


def _refuse_same_folder(
    provider: ReadsFiles,
    proposed: ProposedAccount,
    other: AccountState,
    settings: Settings,
) -> None:
    kind = registry.provider(other.provider)
    if not pins.is_confirmed(other):  # its folder is not looked into
        if other.options.get("watch") == proposed.options.get("watch"):
            raise _connected_already(kind.spec, other)
        return
    api = client(kind.spec, other.name, None, Secret(""), other.options, settings, "")
    try:
        theirs = kind(api, other.options)
        assert isinstance(theirs, ReadsFiles)
        try:
            shares = provider.folder().shares_with(theirs.folder())
        except errors.ConfigurationError:  # its recipe is not there any more
            shares = other.options.get("watch") == proposed.options.get("watch")
        if shares:
            raise _connected_already(kind.spec, other)
        mine, known = _contents(provider), _contents(theirs)
    finally:
        api.close()
    for mark in mine.keys() & known.keys():
        raise same_file(proposed.name, mine[mark], other.name)


def _contents(provider: ReadsFiles) -> Mapping[str, str]:
    """
    What is in the folder, as far as it can be read.
    """
    try:
        return provider.contents()
    except errors.TicketsyncError:
        return {}


# While an account is read


def refuse_shared_listing(
    connection: Connection, run: AccountRun, events: Sequence[records.Event]
) -> None:
    """
    `GuardRefused` if another account of the platform has listed one of these.
    """
    spec = run.provider.spec
    if not run.has_siblings or LISTING not in spec.global_ids:
        return
    dates = [date.id for event in events for date in event.occurrences]
    found = occurrences.find_elsewhere(connection, run.account.id, dates)
    _refuse(run.account, spec, found, "lists", "date")
    ids = [event.id for event in events]
    found = occurrences.find_events_elsewhere(connection, run.account.id, ids)
    _refuse(run.account, spec, found, "lists", "event")


def refuse_shared_orders(
    connection: Connection, run: AccountRun, orders: Collection[str]
) -> None:
    """
    `GuardRefused` if another account of the platform has brought one of these.
    """
    if run.has_siblings and ORDER in run.provider.spec.global_ids:
        found = stored_orders.find_elsewhere(connection, run.account.id, orders)
        _refuse(run.account, run.provider.spec, found, "has", "order")


def _refuse(
    account: AccountState,
    spec: ProviderSpec,
    found: Sequence[Elsewhere],
    verb: str,
    thing: str,
) -> None:
    if not found:
        return
    first = found[0]
    raise errors.GuardRefused(
        f"Account {account.name!r} {verb} {number_of(len(found), thing)} that "
        f"{_called(first.account, first.is_retired)} reads already, "
        f"{safe(first.provider_id)} for one: every sale would count twice; nothing "
        "was saved.",
        hint=remedy(spec, first.account, account.name, is_retired=first.is_retired),
        word="connected-already",
    )


def _called(account: str, is_retired: bool) -> str:
    return f"the {'retired ' if is_retired else ''}account {account!r}"


def remedy(
    spec: ProviderSpec, holder: str, proposed: str = "", *, is_retired: bool = False
) -> str:
    """
    What to do about a duplicate, in commands.
    """
    away = f" Then `ticketsync accounts remove {proposed}`." if proposed else ""
    if is_retired:
        return (
            f"Run `ticketsync accounts add {spec.name} {holder} --revive` to connect "
            f"that one again.{away}"
        )
    changing = [option.name for option in spec.options if option.sets_apart]
    changing += [option.name for option in spec.options if option.name == "watch"]
    change = f"{changing[0]}=…" if changing else "OPTION=VALUE"
    return (
        f"Run `ticketsync accounts set {holder} {change}` to change what it reads, or "
        f"`ticketsync accounts rotate {holder}` to give it another key.{away}"
    )


def refuse_shared_files(run: AccountRun) -> None:
    """
    A report that another account has read is refused; the first one in turn keeps
    it.
    """
    provider, account = run.provider, run.account
    if not isinstance(provider, ReadsFiles):
        return
    contents = provider.contents()
    run.wait_for_turn()
    with run.database.read() as connection:
        refuse_known_files(connection, account.name, account.id, contents)
        known = sources.get_sources(connection, account.id, sources.FILE)
    news = {print_: name for print_, name in contents.items() if print_ not in known}
    if not news:
        return
    with run.database.write() as connection:
        edits.lock_platform(connection, account.provider)
        refuse_known_files(connection, account.name, account.id, news)
        sources.record_sources(connection, account.id, sources.FILE, news, clock.now())


def refuse_known_files(
    connection: Connection,
    name: str,
    account_id: int | None,
    contents: Mapping[str, str],
) -> None:
    """
    `GuardRefused` if another account has read a file with the same contents.
    """
    shared = sources.find_elsewhere(connection, account_id, sources.FILE, contents)
    if shared:
        raise same_file(name, contents[shared[0].value], shared[0].account)


def same_file(name: str, file: str, other: str) -> errors.GuardRefused:
    return errors.GuardRefused(
        f"Account {name!r}: the report {safe(file)} is the same as one that account "
        f"{other!r} reads already: every sale in it would count twice; nothing was "
        "saved.",
        hint=f"Take it out of the folder, or run `ticketsync accounts set {other} "
        "recipe=…` to change how it is read.",
        word="connected-already",
    )
