"""
The pages over a venue of 100,000 orders: seconds of the server for each, as medians,
beside the least that a page can take here (the form at the way in).

    python tests/benchmarks/pages.py
"""

import os
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.ticket_tailor_account import adopt_dates
from support.web_server import running

from ticketsync.core import clock
from ticketsync.core.config import Settings
from ticketsync.reporting import selling
from ticketsync.sandbox import server, world
from ticketsync.store import engine
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.receiver import Receiver
from ticketsync.web.site import COOKIE, Site
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

ORDERS = 100_000
TIMES = 15
MOST = 0.300  # seconds for the overview and the money pages
MONEY = (
    *("/money", "/money?period=", "/money?period=&per=production"),
    *("/money?period=&per=month", "/money.csv?period=", "/money/refunds"),
)
PATHS = (
    *("/", "/?per=week", "/?per=month&show=revenue", "/shows/100", "/productions/1"),
    *("/calendar", "/calendar?month=2026-12", "/accounts", "/door/100"),
    *MONEY,
)


def filled(place):
    fake_server = server.Sandbox(world.build(today=date.today(), orders=ORDERS))
    fake_server.ticket_tailor.limit = 10**9
    os.environ["TT_KEY"] = fake_server.key
    with server.serving(fake_server) as address:
        fake_server.url = address
        adopt_dates(place, fake_server)
        database = engine.open_database(str(place))
        sync.sync(database, Settings(), Request())
    return database


def seconds(client, path):
    began = time.perf_counter()
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return time.perf_counter() - began


def measured(times=TIMES):
    """
    Medians in seconds by path, the floor under `"floor"`; and the tickets of a month.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TICKETSYNC_HOME"] = folder
        database = filled(Path(folder) / "ticketsync.db")
        with database.write() as connection:
            token = passes.issue(connection, "session", "manager", "", clock.now())
        site = Site(database, Settings())
        with (
            running(web.create_app(Receiver(database, list), site)) as address,
            httpx.Client(base_url=address, trust_env=False) as client,
        ):
            found = {"floor": median(client, "/enter", times)}
            client.cookies.set(COOKIE, token)
            for path in PATHS:
                found[path] = median(client, path, times)
        with database.read() as connection:
            lately = selling.recent_sales(connection, "Australia/Sydney", clock.now())
        database.close()
    return found, lately.last(30).tickets


def median(client, path, times):
    return statistics.median(seconds(client, path) for _ in range(times))


def main():
    found, tickets = measured()
    for path, took in found.items():
        ratio = took / found["floor"]
        print(f"{path:32}{took * 1000:8.1f} ms{ratio:8.1f} x floor")
    print(f"{ORDERS} orders, {tickets} tickets in the last 30 days")
    slowest = max(found[path] for path in ("/", *MONEY))
    print(f"overview and money {slowest * 1000:.0f} ms, at most {MOST * 1000:.0f}")
    return 0 if slowest <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
