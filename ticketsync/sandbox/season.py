"""
What a generated venue consists of: its productions, performances, and what was sold.
Amounts are minor units (cents).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

CURRENCY = "AUD"
FIRST_ID = 500_000
SEATS_IN_ROW = 20


@dataclass(frozen=True)
class TicketType:
    """
    A ticket type of a production: its list price and booking fee.
    """

    id: int
    name: str
    price: int
    fee: int


@dataclass(frozen=True)
class Production:
    """
    A production: what it sells, how it charges tax and per order. With `is_seated`,
    each ticket is for a numbered seat.
    """

    id: int
    title: str
    ticket_types: tuple[TicketType, ...]
    tax_percent: int
    tax_on_top: bool
    charge: int
    capacity: int
    is_seated: bool = False


@dataclass
class Performance:
    """
    One date of a production. `changed_at` is the last change of its listing.
    """

    id: int
    production: Production
    starts_at: datetime
    listed_at: int
    currency: str = CURRENCY
    changed_at: int = 0

    @property
    def updated_at(self) -> int:
        return max(self.listed_at, self.changed_at)

    def seat_of(self, ticket_id: int) -> tuple[int, int] | None:
        """
        Row and number of the seat that a ticket is for; no two tickets have the same.
        """
        if not self.production.is_seated:
            return None
        row, number = divmod(ticket_id - FIRST_ID, SEATS_IN_ROW)
        return row + 1, number + 1


@dataclass
class Seat:
    """
    One ticket: what its buyer paid for it, and what happened to it. `changed_at` is the
    time of the last change to this ticket alone. A swapped ticket has the performance
    `swapped_to` and its id there, `swapped_id`.
    """

    id: int
    ticket_type: TicketType
    paid: int
    fee: int
    is_void: bool = False
    voided_at: int = 0
    is_refunded: bool = False
    is_checked_in: bool = False
    has_no_order: bool = False
    created_at: int = 0
    list_price: int | None = None
    changed_at: int = 0
    swapped_to: Performance | None = None
    swapped_id: int = 0


@dataclass
class Purchase:
    """
    One order. `state` is completed, pending or cancelled; on some platforms also unpaid
    (placed, to be paid by cheque or at the door), started or abandoned. `rare_state`
    names an unusual property that the platform seldom shows.
    """

    id: int
    performance: Performance
    placed_at: int
    seats: list[Seat]
    state: str = "completed"
    code: str | None = None
    donation: int = 0
    product: int = 0
    channel: str = "stripe"
    refunded: int = 0
    was_paid: bool = True
    buyer: int = 0
    changed_at: int = 0
    order_fee: int = 0
    rare_state: str = ""
    gift_cards: int = 0  # price of those that it sold
    paid_by_gift_card: int = 0

    @property
    def charge(self) -> int:
        return (
            self.performance.production.charge if any(s.paid for s in self.seats) else 0
        )

    @property
    def before_tax(self) -> int:
        tickets = sum(seat.paid + seat.fee for seat in self.seats)
        return tickets + self.charge + self.donation + self.product

    @property
    def tax(self) -> int:
        production = self.performance.production
        base, percent = self.before_tax, production.tax_percent
        whole = 100 if production.tax_on_top else 100 + percent
        return (2 * base * percent + whole) // (2 * whole)

    @property
    def total(self) -> int:
        on_top = self.tax if self.performance.production.tax_on_top else 0
        tickets = self.before_tax + on_top + self.order_fee
        return tickets + self.gift_cards - self.paid_by_gift_card
