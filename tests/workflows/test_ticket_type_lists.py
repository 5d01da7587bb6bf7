"""
What Eventbrite and Wix have on sale, as it is stored: equal to the truth of the venue,
with a step for each price; asked for only where something happened; and where the
platform refuses it, everything else is as it was.
"""

import json
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import delete, select
from support.dates import NOW
from support.platform_accounts import (
    adopt,
    attempt,
    connect,
    expected,
    figures,
    run,
    same,
)

from ticketsync.accounts import bookmarks, streams
from ticketsync.catalogue import occurrences, selection, ticket_types
from ticketsync.core import clock
from ticketsync.net import webhook_signatures
from ticketsync.sandbox import wix_records, world
from ticketsync.sandbox.faults import HttpResponse
from ticketsync.sandbox.types_on_sale import change_price, count_paid
from ticketsync.store.tables.catalogue import ticket_type_prices
from ticketsync.store.tables.catalogue import ticket_types as types_table
from ticketsync.store.tables.sales import orders, raw_records, tickets
from ticketsync.webhooks import inbox
from ticketsync.webhooks.inbox import NewDelivery
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.replay import replay
from ticketsync.workflows.webhooks import delivery_processing

ADULT = 7001  # Late Laughs, 39.00 at first
LATER = timedelta(hours=1)
DEFINITIONS = "/events/v3/ticket-definitions/query"
OTHER_ADDRESS = "/events-ticket-definitions/v3/ticket-definitions/query"


@pytest.fixture(params=["eventbrite", "wix"])
def name(request):
    return request.param


only_wix = pytest.mark.parametrize("name", ["wix"])
only_eventbrite = pytest.mark.parametrize("name", ["eventbrite"])


def provider_id(name, performance, ticket_type):
    if name == "wix":
        return wix_records.definition_id(performance, ticket_type)
    return str(ticket_type.id)


def true_types(fake_server):
    """
    (date, type) → what the platform's documents say of it. Eventbrite limits every
    type, Wix the paid ones; Wix closes a sale when the performance begins.
    """
    platform = fake_server.platform
    built, is_wix = platform.world, platform.name == "wix"
    sold = count_paid(built)
    found = {}
    for performance in built.performances:
        date = built.profile.provider_occurrence_id(performance)
        is_over = performance.starts_at.timestamp() < built.now
        for ticket_type in performance.production.ticket_types:
            number = sold[performance.id, ticket_type.id]
            limit = performance.production.capacity
            if is_wix and not ticket_type.price:
                limit = None
            status = "closed" if is_wix and is_over else "on_sale"
            if limit == number:
                status = "sold_out"
            left = None if limit is None else limit - number
            found[date, provider_id(platform.name, performance, ticket_type)] = (
                *(ticket_type.name, ticket_type.price, performance.currency),
                *(limit, number, left, status),
            )
    return found


def stored(database):
    with database.read() as connection:
        return ticket_types.list_ticket_types(connection)


def held_types(database):
    return {
        (it.provider_occurrence_id, it.provider_id): (
            *(it.name, it.price, it.currency, it.quantity, it.sold, it.available),
            it.status,
        )
        for it in stored(database)
        if it.gone_since is None
    }


def steps_of(database, name_of_event="Late Laughs", name_of_type="Adult"):
    """
    The distinct histories of prices that this ticket type has on its dates.
    """
    return {
        tuple((step.seen_at, step.price) for step in it.prices)
        for it in stored(database)
        if (it.occurrence, it.name) == (name_of_event, name_of_type)
    }


def later(fake_server, frozen, hours=1):
    fake_server.platform.world.now += 3600 * hours
    frozen(NOW + hours * LATER)
    fake_server.log.clear()
    return fake_server.platform.world


def upcoming(built, production_id=3001):
    return [
        p
        for p in built.performances
        if p.production.id == production_id and p.starts_at.timestamp() > built.now
    ]


def sell(built, performance):
    world.add_sale(built, performance, between=(built.now - 60, built.now))


def asked(fake_server):
    """
    Method and path of each request since the log was cleared, the query left out.
    """
    prefix = fake_server.platform.prefix
    return [
        f"{method} {target.partition('?')[0].removeprefix(prefix)}"
        for method, target, _ in fake_server.log
    ]


def definition_requests(fake_server):
    return sum("ticket-definitions" in line for line in asked(fake_server))


# The truth


def test_stored_types_are_the_truth(synced, fake_server):
    assert held_types(synced) == true_types(fake_server)
    assert any(it.price == 3900 for it in stored(synced))
    assert any(it.price == 0 for it in stored(synced))
    assert sum(it.sold for it in stored(synced)) > 100
    assert all([s.seen_at for s in it.prices] == [NOW] for it in stored(synced))


def test_after_a_day_with_its_sweep_they_are_the_truth_again(
    synced, settings, fake_server, frozen
):
    world.next_day(fake_server.platform.world)
    frozen(NOW + timedelta(days=1))
    run(synced, settings)
    assert held_types(synced) == true_types(fake_server)
    same(figures(synced), expected(fake_server, fake_server.platform.name))


@only_eventbrite
def test_eventbrite_lists_a_price_that_changed_mid_sale(
    synced, settings, fake_server, name, frozen
):
    built = later(fake_server, frozen)
    change_price(built, ADULT, 4400)
    for performance in upcoming(built):
        sell(built, performance)
    run(synced, settings)
    assert held_types(synced) == true_types(fake_server)
    assert steps_of(synced) == {((NOW, 3900), (NOW + LATER, 4400))}
    assert steps_of(synced, "Orchid & Wire") == {((NOW, 3900),)}
    same(figures(synced), expected(fake_server, name))  # what was sold stays


@only_wix
def test_wix_shows_a_price_that_changed_mid_sale_with_the_next_sale(
    synced, settings, fake_server, name, frozen
):
    """
    A changed price alone moves nothing that is read; the sweep finds it on all dates.
    """
    built = later(fake_server, frozen)
    change_price(built, ADULT, 4400)
    run(synced, settings)
    assert definition_requests(fake_server) == 0
    assert steps_of(synced) == {((NOW, 3900),)}

    built = later(fake_server, frozen, 2)
    performance = upcoming(built)[0]
    sell(built, performance)
    run(synced, settings)
    assert definition_requests(fake_server) == 1
    new = ((NOW, 3900), (NOW + 2 * LATER, 4400))
    date = wix_records.event_id(performance)
    changed = {it.provider_occurrence_id for it in stored(synced) if len(it.prices) > 1}
    assert changed == {date}
    assert steps_of(synced) == {((NOW, 3900),), new}

    built = later(fake_server, frozen, 3)
    run(synced, settings, full=True)
    over = {
        wix_records.event_id(p)
        for p in built.performances
        if p.production.id == 3001
        and p.starts_at.timestamp() < built.now - 2 * 24 * 3600
    }
    prices = {
        it.provider_occurrence_id: it.price
        for it in stored(synced)
        if (it.occurrence, it.name) == ("Late Laughs", "Adult")
    }
    assert {id_ for id_, price in prices.items() if price == 3900} == over
    assert over
    assert len(set(prices) - over) == len(
        [p for p in built.performances if p.production.id == 3001]
    ) - len(over)


def test_promo_codes_and_seats_are_stored(synced, fake_server, name):
    purchases = fake_server.platform.world.purchases
    form = "LR{:06d}-WIX" if name == "wix" else "{}"
    with synced.read() as connection:
        codes = dict(
            connection.execute(select(orders.c.provider_id, orders.c.promo_code)).all()
        )
        seats = dict(
            connection.execute(select(tickets.c.provider_id, tickets.c.seat)).all()
        )
    held = {form.format(p.id): p.code or "" for p in purchases}
    assert {id_: codes[id_] for id_ in held if id_ in codes} == {
        id_: code for id_, code in held.items() if id_ in codes
    }
    assert {"", "LANTERN20", "FIVEOFF"} == set(codes.values())
    if name == "eventbrite":
        assert set(seats.values()) == {""}
        return
    for purchase in purchases:
        for ticket, seat in zip(
            wix_records.tickets(purchase), purchase.seats, strict=False
        ):
            label = ""
            if purchase.performance.production.id == wix_records.SEATED:
                section, row, place = wix_records.seat_of(seat)
                label = f"{section}, row {row}, seat {place}"
            assert seats[ticket["ticketNumber"]] == label
    assert len(set(seats.values())) > 20


def test_when_the_platform_changed_a_listing_is_kept(synced, fake_server):
    built = fake_server.platform.world
    listed = {
        built.profile.provider_occurrence_id(p): p.listed_at for p in built.performances
    }
    with synced.read() as connection:
        found = {
            o.provider_occurrence_id: o.provider_updated_at.timestamp()
            for o in occurrences.list_occurrences(connection)
        }
    assert found == listed


# Requests


@only_eventbrite
def test_eventbrite_without_news_asks_what_it_always_asked(
    synced, settings, fake_server, frozen
):
    later(fake_server, frozen)
    run(synced, settings)
    first, second = fake_server.platform.organisations
    assert Counter(asked(fake_server)) == Counter(
        [
            "GET /users/me/organizations/",
            f"GET /organizations/{first}/events/",
            f"GET /organizations/{second}/events/",
            f"GET /organizations/{first}/orders/",
            f"GET /organizations/{second}/orders/",
            f"GET /organizations/{first}/attendees/",
            f"GET /organizations/{second}/attendees/",
        ]
    )
    (events, _) = [target for _, target, _ in fake_server.log if "/events/" in target]
    assert "expand=venue%2Cticket_classes" in events


@only_wix
def test_wix_without_news_asks_what_it_always_asked(
    synced, settings, fake_server, frozen
):
    later(fake_server, frozen)
    before = stored(synced)
    run(synced, settings)
    assert Counter(asked(fake_server)) == Counter(
        [
            "POST /events/v3/events/query",
            "POST /events/v2/guests/query",
            "GET /payments/v2/transactions",
            "GET /events/v1/orders",
            "GET /events/v1/orders",
        ]
    )
    assert stored(synced) == before


@only_wix
def test_wix_asks_for_the_dates_where_something_happened_only(
    synced, settings, fake_server, frozen, monkeypatch
):
    built = later(fake_server, frozen)
    chosen = [upcoming(built)[0], upcoming(built, 3003)[0]]
    for performance in chosen:
        sell(built, performance)
    bodies = []
    query = fake_server.platform._query_definitions
    monkeypatch.setattr(
        fake_server.platform,
        "_query_definitions",
        lambda body: bodies.append(body) or query(body),
    )
    run(synced, settings)
    (body,) = bodies
    wanted = body["query"]["filter"]["eventId"]["$in"]
    assert sorted(wanted) == sorted(map(wix_records.event_id, chosen))
    assert held_types(synced) == true_types(fake_server)


@only_wix
def test_a_show_that_is_asked_for_has_its_prices_read(
    synced, settings, fake_server, frozen
):
    built = later(fake_server, frozen)
    change_price(built, ADULT, 4400)
    date = wix_records.event_id(upcoming(built)[0])
    with synced.read() as connection:
        show = selection.find_occurrence(connection, date).show_id
    run(synced, settings, shows=(str(show),))
    assert definition_requests(fake_server) == 1
    changed = {it.provider_occurrence_id for it in stored(synced) if len(it.prices) > 1}
    assert changed == {date}


@only_wix
def test_an_order_that_a_webhook_brought_has_its_prices_read_by_the_next_run(
    synced, settings, fake_server, frozen
):
    built = later(fake_server, frozen)
    performance = upcoming(built)[0]
    sell(built, performance)
    date = wix_records.event_id(performance)
    number = wix_records.number_of(built.purchases[-1])
    with synced.write() as connection:
        delivery = NewDelivery(
            *(
                1,
                "d1",
                "OrderConfirmed",
                webhook_signatures.ORDER,
                "received",
                number,
                date,
            )
        )
        inbox.store(connection, [delivery], clock.now())
    delivery_processing.process_deliveries(synced, settings)
    assert definition_requests(fake_server) == 0
    assert held_types(synced) != true_types(fake_server)
    later(fake_server, frozen, 2)
    run(synced, settings)
    assert definition_requests(fake_server) == 1
    assert held_types(synced) == true_types(fake_server)
    run(synced, settings)
    assert definition_requests(fake_server) == 1


@only_wix
def test_reading_only_the_listing_reads_what_is_on_sale_too(
    database, settings, fake_server, name
):
    connect(database, name, fake_server.address)
    sync.fetch_listing(database, settings, [])
    assert held_types(database) == true_types(fake_server)
    fake_server.log.clear()
    sync.fetch_listing(database, settings, [])
    assert definition_requests(fake_server) == 0


# A platform that does not say what is on sale


@only_eventbrite
@pytest.mark.parametrize("failing", [("ticket_classes",), ("venue", "ticket_classes")])
def test_where_eventbrites_expansion_fails_what_is_stored_stays(
    synced, settings, fake_server, name, frozen, failing
):
    before = stored(synced)
    built = later(fake_server, frozen)
    fake_server.platform.failing_expansions = failing
    sell(built, upcoming(built)[0])
    run(synced, settings)
    assert stored(synced) == before
    same(figures(synced), expected(fake_server, name))
    fake_server.platform.failing_expansions = ()
    later(fake_server, frozen, 2)
    run(synced, settings)
    assert held_types(synced) == true_types(fake_server)


def answering(status):
    """
    Every request for ticket definitions is answered so.
    """

    def answer(platform):
        def refuse(body):
            return HttpResponse(status, b'{"message":"","details":{}}')

        platform._query_definitions = refuse

    return answer


def forbid(platform):
    platform.may_read_definitions = False


def hide(platform):
    platform.definitions_at = ()


def break_down(platform):
    answering(500)(platform)


def send_something_else(platform):
    platform._query_definitions = lambda body: HttpResponse(
        200, b'{"rows":[]}', {"Content-Type": "application/json"}
    )


REFUSALS = {"403": forbid, "404": hide, "400": answering(400)}
FAILURES = {"500": break_down, "not a list": send_something_else}


@only_wix
@pytest.mark.parametrize("how", [*REFUSALS, *FAILURES])
@pytest.mark.sampled(5)
def test_where_wix_refuses_the_list_everything_else_is_as_it_was(
    synced, settings, fake_server, name, frozen, how
):
    """
    The account does not fail, it says so in a note, and sales are right.
    """
    before = stored(synced)
    built = later(fake_server, frozen)
    (REFUSALS | FAILURES)[how](fake_server.platform)
    sell(built, upcoming(built)[0])
    outcome = sync.sync(synced, settings, sync.Request())
    (result,) = outcome.results
    assert (result.outcome, result.exit_code) == ("success", 0)
    (note,) = [it for it in outcome.notes if "on sale" in it]
    assert note.startswith(f"{name}: what is on sale could not be read and stays as it")
    assert stored(synced) == before
    same(figures(synced), expected(fake_server, name))


@only_wix
@pytest.mark.parametrize("how", [*REFUSALS, *FAILURES])
@pytest.mark.sampled(5)
def test_what_failed_is_asked_again_and_what_was_refused_is_not(
    synced, settings, fake_server, frozen, how
):
    built = later(fake_server, frozen)
    (REFUSALS | FAILURES)[how](fake_server.platform)
    sell(built, upcoming(built)[0])
    run(synced, settings)
    later(fake_server, frozen, 2)
    run(synced, settings)
    assert bool(definition_requests(fake_server)) == (how in FAILURES)
    fake_server.platform.__dict__.pop("_query_definitions", None)
    fake_server.platform.may_read_definitions = True
    fake_server.platform.definitions_at = ("events",)
    later(fake_server, frozen, 3)
    run(synced, settings)
    assert (held_types(synced) == true_types(fake_server)) == (how in FAILURES)
    run(synced, settings, full=True)
    assert held_types(synced) == true_types(fake_server)
    with synced.read() as connection:
        assert bookmarks.get_bookmarks(connection, 1, streams.TO_PRICE) == {}


@only_wix
def test_a_first_read_without_the_permission_is_the_truth_without_prices(
    database, settings, fake_server, name
):
    fake_server.platform.may_read_definitions = False
    connect(database, name, fake_server.address)
    sync.fetch_listing(database, settings, [])
    adopt(database)
    run(database, settings)
    assert stored(database) == []
    same(figures(database), expected(fake_server, name))
    fake_server.platform.may_read_definitions = True
    run(database, settings, full=True)
    assert stored(database)


@only_wix
def test_the_other_address_will_do(synced, settings, fake_server, frozen):
    built = later(fake_server, frozen)
    fake_server.platform.definitions_at = ("events-ticket-definitions",)
    sell(built, upcoming(built)[0])
    run(synced, settings)
    assert [line for line in asked(fake_server) if "definitions" in line] == [
        f"POST {DEFINITIONS}",
        f"POST {OTHER_ADDRESS}",
    ]
    assert held_types(synced) == true_types(fake_server)


@only_wix
@pytest.mark.parametrize("percent", [0, 40])
def test_a_list_that_collapsed_is_not_believed_unless_a_person_says_so(
    synced, settings, fake_server, frozen, percent, monkeypatch
):
    before = stored(synced)
    later(fake_server, frozen)
    query = fake_server.platform._query_definitions

    def short(body):
        answer = json.loads(query(body).body)
        rows = answer["ticketDefinitions"]
        answer["ticketDefinitions"] = rows[: len(rows) * percent // 100]
        answer["metadata"]["count"] = len(answer["ticketDefinitions"])
        kind = {"Content-Type": "application/json"}
        return HttpResponse(200, json.dumps(answer).encode(), kind)

    monkeypatch.setattr(fake_server.platform, "_query_definitions", short)
    outcome = sync.sync(synced, settings, sync.Request(full=True))
    assert outcome.exit_code == 0
    (note,) = [it for it in outcome.notes if "they stay as they were" in it]
    assert note.startswith(f"{fake_server.platform.name}: the platform lists ")
    assert stored(synced) == before
    run(synced, settings, full=True, accept_shrink=True)
    left = [it for it in stored(synced) if it.gone_since is None]
    assert 0 < len(left) < len(before)  # dates long over are not asked for


@only_wix
def test_a_date_whose_record_has_another_shape_keeps_its_types(
    synced, settings, fake_server, frozen, monkeypatch
):
    built = later(fake_server, frozen)
    chosen = upcoming(built)[0]
    sell(built, chosen)
    before = held_types(synced)
    from ticketsync.providers.wix import Wix, definitions

    def refuse(raw):
        if raw["id"] == wix_records.event_id(chosen):
            raise KeyError("definitions")
        return definitions.parse_ticket_types(raw)

    monkeypatch.setattr(Wix, "parse_ticket_types", staticmethod(refuse))
    outcome = sync.sync(synced, settings, sync.Request())
    assert outcome.exit_code == 0
    assert any("could not be parsed" in note for note in outcome.notes)
    start = f"{fake_server.platform.name}: what 1 date has on sale"
    assert any(note.startswith(start) for note in outcome.notes)
    assert held_types(synced) == before


# Stored records


def test_a_replay_fills_them_with_every_price(synced, settings, fake_server, frozen):
    """
    As after an upgrade from a version that kept neither. The network is not asked.
    """
    built = later(fake_server, frozen)
    change_price(built, ADULT, 4400)
    sell(built, upcoming(built)[0])
    run(synced, settings)
    before = stored(synced)
    assert any(len(it.prices) == 2 for it in before)
    with synced.write() as connection:
        connection.execute(delete(ticket_type_prices))
        connection.execute(delete(types_table))
    fake_server.log.clear()
    outcome = replay(synced, settings, [])
    assert outcome.exit_code == 0
    assert stored(synced) == before
    assert fake_server.log == []
    replay(synced, settings, [])
    assert stored(synced) == before


@only_wix
def test_a_record_of_what_is_on_sale_is_no_order(synced, settings, fake_server):
    number = len(fake_server.platform.world.purchases)
    with synced.read() as connection:
        kinds = set(connection.scalars(select(raw_records.c.kind)))
    assert kinds == {"event", "order", "ticket_type"}
    (result,) = replay(synced, settings, []).results
    assert result.counts.processed == number


@only_wix
def test_an_unchanged_list_is_stored_once(synced, settings, frozen, fake_server):
    def count():
        with synced.read() as connection:
            rows = connection.execute(
                select(raw_records).where(raw_records.c.kind == "ticket_type")
            )
            return len(rows.all())

    before = count()
    later(fake_server, frozen)
    attempt(synced, settings, full=True)
    assert definition_requests(fake_server) == 1
    assert count() == before
