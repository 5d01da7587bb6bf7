"""
Orders, tickets, refunds and fees, people, raw records and the quarantine.

Amounts are minor units of the order's currency. The amounts of an order are
divided among its tickets (largest remainder), so sums over tickets are sums over
orders; all figures are summed up from `tickets`.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint

from ticketsync.core.records import LineKind
from ticketsync.store.tables.base import (
    Row,
    charged_adds_up,
    not_negative,
    one_of,
    table,
)
from ticketsync.store.types import (
    blob,
    flag,
    instant,
    key,
    known_from,
    points_to,
    text,
    whole,
)

_COUNTED = ("occurrence_id", "account_id", "currency", "is_sold", "charged", "kind")


class OrderRow(Row):
    """
    `buyer_fees`, `addons`, `donations` and `vouchers` are the sums over its tickets,
    `tax_on_top` says whether tax was added to prices: all empty until the order was
    parsed by a version that keeps them. `known_from` is when what counts of it was
    saved; what stood here before is in `past_orders`.
    """

    __tablename__ = "orders"
    __table_args__ = table(
        UniqueConstraint("account_id", "provider_id"),
        Index(None, "occurrence_id"),
        Index(None, "placed_at"),
        one_of("status", "paid", "pending", "cancelled"),
        CheckConstraint("length(currency) = 3", "currency"),
    )

    id: int | None = key()
    account_id: int = points_to("accounts.id")
    provider_id: str = text()
    occurrence_id: int | None = points_to("occurrences.id", default=None)
    status: str = text()
    placed_at: datetime = instant()
    currency: str = text()
    total: int = whole()
    charged: int = whole()
    refunded: int = whole()
    credited: int = whole()
    channel: str = text(default="")
    payment_reference: str | None = text(default=None)
    doubt: str | None = text(default=None)
    gone_since: datetime | None = instant(default=None)
    content: bytes = blob()
    promo_code: str = text(default="")
    tax_on_top: bool | None = flag(default=None)
    buyer_fees: int | None = whole(default=None)
    addons: int | None = whole(default=None)
    donations: int | None = whole(default=None)
    vouchers: int | None = whole(default=None)
    known_from: datetime = known_from()


class TicketRow(Row):
    """
    One admission (`kind` admission), a voucher that was sold (voucher-sale), or the
    money of an order without either (other). A voucher that was sold has its price in
    `face`, and the occurrence is what its order was placed for; it counts for no show
    (`store.counted`).

    `is_sold`: it still admits someone. `charged` is this ticket's part of what the
    buyer paid: face + buyer_fee + addons + donation − voucher + tax_added +
    unexplained. These parts are empty until the order was parsed by a version that
    keeps them; `unexplained` is not 0 only where the order has a discrepancy. `code` is
    the digest of the code it is scanned by, `second_code` of an alternative one; the
    code itself would admit anybody. `known_from` is when its money and what counts of
    it was saved; what stood here before is in `past_tickets`.
    """

    __tablename__ = "tickets"
    __table_args__ = table(
        UniqueConstraint("account_id", "provider_id"),
        # What a day sold is summed up in the index alone.
        Index("ix_tickets_of_order", "order_id", *_COUNTED),
        Index(None, "occurrence_id"),
        one_of("kind", *LineKind),
        one_of("status", "valid", "void", "gone"),
        not_negative("is_sold", "is_comp", "is_refunded", "is_checked_in"),
        charged_adds_up(),
    )

    id: int | None = key()
    account_id: int = points_to("accounts.id")
    provider_id: str = text()
    order_id: int | None = points_to("orders.id", default=None)
    occurrence_id: int = points_to("occurrences.id")
    kind: str = text()
    status: str = text()
    type_id: str = text()
    type_name: str = text()
    currency: str = text()
    is_sold: bool = flag()
    is_comp: bool = flag()
    is_refunded: bool = flag()
    is_checked_in: bool = flag()
    face: int = whole()
    discount: int = whole()
    charged: int = whole()
    refunded: int = whole()
    tax: int | None = whole(default=None)
    tax_remitted: int = whole()
    fees: int | None = whole(default=None)
    content: bytes | None = blob(default=None)
    code: bytes | None = blob(default=None)
    voided_at: datetime | None = instant(default=None)
    second_code: bytes | None = blob(default=None)
    seat: str = text(default="")
    buyer_fee: int | None = whole(default=None)
    addons: int | None = whole(default=None)
    donation: int | None = whole(default=None)
    voucher: int | None = whole(default=None)
    tax_added: int | None = whole(default=None)
    unexplained: int | None = whole(default=None)
    known_from: datetime = known_from()


class RefundRow(Row):
    """
    One movement of money back to a buyer, or negative: less went back than was reported
    before. Never updated, never deleted; a trigger refuses both (`store.triggers`).

    `number` counts the movements under one of the platform's ids. `on_day` is a
    calendar day in the zone of the business, and `basis` says where it is from: the
    platform (`reported`), its ticket's void (`void`), the day we first saw it on an
    order that we held without it (`seen`), or a placeholder (`assumed`). `seen_at` is
    permanent. `face`, `buyer_fee` and `tax` are empty where the platform does not
    report what was returned of them, and `occurrence_id` where it does not report which
    performance the refund was for: only the reports of an order over several nights do.
    """

    __tablename__ = "refunds"
    __table_args__ = table(
        UniqueConstraint("account_id", "provider_id", "number"),
        Index(None, "order_id"),
        CheckConstraint("number >= 1", "number"),
        CheckConstraint("amount <> 0", "amount"),
        CheckConstraint("length(on_day) = 10", "on_day"),
        one_of("basis", "reported", "void", "seen", "assumed"),
        CheckConstraint("basis <> 'reported' OR refunded_at IS NOT NULL", "reported"),
        one_of("kind", "refund", "dispute"),
    )

    id: int | None = key()
    account_id: int = points_to("accounts.id")
    provider_id: str = text()
    number: int = whole()
    order_id: int = points_to("orders.id")
    amount: int = whole()
    refunded_at: datetime | None = instant(default=None)
    seen_at: datetime = instant()
    on_day: str = text()
    basis: str = text()
    kind: str = text(default="refund")
    occurrence_id: int | None = points_to("occurrences.id", default=None)
    face: int | None = whole(default=None)
    buyer_fee: int | None = whole(default=None)
    tax: int | None = whole(default=None)


class FeeRow(Row):
    """
    One occurrence's part of a named fee of an order. `amount` is empty where the fee
    was kept but its amount is not reported; the order's fees are unknown then. `tax` is
    the tax inside the amount, empty where that is not reported.
    """

    __tablename__ = "fees"
    __table_args__ = table(
        UniqueConstraint("order_id", "occurrence_id", "name"),
        Index(None, "occurrence_id"),
    )

    id: int | None = key()
    order_id: int = points_to("orders.id")
    occurrence_id: int = points_to("occurrences.id")
    name: str = text()
    amount: int | None = whole(default=None)
    tax: int | None = whole(default=None)


class BuyerRow(Row):
    """
    Who placed an order, where the account keeps people. Emptied and marked when the
    person is erased, so that no later read restores them.
    """

    __tablename__ = "buyers"
    __table_args__ = table()

    order_id: int = points_to("orders.id", primary_key=True)
    name: str = text(default="")
    email: str = text(default="")
    phone: str = text(default="")
    erased_at: datetime | None = instant(default=None)


class AttendeeRow(Row):
    """
    Whom a ticket admits, where the account keeps people; erased like a `Buyer`.
    `answers` is a JSON object: the venue's name of a field → what they answered.
    """

    __tablename__ = "attendees"
    __table_args__ = table()

    ticket_id: int = points_to("tickets.id", primary_key=True)
    name: str = text(default="")
    email: str = text(default="")
    phone: str = text(default="")
    erased_at: datetime | None = instant(default=None)
    answers: str = text(default="{}")


class RawBlockRow(Row):
    """
    The changed records of one page, compressed together.
    """

    __tablename__ = "raw_blocks"
    __table_args__ = table()

    id: int | None = key()
    account_id: int = points_to("accounts.id")
    fetched_at: datetime = instant()
    records: bytes = blob()


class RawRecordRow(Row):
    """
    The position of one version of a record in its newest block, and the block that had
    it first.
    """

    __tablename__ = "raw_records"
    __table_args__ = table(
        Index(None, "block_id"), CheckConstraint("first_block_id <= block_id", "first")
    )

    account_id: int = points_to("accounts.id", primary_key=True)
    kind: str = text(primary_key=True)
    provider_id: str = text(primary_key=True)
    content: bytes = blob(primary_key=True)
    block_id: int = points_to("raw_blocks.id")
    begins: int = whole()
    length: int = whole()
    first_block_id: int = whole()


class QuarantinedRow(Row):
    """
    A record that could not be parsed, with the reason; retried each run. `event_id` is
    the platform's id of its event or occurrence.
    """

    __tablename__ = "quarantine"
    __table_args__ = table(UniqueConstraint("account_id", "kind", "provider_id"))

    id: int | None = key()
    account_id: int = points_to("accounts.id")
    kind: str = text()
    provider_id: str = text()
    event_id: str = text(default="")
    word: str = text()
    reason: str = text()
    record: bytes = blob()
    first_seen_at: datetime = instant()


orders = OrderRow.__table__
tickets = TicketRow.__table__
refunds = RefundRow.__table__
fees = FeeRow.__table__
buyers = BuyerRow.__table__
attendees = AttendeeRow.__table__
raw_blocks = RawBlockRow.__table__
raw_records = RawRecordRow.__table__
quarantine = QuarantinedRow.__table__
