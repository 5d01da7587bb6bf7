"""
A command reads once what it shows: it opens the database once and runs no statement
twice.
"""

from collections import Counter

import pytest
from sqlalchemy import Engine, event
from typer.testing import CliRunner

from ticketsync.cli.main import app
from ticketsync.store import engine


@pytest.fixture
def reading(ready, monkeypatch):
    """
    The statements of a command, and how often it opens the database.
    """
    statements, opened = [], []
    open_database = engine.open_database

    def opening(*arguments, **options):
        opened.append(arguments)
        return open_database(*arguments, **options)

    def note(connection, cursor, statement, values, *others):
        statements.append((statement, str(values)))

    def read(*words):
        done = CliRunner().invoke(app, words)
        assert done.exit_code in (0, 10), done.stderr
        return Counter(statements), len(opened)

    monkeypatch.setattr(engine, "open_database", opening)
    event.listen(Engine, "before_cursor_execute", note)
    yield read
    event.remove(Engine, "before_cursor_execute", note)


def often(statements):
    return [text for (text, _), times in statements.items() if times > 1]


def test_status_reads_once_what_it_shows_twice(reading):
    statements, opened = reading("status")

    assert opened == 1
    # Two questions are about the accounts themselves, a table of ten rows.
    assert all("FROM accounts ORDER BY accounts.name" in t for t in often(statements))
    # One is about dates whose currency changed (F43), one about unfinished reads.
    assert statements.total() <= 24


@pytest.mark.parametrize(
    "words",
    [
        ("financials", "list"),
        ("financials", "list", "--period", "last-week"),
        ("refunds", "list"),
    ],
)
@pytest.mark.thorough
def test_a_list_opens_the_database_once(reading, words):
    statements, opened = reading(*words)

    assert opened == 1
    assert statements.total() <= 20


def test_status_sums_up_the_seats_of_the_shows_once(reading):
    """
    For the shows that are oversold and those on sale nowhere.
    """
    statements, _ = reading("status")
    seats = [text for text, _ in statements if "AS fullness" in text]
    assert len(seats) == 1
