"""
Whether the superseded versions of orders and tickets are whole: each lasted until the
next one began, and the tickets of an order came to what the order came to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Table,
    and_,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from ticketsync.core import clock
from ticketsync.core.records import OrderStatus
from ticketsync.sales.superseded_versions import TICKET
from ticketsync.store.tables.history import (
    HISTORY_SINCE,
    facts,
    past_fees,
    past_orders,
    past_tickets,
)
from ticketsync.store.tables.past_links import past_show_links
from ticketsync.store.tables.sales import orders, raw_blocks, tickets

PAST_TABLES = (past_orders, past_tickets, past_fees, past_show_links)
_SUMMED = ("charged", "refunded")


@dataclass(frozen=True, slots=True)
class PastFlaw:
    """
    What is wrong with a superseded version; `provider_id` is that of the order or
    ticket.
    """

    table: str
    account_id: int
    provider_id: str
    column: str
    stored: Any
    right: Any


def find_past_flaws(connection: Connection) -> Iterator[PastFlaw]:
    """
    Every superseded version that is not followed by another one, or whose tickets do
    not add up to it.
    """
    yield from _gaps(connection, past_orders, orders, "order_id")
    yield from _gaps(connection, past_tickets, tickets, "ticket_id")
    yield from _sums(connection)


def find_unexplained_starts(
    connection: Connection, account_id: int, spans: Sequence[tuple[str, str]]
) -> Iterator[PastFlaw]:
    """
    Every order and ticket of an account that is known since a moment at which nothing
    was saved: `spans` are the account's runs, in ISO 8601. An upgrade took the moment
    at which the record was read, or its own.
    """
    of_records = select(raw_blocks.c.fetched_at).where(
        raw_blocks.c.account_id == account_id
    )
    known = {_iso(moment) for moment in connection.scalars(of_records.distinct())}
    known.add(get_upgrade_instant(connection) or "")
    for table in (orders, tickets):
        # As it is stored: it may be nonsense.
        moment: Any = literal_column(f"{table.name}.known_from")
        mine = table.c.account_id == account_id
        found = connection.scalars(select(moment).where(mine).distinct())
        odd = [
            value
            for value in found
            for at in [_iso(value)]
            if at not in known and not any(start <= at <= end for start, end in spans)
        ]
        for value in odd:
            rows = select(table.c.provider_id).where(mine, moment == value)
            for provider_id in connection.scalars(rows.order_by(table.c.provider_id)):
                yield PastFlaw(
                    table.name, account_id, provider_id, "known_from", value, None
                )


def get_upgrade_instant(connection: Connection) -> str | None:
    """
    Since when a database that held sales before keeps its past, as an instant in ISO
    8601; `None` where it always did.
    """
    query = select(facts.c.value).where(facts.c.name == HISTORY_SINCE)
    return connection.scalar(query)


def _iso(moment: Any) -> str:
    is_instant = isinstance(moment, datetime)
    return str(clock.iso(moment)) if is_instant else str(moment)


def _gaps(
    connection: Connection, past: Table, present: Table, id_name: str
) -> Iterator[PastFlaw]:
    later = past.alias("later")
    begins = (
        select(later.c.known_from)
        .where(
            later.c[id_name] == past.c[id_name],
            later.c.known_from == past.c.known_until,
        )
        .correlate(past)
    )
    query = (
        select(
            present.c.account_id,
            present.c.provider_id,
            # As they are stored: they may be nonsense.
            literal_column(f"{past.name}.known_until"),
            literal_column(f"{present.name}.known_from"),
        )
        .join(past, past.c[id_name] == present.c.id)
        .where(present.c.known_from != past.c.known_until, ~begins.exists())
        .order_by(present.c.id, past.c.known_from)
    )
    for account, provider_id, until, known_from in connection.execute(query):
        yield PastFlaw(
            past.name, account, provider_id, "known_until", until, known_from
        )


def _sums(connection: Connection) -> Iterator[PastFlaw]:
    parts = _ticket_versions().subquery("parts")
    of_version = and_(
        parts.c.order_id == past_orders.c.order_id,
        parts.c.known_from <= past_orders.c.known_from,
        or_(
            parts.c.known_until.is_(None),
            parts.c.known_until > past_orders.c.known_from,
        ),
    )
    sums = [func.coalesce(func.sum(parts.c[name]), 0) for name in _SUMMED]
    query = (
        select(
            orders.c.account_id,
            orders.c.provider_id,
            *(past_orders.c[name] for name in _SUMMED),
            *(
                sum_.label(f"sum_{name}")
                for name, sum_ in zip(_SUMMED, sums, strict=True)
            ),
        )
        .select_from(
            past_orders.join(orders, orders.c.id == past_orders.c.order_id).outerjoin(
                parts, of_version
            )
        )
        .where(past_orders.c.status == OrderStatus.PAID.value)
        .group_by(
            orders.c.account_id,
            orders.c.provider_id,
            past_orders.c.order_id,
            past_orders.c.known_from,
            *(past_orders.c[name] for name in _SUMMED),
        )
        .order_by(past_orders.c.order_id, past_orders.c.known_from)
    )
    for account, provider_id, *amounts in connection.execute(query):
        held, right = amounts[: len(_SUMMED)], amounts[len(_SUMMED) :]
        for name, stored, sum_ in zip(_SUMMED, held, right, strict=True):
            if stored != int(sum_):
                yield PastFlaw(
                    past_orders.name, account, provider_id, name, stored, int(sum_)
                )


def _ticket_versions() -> Any:
    """
    Every version of the tickets of orders that have a past.
    """
    names = ("order_id", *_SUMMED)
    assert {*names} <= {*TICKET}
    with_past = select(past_orders.c.order_id)
    until = past_tickets.c.known_until

    def versions_in(table: Table, ends: Any) -> Select[Any]:
        return select(
            *(table.c[name] for name in names),
            table.c.known_from,
            ends.label("known_until"),
        ).where(table.c.order_id.in_(with_past))

    return union_all(
        versions_in(past_tickets, until),
        versions_in(tickets, func.nullif(tickets.c.known_from, tickets.c.known_from)),
    )
