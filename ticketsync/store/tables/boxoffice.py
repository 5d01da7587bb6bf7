"""
Our own box office: price tiers, orders, seats, payments and tills. The shows that it
sells are in `boxoffice_shows` and the members in `members`, because many commands need
those alone.

Amounts are minor units. An order here is the truth about what was sold at our own
counter; the rows of `sales` are derived from it in the same transaction.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from ticketsync.store.boxoffice_states import (
    ORDER,
    PAYMENT,
    REFUND,
    TICKET,
    TRANSITIONS,
    states_of,
)
from ticketsync.store.tables.base import Row, not_negative, one_of, table
from ticketsync.store.types import blob, flag, instant, key, points_to, text, whole


class PriceTierRow(Row):
    """
    A price with its own capacity, empty without one. `tax_rate_ppm` is empty where the
    venue has not said it; the tax is in the price with `tax_inclusive`, else on top.
    """

    __tablename__ = "price_tiers"
    __table_args__ = table(
        UniqueConstraint("show_id", "name"),
        CheckConstraint("length(currency) = 3", "currency"),
        CheckConstraint("min_quantity >= 1 AND max_quantity >= min_quantity", "number"),
        CheckConstraint("capacity IS NULL OR capacity >= 0", "capacity"),
        CheckConstraint("tax_rate_ppm IS NULL OR tax_rate_ppm >= 0", "tax_rate_ppm"),
        not_negative("price", "buyer_fee"),
    )

    id: int | None = key()
    show_id: int = points_to("boxoffice_shows.show_id")
    name: str = text()
    price: int = whole()
    currency: str = text()
    capacity: int | None = whole(default=None)
    min_quantity: int = whole(default=1)
    max_quantity: int = whole(default=20)
    opens_at: datetime | None = instant(default=None)
    closes_at: datetime | None = instant(default=None)
    members_only: bool = flag(default=False)
    tax_rate_ppm: int | None = whole(default=None)
    tax_inclusive: bool = flag(default=True)
    buyer_fee: int = whole(default=0)
    position: int = whole(default=0)
    retired_at: datetime | None = instant(default=None)


class VoucherRow(Row):
    """
    Money (`gift`), or something off the price (`discount`, `comp`), given beforehand.
    `code` is a digest: the code itself would be money. `order_id` is the order that
    sold it, empty where no money was recorded; `returned` what of it went back to its
    buyer, or is to go back.
    """

    __tablename__ = "vouchers"
    __table_args__ = table(
        UniqueConstraint("code"),
        CheckConstraint("length(currency) = 3", "currency"),
        CheckConstraint(
            "spent >= 0 AND returned >= 0 AND spent + returned <= amount", "spent"
        ),
        CheckConstraint(
            "order_id IS NULL AND returned = 0"
            " OR order_id IS NOT NULL AND kind = 'gift'",
            "sold",
        ),
        UniqueConstraint("order_id"),
        one_of("kind", "gift", "comp", "discount"),
    )

    id: int | None = key()
    code: bytes = blob()
    kind: str = text()
    amount: int = whole()
    currency: str = text()
    spent: int = whole(default=0)
    valid_until: datetime | None = instant(default=None)
    created_at: datetime = instant()
    order_id: int | None = points_to("boxoffice_orders.id", default=None)
    returned: int = whole(default=0)


class TillSessionRow(Row):
    """
    One cash drawer from its opening to its count: `expected` is what must be in it. A
    till has one that is open (an index in `everything`).
    """

    __tablename__ = "till_sessions"
    __table_args__ = table(
        CheckConstraint("length(currency) = 3", "currency"),
        CheckConstraint("closed_at IS NULL OR counted IS NOT NULL", "counted"),
        not_negative("opening_float"),
    )

    id: int | None = key()
    show_id: int | None = points_to("shows.id", default=None)
    till: str = text()
    person: str = text(default="")
    currency: str = text()
    opened_at: datetime = instant()
    opening_float: int = whole(default=0)
    counted: int | None = whole(default=None)
    expected: int | None = whole(default=None)
    closed_at: datetime | None = instant(default=None)


class BoxofficeOrderRow(Row):
    """
    An order of our own. Until it is paid it holds its seats until `held_until`, whose
    passing needs no command. `buyer_key` is a digest of who holds it, only while it is
    pending: of a show a buyer has one such order (an index in `everything`). `total` is
    what its tickets come to, before vouchers that are money.

    An order that sells a gift voucher is for no show: `occurrence_id` is what vouchers
    are listed as in the account, and `total` the price.
    """

    __tablename__ = "boxoffice_orders"
    __table_args__ = table(
        UniqueConstraint("reference"),
        Index(None, "show_id", "state"),
        one_of("state", *states_of(ORDER)),
        CheckConstraint("state <> 'paid' OR paid_at IS NOT NULL", "paid"),
        CheckConstraint("(show_id IS NULL) = (occurrence_id IS NOT NULL)", "place"),
        CheckConstraint("length(currency) = 3", "currency"),
        not_negative("total"),
    )

    id: int | None = key()
    reference: str = text()
    show_id: int | None = points_to("boxoffice_shows.show_id", default=None)
    state: str = text()
    channel: str = text()
    buyer_key: str = text(default="")
    member_id: int | None = points_to("members.id", default=None)
    till_id: int | None = points_to("till_sessions.id", default=None)
    held_until: datetime = instant()
    created_at: datetime = instant()
    paid_at: datetime | None = instant(default=None)
    ended_at: datetime | None = instant(default=None)
    end_reason: str = text(default="")
    total: int = whole()
    currency: str = text()
    note: str = text(default="")
    occurrence_id: int | None = points_to("occurrences.id", default=None)


class BoxofficeOrderLineRow(Row):
    """
    How many of a tier are in an order. `unit_price` is that of the moment of the hold;
    `discount` and `tax` are of the whole line.
    """

    __tablename__ = "boxoffice_order_lines"
    __table_args__ = table(
        CheckConstraint("quantity > 0", "quantity"),
        not_negative("unit_price", "discount"),
    )

    order_id: int = points_to("boxoffice_orders.id", primary_key=True)
    tier_id: int = points_to("price_tiers.id", primary_key=True)
    quantity: int = whole()
    unit_price: int = whole()
    discount: int = whole(default=0)
    tax: int | None = whole(default=None)


class BoxofficeSeatRow(Row):
    """
    One seat that is taken: for good, or until `held_until`. Two can not have the same
    number, in the show and in the tier, and a trigger refuses one above the capacity.
    """

    __tablename__ = "boxoffice_seats"
    __table_args__ = table(
        UniqueConstraint("tier_id", "tier_seat_number"),
        Index(None, "order_id"),
        CheckConstraint("seat_number >= 1 AND tier_seat_number >= 1", "numbers"),
    )

    show_id: int = points_to("boxoffice_shows.show_id", primary_key=True)
    seat_number: int = whole(primary_key=True)
    tier_id: int = points_to("price_tiers.id")
    tier_seat_number: int = whole()
    order_id: int = points_to("boxoffice_orders.id")
    held_until: datetime | None = instant(default=None)


class BoxofficeTicketRow(Row):
    """
    One ticket of an order; `<reference>-<number>` is its id in `tickets`. `price` is
    after discounts. `code` is the digest of the code of its latest issue.
    """

    __tablename__ = "boxoffice_tickets"
    __table_args__ = table(
        UniqueConstraint("order_id", "number"),
        one_of("state", *states_of(TICKET)),
        CheckConstraint("number >= 1 AND issue_number >= 1", "numbers"),
        not_negative("price", "discount"),
    )

    id: int | None = key()
    order_id: int = points_to("boxoffice_orders.id")
    tier_id: int = points_to("price_tiers.id")
    number: int = whole()
    issue_number: int = whole(default=1)
    state: str = text()
    price: int = whole()
    discount: int = whole(default=0)
    code: str = text(default="")
    voided_at: datetime | None = instant(default=None)


class PaymentRow(Row):
    """
    Money for an order, or its complimentary tickets (an amount of 0). The order is paid
    when its payments that succeeded come to its total. `reference` is that of the card
    terminal; `till_id` the drawer that the cash went into.
    """

    __tablename__ = "payments"
    __table_args__ = table(
        UniqueConstraint("idempotency_key"),
        UniqueConstraint("order_id", "attempt"),
        one_of("method", "cash", "card", "complimentary", "voucher"),
        one_of("state", *states_of(PAYMENT)),
        CheckConstraint("length(currency) = 3", "currency"),
        CheckConstraint("(method = 'voucher') = (voucher_id IS NOT NULL)", "voucher"),
        not_negative("amount"),
    )

    id: int | None = key()
    order_id: int = points_to("boxoffice_orders.id")
    attempt: int = whole()
    method: str = text()
    state: str = text()
    amount: int = whole()
    currency: str = text()
    idempotency_key: str = text()
    reference: str = text(default="")
    voucher_id: int | None = points_to("vouchers.id", default=None)
    till_id: int | None = points_to("till_sessions.id", default=None)
    settled_at: datetime | None = instant(default=None)


class PaymentRefundRow(Row):
    """
    Money of a payment that went back; a trigger refuses more than there was. `till_id`
    is the drawer that it was taken out of.
    """

    __tablename__ = "payment_refunds"
    __table_args__ = table(
        UniqueConstraint("idempotency_key"),
        UniqueConstraint("payment_id", "number"),
        one_of("state", *states_of(REFUND)),
        CheckConstraint("amount > 0", "amount"),
        CheckConstraint("state <> 'succeeded' OR settled_at IS NOT NULL", "settled"),
    )

    id: int | None = key()
    payment_id: int = points_to("payments.id")
    number: int = whole()
    state: str = text()
    amount: int = whole()
    idempotency_key: str = text()
    provider_id: str = text(default="")
    reason: str = text(default="")
    till_id: int | None = points_to("till_sessions.id", default=None)
    settled_at: datetime | None = instant(default=None)


class BoxofficeHistoryRow(Row):
    """
    Who changed the state of something of the box office, when and why; written once.
    """

    __tablename__ = "boxoffice_history"
    __table_args__ = table(
        Index(None, "kind", "row_id"),
        CheckConstraint(
            " OR ".join(
                f"kind = '{kind}' AND from_state = '{old}' AND to_state = '{new}'"
                for kind, pairs in TRANSITIONS.items()
                for old, new in pairs
            ),
            "transition",
        ),
    )

    id: int | None = key()
    kind: str = text()
    row_id: int = whole()
    from_state: str = text()
    to_state: str = text()
    at: datetime = instant()
    actor: str = text()
    reason: str = text(default="")


price_tiers = PriceTierRow.__table__
vouchers = VoucherRow.__table__
till_sessions = TillSessionRow.__table__
boxoffice_orders = BoxofficeOrderRow.__table__
boxoffice_order_lines = BoxofficeOrderLineRow.__table__
boxoffice_seats = BoxofficeSeatRow.__table__
boxoffice_tickets = BoxofficeTicketRow.__table__
payments = PaymentRow.__table__
payment_refunds = PaymentRefundRow.__table__
boxoffice_history = BoxofficeHistoryRow.__table__
