"""
`db check` names whatever somebody changed in the books, cell by cell, whatever they
wrote there; and `sync replay` puts it right, and touches nothing else.
"""

import json
import random
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from conftest import NOW, TODAY, Templates
from sqlalchemy import text
from typer.testing import CliRunner

from ticketsync.accounts import state
from ticketsync.catalogue import shows
from ticketsync.cli.main import app
from ticketsync.core import clock
from ticketsync.core.config import AccountSettings, FeeSchedule, Settings
from ticketsync.sandbox import platforms, server, world
from ticketsync.store import engine
from ticketsync.store.tables.everything import metadata
from ticketsync.store.types import Flag, Instant
from ticketsync.workflows import match, sync, upkeep
from ticketsync.workflows.sync import Request

BOOKS = {  # table → how a finding calls its rows
    "orders": "order",
    "tickets": "ticket",
    "refunds": "refund",
    "fees": "fee",
    "show_financials": "show_financials",
    "ticket_fees": "ticket_fees",
    "show_ticket_types": "show_ticket_types",
}
RATE = FeeSchedule(per_ticket=Decimal("0.50"), percent=Decimal(2))
SETTINGS = Settings(accounts={"tt": AccountSettings(fees=RATE)})
OTHERS = ("eventbrite", "square")


@pytest.fixture(scope="module")
def season(tmp_path_factory):
    """
    Three accounts of one season, read twice: every table of the books has rows, orders
    have histories, and some tickets left theirs.
    """
    folder = tmp_path_factory.mktemp("books")
    players = platforms.others(today=TODAY, orders=40, names=OTHERS)
    played = server.Sandbox(world.build(today=TODAY, orders=80), others=players)
    moment = [NOW]
    played.clock = lambda: moment[0].timestamp()
    file = folder / "books.db"
    with pytest.MonkeyPatch.context() as patch, server.serving(played) as address:
        patch.setenv("TICKETSYNC_HOME", str(folder))
        patch.setattr(clock, "_now", lambda: moment[0])
        patch.setenv("KEY_TT", played.key)
        addresses = {"tt": ("ticket_tailor", address)}
        for player, name in zip(players, OTHERS, strict=True):
            patch.setenv(f"KEY_{name.upper()}", player.key)
            addresses[name] = (name, played.url(address, name))
        database = engine.create_database(str(file))
        with database.write() as session:
            shows.add_venue(session, "The Lantern Room", "Australia/Sydney", "AUD")
            for name, (provider, url) in addresses.items():
                variable = f"KEY_{name.upper()}"
                new = state.NewAccount(name, provider, url, "env", variable, "", None)
                state.add(session, new, NOW)
        sync.fetch_listing(database, SETTINGS, [])
        match.adopt(database, SETTINGS)
        assert sync.sync(database, SETTINGS, Request()).exit_code == 0
        for player in (played.platform, *players):
            player.world.now += 3600
            world.change_some(player.world, 12, 8)
            player.forget()
        moment[0] = NOW + timedelta(hours=1)
        assert sync.sync(database, SETTINGS, Request(full=True)).exit_code == 0
        database.close()
    return file


@pytest.fixture
def empty(templates, tmp_path, monkeypatch):
    """
    The private database of a check is copied, as most databases of tests are.
    """
    made = templates.copy("sqlite", "empty")
    real = engine.create_database

    def create_database(url="", **options):
        if url.endswith("scratch.db"):
            shutil.copy(made, url)
            return engine.open_database(url)
        return real(url, **options)

    monkeypatch.setattr(engine, "create_database", create_database)


@pytest.fixture
def book(season, empty, tmp_path, frozen):
    """
    A copy of that season, an hour later.
    """
    frozen(NOW + timedelta(hours=1))
    file = tmp_path / "books.db"
    shutil.copy(season, file)
    return file


def checked(file, *, deep=True):
    database = engine.open_database(str(file))
    try:
        return upkeep.check(database, SETTINGS, deep=deep)
    finally:
        database.close()


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


def ask(file, query, *values):
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query, values).fetchall()


def columns_of(table):
    return [c for c in metadata.tables[table].columns if not c.primary_key]


class Editor:
    """
    Changes one cell at a time, of any row, to anything its column can be made to hold.
    """

    def __init__(self, file, seed):
        self.file = file
        self.chance = random.Random(seed)

    def change(self, table, column):
        """
        What stood there, and what does now.
        """
        rows = ask(self.file, f"SELECT rowid, {column.name} FROM {table}")
        statement = f"UPDATE {table} SET {column.name} = ? WHERE rowid = ?"
        while True:
            row, old = self.chance.choice(rows)
            new = self.another(table, column, old)
            with suppress(sqlite3.IntegrityError):  # unique keys are always asked
                edit(self.file, statement, new, row)
                return row, old, new

    def another(self, table, column, old):
        if column.nullable and old is not None and self.chance.random() < 0.15:
            return None
        found = self.value(table, column, old)
        return found if found != old else self.another(table, column, old)

    def value(self, table, column, old):
        if isinstance(column.type, Instant):
            return self.instant(old)
        if isinstance(column.type, Flag):
            return 1 - old
        if column.type.python_type is int:
            step = self.chance.choice([1, -1, 8, 100, -2500, 10**6])
            return (old or 0) + step
        if column.type.python_type is bytes:
            return self.chance.randbytes(16)
        if column.name == "on_day":
            days = timedelta(days=self.chance.randrange(1, 900))
            return f"{datetime.fromisoformat(old) - days:%Y-%m-%d}"
        others = ask(self.file, f"SELECT DISTINCT {column.name} FROM {table}")
        return self.chance.choice(
            [o for (o,) in others] + ["XXX", "", "nonsense", "=1+1", "\u202e", "0"]
        )

    def instant(self, old):
        if self.chance.random() < 0.2:
            return self.chance.choice(["x", "2026-13-45T00:00:00Z", "", "2026-02-30"])
        days = timedelta(days=self.chance.choice([-4000, -30, -1, 1, 30, 4000]))
        before = clock.from_iso(old) if old else NOW
        return clock.iso(before + days)


def names(found, table, column):
    """
    Whether a finding names that cell, or that its row is not there any more.
    """
    return any(
        item.table in (table, BOOKS[table])
        and (
            column.name in item.column.split(", ")
            or item.what in ("is missing", "is in no stored record")
            or item.what == "is no sum of any tickets"
        )
        for item in found.findings
    )


def edits_unnamed(file, tmp_path, seed, number):
    """
    So many random edits, each on a copy of its own; returns those that no finding
    names. Nothing raises.
    """
    chance = random.Random(seed)
    unnamed = []
    for n in range(number):
        table = chance.choice(list(BOOKS))
        column = chance.choice(columns_of(table))
        copy = tmp_path / "edited.db"
        shutil.copy(file, copy)
        change = Editor(copy, f"{seed} {n}").change(table, column)
        found = checked(copy)
        if found.is_sound or not names(found, table, column):
            unnamed.append((table, column.name, change, found.rows[:3]))
    return unnamed


def test_a_season_that_nobody_edited_is_sound(book):
    found = checked(book)
    assert found.rows == ()
    assert found.is_sound
    for table in BOOKS:
        assert ask(book, f"SELECT count(*) FROM {table}")[0][0] > 5, table


def test_random_edits_are_named(book, tmp_path):
    assert edits_unnamed(book, tmp_path, 7, 20) == []


@pytest.mark.drill
def test_two_hundred_random_edits_are_named(book, tmp_path):
    assert edits_unnamed(book, tmp_path, 11, 200) == []


@pytest.mark.drill
def test_an_edit_of_every_column_is_named(book, tmp_path):
    unnamed = []
    for table in BOOKS:
        for column in columns_of(table):
            copy = tmp_path / "edited.db"
            shutil.copy(book, copy)
            change = Editor(copy, 3).change(table, column)
            found = checked(copy)
            if found.is_sound or not names(found, table, column):
                unnamed.append((table, column.name, change, found.rows[:3]))
    assert unnamed == []
