"""
A database of schema 0028, whose box office made vouchers and sold none: every order and
every voucher stays as it was, and a voucher can be sold after the upgrade.
"""

import pytest
from sqlalchemy import exc
from support import old_databases
from support.own_box_office import NOW, SHOW, put_on_sale

from ticketsync.boxoffice import placed_orders, vouchers
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.core.money import Money
from ticketsync.core.settings.config import Settings
from ticketsync.store import engine, schema
from ticketsync.workflows import integrity_check
from ticketsync.workflows.boxoffice import sell, sell_vouchers
from ticketsync.workflows.boxoffice.box_office import BoxOffice
from ticketsync.workflows.boxoffice.sell import Tender


def fill(file):
    """
    A voucher of 70.00 has paid for a ticket of 55.00; another order holds seats.
    """
    database = engine.create_database(str(file))
    office = put_on_sale(database, NewTier("Adult", 5500))
    code = sell.issue_voucher(office, "gift", 7000, "AUD")
    sell.sell(office, SHOW, {"Adult": 1}, Tender(vouchers=[code]))
    sell.hold(office, SHOW, {"Adult": 2})
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, templates, frozen):
    frozen(NOW)
    with old_databases.upgraded(templates, request.param, "0028", fill) as database:
        yield BoxOffice(database, Settings())


@pytest.mark.thorough
def test_the_upgrade_keeps_every_order_and_voucher(upgraded):
    office = upgraded
    with office.database.read() as connection:
        held, paid = placed_orders.search(connection)
        assert schema.version_of(connection) == schema.PRESENT
        (made,) = vouchers.list_all(connection)
    assert (made.left, made.returned, made.order_id) == (1500, 0, None)
    assert [(o.show_id, o.state, o.total, o.voucher) for o in (held, paid)] == [
        (SHOW, "pending", 11000, None),
        (SHOW, "paid", 5500, None),
    ]
    assert [t.state for t in (*held.tickets, *paid.tickets)] == [
        *("reserved", "reserved", "issued"),
    ]
    assert not held.payments
    assert [(p.method, p.amount) for p in paid.payments] == [("voucher", 5500)]
    checked = integrity_check.check(office.database, office.settings, deep=True)
    assert checked.is_sound


def test_a_voucher_is_sold_after_the_upgrade(upgraded):
    office = upgraded
    sold = sell_vouchers.sell_voucher(office, 2500, "AUD", Tender("cash"))
    assert (sold.order.state, sold.order.voucher.left) == ("paid", 2500)
    with office.database.read() as connection:
        assert vouchers.sum_owed(connection, NOW) == [Money(4000, "AUD")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE vouchers SET returned = 1501 WHERE id = 2",
        "UPDATE vouchers SET returned = 1 WHERE id = 1",  # nobody has bought it
        "UPDATE vouchers SET kind = 'discount' WHERE id = 2",
        "UPDATE vouchers SET order_id = NULL, returned = 1 WHERE id = 2",
        "UPDATE boxoffice_orders SET show_id = NULL WHERE show_id = 1",
        "UPDATE boxoffice_orders SET show_id = 1 WHERE show_id IS NULL",
    ],
)
def test_what_cannot_be_is_refused(upgraded, change):
    office = upgraded
    sell_vouchers.sell_voucher(office, 1500, "AUD", Tender("cash"))
    with pytest.raises(exc.IntegrityError), office.database.write() as connection:
        connection.exec_driver_sql(change)
