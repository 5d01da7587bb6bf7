"""
Which of the venue's own rates the stored figures of a show were computed with: after a
change of the settings and until the next recomputation they are not the present ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from ticketsync.core.settings.config import FeeSchedule
from ticketsync.financials.fees import Schedules
from ticketsync.financials.recompute import compute_figures
from ticketsync.store.tables.financials import show_financials, ticket_fees

_FEES = {
    show_financials: ("currency", "fees", "fees_source"),
    ticket_fees: ("currency", "name", "amount", "source"),
}
Fees = dict[int, set[tuple[Any, ...]]]  # by account (our id)


@dataclass(frozen=True, slots=True)
class AppliedRates:
    """
    The rates behind stored figures, by account (our id), and whether the settings have
    others since.
    """

    schedules: Schedules
    have_changed: bool


def read_applied_rates(
    connection: Connection, show_id: int, schedules: Schedules
) -> AppliedRates:
    """
    The rates that the stored figures of a show were computed with: the present
    `schedules`, or those of them that were there before others were added. Where none
    of them gives the stored fees, they are the present ones.
    """
    stored = _stored_fees(connection, show_id)
    found: dict[int, Sequence[FeeSchedule]] = {}
    have_changed = False
    for account, fees in stored.items():
        own = tuple(schedules.get(account, ()))
        fitting = (
            part
            for part in _parts(own)
            if _computed_fees(connection, show_id, account, part) == fees
        )
        applied = next(fitting, None)
        have_changed |= applied != own
        found[account] = own if applied is None else applied
    return AppliedRates({a: own for a, own in found.items() if own}, have_changed)


def _parts(own: Sequence[FeeSchedule]) -> Iterator[tuple[FeeSchedule, ...]]:
    """
    All of them, then fewer and fewer that follow each other, at last none.
    """
    for length in range(len(own), 0, -1):
        for begin in range(len(own) - length + 1):
            yield tuple(own[begin : begin + length])
    yield ()


def _stored_fees(connection: Connection, show_id: int) -> Fees:
    found: Fees = {}
    for table, names in _FEES.items():
        columns = [table.c[name] for name in ("account_id", *names)]
        query = select(*columns).where(table.c.show_id == show_id)
        for account, *values in connection.execute(query):
            found.setdefault(account, set()).add(tuple(values))
    return found


def _computed_fees(
    connection: Connection, show_id: int, account: int, own: Sequence[FeeSchedule]
) -> set[tuple[Any, ...]]:
    schedules = {account: own} if own else {}
    figures = compute_figures(connection, [show_id], schedules)
    return {
        tuple(row[name] for name in names)
        for table, names in _FEES.items()
        for row in figures[table]
        if row["account_id"] == account
    }
