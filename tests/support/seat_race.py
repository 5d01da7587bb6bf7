"""
Many buyers at once for few seats, through the product's own functions.

Each buyer holds one order: of adults, of children or of both, with a voucher, for free
or in cash; half of them go away without paying.
"""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy import text
from support.own_box_office import SHOW

from ticketsync.core import errors
from ticketsync.core.records import Person
from ticketsync.workflows.boxoffice import cancel_and_refund, sell
from ticketsync.workflows.boxoffice.sell import Tender

ORDERS = (
    *({"Adult": 1}, {"Child": 1}, {"Adult": 2}, {"Adult": 1, "Child": 1}),
    {"Adult": 2, "Child": 1},
)
SOLD = (
    "SELECT COUNT(*) FROM tickets WHERE is_sold = 1 AND account_id ="
    " (SELECT id FROM accounts WHERE provider = 'boxoffice')"
)
TAKEN = "SELECT COUNT(*) FROM boxoffice_seats WHERE held_until IS NULL"


@dataclass
class Round:
    """
    What came of one round: seats sold, refusals by word, other errors, the times of
    holds in seconds, and the most seats that a reader saw.
    """

    sold: int = 0
    refusals: Counter = field(default_factory=Counter)
    errors: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
    most_seen: int = 0


def run_round(office, *, buyers=50, seed=0, watch=True, all_pay=False):
    """
    All buyers at once; afterwards whoever comes buys what was given up, a seat at a
    time, until nothing is left.
    """
    found = Round()
    assert office.key.reveal()  # read once, as a till does
    assert office.account.id
    start = threading.Barrier(buyers)
    is_over = threading.Event()

    def buy(number):
        chance = random.Random(seed * 1000 + number)
        wanted = chance.choice(ORDERS)
        start.wait()
        try:
            _buy(office, wanted, number, chance, found, all_pay=all_pay)
        except errors.SaleRefused as refused:
            found.refusals[refused.word] += 1
        except Exception as error:
            found.errors.append(error)

    with ThreadPoolExecutor(buyers + 1) as pool:
        reader = pool.submit(_watch, office, is_over) if watch else None
        try:
            for future in [pool.submit(buy, number) for number in range(buyers)]:
                future.result()
            _buy_the_rest(office, found)
        finally:
            is_over.set()  # else the reader would go on for ever
        found.most_seen = reader.result() if reader else 0
    found.sold = _count(office, SOLD)
    return found


def _buy(office, wanted, number, chance, found, *, all_pay):
    buyer = Person(f"Buyer {number}") if chance.random() < 0.5 else Person()
    if chance.random() < 0.2:
        sell.comp(office, SHOW, wanted, buyer=buyer)
        return
    began = time.perf_counter()
    held = sell.hold(office, SHOW, wanted, buyer=buyer)
    found.seconds.append(time.perf_counter() - began)
    if chance.random() < 0.5 and not all_pay:
        cancel_and_refund.cancel(office, held.reference, "went away")
        return
    sell.pay(office, held.reference, Tender(chance.choice(("cash", "card"))))


def _buy_the_rest(office, found):
    for tier in ("Adult", "Child") * 10:
        try:
            sell.sell(office, SHOW, {tier: 1}, Tender("cash"))
        except errors.SaleRefused as refused:
            found.refusals[refused.word] += 1


def _watch(office, is_over):
    most = 0
    while not is_over.is_set():
        most = max(most, _count(office, TAKEN), _count(office, SOLD))
        time.sleep(0.002)
    return most


def _count(office, query):
    with office.database.read() as connection:
        return connection.execute(text(query)).scalar()
