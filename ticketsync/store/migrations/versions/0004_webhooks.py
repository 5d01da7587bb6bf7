"""
Webhooks: an address for each account, and every delivery.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATES = "'received', 'done', 'failed', 'ignored', 'test', 'rejected', 'stale'"


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("account_id", types.WHOLE, nullable=False),
        *map(_text, ("path", "secret_source", "secret_reference")),
        *map(_text, ("old_source", "old_reference")),
        sa.Column("old_until", types.Instant(), nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_webhooks_account_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("path", name=op.f("uq_webhooks_path")),
        sqlite_strict=True,
    )
    op.create_table(
        "deliveries",
        sa.Column("id", types.WHOLE, nullable=False),
        sa.Column("account_id", types.WHOLE, nullable=False),
        *map(_text, ("key", "event", "what", "order_id", "occurrence_id")),
        *map(_text, ("state", "reason")),
        sa.Column("attempts", types.WHOLE, nullable=False),
        sa.Column("received_at", types.Instant(), nullable=False),
        sa.Column("next_try_at", types.Instant(), nullable=False),
        sa.Column("settled_at", types.Instant(), nullable=True),
        sa.CheckConstraint(
            f"state IN ({_STATES})", name=op.f("ck_deliveries_state")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_deliveries_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_deliveries_account_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "account_id", "key", name=op.f("uq_deliveries_account_id_key")
        ),
        sqlite_strict=True,
    )
    with op.batch_alter_table("deliveries") as it:
        it.create_index(
            op.f("ix_deliveries_state_next_try_at"), ["state", "next_try_at"]
        )
        it.create_index(op.f("ix_deliveries_received_at"), ["received_at"])
