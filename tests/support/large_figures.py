"""
A venue whose every number is in the thousands, and what is written without a comma.
"""

import re

from sqlalchemy import BigInteger

from ticketsync.store import triggers
from ticketsync.store.tables.everything import metadata

TIMES = 1009
# Whole numbers that are neither counts nor amounts.
OTHERS = {
    *("begins", "length", "first_block_id", "exit_code", "position", "number"),
    *("minutes", "pid", "port"),
}
# Names of guests of the sandbox, ids, runs and the like are not counts; the last four
# hex digits of a run may be all decimal.
NAMES = re.compile(r"\b(?:Guest|Run) \d+|(?<=\d\d:\d\d) +[0-9a-f]{4}\b")
BARE = re.compile(r"(?<![\w.,:/#@&-])[+−-]?[1-9]\d{3,}(?:\.\d+)?(?![\w:/@-])")
YEAR = re.compile(r"20\d\d")


def multiply(database, *tables):
    """
    Multiply each count and amount that the database holds, or that these tables hold.
    """
    with database.write() as connection:
        triggers.drop_all(connection)
        for table in tables or metadata.sorted_tables:
            values = {
                column: column * TIMES
                for column in table.columns
                if isinstance(column.type, BigInteger)
                and not (column.primary_key or column.foreign_keys)
                and not column.name.endswith("_id")
                and column.name not in OTHERS
            }
            if values:
                connection.execute(table.update().values(values))
        triggers.create_all(connection)


def bare_numbers(text):
    """
    The lines with a number of four digits or more that has no comma and is not a year.
    """
    return [
        line.strip()
        for line in text.splitlines()
        if any(not YEAR.fullmatch(found) for found in BARE.findall(NAMES.sub("", line)))
    ]
