"""
Folders of report files: a file that cannot be read is named in the quarantine and stops
none of the others, and a folder in which nothing changed is not read again.

For platforms that are asked over the network everything here does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import timedelta

from ticketsync.accounts import bookmarks, runs, streams
from ticketsync.catalogue import occurrences
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import clock, records
from ticketsync.net import exact_json
from ticketsync.providers.base import Raw
from ticketsync.providers.report_folder import HeldNames, ReadReport, ReadsReports
from ticketsync.sales import quarantine, raw_records, stored_orders
from ticketsync.store.engine import Database
from ticketsync.workflows.accounts import people_switch
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.sync.due import is_over

MOST_NOTES = 8  # of one run
OF_THE_WHOLE = (streams.FOLDER, streams.READ_ALL, streams.UNFINISHED)
OF_REPORTS = (streams.REPORTS, streams.REPORTS_READ)


def is_unchanged(run: AccountRun) -> bool:
    """
    Whether nothing in the folder changed since all of it was read, and nothing waits to
    be read again; no file is opened to find out.
    """
    provider = run.provider
    if not isinstance(provider, ReadsReports) or people_switch.is_pending(run):
        return False
    account_id = run.account.id
    with run.database.read() as connection:
        marks = bookmarks.get_streams(connection, account_id, OF_THE_WHOLE)
        waits = (
            marks[streams.READ_ALL]
            or marks[streams.UNFINISHED]
            or quarantine.list_unread(connection, account_id)
        )
        last_sweep = runs.last_sweep(connection, account_id)
    hours = timedelta(hours=run.settings.sync.sweep_hours)
    is_sweep_due = last_sweep is None or is_over(last_sweep, hours, clock.now())
    held = marks[streams.FOLDER].get("")
    if not held or waits or is_sweep_due:
        return False
    return provider.state() == held


def read_again(run: AccountRun) -> bool:
    """
    Read the folder in the light of what is held, and put files that cannot be read into
    the quarantine; returns whether anything can be read.
    """
    provider = run.provider
    if not isinstance(provider, ReadsReports):
        return True
    account_id = run.account.id
    with run.database.read() as connection:
        waiting = quarantine.list_unread(connection, account_id)
    provider.recognise(held_names(run.database, account_id))
    unread = provider.unread_files()
    run.counts.quarantined += len(unread)
    was_named = {item.provider_id for item in waiting if item.kind == quarantine.FILE}
    if unread or was_named:
        found = [
            records.Unread(
                quarantine.FILE,
                name,
                "",
                exact_json.encode({"id": name}),
                error.word,
                f"{error.message} {error.hint}".strip(),
            )
            for name, error in unread.items()
        ]
        with run.transaction() as connection:
            quarantine.save_unread(connection, account_id, found, clock.now())
            quarantine.release_others(connection, account_id, quarantine.FILE, unread)
    notes = provider.notes()
    for note in notes[:MOST_NOTES]:
        run.note(note)
    if len(notes) > MOST_NOTES:
        run.note(f"… and {len(notes) - MOST_NOTES} more notes about reports")
    return provider.is_readable()


def held_names(database: Database, account_id: int) -> HeldNames:
    """
    What an account holds, for its reports to be read in the light of it.
    """
    with database.read() as connection:
        listed = occurrences.list_occurrences(connection, account_id)
        orders = stored_orders.list_occurrence_of_orders(connection, account_id)
        marks = bookmarks.get_streams(connection, account_id, OF_REPORTS)
    events = {occurrence.id: occurrence.provider_event_id for occurrence in listed}
    names: dict[str, set[str]] = {}
    for occurrence in listed:
        names.setdefault(occurrence.provider_event_id, set()).add(occurrence.event)

    def stored(ids: Collection[str]) -> dict[str, Raw]:
        with database.read() as connection:
            found = raw_records.read_newest(connection, account_id, "order", list(ids))
        return {id_: exact_json.decode(raw) for id_, raw in found.items()}

    return HeldNames(
        frozenset(occurrence.event for occurrence in listed),
        {id_: events.get(row, "") for id_, row in orders.items()},
        names,
        {
            key: frozenset(json.loads(ids))
            for key, ids in marks[streams.REPORTS].items()
        },
        stored,
        {
            digest: ReadReport(*json.loads(text))
            for digest, text in marks[streams.REPORTS_READ].items()
        },
    )


def note_reports(run: AccountRun) -> None:
    """
    Remember which report gave each stored order, and the name and time that each report
    had when it was read first. An order that is set aside, or in no report any more,
    keeps the report that it is stored from.
    """
    provider = run.provider
    if not isinstance(provider, ReadsReports):
        return
    account_id = run.account.id
    with run.database.read() as connection:
        held = bookmarks.get_bookmarks(connection, account_id, streams.REPORTS)
        waiting = quarantine.list_unread(connection, account_id)
        stored = stored_orders.list_occurrence_of_orders(connection, account_id).keys()
    aside = {item.provider_id for item in waiting if item.kind == "order"}
    if provider.shared_orders() != "refuse":  # some are not stored
        aside |= provider.order_ids() - stored
    given = {key: set(ids) - aside for key, ids in provider.orders_of_reports().items()}
    read_now: set[str] = set().union(*given.values())
    for key, text in held.items():
        given[key] = given.get(key, set()) | (set(json.loads(text)) - read_now)
    texts = {key: json.dumps(sorted(ids)) for key, ids in given.items() if ids}
    changed = {key: text for key, text in texts.items() if held.get(key) != text}
    read = {
        digest: json.dumps([report.name, report.modified_at, dict(report.meaning)])
        for digest, report in provider.reports_read().items()
    }
    notes = provider.lasting_notes()
    with run.transaction() as connection:
        bookmarks.delete_bookmarks(connection, account_id, [streams.REPORT_NOTES])
        bookmarks.save_bookmarks(connection, account_id, streams.REPORT_NOTES, notes)
        bookmarks.save_bookmarks(connection, account_id, streams.REPORTS_READ, read)
        bookmarks.save_bookmarks(connection, account_id, streams.REPORTS, changed)
        bookmarks.delete_event_bookmarks(
            connection, account_id, streams.REPORTS, held.keys() - texts.keys()
        )


def is_readable(run: AccountRun) -> bool:
    """
    Whether anything in the folder can be read.
    """
    provider = run.provider
    return not isinstance(provider, ReadsReports) or provider.is_readable()


def is_complete(run: AccountRun) -> bool:
    """
    Whether every file was read: else what is not there says nothing of absence.
    """
    provider = run.provider
    return not isinstance(provider, ReadsReports) or not provider.unread_files()


def note_state(run: AccountRun) -> None:
    """
    Remember the folder's state if all of it was read and nothing waits, and forget the
    quarantined orders that are in no report any more.
    """
    provider = run.provider
    if not isinstance(provider, ReadsReports):
        return
    account_id = run.account.id
    with run.database.read() as connection:
        held = bookmarks.get_bookmarks(connection, account_id, streams.FOLDER).get("")
        waiting = quarantine.list_unread(connection, account_id)
    ids = provider.order_ids()
    gone = [i for i in waiting if i.kind == "order" and i.provider_id not in ids]
    is_settled = len(waiting) == len(gone) and is_complete(run) and not run.problems
    state = provider.state_read() if is_settled else ""
    if not gone and state == (held or ""):
        return
    with run.transaction() as connection:
        quarantine.release(
            connection, account_id, "order", [item.provider_id for item in gone]
        )
        if state:
            bookmarks.save_bookmarks(
                connection, account_id, streams.FOLDER, {"": state}
            )
        else:
            bookmarks.delete_bookmarks(connection, account_id, [streams.FOLDER])


def note_renamed(
    run: AccountRun,
    missing: Sequence[LinkedOccurrence],
    listed: Sequence[LinkedOccurrence],
    seen: Collection[str],
) -> set[int]:
    """
    Our ids of those dates that left the reports while another event came at the same
    time: proposed as renamed, for a person to match.
    """
    if not isinstance(run.provider, ReadsReports):
        return set()
    new = {
        occurrence.starts_at: occurrence
        for occurrence in listed
        if occurrence.provider_occurrence_id in seen and occurrence.show_id is None
    }
    renamed: set[int] = set()
    for gone in missing:
        found = new.get(gone.starts_at)
        if found is not None:
            renamed.add(gone.id)
            run.note(
                f"{gone.name_and_start} is called {found.name!r} in the reports now; "
                "if that is the same show, run `ticketsync match`"
            )
    return renamed
