"""
Two who put the first show on sale at once make one account with one key.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import text
from support.own_box_office import ADULT, CHILD, KEY, SHOW, STARTS, put_on_sale

from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.boxoffice.shows_on_sale import Terms
from ticketsync.catalogue import new_shows, shows
from ticketsync.core import errors
from ticketsync.core.settings.config import Settings
from ticketsync.store import engine
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.boxoffice import open_sale, save_own_orders

pytestmark = pytest.mark.usefixtures("evening")


def add_shows(database, number):
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
        for n in range(number):
            new_shows.add_show(
                connection,
                new_shows.NewShow(
                    *("Late Laughs", STARTS + timedelta(days=n), "The Lantern Room"),
                    *("Australia/Sydney", "AUD"),
                    capacity=10,
                ),
            )


def open_show(database, show_id):
    source = SecretSource("env", "BOX_KEY")
    return open_sale.open_show(
        database, Settings(), show_id, Terms(), [ADULT, CHILD], source
    )


def count(database, query):
    with database.read() as connection:
        return connection.execute(text(query)).scalar()


@pytest.mark.on_both_databases
def test_who_read_before_the_account_was_made_makes_no_second_one(
    database, monkeypatch
):
    put_on_sale(database)
    real, stale = save_own_orders.find_account, [None]
    monkeypatch.setattr(
        open_sale,
        "find_account",
        lambda connection: stale.pop() if stale else real(connection),
    )
    assert not open_show(database, SHOW).is_new
    assert count(database, "SELECT COUNT(*) FROM accounts") == 1


@pytest.mark.on_both_databases
@pytest.mark.thorough
def test_shows_opened_by_several_at_once_are_on_sale_once(url, monkeypatch):
    monkeypatch.setenv("BOX_KEY", KEY)
    databases = [engine.open_database(url) for _ in range(3)]
    add_shows(databases[0], 5)
    start = Barrier(3)

    def open_all(database):
        refused = []
        for show_id in range(1, 6):
            start.wait()
            try:
                open_show(database, show_id)
            except errors.Busy as error:
                refused.append(error.message)
        return refused

    with ThreadPoolExecutor(3) as pool:
        refused = [
            message for found in pool.map(open_all, databases) for message in found
        ]
    assert set(refused) <= {
        "Your box office is being opened by somebody else right now."
    }
    for query, number in (
        ("SELECT COUNT(*) FROM accounts", 1),
        ("SELECT COUNT(*) FROM boxoffice_shows", 5),
        ("SELECT COUNT(*) FROM show_links", 5),
        ("SELECT COUNT(*) FROM price_tiers", 10),
    ):
        assert count(databases[0], query) == number
    for database in databases:
        database.close()


@pytest.mark.parametrize("other", ["Adult", " adult "])
def test_a_tier_that_is_named_twice_is_refused(database, other):
    put_on_sale(database)
    twice = [NewTier("Adult", 5500), NewTier(other, 5500)]
    source = SecretSource("env", "BOX_KEY")
    with pytest.raises(errors.UsageError, match="is named twice"):
        open_sale.open_show(database, Settings(), SHOW, Terms(), twice, source)
    with (
        pytest.raises(errors.UsageError, match="is named twice"),
        database.write() as connection,
    ):
        open_sale.add_tiers(connection, SHOW, twice)
