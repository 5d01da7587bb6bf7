"""
What the orders of a preview come to, by their status and by the day of their refunds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ticketsync.core.money import grouped_text
from ticketsync.core.plurals import number_of
from ticketsync.sales.allocation import AllocatedOrder
from ticketsync.sales.planned_refunds import PlannedRefund


@dataclass(frozen=True, slots=True)
class PreviewTotal:
    """
    All orders of one status and currency, in minor units; of all of them where `status`
    is empty. `fees` is `None` while those of any are unknown.
    """

    status: str
    currency: str
    orders: int = 0
    tickets: int = 0
    total: int = 0
    charged: int = 0
    refunded: int = 0
    fees: int | None = 0

    def plus(self, other: PreviewTotal) -> PreviewTotal:
        fees = None if None in (self.fees, other.fees) else self.fees + other.fees  # type: ignore[operator]  # neither is None
        return replace(
            self,
            orders=self.orders + other.orders,
            tickets=self.tickets + other.tickets,
            total=self.total + other.total,
            charged=self.charged + other.charged,
            refunded=self.refunded + other.refunded,
            fees=fees,
        )

    def __str__(self) -> str:
        def text(minor: int) -> str:
            return grouped_text(minor, self.currency)

        due = ""
        if self.status == "pending":
            due = f", {text(self.total)} not paid yet"
        fees = "unknown" if self.fees is None else text(self.fees)
        return (
            f"{self.status or 'All'}: {number_of(self.orders, 'order')}, "
            f"{number_of(self.tickets, 'ticket')} sold, charged {text(self.charged)}"
            f"{due}, refunded {text(self.refunded)}, fees {fees} ({self.currency})"
        )


@dataclass(frozen=True, slots=True)
class RefundsOfDay:
    """
    What goes back on one day, in minor units, and what the day is based on.
    """

    on_day: str
    basis: str
    currency: str
    amount: int
    orders: int

    def __str__(self) -> str:
        amount = f"{grouped_text(self.amount, self.currency)} {self.currency}"
        of = number_of(self.orders, "order")
        return f"Refunded on {self.on_day} ({self.basis}): {amount} of {of}"


def total_orders(orders: Sequence[AllocatedOrder]) -> tuple[PreviewTotal, ...]:
    """
    The sums of each status, and below several of them those of all; of one currency
    after the other.
    """
    by_status: dict[tuple[str, str], PreviewTotal] = {}
    for item in orders:
        order = item.order
        one = PreviewTotal(
            order.status.value,
            order.currency,
            1,
            sum(share.is_sold for share in item.shares),
            order.total,
            order.charged,
            sum(refund.amount for refund in order.refunds),
            order.total_fees,
        )
        for status in (one.status, ""):
            empty = PreviewTotal(status, one.currency)
            key = (one.currency, status)
            by_status[key] = by_status.get(key, empty).plus(one)
    several = Counter(currency for currency, _ in by_status)
    shown = [it for it in by_status.values() if it.status or several[it.currency] > 2]
    return tuple(sorted(shown, key=lambda it: (it.currency, not it.status, it.status)))


def refunds_by_day(
    planned: Iterable[tuple[AllocatedOrder, Sequence[PlannedRefund]]],
) -> tuple[RefundsOfDay, ...]:
    """
    The movements of these orders, by their day, its basis and their currency.
    """
    found: dict[tuple[str, str, str], tuple[int, set[str]]] = {}
    for item, movements in planned:
        for it in movements:
            key = (it.on_day, it.basis, item.order.currency)
            amount, orders = found.get(key, (0, set()))
            found[key] = (amount + it.amount, orders | {item.order.id})
    return tuple(
        RefundsOfDay(*key, amount, len(orders))
        for key, (amount, orders) in sorted(found.items())
    )
