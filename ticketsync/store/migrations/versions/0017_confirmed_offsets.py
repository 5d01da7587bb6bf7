"""
Offsets between a listing and a show that a person has confirmed for an account and a
production; how each link was chosen, so that those made by hand are distinguished from
the others.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "confirmed_offsets",
        sa.Column("account_id", types.WHOLE, nullable=False),
        sa.Column("production_id", types.WHOLE, nullable=False),
        sa.Column("minutes", types.WHOLE, nullable=False),
        sa.Column("confirmed_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "production_id", name=op.f("pk_confirmed_offsets")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_confirmed_offsets_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["production_id"],
            ["productions.id"],
            name=op.f("fk_confirmed_offsets_production_id"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("minutes <> 0", name=op.f("ck_confirmed_offsets_minutes")),
        sqlite_strict=True,
    )
    op.add_column(
        "show_links", sa.Column("basis", sa.Text(), nullable=False, server_default="")
    )
