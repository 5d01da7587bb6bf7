"""
Gift vouchers that our own box office sold: each is sold by an order, which is for no
show, and may be taken back.
"""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from ticketsync.store import types

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_STRICT = {"sqlite_strict": True}
_PENDING_BUYER = "uq_boxoffice_orders_pending_buyer"
_IS_PENDING = sa.text("state = 'pending' AND buyer_key <> ''")


def upgrade() -> None:
    _let_orders_be_for_no_show()
    _let_vouchers_be_sold()
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise sa.exc.IntegrityError("foreign_key_check", None, Exception(broken))


def _let_orders_be_for_no_show() -> None:
    table = "boxoffice_orders"
    op.drop_index(_PENDING_BUYER, table_name=table)
    with op.batch_alter_table(table, table_kwargs=_STRICT) as it:
        it.alter_column("show_id", existing_type=types.WHOLE, nullable=True)
        it.add_column(_points("occurrence_id"))
        _reference(it, table, "occurrence_id", "occurrences")
        it.create_check_constraint(
            op.f(f"ck_{table}_place"), "(show_id IS NULL) = (occurrence_id IS NOT NULL)"
        )
    op.create_index(
        *(_PENDING_BUYER, table, ["show_id", "buyer_key"]),
        unique=True,
        sqlite_where=_IS_PENDING,
        postgresql_where=_IS_PENDING,
    )


def _let_vouchers_be_sold() -> None:
    table = "vouchers"
    with op.batch_alter_table(table, table_kwargs=_STRICT) as it:
        it.add_column(_points("order_id"))
        it.add_column(
            sa.Column("returned", types.WHOLE, nullable=False, server_default="0")
        )
        _reference(it, table, "order_id", "boxoffice_orders")
        it.create_unique_constraint(op.f(f"uq_{table}_order_id"), ["order_id"])
        it.drop_constraint(op.f(f"ck_{table}_spent"), type_="check")
        it.create_check_constraint(
            op.f(f"ck_{table}_spent"),
            "spent >= 0 AND returned >= 0 AND spent + returned <= amount",
        )
        it.create_check_constraint(
            op.f(f"ck_{table}_sold"),
            "order_id IS NULL AND returned = 0"
            " OR order_id IS NOT NULL AND kind = 'gift'",
        )
    with op.batch_alter_table(table, table_kwargs=_STRICT) as it:
        it.alter_column("returned", existing_type=types.WHOLE, server_default=None)


def _points(name: str) -> sa.Column[int]:
    return sa.Column(name, types.WHOLE, nullable=True)


def _reference(it: BatchOperations, table: str, column: str, to: str) -> None:
    it.create_foreign_key(
        *(op.f(f"fk_{table}_{column}"), to, [column], ["id"]), ondelete="RESTRICT"
    )
