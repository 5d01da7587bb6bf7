"""
Make the database that tests upgrade from schema 0006: `python make_0006.py FOLDER`, run
with that version's own package (commit 0d22fd2) on the path.

It is read from the sandbox's platforms and from one report: sales, refunds and a
second day on each, check-ins on the platforms and at the own door, an order over two
shows with a fee of 3.01 in the report. Beside the database are the figures as that
version had them.
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
from ticketsync.catalogue import links, offers, shows
from ticketsync.core import clock
from ticketsync.core.config import Settings
from ticketsync.reporting import numbers, sales
from ticketsync.sandbox import platforms, server, world
from ticketsync.store import engine
from ticketsync.workflows import checkin, sync
from ticketsync.workflows.sync import Request

TODAY = date(2026, 9, 1)
NOW = datetime(2026, 9, 1, tzinfo=UTC)
NAMES = ("eventbrite", "humanitix", "wix", "square")
OPTIONS = {"wix": {"site_id": "5a1e0000-0000-4000-8000-000000000001"}}
RECIPE = """\
platform: The Other Place
timezone: Australia/Sydney
currency: AUD
columns:
  order: Booking
  line: Line
  event: Show
  starts: Starts
  placed: Sold
  type: Type
  quantity: Seats
  total: Paid
  kept: Kept
  refunded: Back
"""
REPORT = """\
Booking,Line,Show,Starts,Sold,Type,Seats,Paid,Kept,Back
B1,1,Late Laughs,2026-10-10 19:30,2026-08-30 23:30,Adult,1,20.00,3.01,
B1,2,Late Laughs,2026-10-11 19:30,2026-08-30 23:30,Adult,1,20.00,,
B2,1,Late Laughs,2026-10-10 19:30,2026-08-31 10:00,Adult,2,50.00,2.00,15.00
"""


def read_all(database, settings, **request):
    outcome = sync.sync(database, settings, Request(**request))
    assert outcome.exit_code == 0, outcome.results


def connect(database, folder, sandbox, address):
    accounts = [("tt", "ticket_tailor", sandbox.url(address, "ticket_tailor"))]
    accounts += [(name, name, sandbox.url(address, name)) for name in NAMES]
    with database.write() as session:
        shows.add_venue(session, "The Lantern Room", "Australia/Sydney", "AUD")
        for name, provider, url in accounts:
            variable = f"KEY_{provider.upper()}"
            os.environ[variable] = sandbox.players[provider].key
            new = state.NewAccount(
                *(name, provider, url, "env", variable, "", None),
                OPTIONS.get(provider, {}),
            )
            state.add(session, new, clock.now())
        options = {"recipe": str(folder / "recipe.yaml"), "watch": str(folder / "in")}
        new = state.NewAccount("other", "file", None, "none", "", "", None, options)
        state.add(session, new, clock.now())


def adopt(database, settings):
    sync.fetch_listing(database, settings, [])
    with database.write() as session:
        links.adopt(session, offers.all_offers(session), batch="t", now=clock.now())


def admit_one(database):
    """
    One guest in at the own door, of the show that sold most on Ticket Tailor.
    """
    with database.read() as session:
        own = [f for f in numbers.figures(session) if f.account == "tt"]
        show = max(own, key=lambda f: f.tickets_sold - f.checked_in)
        ticket = session.connection().exec_driver_sql(
            "SELECT t.provider_id FROM tickets t JOIN show_links l ON "
            "l.occurrence_id = t.occurrence_id WHERE t.is_sold = 1 AND "
            f"t.is_checked_in = 0 AND l.show_id = {show.show_id} LIMIT 1"
        )
        ticket_id = ticket.scalar()
    at = checkin.at_show(database, str(show.show_id), door="front")
    checkin.admit(database, at, ticket_id)


def second_day(played):
    """
    What a day brings, and two old orders refunded.
    """
    world.next_day(played)
    paid = [p for p in played.purchases if p.was_paid and p.total and not p.returned]
    for purchase in paid[:2]:
        world.refund_all(played, purchase)


def as_known(database):
    """
    The figures, fee lines and refunds as this version has them.
    """
    with database.read() as session:
        return {
            "figures": [f.as_json() for f in numbers.figures(session)],
            "fees": [
                [f.account, f.show_id, f.name, f.amount, f.source]
                for f in numbers.fee_lines(session)
            ],
            "refunds": [
                [r.account, r.order_id, r.amount, clock.iso(r.first_seen_at)]
                for r in sales.refunds(session)
            ],
        }


def main(folder):
    folder.mkdir(parents=True)
    (folder / "in").mkdir()
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "in" / "report.csv").write_text(REPORT)
    os.environ["TICKETSYNC_HOME"] = str(folder / "home")
    moment = [NOW]
    clock._now = lambda: moment[0]
    others = platforms.others(today=TODAY, orders=12, names=NAMES)
    sandbox = server.Sandbox(world.build(today=TODAY, orders=30), others=others)
    sandbox.clock = lambda: clock.now().timestamp()
    settings = Settings()
    file = folder / "old.db"
    with ExitStack() as stack:
        address = stack.enter_context(server.serving(sandbox))
        database = engine.create_database(str(file))
        connect(database, folder, sandbox, address)
        adopt(database, settings)
        read_all(database, settings)
        sandbox.change_all(second_day)
        moment[0] = NOW + timedelta(hours=23)
        read_all(database, settings, full=True)
        admit_one(database)
        known = as_known(database)
        database.close()
    here = Path(__file__).parent
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("VACUUM")
    connection.close()
    (here / "0006.db.xz").write_bytes(lzma.compress(file.read_bytes(), preset=9))
    text = json.dumps(known, indent=1, sort_keys=True)
    (here / "0006.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
