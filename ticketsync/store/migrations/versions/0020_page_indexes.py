"""
Indexes for the pages: of the tickets of an order, with all that sums per day are made
of, and of the orders that do not add up, which are few.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_COUNTED = ("occurrence_id", "account_id", "currency", "is_sold", "charged")


def upgrade() -> None:
    op.create_index("ix_tickets_of_order", "tickets", ["order_id", *_COUNTED])
    op.drop_index("ix_tickets_order_id", "tickets")
    doubtful = sa.text("doubt IS NOT NULL")
    op.create_index(
        *("ix_orders_doubtful", "orders", ["id"]),
        sqlite_where=doubtful,
        postgresql_where=doubtful,
    )
