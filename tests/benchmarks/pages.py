"""
The pages over a venue of 100,000 orders: seconds of the server for each, as median and
worst, beside the least that a page can take here (the form at the way in). Both are
given, the processor's time for a request and the time that passed; only the first one
is compared with the limit, because others may use the machine. Files
with every row there is are timed beside them.

    python tests/benchmarks/pages.py [--postgresql [URL]] [--times 15] [PATH …]

On SQLite, or with `--postgresql` on a PostgreSQL that is started for it, or in the
empty database at a URL. What PostgreSQL's own processes took of this machine's
processor is part of the processor's time.
"""

import argparse
import contextlib
import gc
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import postgres_processes

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.page_list import MEASURED, MEASURED_FILES
from support.ticket_tailor_account import adopt_dates
from support.web_server import running

from ticketsync.core import clock
from ticketsync.core.settings.config import ServeSettings, Settings
from ticketsync.core.without_collector import freeze_for_good
from ticketsync.financials.explain import list_contributions
from ticketsync.reporting import sales_over_time
from ticketsync.sandbox import server, world
from ticketsync.store import engine
from ticketsync.visitors import passes
from ticketsync.web import app as web
from ticketsync.web.site import COOKIE, Site
from ticketsync.web.webhook_receiver import Receiver
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

ORDERS = 100_000
TIMES = 15
EVERYTHING = (*MEASURED, *MEASURED_FILES)
MOST = 0.300  # seconds of the processor for any page


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


def addresses(database, paths):
    """
    Paths as they are asked for, with a calendar's token and an order's id.
    """
    with database.write() as connection:
        token = passes.issue(connection, "calendar", "viewer", "", clock.now())
        order = list_contributions(connection, 100)[0].order_id
    return {p: p.replace("TOKEN", token).replace("ORDER", order) for p in paths}


@dataclass(slots=True)
class Timed:
    """
    An application, and how long it took for the last request in seconds: of the
    processor time of this process and of the database's own, and by the clock. The
    client waits meanwhile.
    """

    application: Any
    of_database: Any
    processor: float = 0.0
    passed: float = 0.0

    async def __call__(self, scope, receive, send):
        began = self._processor(), time.perf_counter()
        await self.application(scope, receive, send)
        self.passed = time.perf_counter() - began[1]
        self.processor = self._processor() - began[0]

    def _processor(self):
        return time.process_time() + self.of_database()


def measured(times=TIMES, paths=EVERYTHING, place=""):
    """
    What each path took, and the floor under `"floor"`; and the tickets of a month.
    `place` is an empty PostgreSQL database.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TICKETSYNC_HOME"] = folder
        database = filled(place or Path(folder) / "ticketsync.db")
        used = postgres_processes.seconds_of(database) if place else float
        with database.write() as connection:
            token = passes.issue(connection, "session", "manager", "", clock.now())
        settings = Settings(serve=ServeSettings(public_calendar=True))
        site = Site(database, settings)
        # What made the orders is no part of a server: it is not collected there.
        gc.collect()
        freeze_for_good()
        timed = Timed(web.create_app(Receiver(database, list), site), used)
        with (
            running(timed) as address,
            httpx.Client(base_url=address, trust_env=False, timeout=60) as client,
        ):
            found = {"floor": taken(timed, client, "/enter", times)}
            client.cookies.set(COOKIE, token)
            for path, address in addresses(database, paths).items():
                found[path] = taken(timed, client, address, times)
        with database.read() as connection:
            lately = sales_over_time.read_recent_activity(
                connection, "day", "Australia/Sydney", clock.now()
            ).recent
        database.close()
    return found, lately.last(30).tickets


@dataclass(frozen=True, slots=True)
class Taken:
    """
    Seconds of the processor and by the clock, for the same page several times.
    """

    processor: tuple[float, ...]
    passed: tuple[float, ...]

    @property
    def median(self):
        return statistics.median(self.processor)

    @property
    def worst(self):
        return max(self.processor)


def taken(timed, client, path, times):
    took = []
    assert client.get(path).status_code == 200, path  # compiles its statements
    for _ in range(times):
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        took.append((timed.processor, timed.passed))
    return Taken(*zip(*took, strict=True))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--postgresql", nargs="?", const="start", metavar="URL")
    options.add_argument("--times", type=int, default=TIMES)
    options.add_argument("paths", nargs="*", default=EVERYTHING, metavar="PATH")
    chosen = options.parse_args()
    gc.set_threshold(10_000, 20, 20)  # as the server does
    place = contextlib.nullcontext(chosen.postgresql or "")
    if chosen.postgresql == "start":
        place = postgres_processes.started()
    with place as url:
        found, tickets = measured(chosen.times, chosen.paths, url)
    floor = found["floor"].median
    print("ms of the processor, median and worst; ms by the clock, median and worst")
    for path, took in found.items():
        passed = statistics.median(took.passed), max(took.passed)
        times = (took.median, took.worst, *passed)
        print(
            f"{path:34}" + "".join(f"{seconds * 1000:9.1f}" for seconds in times),
            end="",
        )
        print(f"{took.median / floor:9.1f} x floor")
    print(f"{ORDERS} orders, {tickets} tickets in the last 30 days")
    pages = [path for path in found if path not in MEASURED_FILES]
    for word in ("median", "worst"):
        slowest = max(pages, key=lambda path: getattr(found[path], word))
        most = getattr(found[slowest], word) * 1000
        print(f"slowest {word}: {slowest} {most:.0f} ms, at most {MOST * 1000:.0f}")
    return 0 if max(found[path].median for path in pages) <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
