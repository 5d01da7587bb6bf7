"""
What each ticket of an order earned: parts always add up, whatever the numbers are.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sold_orders import order

from ticketsync.core.records import (
    Fee,
    OrderStatus,
    Refund,
    Ticket,
    TicketStatus,
)
from ticketsync.sales.allocation import allocate_tickets


def ticket(number, face, fee=0, *, listed=None, void=False, date="ev_1"):
    status = TicketStatus.VOID if void else TicketStatus.VALID
    return Ticket(f"it_{number}", date, "tt", "Adult", status, False, face, fee, listed)


def column(order_, name):
    return [getattr(share, name) for share in allocate_tickets(order_)]


def test_a_fee_on_the_whole_order_is_divided_by_price():
    """
    30.00 and 10.00 with 1.00 booking fee each, 1.00 per order: shares 31.74 and 11.26.
    """
    sold = order([ticket(1, 3000, 100), ticket(2, 1000, 100)], 4300, buyer_fees=100)
    assert column(sold, "charged") == [3174, 1126]
    assert column(sold, "face") == [3000, 1000]


def test_f48_a_comp_costs_nothing_and_admits():
    sold = order([ticket(1, 0), ticket(2, 2000)], 2000)
    assert column(sold, "is_comp") == [True, False]
    assert column(sold, "is_sold") == [True, True]
    assert column(sold, "charged") == [0, 2000]


@pytest.mark.parametrize("status", [OrderStatus.PENDING, OrderStatus.CANCELLED])
def test_an_order_that_was_never_paid_counts_nowhere(status):
    unpaid = order([ticket(1, 2000)], 0, status)
    (share,) = allocate_tickets(unpaid)
    assert (share.is_sold, share.face, share.charged) == (False, 0, 0)


def test_a_cancelled_order_that_was_paid_keeps_its_money_and_admits_nobody():
    sold = order(
        [ticket(1, 2000, void=True)],
        2000,
        OrderStatus.CANCELLED,
        refunds=(Refund("r", 2000),),
    )
    (share,) = allocate_tickets(sold)
    assert (share.is_sold, share.is_refunded) == (False, True)
    assert (share.charged, share.refunded) == (2000, 2000)


VALID, VOID = False, True


@pytest.mark.parametrize(
    ("voids", "refunded", "sold", "returned", "given"),
    [
        ([VALID, VALID], 0, 2, 0, [0, 0]),
        ([VOID, VALID], 0, 1, 0, [0, 0]),  # exchanged: the money stays
        ([VALID, VALID], 4000, 2, 2, [2000, 2000]),  # refunded, still admitted
        ([VOID, VALID], 2000, 1, 1, [2000, 0]),  # one given back
        ([VOID, VOID], 4000, 0, 2, [2000, 2000]),
        ([VOID, VOID], 2000, 0, 1, [2000, 0]),  # two void, one of them returned
        ([VALID, VALID], 500, 2, 0, [250, 250]),  # goodwill
        ([VOID, VALID], 2500, 1, 1, [2000, 500]),
    ],
)
def test_f45_void_and_refund_in_all_combinations(
    voids, refunded, sold, returned, given
):
    tickets = [ticket(n, 2000, void=void) for n, void in enumerate(voids)]
    refunds = (Refund("r", refunded),) if refunded else ()
    bought = order(tickets, 4000, refunds=refunds)
    assert sum(column(bought, "is_sold")) == sold
    assert sum(column(bought, "is_refunded")) == returned
    assert column(bought, "refunded") == given


@pytest.mark.parametrize(
    ("void", "money", "to_voucher", "returned"),
    [
        ([2], 4000, 0, [2]),
        ([3], 1000, 0, [3]),
        ([1], 4000, 1000, [1]),
        ([1, 2], 4000, 5000, [1, 2]),
        ([1, 2, 3], 4000, 6000, [1, 2, 3]),
        ([1, 2, 3], 4000, 5500, [1, 2]),  # 5.00 was kept
        ([2], 0, 0, []),
        ([], 4000, 1000, []),
    ],
)
def test_a_ticket_is_refunded_once_its_price_is_back_whoever_paid_it(
    void, money, to_voucher, returned
):
    """
    50.00, 40.00 (10.00 less than it is listed at) and 10.00, of which a voucher paid
    60.00 and cash 40.00. Money goes back first.
    """
    sold = order(
        [
            ticket(1, 5000, void=1 in void),
            ticket(2, 4000, listed=5000, void=2 in void),
            ticket(3, 1000, void=3 in void),
        ],
        4000,
        vouchers=6000,
        discounts=1000,
        refunds=(Refund("r", money),) if money else (),
        credited=to_voucher,
    )
    assert column(sold, "is_refunded") == [n in returned for n in (1, 2, 3)]
    assert sum(column(sold, "refunded")) == money


def test_money_without_a_ticket_stays_with_the_show():
    (share,) = allocate_tickets(order([], 1500, donations=1500))
    assert (share.kind, share.id) == ("other", "or_1/rest")
    assert (share.charged, share.is_sold) == (1500, False)


def test_f47_an_order_over_two_shows_puts_money_where_its_tickets_are():
    both = order([ticket(1, 3000), ticket(2, 1000, date="ev_2")], 4100, buyer_fees=100)
    by_date = {s.occurrence_id: s.charged for s in allocate_tickets(both)}
    assert by_date == {"ev_1": 3075, "ev_2": 1025}


def test_reported_fees_are_divided_and_unknown_ones_stay_unknown():
    tickets = [ticket(1, 3000), ticket(2, 1000)]
    reported = order(tickets, 4000, fees=(Fee("platform", 150), Fee("card", 51)))
    assert column(reported, "fees") == [151, 50]
    assert column(order(tickets, 4000), "fees") == [None, None]


amounts = st.integers(0, 10**6)
tickets_made = st.lists(
    st.builds(
        ticket,
        st.integers(1, 10**9),
        amounts,
        amounts,
        listed=st.none() | amounts,
        void=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@given(
    tickets=tickets_made,
    charged=st.integers(1, 10**7),
    adds_up=st.booleans(),
    tax=amounts,
    donations=amounts,
    discounts=amounts,
    refunded=amounts,
    fees=st.none() | amounts,
)
def test_parts_always_add_up_to_the_order(
    tickets, charged, adds_up, tax, donations, discounts, refunded, fees
):
    if adds_up:
        charged = sum(t.face + t.fee for t in tickets) + tax + donations
    bought = order(
        tickets,
        charged,
        tax=tax,
        tax_on_top=True,
        donations=donations,
        discounts=discounts,
        refunds=(Refund("r", refunded),) if refunded else (),
        fees=None if fees is None else (Fee("all", fees),),
    )

    parts = allocate_tickets(bought)

    assert sum(p.charged for p in parts) == charged
    assert sum(p.refunded for p in parts) == refunded
    assert sum(p.tax for p in parts) == tax
    assert sum(p.discount for p in parts) == discounts
    assert sum(p.face for p in parts) == sum(t.face for t in tickets)
    if fees is not None:
        assert sum(p.fees for p in parts) == fees
    assert allocate_tickets(bought) == parts
