"""
The values that providers produce: a platform's records in our terms. Ids in them are
the platform's.

Built once, complete and valid, by a provider's `read_…`. Amounts are whole minor
units of the one currency that the record names: an order has one currency, so
its numbers carry none of their own.

They are structs instead of dataclasses: a page holds hundreds, a struct is built in a
tenth of the time (measured), and it can be sent to another process as it is. Those of
which a page has most are `array_like`: they are sent without the names of their fields,
which were more than half of a page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

LONGEST_ID = 255  # characters of a platform's id
NO_SHOW = 0  # in place of our id of a show: of vouchers that were sold
VOUCHERS_SOLD = "Gift cards"  # in place of its production
FROM_ORDERS = "named by orders"  # fingerprint of an occurrence that is in no listing


class OrderStatus(StrEnum):
    """
    Whether an order counts: only a paid one does.
    """

    PAID = "paid"
    PENDING = "pending"
    CANCELLED = "cancelled"


class TicketStatus(StrEnum):
    VALID = "valid"
    VOID = "void"


class LineKind(StrEnum):
    """
    What a stored line of an order is: an admission, a voucher that was sold, or the
    money of an order without either.
    """

    ADMISSION = "admission"
    VOUCHER_SALE = "voucher-sale"
    OTHER = "other"


class OccurrenceStatus(StrEnum):
    ON_SALE = "on_sale"
    DRAFT = "draft"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class TicketTypeStatus(StrEnum):
    """
    Whether a ticket type can be bought; `unknown` where the platform says something
    that we do not know.
    """

    ON_SALE = "on_sale"
    SCHEDULED = "scheduled"
    SOLD_OUT = "sold_out"
    CLOSED = "closed"
    HIDDEN = "hidden"
    UNKNOWN = "unknown"


class TicketType(msgspec.Struct, frozen=True):
    """
    What is on sale at which price, under the platform's id and name.

    price        before any fee of the buyer; `None` where it is not reported, or where
                 the buyer chooses it freely. With `is_minimum` the buyer may pay more
    quantity     how many exist; `None` if unlimited or not reported
    sold         how many were sold, `available` how many are left, as the platform
                 counts them; `None` where it does not report it
    """

    id: str
    name: str
    price: int | None
    currency: str | None
    status: TicketTypeStatus
    is_minimum: bool = False
    quantity: int | None = None
    sold: int | None = None
    available: int | None = None
    sale_starts_at: datetime | None = None
    sale_ends_at: datetime | None = None


class Occurrence(msgspec.Struct, frozen=True):
    """
    One dated performance in a platform's listing.

    `fingerprint` is everything the listing reports about its sales; `issued` and
    `ordered` are the listing's own counts, `None` where it reports none. `is_dated` is
    false where its time is unknown: `starts_at` means nothing then. `ticket_types` is
    `None` where this record does not report them; `changed_at` when the platform last
    changed the listing.
    """

    id: str
    event_id: str
    name: str
    starts_at: datetime
    ends_at: datetime | None
    timezone: str
    status: OccurrenceStatus
    capacity: int | None
    currency: str | None
    venue: str | None
    url: str | None
    listed_at: datetime | None
    issued: int | None
    ordered: int | None
    fingerprint: str
    dashboard_url: str | None = None
    is_dated: bool = True
    ticket_types: tuple[TicketType, ...] | None = None
    changed_at: datetime | None = None


class Event(msgspec.Struct, frozen=True):
    """
    A platform's listing; a one-off is an Event with one Occurrence.
    """

    id: str
    name: str
    url: str | None
    occurrences: tuple[Occurrence, ...] = ()
    is_listing: bool = True


class Person(msgspec.Struct, frozen=True):
    """
    A person as a platform reports them; `""` where it does not.
    """

    name: str = ""
    email: str = ""
    phone: str = ""

    @property
    def is_nobody(self) -> bool:
        return not (self.name or self.email or self.phone)


class People(msgspec.Struct, frozen=True):
    """
    Who placed an order, and whom its tickets admit, by ticket id. `answers` are what
    they answered to the organiser's questions: ticket id → question → answer.
    """

    buyer: Person = Person()
    attendees: Mapping[str, Person] = msgspec.field(default_factory=dict)
    answers: Mapping[str, Mapping[str, str]] = msgspec.field(default_factory=dict)


class Ticket(msgspec.Struct, frozen=True):
    """
    One admission. `face` is its price after discounts, before any fee; `fee` the fees
    the buyer paid on this ticket, `tax_added` the tax charged on top of it where the
    platform reports that by ticket; `listed` its list price and `tax` its part of the
    order's tax, `None` where the platform does not report it. `code` is the digest of
    the code it is scanned by, `second_code` of an alternative code. `seat` is the label
    of a reserved seat, as the platform writes it. `refunded` is what of the order's
    refunds was for it, `None` where the platform does not report that of each ticket.
    """

    id: str
    occurrence_id: str
    type_id: str
    type_name: str
    status: TicketStatus
    checked_in: bool
    face: int
    fee: int = 0
    listed: int | None = None
    tax: int | None = None
    voided_at: datetime | None = None
    code: str | None = None
    second_code: str | None = None
    seat: str = ""
    tax_added: int = 0
    refunded: int | None = None


class VoucherSale(msgspec.Struct, frozen=True):
    """
    A gift voucher that an order sold: no admission, and no sale of a show. Its
    `amount`, what the buyer paid for it before any fee, is owed until the voucher pays
    (`Order.vouchers`). `occurrence_id` is what the order was placed for, and `is_void`
    says whether it was taken back.
    """

    id: str
    occurrence_id: str
    name: str
    amount: int
    is_void: bool = False


class Fee(msgspec.Struct, frozen=True):
    """
    A fee kept by the platform or the payment processor, under their name for it;
    `amount` is `None` where one was kept but the amount is not reported, `tax` (the tax
    inside it) where that is not. `by_ticket` are its parts for the order's tickets, in
    their sequence, where they are reported; else it is allocated by what was charged.
    """

    name: str
    amount: int | None
    tax: int | None = None
    by_ticket: tuple[int, ...] | None = None


class RefundKind(StrEnum):
    """
    Whether the venue returned money, or the buyer's bank withdrew it.
    """

    REFUND = "refund"
    DISPUTE = "dispute"


class Refund(msgspec.Struct, frozen=True):
    """
    Money returned to a buyer; `refunded_at` is `None` where the date is not reported,
    `face`, `buyer_fee` and `tax` where the platform does not report these parts, and
    `occurrence_id` (the platform's) where it does not report what the refund was for.

    Under the id of its order it is the sum of what went back without an id of its own:
    one refund for each date and occurrence, and one for what has none.
    """

    id: str
    amount: int
    refunded_at: datetime | None = None
    kind: RefundKind = RefundKind.REFUND
    face: int | None = None
    buyer_fee: int | None = None
    tax: int | None = None
    occurrence_id: str | None = None


class Order(msgspec.Struct, frozen=True, array_like=True):
    """
    What a buyer bought, and what was charged and returned.

    total            what the order comes to; for a pending order what is still due
    charged          everything the buyer was charged at purchase
    buyer_fees       of it, fees on the whole order (those of one ticket are there)
    tax              of it, tax; `None` where the platform does not report it;
                     `tax_on_top` says whether all of it was added to prices (what was
                     added to some of them is `tax_added` there)
    addons, donations  of it, what is not admission
    vouchers         paid with a voucher instead of money (reduces `charged`)
    voucher_sales    of it, vouchers that were sold: what the venue owes for them
    fees             kept by platform and processor; `None` when nothing is reported
    credited         returned as credit, not as money (not part of `refunds`)
    changed_at       its last change, where the platform reports that
    promo_code       name of the promo code or discount; several are joined by ", "

    `doubt` is the discrepancy in words where the platform's numbers do not add up.
    """

    id: str
    occurrence_id: str | None
    status: OrderStatus
    placed_at: datetime
    currency: str
    total: int
    charged: int
    tickets: tuple[Ticket, ...]
    buyer_fees: int = 0
    tax: int | None = None
    tax_on_top: bool = False
    tax_remitted: int = 0
    addons: int = 0
    donations: int = 0
    vouchers: int = 0
    discounts: int = 0
    fees: tuple[Fee, ...] | None = None
    refunds: tuple[Refund, ...] = ()
    credited: int = 0
    channel: str = ""
    payment_reference: str | None = None
    doubt: str | None = None
    changed_at: datetime | None = None
    promo_code: str = ""
    voucher_sales: tuple[VoucherSale, ...] = ()

    @property
    def total_fees(self) -> int | None:
        """
        All fees together; `None` while any part of them is unknown.
        """
        if self.fees is None:
            return None
        total = 0
        for fee in self.fees:
            if fee.amount is None:
                return None
            total += fee.amount
        return total


# Which tickets a platform's number counts: those that admit somebody; valid ones,
# including unpaid; all, including void ones.
CountedTickets = Literal["sold", "valid", "existing"]


class LooseTicket(msgspec.Struct, frozen=True):
    """
    A ticket that belongs to no order (made by an import or through the API).

    It admits a guest and carries no money on this platform.
    """

    ticket: Ticket
    issued_at: datetime
    currency: str


class Unread(msgspec.Struct, frozen=True):
    """
    One record that could not be read, in canonical bytes, and why.
    """

    kind: str
    provider_id: str
    event_id: str
    data: bytes
    word: str
    reason: str


class Identity(msgspec.Struct, frozen=True):
    """
    Whose key this is; `id` is `None` where the platform has no such thing. `owners`
    are those whose events the key reads (organisations, organisers, a box office), as
    far as the platform names them. `notes` are sentences about what is read of it in
    another way than it seems.
    """

    id: str | None
    name: str
    currency: str | None = None
    notes: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
