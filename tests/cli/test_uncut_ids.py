"""
An id or a name that somebody has to copy is never cut on a terminal of 80 columns: it
goes below its row, or its column is left out.
"""

import re
import sys

import pytest
from support.listing_commands import listings
from support.ticket_tailor_account import moved_to
from typer.testing import CliRunner

from ticketsync.cli import terminal
from ticketsync.cli.main import app
from ticketsync.store.tables.catalogue import events, occurrences, productions
from ticketsync.store.tables.sales import orders, tickets

ALSO = {
    *("status", "shows show 1", "accounts show tt", "webhooks health"),
    *("match --dry-run", "accounts list", "financials explain 1", "report daily"),
}
LONG = "-5e884898da28047151d0e56f8dc62927"


@pytest.fixture
def ids(home, sandbox, templates):
    """
    The ids of a synced venue in `home`, each as long as platforms have them.
    """
    place = templates.copy("sqlite", "filled", home / "ticketsync.db")
    database = moved_to(place, sandbox)
    found = set()
    with database.write() as connection:
        first = productions.update().where(productions.c.id == 1)
        connection.execute(first.values(title="1"))  # for `productions show`
        for table in (orders, tickets, occurrences, events):
            connection.execute(
                table.update().values(provider_id=table.c.provider_id + LONG)
            )
            found.update(
                connection.scalars(
                    table.select().with_only_columns(table.c.provider_id)
                )
            )
    database.close()
    return found


@pytest.fixture
def terminal_of_80(monkeypatch):
    monkeypatch.setattr(terminal, "is_terminal", lambda stream: stream is sys.stdout)
    monkeypatch.setattr(terminal, "width", lambda stream=None: 80)


def cut_ids(printed, ids):
    """
    What is printed of an id that is cut and stands nowhere in full.
    """
    whole = {id_ for id_ in ids if id_ in printed}
    return [
        text
        for text in re.findall(r"([^\s|]{4,})…", printed)
        if any(id_.startswith(text) for id_ in ids)
        and not any(id_.startswith(text) for id_ in whole)
    ]


@pytest.mark.thorough
def test_no_listing_cuts_an_id(ids, terminal_of_80):
    cut = {}
    for words in sorted({*listings(), *ALSO}):
        done = CliRunner().invoke(app, words.split())
        assert done.exit_code in (0, 10), (words, done.stderr)
        if found := cut_ids(done.stdout, ids):
            cut[words] = found[:3]
    assert cut == {}


def test_an_id_that_is_cut_would_be_found():
    """
    The control.
    """
    printed = "or_8700…  12.00\nor_99…\n  ORDER: or_99-1"
    assert cut_ids(printed, {"or_8700-1", "or_99-1"}) == ["or_8700"]
