"""
Seats sold at once, printed as two tables: fifty buyers for ten seats (tiers of seven
and six, mixed orders, half of them go away), round after round; and twenty tills that
sell at a person's pace and without pause. Each method of the product stands beside
what happens without it, so that the protection and its price can be read.

    python tests/benchmarks/seats.py [--rounds 100] [--seconds 20]
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import postgres_processes
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import writing
from support import seat_race, unprotected
from support.own_box_office import SHOW, put_on_sale

from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.store import engine
from ticketsync.workflows.boxoffice import sell
from ticketsync.workflows.boxoffice.sell import Tender

BUYERS, SEATS = 50, 10
CONTROL_ROUNDS = 10
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
METHODS = (  # database, method, what is taken out, whether it is a control
    (SQLITE, "no transaction (control)", unprotected.count_only, True),
    (SQLITE, "seat rows, its own busy handler", unprotected.ask_again, False),
    (SQLITE, "seat rows, write queue lock", None, False),
    (POSTGRESQL, "counted, no lock (control)", unprotected.count_only, True),
    (POSTGRESQL, "seat rows, no lock", unprotected.lock_nothing, False),
    (POSTGRESQL, "seat rows, FOR NO KEY UPDATE", None, False),
)
PACES = (  # database, method, whether SQLite's own handler queues, seats sold before
    (SQLITE, "its own busy handler (control)", True, 0),
    (SQLITE, "write queue lock", False, 0),
    (SQLITE, "write queue lock, 1,000 sold before", False, 1000),
    (POSTGRESQL, "seat rows", False, 0),
    (POSTGRESQL, "seat rows, 1,000 sold before", False, 1000),
)


class Places:
    """
    New databases of each kind, copied from one that is empty.
    """

    def __init__(self, folder, server):
        self._folder = Path(folder)
        self._number = 0
        self._empty = {SQLITE: str(self._folder / "empty.db"), POSTGRESQL: server}
        for place in self._empty.values():
            engine.create_database(place).close()

    @contextmanager
    def opened(self, kind):
        self._number += 1
        name = f"copy{self._number}"
        if kind == POSTGRESQL:
            postgres_processes.copy(self._empty[kind], name)
            url = postgres_processes.named(self._empty[kind], name)
        else:
            url = str(self._folder / f"{name}.db")
            shutil.copy(self._empty[kind], url)
        database = engine.open_database(url)
        yield url, database
        database.close()


def race(places, kind, take_out, rounds, is_control):
    """
    What each round sold, how long the holds took in seconds, and the errors.
    """
    sold, seconds, errors = [], [], 0
    for number in range(rounds):
        with pytest.MonkeyPatch.context() as patch:
            if take_out:
                take_out(patch)  # before it is opened: its engine knows what it does
            found = run_round(places, kind, number, is_control)
        sold.append(max(found.sold, found.most_seen))
        seconds += found.seconds
        errors += len(found.errors)
    return sold, seconds, errors


def run_round(places, kind, number, is_control):
    with places.opened(kind) as (_, database):
        office = put_on_sale(database)
        if is_control:
            unprotected.without_triggers(database)
        return seat_race.run_round(
            office,
            buyers=BUYERS,
            seed=number,
            watch=not is_control,
            all_pay=is_control,
        )


def sold_in_words(sold):
    over = [number for number in sold if number > SEATS]
    if over:
        return f"{len(over)} of {len(sold)} oversold, worst {max(over)} of {SEATS}"
    under = [number for number in sold if number < SEATS]
    return f"{len(under)} undersold" if under else f"{SEATS} in every round"


def print_race(places, rounds):
    form = "{:<12}{:<34}{:>7}  {:<36}{:<24}{:>7}"
    heading = ("database", "method", "rounds", "sold", "hold p50/p95/p99 ms", "errors")
    print(form.format(*heading))
    for kind, method, take_out, is_control in METHODS:
        number = CONTROL_ROUNDS if is_control else rounds
        sold, seconds, errors = race(places, kind, take_out, number, is_control)
        parts = statistics.quantiles(seconds, n=100)
        times = " / ".join(f"{1000 * parts[part - 1]:,.0f}" for part in (50, 95, 99))
        print(
            form.format(kind, method, number, sold_in_words(sold), times, errors),
            flush=True,
        )


def sell_before(database, number):
    """
    A show with room for all, of which so many seats are sold.
    """
    office = put_on_sale(
        *(database, NewTier("Adult", 5500), NewTier("Child", 2000)),
        capacity=writing.SEATS,
    )
    for _ in range(number // 20):
        sell.sell(office, SHOW, {"Adult": 20}, Tender("cash"))


def pace(places, kind, is_control, before, seconds, *, pauses):
    """
    p50 / p95 / max of a whole sale, and how many were sold in a second.
    """
    with places.opened(kind) as (url, database):
        sell_before(database, before)
        with writing.tills(url, SHOW, is_control, pauses=pauses) as found:
            time.sleep(seconds)
    passed = [sale for sales in found for sale in sales.passed]
    times = " / ".join(f"{value:,}" for value in writing.quantiles(passed))
    failed = sum(sales.failed for sales in found)
    return f"{times}{f', {failed} failed' if failed else ''}", len(passed) / seconds


def print_paces(places, seconds):
    form = "{:<12}{:<38}{:<32}{:<34}{:>8}"
    heading = ("a sale a second: p50/p95/max", "without pause: p50/p95/max", "sales/s")
    print(form.format("database", "method, 20 tills", *heading))
    for kind, method, is_control, before in PACES:
        one = (places, kind, is_control, before, seconds)
        calm, _ = pace(*one, pauses=True)
        busy, number = pace(*one, pauses=False)
        row = (kind, method, calm, busy, f"{number:.0f}")
        print(form.format(*row), flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--seconds", type=float, default=20)
    chosen = options.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="ticketsync-bench-") as folder,
        postgres_processes.started() as server,
    ):
        os.environ["TICKETSYNC_HOME"] = folder
        places = Places(folder, server)
        print_race(places, chosen.rounds)
        print()
        print_paces(places, chosen.seconds)
        print(
            f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        )


if __name__ == "__main__":
    main()
