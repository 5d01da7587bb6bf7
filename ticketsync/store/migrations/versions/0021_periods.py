"""
Closed periods: their lines, which are never changed, and the chain of their digests.
"""

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_KINDS = ("sale", "refund", "dispute")
_CAUSES = (
    *("", "refund-after-close", "refund-reversed", "fee-corrected", "order-edited"),
    *("chargeback", "late-sale", "occurrence-linked", "occurrence-unlinked"),
    *("rule-changed", "rate-changed", "reparsed"),
)
_AUDITED = (
    *("account", "occurrence", "event", "show", "person", "visitor"),
    *("waiting", "production", "venue", "webhook", "system", "period"),
)


def upgrade() -> None:
    with op.batch_alter_table("audit", table_kwargs={"sqlite_strict": True}) as it:
        it.drop_constraint(op.f("ck_audit_kind"), type_="check")
        it.create_check_constraint(
            op.f("ck_audit_kind"), _words("kind", *_AUDITED)
        )
    op.create_table(
        "periods",
        _whole("id"),
        _text("name"),
        _whole("version"),
        *map(_text, ("state", "starts_on", "ends_on", "zone", "basis")),
        _instant("closed_at"),
        *map(_text, ("closed_by", "reason", "program", "rules", "checklist")),
        _whole("line_count"),
        _blob("digest"),
        _blob("chain"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_periods")),
        sa.UniqueConstraint(
            *("name", "version", "state"), name=op.f("uq_periods_name_version_state")
        ),
        _one_of("periods", "state", "closed", "reopened"),
        _one_of("periods", "basis", "sale", "show"),
        _check("periods", "starts_on", "length(starts_on) = 10"),
        _check("periods", "ends_on", "length(ends_on) = 10"),
        _check("periods", "days", "starts_on <= ends_on"),
        _check("periods", "version", "version >= 1"),
        _check("periods", "not_negative", "line_count >= 0"),
        sqlite_strict=True,
    )
    op.create_table(
        "period_lines",
        _points_to_period("period_id"),
        _whole("number"),
        _points_to_period("origin_id"),
        *map(_text, ("kind", "effective_on")),
        _instant("known_at"),
        _whole("account_id"),
        *map(_text, ("account", "provider", "order_id", "reference")),
        _whole("show_id"),
        *map(_text, ("production", "venue", "starts_local", "currency")),
        *map(_whole, ("tickets", "comps", "face", "discount", "buyer_fee", "addons")),
        *map(_whole, ("donation", "voucher", "tax_added", "unexplained")),
        *map(_whole, ("parts_unknown", "charged", "refunded", "tax", "tax_unknown")),
        *map(_whole, ("tax_remitted", "fees", "fees_unknown", "fee_tax")),
        _whole("fee_tax_unknown"),
        *map(_text, ("fees_source", "tax_lines", "content", "cause", "note")),
        _blob("digest"),
        sa.PrimaryKeyConstraint(
            *("period_id", "number"), name=op.f("pk_period_lines")
        ),
        _one_of("period_lines", "kind", *_KINDS),
        _one_of("period_lines", "cause", *_CAUSES),
        _check("period_lines", "origin", "(cause = '') = (origin_id = period_id)"),
        _check("period_lines", "number", "number >= 1"),
        _check("period_lines", "effective_on", "length(effective_on) = 10"),
        _check(
            *("period_lines", "parts"),
            "parts_unknown <> 0 OR charged = face + buyer_fee + addons + donation"
            " - voucher + tax_added + unexplained",
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_period_lines_origin_id", "period_lines", ["origin_id"])
    op.create_table(
        "digests",
        _text("name"),
        _whole("number"),
        _blob("digest"),
        _blob("chain"),
        _instant("at"),
        sa.PrimaryKeyConstraint("name", "number", name=op.f("pk_digests")),
        _check("digests", "number", "number >= 1"),
        sqlite_strict=True,
    )


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _one_of(table: str, column: str, *words: str) -> sa.CheckConstraint:
    return _check(table, column, _words(column, *words))


def _words(column: str, *words: str) -> str:
    return " OR ".join(f"{column} = '{word}'" for word in words)


def _points_to_period(name: str) -> sa.Column[int]:
    reference = sa.ForeignKey(
        "periods.id", name=op.f(f"fk_period_lines_{name}"), ondelete="RESTRICT"
    )
    return sa.Column(name, types.WHOLE, reference, nullable=False)


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, types.Instant(), nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, types.WHOLE, nullable=False)


def _blob(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)
