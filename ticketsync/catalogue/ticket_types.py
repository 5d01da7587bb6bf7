"""
What each occurrence has on sale: its ticket types as the platform last reported them,
and every price they had since we first saw them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from ticketsync.core.records import Occurrence, TicketType
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import (
    occurrences,
    show_links,
    ticket_type_prices,
    ticket_types,
)
from ticketsync.store.upsert import known, rows_among, upsert

_KEY = ("occurrence_id", "provider_id")


@dataclass(frozen=True, slots=True)
class Price:
    """
    A price in minor units of `currency`, and when we first saw it. `None` where the
    platform reports none.
    """

    seen_at: datetime
    price: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class ListedTicketType:
    """
    One ticket type of an occurrence. `provider_id` is the platform's; `prices` are all
    prices seen so far, the first one first. Amounts are minor units of `currency`.
    """

    account: str
    occurrence_id: int
    provider_occurrence_id: str
    occurrence: str
    starts_local: str
    is_dated: bool
    show_id: int | None
    provider_id: str
    name: str
    price: int | None
    currency: str | None
    is_minimum: bool
    quantity: int | None
    sold: int | None
    available: int | None
    sale_starts_at: datetime | None
    sale_ends_at: datetime | None
    status: str
    gone_since: datetime | None
    occurrence_gone_since: datetime | None
    prices: tuple[Price, ...]


def save_ticket_types(
    connection: Connection,
    reported: Mapping[int, Sequence[TicketType]],
    now: datetime,
) -> int:
    """
    Save the ticket types of these occurrences, by our id: all that each of them has.
    Those that it no longer has are marked; a new price is a further step. Returns how
    many were new or changed.
    """
    held = _read_held(connection, reported)
    rows = [
        row
        for occurrence_id, types in reported.items()
        for row in _rows(occurrence_id, types)
        if _is_changed(row, held.get((row["occurrence_id"], row["provider_id"])))
    ]
    upsert(connection, ticket_types, rows, key=_KEY)
    _mark_gone(connection, reported, held, now)
    _add_prices(connection, rows, held, now)
    return len(rows)


def differ(
    connection: Connection, reported: Mapping[int, Sequence[TicketType]]
) -> bool:
    """
    Whether `save_ticket_types` would write anything.
    """
    held = _read_held(connection, reported)
    rows = [row for id_, types in reported.items() for row in _rows(id_, types)]
    present = {(row["occurrence_id"], row["provider_id"]) for row in rows}
    is_gone = any(
        key not in present and row.gone_since is None for key, row in held.items()
    )
    return is_gone or any(
        _is_changed(row, held.get((row["occurrence_id"], row["provider_id"])))
        for row in rows
    )


def count_listed(connection: Connection, occurrence_ids: Iterable[int]) -> int:
    """
    How many ticket types these occurrences (by our id) had when they were last read.
    """
    held = _read_held(connection, occurrence_ids)
    return sum(row.gone_since is None for row in held.values())


def save_listed(
    connection: Connection,
    account_id: int,
    listed: Iterable[Occurrence],
    now: datetime,
) -> None:
    """
    Save the ticket types that the occurrences of a listing report; an occurrence that
    reports none of them, not even that there are none, keeps its own.
    """
    reported = {o.id: o.ticket_types for o in listed if o.ticket_types is not None}
    ids = known(connection, occurrences, account_id, reported, "id")
    by_row = {ids[id_].id: types for id_, types in reported.items()}
    save_ticket_types(connection, by_row, now)


def list_ticket_types(
    connection: Connection,
    *,
    show_id: int | None = None,
    account: str | None = None,
) -> list[ListedTicketType]:
    """
    Ticket types by the start of their occurrence: all, or those of one show or one
    account (its name).
    """
    where: list[ColumnElement[bool]] = []
    if show_id is not None:
        where.append(show_links.c.show_id == show_id)
    if account is not None:
        where.append(accounts.c.name == account)
    rows = connection.execute(_query().where(*where)).all()
    prices = _read_prices(connection, (row.id for row in rows))
    return [
        ListedTicketType(
            **{name: value for name, value in row._mapping.items() if name != "id"},
            prices=tuple(prices.get(row.id, ())),
        )
        for row in rows
    ]


def list_names(connection: Connection, event_id: int) -> list[str]:
    """
    The names of the ticket types that the occurrences of an event (our id) have or had.
    """
    query = (
        select(ticket_types.c.name)
        .join(occurrences, occurrences.c.id == ticket_types.c.occurrence_id)
        .where(occurrences.c.event_id == event_id)
        .distinct()
    )
    return sorted(connection.scalars(query))


def delete_ticket_types(connection: Connection, account_id: int) -> None:
    """
    Delete what an account's occurrences have on sale, before these are deleted.
    """
    of_account = select(occurrences.c.id).where(occurrences.c.account_id == account_id)
    types = select(ticket_types.c.id).where(
        ticket_types.c.occurrence_id.in_(of_account)
    )
    connection.execute(
        delete(ticket_type_prices).where(ticket_type_prices.c.ticket_type_id.in_(types))
    )
    connection.execute(
        delete(ticket_types).where(ticket_types.c.occurrence_id.in_(of_account))
    )


def _rows(occurrence_id: int, types: Sequence[TicketType]) -> list[dict[str, Any]]:
    """
    The rows of an occurrence's ticket types; of two with one id the first one.
    """
    rows: dict[str, dict[str, Any]] = {}
    for position, kind in enumerate(types):
        rows.setdefault(
            kind.id,
            {
                "occurrence_id": occurrence_id,
                "provider_id": kind.id,
                "name": kind.name,
                "price": kind.price,
                "currency": kind.currency,
                "is_minimum": kind.is_minimum,
                "quantity": kind.quantity,
                "sold": kind.sold,
                "available": kind.available,
                "sale_starts_at": kind.sale_starts_at,
                "sale_ends_at": kind.sale_ends_at,
                "status": kind.status.value,
                "position": position,
                "gone_since": None,
            },
        )
    return list(rows.values())


def _is_changed(row: Mapping[str, Any], held: Any) -> bool:
    return held is None or any(
        held._mapping[name] != value for name, value in row.items()
    )


def _read_held(
    connection: Connection, occurrence_ids: Iterable[int]
) -> dict[tuple[int, str], Any]:
    query = select(ticket_types)
    rows = rows_among(connection, query, ticket_types.c.occurrence_id, occurrence_ids)
    return {(row.occurrence_id, row.provider_id): row for row in rows}


def _mark_gone(
    connection: Connection,
    reported: Mapping[int, Sequence[TicketType]],
    held: Mapping[tuple[int, str], Any],
    now: datetime,
) -> None:
    present = {(id_, kind.id) for id_, types in reported.items() for kind in types}
    gone = [
        row.id
        for key, row in held.items()
        if key not in present and row.gone_since is None
    ]
    if gone:
        connection.execute(
            update(ticket_types)
            .where(ticket_types.c.id.in_(gone))
            .values(gone_since=now)
        )


def _add_prices(
    connection: Connection,
    rows: Sequence[Mapping[str, Any]],
    held: Mapping[tuple[int, str], Any],
    now: datetime,
) -> None:
    """
    A step for each new price.
    """
    changed = [row for row in rows if _is_new_price(row, held)]
    if not changed:
        return
    ids = _read_held(connection, {row["occurrence_id"] for row in changed})
    steps = [
        {
            "ticket_type_id": ids[row["occurrence_id"], row["provider_id"]].id,
            "seen_at": now,
            "price": row["price"],
            "currency": row["currency"],
        }
        for row in changed
    ]
    # Of two prices within one second the later one counts.
    upsert(connection, ticket_type_prices, steps, key=("ticket_type_id", "seen_at"))


def _is_new_price(row: Mapping[str, Any], held: Mapping[tuple[int, str], Any]) -> bool:
    old = held.get((row["occurrence_id"], row["provider_id"]))
    return old is None or (old.price, old.currency) != (row["price"], row["currency"])


def _query() -> Any:
    return (
        select(
            ticket_types.c.id,
            accounts.c.name.label("account"),
            ticket_types.c.occurrence_id,
            occurrences.c.provider_id.label("provider_occurrence_id"),
            occurrences.c.name.label("occurrence"),
            occurrences.c.starts_local,
            occurrences.c.is_dated,
            occurrences.c.gone_since.label("occurrence_gone_since"),
            show_links.c.show_id,
            ticket_types.c.provider_id,
            *(
                ticket_types.c[name]
                for name in (
                    *("name", "price", "currency", "is_minimum", "quantity", "sold"),
                    *("available", "sale_starts_at", "sale_ends_at", "status"),
                    "gone_since",
                )
            ),
        )
        .join(occurrences, occurrences.c.id == ticket_types.c.occurrence_id)
        .join(accounts, accounts.c.id == occurrences.c.account_id)
        .outerjoin(show_links, show_links.c.occurrence_id == occurrences.c.id)
        .order_by(
            occurrences.c.starts_at,
            occurrences.c.id,
            ticket_types.c.position,
            ticket_types.c.id,
        )
    )


def _read_prices(
    connection: Connection, ticket_type_ids: Iterable[int]
) -> dict[int, list[Price]]:
    query = select(ticket_type_prices).order_by(ticket_type_prices.c.seen_at)
    column = ticket_type_prices.c.ticket_type_id
    found: dict[int, list[Price]] = {}
    for row in rows_among(connection, query, column, ticket_type_ids):
        step = Price(row.seen_at, row.price, row.currency)
        found.setdefault(row.ticket_type_id, []).append(step)
    return found
