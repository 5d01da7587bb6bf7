"""
Accounts whose lists will collapse.

database     one on SQLite
fake_server  the platform of the test's `name`, Ticket Tailor among them
books        databases that were made once, to be copied
kind         the kind of database that `opened` opens
opened       opens a copy, of an account that was only listed or of one that was read
"""

import itertools
import shutil

import pytest
from sqlalchemy import make_url
from support.pin_keys import save_pins
from support.platform_accounts import adopt, connect, expected, figures, run, same
from support.spoiled_reads import playing

from ticketsync.store import engine
from ticketsync.store.tables.accounts import accounts
from ticketsync.workflows.sync import run as sync


@pytest.fixture
def database(sqlite):
    """
    How a list shrinks has nothing to do with the kind of database.
    """
    return sqlite


@pytest.fixture
def fake_server(name, frozen, monkeypatch):
    with playing(name, monkeypatch) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def books(tmp_path_factory):
    """
    Databases to be copied: of each platform one that was only listed, and one that was
    read. Filled as they are asked for.
    """
    return {}, tmp_path_factory.mktemp("books"), itertools.count(1)


@pytest.fixture
def kind():
    """
    The kind of database that `opened` opens.
    """
    return "sqlite"


def copied(templates, kind, place, copy):
    """
    Where a copy of a database lies; nobody may have it open.
    """
    if kind == "sqlite":
        return shutil.copy(place, copy)
    postgres = templates.postgres()
    source = make_url(place).database
    postgres.psql(f"CREATE DATABASE {copy.stem} TEMPLATE {source};")
    return postgres.get_uri(database=copy.stem)


@pytest.fixture
def opened(books, fake_server, name, settings, templates, kind):
    """
    Opens a copy, of an account that was only listed or of one that was read.
    """
    made, folder, numbers = books
    databases = []

    def open_(*, is_read):
        if (kind, name, is_read) not in made:
            place = templates.copy(kind, "empty", folder / f"{name} {is_read}.db")
            database = engine.open_database(place)
            connect(database, fake_server.platform_name, fake_server.address)
            sync.fetch_listing(database, settings, [])
            adopt(database)
            if is_read:
                run(database, settings)
                same(
                    figures(database), expected(fake_server, fake_server.platform_name)
                )
            database.close()
            made[kind, name, is_read] = place
        copy = folder / f"collapse{next(numbers)}.db"
        place = copied(templates, kind, made[kind, name, is_read], copy)
        database = engine.open_database(str(place))
        databases.append(database)
        with database.write() as connection:
            connection.execute(accounts.update().values(base_url=fake_server.address))
            save_pins(connection)
        return database

    yield open_
    for database in databases:
        database.close()
