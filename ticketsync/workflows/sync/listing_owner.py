"""
Is this listing the account's own? Before the first page is saved it must be clear: by
the owners that it names, else by the dates that it lists again (F27).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from ticketsync.accounts import edits, sources
from ticketsync.catalogue import occurrences
from ticketsync.core import clock, errors, records
from ticketsync.providers import reading
from ticketsync.providers.base import (
    NamesItsOwner,
    NamesItsOwners,
    Page,
    Provider,
    Raw,
)
from ticketsync.workflows.accounts import key_owner
from ticketsync.workflows.accounts.account_run import AccountRun

FEW = 5  # dates below which a listing without any of them is believed


def recognised(run: AccountRun, *, accept_shrink: bool) -> Iterator[Page]:
    """
    The pages of the listing, the first of them only once it is clear that they are the
    account's own: by whom they name, else by the dates that they list again.
    """
    provider, spec = run.provider, run.provider.spec
    with run.database.read() as connection:
        known = key_owner.owners_of(connection, run.account, spec)
    # Asked for only where no owner answers the question.
    listed_before = functools.cache(lambda: _listed_before(run))
    met = _owners_reported(provider)
    _refuse_other_owners(run, known, met)
    is_own = spec.is_local or bool(met & known) or not (known or listed_before())
    waiting: list[Page] = []
    for page in provider.fetch_events():
        named = _owners_named(provider, page)
        if spec.owner_is_account:
            _refuse_other_owners(run, known, named)
        met |= named
        ids = {str(raw.get("id")) for raw in page.records}
        is_own = is_own or bool(named & known) or bool(ids & listed_before())
        waiting.append(page)
        if is_own:
            yield from waiting
            waiting = []
    if waiting:
        _refuse_other_owners(run, known, met)
        lists_something = any(page.records for page in waiting)
        if lists_something and not accept_shrink:
            _refuse_another_listing(run)
    if is_own or waiting:
        _note_owners(run, met - known)
    yield from waiting


def _listed_before(run: AccountRun) -> frozenset[str]:
    """
    The platform's ids of all events and dates that the account listed before.
    """
    with run.database.read() as connection:
        held = occurrences.list_occurrences(connection, run.account.id)
    return frozenset(
        id_ for o in held for id_ in (o.provider_occurrence_id, o.provider_event_id)
    )


def _owners_reported(provider: Provider) -> frozenset[str]:
    if not isinstance(provider, NamesItsOwners):
        return frozenset()
    return frozenset(provider.owners())


def _refuse_other_owners(
    run: AccountRun, known: frozenset[str], named: frozenset[str]
) -> None:
    found = key_owner.other_owners(known, named, run.provider.spec)
    if found:
        raise key_owner.changed(run.account, known, found)


def _owners_named(provider: Provider, page: Page) -> frozenset[str]:
    if not isinstance(provider, NamesItsOwner):
        return frozenset()

    def owner_of(raw: Raw) -> str:
        return provider.owner_of(raw) or ""

    owners = (reading.parsed_or_empty(owner_of, raw) for raw in page.records)
    return frozenset(filter(None, owners))


def _note_owners(run: AccountRun, news: frozenset[str]) -> None:
    """
    Remember owners that were met for the first time.
    """
    if not news:
        return
    with run.database.write() as connection:
        found = dict.fromkeys(news, "")
        sources.record_sources(
            connection, run.account.id, sources.OWNER, found, clock.now()
        )
        if run.provider.spec.owner_is_account and not run.account.identity:
            owner = min(news)
            edits.set_identity(connection, run.account.id, owner, owner)


def _refuse_another_listing(run: AccountRun) -> None:
    """
    A listing with not one of the dates that it had, where nobody is named, is that of
    somebody else; unless there was hardly anything to know it by.
    """
    with run.database.read() as connection:
        held = [
            occurrence
            for occurrence in occurrences.list_occurrences(connection, run.account.id)
            if occurrence.gone_since is None
            and occurrence.fingerprint != records.FROM_ORDERS
        ]
    if len(held) < FEW and not any(
        occurrence.show_id is not None for occurrence in held
    ):
        return
    raise errors.GuardRefused(
        f"Account {run.account.name!r} lists none of its {len(held)} known dates, but "
        "others: its key may belong to somebody else; nothing was saved.",
        hint=f"Run `ticketsync accounts check {run.account.name}`. If it is right, "
        f"run `ticketsync sync {run.account.name} --accept-shrink` once.",
        word="account-changed",
    )
