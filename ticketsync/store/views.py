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
    and_,
    case,
    func,
    inspect,
    select,
    text,
)

from ticketsync.store import (
    account_health_rules,
    capacity,
    counted,
    original_views,
    totals,
)
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    events,
    occurrences,
    productions,
    show_links,
    shows,
    venues,
)
from ticketsync.store.tables.door import admissions
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import attendees, buyers, orders, tickets
from ticketsync.store.types import whole_sum

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
    connection.execute(text(statement(name, connection.dialect, as_name or name)))


def statement(name: str, dialect: Dialect, as_name: str) -> str:
    """
    The statement that creates a view under that name.
    """
    body = definition(name, dialect)
    columns = ", ".join(column_names(name))
    # A percent sign would be a parameter to psycopg, a colon one to SQLAlchemy.
    return f"CREATE VIEW {as_name} ({columns}) AS {body}".replace(":", "\\:")


def drop_all(connection: Connection) -> None:
    """
    Drop the views that exist.
    """
    for name in {*inspect(connection).get_view_names()} & {*names()}:
        connection.execute(text(f"DROP VIEW {name}"))


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
            shows.c.id.label("event_id"),
            *(tickets.c[name] for name in totals.GROSS_PARTS.values()),
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
            shows.c.id.label("event_id"),
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
                whole_sum(show_financials.c[name]).label(name)
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
    listing = _main_listing().subquery("listing")
    money = _single_currency().subquery("money")
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
            listing.c.event_name,
            listing.c.url,
            listing.c.buy_link,
            case((money.c.show_id.is_(None), 0), else_=money.c.gross).label("gross"),
            case(
                (money.c.show_id.is_(None), shows.c.currency), else_=money.c.currency
            ).label("currency"),
            listing.c.status,
        )
        .select_from(shows)
        .join(productions, productions.c.id == shows.c.production_id)
        .join(venues, venues.c.id == shows.c.venue_id)
        .join(seats, seats.c.show_id == shows.c.id)
        .outerjoin(summed, summed.c.show_id == shows.c.id)
        .outerjoin(sources, sources.c.show_id == shows.c.id)
        .outerjoin(money, money.c.show_id == shows.c.id)
        .outerjoin(
            listing, and_(listing.c.show_id == shows.c.id, listing.c.position == 1)
        )
    )


# A show on several platforms has the status of the first of these that one reports.
_STATUSES = ("on_sale", "closed", "draft", "cancelled", "gone")


def _main_listing() -> Select[Any]:
    """
    The listings of each show by `position`: first the one that is on sale.
    """
    status = case(
        (occurrences.c.gone_since.is_not(None), "gone"), else_=occurrences.c.status
    )
    buy_link = func.coalesce(occurrences.c.url, events.c.url)
    rank = case(*((status == word, n) for n, word in enumerate(_STATUSES)))
    has_no_link = case((buy_link.is_(None), 1), else_=0)
    position = func.row_number().over(
        partition_by=show_links.c.show_id, order_by=(rank, has_no_link, show_links.c.id)
    )
    return (
        select(
            show_links.c.show_id,
            position.label("position"),
            events.c.name.label("event_name"),
            func.coalesce(events.c.url, occurrences.c.url).label("url"),
            buy_link.label("buy_link"),
            status.label("status"),
        )
        .select_from(counted.followed_links())
        .join(occurrences, occurrences.c.id == show_links.c.occurrence_id)
        .join(events, events.c.id == occurrences.c.event_id)
    )


def _single_currency() -> Select[Any]:
    """
    Gross and currency of each show with figures; null where it has several currencies.
    """
    currency = show_financials.c.currency
    is_one = func.min(currency) == func.max(currency)
    gross = whole_sum(show_financials.c.gross)
    return select(
        show_financials.c.show_id,
        case((is_one, gross)).label("gross"),
        case((is_one, func.min(currency))).label("currency"),
    ).group_by(show_financials.c.show_id)


def _sync_health() -> Select[Any]:
    facts = account_health_rules.account_facts().subquery("facts")
    unchanged = (
        *("account", "provider", "state", "failures", "breaker_until"),
        *("last_attempt_at", "last_success_at", "quarantined", "failed_deliveries"),
    )
    return select(
        *(facts.c[name] for name in unchanged),
        account_health_rules.word(facts).label("health"),
        account_health_rules.since(facts).label("health_since"),
    )


_DEFINITIONS: dict[str, Callable[[], Select[Any]]] = {
    "show_totals": lambda: totals.show_totals(),
    "ticket_sales_analytics": _ticket_sales_analytics,
    "attendee_checkin_status": _attendee_checkin_status,
    "session_complete": _session_complete,
    "sync_health": _sync_health,
    "production_totals": lambda: totals.production_totals(),
    "ticket_sales": original_views.ticket_sales,
    "webhook_logs": original_views.webhook_logs,
    "ticket_platforms": original_views.ticket_platforms,
    "ticket_sales_log": original_views.ticket_sales_log,
}
