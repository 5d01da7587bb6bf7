"""
A currency that ISO 4217 does not list, as a platform or a report names it: the record
is set aside by name, nothing of it is stored, and every command goes on for all other
shows.
"""

import csv
import io
import json
from dataclasses import replace

import pytest
from msgspec import structs
from sqlalchemy import select
from support import commands_here, odd_currencies
from support.odd_accounts import (
    ALL,
    event_id,
    odd_performance,
    order_id,
    performance_id,
)
from support.platform_accounts import as_figures, figures, key_of, same, set_up
from support.report_accounts import ReportAccount
from support.spoiled_reads import playing

from ticketsync.catalogue import occurrences as known_occurrences
from ticketsync.catalogue import shows
from ticketsync.core.records import FROM_ORDERS
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.reporting import figures_of_shows
from ticketsync.sandbox.server import truth_as_json
from ticketsync.store.tables.everything import metadata
from ticketsync.store.tables.sales import quarantine
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.replay import replay
from ticketsync.workflows.sync.run import Request

TABLES = metadata.tables
# The first of them on every platform, the others in the drills.
CODES = [
    pytest.param(code, marks=() if code == "XBT" else pytest.mark.drill)
    for code in ("XBT", "xbt", "AU$", "A\x00D", "AUDD")
]


@pytest.fixture(params=ALL)
def name(request):
    return request.param


@pytest.fixture
def fake_server(name, frozen, monkeypatch):
    with playing(name, monkeypatch) as sandbox:
        yield sandbox


@pytest.fixture
def run(database, monkeypatch, capsys):
    """
    Runs a command over that database, and returns what it said on both streams.
    """
    return commands_here.on(database, monkeypatch, capsys)


def every_command_goes_on(run, earned, shown, waits):
    """
    What every show earned is said by each command, as amounts with their currency; so
    many shows are listed; and what was set aside is named, its reason included.
    """
    listed = json.loads(run("financials", "list", "--json").out)
    assert sorted((row["gross"], row["currency"]) for row in listed) == earned
    exported = csv.DictReader(
        io.StringIO(run("export", "financials", "--format", "csv").out)
    )
    assert sorted((row["gross"], row["currency"]) for row in exported) == earned
    assert len(json.loads(run("shows", "list", "--json").out)) == shown
    for words in (("sales", "list"), ("report", "sales"), ("financials", "list")):
        assert "AUD" in run(*words).out
    assert waits in run("status", code=10).out.replace("\n", " ")
    body = json.loads(run("status", "--json", code=10).out)
    (why,) = [item["why"] for item in body["quarantine"] if waits == item["record"]]
    assert "its currency " in why
    assert " is not one of ISO 4217" in why


def earned_by(rows):
    return sorted((row["gross"], row["currency"]) for row in rows)


def set_aside(database):
    with database.read() as connection:
        rows = connection.execute(TABLES["quarantine"].select()).all()
        return sorted((row.kind, row.provider_id, row.word) for row in rows)


def listed_dates(database):
    """
    The dates that a listing has, and not orders alone.
    """
    with database.read() as connection:
        return {
            key_of(occurrence)
            for occurrence in known_occurrences.list_occurrences(connection)
            if occurrence.fingerprint != FROM_ORDERS
        }


@pytest.mark.parametrize("code", CODES)
@pytest.mark.sampled(3)
def test_a_date_in_an_unknown_currency_is_not_stored(
    database, settings, fake_server, name, code, monkeypatch, run
):
    """
    Nor does one that has been read become one of that currency later.
    """
    odd = odd_performance(fake_server)
    event, date = event_id(fake_server, odd), performance_id(fake_server, odd)
    of_event = {
        performance_id(fake_server, performance)
        for performance in fake_server.platform.world.performances
        if event_id(fake_server, performance) == event
    }
    odd_currencies.answer_in(monkeypatch, fake_server, code, ids=(event, date))
    set_up(database, settings, fake_server, name, world=f"unknown {code!r}")

    assert "AUD" in run("sync", code=3).out

    everything = fake_server.truth(name)
    others = [row for row in everything if row["event_id"] not in of_event]
    same(figures(database), as_figures(others, name))
    assert ("event", event, "unknown-currency") in set_aside(database)
    assert odd_currencies.places_of(database, code) == []
    assert odd_currencies.currencies_of(database) == {row["currency"] for row in others}
    listed = listed_dates(database)
    assert listed >= {row["event_id"] for row in others}
    assert listed.isdisjoint(of_event)
    every_command_goes_on(run, earned_by(others), len(others), event)

    odd_currencies.answer_in(monkeypatch, fake_server, code)  # corrected
    run("sync")
    match.adopt(database, settings)
    run("sync", "--full")
    assert set_aside(database) == []
    same(figures(database), as_figures(everything, name))

    odd_currencies.answer_in(monkeypatch, fake_server, code, ids=(event, date))
    run("sync", "--full", code=3)
    assert ("event", event, "unknown-currency") in set_aside(database)
    assert odd_currencies.places_of(database, code) == []
    same(figures(database), as_figures(everything, name))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.sampled(3)
def test_an_order_in_an_unknown_currency_is_not_stored(
    database, settings, fake_server, name, code, monkeypatch, run
):
    """
    Nor does one that has been read become one of that currency later.
    """
    purchase = next(filter(is_plain, fake_server.platform.world.purchases))
    order = order_id(fake_server, purchase)
    everything = fake_server.truth(name)
    others = truth_without(fake_server.platform.world, purchase)
    set_up(database, settings, fake_server, name)
    odd_currencies.answer_in(monkeypatch, fake_server, code, mentioning=order)

    run("sync", code=3)

    assert set_aside(database) == [("order", order, "unknown-currency")]
    same(figures(database), as_figures(others, name))
    assert odd_currencies.places_of(database, code) == []
    assert odd_currencies.currencies_of(database) == {row["currency"] for row in others}
    every_command_goes_on(run, earned_by(others), len(others), order)

    odd_currencies.answer_in(monkeypatch, fake_server, code)  # corrected
    run("sync", "--full")
    assert set_aside(database) == []
    same(figures(database), as_figures(everything, name))

    odd_currencies.answer_in(monkeypatch, fake_server, code, mentioning=order)
    run("sync", "--full", code=3)
    assert set_aside(database) == [("order", order, "unknown-currency")]
    assert odd_currencies.places_of(database, code) == []
    same(figures(database), as_figures(everything, name))


def is_plain(purchase):
    """
    Whether an order was paid and nothing else happened to it.
    """
    is_odd = purchase.rare_state or purchase.refunded or purchase.paid_by_gift_card
    return (
        purchase.state == "completed"
        and purchase.was_paid
        and purchase.total > 0
        and not is_odd
        and not any(seat.swapped_to for seat in purchase.seats)
    )


def truth_without(world, purchase):
    """
    The true figures of a world in which nobody bought that.
    """
    others = [other for other in world.purchases if other is not purchase]
    return truth_as_json(replace(world, purchases=others))


# A ticket without an order, a row of a report


@pytest.mark.parametrize("name", ["ticket_tailor"])
def test_a_ticket_without_order_in_an_unknown_currency_is_not_stored(
    database, settings, fake_server, name, monkeypatch, run
):
    """
    Two tickets of the sandbox have no order, and one of them is void.
    """
    everything = fake_server.truth(name)
    _void, (_performance, seat), *_ = fake_server.platform.world.tickets_without_order
    ticket = f"it_{seat.id}"
    set_up(database, settings, fake_server, name)
    odd_currencies.answer_in(monkeypatch, fake_server, "XBT", ids=(ticket,))

    run("sync", code=3)

    assert set_aside(database) == [("ticket", ticket, "unknown-currency")]
    assert odd_currencies.places_of(database, "XBT") == []
    assert odd_currencies.currencies_of(database) == {"AUD"}
    every_command_goes_on(run, earned_by(everything), len(everything), ticket)


REPORT = "Order,Show,Starts,Type,Qty,Total,Money"
GALA, LATE = "Gala,2026-12-05 19:30", "Late,2026-12-06 22:30"


def test_a_row_of_a_report_in_an_unknown_currency_is_not_stored(
    database, tmp_path, settings, frozen, run
):
    """
    The first order of a show, one row of an order, and all that a show sold.
    """
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
    account = ReportAccount(database, tmp_path)
    account.recipe(currency="Money")
    account.put(
        "a.csv",
        REPORT,
        f"1,{GALA},Adult,1,30.00,XBT",
        f"2,{GALA},Adult,2,50.00,AUD",
        f"3,{GALA},Adult,1,25.00,aud",
        f"4,{GALA},Adult,1,25.00,",
        f"5,{GALA},Adult,1,25.00,AUD",
        f"5,{GALA},Child,1,15.00,XBT",
        f"6,{LATE},Adult,1,25.00,XBT",
    )
    account.add()
    run("sync", code=3)
    match.adopt(database, settings)
    run("sync", "--full", code=3)

    assert [item for item in set_aside(database) if item[0] == "order"] == [
        ("order", "1", "unknown-currency"),
        ("order", "5", "unknown-currency"),
        ("order", "6", "unknown-currency"),
    ]
    assert odd_currencies.places_of(database, "XBT") == []
    assert odd_currencies.currencies_of(database) == {"AUD"}
    every_command_goes_on(run, [("100.00", "AUD")], 1, "6")


# Whatever a parser lets through, and what is stored already


@pytest.mark.parametrize("code", ["XBT", "AU$", "", "A\u0000D"])
@pytest.mark.sampled(2)
def test_a_currency_that_nobody_knows_is_set_aside_by_name(
    adopted, settings, monkeypatch, code
):
    """
    One listing, and later one order, say a currency that ISO 4217 does not list: both
    are named, nothing is stored under it, and all shows have the figures they had.
    """
    sync.sync(adopted, settings, Request())
    before = gross(adopted)
    odd = next(iter(before))
    with adopted.read() as connection:
        listed = known_occurrences.list_occurrences(connection)
    occurrence = next(it for it in listed if it.show_id == odd)
    parse_event, parse_order = TicketTailor.parse_event, TicketTailor.parse_order

    def in_that_currency(event):
        return structs.replace(
            event,
            occurrences=tuple(
                structs.replace(date, currency=code)
                if date.id == occurrence.provider_occurrence_id
                else date
                for date in event.occurrences
            ),
        )

    def bought_in_that_currency(order):
        is_odd = order.occurrence_id == occurrence.provider_occurrence_id
        return structs.replace(order, currency=code) if is_odd else order

    monkeypatch.setattr(
        TicketTailor,
        "parse_event",
        lambda self, raw: in_that_currency(parse_event(raw)),
    )
    assert sync.sync(adopted, settings, Request(full=True)).exit_code == 3
    assert gross(adopted) == before
    assert waiting(adopted) == ["unknown-currency"]

    monkeypatch.setattr(TicketTailor, "parse_event", staticmethod(parse_event))
    monkeypatch.setattr(
        TicketTailor,
        "parse_order",
        lambda self, raw: bought_in_that_currency(parse_order(raw)),
    )
    replay(adopted, settings, [])
    assert gross(adopted) == before
    assert set(waiting(adopted)) == {"unknown-currency"}


def gross(database):
    with database.read() as connection:
        found = figures_of_shows.figures(connection)
    return {item.show_id: (item.currency, item.gross) for item in found}


def waiting(database):
    with database.read() as connection:
        return [item.word for item in connection.execute(select(quarantine))]
