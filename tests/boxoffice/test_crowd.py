"""
A crowd that buys at one server: as many seats as there are, and half as many buyers
more, each of them with a thread of the server for as long as the sale takes.

F93: all seats are sold, none twice, and who comes too late is refused by name.
"""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from support.own_box_office import NOW, SHOW, put_on_sale

from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.core import errors
from ticketsync.core.records import Person
from ticketsync.reporting import figures_of_shows
from ticketsync.store import engine
from ticketsync.store.tables.boxoffice import boxoffice_seats, boxoffice_tickets
from ticketsync.workflows import integrity_check
from ticketsync.workflows.boxoffice import sell
from ticketsync.workflows.boxoffice.sell import Tender

pytestmark = pytest.mark.on_both_databases

THREADS = 40  # as many as a web server gives its requests


def buy(office, number):
    """
    One seat: in cash, by card, for free, or held first and then paid by a person.
    """
    way, buyer = number % 4, Person(f"Buyer {number}")
    if way == 2:
        return sell.comp(office, SHOW, {"Adult": 1}, buyer=buyer)
    if way == 3:
        held = sell.hold(office, SHOW, {"Adult": 1}, buyer=buyer)
        return sell.pay(office, held.reference, Tender("cash"))
    return sell.sell(office, SHOW, {"Adult": 1}, Tender(("cash", "card")[way]))


def outcome_of(office, number):
    try:
        buy(office, number)
    except errors.SaleRefused as refused:
        return refused.word
    return "sold"


@pytest.mark.parametrize(
    ("places", "seconds"), [(20, None), pytest.param(1000, 60, marks=pytest.mark.drill)]
)
@pytest.mark.thorough
def test_f93_a_crowd_buys_every_seat_once(database, frozen, places, seconds):
    frozen(NOW)
    office = put_on_sale(database, NewTier("Adult", 5500), capacity=places)
    buyers = places * 3 // 2
    assert office.key.reveal()
    assert office.account.id
    began, used = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = Counter(pool.map(lambda n: outcome_of(office, n), range(buyers)))
    took, used = time.perf_counter() - began, time.process_time() - used
    print(
        f"{database.dialect}: {places:,} seats, {buyers:,} buyers, {THREADS} threads:"
        f" {dict(outcomes)} in {took:.1f} s, of which the processor {used:.1f} s"
    )
    assert outcomes == {"sold": places, "event-full": buyers - places}
    with database.read() as connection:
        query = select(boxoffice_seats.c.seat_number)
        taken = sorted(connection.scalars(query))
        codes = [*connection.scalars(select(boxoffice_tickets.c.code))]
        (shown,) = figures_of_shows.figures(connection, SHOW)
    assert taken == [*range(1, places + 1)]
    assert len({*codes}) == places
    assert shown.as_json()["tickets_sold"] == places
    assert integrity_check.check(database, office.settings, deep=True).is_sound
    if seconds is not None:
        assert took <= seconds


def test_every_thread_of_a_server_has_a_connection_of_its_own(templates):
    """
    With fewer they wait for one in no order: in a crowd some waited for 30 seconds, and
    then failed without a word that a till knows.
    """
    with templates.copied("postgresql", "empty") as place:
        database = engine.open_database(place)
        all_have_one = threading.Barrier(THREADS)

        def connect(_):
            with database.read():
                all_have_one.wait(60)

        with ThreadPoolExecutor(THREADS) as pool:
            assert [*pool.map(connect, range(THREADS))] == [None] * THREADS
        database.close()
