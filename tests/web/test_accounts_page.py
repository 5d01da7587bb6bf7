"""
The Accounts page: options, owner, and retired accounts.
"""

import re

from ticketsync.accounts import edits, state
from ticketsync.core.settings.config import Settings
from ticketsync.store.tables.accounts import sync_runs
from ticketsync.workflows.accounts import account_removal


def test_the_page_shows_the_owner_and_the_options_of_an_account(full, enter):
    with full.write() as connection:
        account = state.get_account(connection, "tt")
        edits.set_options(
            connection, account.id, {"people": "true", "oauth_x": "hidden"}
        )
    page = enter("manager").get("/accounts").text
    assert "lanternroom" in page
    assert "<dt>Names of buyers and guests</dt><dd>yes</dd>" in page
    assert "oauth_x" not in page
    assert 'href="https://app.tickettailor.com/"' in page
    assert "/accounts/tt/sync" in page


def test_a_retired_account_is_shown_and_cannot_be_synced(full, enter, requested_syncs):
    account_removal.remove(full, Settings(), "tt")
    client = enter("manager")
    page = client.get("/accounts").text
    assert "retired" in page
    assert "its orders are kept" in page
    assert "/accounts/tt/sync" not in page
    refused = client.post("/accounts/tt/sync")
    assert refused.status_code >= 400
    assert requested_syncs == []
    assert client.get("/").status_code == 200


def test_a_run_that_set_records_aside_has_read_everything(full, enter):
    """
    Every page says when, as its sentence about the figures does.
    """
    with full.write() as connection:
        word = {"outcome": "partial", "word": "quarantine", "exit_code": 3}
        connection.execute(sync_runs.update().values(**word))
    manager = enter("manager")
    for path, ago in (
        ("/accounts", r"<dt>Last complete read</dt><dd>(.*?)</dd>"),
        ("/accounts/tt", r"<dt>Last complete read</dt><dd>(.*?)</dd>"),
        ("/", r'data-label="Synced">(.*?)</td>'),
    ):
        page = manager.get(path).text
        assert set(re.findall(ago, page)) == {"just now"}, path
    assert "Its figures are from" in manager.get("/accounts").text
