"""
Databases to be copied, because making one takes longer than most tests.
"""

import itertools
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from filelock import FileLock
from sqlalchemy.engine import make_url
from support import old_databases
from support.dates import NOW, TODAY
from support.pin_keys import put_pin_key
from support.ticket_tailor_account import adopt_all, moved_to

from ticketsync.core import clock
from ticketsync.core.settings.config import AccountSettings, Settings
from ticketsync.sandbox import server, world
from ticketsync.store import engine
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

UPGRADED = "upgraded_"
BEFORE = {"adopted": "empty", "synced": "adopted", "filled": "adopted"}


class Templates:
    """
    Of each kind: `empty`; `adopted`, its shows the sandbox's dates, nothing synced;
    `synced`, synced once with the sandbox's morning; `filled`, the same, people kept;
    `upgraded_0006` and `upgraded_0013`, what those schemas left, upgraded. A test
    names one of its own with a function that makes it in a database that is not there
    yet, or is empty: `make(place)`; or in a copy of the one that is named `before`.
    """

    def __init__(self, postgres, folder, shared):
        self.postgres = postgres
        self.folder = folder
        self.shared = shared  # by all processes of the suite
        self.made = {}
        self.numbers = itertools.count(1)
        self.administration = None

    def close(self):
        if self.administration:
            self.administration.close()

    @contextmanager
    def copied(self, kind, stage, make=None, before=None):
        """
        A copy that goes with the test.
        """
        if make and (kind, stage) not in self.made:
            place = self._place(kind, stage, before)
            make(place)
            self.made[kind, stage] = place
        place = self.copy(kind, stage)
        yield place
        if kind == "sqlite":
            Path(place).unlink()
            for lock in Path(place).parent.glob(f"{Path(place).name}.*lock"):
                lock.unlink()
        else:
            self._execute(f"DROP DATABASE {make_url(place).database} WITH (FORCE)")

    def copy(self, kind, stage, place=None):
        """
        Where a copy lies: at `place`, or anywhere.
        """
        source = self.get(kind, stage)
        if kind == "sqlite":
            target = place or self.folder / f"{next(self.numbers)}.db"
            shutil.copy(source, target)
            return str(target)
        name = f"copy{next(self.numbers)}"
        self._create(name, stage)
        return self.postgres().get_uri(database=name)

    def _create(self, name, stage):
        self._execute(f"CREATE DATABASE {name} TEMPLATE {stage} STRATEGY file_copy")

    def _execute(self, statement):
        """
        About whole databases, on one connection: the server starts a process for each.
        """
        if self.administration is None:
            url = self.postgres().get_uri()
            self.administration = psycopg.connect(url, autocommit=True)
        self.administration.execute(statement, prepare=False)

    def get(self, kind, stage):
        if (kind, stage) not in self.made:
            make = self._make_or_wait if kind == "sqlite" else self._make
            self.made[kind, stage] = make(kind, stage)
        return self.made[kind, stage]

    def _make_or_wait(self, kind, stage):
        """
        The first process that needs it makes it.
        """
        place = self.shared / f"copied_{stage}.db"
        with FileLock(f"{place}.lock"):
            if not place.exists():
                made = self._make(kind, stage)
                shutil.copy(made, f"{place}.new")
                os.rename(f"{place}.new", place)
        return str(place)

    def _make(self, kind, stage):
        place = self._place(kind, stage)
        if stage == "empty":
            engine.create_database(place).close()
        elif stage.startswith(UPGRADED):
            self._upgrade(kind, place, stage)
        else:
            self._play(place, stage)
        return place

    def _place(self, kind, stage, before=None):
        """
        Where a new one lies. One that is played begins as a copy of the one before it:
        the migrations take longer than what is played, and so do the dates.
        """
        before = before or BEFORE.get(stage)
        source = self.get(kind, before) if before else None
        if kind == "sqlite":
            place = self.folder / f"{stage}.db"
            if source:
                shutil.copy(source, place)
            return str(place)
        if source:
            self._create(stage, before)
        else:
            self._execute(f"CREATE DATABASE {stage}")
        return self.postgres().get_uri(database=stage)

    def _upgrade(self, kind, place, stage):
        version = stage.removeprefix(UPGRADED)
        file = Path(place) if kind == "sqlite" else self.folder / f"{stage}.old"
        old_databases.write_old(file, version)
        if kind == "postgresql":
            old_databases.load_old(place, file, version)
        engine.create_database(place).close()

    def _play(self, place, stage):
        fake_server = server.Sandbox(world.build(today=TODAY, orders=300))
        fake_server.clock = lambda: NOW.timestamp()
        keeping = Settings(accounts={"tt": AccountSettings(keep_people=True)})
        settings = keeping if stage == "filled" else Settings()
        with (
            pytest.MonkeyPatch.context() as patch,
            server.serving(fake_server) as address,
        ):
            fake_server.url = address
            patch.setenv("TICKETSYNC_HOME", str(self.folder))
            put_pin_key(self.folder)
            patch.setenv("TT_KEY", fake_server.key)
            patch.setattr(clock, "_now", lambda: NOW)
            if stage == "adopted":
                database = engine.open_database(place)
                adopt_all(database, fake_server)
            else:
                database = moved_to(place, fake_server)
                assert sync.sync(database, settings, Request()).exit_code == 0
            database.close()
