"""
Refunds as movements that are written once, fees by occurrence, tax that may be unknown.

A refund from before is one movement. Its day is the platform's where that is known;
else nobody knows it any more, because each change of an order moved it, and the day of
the sale stands in its place (`assumed`). When a ticket was voided, which fees are known
in part and which tax was never reported follows from the stored records only: that is
what `sync replay` fills.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

from ticketsync.core import clock, money
from ticketsync.store import types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_STRICT = {"sqlite_strict": True}
_SOURCES = ("reported", "schedule", "mixed", "unknown")
_BASES = ("reported", "void", "seen", "assumed")

_FEES = sa.table(
    "fees",
    *(sa.column(name) for name in ("id", "order_id", "occurrence_id", "name")),
    sa.column("amount"),
)
_TICKETS = sa.table(
    "tickets",
    *(sa.column(name) for name in ("id", "order_id", "occurrence_id")),
    *(sa.column(name) for name in ("charged", "fees")),
)


def upgrade() -> None:
    connection = op.get_bind()
    with op.batch_alter_table("tickets", table_kwargs=_STRICT) as it:
        it.add_column(sa.Column("voided_at", types.Instant(), nullable=True))
        it.alter_column("tax", existing_type=types.WHOLE, nullable=True)
    with op.batch_alter_table("show_financials", table_kwargs=_STRICT) as it:
        it.alter_column("tax", existing_type=types.WHOLE, nullable=True)
        name = op.f("ck_show_financials_fees_source")
        it.drop_constraint(name, type_="check")
        it.create_check_constraint(name, _one_of("fees_source", _SOURCES))
    _refunds(connection)
    _fees(connection)
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise sa.exc.IntegrityError("foreign_key_check", None, Exception(broken))


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return " OR ".join(f"{column} = '{word}'" for word in words)


def _refunds(connection: sa.Connection) -> None:
    op.execute("DELETE FROM refunds WHERE amount = 0")  # moved nothing
    with op.batch_alter_table("refunds") as it:
        it.add_column(sa.Column("number", types.WHOLE, nullable=True))
        it.add_column(sa.Column("on_day", sa.Text(), nullable=True))
        it.add_column(sa.Column("basis", sa.Text(), nullable=True))
    op.execute("UPDATE refunds SET number = 1")
    days = list(_days(connection))
    if days:
        connection.execute(
            sa.text(
                "UPDATE refunds SET on_day = :on_day, basis = :basis WHERE id = :row"
            ),
            days,
        )
    with op.batch_alter_table("refunds", table_kwargs=_STRICT) as it:
        it.alter_column("number", existing_type=types.WHOLE, nullable=False)
        it.alter_column("on_day", existing_type=sa.Text(), nullable=False)
        it.alter_column("basis", existing_type=sa.Text(), nullable=False)
        it.drop_constraint(op.f("ck_refunds_not_negative"), type_="check")
        it.drop_constraint(op.f("uq_refunds_account_id_provider_id"), type_="unique")
        it.create_unique_constraint(
            op.f("uq_refunds_account_id_provider_id_number"),
            ["account_id", "provider_id", "number"],
        )
        for name, rule in (
            ("number", "number >= 1"),
            ("amount", "amount <> 0"),
            ("on_day", "length(on_day) = 10"),
            ("basis", _one_of("basis", _BASES)),
            ("reported", "basis <> 'reported' OR refunded_at IS NOT NULL"),
        ):
            it.create_check_constraint(op.f(f"ck_refunds_{name}"), rule)


def _days(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """
    The calendar day of every refund, in the zone of the default venue.
    """
    venue = sa.text("SELECT timezone FROM venues ORDER BY id LIMIT 1")
    zone = str(connection.execute(venue).scalar() or "UTC")
    query = sa.text(
        "SELECT r.id, r.refunded_at, o.placed_at FROM refunds r "
        "JOIN orders o ON o.id = r.order_id ORDER BY r.id"
    ).columns(
        sa.column("id", types.WHOLE),
        sa.column("refunded_at", types.Instant()),
        sa.column("placed_at", types.Instant()),
    )
    for row, refunded_at, placed_at in connection.execute(query).all():
        moment: datetime = refunded_at or placed_at
        yield {
            "row": row,
            "on_day": clock.local(moment, zone).date().isoformat(),
            "basis": "reported" if refunded_at else "assumed",
        }


def _fees(connection: sa.Connection) -> None:
    with op.batch_alter_table("fees") as it:
        it.add_column(sa.Column("occurrence_id", types.WHOLE, nullable=True))
    op.execute(
        "UPDATE fees SET occurrence_id = (SELECT MIN(t.occurrence_id) FROM tickets t "
        "WHERE t.order_id = fees.order_id AND t.fees IS NOT NULL)"
    )
    op.execute("DELETE FROM fees WHERE occurrence_id IS NULL")  # counted nowhere
    with op.batch_alter_table("fees", table_kwargs=_STRICT) as it:
        it.alter_column("occurrence_id", existing_type=types.WHOLE, nullable=False)
        it.alter_column("amount", existing_type=types.WHOLE, nullable=True)
        it.drop_constraint(op.f("uq_fees_order_id_name"), type_="unique")
        it.create_unique_constraint(
            op.f("uq_fees_order_id_occurrence_id_name"),
            ["order_id", "occurrence_id", "name"],
        )
        it.create_foreign_key(
            op.f("fk_fees_occurrence_id"),
            "occurrences",
            ["occurrence_id"],
            ["id"],
            ondelete="RESTRICT",
        )
        it.create_index(op.f("ix_fees_occurrence_id"), ["occurrence_id"])
    _share_fees(connection)
    # What sold nothing cost nothing, and leaves the fees of its show known.
    op.execute(
        "UPDATE show_financials SET fees = 0, net = net_before_fees, "
        "fees_source = 'reported' WHERE fees IS NULL AND gross = 0"
    )


def _share_fees(connection: sa.Connection) -> None:
    """
    Divide the fees of orders over several occurrences among these, and each ticket's
    fees with them, as a new read of the order would.
    """
    tickets = _TICKETS.c
    of_several = (
        sa.select(tickets.order_id)
        .where(tickets.fees.is_not(None), tickets.order_id.in_(sa.select(_FEES.c.order_id)))
        .group_by(tickets.order_id)
        .having(sa.func.count(tickets.occurrence_id.distinct()) > 1)
    )
    parts = connection.execute(
        sa.select(tickets.order_id, tickets.id, tickets.occurrence_id, tickets.charged)
        .where(tickets.order_id.in_(of_several), tickets.fees.is_not(None))
        .order_by(tickets.order_id, tickets.id)
    ).all()
    for order, rows in groupby(parts, key=lambda row: row.order_id):
        _share(connection, order, list(rows))


def _share(connection: sa.Connection, order: int, rows: list[Any]) -> None:
    lines = connection.execute(
        sa.select(_FEES.c.name, _FEES.c.amount)
        .where(_FEES.c.order_id == order)
        .order_by(_FEES.c.id)
    ).all()
    weights = [max(0, row.charged) for row in rows]
    of_tickets = [0] * len(rows)
    amounts: dict[tuple[int, str], int] = {}
    for name, amount in lines:
        for n, part in enumerate(money.split(amount, weights)):
            of_tickets[n] += part
            key = (rows[n].occurrence_id, name)
            amounts[key] = amounts.get(key, 0) + part
    connection.execute(sa.delete(_FEES).where(_FEES.c.order_id == order))
    connection.execute(
        sa.insert(_FEES),
        [
            {"order_id": order, "occurrence_id": date, "name": name, "amount": part}
            for (date, name), part in amounts.items()
            if part
        ],
    )
    for row, part in zip(rows, of_tickets, strict=True):
        connection.execute(
            sa.update(_TICKETS).where(_TICKETS.c.id == row.id).values(fees=part)
        )
