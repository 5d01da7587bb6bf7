"""
Accounts of the fake platforms: connected, adopted, read, and compared with the truth
of the platform's own world.
"""

from dataclasses import replace
from decimal import Decimal

import psycopg
from sqlalchemy.engine import make_url
from support.dates import TODAY
from support.pin_keys import save_pins

from ticketsync.accounts import edits, state
from ticketsync.catalogue import adopting, occurrences, shows
from ticketsync.core import clock
from ticketsync.providers import registry
from ticketsync.reporting import figures_of_shows, waiting_records
from ticketsync.sandbox import platforms, world
from ticketsync.store.tables.accounts import accounts
from ticketsync.workflows.accounts import connect as connecting
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

NUMBERS = (
    *("tickets_sold", "tickets_comp", "tickets_refunded", "checked_in", "face"),
    *("discounts", "gross", "refunded", "tax", "net_before_fees", "fees"),
    *("buyer_fees", "addons", "donations", "tax_added"),
)
OPTIONS = {"wix": {"site_id": "5a1e0000-0000-4000-8000-000000000001"}}


def connect(database, name, address):
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
        edits.add_account(
            connection,
            state.NewAccount(
                name, name, address, "env", "KEY", "", None, OPTIONS.get(name, {})
            ),
            clock.now(),
        )


def adopt(database):
    with database.write() as connection:
        found = occurrences.list_occurrences(connection)
        plan = adopting.plan_adoption(connection, found)
        adopting.adopt(connection, plan, batch="t", now=clock.now())


_made = {}
QUICKLY = "STRATEGY file_copy"


def set_up(database, settings, fake_server, name, *, is_read=False, world=""):
    """
    The account connected and its dates adopted, with `is_read` also read once. That is
    done once for each kind of database and copied; `world` names a world that is not
    the platform's own.
    """

    def make():
        connect(database, name, fake_server.address)
        sync.fetch_listing(database, settings, [])
        adopt(database)
        if is_read:
            run(database, settings)

    made = name, is_read, world
    if not copied(database, made):
        make()
        keep(database, made)
    point(database, {name: fake_server.address})


def copied(database, name):
    """
    Whether the database became a copy of the one that was kept under that name.
    """
    made = _made.get((database.dialect, name))
    if made is None:
        return False
    database.close()
    if database.file is not None:
        database.file.write_bytes(made)
    else:
        ours = make_url(database.url).database
        _administer(database, f"DROP DATABASE {ours} WITH (FORCE)")
        _administer(database, f"CREATE DATABASE {ours} TEMPLATE {made} {QUICKLY}")
    return True


def keep(database, name):
    if database.file is not None:
        _made[database.dialect, name] = database.file.read_bytes()
        return
    database.close()
    ours, kept = make_url(database.url).database, f"kept{len(_made)}"
    _administer(database, f"CREATE DATABASE {kept} TEMPLATE {ours} {QUICKLY}")
    _made[database.dialect, name] = kept


def _administer(database, statement):
    """
    A statement about a PostgreSQL database to which nobody is connected.
    """
    url = make_url(database.url).set(drivername="postgresql", database="postgres")
    with psycopg.connect(url.render_as_string(), autocommit=True) as connection:
        connection.execute(statement)


def point(database, addresses):
    """
    Its accounts at these addresses, by their names.
    """
    with database.write() as connection:
        for name, address in addresses.items():
            connection.execute(
                accounts.update()
                .where(accounts.c.name == name)
                .values(base_url=address)
            )
        save_pins(connection)


def key_of(occurrence):
    """
    Square sells each ticket type of a date as a thing of its own.
    """
    if occurrence.account == "square":
        return f"P{occurrence.provider_occurrence_id[1:].partition('-')[0]}"
    return occurrence.provider_occurrence_id


def figures(database):
    """
    Our figures by the platform's id of the date.
    """
    with database.read() as connection:
        by_show = {
            item.show_id: item.as_json()
            for item in figures_of_shows.figures(connection)
        }
        return {
            key_of(occurrence): {n: by_show[occurrence.show_id][n] for n in NUMBERS}
            for occurrence in occurrences.list_occurrences(connection)
            if occurrence.show_id in by_show
        }


def expected(fake_server, name):
    """
    What the platform's world says of the dates that sold something.
    """
    return as_figures(fake_server.truth(name), name)


def as_figures(rows, name):
    """
    Rows of a world's truth as `figures` has ours.
    """
    reports_fees = registry.provider(name).spec.reports_fees
    return {
        row["event_id"]: {
            **{n: row[n] for n in NUMBERS},
            "fees": (row["fees"] or row["gross"]) if reports_fees else None,
        }
        for row in rows
    }


def run(database, settings, **options):
    outcome = sync.sync(database, settings, Request(**options))
    assert [r.outcome for r in outcome.results] == ["success"], outcome.results
    return outcome.results[0]


def same(found, wanted):
    assert found.keys() == wanted.keys(), found.keys() ^ wanted.keys()
    for date, numbers_ in wanted.items():
        assert is_right(found[date], numbers_), (date, found[date], numbers_)


def is_right(found, wanted):
    """
    Whether the figures of a date are those; where nothing was sold, its fees are not
    the platform's to know.
    """
    if not Decimal(wanted["gross"]) and not wanted["tickets_sold"]:
        wanted = {**wanted, "fees": found["fees"]}
    return found == wanted


def attempt(database, settings, **options):
    """
    What a sync of the only account came to, whether it succeeded or not.
    """
    return sync.sync(database, settings, Request(**options)).results[0]


def recover(database, settings, fake_server, name):
    """
    The next ordinary run is right again, with nobody's help, and nothing waits unread.
    """
    result = attempt(database, settings)
    assert result.outcome == "success", result
    same(figures(database), expected(fake_server, name))
    with database.read() as connection:
        assert waiting_records.list_quarantined(connection) == []


def another_venue(fake_platform, **owner):
    """
    The same platform as it answers to another venue's key: other dates, other owner.
    """
    profile = platforms.PLATFORMS[fake_platform.name][0]
    built = world.build(seed=4711, today=TODAY, orders=40, profile=profile)
    productions = {
        production.id: replace(production, id=production.id + 5000)
        for production in built.productions
    }
    built.productions = list(productions.values())
    for performance in built.performances:
        performance.id += 500_000
        performance.production = productions.get(
            performance.production.id, performance.production
        )
    return replace(fake_platform, world=built, **owner)


def add(database, settings, fake_server, name, monkeypatch, **options):
    monkeypatch.setenv("KEY", fake_server.platform.key)
    return connecting.add(
        database,
        settings,
        provider=name,
        name=name,
        base_url=fake_server.address,
        source=SecretSource("env", "KEY"),
        options=OPTIONS.get(name, {}),
        check=True,
        **options,
    )
