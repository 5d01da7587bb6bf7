"""
One odd record of a platform stops nothing else: of fifty events the others are read, it
is named with what to do, and once it is repaired at the platform the next run is clean.
"""

import itertools
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from support import odd_accounts
from support.dates import NOW
from support.odd_accounts import event_id, odd_performance, performance_id, serving
from support.platform_accounts import (
    OPTIONS,
    adopt,
    attempt,
    connect,
    figures,
    run,
    same,
    set_up,
)

from ticketsync.accounts import health
from ticketsync.catalogue import occurrences
from ticketsync.core import clock
from ticketsync.core.settings.config import AccountSettings
from ticketsync.providers.ticket_tailor import lists as ticket_tailor_lists
from ticketsync.reporting import waiting_records
from ticketsync.sandbox import eventbrite, odd_records, square_records, world
from ticketsync.sandbox.faults import Plan
from ticketsync.sandbox.odd_records import (
    KINDS,
    REFUSALS,
    OddRecord,
    can_be_odd,
)
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync

TEXTS = ("half an emoji", "nul")
READ_ALL_THE_SAME = (*TEXTS, "no address")


@pytest.fixture
def fifty(name, frozen, monkeypatch):
    with serving(name, monkeypatch) as sandbox:
        yield sandbox


@pytest.fixture
def odd(fifty):
    """
    The performance whose event is odd.
    """
    return odd_performance(fifty)


def plan(fifty, kind, event, **options):
    record = OddRecord(fifty.platform_name, kind, event, **options)
    fifty.odd_records.plan(record)


def listed(database, settings, fifty):
    """
    Connected, the listing read and every date of it adopted; no order read.
    """
    connect(database, fifty.platform_name, fifty.address)
    (result,), _ = sync.fetch_listing(database, settings, [])
    adopt(database)
    return result


def quarantined(database):
    with database.read() as connection:
        return waiting_records.list_quarantined(connection)


def is_partial_and_not_stale(database, settings):
    with database.read() as connection:
        (found,) = health.assess_all(connection, settings, clock.now())
    return found.word == "partial" and found.since is not None


def assert_named(database, settings, result, *words):
    assert (result.outcome, result.exit_code, result.word) == (
        "partial",
        3,
        "quarantine",
    ), result
    assert is_partial_and_not_stale(database, settings)
    said = " ".join(" ".join(row) for row in quarantined(database))
    for word in words:
        assert word in said


def assert_the_others_are_right(database, fifty, odd):
    key = performance_id(fifty, odd)
    found, wanted = figures(database), odd_accounts.truth(fifty)
    assert len(wanted) == odd_accounts.EVENTS
    found.pop(key, None)
    wanted.pop(key)
    same(found, wanted)


def assert_clean_once_repaired(database, settings, fifty):
    fifty.odd_records.repair()
    result = attempt(database, settings)
    assert (result.outcome, result.exit_code) == ("success", 0), result
    assert quarantined(database) == []
    if match.adopt(database, settings):  # what could not be read before
        run(database, settings)
    same(figures(database), odd_accounts.truth(fifty))


def in_the_listing(database, settings, fifty, odd, kind):
    plan(fifty, kind, event_id(fifty, odd))
    result = listed(database, settings, fifty)
    assert (result.exit_code, result.word) == (3, "quarantine")
    result = attempt(database, settings)
    title = fifty.platform_name.replace("_", " ").title()
    assert_named(database, settings, result, event_id(fifty, odd), f"at {title}")
    assert_the_others_are_right(database, fifty, odd)
    if kind in READ_ALL_THE_SAME:
        same(figures(database), odd_accounts.truth(fifty))
    assert_clean_once_repaired(database, settings, fifty)


ODD = [pair for pair in itertools.product(odd_accounts.ALL, KINDS) if can_be_odd(*pair)]
NEW = ("nameless draft", "half an emoji")  # one that is not read, and one that is


def plan_each(fifty, kinds):
    """
    An odd event of each of these kinds; returns their performances by kind.
    """
    performances = odd_accounts.odd_performances(fifty, len(kinds))
    odd = dict(zip(kinds, performances, strict=True))
    for kind, performance in odd.items():
        plan(fifty, kind, event_id(fifty, performance))
    return odd


@pytest.mark.parametrize("name", odd_accounts.ALL)
@pytest.mark.sampled(3)
def test_events_that_are_odd_at_first_stop_nothing_else(sqlite, settings, fifty):
    """
    All kinds in one account at once; one by one in the drills.
    """
    odd = plan_each(fifty, NEW)
    ids = [event_id(fifty, performance) for performance in odd.values()]
    result = listed(sqlite, settings, fifty)
    assert (result.exit_code, result.word) == (3, "quarantine")
    assert_named(sqlite, settings, attempt(sqlite, settings), *ids)
    found, wanted = figures(sqlite), odd_accounts.truth(fifty)
    for kind, performance in odd.items():
        if kind not in READ_ALL_THE_SAME:
            key = performance_id(fifty, performance)
            found.pop(key, None)
            del wanted[key]
    same(found, wanted)
    assert_clean_once_repaired(sqlite, settings, fifty)


@pytest.mark.parametrize("name", odd_accounts.ALL)
@pytest.mark.sampled(3)
def test_events_that_become_odd_in_every_way_keep_their_figures(
    sqlite, settings, fifty, name
):
    set_up(sqlite, settings, fifty, name, is_read=True, world="fifty")
    odd = plan_each(fifty, [kind for kind in KINDS if can_be_odd(name, kind)])
    ids = [event_id(fifty, performance) for performance in odd.values()]
    assert_named(sqlite, settings, attempt(sqlite, settings), *ids)
    assert len(quarantined(sqlite)) == len(odd)
    same(figures(sqlite), odd_accounts.truth(fifty))
    assert_clean_once_repaired(sqlite, settings, fifty)


@pytest.mark.drill
@pytest.mark.parametrize(("name", "kind"), [pair for pair in ODD if pair[1] in NEW])
def test_an_event_that_is_odd_at_first_stops_nothing_else(
    sqlite, settings, fifty, odd, kind
):
    in_the_listing(sqlite, settings, fifty, odd, kind)


@pytest.mark.drill
@pytest.mark.parametrize(("name", "kind"), ODD)
def test_an_event_that_becomes_odd_keeps_its_figures(
    sqlite, settings, fifty, odd, name, kind
):
    set_up(sqlite, settings, fifty, name, is_read=True, world="fifty")
    plan(fifty, kind, event_id(fifty, odd))
    result = attempt(sqlite, settings)
    assert_named(sqlite, settings, result, event_id(fifty, odd))
    same(figures(sqlite), odd_accounts.truth(fifty))
    assert_clean_once_repaired(sqlite, settings, fifty)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("name", ["eventbrite"])
def test_text_that_cannot_be_stored_is_the_same_on_postgresql(
    database, settings, fifty, odd, kind
):
    in_the_listing(database, settings, fifty, odd, kind)


@pytest.mark.parametrize("kind", REFUSALS)
@pytest.mark.parametrize("name", ["ticket_tailor", "eventbrite", "humanitix", "wix"])
@pytest.mark.sampled(4)
def test_an_event_whose_orders_are_refused_stops_nothing_else(
    sqlite, settings, fifty, odd, kind, name
):
    if name == "eventbrite":
        fifty.platform.expands = False  # attendees are read by event
    event = event_id(fifty, odd)
    plan(fifty, kind, event)
    assert listed(sqlite, settings, fifty).exit_code == 0
    if name == "wix":
        run(sqlite, settings)  # all orders in one list, which nobody refuses
        result = attempt(sqlite, settings, events=(event,))
        assert (result.exit_code, result.word) == (3, "quarantine")
        same(figures(sqlite), odd_accounts.truth(fifty))
    else:
        result = attempt(sqlite, settings)
        assert_named(sqlite, settings, result, event)
        assert_the_others_are_right(sqlite, fifty, odd)
    assert_clean_once_repaired(sqlite, settings, fifty)


PARTS = [
    ("eventbrite", eventbrite.EMPTY_ORGANISATION, "forbidden"),
    ("eventbrite", eventbrite.EMPTY_ORGANISATION, "unknown"),
    ("humanitix", "NZ", "forbidden"),
    ("square", square_records.SECOND, "forbidden"),
]


@pytest.mark.parametrize(("name", "part", "kind"), PARTS)
@pytest.mark.sampled(4)
def test_a_part_of_the_account_that_is_refused_stops_nothing_else(
    sqlite, settings, fifty, name, part, kind, monkeypatch
):
    """
    An organisation, a region or a location. What is read is right, and nothing that was
    read of the part before is taken away.
    """
    if name == "humanitix":
        monkeypatch.setitem(OPTIONS, name, {"regions": "AU,NZ"})
    set_up(sqlite, settings, fifty, name, is_read=True, world="parts")
    plan(fifty, kind, part, is_part=True)
    for options in ({}, {"full": True}):
        result = attempt(sqlite, settings, **options)
        assert_named(sqlite, settings, result, part)
        same(figures(sqlite), odd_accounts.truth(fifty))
    assert_clean_once_repaired(sqlite, settings, fifty)


@pytest.mark.parametrize("name", ["eventbrite"])
def test_sales_of_a_part_that_was_refused_arrive_once_it_can_be_read(
    sqlite, settings, fifty, odd, frozen, name
):
    set_up(sqlite, settings, fifty, name, is_read=True, world="fifty")
    organisation = fifty.platform.organisations[0]
    plan(fifty, "forbidden", organisation, is_part=True)
    there = fifty.platform.world
    there.now += 1200
    frozen(NOW + timedelta(seconds=1200))
    world.add_sale(there, odd, (there.now - 5, there.now))
    assert_named(sqlite, settings, attempt(sqlite, settings), organisation)
    there.now += 1200  # longer than the overlap of two reads
    frozen(NOW + timedelta(seconds=2400))
    assert_named(sqlite, settings, attempt(sqlite, settings), organisation)
    assert_clean_once_repaired(sqlite, settings, fifty)


@pytest.mark.parametrize("name", ["eventbrite"])
def test_a_key_that_may_read_no_organisation_is_refused(sqlite, settings, fifty, name):
    set_up(sqlite, settings, fifty, name, is_read=True, world="fifty")
    for organisation in fifty.platform.organisations:
        plan(fifty, "forbidden", organisation, is_part=True)
    result = attempt(sqlite, settings)
    assert (result.exit_code, result.word) == (4, "refused-credentials")
    same(figures(sqlite), odd_accounts.truth(fifty))


@pytest.mark.parametrize("name", ["humanitix"])
def test_orders_of_no_event_at_all_mean_that_the_list_is_gone(
    sqlite, settings, fifty, name
):
    set_up(sqlite, settings, fifty, name, is_read=True, world="fifty")
    for performance in fifty.platform.world.performances:
        plan(fifty, "unknown", event_id(fifty, performance))
    result = attempt(sqlite, settings, full=True)
    assert (result.exit_code, result.word) == (6, "endpoint-gone")
    same(figures(sqlite), odd_accounts.truth(fifty))


@pytest.mark.parametrize("name", ["humanitix"])
def test_an_event_that_is_refused_later_keeps_its_orders_and_its_link_says_so(
    sqlite, settings, fifty, odd, name
):
    set_up(sqlite, settings, fifty, name, is_read=True, world="fifty")
    plan(fifty, "unknown", event_id(fifty, odd))
    result = attempt(sqlite, settings)
    assert_named(sqlite, settings, result, event_id(fifty, odd))
    same(figures(sqlite), odd_accounts.truth(fifty))
    with sqlite.read() as connection:
        held = occurrences.list_occurrences(connection)
    key = performance_id(fifty, odd)
    status = {o.provider_occurrence_id: o.link_status for o in held}
    assert status.pop(key) == "error"
    assert "error" not in status.values()
    assert all(o.gone_since is None for o in held)
    assert_clean_once_repaired(sqlite, settings, fifty)


@pytest.mark.parametrize("text", [odd_records.HALF_AN_EMOJI, odd_records.NUL])
@pytest.mark.parametrize("name", ["eventbrite"])
def test_text_in_orders_people_and_ticket_types_does_not_matter(
    database, settings, fifty, name, text, monkeypatch
):
    """
    Names of buyers, of ticket types and of guests: on both databases, with people kept.
    """
    respond = fifty.platform.respond

    def odd_names(request):
        response = respond(request)
        body = response.body
        for word in (b"Guest ", b"Adult"):
            body = body.replace(word, word + json.dumps(text)[1:-1].encode() + b" ")
        return replace(response, body=body)

    monkeypatch.setattr(fifty.platform, "respond", odd_names)
    keeps = {name: AccountSettings(keep_people=True) for name in (fifty.platform_name,)}
    settings = replace(settings, accounts=keeps)
    assert listed(database, settings, fifty).exit_code == 0
    run(database, settings)
    same(figures(database), odd_accounts.truth(fifty))


@pytest.mark.parametrize("name", ["ticket_tailor"])
def test_a_link_to_the_next_page_that_cannot_be_parsed_loses_no_page(
    sqlite, settings, fifty, name, monkeypatch
):
    monkeypatch.setattr(ticket_tailor_lists, "PAGE_SIZE", 10)
    fifty.faults.plan(Plan("next-elsewhere:http://[", "/", times=9999))
    assert listed(sqlite, settings, fifty).exit_code == 0
    run(sqlite, settings)
    same(figures(sqlite), odd_accounts.truth(fifty))
