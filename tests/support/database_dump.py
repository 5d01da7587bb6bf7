"""
Whole databases, to be compared.
"""

from ticketsync.store.tables.everything import metadata

NOT_DATA = ("sync_runs", "leases")


def dump(database):
    """
    Every row of every table but the runs' own.
    """
    with database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select()).all()))
            for table in metadata.sorted_tables
            if table.name not in NOT_DATA
        }
