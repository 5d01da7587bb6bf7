"""
How long a shell waits for names: whole processes that complete accounts, shows and
productions of a database with 2,000 shows, beside the least that any Python program
takes here. Both are medians, of the processor and by the clock; nothing here fails.

    python tests/benchmarks/completing.py [--rounds 15]
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.ticket_tailor_account import connect

from ticketsync.catalogue import new_shows
from ticketsync.store import engine

SHOWS = 2000
PRODUCTIONS = 40
LIMIT = 0.3  # seconds
TYPED = ("accounts show ", "shows show 2027-0", "productions show Prod")


def fill_shows(database):
    with database.write() as connection:
        starts = datetime(2027, 1, 1, 9, 30, tzinfo=UTC)
        new_shows.add_shows(
            connection,
            [
                new_shows.NewShow(
                    production=f"Production {number % PRODUCTIONS}",
                    starts_at=starts + timedelta(hours=12 * number),
                    venue="The Lantern Room",
                    timezone="Australia/Sydney",
                    currency="AUD",
                )
                for number in range(SHOWS)
            ],
        )


def median_of(arguments, environment, rounds):
    """
    Seconds of the processor and by the clock, and the lines of the last answer.
    """
    took, lines = [], 0
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        done = subprocess.run(
            arguments, env=environment, capture_output=True, text=True, check=True
        )
        passed = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        took.append((used, passed))
        lines = len(done.stdout.splitlines())
    processor, clock = zip(*took, strict=True)
    return statistics.median(processor), statistics.median(clock), lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TICKETSYNC_HOME"] = folder
        file = Path(folder) / "ticketsync.db"
        opened = engine.create_database(f"sqlite:///{file}", command="benchmark")
        connect(opened, "http://127.0.0.1:9")
        fill_shows(opened)
        opened.close()
        floor = median_of([sys.executable, "-c", "pass"], {**os.environ}, rounds)
        print(
            f"{'python -c pass':28}{floor[0]:7.3f} s processor{floor[1]:7.3f} s passed"
        )
        for typed in TYPED:
            words = f"ticketsync {typed}"
            environment = {
                **os.environ,
                "_TICKETSYNC_COMPLETE": "complete_bash",
                "COMP_WORDS": words,
                "COMP_CWORD": str(len(words.split(" ")) - 1),
            }
            command = [sys.executable, "-m", "ticketsync"]
            used, passed, lines = median_of(command, environment, rounds)
            print(
                f"{typed:28}{used:7.3f} s processor{passed:7.3f} s passed"
                f"{lines:6} names, at most {LIMIT} s"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
