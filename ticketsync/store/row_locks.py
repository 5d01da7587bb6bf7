"""
Rows that one transaction holds so that no other changes them before it ends.

For PostgreSQL, where writers run side by side: whoever reads something in order to
write what follows from it locks it first. SQLite has one writer at a time, and nothing
happens here.

Two that lock the same rows in different orders wait for each other for ever, so that
the server must stop one. Hence one order for everybody: tickets, events, occurrences,
shows, links; within a table by id, all that is needed at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Select, bindparam, func, select
from sqlmodel import Session, SQLModel

from ticketsync.store.types import WHOLE
from ticketsync.store.upsert import table_of

Ids = Iterable[int] | Select[Any]  # a query is asked only where rows are locked


def hold(session: Session, model: type[SQLModel], ids: Ids) -> None:
    """
    Nobody else may hold, change or delete these rows; new rows may point to them.

    Statements that follow see whatever was committed by those who held them before.
    """
    _lock(session, model, ids, key_share=True)


def hold_keys(session: Session, model: type[SQLModel], ids: Ids) -> None:
    """
    The same, and no new row may point to them: for who changes a column of a unique
    key, which would else have to wait for those that point to it, while holding it.
    """
    _lock(session, model, ids)


def share(session: Session, model: type[SQLModel], ids: Ids) -> None:
    """
    Several may hold these rows so at once, but nobody beside them as by `hold`.
    """
    _lock(session, model, ids, read=True)


def _lock(
    session: Session,
    model: type[SQLModel],
    ids: Ids,
    *,
    read: bool = False,
    key_share: bool = False,
) -> None:
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    wanted: list[int] = sorted(
        set(connection.scalars(ids).all() if isinstance(ids, Select) else ids)
    )
    if not wanted:
        return
    number = table_of(model).c.id
    these = bindparam("ids", wanted, type_=ARRAY(WHOLE))
    connection.execute(
        select(number)
        .where(number == func.any(these))
        .order_by(number)
        .with_for_update(read=read, key_share=key_share)
    )
