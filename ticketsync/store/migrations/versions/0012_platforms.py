"""
What platforms report and was not kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("tickets") as it:
        it.add_column(sa.Column("second_code", sa.LargeBinary(), nullable=True))
