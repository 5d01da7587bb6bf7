"""
Ticket types with their prices, promo codes, seats, answers; switches of productions and
events; response times of runs; every attempt to deliver a webhook.

The content hash of each occurrence is emptied, so that the next listing saves what the
earlier version did not keep of it.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_STRICT = {"sqlite_strict": True}
_TYPES = ("on_sale", "scheduled", "sold_out", "closed", "hidden", "unknown")
_DELIVERIES = (
    *("received", "done", "failed", "ignored", "test", "rejected", "stale"),
    *("forged", "no-secret", "refused"),
)
_KINDS = (
    *("account", "occurrence", "event", "show", "person", "visitor"),
    *("waiting", "production", "venue", "webhook", "system"),
)


def _words(column: str, words: tuple[str, ...]) -> str:
    return " OR ".join(f"{column} = '{word}'" for word in words)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _on(name: str) -> sa.Column[bool]:
    return sa.Column(name, types.Flag(), nullable=False, server_default="1")


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, types.WHOLE, nullable=True)


def _moment(name: str) -> sa.Column[sa.DateTime]:
    return sa.Column(name, types.Instant(), nullable=True)


def upgrade() -> None:
    _create_ticket_types()
    _extend_catalogue()
    with op.batch_alter_table("orders") as it:
        it.add_column(_text("promo_code"))
    with op.batch_alter_table("tickets") as it:
        it.add_column(_text("seat"))
    with op.batch_alter_table("attendees") as it:
        it.add_column(_text("answers", "{}"))
    with op.batch_alter_table("sync_runs", table_kwargs=_STRICT) as it:
        it.add_column(_text("direction", "pull"))
        it.add_column(_whole("median_response_ms"))
        it.add_column(_whole("slowest_response_ms"))
        it.add_column(_whole("duration_ms"))
        it.create_check_constraint(
            op.f("ck_sync_runs_direction"), _words("direction", ("pull", "push"))
        )
    with op.batch_alter_table("deliveries", table_kwargs=_STRICT) as it:
        it.add_column(_moment("replayed_at"))
        it.alter_column("account_id", existing_type=types.WHOLE, nullable=True)
        it.drop_constraint(op.f("ck_deliveries_state"), type_="check")
        it.create_check_constraint(
            op.f("ck_deliveries_state"), _words("state", _DELIVERIES)
        )
    with op.batch_alter_table("audit", table_kwargs=_STRICT) as it:
        it.drop_constraint(op.f("ck_audit_kind"), type_="check")
        it.create_check_constraint(op.f("ck_audit_kind"), _words("kind", _KINDS))


def _create_ticket_types() -> None:
    op.create_table(
        "ticket_types",
        sa.Column("id", types.WHOLE, nullable=False),
        sa.Column("occurrence_id", types.WHOLE, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("provider_id", "name")),
        _whole("price"),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("is_minimum", types.Flag(), nullable=False),
        *(_whole(name) for name in ("quantity", "sold", "available")),
        *(_moment(name) for name in ("sale_starts_at", "sale_ends_at")),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("position", types.WHOLE, nullable=False),
        _moment("gone_since"),
        sa.CheckConstraint(
            _words("status", _TYPES), name=op.f("ck_ticket_types_status")
        ),
        sa.ForeignKeyConstraint(
            ["occurrence_id"],
            ["occurrences.id"],
            name=op.f("fk_ticket_types_occurrence_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_types")),
        sa.UniqueConstraint(
            "occurrence_id",
            "provider_id",
            name=op.f("uq_ticket_types_occurrence_id_provider_id"),
        ),
        sqlite_strict=True,
    )
    op.create_table(
        "ticket_type_prices",
        sa.Column("ticket_type_id", types.WHOLE, nullable=False),
        sa.Column("seen_at", types.Instant(), nullable=False),
        _whole("price"),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_type_id"],
            ["ticket_types.id"],
            name=op.f("fk_ticket_type_prices_ticket_type_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint(
            "ticket_type_id", "seen_at", name=op.f("pk_ticket_type_prices")
        ),
        sqlite_strict=True,
    )


def _extend_catalogue() -> None:
    with op.batch_alter_table("productions") as it:
        it.add_column(_on("sync_enabled"))
        it.add_column(_on("sync_ticket_sales"))
    with op.batch_alter_table("production_links") as it:
        it.add_column(_text("field_map", "{}"))
        it.add_column(_on("sync_enabled"))
        it.add_column(_on("sync_ticket_sales"))
    with op.batch_alter_table("occurrences") as it:
        it.add_column(_moment("provider_updated_at"))
    with op.batch_alter_table("show_links") as it:
        it.add_column(_moment("last_read_at"))
        it.add_column(_text("problem"))
        it.add_column(_moment("problem_at"))
    occurrences = sa.table("occurrences", sa.column("content", sa.LargeBinary()))
    op.get_bind().execute(occurrences.update().values(content=b""))
