"""
What was charged for an order and each of its tickets, and what it consists of. The
tables are worked out by hand, in cents.
"""

import random

import pytest
from support.random_orders import independent_sums, random_order
from support.sold_orders import order

from ticketsync.core import money
from ticketsync.core.records import (
    Fee,
    OrderStatus,
    Ticket,
    TicketStatus,
)
from ticketsync.sales import charged_parts
from ticketsync.sales.allocation import allocate
from ticketsync.sales.charged_parts import ChargedParts, sum_parts


def ticket(number, face, fee=0, tax_added=0, *, date="ev_1"):
    return Ticket(
        f"it_{number}",
        date,
        "tt",
        "Adult",
        TicketStatus.VALID,
        False,
        face,
        fee,
        tax_added=tax_added,
    )


TWO = (ticket(1, 3000, 100), ticket(2, 1000, 100))  # weights 3100 and 1100 of 4200

# name, tickets, charged, the order's amounts, for each ticket: charged, and its
# buyer fee, add-ons, donation, voucher, tax on top, unexplained
TABLE = [
    ("prices alone", [ticket(1, 3000)], 3000, {}, [(3000, 0, 0, 0, 0, 0, 0)]),
    (
        "a fee of each ticket",
        TWO,
        4200,
        {},
        [(3100, 100, 0, 0, 0, 0, 0), (1100, 100, 0, 0, 0, 0, 0)],
    ),
    (  # 420 divided: 310 and 110
        "a fee of the order",
        TWO,
        4620,
        {"buyer_fees": 420},
        [(3410, 410, 0, 0, 0, 0, 0), (1210, 210, 0, 0, 0, 0, 0)],
    ),
    (  # 84 + 840 + 420 = 1344 divided: 992 and 352
        "everything that buyers add",
        TWO,
        5544,
        {"buyer_fees": 84, "addons": 840, "donations": 420},
        [(4092, 162, 620, 310, 0, 0, 0), (1452, 122, 220, 110, 0, 0, 0)],
    ),
    (
        "tax on top of the order",
        TWO,
        4620,
        {"tax": 420, "tax_on_top": True},
        [(3410, 100, 0, 0, 0, 310, 0), (1210, 100, 0, 0, 0, 110, 0)],
    ),
    (
        "tax inside prices",
        TWO,
        4200,
        {"tax": 381},
        [(3100, 100, 0, 0, 0, 0, 0), (1100, 100, 0, 0, 0, 0, 0)],
    ),
    (
        "tax on top of one ticket",
        [ticket(1, 3000, 0, 300), ticket(2, 1000)],
        4300,
        {"tax": 300},
        [(3300, 0, 0, 0, 0, 300, 0), (1000, 0, 0, 0, 0, 0, 0)],
    ),
    (  # 2100 divided: 1550 and 550
        "a voucher for half",
        TWO,
        2100,
        {"vouchers": 2100},
        [(1550, 100, 0, 0, 1550, 0, 0), (550, 100, 0, 0, 550, 0, 0)],
    ),
    (  # a voucher for everything, donation included: 420 is 310 and 110
        "a voucher for all",
        TWO,
        0,
        {"vouchers": 4620, "donations": 420},
        [(0, 100, 0, 310, 3410, 0, 0), (0, 100, 0, 110, 1210, 0, 0)],
    ),
    (  # 42 is missing: what was charged is divided, 3069 and 1089
        "less than the parts",
        TWO,
        4158,
        {},
        [(3069, 100, 0, 0, 0, 0, -31), (1089, 100, 0, 0, 0, 0, -11)],
    ),
    (  # 420 more than the parts, of which 42 are a donation: 31 and 11
        "more than the parts",
        TWO,
        4662,
        {"donations": 42},
        [(3441, 100, 0, 31, 0, 0, 310), (1221, 100, 0, 11, 0, 0, 110)],
    ),
    (  # each of the four is 1 cent, and all together 2, 1, 1
        "cents that do not divide",
        [ticket(n, 1000) for n in range(3)],
        3004,
        {
            "buyer_fees": 1,
            "addons": 1,
            "donations": 1,
            "tax": 1,
            "tax_on_top": True,
        },
        [
            (1002, 1, 1, 0, 0, 0, 0),
            (1001, 0, 0, 1, 0, 0, 0),
            (1001, 0, 0, 0, 0, 1, 0),
        ],
    ),
    (  # two cents less, rounded off a cash sale
        "a negative fee",
        [ticket(1, 1001), ticket(2, 1001)],
        2000,
        {"buyer_fees": -2},
        [(1000, -1, 0, 0, 0, 0, 0), (1000, -1, 0, 0, 0, 0, 0)],
    ),
    (
        "without a ticket",
        [],
        1700,
        {"donations": 1500, "buyer_fees": 100},
        [(1700, 100, 0, 1500, 0, 0, 100)],
    ),
]


@pytest.mark.parametrize(
    ("tickets", "charged", "amounts", "expected"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_parts_of_each_ticket(tickets, charged, amounts, expected):
    found = allocate(order(tickets, charged, **amounts), b"")
    assert [
        (
            *(share.charged, share.parts.buyer_fee, share.parts.addons),
            *(share.parts.donation, share.parts.voucher, share.parts.tax_added),
            share.parts.unexplained,
        )
        for share in found.shares
    ] == expected


def test_an_unexplained_rest_is_a_discrepancy_and_the_platforms_own_stays():
    odd = order(TWO, 4158)
    text = "its parts come to 42.00 AUD, and 41.58 AUD was charged"
    assert allocate(odd, b"").order.doubt == text
    own = order(TWO, 4158, doubt="paid 41.58 of 42.00 AUD")
    assert allocate(own, b"").order.doubt == "paid 41.58 of 42.00 AUD"
    assert allocate(order(TWO, 4200), b"").order.doubt is None


@pytest.mark.parametrize("status", [OrderStatus.PENDING, OrderStatus.CANCELLED])
def test_an_order_that_was_never_paid_has_no_parts(status):
    unpaid = order(TWO, 0, status, donations=420, tax=10, tax_on_top=True)
    found = allocate(unpaid, b"")
    assert found.parts == ChargedParts()
    assert found.order.doubt is None


def test_tax_inside_a_fee_is_divided_like_the_fee_and_unknown_with_it():
    both = (ticket(1, 3000), ticket(2, 1000, date="ev_2"))

    def lines(*fees):
        found = allocate(order(both, 4000, fees=fees), b"").fees
        return [(f.occurrence_id, f.name, f.amount, f.tax) for f in found]

    assert lines(Fee("Booking", 400, 36)) == [
        ("ev_1", "Booking", 300, 27),
        ("ev_2", "Booking", 100, 9),
    ]
    assert lines(Fee("Booking", 400)) == [
        ("ev_1", "Booking", 300, None),
        ("ev_2", "Booking", 100, None),
    ]
    assert lines(Fee("Booking", 300, 30), Fee("Booking", 100)) == [
        ("ev_1", "Booking", 300, None),
        ("ev_2", "Booking", 100, None),
    ]


def check(found, made):
    for share in made.shares:
        part = share.parts
        assert share.charged == (
            share.face + part.buyer_fee + part.addons + part.donation
            - part.voucher + part.tax_added + part.unexplained
        )  # fmt: skip
        assert min(part.addons, part.donation, part.voucher) >= 0
    face, parts = independent_sums(found)
    assert sum(share.charged for share in made.shares) == found.charged
    assert sum(share.face for share in made.shares) == face
    assert made.parts == sum_parts(share.parts for share in made.shares) == parts
    assert bool(made.parts.unexplained) == (made.order.doubt is not None)


def check_random_orders(number):
    chance = random.Random(number)
    for _ in range(number):
        found = random_order(chance)
        check(found, allocate(found, b""))


@pytest.mark.parametrize(
    "number",
    [
        2_000,
        pytest.param(20_000, marks=pytest.mark.thorough),
        pytest.param(1_000_000, marks=pytest.mark.drill),
    ],
)
def test_f42_f51_f52_charged_is_the_sum_of_its_parts_for_any_order(number):
    """
    2,000 random orders in the suite, a million in the drill.
    """
    check_random_orders(number)


def test_control_parts_divided_one_by_one_do_not_add_up(monkeypatch):
    """
    Each part divided by largest remainder for itself: the cents go to the first ticket.
    """

    def one_by_one(amounts, sums, weights):
        return [money.split(amount, weights) for amount in amounts]

    monkeypatch.setattr(charged_parts, "_divide", one_by_one)
    with pytest.raises(AssertionError):
        check_random_orders(500)
