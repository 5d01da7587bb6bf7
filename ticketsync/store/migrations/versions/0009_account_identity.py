"""
What an account reads, and accounts that are retired.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_STATES = "state = 'active' OR state = 'paused' OR state = 'parked'"
# Whoever kept people before need not read all orders again because of the upgrade.
_PEOPLE_READ = """
INSERT INTO bookmarks (account_id, stream, event_id, value)
SELECT DISTINCT o.account_id, 'people-read', '', 'yes'
FROM buyers b JOIN orders o ON o.id = b.order_id
"""


def upgrade() -> None:
    with op.batch_alter_table("accounts", table_kwargs={"sqlite_strict": True}) as it:
        it.add_column(
            sa.Column("identity_name", sa.Text(), nullable=False, server_default="")
        )
        it.drop_constraint(op.f("ck_accounts_state"), type_="check")
        it.create_check_constraint(
            op.f("ck_accounts_state"), f"{_STATES} OR state = 'retired'"
        )
    op.create_table(
        "account_sources",
        sa.Column("account_id", types.WHOLE, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "value")),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", types.Instant(), nullable=False),
        sa.CheckConstraint(
            "kind = 'owner' OR kind = 'file'", name=op.f("ck_account_sources_kind")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_account_sources_account_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "kind", "value", name=op.f("pk_account_sources")
        ),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_account_sources_kind_value"), "account_sources", ["kind", "value"]
    )
    op.execute(_PEOPLE_READ)
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise sa.exc.IntegrityError("foreign_key_check", None, Exception(broken))
