"""
The named fees of shows, with the rate beside what one of the venue's own rates made.

The rate is that of the settings, and it is left out where it does not make the stored
amount: after a change of the settings and before the next recomputation.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from ticketsync.accounts import state
from ticketsync.core.config import Settings
from ticketsync.core.tables import Column, Kind, Table
from ticketsync.financials import fee_lines
from ticketsync.financials.adjusting import SCHEDULE
from ticketsync.financials.fees import LineRate
from ticketsync.workflows import show_figures

RATES: Final = (
    Column("per_ticket", Kind.MONEY, is_repeated=True),
    Column("rate_ppm", Kind.NUMBER),
    Column("per_order", Kind.MONEY, is_repeated=True),
)
_NONE: Final = LineRate()


def with_rates(
    connection: Connection,
    settings: Settings,
    table: Table,
    show_id: int | None = None,
) -> Table:
    """
    A table of named fees, of a show (our id) or of several, that ends with `RATES`.
    """
    schedules = show_figures.fee_schedules(connection, settings)
    ids = {a.name: a.id for a in state.list_accounts(connection)}
    by_line = fee_lines.line_rates(connection, schedules, show_id)
    names = ("show_id", "account", "currency", "name", "amount", "source")
    places = [table.position(name) for name in names]
    rows = []
    for row in table.rows:
        show, account, currency, name, amount, source = (row[n] for n in places)
        key = ((show, ids[account], currency), name)
        computed, rate = by_line.get(key, (None, None))
        if source != SCHEDULE or computed != amount or rate is None:
            rate = _NONE
        rows.append((*row, rate.per_ticket, rate.rate_ppm, rate.per_order))
    return Table((*table.columns, *RATES), rows)
