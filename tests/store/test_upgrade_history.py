"""
Databases of versions that kept no past (schemas 0006 and 0013): from the upgrade on it
is known, and nothing is claimed of the time before.
"""

from datetime import timedelta

import pytest
from sqlalchemy import text
from support.random_history import SETTINGS, reports

from ticketsync.core import clock, errors
from ticketsync.store import engine
from ticketsync.store.tables.catalogue import show_links
from ticketsync.workflows import as_of, recompute_figures

SECOND = timedelta(seconds=1)


@pytest.fixture(params=["0006", "0013"])
def version(request):
    return request.param


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, version, templates):
    """
    An old database that was upgraded a minute ago.
    """
    with templates.copied(request.param, f"upgraded_{version}") as place:
        database = engine.open_database(place)
        yield database
        database.close()


def rows(database, query):
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.mark.sampled(4)
def test_the_past_is_known_from_the_upgrade_on(upgraded, monkeypatch):
    recompute_figures.rebuild(upgraded, SETTINGS)
    ((since,),) = rows(upgraded, "SELECT value FROM facts WHERE name = 'history_since'")
    moment = clock.from_iso(since)
    monkeypatch.setattr(clock, "_now", lambda: moment + 60 * SECOND)
    with upgraded.read() as connection:
        today = reports(connection, SETTINGS)
    assert today["sales"]
    with as_of.reading(upgraded, SETTINGS, since) as past:
        assert reports(past.connection, SETTINGS) == today
    before = clock.iso(moment - SECOND)
    with (
        pytest.raises(errors.GuardRefused, match="not known") as refused,
        as_of.reading(upgraded, SETTINGS, before),
    ):
        pass
    assert since in refused.value.hint


@pytest.mark.thorough
def test_what_stands_there_was_known_when_its_record_was_read(upgraded):
    assert rows(
        upgraded,
        "SELECT COUNT(*) FROM orders JOIN raw_records r ON r.account_id ="
        " orders.account_id AND r.kind = 'order' AND r.provider_id ="
        " orders.provider_id AND r.content = orders.content"
        " JOIN raw_blocks b ON b.id = r.block_id"
        " WHERE b.fetched_at < orders.known_from",
    ) == [(0,)]
    assert rows(
        upgraded,
        "SELECT COUNT(*) FROM tickets JOIN orders ON orders.id = tickets.order_id"
        " WHERE orders.known_from <> tickets.known_from",
    ) == [(0,)]
    assert rows(
        upgraded,
        "SELECT COUNT(*) FROM raw_records WHERE first_block_id <> block_id",
    ) == [(0,)]
    for table in ("past_orders", "past_tickets", "past_fees"):
        assert rows(upgraded, f"SELECT COUNT(*) FROM {table}") == [(0,)]


def test_the_state_of_every_link_is_what_the_next_comparison_finds(upgraded):
    with upgraded.write() as connection:
        links = connection.execute(show_links.select()).all()
        # Written to, and nothing is different.
        connection.execute(show_links.update().values(status="synced"))
    assert links
    recorded = rows(
        upgraded, "SELECT COUNT(*) FROM past_show_links WHERE known_until IS NULL"
    )
    assert recorded == [(len(links),)]
    assert rows(upgraded, "SELECT COUNT(*) FROM past_show_links") == [(len(links),)]
