"""
Exchange rates, which people import from the files of central banks.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_NAMES = ("source", "on_day", "base", "quote")


def upgrade() -> None:
    op.create_table(
        "rates",
        *(sa.Column(name, sa.Text(), nullable=False) for name in _NAMES),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.Column("imported_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint(*_NAMES, name=op.f("pk_rates")),
        sa.CheckConstraint("base <> quote", name=op.f("ck_rates_two_currencies")),
        sa.CheckConstraint("length(on_day) = 10", name=op.f("ck_rates_on_day")),
        sqlite_strict=True,
    )
