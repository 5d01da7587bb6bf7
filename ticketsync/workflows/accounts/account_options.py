"""
Changing the options of an account: first a plan, in words and tried where it can be
tried; then, if a person agrees, the change.

What stands in the settings file is the user's: nothing here writes to it, and what it
says goes before what was set here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from ticketsync.accounts import bookmarks, edits, pins, state, streams
from ticketsync.accounts.state import PEOPLE, AccountState
from ticketsync.core import clock, errors, records
from ticketsync.core.file_options import OF_OAUTH
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.core.settings.config import ACCOUNT_SETTINGS, Settings
from ticketsync.providers import registry
from ticketsync.providers.base import LeavesOutParts, Options, Provider, ProviderSpec
from ticketsync.providers.options import Option
from ticketsync.sales import privacy, stored_orders
from ticketsync.store import lease
from ticketsync.store.engine import Database
from ticketsync.workflows.accounts import account_run, connect, duplicate_accounts
from ticketsync.workflows.accounts import key_owner as account_identity
from ticketsync.workflows.accounts.duplicate_accounts import ProposedAccount

BASE_URL = "base_url"


@dataclass(frozen=True, slots=True)
class Change:
    """
    One option with its value before and after, `""` for none.
    """

    option: str
    before: str
    after: str

    @property
    def text(self) -> str:
        return f"{self.option}: {self.before or '–'} → {self.after or '–'}"


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What `accounts set` would change, and what follows from it, in sentences.
    """

    account: AccountState
    options: Options
    base_url: str | None
    changes: tuple[Change, ...]
    effects: tuple[str, ...]
    found: records.Identity | None
    changes_parts: bool = False

    def as_json(self, *, is_saved: bool) -> dict[str, Any]:
        return {
            "account": self.account.name,
            "changes": [
                {"option": c.option, "before": c.before, "after": c.after}
                for c in self.changes
            ],
            "effects": list(self.effects),
            "saved": is_saved,
        }


def plan(
    database: Database, settings: Settings, name: str, given: Mapping[str, str]
) -> Plan:
    """
    What these values would change. What is read from another place afterwards is tried
    first: the same key must answer there, for the same owner.
    """
    with database.read() as reading:
        account = state.get_usable_account(reading, name)
    kind = registry.provider(account.provider)
    _refuse_settings_keys(name, given)
    options, base_url = _wanted(kind.spec, account, given)
    changes = _changes(account, options, base_url)
    if any(change.option == PEOPLE for change in changes):
        pins.refuse_unconfirmed(account)  # a recipe says whether it names people
        _refuse_people(settings, kind, name, options)
    found = None
    if any(change.option != PEOPLE for change in changes):
        found = _tried(database, settings, kind, account, options, base_url)
    with database.read() as reading:
        effects = [
            sentence
            for change in changes
            for sentence in _effects(reading, settings, kind.spec, account, change)
        ]
    if found is not None:
        effects.insert(0, f"Tried: {kind.spec.title} answers, {safe(found.name)}.")
    named = {change.option for change in changes}
    changes_parts = any(o.leaves_out and o.name in named for o in kind.spec.options)
    return Plan(
        account,
        options,
        base_url,
        tuple(changes),
        tuple(effects),
        found,
        changes_parts=changes_parts,
    )


def apply(database: Database, plan: Plan) -> None:
    """
    Save what was planned. No run of the account may be active, and it must stand as it
    did when the plan was made.

    Raises `Busy` otherwise.
    """
    account = plan.account
    held_by, holder = account_run.lease_of(account), lease.this_process("accounts set")
    with database.write() as writing:
        lease.take(writing, held_by, holder, clock.now())
        now = state.get_account_by_id(writing, account.id)
        if _chosen(now) != _chosen(account):
            raise errors.Busy(
                f"Account {account.name!r} was changed by somebody else meanwhile; "
                "nothing was saved.",
                hint="Run the command again.",
            )
        of_tokens = {
            name: value
            for name, value in now.options.items()
            if name.startswith(OF_OAUTH)
        }
        edits.set_options(writing, account.id, {**plan.options, **of_tokens})
        edits.set_base_url(writing, account.id, plan.base_url)
        if plan.found is not None:
            account_identity.learn(writing, account.id, plan.found)
        if plan.changes_parts:
            # One sold while it was left out, or the newest order is of another one.
            bookmarks.delete_bookmarks(writing, account.id, [streams.NEWEST])
            bookmarks.save_bookmarks(writing, account.id, streams.READ_ALL, {"": "1"})
        lease.release(writing, held_by, holder)


# Deciding


def _refuse_settings_keys(name: str, given: Mapping[str, str]) -> None:
    for key in given:
        if key in ACCOUNT_SETTINGS and key != PEOPLE:
            raise errors.UsageError(
                f"{key} is in the settings file, which only you change.",
                hint=f"Write `{key}` below `accounts: {name}:` there.",
            )


def _wanted(
    spec: ProviderSpec, account: AccountState, given: Mapping[str, str]
) -> tuple[dict[str, str], str | None]:
    """
    The account's options and address as they would be; an empty value takes one away.
    """
    given_options = {name: value for name, value in given.items() if name != BASE_URL}
    kept = state.without_tokens(account.options)
    changed = [name for name in given_options if given_options[name] != kept.get(name)]
    checked = {name: given_options[name] for name in changed}
    # Values of earlier versions that stay as they are need not be what is taken now.
    others = {name: value for name, value in kept.items() if name not in checked}
    required = {o.name: others[o.name] for o in spec.options if o.name in others}
    cleaned = connect.cleaned_options(spec, {**required, **checked})
    options = {**others, **{n: v for n, v in cleaned.items() if n in checked}}
    if BASE_URL not in given:
        return options, account.base_url
    return options, given[BASE_URL].strip() or None


def _changes(
    account: AccountState, options: Options, base_url: str | None
) -> list[Change]:
    before = state.without_tokens(account.options)
    found = [
        Change(name, before.get(name, ""), options.get(name, ""))
        for name in sorted({*before, *options})
        if before.get(name, "") != options.get(name, "")
    ]
    if base_url != account.base_url:
        found.append(Change(BASE_URL, account.base_url or "", base_url or ""))
    return found


def _refuse_people(
    settings: Settings, kind: type[Provider], name: str, options: Options
) -> None:
    wanted = options.get(PEOPLE) == "true"
    in_file = settings.account(name).keep_people
    if in_file is not None and in_file != wanted:
        raise errors.ConfigurationError(
            f"The settings file says `people: {str(in_file).lower()}` for account "
            f"{name!r}, and it overrides what is set here.",
            hint=f"Change or remove the line below `accounts: {name}:` there.",
        )
    names_people = hasattr(kind, "parse_people") and kind.spec.names_people(options)
    if wanted and not names_people:
        raise errors.UsageError(
            f"{kind.spec.title}: it names no people, so none can be kept.",
            hint="Leave people as it is.",
        )


def _tried(
    database: Database,
    settings: Settings,
    kind: type[Provider],
    account: AccountState,
    options: Options,
    base_url: str | None,
) -> records.Identity:
    """
    Who answers with these options; refused if it is somebody else, or if another
    account reads the same.
    """
    spec = kind.spec
    secret = connect.secret_of(database, spec, account)
    given_options = {**account.options, **options}
    with connect.open_platform(
        kind, account.name, base_url, secret, given_options, settings
    ) as client:
        found = client.identify()
        _refuse_unknown_parts(client, account, options)
        with database.read() as reading:
            _refuse_another_owner(reading, spec, account, options, found)
            proposed = ProposedAccount(account.name, options, secret, found, account.id)
            duplicate_accounts.refuse_duplicate(reading, client, proposed, settings)
    return found


def _refuse_unknown_parts(
    client: Provider, account: AccountState, options: Options
) -> None:
    """
    A part that is to be left out from now on must be one of the account's.
    """
    if not isinstance(client, LeavesOutParts):
        return
    shown = frozenset(client.parts())
    for option in client.spec.options:
        before = option.parts(account.options.get(option.name, ""))
        wanted = option.parts(options.get(option.name, ""))
        if option.leaves_out and (unknown := sorted(wanted - before - shown)):
            raise errors.UsageError(
                f"{option.name}: {safe(unknown[0])} is not one of this account's "
                f"({safe(', '.join(sorted(shown)))}).",
                hint="`ticketsync status` names the one that cannot be read.",
                word="option-value",
            )


def _refuse_another_owner(
    reading: Connection,
    spec: ProviderSpec,
    account: AccountState,
    options: Options,
    found: records.Identity,
) -> None:
    """
    An option that names whose account it is may be put right while there are no sales.
    """
    renamed = [
        option.name
        for option in spec.options
        if option.names_owner
        and option.parts(options.get(option.name, ""))
        != option.parts(account.options.get(option.name, ""))
    ]
    if not renamed:
        account_identity.refuse_other_owner(reading, account, spec, found)
    elif stored_orders.holds_sales(reading, account.id):
        raise errors.GuardRefused(
            f"Account {account.name!r} has orders of another {spec.title} account; "
            f"with a new {renamed[0]} two would be mixed up in it.",
            hint=f"Run `ticketsync accounts add {spec.name} NAME --set "
            f"{renamed[0]}={options[renamed[0]]}` to connect that one, too.",
            word="account-changed",
        )


# Saying what follows


def _effects(
    reading: Connection,
    settings: Settings,
    spec: ProviderSpec,
    account: AccountState,
    change: Change,
) -> Sequence[str]:
    if change.option == PEOPLE:
        return _effects_of_people(reading, settings, spec, account, change)
    if change.option == BASE_URL:
        address = change.after or spec.base_url
        return [f"From the next run on the account is read from {safe(address)}."]
    option = next(o for o in spec.options if o.name == change.option)
    if option.leaves_out:
        return _effects_of_parts(account, option, change)
    if option.is_list:
        return _effects_of_list(account, option, change)
    if spec.is_local:
        return [
            "The next run reads every report again with the new "
            f"{change.option}; orders that are in none of them any more are kept."
        ]
    return [f"The next run reads with the new {change.option}."]


def _effects_of_people(
    reading: Connection,
    settings: Settings,
    spec: ProviderSpec,
    account: AccountState,
    change: Change,
) -> Sequence[str]:
    days = settings.retention.days
    if change.after == "true" and spec.reads == "none":
        return [
            "Names, e-mail addresses and telephone numbers that are given from now on "
            f"are kept until {number_of(days, 'day')} after their show.",
        ]
    if change.after == "true":
        orders = stored_orders.count_future_orders(reading, account.id, clock.now())
        return [
            "Names, e-mail addresses and telephone numbers are kept from the next run "
            f"on, until {number_of(days, 'day')} after their show.",
            "The next run reads all orders of the shows still to come again "
            f"({orders:,} are held now); people of past shows are not fetched.",
        ]
    kept = privacy.count_kept(reading, account.id)
    return [
        f"No more people are kept. The {kept:,} that are kept stay until "
        f"{number_of(days, 'day')} after their show, or until "
        "`ticketsync privacy erase`.",
    ]


def _effects_of_parts(
    account: AccountState, option: Option, change: Change
) -> Sequence[str]:
    before, after = option.parts(change.before), option.parts(change.after)
    found = []
    if again := sorted(before - after):
        found.append(
            f"The next run reads {', '.join(again)} again, and all orders of the "
            "account once."
        )
    if left_out := sorted(after - before):
        found.append(_not_read_any_more(account, left_out))
    return found


def _not_read_any_more(account: AccountState, parts: Sequence[str]) -> str:
    return (
        f"{', '.join(parts)} is not read any more; what it brought stays and "
        "counts. If most dates leave the listing that way, run `ticketsync sync "
        f"{account.name} --accept-shrink` once."
    )


def _effects_of_list(
    account: AccountState, option: Option, change: Change
) -> Sequence[str]:
    before, after = option.parts(change.before), option.parts(change.after)
    if not before or not after:
        what = change.after or f"the {option.name} of the platform's account"
        return [f"The next run reads {what}; what was read stays and counts."]
    found = []
    if news := sorted(after - before):
        found.append(f"The next run reads {', '.join(news)}, too.")
    if gone := sorted(before - after):
        found.append(_not_read_any_more(account, gone))
    return found


def _chosen(account: AccountState) -> tuple[object, ...]:
    """
    What a person may have changed of an account.
    """
    return (state.without_tokens(account.options), account.base_url, account.state)
