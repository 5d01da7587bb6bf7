"""
Tills: a session is one cash drawer from its opening to its count. A till has at most
one session that is open, and cash is booked to it.

Who books cash to a session locks it (`lock_open`), and so does who closes it: what must
be in the drawer cannot change while it is counted. Sales of one session do not wait for
one another; whoever takes cash out is alone, because two who looked into the drawer at
once would both find what is enough for one. A session is locked after its show, and
before vouchers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    select,
    update,
)

from ticketsync.boxoffice import transitions
from ticketsync.boxoffice.placed_orders import CASH, PAID, PENDING, RETURNED, SUCCEEDED
from ticketsync.core import errors, money
from ticketsync.core.redact import safe
from ticketsync.store import row_locks
from ticketsync.store.boxoffice_states import TILL
from ticketsync.store.tables.boxoffice import (
    boxoffice_history,
    boxoffice_orders,
    payment_refunds,
    payments,
    till_sessions,
)
from ticketsync.store.upsert import insert_new, rows_among

OPEN, COUNTED, CLOSED = "open", "counted", "closed"
LONGEST_NAME = 40  # of a till


@dataclass(frozen=True, slots=True)
class TillSession:
    """
    One drawer; amounts in minor units. `counted` is what was in it when it was counted,
    `expected` what had to be.
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
    def state(self) -> str:
        if self.closed_at is not None:
            return CLOSED
        return OPEN if self.counted is None else COUNTED

    @property
    def difference(self) -> int | None:
        """
        What was in the drawer beyond what had to be there; below zero it was short.
        """
        if self.counted is None or self.expected is None:
            return None
        return self.counted - self.expected


@dataclass(frozen=True, slots=True)
class Drawer:
    """
    What must be in a drawer, in minor units, and what that is made of.
    """

    opening_float: int
    received: int
    returned: int

    @property
    def expected(self) -> int:
        return self.opening_float + self.received - self.returned


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
    Begin a session of a till.

    Raises: `UsageError` for a name or a float that cannot be, `GuardRefused`
    (`till-open`) where it has one that is open.
    """
    till = till.strip()
    if not till or len(till) > LONGEST_NAME or opening_float < 0:
        raise errors.UsageError(
            f"The name of a till has 1 to {LONGEST_NAME} characters, and its float is "
            "not negative.",
            hint="For example --till 1 --float 200.00.",
        )
    row = {
        "show_id": show_id,
        "till": till,
        "person": person,
        "currency": currency,
        "opened_at": now,
        "opening_float": opening_float,
    }
    session_id = insert_new(connection, till_sessions, row)
    if session_id is None:
        raise errors.GuardRefused(
            f"Till {safe(till)} is open already: its drawer was not counted.",
            hint=f"Run `ticketsync boxoffice tills close {safe(till)} --counted "
            "AMOUNT`, or use another till.",
            word="till-open",
        )
    transitions.record(connection, TILL, session_id, "", OPEN, now)
    return get_session(connection, session_id)


def _open_sessions() -> Select[Any]:
    return select(till_sessions).where(till_sessions.c.closed_at.is_(None))


def find_open(connection: Connection, till: str) -> TillSession | None:
    """
    The open session of a till.
    """
    query = _open_sessions().where(till_sessions.c.till == till.strip())
    row = connection.execute(query).first()
    return None if row is None else TillSession(**row._mapping)


def get_open(connection: Connection, till: str) -> TillSession:
    """
    Raises: `GuardRefused` (`till-closed`) where the till has no open session.
    """
    found = find_open(connection, till)
    if found is None:
        raise _closed(till)
    return found


def _closed(till: str) -> errors.GuardRefused:
    return errors.GuardRefused(
        f"Till {safe(till)} is not open.",
        hint=f"Run `ticketsync boxoffice tills open {safe(till)} --float AMOUNT`.",
        word="till-closed",
    )


def get_session(connection: Connection, session_id: int) -> TillSession:
    query = select(till_sessions).where(till_sessions.c.id == session_id)
    return TillSession(**connection.execute(query).one()._mapping)


def list_sessions(
    connection: Connection, till: str = "", limit: int | None = None
) -> Sequence[TillSession]:
    """
    Sessions, the newest first, of one till or of all.
    """
    query = select(till_sessions).order_by(till_sessions.c.id.desc()).limit(limit)
    if till:
        query = query.where(till_sessions.c.till == till.strip())
    return [TillSession(**row._mapping) for row in connection.execute(query)]


def list_openers(
    connection: Connection, sessions: Sequence[TillSession]
) -> Mapping[int, str]:
    """
    Who opened each of these sessions, by its id: the person who sells there, or where
    nobody was named who gave the command.
    """
    history = boxoffice_history.c
    query = select(history.row_id, history.actor).where(
        history.kind == TILL, history.from_state == "", history.to_state == OPEN
    )
    given = dict(
        row._tuple()
        for row in rows_among(
            connection, query, history.row_id, [it.id for it in sessions]
        )
    )
    return {it.id: it.person or given.get(it.id, "") for it in sessions}


def list_open(connection: Connection, currency: str) -> list[TillSession]:
    """
    The open sessions whose drawers have this currency, by the till.
    """
    query = _open_sessions().where(till_sessions.c.currency == currency)
    rows = connection.execute(query.order_by(till_sessions.c.till))
    return [TillSession(**row._mapping) for row in rows]


def lock_open(
    connection: Connection,
    session_id: int | None,
    currency: str,
    *,
    alone: bool = False,
) -> TillSession | None:
    """
    The session, which nobody can close until the transaction ends; nothing for `None`.
    `alone` keeps out everybody else who books cash to it, too: for whoever takes some
    out (`refuse_overdrawn`).

    Raises: `GuardRefused` (`till-closed`) where it was closed meanwhile,
    (`till-currency`) where its drawer has another currency.
    """
    if session_id is None:
        return None
    lock = row_locks.lock if alone else row_locks.lock_shared
    lock(connection, till_sessions, [session_id])
    found = get_session(connection, session_id)
    if found.state != OPEN:
        raise _closed(found.till)
    refuse_other_currency(found, currency)
    return found


def refuse_other_currency(session: TillSession, currency: str) -> None:
    """
    Raises: `GuardRefused` (`till-currency`) where the drawer has another currency.
    """
    if session.currency != currency:
        raise errors.GuardRefused(
            f"Till {safe(session.till)} has {session.currency}, and this is in "
            f"{currency}.",
            hint="Use another till.",
            word="till-currency",
        )


def get_drawer(connection: Connection, session: TillSession) -> Drawer:
    """
    The float, the cash that came in, and the cash that went out again.
    """
    came = select(func.sum(payments.c.amount)).where(
        payments.c.till_id == session.id,
        payments.c.method == CASH,
        payments.c.state.in_((SUCCEEDED, RETURNED)),
    )
    went = select(func.sum(payment_refunds.c.amount)).where(
        payment_refunds.c.till_id == session.id,
        payment_refunds.c.state == SUCCEEDED,
    )
    received, returned = _sum(connection, came), _sum(connection, went)
    return Drawer(session.opening_float, received, returned)


def refuse_overdrawn(connection: Connection, session_id: int | None) -> None:
    """
    Whether all that goes out of a drawer was in it; nothing for `None`. The session is
    locked `alone`.

    Raises: `GuardRefused` (`till-short`).
    """
    if session_id is None:
        return
    session = get_session(connection, session_id)
    missing = -get_drawer(connection, session).expected
    if missing > 0:
        text = money.grouped_text(missing, session.currency)
        raise errors.GuardRefused(
            f"The drawer of till {safe(session.till)} has {text} {session.currency} "
            "less than what is to go back.",
            hint="Take it out of another drawer, or run `ticketsync boxoffice refund` "
            "without --till for cash that is in none.",
            word="till-short",
        )


def close_till(
    connection: Connection, session_id: int, counted: int, now: datetime
) -> TillSession:
    """
    End a session with what was counted in its drawer; what had to be there is stored
    beside it.

    Raises: `UsageError` for less than nothing, `GuardRefused` (`till-closed`) where it
    was closed already.
    """
    if counted < 0:
        raise errors.UsageError(
            "A drawer cannot hold a negative amount.", hint="For example 365.00."
        )
    row_locks.lock(connection, till_sessions, [session_id])
    session = get_session(connection, session_id)
    expected = get_drawer(connection, session).expected
    _step(connection, session, OPEN, COUNTED, now, counted=counted, expected=expected)
    _step(connection, session, COUNTED, CLOSED, now, closed_at=now)
    return get_session(connection, session_id)


def _step(
    connection: Connection,
    session: TillSession,
    from_state: str,
    to_state: str,
    now: datetime,
    **values: object,
) -> None:
    """
    Bring a session from one state to another. A session has no column of its state: it
    is counted when it has a count, and closed when it has an end.
    """
    is_there = {
        OPEN: till_sessions.c.counted.is_(None),
        COUNTED: till_sessions.c.counted.is_not(None),
    }
    changed = connection.execute(
        update(till_sessions)
        .where(
            till_sessions.c.id == session.id,
            till_sessions.c.closed_at.is_(None),
            is_there[from_state],
        )
        .values(**values)
    )
    if changed.rowcount != 1:
        raise _closed(session.till)
    transitions.record(connection, TILL, session.id, from_state, to_state, now)


def last_order(connection: Connection, session: TillSession) -> str | None:
    """
    The reference of the last order that was paid in this session and not taken back. A
    voucher that was sold is none: it is taken back by its own command.
    """
    is_of_show = boxoffice_orders.c.show_id.is_not(None)
    return _newest(
        connection, session, and_(boxoffice_orders.c.state == PAID, is_of_show)
    )


def held_order(
    connection: Connection, session: TillSession, now: datetime
) -> str | None:
    """
    The reference of the last order of this session that still holds seats.
    """
    is_held = and_(
        boxoffice_orders.c.state == PENDING, boxoffice_orders.c.held_until > now
    )
    return _newest(connection, session, is_held)


def _newest(
    connection: Connection, session: TillSession, condition: ColumnElement[bool]
) -> str | None:
    query = (
        select(boxoffice_orders.c.reference)
        .where(boxoffice_orders.c.till_id == session.id, condition)
        .order_by(boxoffice_orders.c.paid_at.desc(), boxoffice_orders.c.id.desc())
        .limit(1)
    )
    return connection.scalars(query).first()


def _sum(connection: Connection, query: Select[tuple[int]]) -> int:
    return int(connection.scalar(query) or 0)
