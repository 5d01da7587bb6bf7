"""
Every table. Importing this package registers all of them.
"""

from ticketsync.store.tables import (
    accounts,
    catalogue,
    financials,
    sales,
    visitors,
    webhooks,
)
from ticketsync.store.tables.base import metadata

__all__ = [
    "accounts",
    "catalogue",
    "financials",
    "metadata",
    "sales",
    "visitors",
    "webhooks",
]
