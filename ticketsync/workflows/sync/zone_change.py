"""
Dates of report files that only change their time zone: the recipe was changed, and no
show was rescheduled. A show that follows its date would move by hours, or to another
day, by one word in a file.
"""

from __future__ import annotations

from collections.abc import Iterable

from ticketsync.catalogue import occurrences
from ticketsync.core import errors, records
from ticketsync.core.clock import local_text
from ticketsync.core.plurals import number_of
from ticketsync.core.redact import safe
from ticketsync.workflows.accounts.account_run import AccountRun


def refuse_another_zone(run: AccountRun, listed: Iterable[records.Event]) -> None:
    """
    Raises: `GuardRefused` where dates of shows have the local time that they had, in
    another time zone.
    """
    if not run.provider.spec.is_local:
        return
    with run.database.read() as connection:
        held = {
            o.provider_occurrence_id: o
            for o in occurrences.list_occurrences(connection, run.account.id)
            if o.show_id is not None
        }
    found = [
        (old, new)
        for event in listed
        for new in event.occurrences
        if (old := held.get(new.id)) is not None
        and old.starts_at != new.starts_at
        and old.starts_local == local_text(new.starts_at, new.timezone)
    ]
    if not found:
        return
    old, new = found[0]
    name = run.account.name
    raise errors.GuardRefused(
        f"Account {name!r}: {number_of(len(found), 'date')} of your shows would start "
        f"at another instant, because the time zone is {safe(new.timezone)} now and "
        f"was {old.timezone}; nothing was changed.",
        hint="Correct `timezone` in the recipe or in the account's options. If it is "
        f"right now, run `ticketsync sync {name} --accept-shrink` once.",
        word="guard-timezone",
    )
