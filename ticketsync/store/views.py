"""
The SQL views, a public interface: their columns keep their names and order; new ones
are added at the end.

They hold no data: every upgrade of the database drops them before it changes a table
and recreates them from these definitions afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Connection,
    Dialect,
    Select,
    case,
    cast,
    func,
    inspect,
    select,
    text,
)

from ticketsync.store import account_situations, capacity, counted
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import productions, show_links, shows, venues
from ticketsync.store.tables.door import admissions
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import attendees, buyers, orders, tickets
from ticketsync.store.types import WHOLE

EARLIEST = "0006"  # the first schema whose views are not created by migrations


def names() -> tuple[str, ...]:
    """
    The names of all views.
    """
    return tuple(_DEFINITIONS)


def column_names(name: str) -> list[str]:
    """
    The columns of a view, in their order.
    """
    return list(_DEFINITIONS[name]().selected_columns.keys())


def definition(name: str, dialect: Dialect) -> str:
    """
    The SELECT of a view in that dialect.
    """
    query = _DEFINITIONS[name]()
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def create_all(connection: Connection) -> None:
    """
    Create all views.
    """
    for name in names():
        create(connection, name)


def create(connection: Connection, name: str, *, as_name: str = "") -> None:
    """
    Create one view, under its own name or another one.
    """
    body = definition(name, connection.dialect)
    columns = ", ".join(column_names(name))
    # A percent sign would be a parameter to psycopg, a colon one to SQLAlchemy.
    made = f"CREATE VIEW {as_name or name} ({columns}) AS {body}"
    connection.execute(text(made.replace(":", "\\:")))


def drop_all(connection: Connection) -> None:
    """
    Drop the views that exist.
    """
    for name in {*inspect(connection).get_view_names()} & {*names()}:
        connection.execute(text(f"DROP VIEW {name}"))


def _show_totals() -> Select[Any]:
    seats = capacity.show_seats().subquery("seats")
    every_fee_is_known = func.count(show_financials.c.fees) == func.count()
    every_tax_is_known = func.count(show_financials.c.tax) == func.count()

    def total(column: Any) -> Any:
        return cast(func.sum(column), WHOLE)

    return (
        select(
            shows.c.id.label("show_id"),
            productions.c.title.label("production"),
            shows.c.starts_at,
            shows.c.starts_local,
            venues.c.name.label("venue"),
            show_financials.c.currency,
            seats.c.capacity,
            *(
                total(show_financials.c[name]).label(name)
                for name in (
                    *("tickets_sold", "tickets_comp", "tickets_refunded", "checked_in"),
                    *("face", "discounts", "gross"),
                )
            ),
            case((every_fee_is_known, total(show_financials.c.fees))).label("fees"),
            total(show_financials.c.refunded).label("refunded"),
            case((every_tax_is_known, total(show_financials.c.tax))).label("tax"),
            total(show_financials.c.tax_remitted).label("tax_remitted"),
            case((every_fee_is_known, total(show_financials.c.net))).label("net"),
            total(show_financials.c.net_before_fees).label("net_before_fees"),
        )
        .select_from(show_financials)
        .join(shows, shows.c.id == show_financials.c.show_id)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .join(seats, seats.c.show_id == shows.c.id)
        .group_by(
            shows.c.id,
            productions.c.title,
            shows.c.starts_at,
            shows.c.starts_local,
            venues.c.name,
            show_financials.c.currency,
            seats.c.capacity,
        )
    )


def _ticket_sales_analytics() -> Select[Any]:
    return (
        select(
            shows.c.id.label("show_id"),
            productions.c.title.label("production"),
            venues.c.name.label("venue"),
            shows.c.starts_at,
            shows.c.starts_local,
            accounts.c.name.label("account"),
            accounts.c.provider,
            orders.c.provider_id.label("order_id"),
            orders.c.placed_at,
            orders.c.status.label("order_status"),
            orders.c.channel,
            tickets.c.provider_id.label("ticket_id"),
            tickets.c.kind,
            tickets.c.type_name.label("ticket_type"),
            tickets.c.currency,
            tickets.c.is_sold,
            tickets.c.is_comp,
            tickets.c.is_refunded,
            tickets.c.face,
            tickets.c.discount,
            tickets.c.charged,
            tickets.c.refunded,
            tickets.c.tax,
            tickets.c.tax_remitted,
            tickets.c.fees,
        )
        .select_from(counted.counted_tickets())
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .outerjoin(orders, orders.c.id == tickets.c.order_id)
    )


def _attendee_checkin_status() -> Select[Any]:
    return (
        select(
            shows.c.id.label("show_id"),
            productions.c.title.label("production"),
            shows.c.starts_local,
            accounts.c.name.label("account"),
            orders.c.provider_id.label("order_id"),
            tickets.c.provider_id.label("ticket_id"),
            tickets.c.type_name.label("ticket_type"),
            tickets.c.is_comp,
            counted.is_checked_in().label("is_checked_in"),
            func.coalesce(
                func.nullif(attendees.c.name, ""), func.nullif(buyers.c.name, "")
            ).label("attendee"),
            func.coalesce(
                func.nullif(attendees.c.email, ""), func.nullif(buyers.c.email, "")
            ).label("email"),
            case((admissions.c.is_in, admissions.c.at)).label("checked_in_at"),
            case((admissions.c.is_in, admissions.c.door)).label("door"),
        )
        .select_from(counted.admitting_tickets())
        .join(productions, productions.c.id == shows.c.production_id)
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .outerjoin(orders, orders.c.id == tickets.c.order_id)
        .outerjoin(attendees, attendees.c.ticket_id == tickets.c.id)
        .outerjoin(buyers, buyers.c.order_id == orders.c.id)
    )


def _session_complete() -> Select[Any]:
    seats = capacity.show_seats().subquery("seats")
    summed = (
        select(
            show_financials.c.show_id,
            *(
                cast(func.sum(show_financials.c[name]), WHOLE).label(name)
                for name in ("tickets_comp", "checked_in")
            ),
        )
        .group_by(show_financials.c.show_id)
        .subquery("f")
    )
    sources = (
        select(show_links.c.show_id, func.count().label("number"))
        .select_from(counted.followed_links())
        .group_by(show_links.c.show_id)
        .subquery("sources")
    )
    return (
        select(
            shows.c.id.label("show_id"),
            productions.c.title.label("production"),
            venues.c.name.label("venue"),
            shows.c.starts_at,
            shows.c.starts_local,
            shows.c.timezone,
            seats.c.capacity,
            seats.c.tickets_sold,
            *(
                func.coalesce(summed.c[name], 0).label(name)
                for name in ("tickets_comp", "checked_in")
            ),
            (seats.c.capacity - seats.c.tickets_sold).label("left_to_sell"),
            func.coalesce(sources.c.number, 0).label("sources"),
            shows.c.is_excluded,
            seats.c.fullness,
        )
        .select_from(shows)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .join(seats, seats.c.show_id == shows.c.id)
        .outerjoin(summed, summed.c.show_id == shows.c.id)
        .outerjoin(sources, sources.c.show_id == shows.c.id)
    )


def _sync_health() -> Select[Any]:
    facts = account_situations.account_facts().subquery("facts")
    unchanged = (
        *("account", "provider", "state", "failures", "breaker_until"),
        *("last_attempt_at", "last_success_at", "quarantined", "failed_deliveries"),
    )
    return select(
        *(facts.c[name] for name in unchanged),
        account_situations.word(facts).label("health"),
        account_situations.since(facts).label("health_since"),
    )


_DEFINITIONS: dict[str, Callable[[], Select[Any]]] = {
    "show_totals": _show_totals,
    "ticket_sales_analytics": _ticket_sales_analytics,
    "attendee_checkin_status": _attendee_checkin_status,
    "session_complete": _session_complete,
    "sync_health": _sync_health,
}
