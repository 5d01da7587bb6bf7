"""
The tables that others point to. Making a table's class takes milliseconds, so those
that few commands need (the box office, the door, notices, visitors, webhooks) are
imported by whoever needs them; `everything` registers all of them.
"""

from ticketsync.store.tables import accounts, catalogue, financials, sales
from ticketsync.store.tables.base import metadata

__all__ = ["accounts", "catalogue", "financials", "metadata", "sales"]
