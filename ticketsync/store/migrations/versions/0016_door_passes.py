"""
Door passes for one show or one evening; who recorded a scan, beside the chosen door.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_STRICT = {"sqlite_strict": True}


def upgrade() -> None:
    with op.batch_alter_table("scans", table_kwargs=_STRICT) as it:
        it.add_column(
            sa.Column("recorded_by", sa.Text(), nullable=False, server_default="")
        )
    with op.batch_alter_table("passes", table_kwargs=_STRICT) as it:
        it.add_column(sa.Column("show_id", types.WHOLE, nullable=True))
        it.add_column(sa.Column("evening", sa.Text(), nullable=True))
        it.add_column(sa.Column("ends_at", types.Instant(), nullable=True))
        it.create_foreign_key(
            op.f("fk_passes_show_id"), "shows", ["show_id"], ["id"], ondelete="CASCADE"
        )
