"""
How we connect: the settings of a PostgreSQL connection, and the journal and the memory
of SQLite.
"""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.engine import URL

# Limits of a PostgreSQL connection; each can be set in the URL's query.
CONNECT_SECONDS = 10
# Our transactions hold their locks for seconds; recomputing all shows is the longest.
LOCK_SECONDS = 60
# Connections of a process: kept, and opened beyond these while many need one, so that
# each of the 40 threads of a web server has its own. With fewer they would wait for one
# in no order, and the unlucky one for too long.
POOL = {"pool_size": 5, "max_overflow": 35, "pool_timeout": LOCK_SECONDS}
# Against a statement that hangs. No single statement of ours takes minutes: checks,
# exports and replays are many short ones. Migrations have no limit (`schema.upgrade`).
STATEMENT_SECONDS = 900
# After this many idle seconds PostgreSQL checks whether a client is still connected, so
# that the locks of a machine that vanished do not outlive it by hours.
KEEPALIVE_SECONDS = 60
# Our statements are many short ones: to start processes that help with one, or to
# compile it, takes more of the processor than it saves. With helpers the overview of
# 100,000 orders took two thirds more (measured).
FOR_SHORT_STATEMENTS = {"max_parallel_workers_per_gather": 0, "jit": "off"}

# How much of a file SQLite keeps in memory, in kilobytes. It sorts in as much again,
# several times for one report, and of what is read once it needs little: a million
# tickets took 40 MB more with the larger one and were not faster (measured). Writing
# with the smaller one, a transaction would have to wait for the disk midway.
CACHE_SIZE = 16_000
STREAM_CACHE_SIZE = 2_000


def postgres_arguments(url: URL, command: str) -> dict[str, Any]:
    """
    Connection arguments; those in the URL take precedence.
    """
    settings = {
        "statement_timeout": f"{STATEMENT_SECONDS}s",
        "lock_timeout": f"{LOCK_SECONDS}s",
        "tcp_keepalives_idle": KEEPALIVE_SECONDS,
        "tcp_keepalives_interval": KEEPALIVE_SECONDS // 4,
        "tcp_keepalives_count": 4,
        **FOR_SHORT_STATEMENTS,
    }
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given = url.query.get("options", "")
    options = given if isinstance(given, str) else " ".join(given)
    found: dict[str, Any] = {
        # Of two settings with the same name the server takes the later.
        "options": f"{ours} {options} -c timezone=UTC",
    }
    defaults = {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": os.environ.get("PGAPPNAME") or command,
    }
    return found | {k: v for k, v in defaults.items() if k not in url.query}


def set_cache_size(connection: Connection, kilobytes: int) -> None:
    """
    Set how much of the file is kept in memory; on SQLite only.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{kilobytes}")


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """
    Whether this SQLite is free of the WAL-reset bug that can lose a commit.

    Fixed in 3.51.3 and in the maintenance lines 3.50.7 and 3.44.6; 3.52.0 was
    withdrawn.
    """
    if version == (3, 52, 0):
        return False
    if version >= (3, 51, 3):
        return True
    line, patch = version[:2], version[2]
    return (line == (3, 50) and patch >= 7) or (line == (3, 44) and patch >= 6)
