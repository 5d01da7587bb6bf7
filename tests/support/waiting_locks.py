"""
Who waits for the lock of a file, as the kernel lists it.
"""

from pathlib import Path

import pytest
from support.waiting import wait_until

LISTED = Path("/proc/locks")
needed = pytest.mark.skipif(
    not LISTED.exists(), reason="this system does not list who waits for a lock"
)


def number_waiting(*files):
    """
    How many wait for the locks of these files.
    """
    nodes = {file.stat().st_ino for file in files if file.exists()}
    lines = (line.split() for line in LISTED.read_text().splitlines())
    return sum(
        words[1] == "->" and int(words[6].rpartition(":")[2]) in nodes
        for words in lines
    )


def wait_for(number, database_file):
    """
    Wait until so many are in line to write to a database.
    """
    beside = [
        database_file.with_name(f"{database_file.name}{ending}")
        for ending in (".writelock", ".nextlock")
    ]
    assert wait_until(lambda: number_waiting(*beside) == number), number
