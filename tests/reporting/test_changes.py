"""
What a run changed, show by show and account by account.
"""

from types import SimpleNamespace

from ticketsync.reporting.changes import COMPARED, changes


def figures(account, sold, show_id=1):
    values = {**dict.fromkeys(COMPARED, 0), "tickets_sold": sold}
    return SimpleNamespace(
        show_id=show_id, account=account, currency="AUD", starts_at="", **values
    )


def test_sold_is_what_all_accounts_have_sold_of_the_show():
    before = [figures("tt", 3), figures("eb", 7), figures("tt", 5, 2)]
    after = [figures("tt", 5), figures("eb", 7), figures("tt", 5, 2)]
    (change,) = changes(before, after)
    assert (change.either.account, change.tickets, change.sold) == ("tt", 2, 12)


def test_of_a_show_that_nobody_sells_any_more_nothing_is_sold():
    (change,) = changes([figures("tt", 3)], [])
    assert (change.tickets, change.sold) == (-3, 0)
