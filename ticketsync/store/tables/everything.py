"""
Imports every table, for code that works on the whole schema.
"""

from sqlalchemy import Index, text

from ticketsync.store.tables import (
    accounts,
    audit,
    boxoffice,
    boxoffice_shows,
    catalogue,
    door,
    exchange_rates,
    financials,
    history,
    members,
    names,
    notices,
    past_links,
    periods,
    sales,
    visitors,
    waiting,
    webhooks,
)
from ticketsync.store.tables.base import metadata

# Here, because options of a database import all of it, a tenth of a second of a start.
_PARTIAL = (
    ("ix_orders_doubtful", [sales.orders.c.id], False, "doubt IS NOT NULL"),
    (
        "uq_boxoffice_orders_pending_buyer",
        [boxoffice.boxoffice_orders.c.show_id, boxoffice.boxoffice_orders.c.buyer_key],
        True,
        "state = 'pending' AND buyer_key <> ''",
    ),
    (
        "uq_till_sessions_open",
        [boxoffice.till_sessions.c.till],
        True,
        "closed_at IS NULL",
    ),
)
for _name, _columns, _is_unique, _condition in _PARTIAL:
    Index(
        _name,
        *_columns,
        unique=_is_unique,
        sqlite_where=text(_condition),
        postgresql_where=text(_condition),
    )

__all__ = [
    "accounts",
    "audit",
    "boxoffice",
    "boxoffice_shows",
    "catalogue",
    "door",
    "exchange_rates",
    "financials",
    "history",
    "members",
    "metadata",
    "names",
    "notices",
    "past_links",
    "periods",
    "sales",
    "visitors",
    "waiting",
    "webhooks",
]
