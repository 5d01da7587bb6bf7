"""
Syncs that pages asked for, as the worker beside them does them.
"""

from ticketsync.core.settings.config import Settings
from ticketsync.core.stopping import Stop
from ticketsync.jobs import worker


def test_an_account_that_is_gone_takes_no_other_request_with_it(connected, monkeypatch):
    """
    "Sync all", and one of the accounts is renamed before the worker's next round.
    """
    seen = []
    monkeypatch.setattr(worker.sync, "sync", lambda *given: seen.append(given[2].names))
    requests = worker.SyncRequests()
    for name in ("renamed", "tt"):
        requests.add(name)

    worker._sync_requested(connected, Settings(), requests, Stop())

    assert seen == [("tt",)]
    assert requests.take_all() == {}
