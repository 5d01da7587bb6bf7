"""
A venue on all five platforms at once: its shows are Ticket Tailor's dates, those of the
other platforms are matched by the first sync.
"""

import json
from contextlib import contextmanager

from support.dates import TODAY
from support.platform_accounts import OPTIONS
from support.ticket_tailor_account import connect

from ticketsync.accounts import edits, state
from ticketsync.catalogue import occurrences
from ticketsync.core import clock
from ticketsync.reporting import figures_of_shows
from ticketsync.sandbox import platforms, server, world
from ticketsync.store.tables.everything import metadata
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync

ACCOUNTS = ("bar", "eb", "hx", "site", "tt")
TABLES = ("orders", "tickets", "refunds", "quarantine")
PLATFORM_OF = {"square": "bar", "eventbrite": "eb", "humanitix": "hx", "wix": "site"}


@contextmanager
def playing(monkeypatch, *, seed=1, orders=40):
    """
    All platforms on loopback, each with buyers of its own; gives the sandbox.
    """
    ours = world.build(seed=seed, today=TODAY, orders=orders)
    others = platforms.build_others(
        seed=seed, today=TODAY, orders=orders, shares_seats_with=ours
    )
    sandbox = server.Sandbox(ours, others=others)
    sandbox.clock = lambda: clock.now().timestamp()
    for platform in sandbox.platforms.values():
        platform.limit = 10**9
        monkeypatch.setenv(variable_of(platform.name), platform.key)
    monkeypatch.setenv("TT_KEY", sandbox.key)
    with server.serving(sandbox) as sandbox.address:
        yield sandbox


def variable_of(platform):
    return f"KEY_{platform.upper()}"


def set_up(database, settings, sandbox):
    """
    The five accounts; only the dates of Ticket Tailor are shows.
    """
    connect(database, sandbox.address)
    sync.fetch_listing(database, settings, ["tt"])
    match.adopt(database, settings)
    with database.write() as connection:
        for platform, name in PLATFORM_OF.items():
            new = state.NewAccount(
                *(name, platform, sandbox.url(sandbox.address, platform), "env"),
                *(variable_of(platform), "", None, OPTIONS.get(platform, {})),
            )
            edits.add_account(connection, new, clock.now())


def figures(database):
    """
    What every show earned on every account.
    """
    with database.read() as connection:
        return sorted(
            json.dumps(item.as_json(), sort_keys=True)
            for item in figures_of_shows.figures(connection)
        )


def links(database):
    """
    Which date of which account is which show.
    """
    with database.read() as connection:
        return sorted(
            (o.account, o.provider_occurrence_id, o.show_id or 0)
            for o in occurrences.list_occurrences(connection)
        )


def contents(database):
    """
    Every order, ticket and refund, without our ids and times.
    """
    with database.read() as connection:
        return {
            name: sorted(
                repr([value for key, value in row._mapping.items() if _is_theirs(key)])
                for row in connection.execute(metadata.tables[name].select())
            )
            for name in TABLES
        }


def _is_theirs(column):
    return column != "id" and not column.endswith(("_id", "_at"))
