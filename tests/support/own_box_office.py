"""
A venue that sells a show of its own: by default ten seats, at two prices with seven and
six of them.
"""

import os
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from zlib import crc32

from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.boxoffice.shows_on_sale import Terms
from ticketsync.catalogue import new_shows, shows
from ticketsync.core import clock
from ticketsync.core.redact import Secret
from ticketsync.core.settings.config import Settings
from ticketsync.store import engine
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.boxoffice import open_sale
from ticketsync.workflows.boxoffice.box_office import BoxOffice

KEY = "0123456789abcdef" * 4
NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)  # 19:00 in Sydney
STARTS = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
ADULT = NewTier("Adult", 5500, capacity=7)
CHILD = NewTier("Child", 2000, capacity=6)
SHOW = 1


def put_on_sale(
    database, *tiers, capacity=10, settings=None, terms=None, starts_at=STARTS
):
    """
    A show of that venue on sale with these tiers; returns its box office.
    """
    settings = settings or Settings()
    put_key()
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    office = BoxOffice(database, settings)
    put_another_on_sale(
        *(office, "Late Laughs", starts_at, *tiers), capacity=capacity, terms=terms
    )
    return office


@contextmanager
def copied_office(templates, kind, *tiers, then=None, **options):
    """
    What `put_on_sale` gives, and `then(office)` after it, in a copy of a database in
    which all this was done at this time, once for all tests of a process.
    """

    def make(place):
        with closing(engine.open_database(place)) as database:
            made = put_on_sale(database, *tiers, **options)
            if then:
                then(made)

    done = repr((clock.now(), tiers, sorted(options.items()), then and _identity(then)))
    stage = f"on_sale_{crc32(done.encode())}"
    with (
        templates.copied(kind, stage, make, before="empty") as place,
        closing(engine.open_database(place)) as database,
    ):
        put_key()
        yield BoxOffice(database, options.get("settings") or Settings())


def _identity(function):
    """
    What tells a function from others of its name: where it stands, and the plain values
    that it took from around it.
    """
    code = function.__code__
    taken = [cell.cell_contents for cell in function.__closure__ or ()]
    values = [value for value in taken if isinstance(value, str | int | tuple)]
    return function.__module__, function.__qualname__, code.co_firstlineno, values


def put_another_on_sale(office, title, starts_at, *tiers, capacity=10, terms=None):
    """
    A show of the same venue on sale; returns our id of it.
    """
    with office.database.write() as connection:
        show = new_shows.add_show(
            connection,
            new_shows.NewShow(
                *(title, starts_at, "The Lantern Room", "Australia/Sydney", "AUD"),
                capacity=capacity,
            ),
        )
    open_sale.open_show(
        *(office.database, office.settings, show.id, terms or Terms()),
        tiers or (ADULT, CHILD),
        SecretSource("env", "BOX_KEY"),
    )
    return show.id


def key():
    return Secret(KEY)


def put_key():
    """
    Put the key where the box office looks for it.
    """
    os.environ["BOX_KEY"] = KEY
