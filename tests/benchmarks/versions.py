"""
This version beside another one, in turn, on one sandbox. Never a test.

    python tests/benchmarks/versions.py [OTHER/.venv/bin/python] [--orders N]
        [--rounds N] [--processor]

Whole processes; the ratio of each pair, and the median of the ratios. Three cases: a
first sync, one where 1 % of the orders changed, and one where nothing did. On a machine
that does other work, too, `--processor` compares what they take of the processor.

Without another version it is this one beside itself without superseded versions
(`without_past.py`). Keeping the past was allowed 1.05 of a first sync and 1.15 of one
with 1 % changed. It ends with how many rows this version has of the past.
"""

import argparse
import contextlib
import sqlite3
import statistics
import sys
import tempfile

from run import CLI, HERE, Bench, call_control


class Version:
    def __init__(self, bench, name, *command):
        self.bench = bench
        self.name = name
        self.command = command

    def prepare(self, url):
        """
        A home of this version's own: its database, its account, its shows.
        """
        self.home = self.bench.prepared(url, self.name, command=self.command)

    def first_sync(self):
        """
        Seconds of a first sync; what it read stays as the base of the other cases.
        """
        self.synced = self.bench.copy(self.home, f"{self.name}-synced")
        return self.sync()

    def sync(self):
        return self.bench.timed([*self.command, "sync", "--quiet"], self.synced)


def main():
    options = argparse.ArgumentParser()
    options.add_argument(
        "other", nargs="?", help="the python of the other version's .venv"
    )
    options.add_argument("--orders", type=int, default=20000)
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--processor", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="ticketsync-bench-") as folder:
        bench = Bench(folder, chosen.orders, chosen.rounds)
        bench.counts_processor = chosen.processor
        this = Version(bench, "this", *CLI)
        other = Version(bench, "other", *command_of(chosen.other))
        server, url = bench.serve(chosen.orders)
        try:
            compare(bench, url, this, other)
        finally:
            server.kill()
            server.wait()


def command_of(other):
    if other:
        return other, "-m", "ticketsync"
    return sys.executable, str(HERE / "without_past.py")


def compare(bench, url, this, other):
    for version in (this, other):
        version.prepare(url)
        version.first_sync()  # warm: the sandbox renders its orders once
    print_ratio("first sync", in_turn(bench, Version.first_sync, this, other))
    print_ratio("nothing changed", in_turn(bench, Version.sync, this, other))

    def changed(version):
        return version.sync()

    def touch():
        call_control(url, "change", orders=str(bench.orders // 100), events="5")

    print_ratio("1 % changed", in_turn(bench, changed, this, other, before=touch))
    for table in ("past_orders", "past_tickets"):
        print(f"{table:<20}{count_rows(this, table):8} rows")


def count_rows(version, table):
    with contextlib.closing(sqlite3.connect(version.synced / "ticketsync.db")) as held:
        return held.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def in_turn(bench, measure, this, other, before=lambda: None):
    """
    Seconds of both, round by round; who begins changes with each round.
    """
    pairs = []
    for number in range(bench.rounds):
        before()
        order = (this, other) if number % 2 else (other, this)
        took = {version.name: measure(version) for version in order}
        pairs.append((took["this"], took["other"]))
    return pairs


def print_ratio(name, pairs):
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"{name:<20}{ours:8.3f} s {theirs:8.3f} s   ratio {ratio:.3f}", flush=True)


if __name__ == "__main__":
    main()
