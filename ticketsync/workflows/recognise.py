"""
Is this listing the account's own? Before the first page is saved it must be clear: by
the owners that it names, else by the dates that it lists again (F27).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from ticketsync.accounts import sources, state
from ticketsync.catalogue import offers
from ticketsync.core import clock, errors, records
from ticketsync.providers.base import NamesItsOwner, NamesItsOwners, Page, Provider
from ticketsync.workflows import identity
from ticketsync.workflows.session import AccountSession

FEW = 5  # dates below which a listing without any of them is believed


def recognised(work: AccountSession, *, accept_shrink: bool) -> Iterator[Page]:
    """
    The pages of the listing, the first of them only once it is clear that they are the
    account's own: by whom they name, else by the dates that they list again.
    """
    provider, spec = work.provider, work.provider.spec
    with work.database.read() as session:
        known = identity.owners_of(session, work.account, spec)
    # Asked for only where no owner answers the question.
    familiar = functools.cache(lambda: _listed_before(work))
    met = _owners_told(provider)
    _refuse_strangers(work, known, met)
    is_own = spec.is_local or bool(met & known) or not (known or familiar())
    waiting: list[Page] = []
    for page in provider.fetch_events():
        named = _owners_named(provider, page)
        if spec.owner_is_account:
            _refuse_strangers(work, known, named)
        met |= named
        ids = {str(raw.get("id")) for raw in page.records}
        is_own = is_own or bool(named & known) or bool(ids & familiar())
        waiting.append(page)
        if is_own:
            yield from waiting
            waiting = []
    if waiting:
        _refuse_strangers(work, known, met)
        lists_something = any(page.records for page in waiting)
        if lists_something and not accept_shrink:
            _refuse_another_listing(work)
    if is_own or waiting:
        _note_owners(work, met - known)
    yield from waiting


def _listed_before(work: AccountSession) -> frozenset[str]:
    """
    The platform's ids of all events and dates that the account listed before.
    """
    with work.database.read() as session:
        held = offers.all_offers(session, work.account.id)
    return frozenset(id_ for o in held for id_ in (o.occurrence_id, o.event_id))


def _owners_told(provider: Provider) -> frozenset[str]:
    if not isinstance(provider, NamesItsOwners):
        return frozenset()
    return frozenset(provider.owners())


def _refuse_strangers(
    work: AccountSession, known: frozenset[str], named: frozenset[str]
) -> None:
    found = identity.strangers(known, named, work.provider.spec)
    if found:
        raise identity.changed(work.account, known, found)


def _owners_named(provider: Provider, page: Page) -> frozenset[str]:
    if not isinstance(provider, NamesItsOwner):
        return frozenset()
    return frozenset(owner for r in page.records if (owner := provider.owner_of(r)))


def _note_owners(work: AccountSession, news: frozenset[str]) -> None:
    """
    Remember owners that were met for the first time.
    """
    if not news:
        return
    with work.database.write() as session:
        found = dict.fromkeys(news, "")
        sources.note(session, work.account.id, sources.OWNER, found, clock.now())
        if work.provider.spec.owner_is_account and not work.account.identity:
            owner = min(news)
            state.set_identity(session, work.account.id, owner, owner)


def _refuse_another_listing(work: AccountSession) -> None:
    """
    A listing with not one of the dates that it had, where nobody is named, is that of
    somebody else; unless there was hardly anything to know it by.
    """
    with work.database.read() as session:
        held = [
            offer
            for offer in offers.all_offers(session, work.account.id)
            if offer.gone_since is None and offer.fingerprint != records.FROM_ORDERS
        ]
    if len(held) < FEW and not any(offer.show_id is not None for offer in held):
        return
    raise errors.GuardRefused(
        f"Account {work.account.name!r} lists none of its {len(held)} known dates, but "
        "others: its key may belong to somebody else; nothing was saved.",
        hint=f"Run `ticketsync accounts check {work.account.name}`. If it is right, "
        f"run `ticketsync sync {work.account.name} --accept-shrink` once.",
        word="account-changed",
    )
