"""
An order on two pages that are saved together is counted once.
"""

from contextlib import ExitStack

import pytest
from sqlalchemy import func, select
from support.ticket_tailor_account import moved_to

from ticketsync.core.config import Settings, SyncSettings
from ticketsync.store.tables.sales import orders, tickets
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request
from ticketsync.workflows.sync.save_page import OrderStore

SETTINGS = Settings(sync=SyncSettings(workers=1, wait_seconds=0))


@pytest.fixture
def new_database(templates, sandbox):
    with ExitStack() as stack:

        def make():
            place = stack.enter_context(templates.copied("sqlite", "adopted"))
            database = moved_to(place, sandbox)
            stack.callback(database.close)
            return database

        yield make


def stored(database):
    with database.read() as connection:
        return (
            connection.scalar(select(func.count()).select_from(orders)),
            connection.scalar(select(func.sum(tickets.c.charged))),
        )


def read(database):
    (result,) = sync.sync(database, SETTINGS, Request()).results
    return result.counts


def test_an_order_on_two_of_them_is_new_once_and_unchanged_once(
    new_database, monkeypatch
):
    plain, repeated = new_database(), new_database()
    once = read(plain)
    save = OrderStore.save

    def save_all_twice(self, pages, **options):
        save(self, [*pages, *pages], **options)

    monkeypatch.setattr(OrderStore, "save", save_all_twice)
    monkeypatch.setattr("ticketsync.workflows.sync.save_page.PAGES_TOGETHER", 100)
    twice = read(repeated)
    number, _ = stored(repeated)
    assert stored(repeated) == stored(plain)
    assert (twice.created, twice.updated) == (once.created, once.updated)
    assert twice.unchanged == once.unchanged + number
    assert twice.processed == once.processed + number
