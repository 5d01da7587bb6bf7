"""
What a person has dismissed, what was told of it, and what the health of an account
needs to be told by the database alone.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

_STRICT = {"sqlite_strict": True}
_ALERTS = (
    *("ok", "missing-webhook-secret", "partial", "failed"),
    *("held", "stale", "failing", "parked"),
)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "dismissals",
        *map(_text, ("kind", "key", "version", "dismissed_by", "reason")),
        sa.Column("dismissed_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_dismissals")),
        sqlite_strict=True,
    )
    op.create_table(
        "waiting_notices",
        *map(_text, ("kind", "key", "version")),
        sa.Column("told_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_waiting_notices")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("accounts") as it:
        it.add_column(
            sa.Column(
                "stale_seconds", types.WHOLE, nullable=False, server_default="2700"
            )
        )
    with op.batch_alter_table("webhooks") as it:
        it.add_column(
            sa.Column("is_signed", types.Flag(), nullable=False, server_default="1")
        )
    # The one platform so far that signs nothing.
    op.execute(
        "UPDATE webhooks SET is_signed = 0 WHERE account_id IN"
        " (SELECT id FROM accounts WHERE provider = 'eventbrite')"
    )
    with op.batch_alter_table("alerts", table_kwargs=_STRICT) as it:
        it.drop_constraint(op.f("ck_alerts_state"), type_="check")
    op.execute(
        "UPDATE alerts SET state = 'missing-webhook-secret' WHERE state = 'deaf'"
    )
    words = " OR ".join(f"state = '{word}'" for word in _ALERTS)
    with op.batch_alter_table("alerts", table_kwargs=_STRICT) as it:
        it.create_check_constraint(op.f("ck_alerts_state"), words)
