"""
How many requests a first sync and one without changes make, each platform with the same
buyers. More of them would be slower for everybody, and cost the venue's rate limit.
"""

import pytest
from support import five_platforms

from ticketsync.core.settings.config import Settings, SyncSettings
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

# Account → requests of a first sync of about 250 orders, and of one without changes. Of
# the latter Square asks for locations, catalogue, orders, the payments of each of two
# locations, refunds, and once for the sales of what was returned last: 50 in all before
# these came in one request.
COUNTS = {"tt": (7, 3), "bar": (8, 7), "eb": (12, 7), "hx": (12, 3), "site": (7, 5)}


@pytest.fixture
def settings():
    return Settings(sync=SyncSettings(workers=1, wait_seconds=0))


@pytest.mark.thorough
def test_a_sync_without_changes_asks_no_more_than_the_first(
    sqlite, settings, frozen, monkeypatch
):
    with five_platforms.playing(monkeypatch, orders=250) as sandbox:
        five_platforms.set_up(sqlite, settings, sandbox)
        first, second, third = (
            {
                result.account: result.requests
                for result in sync.sync(sqlite, settings, Request()).results
            }
            for _ in range(3)
        )
    assert {name: (first[name], second[name]) for name in COUNTS} == COUNTS
    assert third == second
    assert all(second[name] <= first[name] for name in COUNTS)
