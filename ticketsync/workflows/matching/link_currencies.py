"""
Links by which a date is linked to a show of another currency (F43): who types one
confirms it.

A date whose own currency changes is another thing: it waits for a person, see
`reporting.waiting`.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from ticketsync.core import clock, errors
from ticketsync.core.redact import safe
from ticketsync.reporting import other_currencies, waiting_kinds


def check(connection: Connection, occurrence_ids: Collection[int]) -> None:
    """
    Refuse these linked dates where they sell in another currency than their shows; the
    figures of the shows must be up to date.

    Raises: `GuardRefused` (`currency-changed`).
    """
    found = other_currencies.list_unlike_show(connection, occurrence_ids)
    if not found:
        return
    row, others = found[0].row, " and ".join(found[0].currencies)
    raise errors.GuardRefused(
        f"{row.account}: {safe(row.name)}, {clock.format_local(row.starts_local)}, "
        f"sells in {others}; the show is in {row.currency}: {safe(row.title)}, "
        f"{clock.format_local(row.show_local)}. Nothing was linked.",
        hint="Correct the listing, or the venue's currency; if both are right, run "
        "`ticketsync link DATE SHOW --force`: its sales then count in their own "
        "currency.",
        word=waiting_kinds.CURRENCY_CHANGED,
    )
