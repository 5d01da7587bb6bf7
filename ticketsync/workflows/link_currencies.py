"""
Links by which a date feeds a show of another currency (F43): a person confirms them.

Links that were made already, and those that a run makes, are not undone when a platform
sells in another currency one day: they wait for a person, see `waiting`.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from ticketsync.accounts import dismissals
from ticketsync.accounts.dismissals import Dismissed
from ticketsync.core import actor, clock, errors
from ticketsync.reporting import waiting, waiting_kinds
from ticketsync.workflows.waiting import undismissed

WORD = waiting_kinds.CURRENCY_CHANGED


def check(
    connection: Connection, occurrence_ids: Collection[int], *, is_confirmed: bool
) -> None:
    """
    Record that a person confirmed the currencies in which these linked dates sell; the
    figures of their shows must be up to date.

    Raises: `GuardRefused` (`currency-changed`) where nobody confirmed them.
    """
    found = undismissed(
        connection, waiting.list_other_currencies(connection, occurrence_ids)
    )
    if found and not is_confirmed:
        raise errors.GuardRefused(
            f"{found[0].text}. Nothing was linked.",
            hint="Correct the listing, or the venue's currency; if both are right, run "
            "`ticketsync link DATE SHOW --force`: its sales then count in their own "
            "currency.",
            word=WORD,
        )
    now = clock.now()
    dismissals.save_dismissals(
        connection,
        [
            Dismissed(
                *(item.kind, item.key, item.version),
                *(actor.current(), "confirmed when it was linked", now),
            )
            for item in found
        ],
    )
