"""
What was sold or held keeps its price when the terms of its show change; nothing breaks
when the seats become fewer.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from support.own_box_office import ADULT, CHILD, NOW, SHOW, put_on_sale

from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.boxoffice.shows_on_sale import Terms
from ticketsync.core import errors
from ticketsync.store.tables.members import members
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.boxoffice import cancel_and_refund, open_sale, sell
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender

CASH = Tender("cash")

pytestmark = pytest.mark.usefixtures("evening")


def change(office, *tiers, **terms):
    source = SecretSource("env", "BOX_KEY")
    open_sale.open_show(
        *(office.database, office.settings, SHOW, Terms(**terms), tiers, source)
    )


def refusal(function, *arguments):
    with pytest.raises(errors.SaleRefused) as caught:
        function(*arguments)
    return caught.value.word


@pytest.mark.parametrize(
    "other",
    [
        {"buyer_fee": 150},
        {"tax_rate_ppm": 100_000},
        {"tax_inclusive": False},
    ],
)
def test_the_fee_and_the_tax_of_what_was_ordered_never_change(office, other):
    sell.sell(office, SHOW, {"Adult": 1}, CASH)
    with pytest.raises(errors.GuardRefused) as caught:
        change(office, replace(ADULT, **other))
    assert caught.value.word == "tier-sold"
    change(office, replace(CHILD, **other))  # nobody has ordered it


def test_the_last_ticket_returns_what_it_cost(office):
    sold = sell.sell(office, SHOW, {"Adult": 2}, CASH).order.reference
    cancel_and_refund.refund(office, sold, Refund(tickets=[1], amount=0), "no show")
    assert (
        cancel_and_refund.refund(office, sold, Refund(tickets=[2]), "ill").returned
        == 5500
    )
    assert (
        cancel_and_refund.refund(office, sold, Refund(), "after all").returned == 11000
    )


@pytest.mark.parametrize(
    ("table", "word"),
    [("boxoffice_shows", "event-full"), ("price_tiers", "tier-full")],
)
def test_a_held_order_above_a_lowered_capacity_is_refused_by_name(office, table, word):
    held = sell.hold(office, SHOW, {"Adult": 3}).reference
    with office.database.write() as connection:  # no command lowers it so far
        connection.exec_driver_sql(f"UPDATE {table} SET capacity = 2")
    assert refusal(sell.pay, office, held, CASH) == word


def test_a_held_order_gets_lower_seats_that_are_free(office, evening):
    first = sell.hold(office, SHOW, {"Adult": 3}).reference
    second = sell.hold(office, SHOW, {"Adult": 3}).reference
    cancel_and_refund.cancel(office, first, "changed their mind")
    change(office, capacity=3)
    evening(NOW + timedelta(minutes=1))
    sell.extend(office, second)
    assert sell.pay(office, second, CASH).order.total == 16500


def test_an_order_whose_hold_is_over_is_not_paid_after_the_sale(office, evening):
    held = sell.hold(office, SHOW, {"Adult": 1}).reference
    in_time = sell.hold(office, SHOW, {"Adult": 1}).reference
    open_sale.close_show(office.database, SHOW)
    sell.pay(office, in_time, CASH)
    evening(NOW + timedelta(minutes=15))
    assert refusal(sell.pay, office, held, CASH) == "sale-closed"


def test_a_member_has_no_more_by_paying_after_the_time(database, evening):
    office = put_on_sale(
        database,
        NewTier("Member", 4000, members_only=True, max_quantity=2),
        terms=Terms(one_pending_per_buyer=False),
    )
    with database.write() as connection:
        connection.execute(
            members.insert().values(
                number="M1", from_date="2026-01-01", until_date="2026-12-31"
            )
        )
    held = sell.hold(office, SHOW, {"Member": 2}, member="M1").reference
    evening(NOW + timedelta(minutes=15))
    sell.sell(office, SHOW, {"Member": 2}, CASH, member="M1")
    assert refusal(sell.pay, office, held, CASH) == "too-many"
