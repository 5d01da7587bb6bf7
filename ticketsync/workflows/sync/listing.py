"""
What a platform has on sale: read the listing, save what changed, notice what left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ticketsync.accounts import state
from ticketsync.catalogue import moves, occurrences, ticket_types
from ticketsync.catalogue.occurrences import ListedEvent
from ticketsync.core import clock, errors, records
from ticketsync.core.completeness import has_shrunk
from ticketsync.providers.base import Page, Provider, Raw
from ticketsync.sales import quarantine, versions
from ticketsync.sales.packing import Version, pack
from ticketsync.workflows import twins
from ticketsync.workflows.account_run import AccountRun
from ticketsync.workflows.sync import parts, report_files
from ticketsync.workflows.sync.raw_records import (
    clean_records,
    parse_or_quarantine,
    refuse_drift,
    refuse_unknown_currencies,
)
from ticketsync.workflows.sync.recognise import recognised
from ticketsync.workflows.sync.ticket_types import note_out_of_date


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


def refresh(run: AccountRun, *, accept_shrink: bool = False) -> ListingResult:
    """
    Read the whole listing and save what is new or changed.
    """
    result = ListingResult()
    if not report_files.read_again(run):
        return result
    twins.refuse_shared_files(run)
    for page in recognised(run, accept_shrink=accept_shrink):
        _save_page(run, page, result)
        run.on_progress(run.account.name, "events", len(result.seen), 0)
    parts.refuse_missing_parts(run, accept_shrink=accept_shrink)
    if report_files.is_complete(run):
        _notice_absence(run, result, accept_shrink=accept_shrink)
    return result


def _save_page(run: AccountRun, page: Page, result: ListingResult) -> None:
    spec = run.provider.spec
    cleans = clean_records(page.records, spec)
    good, bad = parse_or_quarantine("event", cleans, _reader(run.provider))
    if not spec.is_local:  # a report's rows say nothing of how the next one is written
        refuse_drift(len(good), bad, spec.title, run.account.name)
    events = [item.value for item in good]
    result.seen.update(date.id for event in events for date in event.occurrences)
    result.seen.update(item.provider_id for item in bad)
    listed = [ListedEvent(item.value, item.clean.content) for item in good]
    with run.database.read() as connection:
        twins.refuse_shared_listing(connection, run, events)
        changed = set(occurrences.find_changed(connection, run.account.id, listed))
    result.unchanged += len(listed) - len(changed)
    run.counts.quarantined += len(bad)
    if not changed and not bad:
        return
    news = [
        Version(item.clean.id, item.clean.content, item.clean.data)
        for item in good
        if item.clean.content in changed
    ]
    now = clock.now()
    with run.transaction() as connection:
        if run.has_siblings:
            # The other one may be saving the same dates at this very moment.
            state.lock_platform(connection, spec.name)
            twins.refuse_shared_listing(connection, run, events)
        versions.save_versions(connection, run.account.id, "event", [pack(news)], now)
        quarantine.save_unread(connection, run.account.id, bad, now)
        quarantine.release(
            connection, run.account.id, "event", (item.clean.id for item in good)
        )
        new = [item for item in listed if item.content in changed]
        saved = occurrences.save_listing(connection, run.account.id, new)
        on_sale = [date for item in new for date in item.event.occurrences]
        ticket_types.save_listed(connection, run.account.id, on_sale, now)
        note_out_of_date(connection, run, (date.id for date in on_sale))
        run.notes += moves.follow_moves(connection, saved.moved)
    result.created += saved.created
    result.updated += saved.updated


def _reader(provider: Provider) -> Callable[[Raw], records.Event]:
    """
    How a listing record is read; one with an unknown currency is quarantined.
    """

    def read(raw: Raw) -> records.Event:
        event = provider.parse_event(raw)
        refuse_unknown_currencies(event)
        return event

    return read


def _notice_absence(
    run: AccountRun, result: ListingResult, *, accept_shrink: bool
) -> None:
    """
    Dates that left a complete listing are marked; a listing that collapsed is not
    believed (F14, F15). Orders and figures stay in either case.
    """
    with run.database.read() as connection:
        held = occurrences.list_occurrences(connection, run.account.id)
    alive = [
        occurrence
        for occurrence in held
        if occurrence.gone_since is None
        and occurrence.fingerprint != records.FROM_ORDERS
    ]
    missing = [
        occurrence
        for occurrence in alive
        if occurrence.provider_occurrence_id not in result.seen
    ]
    if not missing:
        return
    renamed = report_files.note_renamed(run, missing, held, result.seen)
    missing = [o for o in missing if o.id not in renamed]
    if not missing:
        return
    linked = [occurrence for occurrence in alive if occurrence.show_id is not None]
    left = len(alive) - len(missing)
    lists_none = bool(linked) and all(occurrence in missing for occurrence in linked)
    if (lists_none or has_shrunk(left, len(alive))) and not accept_shrink:
        raise errors.GuardRefused(
            f"Account {run.account.name!r} suddenly lists {left} of {len(alive)} "
            "known dates; nothing was changed.",
            hint="Look at the platform. If it is right, run "
            f"`ticketsync sync {run.account.name} --accept-shrink` once.",
            word="guard-shrink",
        )
    with run.transaction() as connection:
        occurrences.mark_delisted(
            connection, (occurrence.id for occurrence in missing), clock.now()
        )
    result.gone = len(missing)
    run.notes += [
        f"{gone.name} {gone.starts_local}: no longer listed; its orders are kept"
        for gone in missing
    ]
