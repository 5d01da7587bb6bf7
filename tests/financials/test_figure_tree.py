"""
A figure as a tree: what is in no order is a node of its own, and the unknown stays so.
"""

from datetime import UTC, datetime

import pytest

from ticketsync.core.money import Money
from ticketsync.financials import figure_tree
from ticketsync.financials.explain import TicketContribution
from ticketsync.financials.figure_tree import FigureRows, RefundPart

MOMENT = datetime(2026, 10, 2, tzinfo=UTC)
AMOUNTS = (
    *("face", "discount", "charged", "refunded", "tax", "tax_remitted", "fees"),
    *("buyer_fee", "addons", "donation", "voucher", "tax_added", "unexplained"),
)


def ticket(id_, order="or_1", *, is_sold=True, status="valid", **amounts):
    values = {name: Money(0, "AUD") for name in AMOUNTS}
    for name, amount in amounts.items():
        values[name] = None if amount is None else Money(amount, "AUD")
    return TicketContribution(
        account="tt",
        order_id=order,
        order_status="paid",
        placed_at=MOMENT,
        ticket_id=id_,
        ticket_status=status,
        type_name="Stalls",
        currency="AUD",
        is_sold=is_sold,
        is_comp=False,
        is_refunded=False,
        is_checked_in=False,
        doubt=None,
        **values,
    )


def tree(figure, amount, *tickets, bills=(), refunds=(), has_tickets=False, **stored):
    amounts = {
        name: {"tt": 0}
        for name in ("net", "gross", "fees", "refunded", "tax", "tax_remitted")
    }
    amounts[figure] = {"tt": amount}
    rows = FigureRows(
        tickets=tickets,
        refunds=refunds,
        gaps={},
        bills=dict(bills),
        amounts=amounts | {name: {"tt": it} for name, it in stored.items()},
        sources={"tt": "reported"},
    )
    return figure_tree.build(figure, rows, has_tickets=has_tickets)


def outline(node):
    own = (node.kind, node.name, node.amount)
    return [own, *(line for child in node.children for line in outline(child))]


@pytest.mark.parametrize(
    ("stored", "more"),
    [(5000, ()), (5100, (100,)), (4900, (-100,)), (None, (None,))],
)
def test_a_stored_figure_that_its_orders_do_not_come_to(stored, more):
    found = tree("gross", stored, ticket("1", charged=2000), ticket("2", charged=3000))
    assert outline(found) == [
        ("figure", "gross", stored),
        ("account", "tt", stored),
        ("order", "or_1", 5000),
        *(("difference", "difference", amount) for amount in more),
    ]


def test_a_known_figure_over_orders_that_are_unknown():
    found = tree("tax", 300, ticket("1", charged=2000, tax=None))
    assert outline(found)[1:] == [
        ("account", "tt", 300),
        ("difference", "difference", 300),
    ]


def test_what_is_not_reported_is_unknown_up_to_the_root_and_free_tickets_lack_nothing():
    found = tree(
        "fees",
        None,
        ticket("1", charged=2000, fees=75),
        ticket("2", "or_2", charged=2000, fees=None),
        ticket("3", "or_3", charged=0, fees=None),
        has_tickets=True,
    )
    assert outline(found) == [
        ("figure", "fees", None),
        ("account", "tt", None),
        ("order", "or_2", None),
        ("order", "or_1", 75),
        ("ticket", "1", 75),
    ]
    (unknown, known) = found.children[0].children
    assert (unknown.source, unknown.lacks) == ("unknown", "fees")
    assert (known.source, known.lacks) == ("reported", "")


def test_an_order_that_is_billed_by_an_own_rate_beside_what_is_reported():
    found = tree(
        "fees",
        145,
        ticket("1", charged=2000, fees=75),
        ticket("2", charged=0, fees=None),
        ticket("3", "or_2", charged=900, fees=None),
        bills={("tt", "or_1"): 20, ("tt", "or_2"): 50},
        has_tickets=True,
    )
    assert [(it.name, it.amount, it.source) for it in found.children[0].children] == [
        ("or_1", 95, "mixed"),
        ("or_2", 50, "schedule"),
    ]


def test_a_ticket_without_an_order_that_no_rate_bills():
    found = tree(
        "fees",
        50,
        ticket("1", "or_1", charged=900, fees=None),
        ticket("2", "(no order)", charged=900, fees=None),
        bills={("tt", "or_1"): 50},
    )
    assert [(kind, amount) for kind, _, amount in outline(found)] == [
        ("figure", 50),
        ("account", 50),
        ("order", 50),
    ]


def test_a_refund_without_a_movement_names_its_order():
    moved = RefundPart(
        account="tt",
        order_id="or_1",
        amount=1500,
        day="2026-10-05",
        basis="seen",
        seen_at=MOMENT,
    )
    found = tree(
        "refunded",
        3500,
        ticket("1", charged=2000, refunded=1500),
        ticket("2", "or_2", charged=2000, refunded=2000),
        refunds=[moved],
    )
    assert [(it.kind, it.order_id, it.amount) for it in found.children] == [
        ("refund", "or_1", 1500),
        ("difference", "or_2", 2000),
    ]


def test_net_takes_off_refunds_remitted_tax_and_fees():
    sold = ticket("1", charged=2000, tax_remitted=100, fees=75)
    found = tree("net", 1825, sold, gross=2000, tax_remitted=100, fees=75)
    assert [(it.name, it.amount) for it in found.children] == [
        ("gross", 2000),
        ("refunded", 0),
        ("tax_remitted", -100),
        ("fees", -75),
    ]
    assert [path for path, _ in found.leaves()] == [
        "net/gross",
        "net/refunded",
        "net/tax_remitted",
        "net/fees",
    ]
