"""
Databases to compute in: each is empty, whatever another one of the process held.
"""

import os

from sqlalchemy import text

from ticketsync.store import database_copies, schema


def test_what_one_holds_is_not_in_the_next():
    with database_copies.scratch() as first, first.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'another'"))
    with database_copies.scratch() as second, second.read() as connection:
        assert schema.version_of(connection) == schema.PRESENT


def test_two_at_once_are_two():
    with database_copies.scratch() as first, database_copies.scratch() as second:
        with first.write() as connection:
            connection.execute(text("DELETE FROM alembic_version"))
        with second.read() as connection:
            assert schema.version_of(connection) == schema.PRESENT


def test_nobody_else_may_write_to_it_whatever_the_umask():
    before = os.umask(0)
    try:
        with database_copies.scratch() as database:
            assert os.stat(database.file).st_mode & 0o077 == 0
    finally:
        os.umask(before)


def test_no_commit_waits_for_the_disk():
    with database_copies.scratch() as database, database.read() as connection:
        assert connection.scalar(text("PRAGMA synchronous")) == 0
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
