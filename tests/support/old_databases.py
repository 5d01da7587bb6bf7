"""
Databases as earlier versions left them.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config

import ticketsync
from ticketsync.store import engine

MIGRATIONS = Path(ticketsync.__file__).parent / "store" / "migrations"


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
    opened = engine._engine(engine.parse_url(url))
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
