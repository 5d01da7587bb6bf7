"""
Triggers: rows that are written once and never changed or deleted, seats of our own box
office above the capacity, and refunds above what was paid.

Like the views, they hold no data: every upgrade drops them before it changes a table
and recreates them afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

WRITTEN_ONCE = (
    *("refunds", "audit", "periods", "period_lines", "digests"),
    "boxoffice_history",
)

_FUNCTION = "refuse_change"
_WRITTEN_ONCE_SOURCE = (
    " BEGIN RAISE EXCEPTION '% is written once', TG_TABLE_NAME USING ERRCODE = "
    "'restrict_violation'; END "
)  # of the function


@dataclass(frozen=True, slots=True)
class _Limit:
    """
    A condition over a NEW row that refuses it, before it is inserted or changed.
    """

    table: str
    name: str
    condition: str
    message: str

    @property
    def function(self) -> str:
        return f"refuse_{self.name}"

    @property
    def source(self) -> str:
        return (
            f" BEGIN IF {self.condition} THEN RAISE EXCEPTION '{self.message}' USING "
            "ERRCODE = 'check_violation'; END IF; RETURN NEW; END "
        )


_SEATS_OF_SHOW = (
    "(SELECT COALESCE(b.capacity, s.capacity) FROM boxoffice_shows b"
    " JOIN shows s ON s.id = b.show_id WHERE b.show_id = NEW.show_id)"
)
_SEATS_OF_TIER = "(SELECT t.capacity FROM price_tiers t WHERE t.id = NEW.tier_id)"
_LIMITS = (
    _Limit(
        "boxoffice_seats",
        "seat_above_capacity",
        f"NEW.seat_number > {_SEATS_OF_SHOW}"
        f" OR NEW.tier_seat_number > {_SEATS_OF_TIER}",
        "a seat above the capacity",
    ),
    _Limit(
        "payment_refunds",
        "refund_above_payment",
        "NEW.state NOT IN ('failed', 'cancelled') AND NEW.amount +"
        " (SELECT COALESCE(SUM(r.amount), 0) FROM payment_refunds r"
        " WHERE r.payment_id = NEW.payment_id AND r.number <> NEW.number"
        " AND r.state NOT IN ('failed', 'cancelled'))"
        " > (SELECT p.amount FROM payments p WHERE p.id = NEW.payment_id)",
        "more is returned than was paid",
    ),
)


def names() -> tuple[str, ...]:
    """
    The names of all triggers.
    """
    return tuple(name for name, _ in _tables_by_name())


def postgres_sources() -> frozenset[str]:
    """
    What the functions of our triggers do, as PostgreSQL stores it.
    """
    return frozenset({_WRITTEN_ONCE_SOURCE, *(limit.source for limit in _LIMITS)})


def create_all(connection: Connection) -> None:
    """
    Create all triggers.
    """
    if connection.dialect.name == "postgresql":
        sources = {_FUNCTION: _WRITTEN_ONCE_SOURCE}
        sources |= {limit.function: limit.source for limit in _LIMITS}
        for function, source in sources.items():
            connection.execute(
                text(
                    f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger "
                    f"LANGUAGE plpgsql AS $${source}$$"
                )
            )
    for table in WRITTEN_ONCE:
        for change in ("update", "delete"):
            connection.execute(text(_definition(connection, table, change)))
    for limit in _LIMITS:
        for change in ("insert", "update"):
            connection.execute(text(_definition_of_limit(connection, limit, change)))


def drop_all(connection: Connection) -> None:
    """
    Drop the triggers that exist.
    """
    for name, table in _tables_by_name():
        where = f" ON {table}" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{where}"))


def _tables_by_name() -> tuple[tuple[str, str], ...]:
    once = (
        (_name(table, change), table)
        for table in WRITTEN_ONCE
        for change in ("update", "delete")
    )
    limits = (
        (_name_of_limit(limit, change), limit.table)
        for limit in _LIMITS
        for change in ("insert", "update")
    )
    return (*once, *limits)


def _name(table: str, change: str) -> str:
    return f"{table}_no_{change}"


def _name_of_limit(limit: _Limit, change: str) -> str:
    return f"{limit.table}_{change}_no_{limit.name}"


def _definition(connection: Connection, table: str, change: str) -> str:
    start = f"CREATE TRIGGER {_name(table, change)} BEFORE {change.upper()} ON {table}"
    if connection.dialect.name == "postgresql":
        return f"{start} FOR EACH ROW EXECUTE FUNCTION {_FUNCTION}()"
    return f"{start} BEGIN SELECT RAISE(ABORT, '{table} is written once'); END"


def _definition_of_limit(connection: Connection, limit: _Limit, change: str) -> str:
    name = _name_of_limit(limit, change)
    start = f"CREATE TRIGGER {name} BEFORE {change.upper()} ON {limit.table}"
    if connection.dialect.name == "postgresql":
        return f"{start} FOR EACH ROW EXECUTE FUNCTION {limit.function}()"
    return (
        f"{start} WHEN {limit.condition} "
        f"BEGIN SELECT RAISE(ABORT, '{limit.message}'); END"
    )
