"""
What a platform has on sale: read the listing, save what changed, notice what left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ticketsync.accounts import edits
from ticketsync.catalogue import moves, occurrences, saved_listing, ticket_types
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.core import clock, errors, records
from ticketsync.core.records import Unread
from ticketsync.core.shrunken_lists import has_shrunk
from ticketsync.providers import reading
from ticketsync.providers.base import Page, Provider, ProviderSpec, Raw
from ticketsync.sales import quarantine, raw_records
from ticketsync.sales.compressed_records import Version, pack
from ticketsync.workflows.accounts import duplicate_accounts
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.accounts.accounts_in_parallel import read_before_turn
from ticketsync.workflows.sync import (
    flaws,
    missing_account_parts,
    report_files,
    set_aside,
    zone_change,
)
from ticketsync.workflows.sync.drift import (
    UNFINISHED_DRAFT,
    RecentPages,
    refuse_drift,
)
from ticketsync.workflows.sync.flaws import CheckedEvent
from ticketsync.workflows.sync.listing_owner import recognised
from ticketsync.workflows.sync.raw_records import (
    ParsedRecords,
    clean_records,
    parse_or_quarantine,
    refuse_unknown_currencies,
)
from ticketsync.workflows.sync.ticket_types import note_out_of_date

EVENT = "event"


@dataclass(slots=True)
class ListingResult:
    """
    What reading a listing found. `seen` holds the platform's occurrence ids; `listed`
    the ids of all records, `unread` of those that could not be read, `quarantined` of
    those that earlier runs could not read.
    """

    seen: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    quarantined: set[str] = field(default_factory=set)
    recent: RecentPages = field(default_factory=RecentPages)
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    gone: int = 0

    def has(self, occurrence: LinkedOccurrence) -> bool:
        """
        Whether an occurrence is listed, by itself or with a record that was not read.
        """
        return (
            occurrence.provider_occurrence_id in self.seen
            or occurrence.provider_occurrence_id in self.unread
            or occurrence.provider_event_id in self.unread
        )


def refresh(run: AccountRun, *, accept_shrink: bool = False) -> ListingResult:
    """
    Read the whole listing and save, in the account's turn, what is new or changed.
    """
    with run.database.read() as connection:
        reasons = quarantine.list_reasons(connection, run.account.id, EVENT)
    result = ListingResult(quarantined=set(reasons))
    if not report_files.read_again(run):
        return result
    duplicate_accounts.refuse_shared_files(run)
    pages = recognised(run, accept_shrink=accept_shrink)
    for page in read_before_turn(pages, run.turn, run.wait_for_turn):
        _save_page(run, page, result, accept_shrink=accept_shrink)
        run.on_progress(run.account.name, "events", len(result.seen), 0)
    missing_account_parts.refuse_missing_parts(run, accept_shrink=accept_shrink)
    set_aside.note_parts_of_listing(run)
    is_whole = report_files.is_complete(run) and not set_aside.refused_parts(run)
    if is_whole:  # else nobody knows what is missing
        _notice_absence(run, result, accept_shrink=accept_shrink)
        _release(run, result.quarantined - result.listed)
    return result


def _save_page(
    run: AccountRun, page: Page, result: ListingResult, *, accept_shrink: bool
) -> None:
    spec = run.provider.spec
    cleans = clean_records(page.records, spec)
    good, bad = parse_or_quarantine(EVENT, cleans, _reader(run.provider))
    refuse_drift(result.recent, len(good), bad, spec, run.account.name)
    events = [item.value.event for item in good]
    if not accept_shrink:
        zone_change.refuse_another_zone(run, events)
    result.seen.update(date.id for event in events for date in event.occurrences)
    result.listed.update(clean.id for clean in cleans)
    result.unread.update(item.provider_id for item in bad)
    bad += _flawed(good, spec)
    readable = {clean.id for clean in cleans} - {item.provider_id for item in bad}
    readable &= result.quarantined
    listed = [ListedEvent(item.value.event, item.clean.content) for item in good]
    with run.database.read() as connection:
        duplicate_accounts.refuse_shared_listing(connection, run, events)
        changed = set(saved_listing.find_changed(connection, run.account.id, listed))
    result.unchanged += sum(
        len(item.event.occurrences) for item in listed if item.content not in changed
    )
    run.counts.quarantined += len(bad)
    if not (changed or bad or readable):
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
            edits.lock_platform(connection, spec.name)
            duplicate_accounts.refuse_shared_listing(connection, run, events)
        raw_records.save_versions(connection, run.account.id, EVENT, [pack(news)], now)
        quarantine.save_unread(connection, run.account.id, bad, now)
        quarantine.release(connection, run.account.id, EVENT, readable)
        new = [item for item in listed if item.content in changed]
        saved = saved_listing.save_listing(connection, run.account.id, new)
        on_sale = [date for item in new for date in item.event.occurrences]
        ticket_types.save_listed(connection, run.account.id, on_sale, now)
        note_out_of_date(connection, run, (date.id for date in on_sale))
        run.moved += moves.follow_moves(connection, saved.moved)
    result.created += saved.created
    result.updated += saved.updated
    result.unchanged += saved.unchanged


def _reader(provider: Provider) -> Callable[[Raw], CheckedEvent]:
    """
    How a listing record is read; one with an unknown currency is quarantined. The
    reason says what to do.
    """

    def parse(raw: Raw) -> CheckedEvent:
        event = provider.parse_event(raw)
        refuse_unknown_currencies(event)
        return flaws.check(event)

    def read(raw: Raw) -> CheckedEvent:
        try:
            return reading.parsed(parse, raw)
        except errors.UnreadableRecord as error:
            raise _with_advice(error, raw, provider.spec) from None

    return read


def _with_advice(
    error: errors.UnreadableRecord, raw: Raw, spec: ProviderSpec
) -> errors.UnreadableRecord:
    if spec.is_local:
        return error
    if _is_draft(raw, spec):
        advice = f"it is a draft: complete it at {spec.title}, or delete it"
        return errors.UnreadableRecord(
            f"{error.reason}; {advice}", word=UNFINISHED_DRAFT
        )
    advice = f"correct it at {spec.title}, and the next run reads it"
    return errors.UnreadableRecord(f"{error.reason}; {advice}", word=error.word)


def _is_draft(raw: Raw, spec: ProviderSpec) -> bool:
    try:
        return reading.parsed(spec.is_draft, raw)
    except errors.UnreadableRecord:
        return False


def _flawed(
    good: Sequence[ParsedRecords[CheckedEvent]], spec: ProviderSpec
) -> list[Unread]:
    """
    The events that are read although something is wrong with them.
    """
    return [
        Unread(
            EVENT,
            item.clean.id,
            "",
            item.clean.data,
            flaw.word,
            f"{flaw.reason}; it is read all the same, correct it at {spec.title}",
        )
        for item in good
        if (flaw := item.value.flaw) is not None
    ]


def _release(run: AccountRun, ids: set[str]) -> None:
    """
    Release records that are listed no more.
    """
    if ids:
        with run.transaction() as connection:
            quarantine.release(connection, run.account.id, EVENT, ids)


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
    missing = [occurrence for occurrence in alive if not result.has(occurrence)]
    if not missing:
        return
    renamed = report_files.note_renamed(run, missing, held, result.seen)
    linked = [occurrence for occurrence in alive if occurrence.show_id is not None]
    lost = [occurrence for occurrence in missing if occurrence.id not in renamed]
    left = len(alive) - len(lost)
    lists_none = bool(linked) and all(occurrence in lost for occurrence in linked)
    if (lists_none or has_shrunk(left, len(alive))) and not accept_shrink:
        raise errors.GuardRefused(
            f"Account {run.account.name!r} suddenly lists {left} of {len(alive)} "
            "known dates; nothing was changed.",
            hint="Look at the platform. If it is right, run "
            f"`ticketsync sync {run.account.name} --accept-shrink` once.",
            word="guard-shrink",
        )
    with run.transaction() as connection:
        saved_listing.mark_delisted(
            connection, (occurrence.id for occurrence in missing), clock.now()
        )
    result.gone = len(missing)
    for gone in lost:
        run.note(
            f"{gone.name} {gone.starts_local} is no longer listed; its orders are kept"
        )
