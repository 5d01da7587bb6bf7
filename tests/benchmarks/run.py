"""
How fast it is, beside a floor measured in the same run. `make bench`.

Whole processes, the median of `ROUNDS`, printed as ratios: the machine's own speed
cancels out. Nothing here fails; read the table. The floor is `floor.py`: httpx, JSON
and `executemany` for the same orders and tickets, nothing else.

    python tests/benchmarks/run.py [--orders 20000] [--rounds 5]
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from math import ceil
from pathlib import Path

from ticketsync.sandbox import humanitix, server, world
from ticketsync.sandbox.server import call_control

HERE = Path(__file__).resolve().parent
CLI = [sys.executable, "-m", "ticketsync"]


class Bench:
    def __init__(self, folder, orders, rounds):
        self.folder = Path(folder)
        self.orders = orders
        self.rounds = rounds
        self.counts_processor = False
        self.environment = {**os.environ, "TT_KEY": "sk_1001_2002_sandbox"}
        ours = ("TICKETSYNC_CONFIG", "TICKETSYNC_DATABASE_URL")
        # With it every process compiles every module again, which no installation does.
        for name in (*ours, "PYTHONDONTWRITEBYTECODE"):
            self.environment.pop(name, None)

    def timed(self, arguments, home=None, **environment):
        """
        Seconds of one process: by the clock, or with `counts_processor` those that it
        and its own processes took of the processor.
        """
        env = {**self.environment, **environment}
        if home:
            env["TICKETSYNC_HOME"] = str(home)
        began, used = time.perf_counter(), processor_seconds()
        child = subprocess.Popen(
            arguments,
            env=env,
            cwd=self.folder,  # else -m imports what lies in this folder
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert child.wait() == 0, arguments
        if self.counts_processor:
            return processor_seconds() - used
        return time.perf_counter() - began

    def peak(self, arguments, home):
        """
        Megabytes of a process and its own processes together, looked at every 20 ms:
        all of the first, and what only they have of the others. Not beside a timing:
        looking costs time, too.
        """
        env = {**self.environment, "TICKETSYNC_HOME": str(home)}
        child = subprocess.Popen(
            arguments, env=env, cwd=self.folder, stdout=subprocess.DEVNULL
        )
        most = 0
        while child.poll() is None:
            first, *others = [memory(number) for number in family(child.pid)] or [{}]
            own = sum(m["Private_Clean"] + m["Private_Dirty"] for m in others if m)
            most = max(most, first.get("Rss", 0) + own)
            time.sleep(0.02)
        assert child.returncode == 0, arguments
        return most / 1024

    def median(self, measure):
        return statistics.median(measure() for _ in range(self.rounds))

    def serve(self, orders, latency_ms=0):
        server = subprocess.Popen(
            [
                *(*CLI, "sandbox", "serve", "--port", "0", "--size", str(orders)),
                *("--latency-ms", str(latency_ms), "--limit", "1000000000"),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        url = server.stdout.readline().split()[-1]
        return server, url

    def prepared(self, url, name, command=CLI):
        """
        A home with the account connected and every show adopted, nothing synced.
        """
        home = self.folder / name
        for arguments in (
            (
                "init",
                "--venue",
                "V",
                "--timezone",
                "Australia/Sydney",
                "--currency",
                "AUD",
                "--no-input",
            ),
            (
                "accounts",
                "add",
                "ticket_tailor",
                "tt",
                "--base-url",
                url,
                "--secret-env",
                "TT_KEY",
            ),
            ("events", "fetch"),
            ("shows", "adopt", "--all"),
        ):
            subprocess.run(
                [*command, "--quiet", *arguments],
                env={**self.environment, "TICKETSYNC_HOME": str(home)},
                cwd=self.folder,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        return home

    def copy(self, home, name):
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(home, target)
        return target

    def floor(self, url, decoder):
        file = self.folder / "floor.db"
        for old in self.folder.glob("floor.db*"):
            old.unlink()
        floor = [sys.executable, str(HERE / "floor.py"), url, str(file), decoder]
        return self.timed(floor)

    def beside_the_floors(self, url, home):
        """
        Seconds of both floors and of a first sync, and its requests. In turn, because
        the machine is not the same from one minute to the next.
        """
        took = {"msgspec": [], "json": [], "ours": [], "calls": []}
        for _ in range(self.rounds):
            for decoder in ("msgspec", "json"):
                took[decoder].append(self.floor(url, decoder))
            requests_of(url)
            first = self.copy(home, "first")
            took["ours"].append(self.timed([*CLI, "sync", "--quiet"], first))
            took["calls"].append(requests_of(url))
        return map(statistics.median, took.values())


def processor_seconds():
    """
    What processes that have ended took of the processor.
    """
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def family(number):
    """
    A process and its children; nobody here has grandchildren.
    """
    try:
        children = Path(f"/proc/{number}/task/{number}/children").read_text()
    except OSError:
        return []
    return [number, *map(int, children.split())]


def memory(number):
    """
    A process's memory in kilobytes by kind; nothing of one that ended meanwhile.
    """
    try:
        rollup = Path(f"/proc/{number}/smaps_rollup").read_text()
    except OSError:
        return {}
    lines = [line.split() for line in rollup.splitlines()[1:]]
    return {name.rstrip(":"): int(size) for name, size, _ in lines}


def requests_of(url):
    return len(call_control(url, "log", clear="1"))


def say(text, value, bound=""):
    print(f"{text:<58}{value:>12}   {bound}", flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--orders", type=int, default=20000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="ticketsync-bench-") as folder:
        bench = Bench(folder, chosen.orders, chosen.rounds)
        print(f"{chosen.orders} orders, median of {chosen.rounds}, ratios\n")
        starting(bench)
        syncing(bench)
        waiting(bench)
        event_by_event(bench)
        growing(bench)
        pairing(bench)
        knocking(bench)
        opening(bench)
        selling(bench)


def starting(bench):
    typer = bench.median(lambda: bench.timed([sys.executable, "-c", "import typer"]))
    for arguments in (("--help",), ("sync", "--help"), ("--version",)):
        took = bench.median(lambda words=arguments: bench.timed([*CLI, *words]))
        say(
            f"ticketsync {' '.join(arguments)} / import typer",
            f"{took / typer:.2f}",
            "at most 2.5",
        )


def syncing(bench):
    server, url = bench.serve(bench.orders)
    try:
        home = bench.prepared(url, "home")
        bench.floor(url, "msgspec")  # the sandbox renders its orders once
        floor, slow, took, calls = bench.beside_the_floors(url, home)
        synced = bench.folder / "first"
        peak = bench.peak([*CLI, "sync", "--quiet"], bench.copy(home, "peak"))
        events = max(40, bench.orders // 100)
        least = ceil(bench.orders / 100) + ceil(events / 100)
        say("first sync / floor with msgspec", f"{took / floor:.2f}", "at most 2.0")
        say("first sync / floor with json", f"{took / slow:.2f}")
        say("first sync, peak memory", f"{peak:.0f} MB", "under 150 MB")
        say("first sync, requests / least", f"{calls / least:.3f}", "at most 1.15")
        quiet(bench, url, synced, events)
        changed(bench, url, synced, calls)
    finally:
        server.kill()
        server.wait()


def quiet(bench, url, synced, events):
    imports = [sys.executable, "-c", "import typer, sqlmodel, httpx"]
    least = bench.median(lambda: bench.timed(imports))
    requests_of(url)
    took = bench.median(lambda: bench.timed([*CLI, "sync", "--quiet"], synced))
    calls = requests_of(url) / bench.rounds
    say(
        "nothing changed / importing typer, sqlmodel, httpx",
        f"{took / least:.2f}",
        "at most 1.6",
    )
    say(
        "nothing changed, requests beyond the series list",
        f"{calls - 1:.0f}",
        f"at most {1 + ceil(events / 100)}",
    )


def changed(bench, url, synced, first_calls):
    number = bench.orders // 100
    ids = call_control(
        url, "change", orders=str(number), events=str(max(5, number // 20))
    )
    requests_of(url)
    done = subprocess.run(
        [*CLI, "sync", "--json"],
        env={**bench.environment, "TICKETSYNC_HOME": str(synced)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)["accounts"][0]["records"]["updated"]
    share = requests_of(url) / first_calls
    say("1 % of orders changed: found", f"{found} of {len(ids)}", "all")
    say("1 % changed, requests / first sync", f"{share:.3f}", "at most 0.15")


def waiting(bench):
    """
    50 ms of latency: reading alone, one request after another against side by side.
    """
    server, url = bench.serve(bench.orders, latency_ms=50)
    try:
        bench.floor(url, "msgspec")
        reader = str(HERE / "reading.py")
        alone, together = (
            bench.median(lambda n=n: bench.timed([sys.executable, reader, url, n]))
            for n in ("1", "16")
        )
        say(
            "50 ms latency: one after another / side by side",
            f"{alone / together:.2f}",
            "at least 5",
        )
    finally:
        server.kill()
        server.wait()


def event_by_event(bench):
    """
    100 ms of latency and a platform that is asked for each of its 200 events; and its
    200 calls a minute, kept by a whole sync of 110 events.
    """
    fake_platform = many_events(200)
    sandbox = server.Sandbox(
        world.build(orders=10), others=(fake_platform,), latency=0.1
    )
    fake_platform.limit = 10**9
    with server.serving(sandbox) as address:
        url = sandbox.url(address, "humanitix")
        reader = [
            sys.executable,
            str(HERE / "reading_events.py"),
            url,
            fake_platform.key,
        ]
        alone = bench.timed([*reader, "1"])
        together = bench.timed([*reader, "16"])
    say(
        "200 events, 100 ms: one after another / side by side",
        f"{alone / together:.2f}",
        "at least 5",
    )
    fake_platform = many_events(110)
    sandbox = server.Sandbox(world.build(orders=10), others=(fake_platform,))
    home = bench.folder / "humanitix"
    bench.environment["HX_KEY"] = fake_platform.key
    with server.serving(sandbox) as address:
        url = sandbox.url(address, "humanitix")
        for words in (
            ("init", "--venue", "V", "--timezone", "UTC", "--currency", "AUD"),
            (
                "accounts",
                "add",
                "humanitix",
                "hx",
                "--base-url",
                url,
                "--secret-env",
                "HX_KEY",
            ),
            ("events", "fetch"),
            ("shows", "adopt", "--all"),
        ):
            bench.timed([*CLI, "--quiet", *words], home)
        sandbox.log.clear()
        bench.timed([*CLI, "sync", "--quiet"], home)
        asked = len(sandbox.log)
    say("110 events within 200 calls a minute: calls", str(asked))
    say("… of them refused by the platform", str(fake_platform.refused), "0")


def pairing(bench):
    """
    2,000 shows and 2,000 dates; the first fit is the control that gets them wrong.
    """
    import matching

    ours, scipy, first_fit = matching.main(bench.rounds)
    say("matching 2,000 × 2,000", f"{ours[0]:.3f} s", "under 0.5 s")
    say("… / scipy on the groups", f"{ours[0] / scipy[0]:.1f}")
    say("… / first fit", f"{ours[0] / first_fit[0]:.2f}")
    say("… wrong pairs: ours, first fit", f"{ours[1]}, {first_fit[1]}", "0")


def knocking(bench):
    """
    Deliveries acknowledged durably, beside a bare starlette with a transaction each.
    """
    import receiving

    ours, p99, least = receiving.main(bench.rounds)
    say("deliveries acknowledged a second", f"{ours:.0f}", "at least 500")
    say("… / one transaction each", f"{ours / least:.2f}")
    say("… 99 of 100 within", f"{p99 * 1000:.0f} ms", "250 ms")


def opening(bench):
    """
    The pages over 100,000 orders, beside the least that a page takes.
    """
    import pages

    found, tickets = pages.measured(bench.rounds * 3)
    overview, floor = found["/"], found["floor"]
    passed = statistics.median(overview.passed)
    say("overview of 100,000 orders", f"{overview.median * 1000:.0f} ms", "300 ms")
    say("… by the clock", f"{passed * 1000:.0f} ms")
    say("… / the way in", f"{overview.median / floor.median:.1f}")
    slowest = max(found, key=lambda path: found[path].median)
    say(f"slowest page, {slowest}", f"{found[slowest].median * 1000:.0f} ms", "300 ms")
    say("… tickets in the last 30 days", str(tickets))


def selling(bench):
    """
    Sales at twenty tills that share a database, beside a first sync.
    """
    import writing

    server, url = bench.serve(bench.orders)
    try:
        bench.floor(url, "msgspec")  # the sandbox renders its orders once
        for title, value in writing.all_measured(bench, url, seconds=20):
            say(title, value, writing.BOUNDS.get(title, ""))
    finally:
        server.kill()
        server.wait()


def many_events(number):
    """
    A Humanitix account with that many events of one date each, ten orders an event.
    """
    built = world.build(orders=number * 10, profile=humanitix.PROFILE)
    productions, performances = [], []
    for n in range(number):
        production = replace(built.productions[0], id=5000 + n)
        productions.append(production)
        first = built.performances[0]
        performances.append(replace(first, id=60000 + n, production=production))
    for n, purchase in enumerate(built.purchases):
        purchase.performance = performances[n % number]
    built.productions, built.performances = productions, performances
    return Counting(built)


class Counting(humanitix.Humanitix):
    """
    Notes how often it had to refuse.
    """

    refused = 0

    def rate_limit_response(self, seconds):
        self.refused += 1
        return super().rate_limit_response(seconds)


def growing(bench):
    """
    Ten times the orders, the same questions.
    """
    times = {}
    for orders in (bench.orders, bench.orders * 10):
        server, url = bench.serve(orders)
        try:
            home = bench.prepared(url, f"grown-{orders}")
            bench.timed([*CLI, "sync", "--quiet"], home)
        finally:
            server.kill()
            server.wait()
        for words in (("financials", "list"), ("status",)):
            times[words, orders] = bench.median(
                lambda words=words, home=home: bench.timed([*CLI, *words], home)
            )
    for words in (("financials", "list"), ("status",)):
        ratio = times[words, bench.orders * 10] / times[words, bench.orders]
        say(f"{' '.join(words)}: ten times the orders", f"{ratio:.2f}", "under 1.5")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
