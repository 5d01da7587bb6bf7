"""
Make the database that tests upgrade from schema 0013: `python make_0013.py FOLDER`, run
with that version's own package (commit b707fd5) on the path.

It is read from three of the sandbox's platforms on two days, with refunds, voided
tickets and people. A person named a ticket type and switched off the sales of one
date. Beside the database are the figures as that version had them.
"""

import json
import lzma
import os
import sqlite3
import sys
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ticketsync.accounts import state
from ticketsync.catalogue import occurrences, shows
from ticketsync.core import clock
from ticketsync.core.config import AccountSettings, Settings
from ticketsync.reporting import numbers
from ticketsync.sandbox import platforms, server, world
from ticketsync.store import engine
from ticketsync.webhooks import inbox
from ticketsync.workflows import match
from ticketsync.workflows.sync import run as sync

TODAY = date(2026, 9, 1)
NOW = datetime(2026, 9, 1, tzinfo=UTC)
NAMES = ("eventbrite", "square")
SETTINGS = Settings(accounts={"tt": AccountSettings(keep_people=True)})


def connect(database, sandbox, address):
    accounts = [("tt", "ticket_tailor"), *((name, name) for name in NAMES)]
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
        for name, provider in accounts:
            variable = f"KEY_{provider.upper()}"
            os.environ[variable] = sandbox.platforms[provider].key
            url = sandbox.url(address, provider)
            new = state.NewAccount(name, provider, url, "env", variable, "", None, {})
            state.add_account(connection, new, clock.now())


def read_all(database, **request):
    outcome = sync.sync(database, SETTINGS, sync.Request(**request))
    assert outcome.exit_code == 0, outcome.results


def second_day(played):
    """
    What a day brings, and two old orders refunded.
    """
    world.next_day(played)
    paid = [p for p in played.purchases if p.was_paid and p.total and not p.refunded]
    for purchase in paid[:2]:
        world.refund_all(played, purchase)


def decide(database):
    """
    A ticket type is named, and the sales of the date that sold most are switched off.
    """
    with database.read() as connection:
        own = [f for f in numbers.figures(connection) if f.account == "tt"]
        most = max(own, key=lambda f: f.tickets_sold)
        (one,) = [
            o
            for o in occurrences.list_occurrences(connection, show_id=most.show_id)
            if o.account == "tt"
        ]
    match.configure(
        database,
        SETTINGS,
        one,
        enabled=None,
        ticket_sales=False,
        types={"Adult": "Full price"},
    )
    hint = inbox.NewDelivery(1, "wh_1", "ORDER.UPDATED", "order", "done", "or_1")
    with database.write() as connection:
        inbox.store(connection, [hint], clock.now())
    return one.provider_occurrence_id


def main(folder):
    folder.mkdir(parents=True)
    os.environ["TICKETSYNC_HOME"] = str(folder / "home")
    moment = [NOW]
    clock._now = lambda: moment[0]
    others = platforms.build_others(today=TODAY, orders=8, names=NAMES)
    sandbox = server.Sandbox(world.build(today=TODAY, orders=20), others=others)
    sandbox.clock = lambda: clock.now().timestamp()
    file = folder / "old.db"
    with ExitStack() as stack:
        address = stack.enter_context(server.serving(sandbox))
        database = engine.create_database(str(file))
        connect(database, sandbox, address)
        sync.fetch_listing(database, SETTINGS, [])
        match.adopt(database, SETTINGS)
        read_all(database)
        sandbox.change(second_day)
        moment[0] = NOW + timedelta(hours=23)
        read_all(database, full=True)
        off = decide(database)
        with database.read() as connection:
            figures = [f.as_json() for f in numbers.figures(connection)]
        database.close()
    here = Path(__file__).parent
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("VACUUM")
    connection.close()
    (here / "0013.db.xz").write_bytes(lzma.compress(file.read_bytes(), preset=9))
    text = json.dumps({"figures": figures, "off": off}, indent=1, sort_keys=True)
    (here / "0013.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
