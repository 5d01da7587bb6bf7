"""
The records that wait for a person, each by itself: with their reasons, dismissed or
not.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from ticketsync.reporting import waiting_rows
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.sales import quarantine


def list_discrepancies(connection: Connection) -> list[tuple[str, str, str]]:
    """
    Orders that do not add up: account, the platform's order id, the discrepancy.
    """
    rows = waiting_rows.read_discrepancies(connection)
    return [(str(row.name), str(row.provider_id), str(row.doubt)) for row in rows]


def list_quarantined(connection: Connection) -> list[tuple[str, str, str]]:
    """
    Records in quarantine: account, the record's id, the reason.
    """
    rows = connection.execute(
        select(accounts.c.name, quarantine.c.provider_id, quarantine.c.reason)
        .join(accounts, accounts.c.id == quarantine.c.account_id)
        .order_by(accounts.c.name, quarantine.c.id)
    )
    return [(row.name, row.provider_id, row.reason) for row in rows]
