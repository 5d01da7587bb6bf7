"""
The venue's own names of ticket types, links switched off, one show on many platforms.
"""

import csv
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from support import commands, hand_links
from support.dates import TODAY
from support.platform_accounts import copied, keep, point

from ticketsync.accounts import edits, state
from ticketsync.catalogue import link_settings, moves, occurrences, shows
from ticketsync.core import clock, errors
from ticketsync.reporting import figures_of_shows
from ticketsync.sandbox import platforms, server, world
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

WIX = {"site_id": "5a1e0000-0000-4000-8000-000000000001"}


@pytest.fixture
def everywhere(sqlite, frozen, monkeypatch, settings):
    """
    The venue on Ticket Tailor and on all the other platforms, everything adopted.
    """
    others = platforms.build_others(today=TODAY, orders=90)
    sandbox = server.Sandbox(world.build(today=TODAY, orders=120), others=others)
    sandbox.clock = lambda: clock.now().timestamp()
    with server.serving(sandbox) as address:
        addresses = {name: sandbox.url(address, name) for name in sandbox.platforms}
        for name, platform in sandbox.platforms.items():
            monkeypatch.setenv(f"KEY_{name}", platform.key)
        if not copied(sqlite, "everywhere"):
            read_everything(sqlite, settings, addresses)
            keep(sqlite, "everywhere")
        point(sqlite, addresses)
        yield sqlite, sandbox


def read_everything(database, settings, addresses):
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
        for name, url in addresses.items():
            options = WIX if name == "wix" else {}
            key = f"KEY_{name}"
            new = state.NewAccount(name, name, url, "env", key, "", None, options)
            edits.add_account(connection, new, clock.now())
    sync.fetch_listing(database, settings, [])
    match.adopt(database, settings)
    outcome = sync.sync(database, settings, Request())
    assert outcome.exit_code == 0, outcome.results


def truths(sandbox, starts_at, title):
    """
    What every platform's own books say of one performance: platform → row.
    """
    found = {}
    for name in sandbox.platforms:
        for row in sandbox.truth(name):
            if (row["starts_at"], row["name"]) == (starts_at, title):
                found[name] = row
    return found


def figures(database, title):
    """
    The first show of a work that sold somewhere: its figures by account.
    """
    with database.read() as connection:
        rows = [
            f for f in figures_of_shows.figures(connection) if f.production == title
        ]
    first = min(row.show_id for row in rows)
    return first, [row for row in rows if row.show_id == first]


def test_one_show_on_five_platforms_in_one_currency_is_the_sum_of_their_books(
    everywhere,
):
    database, sandbox = everywhere
    show, rows = figures(database, "Late Laughs")
    truth = truths(sandbox, clock.iso(rows[0].starts_at), "Late Laughs")
    assert {row.account for row in rows} == set(truth)
    assert len(truth) == 5
    with database.read() as connection:
        (total,) = figures_of_shows.totals(connection, show)
    for name in ("gross", "refunded", "face", "discounts", "net_before_fees"):
        assert getattr(total, name).minor == sum(
            100 * Decimal(row[name]) for row in truth.values()
        )
    assert total.tickets_sold == sum(row["tickets_sold"] for row in truth.values())
    # Ticket Tailor and Wix report no fees: the sum is unknown, not too small.
    assert total.fees is None
    assert total.net is None


def test_the_accountants_csv_holds_every_platforms_own_sum(everywhere, tmp_path):
    database, sandbox = everywhere
    file = tmp_path / "financials.csv"
    commands.run(
        *("--database", database.url, "export", "financials", "-o", str(file)),
        check=True,
    )
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for name in sandbox.platforms:
        for row in sandbox.truth(name):
            sold = [
                r
                for r in rows
                if (r["account"], r["production"], r["starts_at"], r["currency"])
                == (name, row["name"], row["starts_at"], row["currency"])
            ]
            assert sum(Decimal(r["gross"]) for r in sold) == Decimal(row["gross"])
            assert sum(int(r["tickets_sold"]) for r in sold) == row["tickets_sold"]


def test_one_show_in_two_currencies_is_two_sums(everywhere):
    database, sandbox = everywhere
    show, rows = figures(database, "The Glass Harbour")
    truth = truths(sandbox, clock.iso(rows[0].starts_at), "The Glass Harbour")
    with database.read() as connection:
        totals = figures_of_shows.totals(connection, show)
    assert [row.currency for row in totals] == ["AUD", "NZD"]
    assert totals[0].gross.minor == 100 * Decimal(truth["ticket_tailor"]["gross"])
    assert totals[1].gross.minor == 100 * Decimal(truth["humanitix"]["gross"])
    assert totals[1].fees.minor == 100 * Decimal(truth["humanitix"]["fees"])


def linked(database, account):
    with database.read() as connection:
        return next(
            o
            for o in occurrences.list_occurrences(connection, None)
            if o.account == account and o.show_id
        )


def types(database, show_id, account):
    with database.read() as connection:
        rows = figures_of_shows.by_type(connection, show_id)
    return {row.type_name: row for row in rows if row.account == account}


def test_the_breakdown_uses_the_venues_names_and_merges_what_is_alike(
    everywhere, settings
):
    database, _ = everywhere
    occurrence = linked(database, "ticket_tailor")
    before = types(database, occurrence.show_id, "ticket_tailor")
    assert {"Adult", "Concession"} <= set(before)
    names = hand_links.configure(
        database,
        settings,
        occurrence,
        enabled=None,
        ticket_sales=None,
        types={"Adult": "Seat", "Concession": "Seat"},
    ).types
    assert names == {"Adult": "Seat", "Concession": "Seat"}
    after = types(database, occurrence.show_id, "ticket_tailor")
    assert "Adult" not in after
    both = before["Adult"].gross + before["Concession"].gross
    assert after["Seat"].gross == both
    hand_links.configure(
        database,
        settings,
        occurrence,
        enabled=None,
        ticket_sales=None,
        types={"Adult": "", "Concession": ""},
    )
    assert types(database, occurrence.show_id, "ticket_tailor") == before


@pytest.mark.parametrize("switch", ["enabled", "ticket_sales"])
@pytest.mark.thorough
def test_a_link_that_is_switched_off_brings_no_sales_until_it_is_on_again(
    everywhere, settings, switch
):
    database, _ = everywhere
    occurrence = linked(database, "ticket_tailor")

    def gross():
        with database.read() as connection:
            rows = figures_of_shows.figures(connection, occurrence.show_id)
        return {row.account: row.gross for row in rows}

    before = gross()
    off = {"enabled": None, "ticket_sales": None, "types": {}, switch: False}
    hand_links.configure(database, settings, occurrence, **off)
    assert "ticket_tailor" not in gross()
    sync.sync(database, settings, Request(full=True))
    assert "ticket_tailor" not in gross()
    hand_links.configure(database, settings, occurrence, **{**off, switch: True})
    assert gross() == before


def test_a_date_of_a_link_that_is_off_is_not_followed(everywhere, settings):
    database, _ = everywhere
    occurrence = linked(database, "ticket_tailor")
    with database.write() as connection:
        link_settings.set_switches(connection, occurrence.id, enabled=False)
        moved = {occurrence.id: occurrence.starts_at + timedelta(minutes=30)}
        assert moves.follow_moves(connection, moved) == []
        link_settings.set_switches(connection, occurrence.id, enabled=True)
        assert len(moves.follow_moves(connection, moved)) == 1


def test_a_link_that_is_not_there_cannot_be_set(everywhere, settings):
    database, _ = everywhere
    with database.read() as connection:
        loose = next(
            o for o in occurrences.list_occurrences(connection) if not o.is_dated
        )
    with pytest.raises(errors.NotFound):
        hand_links.configure(
            database, settings, loose, enabled=None, ticket_sales=None, types={}
        )


def test_a_variation_without_a_date_becomes_a_show_by_a_persons_word(
    everywhere, settings
):
    database, sandbox = everywhere
    with database.read() as connection:
        bar = next(
            o
            for o in occurrences.list_occurrences(connection)
            if o.provider_occurrence_id == "VBAR"
        )
        show = shows.list_shows(connection)[0]
    assert bar.show_id is None
    hand_links.link(database, settings, bar.id, show.id)
    with database.read() as connection:
        sold = types(database, show.id, "square")
    drinks = [p for p in sandbox.platforms["square"].world.purchases if not p.total]
    extra = [p for p in sandbox.platforms["square"].world.purchases if p.id % 11 == 0]
    assert sold["Glass"].gross.minor == 1200 * (len(drinks) + len(extra))


def test_shows_show_names_every_source(everywhere, home):
    database, _ = everywhere
    show, _ = figures(database, "Late Laughs")
    done = commands.run(
        *("--database", database.url, "shows", "show", str(show), "--json"),
        check=True,
    )
    shown = json.loads(done.stdout)
    assert {s["account"] for s in shown["sources"]} == {
        *("ticket_tailor", "eventbrite", "humanitix", "wix", "square")
    }
    by_account = {s["account"]: s for s in shown["sources"]}
    assert by_account["eventbrite"]["url"].startswith("https://www.eventbrite.com/e/")
    assert by_account["wix"]["dashboard_url"].startswith("https://manage.wix.com/")
    assert [t["currency"] for t in shown["totals"]] == ["AUD"]
