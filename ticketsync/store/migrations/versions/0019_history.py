"""
What the database said before: superseded versions of orders, tickets and fees, which
occurrence was linked to which show, and the first block of every raw record.

The past of a database that holds sales is known from this upgrade on (`history_since`):
what was overwritten before is not to be had. An empty one knows all of its past.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from ticketsync.core import clock
from ticketsync.store import types

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_STRICT = {"sqlite_strict": True}
_PARTS = ("buyer_fee", "addons", "donation", "voucher", "tax_added", "unexplained")
_LASTED = "known_from < known_until"
_WHEN_READ = (
    "SELECT MIN(raw_blocks.fetched_at) FROM raw_records JOIN raw_blocks"
    " ON raw_blocks.id = raw_records.block_id WHERE raw_records.account_id ="
    " {table}.account_id AND raw_records.kind = '{kind}' AND raw_records.provider_id ="
    " {table}.provider_id AND raw_records.content = {table}.content"
)


def upgrade() -> None:
    now = clock.now()
    _create_tables()
    _add_first_blocks()
    with op.batch_alter_table("orders") as it:
        it.add_column(sa.Column("known_from", types.Instant(), nullable=True))
    with op.batch_alter_table("tickets") as it:
        it.add_column(sa.Column("known_from", types.Instant(), nullable=True))
    _fill_known_from()
    for name in ("orders", "tickets"):
        table = sa.table(name, sa.column("known_from", types.Instant()))
        # Also where the clock of the machine was ahead.
        is_later = table.c.known_from.is_(None) | (table.c.known_from > now)
        op.execute(table.update().where(is_later).values(known_from=now))
        with op.batch_alter_table(name, table_kwargs=_STRICT) as it:
            it.alter_column("known_from", nullable=False)
    _record_links(now)
    connection = op.get_bind()
    sold = "SELECT EXISTS (SELECT 1 FROM tickets) OR EXISTS (SELECT 1 FROM orders)"
    if connection.execute(sa.text(sold)).scalar():
        facts = sa.table("facts", sa.column("name"), sa.column("value"))
        since = {"name": "history_since", "value": clock.iso(now)}
        op.execute(facts.insert().values(since))
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise sa.exc.IntegrityError("foreign_key_check", None, Exception(broken))


def _create_tables() -> None:
    op.create_table(
        "past_orders",
        _points_to("past_orders", "order_id", "orders"),
        _instant("known_from"),
        _instant("known_until"),
        _whole("occurrence_id", nullable=True),
        _text("status"),
        _instant("placed_at"),
        _text("currency"),
        *map(_whole, ("total", "charged", "refunded", "credited")),
        _text("channel"),
        _text("payment_reference", nullable=True),
        _text("doubt", nullable=True),
        sa.Column("gone_since", types.Instant(), nullable=True),
        _text("promo_code"),
        sa.Column("tax_on_top", types.Flag(), nullable=True),
        *_unknown("buyer_fees", "addons", "donations", "vouchers"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *_keys("past_orders", "order_id", "known_from"),
        sqlite_strict=True,
    )
    op.create_table(
        "past_tickets",
        _points_to("past_tickets", "ticket_id", "tickets"),
        _instant("known_from"),
        _instant("known_until"),
        _points_to("past_tickets", "order_id", "orders", nullable=True),
        _whole("occurrence_id"),
        *map(_text, ("kind", "status", "type_name", "currency")),
        *map(_flag, ("is_sold", "is_comp", "is_refunded")),
        *map(_whole, ("face", "discount", "charged", "refunded")),
        _whole("tax", nullable=True),
        _whole("tax_remitted"),
        *_unknown("fees", *_PARTS),
        *_keys("past_tickets", "ticket_id", "known_from"),
        _check("past_tickets", "parts", _adds_up()),
        _check(
            *("past_tickets", "not_negative"),
            "is_sold >= 0 AND is_comp >= 0 AND is_refunded >= 0",
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_past_tickets_known_until", "past_tickets", ["known_until"])
    op.create_table(
        "past_fees",
        _points_to("past_fees", "order_id", "orders"),
        _instant("known_from"),
        _whole("occurrence_id"),
        _text("name"),
        _instant("known_until"),
        *_unknown("amount", "tax"),
        *_keys("past_fees", "order_id", "known_from", "occurrence_id", "name"),
        sqlite_strict=True,
    )
    op.create_table(
        "past_show_links",
        sa.Column("id", types.WHOLE, nullable=False),
        _points_to("past_show_links", "occurrence_id", "occurrences", "CASCADE"),
        _points_to("past_show_links", "show_id", "shows", "SET NULL", nullable=True),
        *map(_flag, ("sync_enabled", "sync_ticket_sales", "is_excluded")),
        _instant("known_from"),
        sa.Column("known_until", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_show_links")),
        _check("past_show_links", "lasted", f"known_until IS NULL OR {_LASTED}"),
        _check(
            *("past_show_links", "not_negative"),
            "sync_enabled >= 0 AND sync_ticket_sales >= 0 AND is_excluded >= 0",
        ),
        sqlite_strict=True,
    )
    for name in ("show_id", "occurrence_id"):
        op.create_index(f"ix_past_show_links_{name}", "past_show_links", [name])
    op.create_table(
        "facts",
        _text("name"),
        _text("value"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
        sqlite_strict=True,
    )


def _add_first_blocks() -> None:
    with op.batch_alter_table("raw_records") as it:
        it.add_column(_whole("first_block_id", nullable=True))
    op.execute("UPDATE raw_records SET first_block_id = block_id")
    with op.batch_alter_table("raw_records", table_kwargs=_STRICT) as it:
        it.alter_column("first_block_id", nullable=False)
        it.create_check_constraint(
            op.f("ck_raw_records_first"), "first_block_id <= block_id"
        )


def _fill_known_from() -> None:
    """
    What stands in the tables was known when its raw record was read.
    """
    when_read = _WHEN_READ.format(table="orders", kind="order")
    set_known = f"UPDATE orders SET known_from = ({when_read})"  # nosec B608  # constants
    op.execute(set_known)
    op.execute(
        "UPDATE tickets SET known_from = (SELECT orders.known_from FROM orders"
        " WHERE orders.id = tickets.order_id) WHERE order_id IS NOT NULL"
    )
    when_read = _WHEN_READ.format(table="tickets", kind="ticket")
    loose = "WHERE order_id IS NULL"
    set_known = f"UPDATE tickets SET known_from = ({when_read}) {loose}"  # nosec B608  # constants
    op.execute(set_known)


def _record_links(now: object) -> None:
    """
    The present state of every link, from now on.
    """
    follows, sells = (
        f"show_links.{name} = 1 AND productions.{name} = 1"
        f" AND COALESCE(production_links.{name}, 1) = 1"
        for name in ("sync_enabled", "sync_ticket_sales")
    )
    op.execute(
        sa.text(
            "INSERT INTO past_show_links (occurrence_id, show_id, sync_enabled,"  # nosec B608  # constants
            " sync_ticket_sales, is_excluded, known_from)"
            " SELECT show_links.occurrence_id, show_links.show_id,"
            f" CASE WHEN {follows} THEN 1 ELSE 0 END,"
            f" CASE WHEN {follows} AND {sells} THEN 1 ELSE 0 END,"
            " shows.is_excluded, :now FROM show_links"
            " JOIN shows ON shows.id = show_links.show_id"
            " JOIN productions ON productions.id = shows.production_id"
            " JOIN occurrences ON occurrences.id = show_links.occurrence_id"
            " LEFT JOIN production_links"
            " ON production_links.event_id = occurrences.event_id"
            " ORDER BY show_links.id"
        ).bindparams(sa.bindparam("now", now, types.Instant()))
    )


def _keys(table: str, *names: str) -> Iterator[sa.Constraint]:
    yield sa.PrimaryKeyConstraint(*names, name=op.f(f"pk_{table}"))
    yield _check(table, "lasted", _LASTED)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _points_to(
    table: str,
    name: str,
    target: str,
    on_delete: str = "RESTRICT",
    *,
    nullable: bool = False,
) -> sa.Column[int]:
    reference = sa.ForeignKey(
        f"{target}.id", name=op.f(f"fk_{table}_{name}"), ondelete=on_delete
    )
    return sa.Column(name, types.WHOLE, reference, nullable=nullable)


def _instant(name: str) -> sa.Column[object]:
    return sa.Column(name, types.Instant(), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, types.Flag(), nullable=False)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, types.WHOLE, nullable=nullable)


def _unknown(*names: str) -> list[sa.Column[int]]:
    return [_whole(name, nullable=True) for name in names]


def _adds_up() -> str:
    more = [name for name in _PARTS if name != "voucher"]
    rest = " - ".join(("charged", "face", *more))
    unknown = " AND ".join(f"{name} IS NULL" for name in (*more, "voucher"))
    return f"COALESCE({rest} + voucher, 1) = 0 OR ({unknown})"
