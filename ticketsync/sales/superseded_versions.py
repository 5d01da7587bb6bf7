"""
Superseded versions of orders, tickets and fees: read before they are overwritten, and
kept where their money changes or what counts of them.

A version that lived for less than a second is not kept, because instants are whole
seconds. A check-in, a seat or a code is not a new version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, insert, select

from ticketsync.store import row_digests
from ticketsync.store.tables.history import past_fees, past_orders, past_tickets
from ticketsync.store.tables.sales import fees, orders, tickets
from ticketsync.store.upsert import known, rows_among

# What makes a version.
ORDER = (
    *("occurrence_id", "status", "placed_at", "currency"),
    *("total", "charged", "refunded", "credited", "channel", "payment_reference"),
    *("doubt", "gone_since", "promo_code", "tax_on_top"),
    *("buyer_fees", "addons", "donations", "vouchers"),
)
TICKET = (
    *("order_id", "occurrence_id", "kind", "status", "type_name", "currency"),
    *("is_sold", "is_comp", "is_refunded"),
    *("face", "discount", "charged", "refunded", "tax", "tax_remitted", "fees"),
    *("buyer_fee", "addons", "donation", "voucher", "tax_added", "unexplained"),
)
_FEE = ("occurrence_id", "name", "amount", "tax")

Values = tuple[Any, ...]


class HeldOrder(NamedTuple):
    """
    An order as it is stored: our id, since when, its version and its content hash.
    """

    id: int
    known_from: datetime
    version: Values
    content: bytes


class HeldTicket(NamedTuple):
    """
    A ticket as it is stored: our id, since when, its version.
    """

    id: int
    known_from: datetime
    version: Values


@dataclass(slots=True)
class Superseded:
    """
    The versions that a transaction supersedes at `now`, until they are written.
    """

    now: datetime
    orders: dict[int, HeldOrder] = field(default_factory=dict)
    tickets: dict[int, HeldTicket] = field(default_factory=dict)
    fees: dict[int, frozenset[Values]] = field(default_factory=dict)

    def order(
        self,
        held: HeldOrder | None,
        version: Values,
        held_fees: frozenset[Values] = frozenset(),
        new_fees: frozenset[Values] = frozenset(),
    ) -> datetime:
        """
        Since when the new version of an order is known; supersedes the held one if it
        or one of its fees is another.
        """
        if held is None:
            return self.now
        self.orders.pop(held.id, None)
        if is_same(held.version, version) and held_fees == new_fees:
            return held.known_from
        self.orders[held.id] = held
        self.fees[held.id] = held_fees
        return max(self.now, held.known_from)  # also if the clock was set back

    def ticket(self, held: HeldTicket | None, version: Values) -> datetime:
        """
        The same of a ticket.
        """
        if held is None:
            return self.now
        self.tickets.pop(held.id, None)
        if is_same(held.version, version):
            return held.known_from
        self.tickets[held.id] = held
        return max(self.now, held.known_from)

    def write(self, connection: Connection) -> None:
        """
        Keep those versions that lived for a second at least.
        """
        past = [it for it in self.orders.values() if it.known_from < self.now]
        order_rows = [
            {
                "order_id": it.id,
                **self._span(it.known_from),
                **dict(zip(ORDER, it.version, strict=True)),
                "content": it.content,
            }
            for it in past
        ]
        fee_rows = [
            {
                "order_id": it.id,
                **self._span(it.known_from),
                **dict(zip(_FEE, fee, strict=True)),
            }
            for it in past
            for fee in self.fees[it.id]
        ]
        ticket_rows = [
            {
                "ticket_id": it.id,
                **self._span(it.known_from),
                **dict(zip(TICKET, it.version, strict=True)),
            }
            for it in self.tickets.values()
            if it.known_from < self.now
        ]
        for table, rows in (
            (past_orders, order_rows),
            (past_fees, fee_rows),
            (past_tickets, ticket_rows),
        ):
            if rows:
                digested = [row_digests.with_digest(table, row) for row in rows]
                connection.execute(insert(table), digested)

    def _span(self, known_from: datetime) -> dict[str, datetime]:
        return {"known_from": known_from, "known_until": self.now}


def is_same(held: Values, version: Values) -> bool:
    """
    Whether two versions are the same; instants are stored to the second.
    """
    return held == version or all(
        a == b or (isinstance(a, datetime) and a == _to_the_second(b))
        for a, b in zip(held, version, strict=True)
    )


def _to_the_second(value: Any) -> Any:
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


def read_orders(
    connection: Connection, account_id: int, provider_ids: Iterable[str]
) -> dict[str, HeldOrder]:
    """
    Those of these orders that are stored, by the platform's id.
    """
    found = known(
        *(connection, orders, account_id, provider_ids),
        *("id", "known_from", "content", *ORDER),
    )
    return {
        id_: HeldOrder(row[0], row[1], tuple(row[3:]), bytes(row[2]))
        for id_, row in found.items()
    }


def read_fees(
    connection: Connection, order_ids: Iterable[int]
) -> dict[int, frozenset[Values]]:
    """
    The named fees of these orders (our ids).
    """
    query = select(fees.c.order_id, *(fees.c[name] for name in _FEE))
    found: dict[int, set[Values]] = {}
    for order, *values in rows_among(connection, query, fees.c.order_id, order_ids):
        found.setdefault(order, set()).add(tuple(values))
    return {order: frozenset(values) for order, values in found.items()}


def read_tickets(
    connection: Connection, account_id: int, provider_ids: Iterable[str]
) -> dict[str, HeldTicket]:
    """
    Those of these tickets that are stored, by the platform's id.
    """
    found = known(
        connection, tickets, account_id, provider_ids, "id", "known_from", *TICKET
    )
    return {
        id_: HeldTicket(row[0], row[1], tuple(row[2:])) for id_, row in found.items()
    }


def read_tickets_of(
    connection: Connection, order_ids: Sequence[int]
) -> dict[str, HeldTicket]:
    """
    The tickets of these orders (our ids), by the platform's id.
    """
    columns: list[ColumnElement[Any]] = [
        tickets.c[name] for name in ("provider_id", "id", "known_from", *TICKET)
    ]
    found = rows_among(connection, select(*columns), tickets.c.order_id, order_ids)
    return {row[0]: HeldTicket(row[1], row[2], tuple(row[3:])) for row in found}


def fee_versions(rows: Iterable[Mapping[str, Any]]) -> frozenset[Values]:
    """
    The fees of one order that are about to be written; of those with one name for one
    occurrence the last.
    """
    last = {(row["occurrence_id"], row["name"]): row for row in rows}
    return frozenset(tuple(row[name] for name in _FEE) for row in last.values())
