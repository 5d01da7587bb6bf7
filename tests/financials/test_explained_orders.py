"""
The orders behind a show's figures: what is summed of their tickets, by hand.
"""

from ticketsync.core import tables
from ticketsync.financials.explain import BY_ORDER, CONTRIBUTIONS, by_order

NOTHING = {
    column.name: 0 if column.kind is tables.Kind.MONEY else ""
    for column in CONTRIBUTIONS
}


def contribution(order, **values):
    row = {
        **NOTHING,
        "account": "tt",
        "order_id": order,
        "currency": "AUD",
        "is_sold": True,
        "is_comp": False,
        **values,
    }
    return tuple(row[column.name] for column in CONTRIBUTIONS)


def summed(*rows):
    table = by_order(tables.Table(CONTRIBUTIONS, iter(rows)))
    assert table.columns == BY_ORDER
    names = ("account", "order_id", "currency", "tickets", "comps", "charged", "fees")
    return [tuple(row[table.position(name)] for name in names) for row in table.rows]


def test_the_tickets_of_an_order_are_one_row_where_it_began():
    assert summed(
        contribution("or_1", charged=2500, fees=75),
        contribution("or_2", charged=4000, fees=120),
        contribution("or_1", charged=1550, fees=30),
        contribution("or_1", is_comp=True),
        contribution("or_2", charged=4000, fees=120, is_sold=False),
    ) == [
        ("tt", "or_1", "AUD", 3, 1, 4050, 105),
        ("tt", "or_2", "AUD", 1, 0, 8000, 240),
    ]


def test_what_one_ticket_does_not_know_the_order_does_not_know():
    assert summed(
        contribution("or_1", charged=2500, fees=75),
        contribution("or_1", charged=2500, fees=None),
    ) == [("tt", "or_1", "AUD", 2, 0, 5000, None)]


def test_a_free_ticket_lacks_no_fees():
    """
    As in the figures, whose fees are known with such an order.
    """
    assert summed(
        contribution("or_1", charged=2500, fees=75),
        contribution("or_1", is_comp=True, fees=None),
    ) == [("tt", "or_1", "AUD", 2, 1, 2500, 75)]


def test_one_id_on_two_accounts_is_two_orders_and_currencies_stay_apart():
    assert summed(
        contribution("(no order)", charged=100),
        contribution("(no order)", charged=200, account="hx"),
        contribution("(no order)", charged=300, currency="NZD"),
        contribution("(no order)", charged=400),
    ) == [
        ("tt", "(no order)", "AUD", 2, 0, 500, 0),
        ("hx", "(no order)", "AUD", 1, 0, 200, 0),
        ("tt", "(no order)", "NZD", 1, 0, 300, 0),
    ]
