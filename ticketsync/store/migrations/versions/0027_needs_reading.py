"""
Whether anything of an account has to be read: not of the venue's own box office, whose
sales are saved as they are made.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("accounts") as it:
        it.add_column(
            sa.Column("needs_reading", types.Flag(), nullable=False, server_default="1")
        )
    op.execute("UPDATE accounts SET needs_reading = 0 WHERE provider = 'boxoffice'")
