"""
What the database said before: superseded versions of orders, tickets and fees, so that
every report can be made as of an instant. Which occurrence was linked to which show is
in `past_links`, which every command loads.

A version was in force from `known_from` until `known_until`, the instant at which the
next one was saved; the present version stands in the table itself. An order and a
ticket get a new version only when their money changes or what counts, not by a
check-in. No row holds anything about a person. Nothing recomputes these rows, so each
has a digest of what was written (`store.row_digests`).
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index

from ticketsync.store.tables.base import Row, charged_adds_up, not_negative, table
from ticketsync.store.types import blob, flag, instant, points_to, text, whole

HISTORY_SINCE = "history_since"


def _lasted() -> CheckConstraint:
    return CheckConstraint("known_from < known_until", "lasted")


class PastOrderRow(Row):
    """
    A superseded version of an order, with the hash of its last raw record.
    """

    __tablename__ = "past_orders"
    __table_args__ = table(_lasted())

    order_id: int = points_to("orders.id", primary_key=True)
    known_from: datetime = instant(primary_key=True)
    known_until: datetime = instant()
    occurrence_id: int | None = whole(default=None)
    status: str = text()
    placed_at: datetime = instant()
    currency: str = text()
    total: int = whole()
    charged: int = whole()
    refunded: int = whole()
    credited: int = whole()
    channel: str = text()
    payment_reference: str | None = text(default=None)
    doubt: str | None = text(default=None)
    gone_since: datetime | None = instant(default=None)
    promo_code: str = text()
    tax_on_top: bool | None = flag(default=None)
    buyer_fees: int | None = whole(default=None)
    addons: int | None = whole(default=None)
    donations: int | None = whole(default=None)
    vouchers: int | None = whole(default=None)
    content: bytes = blob()
    digest: bytes | None = blob(default=None)


class PastTicketRow(Row):
    """
    A superseded version of a ticket.
    """

    __tablename__ = "past_tickets"
    __table_args__ = table(
        _lasted(),
        Index(None, "known_until"),
        not_negative("is_sold", "is_comp", "is_refunded"),
        charged_adds_up(),
    )

    ticket_id: int = points_to("tickets.id", primary_key=True)
    known_from: datetime = instant(primary_key=True)
    known_until: datetime = instant()
    order_id: int | None = points_to("orders.id", default=None)
    occurrence_id: int = whole()
    kind: str = text()
    status: str = text()
    type_name: str = text()
    currency: str = text()
    is_sold: bool = flag()
    is_comp: bool = flag()
    is_refunded: bool = flag()
    face: int = whole()
    discount: int = whole()
    charged: int = whole()
    refunded: int = whole()
    tax: int | None = whole(default=None)
    tax_remitted: int = whole()
    fees: int | None = whole(default=None)
    buyer_fee: int | None = whole(default=None)
    addons: int | None = whole(default=None)
    donation: int | None = whole(default=None)
    voucher: int | None = whole(default=None)
    tax_added: int | None = whole(default=None)
    unexplained: int | None = whole(default=None)
    digest: bytes | None = blob(default=None)


class PastFeeRow(Row):
    """
    A named fee of a superseded version of an order.
    """

    __tablename__ = "past_fees"
    __table_args__ = table(_lasted())

    order_id: int = points_to("orders.id", primary_key=True)
    known_from: datetime = instant(primary_key=True)
    occurrence_id: int = whole(primary_key=True)
    name: str = text(primary_key=True)
    known_until: datetime = instant()
    amount: int | None = whole(default=None)
    tax: int | None = whole(default=None)
    digest: bytes | None = blob(default=None)


class FactRow(Row):
    """
    One fact about the database. `history_since`: the instant from which its past is
    known, where it held sales before.
    """

    __tablename__ = "facts"
    __table_args__ = table()

    name: str = text(primary_key=True)
    value: str = text()


past_orders = PastOrderRow.__table__
past_tickets = PastTicketRow.__table__
past_fees = PastFeeRow.__table__
facts = FactRow.__table__
