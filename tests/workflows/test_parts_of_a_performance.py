"""
Where a platform sells one performance as several things, matching says which is which.
"""

import re

import pytest
from support.platform_accounts import connect

from ticketsync.store.tables.catalogue import ticket_type_prices, ticket_types
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync


@pytest.mark.parametrize("name", ["square"])
def test_each_variation_of_one_performance_has_a_title_of_its_own(
    sqlite, settings, fake_server, name
):
    connect(sqlite, name, fake_server.address)
    sync.fetch_listing(sqlite, settings, [])

    def offered():
        with sqlite.read() as connection:
            plan = match.plan(connection, settings)
        return [item.occurrence for item in plan.unsure]

    found = offered()
    lines = {(o.account, o.title, o.starts_local) for o in found}
    assert len(lines) == len(found) > len({(o.event, o.starts_at) for o in found})
    assert any(o.title.endswith("Concession") for o in found)

    with sqlite.write() as connection:  # what they sell is not known
        connection.execute(ticket_type_prices.delete())
        connection.execute(ticket_types.delete())
    assert all(re.fullmatch(r"V\d+-\d+", o.part) for o in offered() if o.part)
    assert len({(o.title, o.starts_local) for o in offered()}) == len(found)
