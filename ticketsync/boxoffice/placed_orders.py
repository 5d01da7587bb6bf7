"""
Orders of our own box office as they stand: their tickets, payments and refunds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Label,
    Row,
    RowMapping,
    Table,
    func,
    or_,
    select,
)

from ticketsync.boxoffice import vouchers
from ticketsync.boxoffice.codes import parse_reference
from ticketsync.boxoffice.price_tiers import Tier
from ticketsync.boxoffice.vouchers import Voucher
from ticketsync.core import errors, money, records
from ticketsync.store import letter_case
from ticketsync.store.boxoffice_states import ORDER, TICKET, is_transition
from ticketsync.store.tables.boxoffice import (
    boxoffice_orders,
    boxoffice_tickets,
    payment_refunds,
    payments,
    price_tiers,
)
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import occurrences
from ticketsync.store.tables.sales import buyers, orders
from ticketsync.store.upsert import rows_among

PENDING, PAID, EXPIRED = "pending", "paid", "expired"
CANCELLED, REFUNDED = "cancelled", "refunded"
RESERVED, ISSUED, VOID = "reserved", "issued", "void"
PLANNED, SUCCEEDED, RETURNED = "planned", "succeeded", "returned"
CASH, CARD, COMPLIMENTARY, VOUCHER = "cash", "card", "complimentary", "voucher"
assert is_transition(ORDER, PENDING, PAID)
assert is_transition(TICKET, RESERVED, ISSUED)


@dataclass(frozen=True, slots=True)
class OrderedTicket:
    """
    One ticket of an order; amounts in minor units. `tax` is inside the amounts or in
    `tax_added`, `None` where the venue has not said its rate.
    """

    id: int
    tier: Tier
    number: int
    issue_number: int
    state: str
    price: int
    discount: int
    code: str
    voided_at: datetime | None

    @property
    def was_dropped(self) -> bool:
        """
        Whether it left the basket before it was paid: it never was a ticket.
        """
        return self.state == VOID and not self.code

    @property
    def face(self) -> int:
        return 0 if self.was_dropped else self.price

    @property
    def buyer_fee(self) -> int:
        """
        The fee on it: none on a ticket that costs nothing.
        """
        return self.tier.buyer_fee if self.face else 0

    @property
    def tax(self) -> int | None:
        if self.tier.tax_rate_ppm is None:
            return None
        taxed = self.face + self.buyer_fee
        if self.tier.tax_inclusive:
            return money.tax_inside(taxed, self.tier.tax_rate_ppm)
        return money.tax_on_top(taxed, self.tier.tax_rate_ppm)

    @property
    def tax_added(self) -> int:
        return 0 if self.tier.tax_inclusive else self.tax or 0

    @property
    def due(self) -> int:
        """
        What it costs, with everything.
        """
        return self.face + self.buyer_fee + self.tax_added


def discounted(tickets: Sequence[OrderedTicket], amount: int) -> list[OrderedTicket]:
    """
    These tickets with so much off their prices, divided by price; not more than they
    come to.
    """
    amount = min(amount, sum(ticket.price for ticket in tickets))
    if not amount:
        return list(tickets)
    parts = money.split(amount, [ticket.price for ticket in tickets])
    return [
        replace(ticket, price=ticket.price - part, discount=ticket.discount + part)
        for ticket, part in zip(tickets, parts, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Returned:
    """
    A refund of a payment, as `state` says planned or made.
    """

    id: int
    payment_id: int
    number: int
    state: str
    amount: int
    reason: str
    till_id: int | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Payment:
    """
    Money for an order, with what went back of it.
    """

    id: int
    order_id: int
    attempt: int
    method: str
    state: str
    amount: int
    currency: str
    reference: str
    voucher_id: int | None
    till_id: int | None
    settled_at: datetime | None
    refunds: tuple[Returned, ...] = ()

    @property
    def is_money(self) -> bool:
        return self.method in (CASH, CARD)

    @property
    def is_received(self) -> bool:
        return self.state in (SUCCEEDED, RETURNED)

    @property
    def returned(self) -> int:
        """
        What went back.
        """
        return sum(it.amount for it in self.refunds if it.state == SUCCEEDED)

    @property
    def planned(self) -> int:
        """
        What is to go back.
        """
        return sum(it.amount for it in self.refunds if it.state == PLANNED)

    @property
    def kept(self) -> int:
        """
        What has not gone back, and is not to.
        """
        return self.amount - self.returned - self.planned if self.is_received else 0


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """
    An order with its tickets and payments. `provider_occurrence_id` is the id of its
    show in the listing of the box office account. One that sold a voucher has no
    tickets, and `NO_SHOW` in place of our id of a show.
    """

    id: int
    reference: str
    show_id: int
    state: str
    channel: str
    buyer_key: str
    member_id: int | None
    till_id: int | None
    held_until: datetime
    created_at: datetime
    paid_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    total: int
    currency: str
    note: str
    account_id: int
    occurrence_id: int
    provider_occurrence_id: str
    tickets: tuple[OrderedTicket, ...] = ()
    payments: tuple[Payment, ...] = ()
    voucher: Voucher | None = None

    @property
    def word(self) -> str:
        """
        Its state for readers: nothing was refunded of one that cost nothing.
        """
        return CANCELLED if self.state == REFUNDED and not self.total else self.state

    @property
    def basket(self) -> list[OrderedTicket]:
        """
        Its tickets without those that left the basket.
        """
        return [ticket for ticket in self.tickets if not ticket.was_dropped]

    @property
    def wanted(self) -> dict[int, int]:
        """
        How many of each tier it has, by the tier's id, without void ones.
        """
        found: dict[int, int] = defaultdict(int)
        for ticket in self.tickets:
            if ticket.state != VOID:
                found[ticket.tier.id] += 1
        return dict(found)

    @property
    def cash_without_till(self) -> int:
        """
        The cash that came in less what went out, as far as it is in no till's drawer.
        """
        in_cash = [it for it in self.payments if it.method == CASH and it.is_received]
        came = sum(it.amount for it in in_cash if it.till_id is None)
        refunds = (refund for it in in_cash for refund in it.refunds)
        went = sum(
            it.amount for it in refunds if it.till_id is None and it.state == SUCCEEDED
        )
        return came - went

    @property
    def received(self) -> int:
        return sum(it.amount for it in self.payments if it.is_received)

    @property
    def returned(self) -> int:
        return sum(it.returned for it in self.payments if it.is_received)

    def is_held(self, now: datetime) -> bool:
        return self.state == PENDING and self.held_until > now


def get_order(connection: Connection, reference: str) -> PlacedOrder:
    """
    The order of that reference, however it was typed.

    Raises: `UsageError` for what is no reference, `NotFound` where there is none.
    """
    wanted = parse_reference(reference)
    for order in read_orders(connection, boxoffice_orders.c.reference == wanted):
        return order
    raise errors.NotFound(
        f"Your box office has no order {wanted}.",
        hint="See `ticketsync boxoffice orders list`.",
    )


def get_order_by_id(connection: Connection, order_id: int) -> PlacedOrder:
    (order,) = read_orders(connection, boxoffice_orders.c.id == order_id)
    return order


def search(
    connection: Connection,
    *,
    show_id: int | None = None,
    buyer: str = "",
    limit: int | None = None,
) -> list[PlacedOrder]:
    """
    Orders, the newest first, of one show or of all, or of buyers whose name or e-mail
    address contains this text.
    """
    conditions: list[ColumnElement[bool]] = []
    if show_id is not None:
        conditions.append(boxoffice_orders.c.show_id == show_id)
    if buyer:
        fits = (
            letter_case.contains(column, buyer.strip())
            for column in (buyers.c.name, buyers.c.email)
        )
        references = (
            select(orders.c.provider_id)
            .join(buyers, buyers.c.order_id == orders.c.id)
            .where(or_(*fits))
        )
        conditions.append(boxoffice_orders.c.reference.in_(references))
    return read_orders(connection, *conditions, limit=limit)


def list_in_state(
    connection: Connection, show_id: int, state: str
) -> list[PlacedOrder]:
    """
    The orders of a show in that state.
    """
    return read_orders(
        connection,
        boxoffice_orders.c.show_id == show_id,
        boxoffice_orders.c.state == state,
    )


def read_orders_of(
    connection: Connection, account_id: int, references: Collection[str] | None = None
) -> list[PlacedOrder]:
    """
    The orders of an account, the newest first: all, or those of these references.
    """
    mine = occurrences.c.account_id == account_id
    if references is None:
        return read_orders(connection, mine)
    return read_orders(
        connection, mine, boxoffice_orders.c.reference.in_(list(references))
    )


def read_orders(
    connection: Connection, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[PlacedOrder]:
    """
    Orders, the newest first.
    """
    query = _ORDERS.where(*conditions).limit(limit)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    ids = [row["id"] for row in rows]
    tickets = _read_tickets(connection, ids)
    paid = _read_payments(connection, ids)
    of_no_show = [row["id"] for row in rows if row["show_id"] == records.NO_SHOW]
    sold = vouchers.read_sold(connection, of_no_show)
    return [
        PlacedOrder(
            **row,
            tickets=tuple(tickets.get(row["id"], ())),
            payments=tuple(paid.get(row["id"], ())),
            voucher=sold.get(row["id"]),
        )
        for row in rows
    ]


def _labelled(table: Table, prefix: str) -> list[Label[Any]]:
    return [column.label(f"{prefix}{column.name}") for column in table.c]


_PLACE = func.coalesce(
    boxoffice_shows.c.occurrence_id, boxoffice_orders.c.occurrence_id
)
_OWN_COLUMNS = [
    column
    for column in boxoffice_orders.c
    if column.name not in ("show_id", "occurrence_id")
]
# A sale reads its order several times: each part is one statement, built once.
_ORDERS = (
    select(
        *_OWN_COLUMNS,
        func.coalesce(boxoffice_orders.c.show_id, records.NO_SHOW).label("show_id"),
        occurrences.c.account_id,
        occurrences.c.id.label("occurrence_id"),
        occurrences.c.provider_id.label("provider_occurrence_id"),
    )
    .select_from(boxoffice_orders)
    .outerjoin(boxoffice_shows, boxoffice_shows.c.show_id == boxoffice_orders.c.show_id)
    .join(occurrences, occurrences.c.id == _PLACE)
    .order_by(boxoffice_orders.c.id.desc())
)
_TICKETS = select(boxoffice_tickets, *_labelled(price_tiers, "of_tier_")).join(
    price_tiers, price_tiers.c.id == boxoffice_tickets.c.tier_id
)
_PAYMENTS = select(
    *_labelled(payments, "payment_"), *_labelled(payment_refunds, "refund_")
).outerjoin(payment_refunds, payment_refunds.c.payment_id == payments.c.id)


def _read_tickets(
    connection: Connection, order_ids: Sequence[int]
) -> Mapping[int, list[OrderedTicket]]:
    rows = rows_among(connection, _TICKETS, boxoffice_tickets.c.order_id, order_ids)
    tiers: dict[int, Tier] = {}
    found: dict[int, list[OrderedTicket]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: int(row.number)):
        values = row._mapping
        if row.tier_id not in tiers:
            tiers[row.tier_id] = _only(Tier, values, "of_tier_")
        tier = tiers[row.tier_id]
        found[row.order_id].append(_only(OrderedTicket, values, tier=tier))
    return found


def _read_payments(
    connection: Connection, order_ids: Sequence[int]
) -> Mapping[int, list[Payment]]:
    by_payment: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows_among(connection, _PAYMENTS, payments.c.order_id, order_ids):
        by_payment[row.payment_id].append(row)
    found: dict[int, list[Payment]] = defaultdict(list)
    for first, *more in sorted(
        by_payment.values(), key=lambda rows: int(rows[0].payment_attempt)
    ):
        refunds = [
            _only(Returned, row._mapping, "refund_")
            for row in (first, *more)
            if row.refund_id is not None
        ]
        returned = tuple(sorted(refunds, key=lambda it: it.number))
        payment = _only(Payment, first._mapping, "payment_", refunds=returned)
        found[payment.order_id].append(payment)
    return found


def _only(kind: type[Any], row: RowMapping, prefix: str = "", **known: Any) -> Any:
    """
    A value from the columns that it has fields for, beside what is known.
    """
    names = (field.name for field in fields(kind) if field.name not in known)
    return kind(**{name: row[f"{prefix}{name}"] for name in names}, **known)


def sum_taxes(tickets: Sequence[OrderedTicket]) -> int | None:
    taxes = [ticket.tax for ticket in tickets]
    known = [tax for tax in taxes if tax is not None]
    return sum(known) if len(known) == len(taxes) else None
