"""
Databases as earlier versions left them.
"""

import contextlib
import functools
import lzma
import shutil
import sqlite3
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config

import ticketsync
from ticketsync.reporting import figures_of_shows
from ticketsync.store import engine, views

MIGRATIONS = Path(ticketsync.__file__).parent / "store" / "migrations"
FOLDER = Path(__file__).parents[1] / "store" / "old_versions"


ROWS = (
    "INSERT INTO accounts (id, name, provider, base_url, secret_source,"
    " secret_reference, secret_fingerprint, identity, state, state_reason, failures,"
    " breaker_opened, breaker_until, created_at) VALUES (1, 'tt', 'ticket_tailor',"
    " NULL, 'env', 'TT_KEY', 'f', 'lantern', 'active', '', 0, 0, NULL,"
    " '2026-01-01T00:00:00.000000Z')",
    "INSERT INTO venues VALUES (1, 'The Lantern Room', 'Australia/Sydney', 'AUD')",
    "INSERT INTO productions VALUES (1, 'Late Laughs')",
    "INSERT INTO shows VALUES (1, 1, 1, '2026-10-04T08:30:00.000000Z',"
    " '2026-10-04T19:30', 'Australia/Sydney', 240, 'AUD', NULL, {no}, '')",
    "INSERT INTO events VALUES (1, 1, 'es_1', 'Late Laughs', NULL)",
    "INSERT INTO occurrences VALUES (1, 1, 1, 'ev_1', 'Late Laughs',"
    " '2026-10-04T08:30:00.000000Z', NULL, '2026-10-04T19:30', 'Australia/Sydney',"
    " 'on_sale', 240, 'AUD', NULL, NULL, NULL, 3, 1, 'f', NULL, {blob})",
    "INSERT INTO production_links VALUES (1, 1, 1, '2026-01-01T00:00:00.000000Z')",
    "INSERT INTO show_links VALUES (1, 1, 1, 'person', 'by hand', '', 'synced',"
    " '2026-10-04T08:30:00.000000Z', '2026-01-01T00:00:00.000000Z')",
    "INSERT INTO leases VALUES ('account tt', 'run-1 (process 1 on a laptop)',"
    " '2026-01-01T00:00:00.000000Z', '2026-01-01T00:03:00.000000Z')",
)


def as_it_was(url, version="0001"):
    """
    A database of that schema, as that version left it.
    """
    opened = engine.make_engine(engine.parse_url(url))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with opened.execution_options(ticketsync_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        is_sqlite = connection.dialect.name == "sqlite"
        words = {
            "no": "0",
            "blob": "x'00'" if is_sqlite else r"'\x00'::bytea",
        }
        for row in ROWS:
            connection.exec_driver_sql(row.format(**words).replace("%", "%%"))
    opened.dispose()


def turn_back(file, version):
    """
    A SQLite database of today in the schema of that version, with what fits in there.
    """
    old = file.with_suffix(".old")
    old.write_bytes(_empty(version))
    rows = sqlite3.connect(old, isolation_level=None)
    rows.execute("PRAGMA foreign_keys = OFF")
    rows.execute("ATTACH ? AS today", [str(file)])
    listed = "SELECT name FROM {}.sqlite_master WHERE type = 'table'"
    today = {name for (name,) in rows.execute(listed.format("today"))}
    for (name,) in rows.execute(listed.format("main")).fetchall():
        if name in today - {"alembic_version"} and not name.startswith("sqlite_"):
            kept = [
                [row[1] for row in rows.execute(f"PRAGMA {schema}.table_info({name})")]
                for schema in ("main", "today")
            ]
            columns = ", ".join(column for column in kept[0] if column in kept[1])
            rows.execute(
                f"INSERT INTO main.{name} ({columns}) "
                f"SELECT {columns} FROM today.{name}"
            )
    rows.close()
    old.replace(file)


@functools.cache
def _empty(version):
    """
    A SQLite database of that version with nothing in it.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        opened = engine.make_engine(engine.parse_url(str(file)))
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with opened.execution_options(ticketsync_write=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, views.EARLIEST)
            views.drop_all(connection)  # they would block changes of their tables
            command.upgrade(config, version)
        opened.dispose()
        return file.read_bytes()


def write_old(file, version):
    """
    The SQLite database that a version filled, see `make_….py` in the folder.
    """
    packed = (FOLDER / f"{version}.db.xz").read_bytes()
    file.write_bytes(lzma.decompress(packed))


def load_old(url, file, version):
    """
    The same rows in PostgreSQL, in tables as that version made them.
    """
    opened = engine.make_engine(engine.parse_url(url))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    rows = sqlite3.connect(file)
    rows.row_factory = sqlite3.Row
    with opened.execution_options(ticketsync_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        connection.exec_driver_sql("SET session_replication_role = replica")
        tables = rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in tables.fetchall():
            found = [dict(row) for row in rows.execute(f"SELECT * FROM {name}")]
            if not found or name == "alembic_version":
                continue
            columns = ", ".join(found[0])
            values = ", ".join(f"%({column})s" for column in found[0])
            connection.exec_driver_sql(
                f"INSERT INTO {name} ({columns}) VALUES ({values})", found
            )
            if "id" in found[0]:
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), "
                    f"(SELECT MAX(id) FROM {name}))"
                )
    rows.close()
    opened.dispose()


def figures(database):
    """
    The figures with the keys that they had then; every read was a complete one.
    """
    with database.read() as connection:
        found = [f.as_json() for f in figures_of_shows.figures(connection)]
    for shown in found:
        for part in figures_of_shows.GROSS_PARTS:
            del shown[part.name]
        assert shown.pop("last_complete_at") == shown["last_synced_at"]
    return found


@contextlib.contextmanager
def upgraded(templates, kind, version, fill):
    """
    A database of that kind as an upgrade left it: a copy of what `fill(file)` wrote
    into a SQLite database of today, turned back to that version and upgraded again.
    """

    def make(place):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "old.db"
            fill(file)
            turn_back(file, version)
            if kind == "postgresql":
                load_old(place, file, version)
            else:
                shutil.move(file, place)
        engine.create_database(place).close()

    stage = fill.__module__.rpartition(".")[2]
    with (
        templates.copied(kind, stage, make) as place,
        contextlib.closing(engine.open_database(place)) as database,
    ):
        yield database
