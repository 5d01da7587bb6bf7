"""
Tills to be killed: imports once, then forks one for each request.

A request is one JSON line on standard input: `{"url": …, "voucher": …, "seed": …}`. The
till sells in every way, with `"only_vouchers"` nothing but these, until it is killed:
before its `"step"`, counted in statements and commits, or after so many `"seconds"`.
The answer is one line, -9.

With `--split` the protection is taken out: the money is committed before the tickets,
and of a voucher that is sold the voucher before the money.
"""

import itertools
import json
import os
import random
import signal
import sys
import threading

from sqlalchemy import Engine, event

from ticketsync.boxoffice import orders
from ticketsync.core.settings.config import Settings
from ticketsync.store import engine
from ticketsync.workflows.boxoffice import sell, sell_vouchers
from ticketsync.workflows.boxoffice.box_office import BoxOffice, changes_of, sale_of
from ticketsync.workflows.boxoffice.sell import Tender

SHOW = 1
_sell, _issue = sell.sell, orders.issue_tickets
_sell_voucher = sell_vouchers.sell_voucher


def sell_in_two(office, show_id, wanted, tender):
    orders.issue_tickets = lambda *_: {}
    sold = _sell(office, show_id, wanted, tender)
    with sale_of(office, show_id) as sale:
        _issue(sale.connection, sale.read(sold.order.id), office.key, sale.now)


def sell_voucher_in_two(office, amount, currency, tender):
    paid, sell_vouchers._pay = sell_vouchers._pay, lambda *_: None
    sold = _sell_voucher(office, amount, currency, tender)
    sell_vouchers._pay = paid
    with changes_of(office, sold.order.id) as changes:
        order = changes.read(sold.order.id)
        paid(changes.connection, order, tender, changes.now)


def sell_for_ever(asked):
    office = BoxOffice(engine.open_database(asked["url"]), Settings())
    assert office.key.reveal()
    assert office.account.id
    if asked.get("step"):
        die_at_step(asked["step"])
    else:
        threading.Timer(asked["seconds"], die).start()
    chance = random.Random(asked["seed"])
    wanted = ({"Adult": 1}, {"Child": 2}, {"Adult": 2, "Child": 1})
    tenders = (
        Tender("cash"),
        Tender("card"),
        Tender("cash", vouchers=[asked["voucher"]]),
    )
    while True:
        if asked.get("only_vouchers") or chance.random() < 0.2:
            sell_vouchers.sell_voucher(
                office, 5000, "AUD", Tender(chance.choice(("cash", "card")))
            )
        elif chance.random() < 0.2:
            sell.comp(office, SHOW, chance.choice(wanted))
        elif chance.random() < 0.2:
            held = sell.hold(office, SHOW, chance.choice(wanted))
            sell.pay(office, held.reference, Tender("cash"))
        else:
            sell.sell(office, SHOW, chance.choice(wanted), chance.choice(tenders))


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_step(number):
    numbers = itertools.count(1)

    def count(*_):
        if next(numbers) == number:
            die()

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)


if __name__ == "__main__":
    if "--split" in sys.argv:
        sell.sell = sell_in_two
        sell_vouchers.sell_voucher = sell_voucher_in_two
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                sell_for_ever(asked)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
