"""
A database made by schema 0013 (see `old_versions/make_0013.py`): sales of three
platforms with refunds and people, a named ticket type, and a date whose sales are off.
"""

import json
from collections import Counter

import pytest
from sqlalchemy import text
from support import old_databases
from support.old_databases import figures
from support.pin_keys import save_pins

from ticketsync.catalogue import listed_prices, occurrences
from ticketsync.core.settings.config import AccountSettings, Settings
from ticketsync.store import engine, schema
from ticketsync.store.tables.everything import metadata
from ticketsync.workflows import integrity_check, recompute_figures
from ticketsync.workflows.sync.replay import replay

KNOWN = json.loads((old_databases.FOLDER / "0013.json").read_text())
SETTINGS = Settings(accounts={"tt": AccountSettings(keep_people=True)})


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, templates):
    with templates.copied(request.param, "upgraded_0013") as place:
        database = engine.open_database(place)
        yield database
        database.close()


def numbers_of(database, query):
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_everything_is_as_it_was_and_nothing_is_switched_off_above_a_link(upgraded):
    assert figures(upgraded) == KNOWN["figures"]
    with upgraded.read() as connection:
        assert schema.version_of(connection) == schema.PRESENT
        for table in metadata.sorted_tables:  # nothing left that does not fit
            connection.execute(table.select()).all()
    counted = {
        name: numbers_of(upgraded, f"SELECT COUNT(*) FROM {name}")[0][0]
        for name in ("orders", "tickets", "attendees", "buyers", "audit", "deliveries")
    }
    assert counted == {
        "orders": 57,
        "tickets": 156,
        "attendees": 87,
        "buyers": 34,
        "audit": 141 + 1,  # the upgrade itself
        "deliveries": 1,
    }
    with upgraded.read() as connection:
        sources = occurrences.list_occurrences(connection)
    assert {o.switch_note for o in sources} == {"", "sales off"}
    (off,) = numbers_of(
        upgraded,
        "SELECT o.provider_id FROM show_links l "
        "JOIN occurrences o ON o.id = l.occurrence_id "
        "WHERE l.sync_ticket_sales <> l.sync_enabled",
    )
    assert off == (KNOWN["off"],)
    kept = numbers_of(
        upgraded, "SELECT type_map FROM production_links WHERE type_map <> '{}'"
    )
    assert kept == [('{"Adult": "Full price"}',)]


@pytest.mark.thorough
def test_recomputed_and_replayed_the_figures_stay_and_prices_come(upgraded):
    """
    By the sandbox's price list: 39.00 and 29.00, or 65.00 and 45.00 in the stalls and
    on the balcony; a guest pays nothing, and a glass of wine is 12.00.
    """
    recompute_figures.rebuild(upgraded, SETTINGS)
    assert figures(upgraded) == KNOWN["figures"]
    outcome = replay(upgraded, SETTINGS, [])
    assert outcome.exit_code == 0, outcome.results
    assert figures(upgraded) == KNOWN["figures"]
    with upgraded.read() as connection:
        found = listed_prices.list_prices(connection)
    listed = Counter(
        (item.account, item.ticket_type.rpartition(" ")[2], item.price.minor)
        for item in found
    )
    assert listed == {
        ("tt", "Guest", 0): 40,  # one for each of its dates
        ("tt", "Adult", 3900): 24,
        ("tt", "Concession", 2900): 24,
        ("tt", "Stalls", 6500): 16,
        ("tt", "Balcony", 4500): 16,
        ("square", "Adult", 3900): 24,
        ("square", "Concession", 2900): 24,
        ("square", "Guest", 0): 24,
        ("square", "Glass", 1200): 1,
    }
    with upgraded.write() as connection:
        save_pins(connection)
    checked = integrity_check.check(upgraded, SETTINGS, deep=True)
    assert checked.is_sound, checked.rows
