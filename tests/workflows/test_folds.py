"""
Figures are a fold of orders: the order in which pages come does not matter (I02, I12).
"""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.ticket_tailor_account import connect

from ticketsync.core import clock
from ticketsync.core.settings.config import Settings
from ticketsync.providers.base import Page
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.reporting import figures_of_shows
from ticketsync.store import engine
from ticketsync.workflows import recompute_figures
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import reparse
from ticketsync.workflows.sync import run as sync


def pages(sandbox):
    import json

    tailor = sandbox.ticket_tailor
    found, after = [], {}
    while True:
        body = json.loads(tailor.answer("/orders", {"limit": "20", **after}).body)
        found.append(body["data"])
        if body["links"]["next"] is None:
            return found
        after = {"starting_after": body["data"][-1]["id"]}


def figures(database):
    with database.read() as connection:
        return [
            {**item.as_json(), "last_synced_at": None, "last_complete_at": None}
            for item in figures_of_shows.figures(connection)
        ]


CALM = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}


@settings(max_examples=3, **CALM)
@given(seed=st.integers(0, 10**6))
@pytest.mark.thorough
def test_pages_in_any_order_and_some_twice_make_the_same_figures(
    sandbox, tmp_path, templates, seed
):
    assert_same_figures(sandbox, tmp_path, templates, seed)


@pytest.mark.drill
@settings(max_examples=50, **CALM)
@given(seed=st.integers(0, 10**6))
def test_pages_in_fifty_orders_make_the_same_figures(
    sandbox, tmp_path, templates, seed
):
    assert_same_figures(sandbox, tmp_path, templates, seed)


def assert_same_figures(sandbox, tmp_path, templates, seed):
    from ticketsync.catalogue import occurrences

    chance = random.Random(seed)
    shuffled = pages(sandbox)
    shuffled += chance.sample(shuffled, k=3)
    chance.shuffle(shuffled)
    file = tmp_path / f"{seed}-{chance.random()}.db"
    templates.copy("sqlite", "empty", file)
    database = engine.open_database(str(file))
    connect(database, sandbox.url)
    plain = Settings()
    sync.fetch_listing(database, plain, [])
    match.adopt(database, plain)

    with database.write() as connection:
        ids = occurrences.get_occurrence_ids(connection, 1)
        for rows in shuffled:
            page = Page("order", rows)
            reparse.save_again(
                connection, 1, TicketTailor(None, {}), page, ids, clock.now()
            )
    recompute_figures.rebuild(database, plain)

    truth = {row["event_id"]: row for row in sandbox.truth()}
    found = figures(database)
    loose = {f"ev_{p.id}" for p, _ in sandbox.world.tickets_without_order}
    with database.read() as connection:
        event = {
            o.show_id: o.provider_occurrence_id
            for o in occurrences.list_occurrences(connection)
        }
    database.close()
    for row in found:
        name = event[row["show_id"]]
        assert row["gross"] == truth[name]["gross"]
        assert row["refunded"] == truth[name]["refunded"]
        if name not in loose:
            assert row["tickets_sold"] == truth[name]["tickets_sold"]
