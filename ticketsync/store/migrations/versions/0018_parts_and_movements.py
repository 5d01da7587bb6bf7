"""
The parts of what was charged, kinds and parts of refunds, the tax inside fees.

What an order's money is made of stands in its stored records, and only there: until
`sync replay` has parsed them again the parts are empty, and no total changes. Only
tickets that carry no money at all have known parts at once.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_STRICT = {"sqlite_strict": True}
_PARTS = ("buyer_fee", "addons", "donation", "voucher", "tax_added", "unexplained")
_SUMS = ("buyer_fees", "addons", "donations", "vouchers", "tax_added", "unexplained")
# Tickets without an order, those that left theirs, and those of orders never paid.
_WITHOUT_MONEY = (
    "face = 0 AND charged = 0 AND (order_id IS NULL OR status = 'gone' OR order_id IN "
    "(SELECT id FROM orders WHERE status = 'pending' "
    "OR (status = 'cancelled' AND charged = 0)))"
)


def upgrade() -> None:
    _add_parts()
    _extend_refunds_and_fees()
    tickets = sa.table("tickets", *(sa.column(name) for name in _PARTS))
    nothing = dict.fromkeys(_PARTS, 0)
    op.execute(tickets.update().where(sa.text(_WITHOUT_MONEY)).values(nothing))
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise sa.exc.IntegrityError("foreign_key_check", None, Exception(broken))


def _add_parts() -> None:
    with op.batch_alter_table("orders") as it:
        it.add_column(sa.Column("tax_on_top", types.Flag(), nullable=True))
        for name in _SUMS[:4]:
            it.add_column(_whole(name))
    with op.batch_alter_table("tickets", table_kwargs=_STRICT) as it:
        for name in _PARTS:
            it.add_column(_whole(name))
        it.create_check_constraint(
            op.f("ck_tickets_parts"), _adds_up("charged", "voucher", _PARTS)
        )
    with op.batch_alter_table("show_financials", table_kwargs=_STRICT) as it:
        for name in _SUMS:
            it.add_column(_whole(name))
        it.create_check_constraint(
            op.f("ck_show_financials_parts"), _adds_up("gross", "vouchers", _SUMS)
        )


def _extend_refunds_and_fees() -> None:
    with op.batch_alter_table("refunds", table_kwargs=_STRICT) as it:
        it.add_column(
            sa.Column("kind", sa.Text(), nullable=False, server_default="refund")
        )
        for name in ("occurrence_id", "face", "buyer_fee", "tax"):
            it.add_column(_whole(name))
        it.create_check_constraint(
            op.f("ck_refunds_kind"), "kind = 'refund' OR kind = 'dispute'"
        )
        it.create_foreign_key(
            op.f("fk_refunds_occurrence_id"),
            "occurrences",
            ["occurrence_id"],
            ["id"],
            ondelete="RESTRICT",
        )
    with op.batch_alter_table("fees") as it:
        it.add_column(_whole("tax"))


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, types.WHOLE, nullable=True)


def _adds_up(whole: str, less: str, parts: tuple[str, ...]) -> str:
    more = [name for name in parts if name != less]
    rest = " - ".join((whole, "face", *more))
    unknown = " AND ".join(f"{name} IS NULL" for name in (*more, less))
    return f"COALESCE({rest} + {less}, 1) = 0 OR ({unknown})"
