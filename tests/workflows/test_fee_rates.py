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
from ticketsync.core.records import Fee
from ticketsync.core.settings.config import AccountSettings, FeeSchedule, Settings
from ticketsync.reporting import named_fees
from ticketsync.reporting.export_filter import EVERYTHING
from ticketsync.store import engine
from ticketsync.workflows import recompute_figures

OLD = FeeSchedule(per_ticket=Decimal("0.65"))
NEW = FeeSchedule(
    since=date(2026, 10, 1),
    per_ticket=Decimal("0.75"),
    percent=Decimal("1.75"),
    per_order=Decimal("0.30"),
)
RATES = ("per_ticket", "rate_ppm", "per_order")
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


def lines(database):
    """
    By show and name: amount, per ticket, parts per million, per order.
    """
    with database.read() as connection:
        found = named_fees.exported_fees(connection, EVERYTHING).loaded()
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
    recompute_figures.rebuild(books, used)
    assert lines(books) == {
        (1, "Per ticket"): ("1.40", None, None, None),
        (1, "Percentage"): ("0.35", None, 17500, None),
        (1, "Per order"): ("0.30", None, None, "0.30"),
        (2, "Per ticket"): ("0.75", "0.75", None, None),
        (2, "Percentage"): ("0.70", None, 17500, None),
        (2, "Per order"): ("0.30", None, None, "0.30"),
        (2, "Service"): ("1.50", None, None, None),
    }


def test_another_rate_is_named_when_the_line_was_computed_with_it(books):
    """
    1.76 % of 20.00 is 0.35, as 1.75 % is.
    """
    recompute_figures.rebuild(books, settings(OLD, NEW))
    assert lines(books)[1, "Percentage"] == ("0.35", None, 17500, None)
    new = replace(NEW, per_ticket=Decimal("0.85"), percent=Decimal("1.76"))
    recompute_figures.rebuild(books, settings(OLD, new))
    assert lines(books)[1, "Percentage"] == ("0.35", None, 17600, None)
    assert lines(books)[2, "Per ticket"] == ("0.85", "0.85", None, None)


def test_a_new_dated_rate_leaves_the_rates_of_earlier_sales(books):
    recompute_figures.rebuild(books, settings(OLD, NEW))
    before = lines(books)
    later = replace(NEW, since=date(2026, 10, 3), percent=Decimal("1.76"))
    recompute_figures.rebuild(books, settings(OLD, NEW, later))
    assert lines(books) == before


def test_a_line_with_a_reported_part_has_no_rate(books):
    """
    The platform calls its fee as our own rate is called: 0.50 of it, and 0.75 of ours.
    """
    named = order(ticket(5, 4000, "ev_2"), id_="or_5", fees=(Fee("Per ticket", 50),))
    save(books, named, at=FIRST_DAY)
    recompute_figures.rebuild(books, settings(NEW))
    assert lines(books)[2, "Per ticket"] == ("1.25", None, None, None)


def test_a_cap_and_free_tickets(books):
    """
    At most 0.50 a ticket.
    """
    capped = replace(NEW, cap_per_ticket=Decimal("0.50"), free_tickets=Decimal("0.10"))
    used = settings(capped)
    free = order(ticket(5, 0, "ev_2"), id_="or_5", placed_at=NEXT_DAY)
    save(books, free, at=FIRST_DAY)
    recompute_figures.rebuild(books, used)
    found = lines(books)
    assert found[2, "Per ticket"] == ("0.50", "0.50", None, None)
    assert found[2, "Free tickets"] == ("0.10", "0.10", None, None)


def test_the_commands_show_the_rates_that_made_the_lines(home, templates):
    """
    The settings have others since: 0.85 a ticket, and 1.76 %, which of 20.00 comes to
    0.35 as 1.75 % does.
    """
    file = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = prepare(engine.open_database(str(file)))
    save(database, order(ticket(1, 2000)), at=FIRST_DAY)
    recompute_figures.rebuild(database, settings(replace(NEW, since=None)))
    database.close()
    (home / "config.yaml").write_text(
        "accounts: {tt: {fees: {per_ticket: 0.85, percent: 1.76, per_order: 0.30}}}\n"
    )
    exported = json.loads(commands.run("export", "fees", "--format", "json").stdout)
    said = {
        line["name"]: [line[name] for name in ("amount", *RATES)] for line in exported
    }
    assert said == {
        "Per ticket": ["0.75", "0.75", None, None],
        "Percentage": ["0.35", None, 17500, None],
        "Per order": ["0.30", None, None, "0.30"],
    }
    shown = json.loads(commands.run("financials", "show", "1", "--json").stdout)
    assert shown["fees"] == exported
