"""
A sync that saves several pages in one transaction lets in whoever sells at a till.
"""

import threading

import pytest
from sqlalchemy import func, select
from support import waiting_locks
from support.ticket_tailor_account import moved_to

from ticketsync.core.settings.config import Settings, SyncSettings
from ticketsync.store import engine
from ticketsync.store.tables.sales import orders
from ticketsync.workflows.sync import orders as reading
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync import save_page
from ticketsync.workflows.sync.run import Request
from ticketsync.workflows.sync.save_page import OrderStore

pytestmark = waiting_locks.needed


@pytest.fixture
def sqlite(templates, sandbox):
    with templates.copied("sqlite", "adopted") as place:
        database = moved_to(place, sandbox)
        yield database
        database.close()


@pytest.fixture
def stored_at_the_till(sqlite, monkeypatch):
    """
    Runs a first sync of three pages, the second and third in one batch, and a writer
    that begins to wait while the second is saved; returns how many orders it finds.
    """
    monkeypatch.setattr(reading, "BATCH_SECONDS", float("inf"))
    monkeypatch.setattr(save_page, "PAGES_TOGETHER", 1)
    settings = Settings(sync=SyncSettings(workers=1, wait_seconds=0))
    save_pages, saved, found = OrderStore._save_pages, [], []
    till = engine.open_database(str(sqlite.file))

    def sell(urgent):
        with till.write(urgent=urgent) as connection:
            found.append(connection.scalar(select(func.count()).select_from(orders)))

    def run(*, urgent):
        thread = threading.Thread(target=sell, args=(urgent,))

        def save(*arguments):
            done = save_pages(*arguments)
            saved.append(done.created)
            if len(saved) == 2:
                thread.start()
                waiting_locks.wait_for(1, sqlite.file)
            return done

        monkeypatch.setattr(OrderStore, "_save_pages", save)
        assert sync.sync(sqlite, settings, Request()).exit_code == 0
        thread.join(20)
        assert saved == [100, 100, 100]
        return found

    yield run
    till.close()


def test_a_batch_is_committed_after_its_first_page_where_a_till_waits(
    stored_at_the_till,
):
    assert stored_at_the_till(urgent=True) == [200]


def test_other_writers_wait_for_the_whole_batch(stored_at_the_till):
    assert stored_at_the_till(urgent=False) == [300]
