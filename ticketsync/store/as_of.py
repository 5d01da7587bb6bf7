"""
What the database said at an instant, as temporary tables under the names of ours.

Both databases look for a name among the temporary tables first. So every query, that of
the recomputation included, reads the past without knowing it, and none can forget to:
there is one arithmetic with two sources. The tables belong to one private connection
and vanish with it.

Names and texts of the catalogue are today's, and so is what is not kept: who was
checked in, and when accounts were read, is unknown here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Table,
    and_,
    delete,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    union_all,
)

from ticketsync.store import order_spans, views
from ticketsync.store.tables.accounts import sync_runs
from ticketsync.store.tables.catalogue import (
    production_links,
    productions,
    show_links,
    shows,
)
from ticketsync.store.tables.door import admissions
from ticketsync.store.tables.financials import (
    show_financials,
    show_ticket_types,
    ticket_fees,
)
from ticketsync.store.tables.history import (
    HISTORY_SINCE,
    facts,
    past_fees,
    past_orders,
    past_tickets,
)
from ticketsync.store.tables.past_links import past_show_links
from ticketsync.store.tables.sales import fees, orders, refunds, tickets
from ticketsync.store.types import Flag, Span

ALWAYS: Final[Span] = (None, None)
# What is not kept of a version.
_UNKNOWN: Final = ("is_checked_in", "code", "second_code", "voided_at")
_SWITCHES: Final = ("sync_enabled", "sync_ticket_sales")
_READ: Final = ("last_read_at", "problem_at")
_TEXTS: Final = ("reason", "batch", "problem", "basis")
_INDEXES: Final = (
    (orders, "id"),
    (tickets, "order_id"),
    (tickets, "occurrence_id"),
    (fees, "occurrence_id"),
    (refunds, "order_id"),
    (show_links, "occurrence_id"),
    (show_links, "show_id"),
    (shows, "id"),
)


def first_instant(connection: Connection) -> datetime | None:
    """
    The instant from which the past is known; `None` where nothing was ever saved. A
    database that held sales before it kept its past knows it from its upgrade on.
    """
    query = select(facts.c.value).where(facts.c.name == HISTORY_SINCE)
    found = connection.scalar(query)
    if found is not None:
        return datetime.fromisoformat(found)
    first = [
        connection.scalar(select(func.min(table.c.known_from)))
        for table in (orders, past_orders, tickets, past_tickets, past_show_links)
    ]
    return min((moment for moment in first if moment is not None), default=None)


def create_tables(
    connection: Connection, moment: datetime, sold: Span = ALWAYS
) -> None:
    """
    Create the tables of that instant, those of figures empty: the recomputation fills
    them. With a span only of the orders that were placed in it.
    """
    sources: Mapping[Table, Select[Any] | Any] = {
        # Those that are read through others come before them.
        show_links: _links_at(moment),
        fees: _fees_at(moment),
        tickets: _tickets_at(moment),
        orders: _orders_at(moment),
        refunds: select(refunds).where(refunds.c.seen_at <= moment),
        shows: _shows_at(moment),
        # Their switches are among those of the links.
        productions: _switched_on(productions),
        production_links: _switched_on(production_links),
        **{
            table: select(table).where(false())
            for table in (
                admissions,
                sync_runs,
                show_financials,
                ticket_fees,
                show_ticket_types,
            )
        },
    }
    for table, query in sources.items():
        _create(connection, table, query)
    if sold != ALWAYS:
        _keep_sold(connection, sold)
    for table, column in _INDEXES:
        name = f"as_of_{table.name}_{column}"
        connection.exec_driver_sql(f"CREATE INDEX {name} ON {table.name} ({column})")
    if connection.dialect.name == "postgresql":
        for table in sources:
            connection.exec_driver_sql(f"ANALYZE {table.name}")
    for statement in _view_statements(connection.dialect):
        connection.execute(text(statement))


def _keep_sold(connection: Connection, sold: Span) -> None:
    """
    Leave out of the temporary tables what was not sold in a span of time. A ticket
    without an order was sold on an unknown day.
    """
    kept = order_spans.placed_between(*sold)
    connection.execute(delete(orders).where(not_(and_(*kept))))
    ids = select(orders.c.id)
    of_none = tickets.c.order_id.is_(None)
    connection.execute(
        delete(tickets).where(or_(of_none, tickets.c.order_id.not_in(ids)))
    )
    for table in (fees, refunds):
        connection.execute(delete(table).where(table.c.order_id.not_in(ids)))


_statements: dict[str, list[str]] = {}  # compiling them takes longer than all the rest


def _view_statements(dialect: Dialect) -> list[str]:
    """
    What creates all views over the temporary tables.
    """
    if dialect.name not in _statements:
        place = "pg_temp" if dialect.name == "postgresql" else "temp"
        _statements[dialect.name] = [
            views.statement(name, dialect, f"{place}.{name}") for name in views.names()
        ]
    return _statements[dialect.name]


def _create(connection: Connection, table: Table, query: Any) -> None:
    sql = query.compile(
        dialect=connection.dialect, compile_kwargs={"literal_binds": True}
    )
    # A percent sign would be a parameter to psycopg, a colon one to SQLAlchemy.
    created = f"CREATE TEMPORARY TABLE {table.name} AS {sql}".replace(":", "\\:")
    connection.execute(text(created))


def _is_in_force(table: Table, moment: datetime) -> ColumnElement[bool]:
    """
    Whether a version is that of the instant.
    """
    until = table.c.known_until
    return and_(table.c.known_from <= moment, or_(until.is_(None), until > moment))


def _orders_at(moment: datetime) -> Any:
    return _versions_at(orders, past_orders, past_orders.c.order_id, moment)


def _tickets_at(moment: datetime) -> Any:
    return _versions_at(tickets, past_tickets, past_tickets.c.ticket_id, moment)


def _versions_at(
    present: Table, past: Table, past_id: Column[int], moment: datetime
) -> Any:
    """
    The rows of that instant: present ones that were known, and past ones in force then.
    """
    return union_all(
        select(*(_present_column(column) for column in present.c)).where(
            present.c.known_from <= moment
        ),
        select(*(_past_column(column, past) for column in present.c))
        .select_from(past.join(present, present.c.id == past_id))
        .where(_is_in_force(past, moment)),
    )


def _present_column(column: Column[Any]) -> ColumnElement[Any]:
    if column.name in _UNKNOWN:
        return _nothing(column)
    return column


def _past_column(column: Column[Any], past: Table) -> ColumnElement[Any]:
    if column.name in _UNKNOWN:
        return _nothing(column)
    if column.name in past.c and column.name != "id":
        return past.c[column.name].label(column.name)
    return column


def _nothing(column: Column[Any]) -> ColumnElement[Any]:
    return func.nullif(column, column).label(column.name)


def _fees_at(moment: datetime) -> Any:
    """
    Fees belong to the version of their order.
    """
    return union_all(
        select(fees)
        .join(orders, orders.c.id == fees.c.order_id)
        .where(orders.c.known_from <= moment),
        select(
            *(
                past_fees.c[column.name] if column.name in past_fees.c else -literal(1)
                for column in fees.c
            )
        ).where(_is_in_force(past_fees, moment)),
    )


def _links_at(moment: datetime) -> Select[Any]:
    """
    The links of that instant; what the links of today say else is theirs.
    """
    past, now = past_show_links, show_links
    known: dict[str, ColumnElement[Any]] = {
        name: past.c[name] for name in ("id", "show_id", "occurrence_id", *_SWITCHES)
    }
    # Nor is it kept when its orders were read; and the link may be no more.
    known |= {name: _nothing(now.c[name]) for name in _READ}
    known |= {name: func.coalesce(now.c[name], "") for name in _TEXTS}
    known["status"] = func.coalesce(now.c.status, "synced")
    known["decided_by"] = func.coalesce(now.c.decided_by, "person")
    known |= {
        name: func.coalesce(now.c[name], past.c.known_from)
        for name in ("starts_at", "created_at")
    }
    return (
        select(*(known[column.name].label(column.name) for column in now.c))
        .select_from(past.outerjoin(now, now.c.occurrence_id == past.c.occurrence_id))
        .where(_is_in_force(past, moment), past.c.show_id.is_not(None))
        .order_by(past.c.occurrence_id)
    )


def _shows_at(moment: datetime) -> Select[Any]:
    """
    Shows of today, each excluded if it was then; one without a link then as it is now.
    """
    past = past_show_links
    then = (
        select(func.max(past.c.is_excluded))
        .where(past.c.show_id == shows.c.id, _is_in_force(past, moment))
        .scalar_subquery()
    )
    replaced = {"is_excluded": func.coalesce(then, shows.c.is_excluded)}
    return select(*(replaced.get(c.name, c).label(c.name) for c in shows.c))


def _switched_on(table: Table) -> Select[Any]:
    return select(
        *(
            literal(1).label(column.name) if isinstance(column.type, Flag) else column
            for column in table.c
        )
    )
