"""
The rate of a fee line that the venue's own rates made. Lines of before get it when their
show is recomputed, because the rates are in the settings.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("per_ticket", "rate_ppm", "per_order"):
        op.add_column("ticket_fees", sa.Column(name, types.WHOLE, nullable=True))
