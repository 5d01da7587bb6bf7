"""
Vouchers that were sold are lines of their own kind, of orders and of closed periods.

Which of the stored lines they are stands in the records of their orders: until
`sync replay` has parsed them again they are where they were.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_STRICT = {"sqlite_strict": True}
_OF_TICKETS = ("admission", "voucher-sale", "other")
_OF_PERIODS = ("sale", "voucher-sale", "refund", "dispute")
_INDEXED = (
    *("order_id", "occurrence_id", "account_id", "currency", "is_sold", "charged"),
    "kind",
)


def upgrade() -> None:
    op.drop_index("ix_tickets_of_order", table_name="tickets")
    _allow("tickets", _OF_TICKETS)
    op.create_index("ix_tickets_of_order", "tickets", [*_INDEXED])
    _allow("period_lines", _OF_PERIODS)
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise sa.exc.IntegrityError("foreign_key_check", None, Exception(broken))


def _allow(table: str, kinds: tuple[str, ...]) -> None:
    words = " OR ".join(f"kind = '{kind}'" for kind in kinds)
    with op.batch_alter_table(table, table_kwargs=_STRICT) as it:
        it.drop_constraint(op.f(f"ck_{table}_kind"), type_="check")
        it.create_check_constraint(op.f(f"ck_{table}_kind"), words)
