"""
How the read of each linked occurrence ended: its status, its problem, and when its
orders were read. The same for a run of the whole account and for one of some shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection

from ticketsync.catalogue import link_reads, links
from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.core import clock
from ticketsync.sales import quarantine
from ticketsync.workflows.accounts.account_run import AccountRun

LOST_ORDERS = "its list of orders was incomplete and not believed"
WITHHELD = "the platform did not show its orders"


def note_outcomes(
    connection: Connection,
    run: AccountRun,
    complete: Collection[LinkedOccurrence],
    refused: Collection[int],
    read_now: Iterable[int],
) -> None:
    """
    Note how the reads of occurrences that were read to their end went; of `refused`
    (our ids) a guard did not believe the list. `read_now` are our ids of those that get
    this time as their last read: none where a complete run is on record.
    """
    now = clock.now()
    good = {occurrence.id for occurrence in complete}.difference(refused)
    links.set_link_status(connection, good, "synced")
    links.set_link_status(connection, refused, "error")
    problems = _problems(connection, run, complete, refused)
    link_reads.set_problems(connection, problems, now)
    link_reads.note_read(connection, set(read_now).difference(refused), now)


def note_withheld(run: AccountRun, occurrence_ids: Collection[int]) -> None:
    """
    Note that the platform refused to show the orders of these occurrences, by our ids.
    """
    if not occurrence_ids:
        return
    with run.transaction() as connection:
        links.set_link_status(connection, occurrence_ids, "error")
        problems = dict.fromkeys(occurrence_ids, WITHHELD)
        link_reads.set_problems(connection, problems, clock.now())


def _problems(
    connection: Connection,
    run: AccountRun,
    complete: Iterable[LinkedOccurrence],
    refused: Collection[int],
) -> dict[int, str]:
    """
    What is wrong with each occurrence that was read to its end; `""` if nothing.
    """
    unread = quarantine.describe_unread(connection, run.account.id)
    return {
        o.id: LOST_ORDERS
        if o.id in refused
        else unread.get(o.provider_occurrence_id, "")
        for o in complete
    }
