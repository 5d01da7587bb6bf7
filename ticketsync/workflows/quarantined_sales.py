"""
What a record in quarantine says of money and identity. A person dismisses that: who of
its guests is in at the door is no other record.
"""

from __future__ import annotations

from sqlalchemy import Connection

from ticketsync.net import exact_json
from ticketsync.providers import registry
from ticketsync.reporting import waiting
from ticketsync.reporting.waiting_kinds import Waiting
from ticketsync.sales import compressed_records


def sales_of(provider: str, record: bytes) -> bytes:
    """
    The bytes of a record of that provider, as they are stored, without what a scan
    changes; nothing of a damaged one.
    """
    data = compressed_records.decompress_undamaged(record)
    spec = registry.find_spec(provider)
    if spec is None:  # a plugin that is not installed
        return data
    try:
        raw = exact_json.decode(data)
    except exact_json.NotJson:  # of what a platform refuses to show there is none
        return data
    return exact_json.encode(spec.without_scans(raw))


def list_quarantined(connection: Connection) -> list[Waiting]:
    """
    Accounts with records in quarantine, dismissed or not.
    """
    return waiting.list_quarantined(connection, sales_of)
