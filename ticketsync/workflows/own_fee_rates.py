"""
The venue's own fee rates, applied to its orders, for reports on sales.
"""

from __future__ import annotations

from sqlalchemy import Connection, true

from ticketsync.core.settings.config import Settings
from ticketsync.financials import fee_lines
from ticketsync.reporting.sales_report import OwnRates
from ticketsync.workflows import recompute_figures


def own_rates(connection: Connection, settings: Settings) -> OwnRates:
    """
    The venue's own fee rates as applied to the orders whose fees are not reported.
    """
    schedules = recompute_figures.fee_schedules(connection, settings)
    amounts: dict[tuple[int, int], int] = {}
    for bill in fee_lines.scheduled_bills(connection, true(), schedules):
        key = (bill.order_id, bill.show_id)
        amounts[key] = amounts.get(key, 0) + sum(bill.lines.values())
    return OwnRates(frozenset(schedules), amounts)
