"""
A till that is killed at a random moment of a sale (SIGKILL): the sale is there as a
whole or not at all. The control commits the money before the tickets, and a voucher
that is sold before its money.
"""

import random
from pathlib import Path

import pytest
from sqlalchemy import text
from support.killed_processes import Machine
from support.own_box_office import put_on_sale

from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.workflows import integrity_check
from ticketsync.workflows.boxoffice import sell

SCRIPT = Path(__file__).with_name("selling.py")
STEPS = 110  # statements and commits of two sales

# Each of these finds nothing.
ORPHANS = {
    "paid orders without all of their tickets": "SELECT o.reference"
    " FROM boxoffice_orders o WHERE o.state = 'paid' AND"
    " (SELECT COALESCE(SUM(l.quantity), 0) FROM boxoffice_order_lines l"
    " WHERE l.order_id = o.id) <> (SELECT COUNT(*) FROM boxoffice_tickets t"
    " WHERE t.order_id = o.id AND t.state = 'issued')",
    "paid orders whose payments are another amount": "SELECT o.reference"
    " FROM boxoffice_orders o WHERE o.state = 'paid' AND o.total <>"
    " (SELECT COALESCE(SUM(p.amount), -1) FROM payments p WHERE p.order_id = o.id"
    " AND p.state = 'succeeded')",
    "tickets that nobody paid for": "SELECT t.id FROM boxoffice_tickets t"
    " JOIN boxoffice_orders o ON o.id = t.order_id"
    " WHERE t.state = 'issued' AND o.state <> 'paid'",
    "payments for orders that are not paid": "SELECT p.id FROM payments p"
    " JOIN boxoffice_orders o ON o.id = p.order_id WHERE o.state <> 'paid'",
    "orders with another number of seats than tickets": "SELECT o.reference"
    " FROM boxoffice_orders o WHERE (SELECT COUNT(*) FROM boxoffice_seats s"
    " WHERE s.order_id = o.id) <> (SELECT COUNT(*) FROM boxoffice_tickets t"
    " WHERE t.order_id = o.id)",
    "orders that are sold here and not among all orders": "SELECT o.reference"
    " FROM boxoffice_orders o WHERE o.state = 'paid' AND (SELECT COUNT(*)"
    " FROM tickets t JOIN orders s ON s.id = t.order_id WHERE t.is_sold = 1"
    " AND s.provider_id = o.reference) <> (SELECT COUNT(*)"
    " FROM boxoffice_tickets t WHERE t.order_id = o.id AND t.state = 'issued')",
    "orders of vouchers that nobody paid": "SELECT o.reference"
    " FROM boxoffice_orders o WHERE o.show_id IS NULL AND o.state <> 'paid'",
    "vouchers that were sold at another price": "SELECT v.id FROM vouchers v"
    " JOIN boxoffice_orders o ON o.id = v.order_id WHERE v.amount <>"
    " (SELECT COALESCE(SUM(p.amount), -1) FROM payments p WHERE p.order_id = o.id)",
    "orders of no show without a voucher": "SELECT o.reference"
    " FROM boxoffice_orders o WHERE o.show_id IS NULL AND (SELECT COUNT(*)"
    " FROM vouchers v WHERE v.order_id = o.id) <> 1",
    "vouchers that are sold here and not among all orders": "SELECT o.reference"
    " FROM boxoffice_orders o JOIN vouchers v ON v.order_id = o.id"
    " WHERE v.amount <> (SELECT COALESCE(SUM(t.charged), -1) FROM tickets t"
    " JOIN orders s ON s.id = t.order_id WHERE t.kind = 'voucher-sale'"
    " AND s.provider_id = o.reference)",
    "vouchers that paid another amount than was spent": "SELECT v.id FROM vouchers v"
    " WHERE v.spent <> (SELECT COALESCE(SUM(p.amount), 0) FROM payments p"
    " WHERE p.voucher_id = v.id)",
}


@pytest.fixture
def office(database):
    return put_on_sale(
        database, NewTier("Adult", 5500), NewTier("Child", 2000), capacity=100_000
    )


def orphans(office, *, deep=False):
    """
    What a kill left that must not be, by name.
    """
    with office.database.read() as connection:
        rows = {name: connection.execute(text(q)).all() for name, q in ORPHANS.items()}
    found = [name for name, left in rows.items() if left]
    checked = integrity_check.check(office.database, office.settings, deep=deep)
    return found + ([] if checked.is_sound else ["figures that are others"])


def killed_sales(office, url, kills, *options, **asked):
    """
    What is found after each of so many kills: half of them at steps over two sales,
    half after a random time.
    """
    chance = random.Random(20)
    voucher = sell.issue_voucher(office, "gift", 10**9, "AUD")
    with Machine(SCRIPT, *options) as tills:
        for number in range(kills):
            when = (
                {"seconds": chance.uniform(0, 0.3)}
                if number % 2
                else {"step": 1 + number * STEPS // kills}
            )
            more = when | asked
            assert tills.run(url=url, voucher=voucher, seed=number, **more) == -9
            yield orphans(office)


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.drill)])
@pytest.mark.thorough
def test_a_killed_sale_is_there_as_a_whole_or_not_at_all(office, url, kills):
    found = [*killed_sales(office, url, kills)]
    with office.database.read() as connection:
        query = text("SELECT COUNT(*) FROM boxoffice_orders WHERE state = 'paid'")
        paid = connection.scalar(query)
    left = sum(map(bool, found))
    print(f"{office.database.dialect}: {kills} kills, {paid} paid, {left} left orphans")
    assert found == [[]] * kills
    assert orphans(office, deep=True) == []
    assert paid > 0
    with office.database.read() as connection:
        query = text("SELECT COUNT(*) FROM vouchers WHERE order_id IS NOT NULL")
        assert connection.scalar(query) > 0


@pytest.mark.parametrize(
    ("only_vouchers", "expected"),
    [
        (False, "paid orders without all of their tickets"),
        (True, "orders of vouchers that nobody paid"),
    ],
)
@pytest.mark.thorough
def test_control_a_commit_split_in_two_leaves_orphans(
    office, url, only_vouchers, expected
):
    found = killed_sales(office, url, 20, "--split", only_vouchers=only_vouchers)
    assert any(expected in left for left in found)
