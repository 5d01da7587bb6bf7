"""
Imports every table, for code that works on the whole schema.
"""

from ticketsync.store.tables import (
    accounts,
    audit,
    catalogue,
    door,
    financials,
    history,
    notices,
    periods,
    sales,
    visitors,
    waiting,
    webhooks,
)
from ticketsync.store.tables.base import metadata

__all__ = [
    "accounts",
    "audit",
    "catalogue",
    "door",
    "financials",
    "history",
    "metadata",
    "notices",
    "periods",
    "sales",
    "visitors",
    "waiting",
    "webhooks",
]
