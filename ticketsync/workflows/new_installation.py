"""
A new installation: its settings file and database, and the venues that a person names.
`init` and the pages both make them here.

Only an empty home is set up without being asked to: where there are settings already,
a missing database may be on a disk that is missing, and no new one takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ticketsync.catalogue import venue_defaults, venue_edits
from ticketsync.catalogue.shows import VenueInfo
from ticketsync.core import errors, paths
from ticketsync.store import engine
from ticketsync.store.engine import Database

SETTINGS = """\
# ticketsync settings. `ticketsync config example` explains every one of them.
# Secrets do not belong here: see `ticketsync accounts add --help`.

database: "{database}"

sync:
  days_back: 30
  sweep_hours: 24

matching:
  tolerance_minutes: 120
"""


def is_empty(settings_file: Path, database_url: str) -> bool:
    """
    Whether there are neither settings nor the SQLite database of this URL. A PostgreSQL
    database is made by `init` only: it may belong to another program.
    """
    file = engine.sqlite_file(database_url)
    return not settings_file.exists() and file is not None and not file.exists()


def create(
    settings_file: Path, database_url: str, read_url: Callable[[], str], command: str
) -> Database:
    """
    Make the settings file, if there is none, and the database, or bring it up to date.
    `database_url` is what a new file says, `read_url` gives what holds after that.
    """
    _write_settings(settings_file, database_url)
    return engine.create_database(read_url(), command=command)


def _write_settings(file: Path, database_url: str) -> None:
    """
    Create the settings file if there is none; one that there is stays as it is.
    """
    if file.exists():
        return
    paths.private_folder(file.parent)
    paths.write_private_file(file, SETTINGS.format(database=database_url))


def add_venue(
    database: Database, name: str, place: str, currency: str = ""
) -> VenueInfo:
    """
    Add a venue. `place` is its time zone or a city in it; the currency is, where none
    is given, that of the country. The first venue's zone is that of the business.

    Raises: `UsageError` for an empty name or that of another venue in other letters,
    for a place or currency that is not known, and where there is a venue of that name
    with others.
    """
    zone = venue_defaults.one_zone(place)
    code = currency.strip() or venue_defaults.currency_of(zone)
    if not code:
        raise errors.UsageError(
            f"The currency of {zone} is not known here.", hint="Enter it, such as AUD."
        )
    with database.write() as connection:
        return venue_edits.add_venue(connection, name, zone, code)
