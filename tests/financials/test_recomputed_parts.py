"""
The recomputed figures are the sums of the orders, in every part of gross.
"""

import random

import msgspec
import pytest
from sqlalchemy import text
from support.random_orders import independent_sums, random_order
from support.saved_orders import FIRST_DAY, prepare, save

from ticketsync.core.settings.config import Settings
from ticketsync.financials import explain
from ticketsync.reporting import figures_of_shows
from ticketsync.sales.charged_parts import ChargedParts
from ticketsync.store import totals
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import tickets
from ticketsync.workflows import recompute_figures

_BATCH = 1000


def test_every_list_of_the_parts_has_them_in_one_order():
    """
    Of tickets, of sums, of explain, and as they are stored.
    """
    of_tickets = list(totals.GROSS_PARTS.values())
    of_sums = list(totals.GROSS_PARTS)
    assert [*ChargedParts.__struct_fields__] == of_tickets
    assert [column.name for column in explain.CHARGED_PARTS] == of_tickets
    assert [c.name for c in tickets.c if c.name in of_tickets] == of_tickets
    assert [c.name for c in show_financials.c if c.name in of_sums] == of_sums


def sums_of(orders):
    """
    Gross, face and its other parts, added up from the orders alone.
    """
    total = [0] * 8
    for order in orders:
        face, parts = independent_sums(order)
        own = (order.charged, face, *msgspec.structs.astuple(parts))
        total = [a + b for a, b in zip(total, own, strict=True)]
    return total


def sums_of_figures(database):
    recompute_figures.rebuild(database, Settings())
    with database.read() as connection:
        rows = [
            (
                f.gross,
                f.face,
                *(getattr(f, c.name) for c in figures_of_shows.GROSS_PARTS),
            )
            for f in figures_of_shows.figures(connection)
        ]
    assert len(rows) == 2
    return [
        sum(amount.minor for amount in column) for column in zip(*rows, strict=True)
    ]


def save_random_orders(database, number):
    chance = random.Random(number)
    whole = [0] * 8
    for start in range(0, number, _BATCH):
        orders = [random_order(chance, start + n) for n in range(_BATCH)]
        save(database, *orders, at=FIRST_DAY)
        whole = [a + b for a, b in zip(whole, sums_of(orders), strict=True)]
    return whole


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(20_000, marks=pytest.mark.thorough),
        pytest.param(1_000_000, marks=pytest.mark.drill),
    ],
)
def test_f53_figures_are_the_sums_of_random_orders(sqlite, number):
    prepare(sqlite)
    assert save_random_orders(sqlite, number) == sums_of_figures(sqlite)


def test_they_are_on_both_databases(database):
    prepare(database)
    assert save_random_orders(database, _BATCH) == sums_of_figures(database)


def test_control_one_ticket_changed_is_another_sum(sqlite):
    prepare(sqlite)
    whole = save_random_orders(sqlite, _BATCH)
    with sqlite.write() as connection:
        connection.execute(
            text(
                "UPDATE tickets SET buyer_fee = buyer_fee + 1, addons = addons - 1 "
                "WHERE id = 7"
            )
        )
    found = sums_of_figures(sqlite)
    assert found != whole
    assert found[:2] == whole[:2]
