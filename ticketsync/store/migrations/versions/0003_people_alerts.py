"""
People, where an account keeps them; what was told about an account; where a run failed.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, owner in (("buyers", "order"), ("attendees", "ticket")):
        op.create_table(
            name,
            sa.Column(f"{owner}_id", types.WHOLE, nullable=False),
            sa.Column("name", sa.Text(), nullable=False),
            sa.Column("email", sa.Text(), nullable=False),
            sa.Column("phone", sa.Text(), nullable=False),
            sa.Column("erased_at", types.Instant(), nullable=True),
            sa.ForeignKeyConstraint(
                [f"{owner}_id"],
                [f"{owner}s.id"],
                name=op.f(f"fk_{name}_{owner}_id"),
                ondelete="RESTRICT",
            ),
            sa.PrimaryKeyConstraint(f"{owner}_id", name=op.f(f"pk_{name}")),
            sqlite_strict=True,
        )
    op.create_table(
        "alerts",
        sa.Column("account_id", types.WHOLE, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", types.Instant(), nullable=False),
        sa.Column("is_told", types.Flag(), nullable=False),
        sa.CheckConstraint(
            "state IN ('ok', 'deaf', 'held', 'stale', 'failing', 'parked')",
            name=op.f("ck_alerts_state"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_alerts_account_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_alerts")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("sync_runs") as it:
        it.add_column(sa.Column("trace", sa.Text(), nullable=False, server_default=""))
