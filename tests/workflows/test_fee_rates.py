"""
A named fee that the venue's own rate made carries that rate.
"""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from support import commands
from support.saved_orders import FIRST_DAY, instant, order, prepare, save, ticket

from ticketsync.core import tables
from ticketsync.core.config import AccountSettings, FeeSchedule, Settings
from ticketsync.core.records import Fee
from ticketsync.reporting import numbers
from ticketsync.reporting.export_filter import EVERYTHING
from ticketsync.store import engine
from ticketsync.workflows import fee_rates, show_figures

OLD = FeeSchedule(per_ticket=Decimal("0.65"))
NEW = FeeSchedule(
    since=date(2026, 10, 1),
    per_ticket=Decimal("0.75"),
    percent=Decimal("1.75"),
    per_order=Decimal("0.30"),
)
NEXT_DAY = instant("2026-10-02T02:00")


def settings(*rates):
    return Settings(accounts={"tt": AccountSettings(fees=rates)})


@pytest.fixture
def books(database):
    """
    For the first show an order before the new rate and one after, for the second only
    one after, and one whose fee is reported.
    """
    prepare(database)
    save(
        database,
        order(ticket(1, 2000)),
        order(ticket(2, 2000), id_="or_2", placed_at=NEXT_DAY),
        order(ticket(3, 4000, "ev_2"), id_="or_3", placed_at=NEXT_DAY),
        order(ticket(4, 4000, "ev_2"), id_="or_4", fees=(Fee("Service", 150),)),
        at=FIRST_DAY,
    )
    return database


def lines(database, used):
    """
    By show and name: amount, per ticket, parts per million, per order.
    """
    with database.read() as connection:
        table = numbers.exported_fees(connection, EVERYTHING)
        found = fee_rates.with_rates(connection, used, table).loaded()
    return {
        (row["show_id"], row["name"]): (
            *(row["amount"], row["per_ticket"], row["rate_ppm"], row["per_order"]),
        )
        for row in tables.records(found)
    }


def test_a_line_carries_the_rate_that_made_it(books):
    """
    0.65 and 0.75 for a ticket are two rates, and no line can name both.
    """
    used = settings(OLD, NEW)
    show_figures.rebuild(books, used)
    assert lines(books, used) == {
        (1, "Per ticket"): ("1.40", None, None, None),
        (1, "Percentage"): ("0.35", None, 17500, None),
        (1, "Per order"): ("0.30", None, None, "0.30"),
        (2, "Per ticket"): ("0.75", "0.75", None, None),
        (2, "Percentage"): ("0.70", None, 17500, None),
        (2, "Per order"): ("0.30", None, None, "0.30"),
        (2, "Service"): ("1.50", None, None, None),
    }


def test_a_rate_that_did_not_make_the_amount_is_not_named(books):
    """
    The settings have 0.85 now, and nothing was recomputed.
    """
    used = settings(OLD, NEW)
    show_figures.rebuild(books, used)
    changed = settings(OLD, replace(NEW, per_ticket=Decimal("0.85")))
    found = lines(books, changed)
    assert found[2, "Per ticket"] == ("0.75", None, None, None)
    assert found[2, "Percentage"] == ("0.70", None, 17500, None)
    show_figures.rebuild(books, changed)
    assert lines(books, changed)[2, "Per ticket"] == ("0.85", "0.85", None, None)


def test_a_cap_and_free_tickets(books):
    """
    At most 0.50 a ticket.
    """
    capped = replace(NEW, cap_per_ticket=Decimal("0.50"), free_tickets=Decimal("0.10"))
    used = settings(capped)
    free = order(ticket(5, 0, "ev_2"), id_="or_5", placed_at=NEXT_DAY)
    save(books, free, at=FIRST_DAY)
    show_figures.rebuild(books, used)
    found = lines(books, used)
    assert found[2, "Per ticket"] == ("0.50", "0.50", None, None)
    assert found[2, "Free tickets"] == ("0.10", "0.10", None, None)


def test_the_commands_show_the_rates(home, templates):
    file = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = prepare(engine.open_database(str(file)))
    save(database, order(ticket(1, 2000)), at=FIRST_DAY)
    show_figures.rebuild(database, settings(OLD))
    database.close()
    (home / "config.yaml").write_text("accounts: {tt: {fees: {per_ticket: 0.65}}}\n")
    (line,) = json.loads(commands.run("export", "fees", "--format", "json").stdout)
    assert (line["amount"], line["per_ticket"]) == ("0.65", "0.65")
    shown = json.loads(commands.run("financials", "show", "1", "--json").stdout)
    assert shown["fees"] == [line]
