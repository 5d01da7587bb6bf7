"""
One odd record of a platform stops nothing else: of fifty events the others are read, it
is named with what to do, and once it is repaired at the platform the next run is clean.
"""

import itertools

import pytest
from support import odd_accounts
from support.odd_accounts import event_id, odd_performance, performance_id, serving
from support.platform_accounts import (
    adopt,
    attempt,
    connect,
    figures,
    run,
    same,
)

from ticketsync.accounts import health
from ticketsync.core import clock
from ticketsync.reporting import sales
from ticketsync.sandbox.odd_records import (
    KINDS,
    REFUSALS,
    OddRecord,
    can_be_odd,
)
from ticketsync.workflows import match
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
        return sales.list_quarantined(connection)


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


@pytest.mark.parametrize(
    ("name", "kind"),
    [pair for pair in itertools.product(odd_accounts.ALL, KINDS) if can_be_odd(*pair)],
)
def test_an_odd_event_stops_nothing_else(sqlite, settings, fifty, odd, kind):
    in_the_listing(sqlite, settings, fifty, odd, kind)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("name", ["eventbrite"])
def test_text_that_cannot_be_stored_is_the_same_on_postgresql(
    database, settings, fifty, odd, kind
):
    in_the_listing(database, settings, fifty, odd, kind)


@pytest.mark.parametrize("kind", REFUSALS)
@pytest.mark.parametrize("name", ["ticket_tailor", "eventbrite", "humanitix", "wix"])
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
