"""
Our own box office: shows on sale, price tiers, orders, seats, tickets, payments, tills,
members and vouchers. New tables only.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

from ticketsync.store import types

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_ORDER = ("pending", "paid", "expired", "cancelled", "refunded")
_TICKET = ("reserved", "issued", "void")
_PAYMENT = (
    *("planned", "succeeded", "sent", "open", "failed", "cancelled", "returned"),
)
_REFUND = ("planned", "succeeded", "sent", "cancelled", "pending", "failed")
_METHODS = ("cash", "card", "complimentary", "voucher")
_TRANSITIONS = {
    "order": (
        *(("", "pending"), ("pending", "pending"), ("pending", "paid")),
        *(("pending", "expired"), ("pending", "cancelled"), ("expired", "paid")),
        *(("cancelled", "paid"), ("paid", "refunded")),
    ),
    "ticket": (
        *(("", "reserved"), ("reserved", "issued"), ("reserved", "void")),
        *(("issued", "issued"), ("issued", "void")),
    ),
    "payment": (
        *(("", "planned"), ("", "succeeded"), ("planned", "sent"), ("sent", "open")),
        *(("sent", "succeeded"), ("sent", "failed"), ("sent", "cancelled")),
        *(("open", "succeeded"), ("open", "failed"), ("open", "cancelled")),
        ("succeeded", "returned"),
    ),
    "refund": (
        *(("", "planned"), ("", "succeeded"), ("planned", "sent")),
        *(("planned", "succeeded"), ("planned", "cancelled"), ("sent", "pending")),
        *(("sent", "succeeded"), ("sent", "failed"), ("pending", "succeeded")),
        *(("pending", "failed"), ("pending", "cancelled")),
    ),
    "till": (("", "open"), ("open", "counted"), ("counted", "closed")),
    "voucher": (("", "open"),),
}


def upgrade() -> None:
    _create_what_is_on_sale()
    _create_who_may_pay_how()
    _create_orders()
    _create_money()
    _create_history()


def _create_what_is_on_sale() -> None:
    _create(
        "boxoffice_shows",
        _whole("show_id", to="shows.id"),
        _whole("account_id", to="accounts.id"),
        _whole("occurrence_id", to="occurrences.id"),
        _whole("capacity", nullable=True),
        _whole("held_back"),
        _flag("counts_other_platforms"),
        *map(_perhaps_at, ("opens_at", "closes_at")),
        *map(_whole, ("hold_minutes", "max_per_order")),
        _flag("one_pending_per_buyer"),
        key=("show_id",),
        unique=[("occurrence_id",)],
        rules={
            "hold_minutes": "hold_minutes BETWEEN 1 AND 1440",
            "max_per_order": "max_per_order >= 1",
            "capacity": "capacity IS NULL OR capacity >= 0",
            "not_negative": "held_back >= 0",
        },
    )
    _create(
        "price_tiers",
        _whole("id"),
        _whole("show_id", to="boxoffice_shows.show_id"),
        _text("name"),
        _whole("price"),
        _text("currency"),
        _whole("capacity", nullable=True),
        *map(_whole, ("min_quantity", "max_quantity")),
        *map(_perhaps_at, ("opens_at", "closes_at")),
        _flag("members_only"),
        _whole("tax_rate_ppm", nullable=True),
        _flag("tax_inclusive"),
        *map(_whole, ("buyer_fee", "position")),
        _perhaps_at("retired_at"),
        unique=[("show_id", "name")],
        rules={
            "currency": "length(currency) = 3",
            "number": "min_quantity >= 1 AND max_quantity >= min_quantity",
            "capacity": "capacity IS NULL OR capacity >= 0",
            "tax_rate_ppm": "tax_rate_ppm IS NULL OR tax_rate_ppm >= 0",
            "not_negative": "price >= 0 AND buyer_fee >= 0",
        },
    )


def _create_who_may_pay_how() -> None:
    _create(
        "members",
        _whole("id"),
        *map(_text, ("number", "name", "email", "from_date", "until_date", "level")),
        _perhaps_at("erased_at"),
        unique=[("number",)],
        rules={
            "from_date": "length(from_date) = 10",
            "until_date": "length(until_date) = 10",
            "days": "from_date <= until_date",
        },
    )
    _create(
        "vouchers",
        _whole("id"),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        _text("kind"),
        _whole("amount"),
        _text("currency"),
        _whole("spent"),
        _perhaps_at("valid_until"),
        _at("created_at"),
        unique=[("code",)],
        rules={
            "currency": "length(currency) = 3",
            "spent": "spent BETWEEN 0 AND amount",
            "kind": _words("kind", "gift", "comp", "discount"),
        },
    )
    _create(
        "till_sessions",
        _whole("id"),
        _whole("show_id", to="shows.id", nullable=True),
        *map(_text, ("till", "person", "currency")),
        _at("opened_at"),
        _whole("opening_float"),
        *(_whole(name, nullable=True) for name in ("counted", "expected")),
        _perhaps_at("closed_at"),
        rules={
            "currency": "length(currency) = 3",
            "counted": "closed_at IS NULL OR counted IS NOT NULL",
            "not_negative": "opening_float >= 0",
        },
    )
    _create_partial("uq_till_sessions_open", "till_sessions", ["till"], _IS_OPEN)


def _create_orders() -> None:
    _create(
        "boxoffice_orders",
        _whole("id"),
        _text("reference"),
        _whole("show_id", to="boxoffice_shows.show_id"),
        *map(_text, ("state", "channel", "buyer_key")),
        _whole("member_id", to="members.id", nullable=True),
        _whole("till_id", to="till_sessions.id", nullable=True),
        *map(_at, ("held_until", "created_at")),
        *map(_perhaps_at, ("paid_at", "ended_at")),
        _text("end_reason"),
        _whole("total"),
        *map(_text, ("currency", "note")),
        unique=[("reference",)],
        rules={
            "state": _words("state", *_ORDER),
            "paid": "state <> 'paid' OR paid_at IS NOT NULL",
            "currency": "length(currency) = 3",
            "not_negative": "total >= 0",
        },
    )
    op.create_index(
        "ix_boxoffice_orders_show_id_state", "boxoffice_orders", ["show_id", "state"]
    )
    _create_partial(
        "uq_boxoffice_orders_pending_buyer",
        "boxoffice_orders",
        ["show_id", "buyer_key"],
        sa.text("state = 'pending' AND buyer_key <> ''"),
    )
    _create(
        "boxoffice_order_lines",
        _whole("order_id", to="boxoffice_orders.id"),
        _whole("tier_id", to="price_tiers.id"),
        *map(_whole, ("quantity", "unit_price", "discount")),
        _whole("tax", nullable=True),
        key=("order_id", "tier_id"),
        rules={
            "quantity": "quantity > 0",
            "not_negative": "unit_price >= 0 AND discount >= 0",
        },
    )
    _create(
        "boxoffice_seats",
        _whole("show_id", to="boxoffice_shows.show_id"),
        _whole("seat_number"),
        _whole("tier_id", to="price_tiers.id"),
        _whole("tier_seat_number"),
        _whole("order_id", to="boxoffice_orders.id"),
        _perhaps_at("held_until"),
        key=("show_id", "seat_number"),
        unique=[("tier_id", "tier_seat_number")],
        rules={"numbers": "seat_number >= 1 AND tier_seat_number >= 1"},
    )
    op.create_index("ix_boxoffice_seats_order_id", "boxoffice_seats", ["order_id"])
    _create(
        "boxoffice_tickets",
        _whole("id"),
        _whole("order_id", to="boxoffice_orders.id"),
        _whole("tier_id", to="price_tiers.id"),
        *map(_whole, ("number", "issue_number")),
        _text("state"),
        *map(_whole, ("price", "discount")),
        _text("code"),
        _perhaps_at("voided_at"),
        unique=[("order_id", "number")],
        rules={
            "state": _words("state", *_TICKET),
            "numbers": "number >= 1 AND issue_number >= 1",
            "not_negative": "price >= 0 AND discount >= 0",
        },
    )


def _create_money() -> None:
    _create(
        "payments",
        _whole("id"),
        _whole("order_id", to="boxoffice_orders.id"),
        _whole("attempt"),
        *map(_text, ("method", "state")),
        _whole("amount"),
        *map(_text, ("currency", "idempotency_key", "reference")),
        _whole("voucher_id", to="vouchers.id", nullable=True),
        _whole("till_id", to="till_sessions.id", nullable=True),
        _perhaps_at("settled_at"),
        unique=[("idempotency_key",), ("order_id", "attempt")],
        rules={
            "method": _words("method", *_METHODS),
            "state": _words("state", *_PAYMENT),
            "currency": "length(currency) = 3",
            "voucher": "(method = 'voucher') = (voucher_id IS NOT NULL)",
            "not_negative": "amount >= 0",
        },
    )
    _create(
        "payment_refunds",
        _whole("id"),
        _whole("payment_id", to="payments.id"),
        _whole("number"),
        _text("state"),
        _whole("amount"),
        *map(_text, ("idempotency_key", "provider_id", "reason")),
        _whole("till_id", to="till_sessions.id", nullable=True),
        _perhaps_at("settled_at"),
        unique=[("idempotency_key",), ("payment_id", "number")],
        rules={
            "state": _words("state", *_REFUND),
            "amount": "amount > 0",
            "settled": "state <> 'succeeded' OR settled_at IS NOT NULL",
        },
    )


def _create_history() -> None:
    pairs = [
        f"kind = '{kind}' AND from_state = '{old}' AND to_state = '{new}'"
        for kind, transitions in _TRANSITIONS.items()
        for old, new in transitions
    ]
    _create(
        "boxoffice_history",
        _whole("id"),
        _text("kind"),
        _whole("row_id"),
        *map(_text, ("from_state", "to_state")),
        _at("at"),
        *map(_text, ("actor", "reason")),
        rules={"transition": " OR ".join(pairs)},
    )
    op.create_index(
        "ix_boxoffice_history_kind_row_id", "boxoffice_history", ["kind", "row_id"]
    )


_IS_OPEN = sa.text("closed_at IS NULL")


def _create(
    table: str,
    *columns: sa.Column[Any],
    key: tuple[str, ...] = ("id",),
    unique: Iterable[tuple[str, ...]] = (),
    rules: dict[str, str],
) -> None:
    op.create_table(
        table,
        *columns,
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
        *(
            sa.ForeignKeyConstraint(
                [column.name],
                [column.info["to"]],
                name=op.f(f"fk_{table}_{column.name}"),
                ondelete="RESTRICT",
            )
            for column in columns
            if "to" in column.info
        ),
        *(
            sa.UniqueConstraint(*names, name=op.f(f"uq_{table}_{'_'.join(names)}"))
            for names in unique
        ),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
            for name, condition in rules.items()
        ),
        sqlite_strict=True,
    )


def _create_partial(
    name: str, table: str, columns: list[str], condition: sa.TextClause
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def _words(column: str, *words: str) -> str:
    return " OR ".join(f"{column} = '{word}'" for word in words)


def _whole(name: str, *, to: str = "", nullable: bool = False) -> sa.Column[int]:
    info = {"to": to} if to else {}
    return sa.Column(name, types.WHOLE, nullable=nullable, info=info)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, types.Flag(), nullable=False)


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, types.Instant(), nullable=False)


def _perhaps_at(name: str) -> sa.Column[object]:
    return sa.Column(name, types.Instant(), nullable=True)
