"""
Who waits for a lock: of a file, as the kernel lists it, or of PostgreSQL.
"""

from pathlib import Path

import pytest
from sqlalchemy import text
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
    assert wait_until(lambda: _number_in_line(database_file) == number), number


def is_anyone_blocked(database):
    """
    Whether somebody waits for what another one has locked in this database.
    """
    if database.dialect == "sqlite":
        return _number_in_line(database.file) > 0
    query = text(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database()"
    )
    with database.read() as connection:
        return connection.scalar(query) > 0


def _number_in_line(database_file):
    beside = [
        database_file.with_name(f"{database_file.name}{ending}")
        for ending in (".writelock", ".nextlock")
    ]
    return number_waiting(*beside)
