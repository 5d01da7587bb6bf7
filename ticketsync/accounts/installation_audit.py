"""
What a person does to the installation itself, for the audit trail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from ticketsync.store import audit
from ticketsync.store.audit import Decision


def record(
    connection: Connection,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """
    Record that the current actor did this to the schedule or the database.
    """
    decision = Decision(
        action, "system", subject, before=before or {}, after=after or {}
    )
    audit.record(connection, decision)
