"""
What each show earned on each account. Written only by `financials.recompute`.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint

from ticketsync.store.tables.base import Row, adds_up, not_negative, one_of, table
from ticketsync.store.types import instant, points_to, text, whole


class ShowFinancialsRow(Row):
    """
    One row per show, account and currency; recomputed, never incremented. The parts of
    `gross` beside `face` are empty while those of any ticket are.
    """

    __tablename__ = "show_financials"
    __table_args__ = table(
        one_of("fees_source", "reported", "schedule", "mixed", "unknown"),
        not_negative("tickets_sold", "tickets_comp", "tickets_refunded", "checked_in"),
        CheckConstraint("(fees IS NULL) = (net IS NULL)", "net_known"),
        CheckConstraint(
            "net_before_fees = gross - refunded - tax_remitted", "net_before_fees"
        ),
        CheckConstraint("fees IS NULL OR net = net_before_fees - fees", "net"),
        adds_up(
            *("gross", "face", "buyer_fees", "addons", "donations", "tax_added"),
            "unexplained",
            less="vouchers",
        ),
    )

    show_id: int = points_to("shows.id", primary_key=True)
    account_id: int = points_to("accounts.id", primary_key=True)
    currency: str = text(primary_key=True)
    tickets_sold: int = whole()
    tickets_comp: int = whole()
    tickets_refunded: int = whole()
    checked_in: int = whole()
    face: int = whole()
    discounts: int = whole()
    gross: int = whole()
    fees: int | None = whole(default=None)
    fees_source: str = text()
    refunded: int = whole()
    tax: int | None = whole(default=None)
    tax_remitted: int = whole()
    net: int | None = whole(default=None)
    net_before_fees: int = whole()
    updated_at: datetime = instant()
    buyer_fees: int | None = whole(default=None)
    addons: int | None = whole(default=None)
    donations: int | None = whole(default=None)
    vouchers: int | None = whole(default=None)
    tax_added: int | None = whole(default=None)
    unexplained: int | None = whole(default=None)


class TicketFeeRow(Row):
    """
    One named fee line of a show's financials. They add up to `fees` where these are
    known; where not, they are what is known of them. A line that one rate of the
    venue's own made has that rate: so much for each ticket, parts per million of what
    was charged, or so much for each order.
    """

    __tablename__ = "ticket_fees"
    __table_args__ = table(one_of("source", "reported", "schedule"))

    show_id: int = points_to("shows.id", primary_key=True)
    account_id: int = points_to("accounts.id", primary_key=True)
    currency: str = text(primary_key=True)
    name: str = text(primary_key=True)
    amount: int = whole()
    source: str = text()
    per_ticket: int | None = whole(default=None)
    rate_ppm: int | None = whole(default=None)
    per_order: int | None = whole(default=None)


class ShowTicketTypeRow(Row):
    """
    The breakdown of a show's financials by ticket type.
    """

    __tablename__ = "show_ticket_types"
    __table_args__ = table()

    show_id: int = points_to("shows.id", primary_key=True)
    account_id: int = points_to("accounts.id", primary_key=True)
    currency: str = text(primary_key=True)
    type_name: str = text(primary_key=True)
    tickets_sold: int = whole()
    tickets_comp: int = whole()
    tickets_refunded: int = whole()
    face: int = whole()
    discounts: int = whole()
    gross: int = whole()
    refunded: int = whole()


show_financials = ShowFinancialsRow.__table__
ticket_fees = TicketFeeRow.__table__
show_ticket_types = ShowTicketTypeRow.__table__
