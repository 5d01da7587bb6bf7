"""
What a box office must have after each command, computed without its code: ten seats,
of which adults have seven and children six; amounts in minor units.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

SEATS = 10
LIMITS = {"Adult": 7, "Child": 6}
PRICES = {"Adult": 5500, "Child": 2000}
HOLD = timedelta(minutes=15)
LONGEST = timedelta(minutes=60)  # from the beginning of an order

# Every change of a state that there may be, by kind; from "" something begins.
CHANGES = {
    "order": {
        *(("", "pending"), ("pending", "pending"), ("pending", "paid")),
        *(("pending", "expired"), ("pending", "cancelled"), ("paid", "refunded")),
    },
    "ticket": {
        *(("", "reserved"), ("reserved", "issued"), ("issued", "void")),
    },
    "payment": {("", "succeeded"), ("succeeded", "returned")},
    "refund": {("", "succeeded")},
    "voucher": {("", "open")},
}


@dataclass
class Voucher:
    """
    Money given beforehand; `reference` is of the order that sold it, `""` where none
    did, and `returned` what of it went back for money.
    """

    code: str
    amount: int
    spent: int = 0
    reference: str = ""
    method: str = ""
    returned: int = 0

    @property
    def left(self):
        return self.amount - self.spent - self.returned

    @property
    def state(self):
        """
        The state of the order that sold it.
        """
        return "refunded" if self.returned == self.amount else "paid"


@dataclass
class Payment:
    """
    What was received for an order, and what of it went back.
    """

    method: str
    amount: int
    voucher: Voucher | None = None
    returned: int = 0

    @property
    def kept(self):
        return self.amount - self.returned


@dataclass
class Ticket:
    """
    A ticket; `code` once it is issued.
    """

    tier: str
    price: int
    is_void: bool = False
    is_in: bool = False
    code: str = ""


@dataclass
class Order:
    """
    An order with its tickets and payments.
    """

    reference: str
    created: datetime
    held_until: datetime
    tickets: list
    state: str = "pending"
    payments: list = field(default_factory=list)

    @property
    def total(self):
        return sum(ticket.price for ticket in self.tickets)

    @property
    def valid(self):
        return [ticket for ticket in self.tickets if not ticket.is_void]

    @property
    def kept(self):
        return sum(payment.kept for payment in self.payments)

    def has_seats(self, now):
        return self.state == "paid" or (
            self.state == "pending" and self.held_until > now
        )


class Model:
    """
    The whole box office. Each function returns the word of a refusal, or `""`.
    """

    def __init__(self):
        self.orders = []
        self.vouchers = []
        self.elsewhere = 0

    def taken(self, now, tier=None):
        return sum(
            1
            for order in self.orders
            if order.has_seats(now)
            for ticket in order.valid
            if tier in (None, ticket.tier)
        )

    def refuse_full(self, now, wanted):
        left = SEATS - self.taken(now) - self.elsewhere
        if left < sum(wanted.values()):
            return "event-full"
        for tier, number in wanted.items():
            if LIMITS[tier] - self.taken(now, tier) < number:
                return "tier-full"
        return ""

    def add_order(self, reference, now, wanted, *, is_free=False):
        tickets = [
            Ticket(tier, 0 if is_free else PRICES[tier])
            for tier in PRICES
            for _ in range(wanted.get(tier, 0))
        ]
        self.orders.append(Order(reference, now, now + HOLD, tickets))
        return self.orders[-1]

    def refuse_tender(self, total, method, vouchers):
        if any(not voucher.left for voucher in vouchers):
            return "voucher-spent"
        due = total - min(total, sum(voucher.left for voucher in vouchers))
        return "amount-mismatch" if due and not method else ""

    def refuse_payment(self, order, now, method, vouchers):
        if order.state != "pending":
            return ended_word(order)
        if order.held_until <= now:
            wanted = {t: sum(x.tier == t for x in order.tickets) for t in PRICES}
            if self.refuse_full(now, {t: n for t, n in wanted.items() if n}):
                return "hold-expired"
        return self.refuse_tender(order.total, method, vouchers)

    def pay(self, order, method, vouchers, codes):
        due = order.total
        for voucher in vouchers:
            part = min(due, voucher.left)
            if part:
                voucher.spent += part
                order.payments.append(Payment("voucher", part, voucher))
                due -= part
        if due:
            order.payments.append(Payment(method, due))
        order.state = "paid"
        for number, code in codes.items():
            order.tickets[number - 1].code = code

    def extend(self, order, now):
        if order.state != "pending":
            return ended_word(order)
        longest = order.created + LONGEST
        if order.held_until <= now or order.held_until >= longest:
            return "hold-expired"
        order.held_until = max(order.held_until, min(now + HOLD, longest))
        return ""

    def cancel(self, order):
        if order.state != "pending":
            return ended_word(order)
        order.state = "cancelled"
        return ""

    def expire(self, now):
        found = [
            order
            for order in self.orders
            if order.state == "pending" and order.held_until <= now
        ]
        for order in found:
            order.state = "expired"
        return {order.reference for order in found}

    def refund(self, order, tickets, amount, *, keeps_tickets=False):
        if order.state != "paid":
            return "wrong-state"
        money = [it for it in reversed(order.payments) if it.method != "voucher"]
        others = [it for it in reversed(order.payments) if it.method == "voucher"]
        for payment in (*money, *others):
            part = min(amount, payment.kept)
            payment.returned += part
            amount -= part
            if payment.voucher:
                payment.voucher.spent -= part
        assert amount == 0
        for ticket in () if keeps_tickets else tickets:
            ticket.is_void = True
        if not order.valid and not order.kept:
            order.state = "refunded"
        return ""

    def return_voucher(self, voucher):
        if voucher.state == "refunded":
            return "wrong-state"
        if not voucher.left:
            return "voucher-spent"
        voucher.returned += voucher.left
        return ""

    @property
    def sold_vouchers(self):
        return [voucher for voucher in self.vouchers if voucher.reference]

    def scan(self, ticket):
        if ticket.is_void:
            return "not-valid"
        if ticket.is_in:
            return "already-in"
        ticket.is_in = True
        return "admitted"

    def figures(self):
        """
        Tickets sold, what was charged, and what of it went back.
        """
        sold = [order for order in self.orders if order.state in ("paid", "refunded")]
        money = [
            payment
            for order in sold
            for payment in order.payments
            if payment.method != "voucher"
        ]
        return (
            sum(len(order.valid) for order in sold),
            sum(payment.amount for payment in money),
            sum(payment.returned for payment in money),
        )


def ended_word(order):
    return "hold-expired" if order.state == "expired" else "wrong-state"
