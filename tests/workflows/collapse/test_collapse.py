"""
Whatever a platform answers with comes in lists. One that comes back empty, shrunken,
refused or cut takes nothing away, is named, and once the platform has recovered the
next ordinary run is right again.

`LISTS` must name every list that a sync asks for: they are recorded, and a new one that
is not in the table fails.
"""

import json
from decimal import Decimal

import pytest
from support.platform_accounts import (
    attempt,
    expected,
    figures,
    recover,
    run,
    same,
)
from support.spoiled_lists import ANSWERS, asked_for, kept, promising, spoil
from support.spoiled_reads import CHANGES, FIRST, FULL, begin, later

from ticketsync.reporting import waiting_records
from ticketsync.sandbox import eventbrite, world
from ticketsync.sandbox.faults import HttpResponse
from ticketsync.workflows.sync import parts

ALWAYS = (FIRST, FULL, CHANGES)
WHOLE = (FIRST, FULL)

# Every list of every platform, and the reads that ask for it.
LISTS = {
    "ticket_tailor": {
        "/event_series": ALWAYS,
        "/events": ALWAYS,
        "/orders": ALWAYS,
        "/issued_tickets": ALWAYS,
    },
    "eventbrite": {
        "/users/me/organizations/": ALWAYS,
        "/organizations/*/events/": ALWAYS,
        "/organizations/*/orders/": ALWAYS,
        "/organizations/*/attendees/": ALWAYS,
    },
    "eventbrite without expansions": {"/events/*/attendees/": ALWAYS},
    "humanitix": {
        "/v1/events": ALWAYS,
        "/v1/events/*/orders": ALWAYS,
        "/v1/events/*/tickets": ALWAYS,
    },
    "wix": {
        "/events/v3/events/query": ALWAYS,
        "/events/v1/orders": ALWAYS,
        "/payments/v2/transactions": ALWAYS,
        "/events/v2/guests/query": ALWAYS,
        "/events/v3/ticket-definitions/query": ALWAYS,
    },
    "square": {
        "/v2/locations": ALWAYS,
        "/v2/catalog/list": ALWAYS,
        "/v2/orders/search": ALWAYS,
        "/v2/payments": ALWAYS,
        "/v2/refunds": ALWAYS,
        "/v2/orders/batch-retrieve": (CHANGES,),
    },
}
# One record by its number: what is asked for beside the lists.
ONE = {
    "/orders/*/",
    "/orders/*",
    "/v1/events/*/orders/*",
    "/v2/payments/*",
    "/v2/refunds/*",
}
# Where a short answer looks like a true one: nothing says how many old orders
# changed. The watermark does not move beyond what was shown, so nothing is lost.
INDISTINGUISHABLE = {("/events/v2/guests/query", CHANGES)}
# What the ordinary suite plays for every list. The client turns refusals and cut
# answers into errors before it matters which list it was: one of each platform will do.
QUICK = {(FIRST, "empty"), (CHANGES, "at 40 %")}


def cases():
    for name, paths in LISTS.items():
        for path, reads in paths.items():
            for read in reads:
                for answer in ANSWERS:
                    is_last = read == CHANGES and path == list(paths)[-1]
                    is_quick = is_last or (read, answer) in QUICK
                    marks = () if is_quick else (pytest.mark.drill,)
                    yield pytest.param(name, path, read, answer, marks=marks)


def without(ids, key, name):
    """
    A list that lacks these rows and does not count them.
    """

    def spoil_(answer):
        page = json.loads(answer.body)
        rows = [row for row in page[key] if row[name] not in ids]
        lost = len(page[key]) - len(rows)
        page[key] = rows
        for envelope in (page, page.get("pagination", {})):
            for count in ("total", "object_count"):
                if count in envelope:
                    envelope[count] -= lost
        return HttpResponse(answer.status, json.dumps(page).encode(), answer.headers)

    return spoil_


def assert_nothing_was_taken_away(before, found):
    for date, row in before.items():
        assert found[date]["gross"] == row["gross"], date
        assert Decimal(found[date]["refunded"]) >= Decimal(row["refunded"]), date


def assert_named_or_right(database, before, result, fake_server, path, read):
    if read == FULL:
        assert figures(database) == before
    assert_nothing_was_taken_away(before, figures(database))
    if result.exit_code == 0 and (path, read) not in INDISTINGUISHABLE:
        # What the list lacks was found by another one: everything is there.
        same(figures(database), expected(fake_server, fake_server.platform_name))
    elif result.exit_code:
        assert f"ccount {fake_server.platform_name!r}" in result.message
        assert result.hint


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("read", ALWAYS)
def test_the_table_names_every_list_that_is_asked_for(
    name, read, opened, fake_server, frozen, settings
):
    database, _, options = begin(read, opened, fake_server, frozen)
    fake_server.log.clear()
    run(database, settings, **options)
    lists = dict(LISTS["eventbrite"]) if "without" in name else {}
    lists |= LISTS[name]
    wanted = {path for path, reads in lists.items() if read in reads}
    assert asked_for(fake_server, fake_server.platform.prefix) - ONE == wanted


@pytest.mark.parametrize(("name", "path", "read", "answer"), [*cases()])
def test_a_list_that_collapses_is_named_and_takes_nothing_away(
    name, path, read, answer, opened, fake_server, settings, frozen, monkeypatch
):
    database, before, options = begin(read, opened, fake_server, frozen)
    spoil(monkeypatch, fake_server, path, ANSWERS[answer])
    result = attempt(database, settings, **options)
    assert_named_or_right(database, before, result, fake_server, path, read)
    spoil(monkeypatch, fake_server, None, None)
    recover(database, settings, fake_server, fake_server.platform_name)


@pytest.mark.drill
@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("name", ["wix"])
@pytest.mark.parametrize("path", LISTS["wix"])
@pytest.mark.parametrize("read", ALWAYS)
def test_a_list_that_collapses_is_named_on_postgresql_too(
    name, path, read, opened, fake_server, settings, frozen, monkeypatch
):
    """
    One platform: what is done about a list has nothing to do with the database.
    """
    database, before, options = begin(read, opened, fake_server, frozen)
    spoil(monkeypatch, fake_server, path, ANSWERS["empty"])
    result = attempt(database, settings, **options)
    assert_named_or_right(database, before, result, fake_server, path, read)
    spoil(monkeypatch, fake_server, None, None)
    recover(database, settings, fake_server, fake_server.platform_name)


# A list that names its length and sends less


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("eventbrite", "/organizations/*/orders/"),
        ("humanitix", "/v1/events/*/orders"),
        ("humanitix", "/v1/events/*/tickets"),
        ("wix", "/events/v1/orders"),
    ],
)
@pytest.mark.parametrize("read", [FIRST, FULL])
def test_a_list_shorter_than_it_says_is_refused(
    name, path, read, opened, fake_server, settings, frozen, monkeypatch
):
    database, before, options = begin(read, opened, fake_server, frozen)
    spoil(monkeypatch, fake_server, path, promising(90))
    result = attempt(database, settings, **options)
    assert (result.exit_code, result.word) == (6, "list-incomplete")
    assert "promised" in result.message
    assert_nothing_was_taken_away(before, figures(database))
    spoil(monkeypatch, fake_server, None, None)
    recover(database, settings, fake_server, fake_server.platform_name)


# One part of an account that is no longer shown


@pytest.mark.parametrize(
    ("name", "path"),
    [("eventbrite", "/users/me/organizations/"), ("square", "/v2/locations")],
)
@pytest.mark.parametrize("read", [FULL, CHANGES])
def test_an_organisation_or_location_that_is_missing_is_named(
    name, path, read, opened, fake_server, settings, frozen, monkeypatch
):
    """
    One of two: nothing of the other one is read, so the watermark stays, too.
    """
    database, before, options = begin(read, opened, fake_server, frozen)
    spoil(monkeypatch, fake_server, path, kept(50))
    result = attempt(database, settings, **options)
    assert (result.exit_code, result.word) == (7, "guard-shrink")
    assert figures(database) == before
    spoil(monkeypatch, fake_server, None, None)
    recover(database, settings, fake_server, fake_server.platform_name)


@pytest.mark.parametrize("name", ["square"])
def test_control_without_the_guard_sales_at_a_missing_location_are_lost(
    name, opened, fake_server, settings, frozen, monkeypatch
):
    monkeypatch.setattr(parts, "refuse_missing_parts", lambda *_, **__: None)
    database, _, _ = begin(CHANGES, opened, fake_server, frozen)
    spoil(monkeypatch, fake_server, "/v2/locations", kept(50))
    there = fake_server.platform.world
    for seconds in (1200, 2400):
        later(fake_server, frozen, seconds)
        for performance in there.performances[-8:]:
            world.add_sale(there, performance, (there.now - 5, there.now))
        attempt(database, settings)
    spoil(monkeypatch, fake_server, None, None)
    attempt(database, settings)
    assert figures(database) != expected(fake_server, name)


@pytest.mark.parametrize("name", ["eventbrite"])
def test_an_organisation_that_was_left_is_accepted_once(
    name, opened, fake_server, settings, frozen, monkeypatch
):
    database, before, _ = begin(FULL, opened, fake_server, frozen)
    fake_server.platform.organisations = fake_server.platform.organisations[:1]
    assert attempt(database, settings).exit_code == 7
    assert attempt(database, settings, accept_shrink=True).exit_code == 0
    assert attempt(database, settings).exit_code == 0
    assert figures(database) == before


# One order of which the second list says nothing


@pytest.mark.parametrize("name", ["humanitix"])
@pytest.mark.parametrize("lost", [1, 2])
def test_an_order_without_some_of_its_tickets_is_set_aside_by_name(
    name, lost, opened, fake_server, settings, frozen, monkeypatch
):
    """
    At a first read: what it cost says that there are tickets.
    """
    purchase = next(
        p
        for p in fake_server.platform.world.purchases
        if len(p.seats) == 2 and all(s.paid and not s.is_void for s in p.seats)
    )
    gone = {f"{seat.id:024x}" for seat in purchase.seats[:lost]}
    database = opened(is_read=False)
    tickets = fake_server.platform._tickets
    monkeypatch.setattr(
        fake_server.platform,
        "_tickets",
        lambda production: [t for t in tickets(production) if t.id not in gone],
    )
    result = attempt(database, settings)
    assert (result.outcome, result.exit_code) == ("partial", 3)
    with database.read() as connection:
        ((_, id_, reason),) = waiting_records.list_quarantined(connection)
    assert id_ == f"{purchase.id:024x}"
    assert "tickets" in reason
    monkeypatch.setattr(fake_server.platform, "_tickets", tickets)
    recover(database, settings, fake_server, fake_server.platform_name)


@pytest.mark.parametrize("name", ["eventbrite without expansions"])
@pytest.mark.parametrize("read", [FIRST, FULL])
def test_an_order_without_attendees_is_set_aside_by_name(
    name, read, opened, fake_server, settings, frozen, monkeypatch
):
    purchase = next(
        p
        for p in fake_server.platform.world.purchases
        if p.state == "completed" and p.total and not any(s.is_void for s in p.seats)
    )
    gone = {row["id"] for row in eventbrite.list_attendees(purchase)}
    database, before, options = begin(read, opened, fake_server, frozen)
    cut = without(gone, "attendees", "id")
    spoil(monkeypatch, fake_server, "/events/*/attendees/", cut)
    result = attempt(database, settings, **options)
    assert (result.outcome, result.exit_code) == ("partial", 3)
    with database.read() as connection:
        ((_, id_, reason),) = waiting_records.list_quarantined(connection)
    assert (id_, "attendee" in reason) == (str(purchase.id), True)
    if read == FULL:
        assert figures(database) == before
    spoil(monkeypatch, fake_server, None, None)
    recover(database, settings, fake_server, fake_server.platform_name)
