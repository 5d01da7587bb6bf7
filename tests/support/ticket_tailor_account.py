"""
An account of the sandbox's Ticket Tailor: connected, its dates adopted, and its figures
beside the truth of the platform.
"""

from support.pin_keys import save_pins

from ticketsync.accounts import edits, state
from ticketsync.catalogue import occurrences, shows
from ticketsync.core import clock
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import figures_of_shows
from ticketsync.store import engine
from ticketsync.store.tables.accounts import accounts
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync

COMPARED = (
    *("tickets_sold", "tickets_comp", "tickets_refunded", "checked_in", "face"),
    *("discounts", "gross", "refunded", "tax", "net_before_fees"),
    *("buyer_fees", "addons", "donations", "tax_added"),
)


def adopt_dates(place, sandbox):
    """
    A new database at that place whose shows are the platform's dates, nothing synced.
    """
    database = engine.create_database(str(place))
    adopt_all(database, sandbox)
    database.close()


def adopt_all(database, sandbox):
    """
    The account connected in an empty database, all of its dates adopted.
    """
    connect(database, sandbox.url)
    sync.fetch_listing(database, Settings(), [])
    match.adopt(database, Settings())


def connect(database, address, name="tt"):
    """
    The venue and one account whose key is in TT_KEY.
    """
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
        edits.add_account(
            connection,
            state.NewAccount(name, "ticket_tailor", address, "env", "TT_KEY", "", None),
            clock.now(),
        )


def moved_to(place, sandbox):
    """
    A copy of a template, its account pointed at this test's own sandbox.
    """
    database = engine.open_database(place)
    with database.write() as connection:
        connection.execute(accounts.update().values(base_url=sandbox.url))
        save_pins(connection)
    return database


def figures(database):
    """
    Our figures by the platform's event id, as `financials list --json` prints them.
    """
    with database.read() as connection:
        shown = {
            item.show_id: item.as_json()
            for item in figures_of_shows.figures(connection)
        }
        return {
            offer.provider_occurrence_id: {
                name: shown[offer.show_id][name] for name in COMPARED
            }
            for offer in occurrences.list_occurrences(connection)
            if offer.show_id in shown
        }


def truth(sandbox):
    return {
        row["event_id"]: {name: row[name] for name in COMPARED}
        for row in sandbox.truth()
    }
