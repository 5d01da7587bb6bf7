"""
A database of schema 0022, which kept no other names: those that productions and venues
had are found in the audit trail.
"""

from datetime import UTC, datetime

import pytest
from support import old_databases

from ticketsync.catalogue import new_shows, other_names, shows
from ticketsync.catalogue.new_shows import NewShow
from ticketsync.catalogue.venue_edits import VenueEdit
from ticketsync.core.settings.config import Settings
from ticketsync.store import engine, schema
from ticketsync.workflows import catalogue_edits

SETTINGS = Settings()
ZONE = "Australia/Sydney"


def add(database, title, day):
    starts_at = datetime(2030, 12, day, 8, 30, tzinfo=UTC)
    new = NewShow(title, starts_at, "The Lantern Room", ZONE, "AUD")
    with database.write() as connection:
        new_shows.add_show(connection, new)


def fill(file):
    """
    Names that are given, taken and given again.
    """
    database = engine.create_database(str(file))
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", ZONE, "AUD")
        shows.add_venue(connection, "Lantern Rm", ZONE, "AUD")
    for day, title in enumerate(("Gala", "Quiz", "Panto", "Revue"), 1):
        add(database, title, day)
    rename = catalogue_edits.rename_production
    rename(database, "Gala", "Winter Gala")
    rename(database, "Quiz", "Gala")  # a former title becomes another one's
    rename(database, "Winter Gala", "Spring Gala")
    rename(database, "Panto", "Old Panto")
    catalogue_edits.merge_productions(database, SETTINGS, "Old Panto", "Gala")
    rename(database, "Revue", "Old Revue")
    catalogue_edits.remove_production(database, SETTINGS, "Old Revue")
    add(database, "Cabaret", 9)  # may have the id of the removed one
    catalogue_edits.merge_venues(database, SETTINGS, "Lantern Rm", "The Lantern Room")
    edit = VenueEdit(name="Studio One")
    catalogue_edits.edit_venue(database, SETTINGS, "The Lantern Room", edit)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request, templates):
    with old_databases.upgraded(templates, request.param, "0022", fill) as database:
        yield database


@pytest.mark.thorough
def test_former_names_are_those_of_the_audit_trail(upgraded):
    with upgraded.read() as connection:
        assert schema.version_of(connection) == schema.PRESENT
        titles = other_names.list_names(connection, "production")
        venues = other_names.list_names(connection, "venue")
    assert {(other.name, other.known) for other in titles} == {
        ("Winter Gala", "Spring Gala"),
        ("Quiz", "Gala"),
        ("Panto", "Gala"),
        ("Old Panto", "Gala"),
    }
    assert {(other.name, other.known) for other in venues} == {
        ("The Lantern Room", "Studio One"),
        ("Lantern Rm", "Studio One"),
    }
    assert {other.origin for other in (*titles, *venues)} == {"former"}
