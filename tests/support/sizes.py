"""
What the suite leaves to `make thorough`, so that it ends within minutes: tests that are
marked as `thorough`, because they take a second or more, and further cases of others,

- on PostgreSQL all but the first cases of the functions in `on_postgresql.txt`, and all
  cases in the folders `ON_BOTH` and of what is marked `on_both_databases`;
- of a function marked `sampled(n)` all but every n-th case.
"""

from collections import Counter
from pathlib import Path

import pytest

ON_BOTH = ("accounts/", "catalogue/", "sales/", "financials/")
CHOSEN = Path(__file__).with_name("on_postgresql.txt")


def mark(items, tests):
    """
    Mark the cases that the suite leaves out; `tests` is the folder of all tests.
    """
    chosen = set(CHOSEN.read_text().split())
    cases = Counter()
    for item in items:
        if item.get_closest_marker("drill") or item.get_closest_marker("thorough"):
            continue
        name = item.nodeid.partition("[")[0].removeprefix(f"{tests.name}/")
        kind = "postgresql" if is_on_postgresql(item) else "sqlite"
        number = cases[kind, name]
        cases[kind, name] += 1
        if is_left_out(item, name, kind, number, chosen):
            item.add_marker(pytest.mark.further_case)


def is_on_postgresql(item):
    chosen = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return any(
        value == "postgresql" or (isinstance(value, tuple) and "postgresql" in value)
        for value in chosen
        if isinstance(value, str | tuple)
    )


def is_left_out(item, name, kind, number, chosen):
    """
    Whether this case, the `number`-th of its function on this kind of database, is.
    """
    if kind == "postgresql" and not is_on_both(item, name):
        return number > 0 or name not in chosen
    sampled = item.get_closest_marker("sampled")
    return sampled is not None and number % sampled.args[0] > 0


def is_on_both(item, name):
    return name.startswith(ON_BOTH) or item.get_closest_marker("on_both_databases")
