"""
What gross consists of, as each platform reports it: one order each, worked out by hand.
"""

from decimal import Decimal

import msgspec
import pytest

from ticketsync.core.records import Fee
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.humanitix import Humanitix
from ticketsync.providers.square import Square
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.providers.wix import Wix
from ticketsync.sales.allocation import allocate

AT = "2026-10-01T02:00:00Z"


def parts_of(order):
    """
    Charged, face and those parts of an order that are not 0.
    """
    made = allocate(order, b"")
    shown = {
        "charged": sum(share.charged for share in made.shares),
        "face": sum(share.face for share in made.shares),
        **msgspec.structs.asdict(made.parts),
    }
    return {name: amount for name, amount in shown.items() if amount}


# Ticket Tailor


def tt_line(kind, quantity, value, fee=0):
    return {
        "type": kind,
        "item_id": "tt_1" if kind == "ticket" else "x",
        "quantity": quantity,
        "value": value,
        "booking_fee": fee,
        "total": quantity * (value + fee),
    }


def tt_order(total, lines, **more):
    ticket = {
        "ticket_type_id": "tt_1",
        "event_id": "ev_1",
        "status": "valid",
        "checked_in": "false",
        "listed_price": 3000,
        "description": "Adult",
    }
    return {
        "id": "or_1",
        "status": "completed",
        "created_at": 1_790_000_000,
        "currency": {"code": "aud", "base_multiplier": 100},
        "total": total,
        "tax": 0,
        "tax_treatment": "inclusive",
        "refund_amount": 0,
        "txn_id": "ch_1",
        "line_items": lines,
        "issued_tickets": [{**ticket, "id": f"it_{n}"} for n in range(2)],
        "event_summary": {"event_id": "ev_1"},
        **more,
    }


TICKET_TAILOR = [
    (  # 2 × (30.00 + 1.50), 0.50 per order, a programme of 12.00, 5.00 given
        "all that buyers add",
        [
            tt_line("ticket", 2, 3000, 150),
            tt_line("transaction_charge", 1, 50),
            tt_line("product", 1, 1200),
            tt_line("donation", 1, 500),
        ],
        8050,
        {},
        {
            "charged": 8050,
            "face": 6000,
            "buyer_fee": 350,
            "addons": 1200,
            "donation": 500,
        },
    ),
    (  # a gift card pays 20.00 of 60.00
        "a gift card",
        [tt_line("ticket", 2, 3000), tt_line("gift_card", 1, -2000)],
        4000,
        {},
        {"charged": 4000, "face": 6000, "voucher": 2000},
    ),
    (  # 10 % of 60.00 on top
        "tax on top",
        [tt_line("ticket", 2, 3000)],
        6600,
        {"tax": 600, "tax_treatment": "exclusive"},
        {"charged": 6600, "face": 6000, "tax_added": 600},
    ),
    (  # inside prices it adds nothing
        "tax inside",
        [tt_line("ticket", 2, 3000)],
        6000,
        {"tax": 545},
        {"charged": 6000, "face": 6000},
    ),
]


@pytest.mark.parametrize(
    ("lines", "total", "more", "expected"),
    [row[1:] for row in TICKET_TAILOR],
    ids=[row[0] for row in TICKET_TAILOR],
)
def test_ticket_tailor(lines, total, more, expected):
    found = TicketTailor(None, {}).parse_order(tt_order(total, lines, **more))
    assert parts_of(found) == expected
    assert allocate(found, b"").order.doubt is None


def test_f50_ticket_tailor_a_gift_card_that_is_sold_is_no_sale_of_a_show():
    """
    50.00 for a card beside 60.00 of tickets, of which another card pays 20.00: the
    tickets charge 40.00, the card is a line of its own, and nothing is unexplained.
    """
    lines = [
        tt_line("ticket", 2, 3000),
        tt_line("gift_card", 1, 5000),
        tt_line("gift_card", 1, -2000),
    ]
    found = TicketTailor(None, {}).parse_order(tt_order(9000, lines))
    made = allocate(found, b"")
    assert made.order.doubt is None
    assert [
        (share.kind, share.face, share.charged, share.parts.voucher, share.is_sold)
        for share in made.shares
    ] == [
        ("admission", 3000, 2000, 1000, True),
        ("admission", 3000, 2000, 1000, True),
        ("voucher-sale", 5000, 5000, 0, False),
    ]
    assert parts_of(found) == {"charged": 9000, "face": 11000, "voucher": 2000}


def test_f50_ticket_tailor_an_order_of_a_gift_card_alone():
    """
    A card of 50.00 with 2.00 for the order, of which 20.00 went back later.
    """
    lines = [tt_line("gift_card", 1, 5000), tt_line("transaction_charge", 1, 200)]
    sold = tt_order(5200, lines, issued_tickets=[], refund_amount=2000)
    (card,) = allocate(TicketTailor(None, {}).parse_order(sold), b"").shares
    assert (card.id, card.kind, card.type_name) == (
        *("or_1/gift-cards", "voucher-sale"),
        "Gift card",
    )
    assert (card.face, card.parts.buyer_fee, card.charged) == (5000, 200, 5200)
    assert (card.refunded, card.is_sold, card.is_comp) == (2000, False, False)


def test_f50_what_went_back_is_of_the_void_ticket_first_and_then_of_the_card():
    """
    A void ticket of 30.00, a valid one and a card of 50.00: of 110.00 went back 46.00,
    the 30.00, and of the 16.00 beyond them 6.00 and 10.00 as 30.00 to 50.00.
    """
    lines = [tt_line("ticket", 2, 3000), tt_line("gift_card", 1, 5000)]
    raw = tt_order(11000, lines, refund_amount=4600)
    raw["issued_tickets"][0]["status"] = "voided"
    shares = allocate(TicketTailor(None, {}).parse_order(raw), b"").shares
    assert [share.refunded for share in shares] == [3000, 600, 1000]


def test_f50_tax_on_top_and_what_nothing_explains_are_of_the_tickets():
    """
    10 % on 60.00 of tickets beside a card of 50.00 is 116.00, and 115.00 was paid.
    """
    lines = [tt_line("ticket", 2, 3000), tt_line("gift_card", 1, 5000)]
    more = {"tax": 600, "tax_treatment": "exclusive", "total_paid": 11500}
    found = TicketTailor(None, {}).parse_order(tt_order(11600, lines, **more))
    shares = allocate(found, b"").shares
    assert [share.charged for share in shares] == [3250, 3250, 5000]
    assert [share.tax for share in shares] == [300, 300, 0]
    assert [share.parts.unexplained for share in shares] == [-50, -50, 0]


def shares_of(raw):
    """
    The order's doubt, and of each line the kind, what was charged, paid by voucher, its
    buyer fee, its tax and what went back.
    """
    made = allocate(TicketTailor(None, {}).parse_order(raw), b"")
    return made.order.doubt, [
        (
            *(share.kind, share.charged, share.parts.voucher),
            *(share.parts.buyer_fee, share.tax, share.refunded),
        )
        for share in made.shares
    ]


def test_f50_the_booking_fee_of_a_gift_card_is_not_owed():
    """
    A card of 50.00 with 2.50 for its booking: alone, and beside tickets of 60.00, whose
    fee it is then.
    """
    card = tt_line("gift_card", 1, 5000, 250)
    alone = TicketTailor(None, {}).parse_order(
        tt_order(5250, [card], issued_tickets=[])
    )
    assert [voucher.amount for voucher in alone.voucher_sales] == [5000]
    assert parts_of(alone) == {"charged": 5250, "face": 5000, "buyer_fee": 250}
    assert shares_of(tt_order(11250, [tt_line("ticket", 2, 3000), card])) == (
        None,
        [
            ("admission", 3125, 0, 125, 0, 0),
            ("admission", 3125, 0, 125, 0, 0),
            ("voucher-sale", 5000, 0, 0, 0, 0),
        ],
    )


@pytest.mark.parametrize(
    ("paid", "of_card"), [(6000, (5000, 0)), (7000, (4000, 1000)), (11000, (0, 5000))]
)
def test_f50_a_card_that_pays_more_than_the_tickets_pays_for_the_card_that_is_sold(
    paid, of_card
):
    """
    Tickets of 60.00 and a card of 50.00, of which another one pays 60.00, 70.00 or all:
    nothing was charged for the tickets, and never less than that.
    """
    lines = [
        tt_line("ticket", 2, 3000),
        tt_line("gift_card", 1, 5000),
        tt_line("gift_card", 1, -paid),
    ]
    assert shares_of(tt_order(11000 - paid, lines)) == (
        None,
        [
            ("admission", 0, 3000, 0, 0, 0),
            ("admission", 0, 3000, 0, 0, 0),
            ("voucher-sale", *of_card, 0, 0, 0),
        ],
    )


def test_f50_tax_beside_a_card_is_of_tickets_also_where_they_are_free():
    """
    Two free tickets with 1.10 for each of booking, 0.20 of it tax, and a card of 50.00.
    """
    lines = [tt_line("ticket", 2, 0, 110), tt_line("gift_card", 1, 5000)]
    assert shares_of(tt_order(5220, lines, tax=20)) == (
        None,
        [
            ("admission", 110, 0, 110, 10, 0),
            ("admission", 110, 0, 110, 10, 0),
            ("voucher-sale", 5000, 0, 0, 0, 0),
        ],
    )


def test_f50_less_than_the_card_cost_is_divided_by_what_tickets_and_card_cost():
    """
    Of 60.00 and 40.00 only 20.00 was paid: 12.00 and 8.00, and the order is named.
    """
    lines = [tt_line("ticket", 2, 3000), tt_line("gift_card", 1, 4000)]
    doubt, shares = shares_of(tt_order(10000, lines, total_paid=2000))
    assert doubt == "paid 20.00 of 100.00 AUD"
    assert [share[:2] for share in shares] == [
        *[("admission", 600)] * 2,
        ("voucher-sale", 800),
    ]


@pytest.mark.parametrize(
    ("back", "of_lines", "is_doubtful"),
    [
        (10000, [2500, 2500, 5000], True),  # in proportion to 30.00, 30.00 and 60.00
        (12000, [3000, 3000, 6000], False),  # all prices: the fees stay
        (12150, [3075, 3075, 6000], False),
        (12300, [3150, 3150, 6000], False),  # all
    ],
)
def test_f50_a_refund_of_tickets_or_a_card_is_of_prices_first_or_named(
    back, of_lines, is_doubtful
):
    """
    Two valid tickets of 30.00 with 1.50 for each of booking, and a card of 60.00.
    """
    fee = 0 if back == 10000 else 150
    lines = [tt_line("ticket", 2, 3000, fee), tt_line("gift_card", 1, 6000)]
    total = 12000 + 2 * fee
    doubt, shares = shares_of(tt_order(total, lines, refund_amount=back))
    assert [share[-1] for share in shares] == of_lines
    assert doubt == (
        "100.00 AUD went back of tickets or a gift card: its platform does not say of "
        "which, and it is divided by price"
        if is_doubtful
        else None
    )


# Humanitix


def hx_ticket(number, price, fee, status="complete"):
    return {
        "_id": f"t{number}",
        "eventId": "e",
        "eventDateId": "d",
        "ticketTypeId": "tt",
        "ticketTypeName": "Adult",
        "status": status,
        "price": price,
        "netPrice": price,
        "total": price + fee,
    }


def hx_order(tickets, then, now=None):
    return {
        "id": "o1",
        "order": {
            "_id": "o1",
            "eventId": "e",
            "eventDateId": "d",
            "status": "complete",
            "currency": "AUD",
            "completedAt": AT,
            "purchaseTotals": then,
            "totals": {**then, **(now or {})},
        },
        "tickets": tickets,
    }


def test_humanitix_a_cancelled_ticket_keeps_its_price_and_its_fee():
    """
    2 × (40.00 + 3.80); one is cancelled and zeroed, its 40.00 went back. The booking
    fee of 7.60 has 0.69 of tax inside.
    """
    then = {
        "subtotal": 80,
        "discounts": 0,
        "total": Decimal("87.6"),
        "passedOnFee": Decimal("7.6"),
        "bookingFee": Decimal("7.6"),
        "bookingTaxes": Decimal("0.69"),
        "refunds": 0,
        "netSales": 80,
    }
    tickets = [hx_ticket(1, 40, Decimal("3.8")), hx_ticket(2, 0, 0, "cancelled")]
    raw = hx_order(tickets, then, {"refunds": 40, "netSales": 40})
    found = Humanitix(None, {}).parse_order(raw)
    assert parts_of(found) == {"charged": 8760, "face": 8000, "buyer_fee": 760}
    shares = allocate(found, b"").shares
    assert [(s.face, s.parts.buyer_fee, s.charged) for s in shares] == [
        (4000, 380, 4380),
        (4000, 380, 4380),
    ]
    assert found.fees == (Fee("Humanitix booking fee", 760, 69),)
    assert allocate(found, b"").order.doubt is None


def test_humanitix_a_donation_and_a_gift_card():
    """
    40.00 + 3.80, 5.00 given, 10.00 paid by gift card.
    """
    totals = {
        "subtotal": 40,
        "discounts": 0,
        "total": Decimal("38.8"),
        "passedOnFee": Decimal("3.8"),
        "clientDonation": 5,
        "giftCardCredit": 10,
        "bookingFee": Decimal("3.8"),
        "refunds": 0,
        "netSales": 40,
    }
    found = Humanitix(None, {}).parse_order(
        hx_order([hx_ticket(1, 40, Decimal("3.8"))], totals)
    )
    assert parts_of(found) == {
        "charged": 3880,
        "face": 4000,
        "buyer_fee": 380,
        "donation": 500,
        "voucher": 1000,
    }
    assert found.fees == (Fee("Humanitix booking fee", 380),)


# Eventbrite


def eb_costs(base, service, payment, tax, gross=None, **more):
    names = ("base_price", "eventbrite_fee", "payment_fee", "tax", "gross")
    whole = base + service + payment + tax if gross is None else gross
    amounts = (base, service, payment, tax, whole)
    costs = dict(zip(names, amounts, strict=True)) | more
    return {name: {"currency": "CAD", "value": v} for name, v in costs.items()}


def eb_order(costs, *attendees):
    return {
        "id": "1",
        "event_id": "7",
        "status": "placed",
        "created": AT,
        "costs": costs,
        "attendees": [
            {
                "id": str(n),
                "event_id": "7",
                "status": "Attending",
                "ticket_class_id": "c",
                "ticket_class_name": "Adult",
                "costs": of_one,
            }
            for n, of_one in enumerate(attendees)
        ],
    }


EVENTBRITE = [
    (  # the sample of the documents: 40.00 + 3.98 + 1.16 + 5.86 = 51.00
        "fees passed on, tax on top",
        eb_costs(4000, 398, 116, 586),
        [eb_costs(4000, 398, 116, 586)],
        {"charged": 5100, "face": 4000, "buyer_fee": 514, "tax_added": 586},
    ),
    (  # a price of 7.00 with 1.38 of fees inside
        "fees that the venue bears",
        eb_costs(562, 117, 21, 0, display_price=700),
        [eb_costs(562, 117, 21, 0)],
        {"charged": 700, "face": 700},
    ),
    (  # the order has 12.00 that no attendee has
        "a programme",
        eb_costs(5200, 398, 0, 0),
        [eb_costs(4000, 398, 0, 0)],
        {"charged": 5598, "face": 4000, "buyer_fee": 398, "addons": 1200},
    ),
    (  # 1.00 is in none of the order's costs
        "costs that do not add up",
        eb_costs(4000, 398, 0, 0, gross=4498),
        [eb_costs(4000, 398, 0, 0)],
        {"charged": 4498, "face": 4000, "buyer_fee": 398, "unexplained": 100},
    ),
]


@pytest.mark.parametrize(
    ("costs", "attendees", "expected"),
    [row[1:] for row in EVENTBRITE],
    ids=[row[0] for row in EVENTBRITE],
)
def test_eventbrite(costs, attendees, expected):
    found = Eventbrite(None, {}).parse_order(eb_order(costs, *attendees))
    assert parts_of(found) == expected
    assert (found.doubt is not None) == ("unexplained" in expected)


# Wix


def wix_money(text):
    return {"currency": "AUD", "value": text}


def wix_order(total, tickets=2, **invoice):
    ticket = {"ticketDefinitionId": "d", "name": "Adult", "price": wix_money("30.00")}
    return {
        "id": "O1",
        "order": {
            "orderNumber": "O1",
            "eventId": "e",
            "status": "PAID",
            "created": AT,
            "totalPrice": wix_money(total),
            "tickets": [{**ticket, "ticketNumber": f"n{n}"} for n in range(tickets)],
            "invoice": {
                "items": [{"id": "d", "price": wix_money("30.00")}],
                "subTotal": wix_money("60.00"),
                "grandTotal": wix_money(total),
                **invoice,
            },
        },
        "refunds": [],
    }


WIX_FEE = {"type": "FEE_ADDED", "amount": wix_money("1.50")}
WIX = [
    ("a fee added", "61.50", {"fees": [WIX_FEE]}, {"buyer_fee": 150}),
    (
        "a fee included",
        "60.00",
        {"fees": [{**WIX_FEE, "type": "FEE_INCLUDED"}]},
        {},
    ),
    (
        "tax added",
        "66.00",
        {"tax": {"type": "ADDED", "amount": wix_money("6.00")}},
        {"tax_added": 600},
    ),
    (
        "tax included",
        "60.00",
        {"tax": {"type": "INCLUDED", "amount": wix_money("5.45")}},
        {},
    ),
]


@pytest.mark.parametrize(
    ("total", "invoice", "expected"), [row[1:] for row in WIX], ids=[r[0] for r in WIX]
)
def test_wix(total, invoice, expected):
    found = Wix(None, {"site_id": "s"}).parse_order(wix_order(total, **invoice))
    charged = int(total.replace(".", ""))
    assert parts_of(found) == {"charged": charged, "face": 6000, **expected}
    assert allocate(found, b"").order.doubt is None


# Square


def sq_money(amount):
    return {"amount": amount, "currency": "AUD"}


def sq_order(total, line, **more):
    paid = {
        "id": "P1",
        "order_id": "O1",
        "status": "COMPLETED",
        "source_type": "CARD",
        "total_money": sq_money(total),
        "processing_fee": [],
    }
    amounts = {f"{name}_money": sq_money(amount) for name, amount in more.items()}
    of_line = {f"{name}_money": sq_money(amount) for name, amount in line.items()}
    return {
        "id": "O1",
        "order": {
            "id": "O1",
            "state": "COMPLETED",
            "created_at": AT,
            "line_items": [
                {
                    "uid": "a",
                    "name": "Gala",
                    "quantity": "2",
                    "catalog_object_id": "V1",
                    "gross_sales_money": sq_money(6000),
                    **of_line,
                }
            ],
            "total_money": sq_money(total),
            "tenders": [{"id": "P1", "type": "CARD", "payment_id": "P1"}],
            **amounts,
        },
        "payments": [paid],
        "refunds": [],
        "returns": [],
    }


SQUARE = [
    (  # 10 % of 60.00 on top
        "tax on top",
        sq_order(6600, {"total": 6600, "total_tax": 600}, total_tax=600),
        {"charged": 6600, "face": 6000, "tax_added": 600},
    ),
    (
        "tax inside",
        sq_order(6000, {"total": 6000, "total_tax": 545}, total_tax=545),
        {"charged": 6000, "face": 6000},
    ),
    (  # 6.00 of tax and 1.50 of a charge, both in the line's total
        "tax and a service charge",
        sq_order(
            6750,
            {"total": 6750, "total_tax": 600, "total_service_charge": 150},
            total_tax=600,
            total_service_charge=150,
        ),
        {"charged": 6750, "face": 6000, "buyer_fee": 150, "tax_added": 600},
    ),
    (
        "a tip",
        sq_order(6500, {"total": 6000}, total_tip=500),
        {"charged": 6500, "face": 6000, "addons": 500},
    ),
]


@pytest.mark.parametrize(
    ("raw", "expected"), [row[1:] for row in SQUARE], ids=[row[0] for row in SQUARE]
)
def test_square(raw, expected):
    found = Square(None, {}).parse_order(raw)
    assert parts_of(found) == expected
    assert allocate(found, b"").order.doubt is None
