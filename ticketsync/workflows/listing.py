"""
What a platform has on sale: read the listing, save what changed, notice what left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ticketsync.accounts import state
from ticketsync.catalogue import links, offers
from ticketsync.catalogue.offers import Listed
from ticketsync.core import clock, errors, records
from ticketsync.core.completeness import has_shrunk
from ticketsync.providers.base import Page, Provider, Raw
from ticketsync.sales import quarantine, versions
from ticketsync.sales.packing import Version, pack
from ticketsync.workflows import parts, twins
from ticketsync.workflows.recognise import recognised
from ticketsync.workflows.records import (
    cleaned,
    refuse_drift,
    refuse_unknown_currencies,
    understood,
)
from ticketsync.workflows.session import AccountSession


@dataclass(slots=True)
class ListingResult:
    """
    What reading a listing found. `seen` holds the platform's occurrence ids.
    """

    seen: set[str] = field(default_factory=set)
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    gone: int = 0


def refresh(work: AccountSession, *, accept_shrink: bool = False) -> ListingResult:
    """
    Read the whole listing and save what is new or changed.
    """
    result = ListingResult()
    twins.refuse_shared_files(work)
    for page in recognised(work, accept_shrink=accept_shrink):
        _save_page(work, page, result)
        work.on_progress(work.account.name, "events", len(result.seen), 0)
    parts.refuse_missing_parts(work, accept_shrink=accept_shrink)
    _notice_absence(work, result, accept_shrink=accept_shrink)
    return result


def _save_page(work: AccountSession, page: Page, result: ListingResult) -> None:
    spec = work.provider.spec
    cleans = cleaned(page.records, spec)
    good, bad = understood("event", cleans, _reader(work.provider))
    refuse_drift(len(good), bad, spec.title, work.account.name)
    events = [item.value for item in good]
    result.seen.update(date.id for event in events for date in event.occurrences)
    result.seen.update(item.provider_id for item in bad)
    listed = [Listed(item.value, item.clean.content) for item in good]
    with work.database.read() as session:
        twins.refuse_shared_listing(session, work, events)
        changed = set(offers.changed(session, work.account.id, listed))
    result.unchanged += len(listed) - len(changed)
    work.counts.quarantined += len(bad)
    if not changed and not bad:
        return
    news = [
        Version(item.clean.id, item.clean.content, item.clean.data)
        for item in good
        if item.clean.content in changed
    ]
    now = clock.now()
    with work.unit() as session:
        if work.has_siblings:
            # The other one may be saving the same dates at this very moment.
            state.lock_platform(session, spec.name)
            twins.refuse_shared_listing(session, work, events)
        versions.keep(session, work.account.id, "event", [pack(news)], now)
        quarantine.put(session, work.account.id, bad, now)
        quarantine.release(
            session, work.account.id, "event", (item.clean.id for item in good)
        )
        saved = offers.save(
            session, work.account.id, [i for i in listed if i.content in changed]
        )
        work.notes += links.follow_moves(session, saved.moved)
    result.created += saved.created
    result.updated += saved.updated


def _reader(provider: Provider) -> Callable[[Raw], records.Event]:
    """
    How a listing record is read; one whose currency nobody knows is set aside.
    """

    def read(raw: Raw) -> records.Event:
        event = provider.read_event(raw)
        refuse_unknown_currencies(event)
        return event

    return read


def _notice_absence(
    work: AccountSession, result: ListingResult, *, accept_shrink: bool
) -> None:
    """
    Dates that left a complete listing are marked; a listing that collapsed is not
    believed (F14, F15). Orders and figures stay in either case.
    """
    with work.database.read() as session:
        held = offers.all_offers(session, work.account.id)
    alive = [
        offer
        for offer in held
        if offer.gone_since is None and offer.fingerprint != records.FROM_ORDERS
    ]
    missing = [offer for offer in alive if offer.occurrence_id not in result.seen]
    if not missing:
        return
    linked = [offer for offer in alive if offer.show_id is not None]
    left = len(alive) - len(missing)
    lists_none = bool(linked) and all(offer in missing for offer in linked)
    if (lists_none or has_shrunk(left, len(alive))) and not accept_shrink:
        raise errors.GuardRefused(
            f"Account {work.account.name!r} suddenly lists {left} of {len(alive)} "
            "known dates; nothing was changed.",
            hint="Look at the platform. If it is right, run "
            f"`ticketsync sync {work.account.name} --accept-shrink` once.",
            word="guard-shrink",
        )
    with work.unit() as session:
        offers.mark_gone(session, (offer.id for offer in missing), clock.now())
    result.gone = len(missing)
    work.notes += [
        f"{offer.name} {offer.starts_local}: no longer listed; its orders are kept"
        for offer in missing
    ]
