"""
Changing a state: one UPDATE that names the state it was in, and a row in the history.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from ticketsync.core import actor, errors
from ticketsync.core.redact import safe
from ticketsync.store.boxoffice_states import (
    ORDER,
    PAYMENT,
    REFUND,
    TICKET,
    TRANSITIONS,
)
from ticketsync.store.tables.boxoffice import (
    boxoffice_history,
    boxoffice_orders,
    boxoffice_tickets,
    payment_refunds,
    payments,
)

_TABLES: dict[str, Table] = {
    ORDER: boxoffice_orders,
    TICKET: boxoffice_tickets,
    PAYMENT: payments,
    REFUND: payment_refunds,
}


def change_state(
    connection: Connection,
    kind: str,
    row_id: int,
    from_state: str,
    to_state: str,
    now: datetime,
    *,
    reason: str = "",
    **values: Any,
) -> None:
    """
    Bring a row from one state to another, with these other values.

    Raises: `Busy` where somebody else was first.
    """
    table = _TABLES[kind]
    changed = connection.execute(
        update(table)
        .where(table.c.id == row_id, table.c.state == from_state)
        .values(state=to_state, **values)
    )
    if changed.rowcount != 1:
        raise errors.Busy(
            f"Somebody else has changed this {kind} meanwhile; nothing was changed.",
            hint="Run the command again.",
        )
    record(connection, kind, row_id, from_state, to_state, now, reason=reason)


def record(
    connection: Connection,
    kind: str,
    row_id: int,
    from_state: str,
    to_state: str,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    """
    Record a state in the history, with the present actor; from `""` for a new row.
    """
    assert (from_state, to_state) in TRANSITIONS[kind], (kind, from_state, to_state)
    connection.execute(
        insert(boxoffice_history).values(
            kind=kind,
            row_id=row_id,
            from_state=from_state,
            to_state=to_state,
            at=now,
            actor=safe(actor.current()),
            reason=safe(reason, longest=300),
        )
    )


def list_moments(connection: Connection) -> list[datetime]:
    """
    The instants at which anything of the box office changed.
    """
    query = select(boxoffice_history.c.at).distinct()
    return list(connection.scalars(query))
