"""
A voucher that pays for a ticket while its money goes back: one of both, never both.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update
from support import waiting_locks
from support.own_box_office import NOW, SHOW, put_on_sale
from support.unprotected import write_without_lock
from support.waiting import wait_until
from support.waiting_locks import is_anyone_blocked

from ticketsync.boxoffice import vouchers
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.core import errors
from ticketsync.store import engine
from ticketsync.store.tables import boxoffice
from ticketsync.workflows.boxoffice import cancel_and_refund, sell, sell_vouchers
from ticketsync.workflows.boxoffice.box_office import BoxOffice
from ticketsync.workflows.boxoffice.cancel_and_refund import Refund
from ticketsync.workflows.boxoffice.sell import Tender

pytestmark = pytest.mark.on_both_databases


@pytest.fixture
def opened(url, frozen):
    """
    Opens the box office twice, as two processes would.
    """
    frozen(NOW)
    used = []

    def open_both():
        used.extend(engine.open_database(url) for _ in range(2))
        office = put_on_sale(used[0], NewTier("Adult", 5500), capacity=100)
        return office, BoxOffice(used[1], office.settings)

    yield open_both
    for database in used:
        database.close()


def return_while_it_pays(opened, monkeypatch):
    """
    The money of a voucher of 55.00 goes back; when all was looked at, and nothing
    written yet, it pays for a ticket, or waits. What went wrong with each.
    """
    office, other = opened()
    sold = sell_vouchers.sell_voucher(office, 5500, "AUD", Tender("cash"))
    looked, paid = threading.Event(), threading.Event()
    real = vouchers.take_back

    def take_back_late(*arguments):
        looked.set()
        assert wait_until(
            lambda: paid.is_set() or is_anyone_blocked(office.database),
            60,
        )
        real(*arguments)

    def pay():
        assert looked.wait(60)
        try:
            sell.sell(other, SHOW, {"Adult": 1}, Tender(vouchers=[sold.code]))
        finally:
            paid.set()

    monkeypatch.setattr(vouchers, "take_back", take_back_late)
    with ThreadPoolExecutor(2) as pool:
        name = sold.order.reference
        jobs = [
            pool.submit(cancel_and_refund.refund, office, name, Refund(), ""),
            pool.submit(pay),
        ]
        failed = [job.exception(120) for job in jobs]
    with office.database.read() as connection:
        (made,) = vouchers.list_all(connection)
    return failed, (made.spent, made.returned)


@waiting_locks.needed
def test_a_voucher_pays_or_goes_back(opened, monkeypatch):
    (of_refund, of_sale), amounts = return_while_it_pays(opened, monkeypatch)
    assert of_refund is None
    assert isinstance(of_sale, errors.SaleRefused)
    assert of_sale.word == "voucher-spent"
    assert amounts == (0, 5500)


def test_control_without_its_lock_and_its_look_only_the_database_refuses_both(
    opened, url, monkeypatch
):
    """
    Both go on, and who comes last is stopped by the rule of the table, without a word.
    """

    def take_all(connection, voucher_id, amount):
        table = boxoffice.vouchers
        connection.execute(
            update(table).where(table.c.id == voucher_id).values(returned=amount)
        )

    monkeypatch.setattr(vouchers, "lock", lambda *_: None)
    monkeypatch.setattr(vouchers, "take_back", take_all)
    if not url.startswith("postgresql"):
        write_without_lock(monkeypatch)
    (of_refund, of_sale), amounts = return_while_it_pays(opened, monkeypatch)
    assert of_sale is None
    assert of_refund is not None
    assert not isinstance(of_refund, errors.SaleRefused)
    assert amounts[0] == 5500
