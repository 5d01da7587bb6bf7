"""
What more platforms need: options of an account, dates without a date, mappings.

The way back is the backup that `db upgrade` makes.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SOURCES = "'keyring', 'env', 'command', 'credential', 'file', 'none'"


def upgrade() -> None:
    connection = op.get_bind()
    totals = _view(connection)
    op.execute("DROP VIEW show_totals")
    with op.batch_alter_table("accounts", table_kwargs={"sqlite_strict": True}) as it:
        it.add_column(
            sa.Column("options", sa.Text(), nullable=False, server_default="{}")
        )
        it.drop_constraint(op.f("ck_accounts_secret_source"), type_="check")
        it.create_check_constraint(
            op.f("ck_accounts_secret_source"), f"secret_source IN ({_SOURCES})"
        )
    with op.batch_alter_table("occurrences") as it:
        it.add_column(sa.Column("dashboard_url", sa.Text(), nullable=True))
        it.add_column(
            sa.Column("is_dated", types.Flag(), nullable=False, server_default="1")
        )
    with op.batch_alter_table("production_links") as it:
        it.add_column(
            sa.Column("type_map", sa.Text(), nullable=False, server_default="{}")
        )
    with op.batch_alter_table("show_links") as it:
        for name in ("sync_enabled", "sync_ticket_sales"):
            it.add_column(
                sa.Column(name, types.Flag(), nullable=False, server_default="1")
            )
    op.execute(totals)
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise sa.exc.IntegrityError("foreign_key_check", None, Exception(broken))


def _view(connection: sa.Connection) -> str:
    if connection.dialect.name == "sqlite":
        text = "SELECT sql FROM sqlite_master WHERE name = 'show_totals'"
        return str(connection.exec_driver_sql(text).scalar_one())
    text = "SELECT pg_get_viewdef('show_totals'::regclass)"
    return f"CREATE VIEW show_totals AS {connection.exec_driver_sql(text).scalar_one()}"
