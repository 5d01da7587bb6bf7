"""
How long a whole sale takes at one of twenty tills, from the call of `sell` to its
return, the wait for other writers and the commit included. Each till sells two tickets
in every second, at whatever moment a customer comes: alone, and while a first sync
writes to the same database; on SQLite and on PostgreSQL. The control is SQLite's own
busy handler, without our line and without a sync that lets tills in.

    python tests/benchmarks/writing.py [--orders 20000] [--seconds 20] [--only sqlite]

A till has sold once before it is timed, as one that was opened. What else the machine
does stands beside the figures, because it decides about them: its load is that of the
last minute, `processor` what a sale takes of one.
"""

import argparse
import contextlib
import gc
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import postgres_processes
import pytest
import run

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.own_box_office import KEY
from support.unprotected import ask_again

from ticketsync.boxoffice import tills as drawers
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.boxoffice.shows_on_sale import Terms
from ticketsync.catalogue import new_shows, shows
from ticketsync.core import clock, errors
from ticketsync.core.settings.config import Settings
from ticketsync.store.engine import open_database
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.boxoffice import open_sale, sell
from ticketsync.workflows.boxoffice.box_office import BoxOffice
from ticketsync.workflows.boxoffice.sell import Tender

TILLS = 20
SEATS = 10_000
BOUND = "p95 100, max 250"
BOUNDS = {  # of the median, the 95th of a hundred and the longest sale
    "20 tills": BOUND,
    "20 tills during a first sync": BOUND,
    "20 tills, PostgreSQL": BOUND,
    "20 tills during a first sync, PostgreSQL": BOUND,
}


@dataclass
class Sales:
    """
    The sales of one till in seconds, by the clock and of the processor.
    """

    passed: list = field(default_factory=list)
    used: list = field(default_factory=list)
    failed: int = 0


def open_show(url):
    """
    Put a show of the venue on sale; returns its id.
    """
    database = open_database(url)
    with database.write() as connection:
        venue = shows.list_venues(connection)[0]
        new = new_shows.NewShow(
            *("Late Laughs", clock.now(), venue.name, venue.timezone, venue.currency),
            capacity=SEATS,
        )
        show = new_shows.add_show(connection, new)
    tiers = [NewTier("Adult", 5500, tax_rate_ppm=100_000), NewTier("Child", 2000)]
    source = SecretSource("env", "BOX_KEY")
    open_sale.open_show(database, Settings(), show.id, Terms(), tiers, source)
    database.close()
    return show.id


def till(number, url, show_id, is_control, pauses, opened, begins, ends, results):
    """
    Sell once in each second after the event `begins`, until the event `ends`; without
    `pauses` as often as it can.
    """
    gc.set_threshold(200_000, 20, 20)  # as the command does
    chance = random.Random(number)
    office = BoxOffice(open_database(url), Settings())
    with office.database.write() as connection:
        drawer = drawers.open_till(
            connection, str(number), "AUD", clock.now(), opening_float=0
        )
    tender = Tender("cash", till_id=drawer.id)
    sell.sell(office, show_id, {"Adult": 1}, tender)
    if is_control:
        ask_again(pytest.MonkeyPatch())
    sales = Sales()
    opened.wait()
    begins.wait()
    second = time.monotonic()
    while not ends.wait(
        max(0, second + chance.random() - time.monotonic()) if pauses else 0
    ):
        passed, used = time.perf_counter(), time.process_time()
        try:
            sell.sell(office, show_id, {"Adult": 2}, tender)
        except errors.DatabaseError:
            sales.failed += 1
        else:
            sales.passed.append(time.perf_counter() - passed)
            sales.used.append(time.process_time() - used)
        second += 1
    results.put(sales)


@contextlib.contextmanager
def tills(url, show_id, is_control, *, pauses=True):
    """
    Twenty tills at work; the list has their sales afterwards.
    """
    context = multiprocessing.get_context("fork")
    results, begins, ends = context.Queue(), context.Event(), context.Event()
    opened = context.Barrier(TILLS + 1)
    shared = (url, show_id, is_control, pauses, opened, begins, ends, results)
    children = [context.Process(target=till, args=(n, *shared)) for n in range(TILLS)]
    found = []
    try:
        for child in children:
            child.start()
        opened.wait(300)
        begins.set()
        yield found
    finally:
        ends.set()
        begins.set()
        found += [results.get() for _ in children]
        for child in children:
            child.join()


def quantiles(seconds):
    """
    Median, the 95th of a hundred and the longest, in milliseconds.
    """
    parts = statistics.quantiles(seconds, n=100)
    return [round(1000 * value) for value in (parts[49], parts[94], max(seconds))]


def shown(found):
    passed = [seconds for sales in found for seconds in sales.passed]
    middle, p95, longest = quantiles(passed)
    used = statistics.median(seconds for sales in found for seconds in sales.used)
    failed = sum(sales.failed for sales in found)
    load = f"{os.getloadavg()[0]:.1f}"
    return (
        f"{middle} / {p95} / {longest} ms"
        f" ({len(passed)} sales, processor {1000 * used:.0f} ms, load {load})"
        + (f", {failed} failed" if failed else "")
    )


class Files:
    """
    Homes with a SQLite database.
    """

    name = ""

    def __init__(self, bench, url):
        self._bench = bench
        self._home = bench.prepared(url, "tills-home")
        self.show_id = open_show(str(self._home / "ticketsync.db"))

    def copy(self):
        """
        A home, and the URL of its database.
        """
        home = self._bench.copy(self._home, "tills")
        return home, str(home / "ticketsync.db")


class Postgres:
    """
    Databases of a PostgreSQL server that is as durable as SQLite.
    """

    name = ", PostgreSQL"

    def __init__(self, bench, url, first):
        self._bench = bench
        self._first = first
        self._number = 0
        bench.environment["TICKETSYNC_DATABASE_URL"] = first
        self._home = bench.prepared(url, "postgres-home")
        self.show_id = open_show(first)

    def copy(self):
        self._number += 1
        name = f"tills{self._number}"
        postgres_processes.copy(self._first, name)
        url = postgres_processes.named(self._first, name)
        self._bench.environment["TICKETSYNC_DATABASE_URL"] = url
        return self._home, url


def measured(bench, places, seconds):
    """
    What the sales took (p50 / p95 / max) and how long the sync took, by title.
    """
    controls = [False] if places.name else [False, True]
    for is_control in controls:
        title = places.name + (", SQLite's busy handler" if is_control else "")
        _, url = places.copy()
        with tills(url, places.show_id, is_control) as found:
            time.sleep(seconds)
        yield f"20 tills{title}", shown(found)
        home, url = places.copy()
        sync = [sys.executable, __file__, "--sync", *["--control"] * is_control]
        with tills(url, places.show_id, is_control) as found:
            took = took_by(bench, sync, home)
        yield f"20 tills during a first sync{title}", shown(found)
        yield f"… that sync{title}", took
    home, _ = places.copy()
    took = took_by(bench, [*run.CLI, "sync", "tt", "--quiet"], home)
    yield f"… a sync without tills{places.name}", took


def took_by(bench, command, home):
    """
    How long a command took. In the control it may give up: the database was locked for
    too long.
    """
    try:
        return f"{bench.timed(command, home):.1f} s"
    except AssertionError:
        return "failed"


def all_measured(bench, url, seconds, only=""):
    """
    On SQLite and on PostgreSQL, or only on the one that is named.
    """
    os.environ["BOX_KEY"] = bench.environment["BOX_KEY"] = KEY
    if only != "postgresql":
        yield from measured(bench, Files(bench, url), seconds)
    if only != "sqlite":
        with postgres_processes.started() as first:
            yield from measured(bench, Postgres(bench, url, first), seconds)
        bench.environment.pop("TICKETSYNC_DATABASE_URL")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--orders", type=int, default=20000)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--only", choices=["sqlite", "postgresql"], default="")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="ticketsync-bench-") as folder:
        bench = run.Bench(folder, chosen.orders, 1)
        server, url = bench.serve(chosen.orders)
        try:
            bench.floor(url, "msgspec")  # the sandbox renders its orders once
            found = all_measured(bench, url, chosen.seconds, chosen.only)
            for title, value in found:
                bound = BOUNDS.get(title, "")
                print(f"{title:<50} {value:<58} {bound}", flush=True)
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    if "--sync" in sys.argv:
        if "--control" in sys.argv:
            ask_again(pytest.MonkeyPatch())
        from ticketsync.__main__ import main as command

        sys.argv = ["ticketsync", "sync", "tt", "--quiet"]
        sys.exit(command())
    main()
