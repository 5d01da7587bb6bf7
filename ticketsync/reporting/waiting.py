"""
Items that wait for a person, except for the health of accounts.

Status, pages, alerts and doctor show them through `workflows.waiting`, which adds the
accounts and leaves out dismissed items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    or_,
    select,
)

from ticketsync.core import clock, moved_dates
from ticketsync.core.plurals import number_of
from ticketsync.reporting import other_currencies, waiting_rows
from ticketsync.reporting.waiting_kinds import (
    CURRENCY_CHANGED,
    DELISTED,
    DELISTED_ORDER,
    FAILED_DELIVERY,
    KINDS,
    MOVED,
    NOT_ON_SALE,
    ORDER,
    OVERSOLD,
    QUARANTINE,
    REFUSED_DELIVERY,
    UNMATCHED,
    Waiting,
)
from ticketsync.store import capacity, counted
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    occurrences,
    productions,
    show_links,
    shows,
)
from ticketsync.store.tables.sales import orders, quarantine
from ticketsync.store.tables.webhooks import deliveries

REFUSED_FOR: Final = timedelta(days=1)  # after that, refused deliveries are not shown
_DELIVERY: Final = (
    *(deliveries.c.id, deliveries.c.key, deliveries.c.state),
    *(deliveries.c.received_at, deliveries.c.settled_at),
)
# What a stored record of a provider says of money and identity.
SalesOf = Callable[[str, bytes], bytes]


def list_waiting(
    connection: Connection,
    now: datetime,
    on_sale_until: datetime,
    *,
    sales_of: SalesOf,
) -> list[Waiting]:
    """
    All items, including dismissed ones, the worst first.
    """
    return [
        *list_shows(connection, now, on_sale_until),
        *list_moved(connection),
        *list_changed_currencies(connection),
        *list_quarantined(connection, sales_of),
        *list_discrepancies(connection),
        *list_failed_deliveries(connection),
        *list_refused_deliveries(connection, now),
        *list_unmatched(connection),
        *list_delisted(connection),
    ]


def list_shows(connection: Connection, now: datetime, until: datetime) -> list[Waiting]:
    """
    Oversold shows; and upcoming ones, up to that instant, that no platform has on sale.
    One that has sales and is closed was on sale.
    """
    seats = capacity.show_seats().subquery("seats")
    is_not_on_sale = and_(
        shows.c.starts_at >= now,
        shows.c.starts_at < until,
        counted.takes_part(),
        ~waiting_rows.has_occurrence("on_sale"),
        ~and_(seats.c.tickets_sold > 0, waiting_rows.has_occurrence("closed")),
    )
    rows = waiting_rows.read_shows(
        connection,
        seats,
        {"is_oversold": _is_oversold(seats), "is_not_on_sale": is_not_on_sale},
    )
    return [
        *_oversold(connection, (row for row in rows if row.is_oversold)),
        *(_of_not_on_sale(row) for row in rows if row.is_not_on_sale),
    ]


def list_oversold(connection: Connection) -> list[Waiting]:
    """
    Shows with more tickets sold, over all accounts, than seats. Of those that our own
    box office sells, too, tickets take a seat whether their sales count or not.
    """
    return _oversold(connection, _read_oversold(connection, capacity.show_seats()))


def _oversold(connection: Connection, counted: Iterable[Any]) -> list[Waiting]:
    """
    Beside the rows of those that are oversold by what counts: those by what admits.
    """
    rows = {row.id: row for row in counted}
    if capacity.sells_all_seats(connection):
        own = _read_oversold(connection, capacity.admitting_seats())
        rows.update((row.id, row) for row in own)
    in_order = sorted(rows.values(), key=lambda row: (row.starts_local, row.id))
    return [_of_oversold(row) for row in in_order]


def _read_oversold(connection: Connection, query: Select[Any]) -> Iterable[Any]:
    seats = query.subquery("seats")
    rows = waiting_rows.read_shows(
        connection, seats, {"is_oversold": _is_oversold(seats)}
    )
    return (row for row in rows if row.is_oversold)


def _is_oversold(seats: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = seats.c.fullness == capacity.OVERSOLD
    return found


def _of_oversold(row: Any) -> Waiting:
    return Waiting(
        OVERSOLD,
        str(row.id),
        f"{_show_text(row)}: oversold, {row.tickets_sold:,} sold of "
        f"{number_of(row.capacity, 'seat')}",
        version=f"{row.tickets_sold}/{row.capacity}",
        to_do=f"ticketsync shows show {row.id}",
        own_page=f"/shows/{row.id}",
    )


def _of_not_on_sale(row: Any) -> Waiting:
    return Waiting(
        NOT_ON_SALE,
        str(row.id),
        f"{_show_text(row)}: no platform has it on sale",
        to_do=f"ticketsync match, or ticketsync waiting dismiss {NOT_ON_SALE}:{row.id}",
        own_page=f"/shows/{row.id}",
    )


def list_moved(connection: Connection) -> list[Waiting]:
    """
    Dates that are at another time than their show, see `catalogue.moves`, by the first
    occurrence of each.
    """
    rows = waiting_rows.read_occurrences(
        connection,
        show_links.c.status == "conflict",
        columns=[
            productions.c.title,
            shows.c.starts_local.label("show_local"),
        ],
        join=lambda joined: joined.join(shows, shows.c.id == show_links.c.show_id).join(
            productions, productions.c.id == shows.c.production_id
        ),
    )
    return [
        Waiting(
            MOVED,
            str(row.id),
            f"{row.account}: {row.name} is {_now_at(row)}; its show, {row.title}, is "
            f"{clock.format_local(row.show_local)}",
            version=str(row.starts_local),
            to_do=moved_dates.choices(
                *(row.account, str(row.id), str(row.show_id)),
                row.starts_local if row.is_dated else "",
            ),
            own_page=f"/occurrences/{row.id}",
            show_id=row.show_id,
        )
        for row in waiting_rows.first_parts(rows)
    ]


def list_changed_currencies(connection: Connection) -> list[Waiting]:
    """
    Linked dates that are listed in another currency than they were sold in, by the
    first such occurrence of each.
    """
    return [
        Waiting(
            CURRENCY_CHANGED,
            str(item.row.id),
            f"{_occurrence_text(item.row)} is listed in {item.row.usual} and has "
            f"sales in {' and '.join(item.currencies)}",
            version=f"{item.row.usual} {' '.join(item.currencies)}",
            to_do=f"ticketsync unlink {item.row.id}, or ticketsync waiting dismiss "
            f"{CURRENCY_CHANGED}:{item.row.id}",
            own_page=f"/occurrences/{item.row.id}",
            show_id=item.row.show_id,
        )
        for item in other_currencies.list_changed(connection)
    ]


def list_unmatched(connection: Connection) -> list[Waiting]:
    """
    Listed dates without a show, unless a person refused them, by the first occurrence
    of each.
    """
    rows = waiting_rows.read_occurrences(
        connection,
        *waiting_rows.has_no_show(),
        occurrences.c.gone_since.is_(None),
        occurrences.c.is_dated,
    )
    return [
        Waiting(
            UNMATCHED,
            str(row.id),
            f"{_occurrence_text(row)} belongs to no show",
            version=str(row.starts_local),
        )
        for row in waiting_rows.first_parts(rows)
    ]


def list_delisted(connection: Connection) -> list[Waiting]:
    """
    Dates that left their platform's listing before they took place, and are linked to a
    show or have orders, by the first occurrence of each.
    """
    has_orders = (
        select(orders.c.id).where(orders.c.occurrence_id == occurrences.c.id).exists()
    )
    rows = waiting_rows.read_occurrences(
        connection,
        occurrences.c.gone_since.is_not(None),
        or_(
            ~occurrences.c.is_dated,
            occurrences.c.starts_at >= occurrences.c.gone_since,
        ),
        or_(show_links.c.id.is_not(None), has_orders),
    )
    return [
        Waiting(
            DELISTED,
            str(row.id),
            f"{_occurrence_text(row)} is no longer listed; its orders are kept",
            version=str(row.gone_since),
        )
        for row in waiting_rows.first_parts(rows)
    ]


def list_quarantined(connection: Connection, sales_of: SalesOf) -> list[Waiting]:
    """
    Accounts with records in quarantine. Another one is what says something else of
    money or identity, not one of which a guest was scanned.
    """
    # What a listing says of an event changes with each sale.
    is_sale = quarantine.c.kind.in_(("order", "ticket"))
    columns = [
        *(accounts.c.provider, case((is_sale, quarantine.c.record))),
        *(quarantine.c.kind, quarantine.c.provider_id, quarantine.c.reason),
        quarantine.c.first_seen_at,
    ]

    def identify(provider: str, record: bytes | None, *others: Any) -> tuple[Any, ...]:
        return *others, record and sales_of(provider, record)

    rows = waiting_rows.list_by_account(
        connection, quarantine, columns, identify=identify
    )
    return [_of_account(QUARANTINE, row) for row in rows]


def list_discrepancies(connection: Connection) -> list[Waiting]:
    """
    Orders that do not add up, and those that are no longer listed and still count.
    """
    return [
        Waiting(
            ORDER if row.gone_since is None else DELISTED_ORDER,
            f"{row.name}/{row.provider_id}",
            f"{row.name}, order {row.provider_id}: {row.doubt}",
            version=row.doubt,
        )
        for row in waiting_rows.read_discrepancies(connection)
    ]


def list_failed_deliveries(connection: Connection) -> list[Waiting]:
    """
    Accounts with deliveries that had no effect after all retries.
    """
    return [
        _of_account(FAILED_DELIVERY, row)
        for row in waiting_rows.list_by_account(
            connection, deliveries, _DELIVERY, deliveries.c.state == "failed"
        )
    ]


def list_refused_deliveries(connection: Connection, now: datetime) -> list[Waiting]:
    """
    Accounts with deliveries that were refused within the last day: with an invalid
    signature, or one of another time.
    """
    rows = waiting_rows.list_by_account(
        connection,
        deliveries,
        _DELIVERY,
        or_(deliveries.c.state == "rejected", deliveries.c.state == "stale"),
        deliveries.c.received_at > now - REFUSED_FOR,
    )
    return [_of_account(REFUSED_DELIVERY, row) for row in rows]


def _of_account(kind: str, found: waiting_rows.AccountRows) -> Waiting:
    number = len(found.identities)
    return Waiting(
        kind,
        found.account,
        f"{found.account}: {KINDS[kind].counted(number)}",
        version=" ".join(found.identities),
        count=number,
        parts=found.identities,
    )


def _show_text(row: Any) -> str:
    return f"{row.title}, {clock.format_local(row.starts_local)}"


def _now_at(row: Any) -> str:
    if not row.is_dated:
        return "now without a date"
    return f"now {clock.format_local(row.starts_local)}"


def _occurrence_text(row: Any) -> str:
    """
    An occurrence as text: its account, its name and, if known, its time.
    """
    starts = f", {clock.format_local(row.starts_local)}," if row.is_dated else ""
    return f"{row.account}: {row.name}{starts}"
