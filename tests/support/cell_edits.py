"""
Edits of single cells, as somebody makes them who has a database browser and no rule,
reference or trigger in their way; and by which names the edited row may be called.
"""

import random
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import errors as psycopg_errors
from sqlalchemy.engine import make_url
from support.dates import NOW

from ticketsync.core import clock
from ticketsync.store.tables.everything import metadata
from ticketsync.store.types import Flag, Instant

PAST = ("past_orders", "past_tickets", "past_fees", "past_show_links")
# Moments of our own that stand in no record: one that lies in a run is believed, as
# `reparse.differences` and `past_flaws.find_unexplained_starts` say.
OURS = ("seen_at", "gone_since", "known_from")


def columns_of(table, left_out=()):
    """
    Those that a person may change and still mean the same row; of the past all, because
    there even the moment is one.
    """
    return [
        column
        for column in metadata.tables[table].columns
        if column.name != "id"
        and (table in PAST or not column.primary_key)
        and (table, column.name) not in left_out
    ]


class Refused(Exception):
    """
    The database lets nobody write anything else there.
    """


class Editor:
    """
    Changes one cell at a time, of any row, to anything its column can be made to hold.
    """

    def __init__(self, file, seed):
        self.file = file
        self.chance = random.Random(seed)

    def change(self, table, column):
        """
        The names that the row may be called by, what stood there, and what does now.
        Raises `Refused`.
        """
        row, old = self.chance.choice(self.rows(table, column))
        for _ in range(100):
            new = self.another(table, column, old)
            before = self.names(table, row)
            if self.edit(table, column, new, row):
                return before | self.names(table, row), old, new
        raise Refused(table, column.name, row, old)

    def another(self, table, column, old):
        if column.nullable and old is not None and self.chance.random() < 0.15:
            return None
        found = self.value(table, column, old)
        is_ours = column.name in OURS and table not in PAST
        if found == old or (is_ours and self.is_of_a_run(found)):
            return self.another(table, column, old)
        return found

    def is_of_a_run(self, moment):
        """
        Also of a moment at which our own box office sold something.
        """
        runs = self.ask("SELECT started_at, finished_at FROM sync_runs")
        runs += self.ask("SELECT at, at FROM boxoffice_history")
        return any(begun <= moment <= (ended or begun) for begun, ended in runs)

    def value(self, table, column, old):
        if isinstance(column.type, Instant):
            return self.instant(old)
        if isinstance(column.type, Flag):
            return self.flag(old)
        if column.type.python_type is int:
            step = self.chance.choice([1, -1, 8, 100, -2500, 10**6])
            return (old or 0) + step
        if column.type.python_type is bytes:
            return self.chance.randbytes(16)
        if column.name == "on_day":
            days = timedelta(days=self.chance.randrange(1, 900))
            return f"{datetime.fromisoformat(old) - days:%Y-%m-%d}"
        others = self.ask(f"SELECT DISTINCT {column.name} FROM {table}")
        return self.chance.choice(
            [o for (o,) in others] + ["XXX", "", "nonsense", "=1+1", "\u202e", "0"]
        )

    def instant(self, old):
        if self.chance.random() < 0.2:
            return self.chance.choice(["x", "2026-13-45T00:00:00Z", "", "2026-02-30"])
        return clock.iso(self.moved(clock.from_iso(old) if old else NOW))

    def moved(self, moment):
        days = self.chance.choice([-4000, -30, -1, 1, 30, 4000])
        return moment + timedelta(days=days)

    def flag(self, old):
        return 1 - old

    def ask(self, query, *values):
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(query, values).fetchall()

    def rows(self, table, column):
        return self.ask(f"SELECT rowid, {column.name} FROM {table}")

    def read(self, table, row):
        names = [column.name for column in metadata.tables[table].columns]
        ((*cells,),) = self.ask(
            f"SELECT {', '.join(names)} FROM {table} WHERE rowid = ?", row
        )
        return dict(zip(names, cells, strict=True))

    def edit(self, table, column, new, row):
        with suppress(sqlite3.IntegrityError):  # unique keys are always asked
            statement = f"UPDATE {table} SET {column.name} = ? WHERE rowid = ?"
            edit(self.file, statement, new, row)
            return True
        return False

    def names(self, table, row):
        """
        How a finding may call that row: by our key, by the platform's, or by the order
        or the ticket that it is a part of.
        """
        cells = {name: _plain(value) for name, value in self.read(table, row).items()}
        keys = [column.name for column in metadata.tables[table].primary_key]
        key = " ".join(str(cells[name]) for name in keys)
        found = {(table, key)}
        if table in _FIGURES:
            rest = " ".join(str(cells[k]) for k in keys if k != "account_id")
            found |= {(table, rest), (table, f"show {rest}")}
        elif table in _BOOKS:
            for name in (_BOOKS[table], table):
                found |= {(name, part) for part in self.own_names(table, cells)}
        elif table in PAST:
            found |= {(table, part) for part in self.owners(cells)}
        elif table == "boxoffice_history":
            found |= self.subject(cells)
        elif table in _OFFICE:
            found |= {("of order", part) for part in self.references(table, cells)}
        return found

    def own_names(self, table, cells):
        if table == "refunds":
            return {f"{cells['provider_id']} {cells['number']}", cells["provider_id"]}
        if table == "fees":
            owners = self.references_of(cells["order_id"], "orders", "provider_id")
            return {
                f"{owner} {cells['occurrence_id']} {cells['name']}" for owner in owners
            }
        return {cells["provider_id"]}

    def owners(self, cells):
        owners = self.references_of(cells.get("order_id"), "orders", "provider_id")
        ticket_id = cells.get("ticket_id")
        return owners | self.references_of(ticket_id, "tickets", "provider_id")

    def subject(self, cells):
        table = _SUBJECTS.get(cells["kind"])
        return {(table, str(cells["row_id"]))} if table else set()

    def references(self, table, cells):
        if table == "payment_refunds":
            orders = self.ask(
                f"SELECT order_id FROM payments WHERE id = {cells['payment_id']}"
            )
        else:
            orders = [(cells["id" if table == "boxoffice_orders" else "order_id"],)]
        return {
            reference
            for (id_,) in orders
            for reference in self.references_of(id_, "boxoffice_orders", "reference")
        }

    def references_of(self, id_, table, column):
        if id_ is None:
            return set()
        query = f"SELECT {column} FROM {table} WHERE id = {id_}"
        return {value for (value,) in self.ask(query)}


_FIGURES = ("show_financials", "ticket_fees", "show_ticket_types")
_BOOKS = {"orders": "order", "tickets": "ticket", "refunds": "refund", "fees": "fee"}
_OFFICE = (
    *("boxoffice_orders", "boxoffice_order_lines", "boxoffice_seats"),
    *("boxoffice_tickets", "payments", "payment_refunds"),
)
_SUBJECTS = {
    "order": "boxoffice_orders",
    "ticket": "boxoffice_tickets",
    "payment": "payments",
    "refund": "payment_refunds",
    "voucher": "vouchers",
    "till": "till_sessions",
}


def _plain(value):
    if isinstance(value, datetime):
        return clock.iso(value)
    return value.hex() if isinstance(value, bytes) else value


def edit(file, statement, *values):
    """
    What somebody with a database browser can do: no rule, no reference, no trigger
    stops them.
    """
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("BEGIN")
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in found:
            connection.execute(f"DROP TRIGGER {name}")
        done = connection.execute(statement, values)
        for _, sql in found:
            connection.execute(sql)
        assert done.rowcount == 1, statement
        connection.execute("COMMIT")


class PostgresEditor(Editor):
    """
    The same on PostgreSQL, where triggers and references can be switched off, but not
    the rules of a table and its types. `row` is the values of the primary key.
    """

    def __init__(self, url, seed):
        super().__init__(url, seed)
        place = make_url(url).set(drivername="postgresql")
        self.connection = psycopg.connect(
            place.render_as_string(hide_password=False), autocommit=True
        )
        self.connection.execute("SET session_replication_role = replica")
        self.connection.execute("SET timezone = 'UTC'")

    def close(self):
        self.connection.close()

    def ask(self, query, *values):
        return self.connection.execute(query, values or None).fetchall()

    def keys(self, table):
        return [column.name for column in metadata.tables[table].primary_key]

    def rows(self, table, column):
        keys = self.keys(table)
        found = self.ask(
            f"SELECT {', '.join([*keys, column.name])} FROM {table}"
            f" ORDER BY {', '.join(keys)}"
        )
        return [(dict(zip(keys, row[:-1], strict=True)), row[-1]) for row in found]

    def read(self, table, row):
        names = [column.name for column in metadata.tables[table].columns]
        where = " AND ".join(f"{key} = %s" for key in row)
        ((*cells,),) = self.ask(
            f"SELECT {', '.join(names)} FROM {table} WHERE {where}", *row.values()
        )
        return dict(zip(names, cells, strict=True))

    def edit(self, table, column, new, row):
        where = " AND ".join(f"{key} = %s" for key in row)
        with suppress(
            psycopg_errors.IntegrityError,
            psycopg_errors.NumericValueOutOfRange,
            psycopg_errors.NotNullViolation,
        ):
            done = self.connection.execute(
                f"UPDATE {table} SET {column.name} = %s WHERE {where}",
                (new, *row.values()),
            )
            assert done.rowcount == 1
            if column.name in row:
                row[column.name] = new
            self.last = table, column, row
            return True
        return False

    def undo(self, old):
        """
        Put back what the last edit changed.
        """
        table, column, row = self.last
        assert self.edit(table, column, old, row)

    def instant(self, old):
        return self.moved(old.astimezone(UTC) if old else NOW)

    def flag(self, old):
        return not old if isinstance(old, bool) else 1 - old
