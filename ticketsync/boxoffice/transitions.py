"""
Changing a state: one UPDATE that names the state it was in, and a row in the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Table, Update, bindparam, insert, select, update

from ticketsync.core import actor, errors
from ticketsync.core.redact import safe
from ticketsync.store.boxoffice_states import (
    ORDER,
    PAYMENT,
    REFUND,
    TICKET,
    TILL,
    TRANSITIONS,
    VOUCHER,
)
from ticketsync.store.tables.boxoffice import (
    boxoffice_history,
    boxoffice_orders,
    boxoffice_tickets,
    payment_refunds,
    payments,
    till_sessions,
    vouchers,
)

TABLES: Final[Mapping[str, Table]] = {  # whose rows a step of the history names
    ORDER: boxoffice_orders,
    TICKET: boxoffice_tickets,
    PAYMENT: payments,
    REFUND: payment_refunds,
    VOUCHER: vouchers,
    TILL: till_sessions,
}
_RECORD = insert(boxoffice_history)


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
    change_states(
        *(connection, kind, {row_id: values}, from_state, to_state, now), reason=reason
    )


def change_states(
    connection: Connection,
    kind: str,
    rows: Mapping[int, Mapping[str, Any]],
    from_state: str,
    to_state: str,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    """
    The same for several rows, by their ids, each with its own values in the same
    columns.

    Raises: `Busy` where somebody else was first at one of them.
    """
    if not rows:
        return
    names = tuple(next(iter(rows.values())))
    changed = connection.execute(
        _update_of(kind, names),
        [
            {"_row_id": row_id, "_from_state": from_state, "_state": to_state}
            | {f"_{name}": values[name] for name in names}
            for row_id, values in rows.items()
        ],
    )
    if changed.rowcount != len(rows):
        raise errors.Busy(
            f"Somebody else has changed this {kind} meanwhile; nothing was changed.",
            hint="Run the command again.",
        )
    record_all(connection, kind, rows, from_state, to_state, now, reason=reason)


@cache
def _update_of(kind: str, names: tuple[str, ...]) -> Update:
    table = TABLES[kind]
    values: dict[str, Any] = {name: bindparam(f"_{name}") for name in ("state", *names)}
    return (
        update(table)
        .where(
            table.c.id == bindparam("_row_id"),
            table.c.state == bindparam("_from_state"),
        )
        .values(values)
    )


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
    record_all(connection, kind, [row_id], from_state, to_state, now, reason=reason)


def record_all(
    connection: Connection,
    kind: str,
    row_ids: Iterable[int],
    from_state: str,
    to_state: str,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    """
    The same for several rows.
    """
    assert (from_state, to_state) in TRANSITIONS[kind], (kind, from_state, to_state)
    step = {
        "kind": kind,
        "from_state": from_state,
        "to_state": to_state,
        "at": now,
        "actor": safe(actor.current()),
        "reason": safe(reason, longest=300),
    }
    connection.execute(_RECORD, [{**step, "row_id": row_id} for row_id in row_ids])


def list_moments(connection: Connection) -> list[datetime]:
    """
    The instants at which anything of the box office changed.
    """
    query = select(boxoffice_history.c.at).distinct()
    return list(connection.scalars(query))
