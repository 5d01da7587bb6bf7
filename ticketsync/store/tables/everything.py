"""
Imports every table, for code that works on the whole schema.
"""

from sqlalchemy import Index, text

from ticketsync.store.tables import (
    accounts,
    audit,
    boxoffice,
    catalogue,
    door,
    financials,
    history,
    names,
    notices,
    periods,
    rates,
    sales,
    visitors,
    waiting,
    webhooks,
)
from ticketsync.store.tables.base import metadata

# Here, because options of a database import all of it, a tenth of a second of a start.
_DOUBTFUL = text("doubt IS NOT NULL")
Index(
    "ix_orders_doubtful",
    sales.orders.c.id,
    sqlite_where=_DOUBTFUL,
    postgresql_where=_DOUBTFUL,
)

__all__ = [
    "accounts",
    "audit",
    "boxoffice",
    "catalogue",
    "door",
    "financials",
    "history",
    "metadata",
    "names",
    "notices",
    "periods",
    "rates",
    "sales",
    "visitors",
    "waiting",
    "webhooks",
]
