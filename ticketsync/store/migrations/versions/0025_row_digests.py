"""
Digests of superseded versions, which nothing recomputes; those of before the upgrade
are taken as they stand.
"""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op

from ticketsync.store import row_digests

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_KEYS: Mapping[str, Sequence[str]] = {
    "past_orders": ("order_id", "known_from"),
    "past_tickets": ("ticket_id", "known_from"),
    "past_fees": ("order_id", "known_from", "occurrence_id", "name"),
    "past_show_links": ("id",),
}


def upgrade() -> None:
    for name, keys in _KEYS.items():
        op.add_column(name, sa.Column("digest", sa.LargeBinary(), nullable=True))
        _fill(op.get_bind(), name, keys)


def _fill(connection: sa.Connection, name: str, keys: Sequence[str]) -> None:
    """
    Compute the digests from the values as they are stored.
    """
    described = sa.inspect(connection).get_columns(name)
    table = sa.table(name, *(sa.column(column["name"]) for column in described))
    found = connection.execute(sa.select(table)).mappings().all()
    is_row = [table.c[key] == sa.bindparam(f"b_{key}") for key in keys]
    rows = [
        {
            **{f"b_{key}": row[key] for key in keys},
            "b_digest": row_digests.digest_of(table, dict(row)),
        }
        for row in found
    ]
    if rows:
        connection.execute(
            table.update().where(*is_row).values(digest=sa.bindparam("b_digest")), rows
        )
