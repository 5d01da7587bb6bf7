"""
Writing the audit trail: one row for each decision, in the same transaction as the
change itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert

from ticketsync.core import actor, clock
from ticketsync.core.redact import safe


@dataclass(frozen=True, slots=True)
class Decision:
    """
    An action on a subject. Equal values of `before` and `after` are left out; a
    decision that changes nothing is not recorded.
    """

    action: str
    kind: str
    subject: str
    subject_id: int | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)

    @property
    def changes_nothing(self) -> bool:
        return bool(self.before) and dict(self.before) == dict(self.after)


def record(connection: Connection, *decisions: Decision) -> None:
    """
    Record these decisions with the actor and the time.
    """
    record_all(connection, decisions)


def record_all(connection: Connection, decisions: Sequence[Decision]) -> None:
    now, who = clock.now(), safe(actor.current())
    rows = [
        {
            "at": now,
            "who": who,
            "action": decision.action,
            "kind": decision.kind,
            "subject_id": decision.subject_id,
            "subject": safe(decision.subject, longest=200),
            "before": _as_text(decision.before, decision.after),
            "after": _as_text(decision.after, decision.before),
        }
        for decision in decisions
        if not decision.changes_nothing
    ]
    if rows:
        from ticketsync.store.tables.audit import audit  # who reads needs none

        connection.execute(insert(audit), rows)


def _as_text(values: Mapping[str, Any], others: Mapping[str, Any]) -> str:
    changed = {
        name: value
        for name, value in values.items()
        if name not in others or others[name] != value
    }
    return json.dumps(changed, sort_keys=True, ensure_ascii=False, default=str)
