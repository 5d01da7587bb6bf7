"""
Choose the tests that the suite runs on PostgreSQL, too: `support/on_postgresql.txt`.

    python -m pip install pytest-cov
    python tests/choose_for_postgresql.py

All tests of the suite run on PostgreSQL once, watched line by line. Of the lines in
modules that speak to a database the chosen ones reach `SHARE`, beside the folders that
always run on both: again and again the test that reaches most new lines for its time
is taken.
"""

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from support import sizes

ROOT = Path(__file__).parent.parent
SHARE = 0.96  # the rest takes more time than all of these
LEAST = 0.05  # seconds: nothing is free


def main():
    with tempfile.TemporaryDirectory() as folder:
        reached = watch(Path(folder))
        seconds = read_times(Path(folder))
    chosen = choose(reached, seconds)
    sizes.CHOSEN.write_text("".join(f"{it}\n" for it in sorted(chosen)))
    print(f"{len(chosen)} tests, {sum(seconds.get(it, 0) for it in chosen):.0f} s")


def watch(folder):
    """
    Which lines each test reaches on PostgreSQL, in modules that speak to a database.
    """
    from coverage import CoverageData

    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-k", "postgresql"),
            *("-m", "not drill and not thorough", "-n", "3"),
            f"--junitxml={folder / 'times.xml'}",
            *("--cov=ticketsync", "--cov-context=test", "--cov-report="),
        ],
        cwd=ROOT,
        env={**os.environ, "COVERAGE_FILE": str(folder / "lines")},
        check=True,
    )
    data = CoverageData(str(folder / "lines"))
    data.read()
    reached = defaultdict(set)
    for file in data.measured_files():
        if "sqlalchemy" in Path(file).read_text():
            for line, contexts in data.contexts_by_lineno(file).items():
                for context in filter(None, contexts):
                    reached[function_of(context.rpartition("|")[0])].add((file, line))
    return reached


def function_of(test):
    return test.partition("[")[0].removeprefix("tests/")


def read_times(folder):
    """
    How long the first case of each function took.
    """
    seconds = {}
    for case in ElementTree.parse(folder / "times.xml").getroot().iter("testcase"):
        words = case.get("classname").split(".")[1:]
        classes = [word for word in words if word[0].isupper()]
        file = "/".join(word for word in words if word not in classes) + ".py"
        name = "::".join([file, *classes, case.get("name").partition("[")[0]])
        seconds.setdefault(name, float(case.get("time")))
    return seconds


def choose(reached, seconds):
    everything = set().union(*reached.values())
    always = [it for it in reached if it.startswith(sizes.ON_BOTH)]
    done = set().union(*(reached.pop(it) for it in always))
    chosen = []
    while len(done) < SHARE * len(everything):
        best = max(
            reached,
            key=lambda it: len(reached[it] - done) / max(seconds.get(it, 1), LEAST),
        )
        done |= reached.pop(best)
        chosen.append(best)
    return chosen


if __name__ == "__main__":
    main()
