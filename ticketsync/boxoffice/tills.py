"""
Tills: one cash drawer from its opening to its count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, func, insert, select, update

from ticketsync.boxoffice import transitions
from ticketsync.boxoffice.placed_orders import CASH, SUCCEEDED
from ticketsync.core import errors
from ticketsync.core.redact import safe
from ticketsync.store.boxoffice_states import TILL
from ticketsync.store.tables.boxoffice import (
    boxoffice_orders,
    payment_refunds,
    payments,
    till_sessions,
)


@dataclass(frozen=True, slots=True)
class TillSession:
    """
    One drawer; amounts in minor units, `counted` and `expected` once it was counted.
    """

    id: int
    show_id: int | None
    till: str
    person: str
    currency: str
    opened_at: datetime
    opening_float: int
    counted: int | None
    expected: int | None
    closed_at: datetime | None

    @property
    def difference(self) -> int | None:
        """
        What is in the drawer beyond what must be there; below zero it is short.
        """
        if self.counted is None or self.expected is None:
            return None
        return self.counted - self.expected


def open_till(
    connection: Connection,
    till: str,
    currency: str,
    now: datetime,
    *,
    show_id: int | None = None,
    person: str = "",
    opening_float: int = 0,
) -> TillSession:
    """
    Begin a drawer.

    Raises: `GuardRefused` (`till-open`) where that till is open already.
    """
    if find_open(connection, till) is not None:
        raise errors.GuardRefused(
            f"Till {safe(till)} is open already: its drawer was not counted.",
            hint="Count it first, or use another till.",
            word="till-open",
        )
    row = insert(till_sessions).values(
        show_id=show_id,
        till=till,
        person=person,
        currency=currency,
        opened_at=now,
        opening_float=opening_float,
    )
    session_id = connection.scalars(row.returning(till_sessions.c.id)).one()
    transitions.record(connection, TILL, session_id, "", "open", now)
    return get_session(connection, session_id)


def find_open(connection: Connection, till: str) -> TillSession | None:
    """
    The open session of a till.
    """
    query = select(till_sessions).where(
        till_sessions.c.till == till, till_sessions.c.closed_at.is_(None)
    )
    row = connection.execute(query).first()
    return None if row is None else TillSession(**row._mapping)


def get_session(connection: Connection, session_id: int) -> TillSession:
    query = select(till_sessions).where(till_sessions.c.id == session_id)
    return TillSession(**connection.execute(query).one()._mapping)


def expected_cash(connection: Connection, session: TillSession) -> int:
    """
    What must be in the drawer: the float and the cash that came in, less what went out.
    """
    came = select(func.sum(payments.c.amount)).where(
        payments.c.till_id == session.id,
        payments.c.method == CASH,
        payments.c.state.in_((SUCCEEDED, "returned")),
    )
    went = select(func.sum(payment_refunds.c.amount)).where(
        payment_refunds.c.till_id == session.id, payment_refunds.c.state == SUCCEEDED
    )
    return session.opening_float + _sum(connection, came) - _sum(connection, went)


def close_till(
    connection: Connection, session: TillSession, counted: int, now: datetime
) -> TillSession:
    """
    End a drawer with what was counted in it; what must be there is stored beside it.

    Raises: `Busy` where somebody else has closed it meanwhile.
    """
    changed = connection.execute(
        update(till_sessions)
        .where(till_sessions.c.id == session.id, till_sessions.c.closed_at.is_(None))
        .values(
            counted=counted,
            expected=expected_cash(connection, session),
            closed_at=now,
        )
    )
    if changed.rowcount != 1:
        raise errors.Busy(
            f"Till {safe(session.till)} was closed by somebody else meanwhile.",
            hint="See what was counted.",
        )
    transitions.record(connection, TILL, session.id, "open", "counted", now)
    transitions.record(connection, TILL, session.id, "counted", "closed", now)
    return get_session(connection, session.id)


def last_order(connection: Connection, session: TillSession) -> str | None:
    """
    The reference of the last order that was paid at this drawer.
    """
    query = (
        select(boxoffice_orders.c.reference)
        .where(
            boxoffice_orders.c.till_id == session.id,
            boxoffice_orders.c.paid_at.is_not(None),
        )
        .order_by(boxoffice_orders.c.id.desc())
        .limit(1)
    )
    return connection.scalars(query).first()


def _sum(connection: Connection, query: Select[tuple[int]]) -> int:
    return int(connection.scalar(query) or 0)
