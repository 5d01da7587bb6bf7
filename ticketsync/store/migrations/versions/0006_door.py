"""
The door, the pages' visitors, and what the venue was told of its sales.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_OUTCOMES = "'admitted', 'already-in', 'not-valid', 'out', 'not-in', 'unknown'"
_COUNTED = "l.sync_enabled = 1 AND l.sync_ticket_sales = 1 AND s.is_excluded = 0"

ADMISSIONS = f"""
CREATE VIEW attendee_checkin_status AS
SELECT
    s.id AS show_id,
    p.title AS production,
    s.starts_local,
    a.name AS account,
    o.provider_id AS order_id,
    t.provider_id AS ticket_id,
    t.type_name AS ticket_type,
    t.is_comp,
    COALESCE(d.is_in, t.is_checked_in) AS is_checked_in,
    COALESCE(NULLIF(w.name, ''), NULLIF(b.name, '')) AS attendee,
    COALESCE(NULLIF(w.email, ''), NULLIF(b.email, '')) AS email,
    CASE WHEN d.is_in = 1 THEN d.at END AS checked_in_at,
    CASE WHEN d.is_in = 1 THEN d.door END AS door
FROM tickets t
JOIN show_links l ON l.occurrence_id = t.occurrence_id
JOIN shows s ON s.id = l.show_id
JOIN productions p ON p.id = s.production_id
JOIN accounts a ON a.id = t.account_id
LEFT JOIN orders o ON o.id = t.order_id
LEFT JOIN attendees w ON w.ticket_id = t.id
LEFT JOIN buyers b ON b.order_id = o.id
LEFT JOIN admissions d ON d.ticket_id = t.id
WHERE t.kind = 'admission' AND t.is_sold = 1 AND {_COUNTED}
"""  # nosec B608  # of constants


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, types.WHOLE, nullable=False)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{target}.id"],
        name=op.f(f"fk_{table}_{column}"),
        ondelete="RESTRICT",
    )


def upgrade() -> None:
    connection = op.get_bind()
    with op.batch_alter_table("tickets") as it:
        it.add_column(sa.Column("code", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("webhooks") as it:
        it.add_column(
            sa.Column("registration", sa.Text(), nullable=False, server_default="")
        )
    with op.batch_alter_table("deliveries") as it:
        it.create_index(
            op.f("ix_deliveries_account_id_order_id"), ["account_id", "order_id"]
        )
    op.create_table(
        "scans",
        _whole("id"),
        *map(_text, ("device", "key")),
        _whole("show_id"),
        sa.Column("ticket_id", types.WHOLE, nullable=True),
        *map(_text, ("kind", "door")),
        sa.Column("scanned_at", types.Instant(), nullable=False),
        *map(_text, ("outcome", "note")),
        sa.CheckConstraint("kind IN ('in', 'out')", name=op.f("ck_scans_kind")),
        sa.CheckConstraint(f"outcome IN ({_OUTCOMES})", name=op.f("ck_scans_outcome")),
        _to("scans", "show_id", "shows"),
        _to("scans", "ticket_id", "tickets"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scans")),
        sa.UniqueConstraint("device", "key", name=op.f("uq_scans_device_key")),
        sqlite_strict=True,
    )
    op.create_table(
        "admissions",
        _whole("ticket_id"),
        _whole("show_id"),
        sa.Column("is_in", types.Flag(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        _text("door"),
        sa.Column("told_in", types.Flag(), nullable=False),
        _text("trouble"),
        sa.CheckConstraint(
            "is_in >= 0 AND told_in >= 0", name=op.f("ck_admissions_not_negative")
        ),
        _to("admissions", "ticket_id", "tickets"),
        _to("admissions", "show_id", "shows"),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_admissions")),
        sqlite_strict=True,
    )
    op.create_table(
        "sale_notices",
        _whole("show_id"),
        _text("currency"),
        *map(_whole, ("tickets_sold", "gross", "refunded")),
        _text("fullness"),
        sa.Column("told_at", types.Instant(), nullable=False),
        _to("sale_notices", "show_id", "shows"),
        sa.PrimaryKeyConstraint("show_id", "currency", name=op.f("pk_sale_notices")),
        sqlite_strict=True,
    )
    op.create_table(
        "passes",
        _whole("id"),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        *map(_text, ("kind", "role", "name")),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('link', 'session', 'calendar')", name=op.f("ck_passes_kind")
        ),
        sa.CheckConstraint(
            "role IN ('viewer', 'door', 'manager')", name=op.f("ck_passes_role")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passes")),
        sa.UniqueConstraint("digest", name=op.f("uq_passes_digest")),
        sqlite_strict=True,
    )
    for table, columns in (
        ("scans", ("ticket_id", "show_id")),
        ("admissions", ("show_id",)),
    ):
        with op.batch_alter_table(table) as it:
            for column in columns:
                it.create_index(op.f(f"ix_{table}_{column}"), [column])
    op.execute("DROP VIEW attendee_checkin_status")
    # A colon would be a parameter.
    connection.execute(sa.text(ADMISSIONS.replace(":", "\\:")))
