"""
How long a sale at one of twenty tills waits for the database, one small transaction a
second each: alone, and while a first sync writes to the same SQLite file. The control
is SQLite's own busy handler, without our line and without a sync that lets tills in.

    python tests/benchmarks/writing.py [--orders 20000] [--seconds 20]
"""

import argparse
import contextlib
import multiprocessing
import statistics
import sys
import tempfile
import time

import run

from ticketsync.core import errors
from ticketsync.store.engine import Database, open_database

TILLS = 20
BOUNDS = {  # of the median, the 95th of a hundred and the longest wait
    "20 tills": "p95 100, max 250",
    "20 tills during a first sync": "p95 100, max 250",
}
SALE = (
    "INSERT INTO leases (name, holder, pid, host, taken_at, expires_at)"
    " VALUES ('{0}', 'x', 1, 'x', '2026-01-01T00:00:00', '2026-01-01T00:00:00')"
    " ON CONFLICT (name) DO UPDATE SET holder = holder || 'x'"
)


def without_line():
    """
    The control: what this process writes is queued by SQLite alone.
    """
    Database._one_writer = lambda *_, **__: contextlib.nullcontext()
    Database.has_hurried_writers = lambda _: False


def till(number, file, is_control, begins, ends, results):
    """
    Sell once a second from `begins` on, until the event `ends`.
    """
    if is_control:
        without_line()
    database = open_database(str(file))
    waits, refused, sale = [], 0, begins + number / TILLS
    while not ends.wait(max(0, sale - time.monotonic())):
        began = time.perf_counter()
        try:
            with database.write(hurried=True) as connection:
                connection.exec_driver_sql(SALE.format(f"till {number}"))
            waits.append(time.perf_counter() - began)
        except errors.DatabaseError:
            refused += 1
        sale = max(sale + 1, time.monotonic())
    results.put((waits, refused))


@contextlib.contextmanager
def tills(file, is_control):
    """
    Twenty tills at work; the list has their waits in seconds afterwards, and how many
    sales failed.
    """
    context = multiprocessing.get_context("fork")
    results, ends = context.Queue(), context.Event()
    begins = time.monotonic() + 1
    children = [
        context.Process(target=till, args=(n, file, is_control, begins, ends, results))
        for n in range(TILLS)
    ]
    for child in children:
        child.start()
    found = []
    try:
        time.sleep(2)
        yield found
    finally:
        ends.set()
        found += [results.get() for _ in children]
        for child in children:
            child.join()


def shown(found):
    waits = [wait * 1000 for waits, _ in found for wait in waits]
    middle, p95 = (statistics.quantiles(waits, n=100)[n] for n in (49, 94))
    refused = sum(number for _, number in found)
    failed = f", {refused} failed" if refused else ""
    return f"{middle:.0f} / {p95:.0f} / {max(waits):.0f} ms{failed}"


def measured(bench, home, seconds):
    """
    What the sales waited (p50 / p95 / max) and how long the sync took, by title.
    """
    lines = {}
    for title, is_control in (("", False), (", SQLite's busy handler", True)):
        alone = bench.copy(home, "tills")
        with tills(alone / "ticketsync.db", is_control) as found:
            time.sleep(seconds)
        lines[f"20 tills{title}"] = shown(found)
        busy = bench.copy(home, "tills")
        sync = [sys.executable, __file__, "--sync", *["--control"] * is_control]
        with tills(busy / "ticketsync.db", is_control) as found:
            took = bench.timed(sync, busy)
        lines[f"20 tills during a first sync{title}"] = shown(found)
        lines[f"… that sync{title}"] = f"{took:.1f} s"
    quiet = bench.copy(home, "tills")
    took = bench.timed([*run.CLI, "sync", "--quiet"], quiet)
    lines["… a sync without tills"] = f"{took:.1f} s"
    return lines


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--orders", type=int, default=20000)
    options.add_argument("--seconds", type=float, default=20)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="ticketsync-bench-") as folder:
        bench = run.Bench(folder, chosen.orders, 1)
        server, url = bench.serve(chosen.orders)
        try:
            home = bench.prepared(url, "home")
            bench.floor(url, "msgspec")  # the sandbox renders its orders once
            for title, value in measured(bench, home, chosen.seconds).items():
                print(f"{title:<58}{value:>28}", flush=True)
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    if "--sync" in sys.argv:
        if "--control" in sys.argv:
            without_line()
        from ticketsync.__main__ import main as command

        sys.argv = ["ticketsync", "sync", "--quiet"]
        sys.exit(command())
    main()
