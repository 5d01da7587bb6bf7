"""
What proves that a person confirmed the commands, secret files and addresses of accounts
and webhooks.

Existing ones stay unconfirmed: a migration cannot know whether somebody else wrote
them. `db upgrade` lists them and asks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, names in (("accounts", ("pin",)), ("webhooks", ("pin", "old_pin"))):
        for name in names:
            op.add_column(
                table, sa.Column(name, sa.Text(), nullable=False, server_default="")
            )
