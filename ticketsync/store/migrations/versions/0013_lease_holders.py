"""
Which process on which machine holds a lease. A lease from before says so only in its
text, and expires.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("leases") as it:
        it.add_column(sa.Column("pid", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        it.add_column(sa.Column("host", sa.Text(), nullable=True))
