"""
Who changed what, when, before and after.

Accounts that an earlier version held back because a secret was missing in one shell are
read again: it was that shell that missed it.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KINDS = ("account", "occurrence", "event", "show", "person", "visitor", "waiting")
_MISSING = (
    "The environment has no %",
    "The command that gives the key of account %",
    "There is no systemd credential %",
    "The key of account % cannot be read from %",
    "The secret of account % is empty.%",
    "The keyring %",
)


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", types.WHOLE, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("who", "action", "kind")
        ),
        sa.Column("subject_id", types.WHOLE, nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("subject", "before", "after")
        ),
        sa.CheckConstraint(
            " OR ".join(f"kind = '{kind}'" for kind in _KINDS),
            name=op.f("ck_audit_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    accounts = sa.table(
        "accounts", *(sa.column(c) for c in ("state", "state_reason"))
    )
    missing = sa.or_(*(accounts.c.state_reason.like(text) for text in _MISSING))
    op.get_bind().execute(
        accounts.update()
        .where(accounts.c.state == "parked", missing)
        .values(state="active", state_reason="")
    )
