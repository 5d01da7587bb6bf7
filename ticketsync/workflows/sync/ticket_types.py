"""
What is on sale, where the platform has a list of its own for that.

It is read for occurrences whose listing or orders changed, and in a sweep for all that
are still to come or began lately; a run that finds nothing new asks for nothing. Sales
are worth more: where this list cannot be read, the run goes on with a note, and the
ticket types stay as they were.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from ticketsync.accounts import bookmarks, streams
from ticketsync.catalogue import occurrences, ticket_types
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import clock, errors
from ticketsync.core.plurals import number_of
from ticketsync.core.records import TicketType
from ticketsync.core.shrunken_lists import has_shrunk
from ticketsync.providers.base import ListsTicketTypes, Page
from ticketsync.sales import raw_records
from ticketsync.sales.compressed_records import Version, pack
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.sync.raw_records import (
    CleanRecord,
    clean_records,
    parse_or_quarantine,
)

KIND = "ticket_type"
LATELY = timedelta(days=2)  # a sweep is daily: each is read once after it began
_REFUSED = ("endpoint-gone", "rejected")  # asking again would be refused again


def note_out_of_date(
    connection: Connection, run: AccountRun, provider_occurrence_ids: Iterable[str]
) -> None:
    """
    Remember that these occurrences changed, so that what they have on sale is read,
    by a later run if this one fails.
    """
    if isinstance(run.provider, ListsTicketTypes):
        ids = dict.fromkeys(provider_occurrence_ids, "")
        bookmarks.save_bookmarks(connection, run.account.id, streams.TO_PRICE, ids)


def refresh(
    run: AccountRun,
    *,
    asked_for: Collection[int] = (),
    is_sweep: bool = False,
    accept_shrink: bool = False,
) -> None:
    """
    Read what the account's occurrences have on sale where it may have changed, and of
    those that were `asked_for` by our ids.
    """
    if not isinstance(run.provider, ListsTicketTypes):
        return
    with run.database.read() as connection:
        noted = bookmarks.get_bookmarks(connection, run.account.id, streams.TO_PRICE)
        if not noted and not asked_for and not is_sweep:
            return
        listed = occurrences.list_occurrences(connection, run.account.id)
    wanted = _choose(listed, noted, asked_for, is_sweep=is_sweep)
    try:
        for page in run.provider.fetch_ticket_types(list(wanted)) if wanted else ():
            _save_page(run, run.provider, page, wanted, accept_shrink=accept_shrink)
    except (
        errors.AuthenticationFailed,
        errors.ProviderUnavailable,
        errors.InvalidResponse,
    ) as error:
        run.note(
            "what is on sale could not be read and stays as it was: "
            f"{error.message} {error.hint}"
        )
        if not _is_refused(error):
            with run.transaction() as connection:
                note_out_of_date(connection, run, wanted)
            return
    if noted:
        with run.transaction() as connection:
            bookmarks.delete_bookmarks(connection, run.account.id, [streams.TO_PRICE])


def _choose(
    listed: Sequence[LinkedOccurrence],
    noted: Mapping[str, str],
    asked_for: Collection[int],
    *,
    is_sweep: bool,
) -> dict[str, int]:
    """
    The occurrences to ask for: the platform's id → ours.
    """
    since = clock.now() - LATELY
    return {
        o.provider_occurrence_id: o.id
        for o in listed
        if o.gone_since is None
        and (
            o.provider_occurrence_id in noted
            or o.id in asked_for
            or (is_sweep and (not o.is_dated or o.starts_at >= since))
        )
    }


def _is_refused(error: errors.TicketsyncError) -> bool:
    return isinstance(error, errors.AuthenticationFailed) or error.word in _REFUSED


def _save_page(
    run: AccountRun,
    provider: ListsTicketTypes,
    page: Page,
    occurrence_ids: Mapping[str, int],
    *,
    accept_shrink: bool,
) -> None:
    """
    Save what is new on a page. One that lacks most of what was on sale, or all of it,
    is not believed: the key may have lost a permission.
    """
    cleans = clean_records(page.records, run.provider.spec)
    good, bad = parse_or_quarantine(KIND, cleans, provider.parse_ticket_types)
    if bad:
        dates = number_of(len(bad), "date has", "dates have")
        run.note(
            f"what {dates} on sale could not be parsed and stays as it was "
            f"({bad[0].reason})"
        )
    reported: dict[int, Sequence[TicketType]] = {
        occurrence_ids[item.clean.id]: item.value
        for item in good
        if item.clean.id in occurrence_ids
    }
    number = sum(map(len, reported.values()))
    with run.database.read() as connection:
        new = _find_new(connection, run.account.id, [item.clean for item in good])
        is_news = ticket_types.differ(connection, reported)
        held = ticket_types.count_listed(connection, reported)
    if has_shrunk(number, held) and not accept_shrink:
        types = number_of(number, "ticket type")
        run.note(
            f"the platform lists {types} of dates that had {held}; they stay as they "
            "were"
        )
        return
    if not (new or is_news) or not (number or accept_shrink):
        return
    now = clock.now()
    with run.transaction() as connection:
        raw_records.save_versions(connection, run.account.id, KIND, [pack(new)], now)
        ticket_types.save_ticket_types(connection, reported, now)


def _find_new(
    connection: Connection, account_id: int, cleans: Sequence[CleanRecord]
) -> list[Version]:
    """
    The records that differ from what was stored last.
    """
    ids = [clean.id for clean in cleans]
    stored = raw_records.latest_contents(connection, account_id, KIND, ids)
    return [
        Version(clean.id, clean.content, clean.data)
        for clean in cleans
        if stored.get(clean.id) != clean.content
    ]
