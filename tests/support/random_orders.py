"""
Random orders, and an independent sum of what they consist of.
"""

from support.saved_orders import BOUGHT, OCCURRENCES

from ticketsync.core.records import (
    Fee,
    Order,
    OrderStatus,
    Refund,
    Ticket,
    TicketStatus,
)
from ticketsync.sales.charged_parts import ChargedParts


def random_order(chance, number=1):
    """
    An order as no platform sends it: any signs, any sums. Its ids end with `number`.
    """

    def amount(most=5000, least=0):
        return chance.choice((0, 0, chance.randint(least, most)))

    tickets = [
        Ticket(
            *(f"it_{number}_{n}", chance.choice(OCCURRENCES), "tt", "Adult"),
            *(TicketStatus.VALID, False, amount(), amount(300, -20)),
            tax_added=amount(300),
        )
        for n in range(chance.choice((0, 1, 1, 2, 3, 4, 7)))
    ]
    more = {
        "buyer_fees": amount(500, -50),
        "addons": amount(),
        "donations": amount(),
        "vouchers": amount(9000),
        "tax": chance.choice((None, amount(900))),
        "tax_on_top": chance.random() < 0.5,
    }
    on_top = (more["tax"] or 0) if more["tax_on_top"] else 0
    of_tickets = sum(t.face + t.fee + t.tax_added for t in tickets)
    shared = more["buyer_fees"] + more["addons"] + more["donations"] + on_top
    rest = chance.choice((0, 0, 0, chance.randint(-3000, 3000)))
    charged = max(0, of_tickets + shared - more["vouchers"] + rest)
    if not tickets and not charged:
        charged = 1
    fees = chance.choice((None, (), (Fee("Booking", amount(), amount(90)),)))
    back = amount(charged)
    return Order(
        id=f"or_{number}",
        occurrence_id=OCCURRENCES[0],
        status=OrderStatus.PAID,
        placed_at=BOUGHT,
        currency="AUD",
        total=charged,
        charged=charged,
        tickets=tuple(tickets),
        fees=fees,
        refunds=(Refund(f"r_{number}", back),) if back else (),
        **more,
    )


def independent_sums(found):
    """
    The order's own amounts, added up without any allocation.
    """
    on_top = (found.tax or 0) if found.tax_on_top else 0
    face = sum(t.face for t in found.tickets)
    fees = found.buyer_fees + sum(t.fee for t in found.tickets)
    tax = on_top + sum(t.tax_added for t in found.tickets)
    parts = face + fees + found.addons + found.donations - found.vouchers + tax
    return face, ChargedParts(
        *(fees, found.addons, found.donations, found.vouchers, tax),
        found.charged - parts,
    )
