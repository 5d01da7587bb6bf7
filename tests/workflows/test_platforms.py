"""
Every other platform against its own truth: first read, nothing new, changes, a day.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import NOW, TODAY
from support.platform_accounts import (  # noqa: F401  # others know them by this file
    NUMBERS,
    OPTIONS,
    adopt,
    connect,
    expected,
    figures,
    key_of,
    run,
    same,
    set_up,
)
from test_sync import dump

from ticketsync.catalogue import occurrences
from ticketsync.core import clock
from ticketsync.reporting import numbers
from ticketsync.sandbox import platforms, server, world
from ticketsync.workflows import integrity_check, sync


@pytest.fixture(params=tuple(platforms.PLAYED))
def name(request):
    return request.param


@pytest.fixture
def played(name, frozen, monkeypatch):
    """
    One other platform on loopback.
    """
    player = platforms.others(today=TODAY, orders=120, names=[name])[0]
    sandbox = server.Sandbox(world.build(today=TODAY, orders=10), others=(player,))
    sandbox.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("KEY", player.key)
    with server.serving(sandbox) as address:
        sandbox.address = sandbox.url(address, name)
        sandbox.player = player
        yield sandbox


@pytest.mark.parametrize("name", ["eventbrite", "humanitix", "wix"])
def test_currencies_without_cents_and_with_three_digits(
    sqlite, settings, name, frozen, monkeypatch
):
    habits, player = platforms.PLAYED[name]
    first, second = habits.works
    odd = replace(habits, currencies={first: "JPY", second: "KWD"})
    played = player(world.build(today=TODAY, orders=60, habits=odd))
    sandbox = server.Sandbox(world.build(today=TODAY, orders=10), others=(played,))
    sandbox.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("KEY", played.key)
    with server.serving(sandbox) as address:
        connect(sqlite, name, sandbox.url(address, name))
        sync.fetch_listing(sqlite, settings, [])
        adopt(sqlite)
        run(sqlite, settings)
        world.change_some(played.world, 8, 6)
        played.world.now += 60
        run(sqlite, settings, full=True)
    same(figures(sqlite), expected(sandbox, name))
    with sqlite.read() as session:
        found = {f.currency: f.as_json()["gross"] for f in numbers.figures(session)}
    assert "." not in found["JPY"]
    assert len(found["KWD"].partition(".")[2]) == 3


@pytest.fixture
def synced(database, settings, played, name):
    set_up(database, settings, played, name, is_read=True)
    return database


def test_a_first_sync_is_the_truth(synced, played, name):
    same(figures(synced), expected(played, name))


def test_a_second_sync_changes_nothing(synced, settings):
    before = dump(synced)
    result = run(synced, settings)
    assert result.counts.updated == result.counts.created == 0
    assert dump(synced) == before


def test_changes_of_old_orders_arrive_without_a_sweep(
    synced, settings, played, name, frozen
):
    player = played.player
    player.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    number = 12
    changed = world.change_some(player.world, number, 6)
    player.forget()
    played.log.clear()
    result = run(synced, settings)
    assert result.swept is False
    assert result.counts.updated == len(changed)
    same(figures(synced), expected(played, name))
    everything = figures(synced)
    run(synced, settings, full=True)
    assert figures(synced) == everything


def test_another_day_is_the_truth_again(synced, settings, played, name, frozen):
    world.next_day(played.player.world)
    played.player.forget()
    frozen(NOW + timedelta(days=1))
    run(synced, settings)
    same(figures(synced), expected(played, name))


def test_replaying_the_stored_versions_changes_no_figure(synced, settings):
    before = figures(synced)
    outcome = sync.replay(synced, settings, [])
    assert outcome.exit_code == 0
    assert figures(synced) == before


def test_after_changes_and_a_day_the_books_are_what_the_records_come_to(
    synced, settings, played, name, frozen
):
    """
    A replay then finds nothing to write, whatever the orders went through.
    """
    player = played.player
    player.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    world.change_some(player.world, 12, 6)
    player.forget()
    run(synced, settings)
    world.next_day(player.world)
    player.forget()
    frozen(NOW + timedelta(days=1))
    run(synced, settings, full=True)

    assert integrity_check.check(synced, settings, deep=True).rows == ()
    before = dump(synced)
    (result,) = sync.replay(synced, settings, []).results
    assert (result.counts.created, result.counts.updated) == (0, 0)
    assert result.counts.unchanged == result.counts.processed > 100
    assert dump(synced) == before


@pytest.mark.parametrize("name", ["eventbrite", "wix", "square"])
def test_orders_of_an_account_that_had_none_arrive(
    database, settings, played, name, frozen
):
    later = list(played.player.world.purchases)
    played.player.world.purchases.clear()
    connect(database, name, played.address)
    sync.fetch_listing(database, settings, [])
    adopt(database)
    run(database, settings)
    played.player.world.purchases.extend(later)
    run(database, settings)
    same(figures(database), expected(played, name))


@pytest.mark.parametrize("name", ["eventbrite", "humanitix", "wix", "square"])
def test_nothing_changed_asks_little(synced, settings, played, name):
    """
    Beside the listing: two requests per organisation, one per linked event, and for
    Wix the guests, the transactions, the newest orders and those of late refunds.
    For Square the orders, each of two locations' payments, the refunds, and the orders
    that changed within the overlap with the returns of these: it was 47 once.
    """
    listing = {
        "square": ("/v2/locations", "/v2/catalog/list"),
        "eventbrite": ("/events/", "/users/me/"),
        "humanitix": ("/v1/events?",),
        "wix": ("/events/query",),
    }[name]
    played.log.clear()
    run(synced, settings)
    asked = [target for _, target, _ in played.log]
    beside = [t for t in asked if not any(part in t for part in listing)]
    most = {"eventbrite": 2 * 2, "humanitix": 2, "wix": 4, "square": 6}[name]
    assert 0 < len(beside) <= most, beside


class _Unlimited:
    """
    A call budget without an end: what is counted here is calls, not minutes.
    """

    def __init__(self, *args, **options):
        pass

    def take(self, longest):
        return True

    def close(self):
        pass


def many_dates(habits, number, *, as_works):
    """
    A world of that many dates with an order each: dates of one work, or works.
    """
    built = world.build(today=TODAY, orders=number, habits=habits)
    first = built.performances[-1]
    work = first.work
    works = [replace(work, id=5000 + n) if as_works else work for n in range(number)]
    built.performances = [
        replace(
            first,
            id=60000 + n,
            work=works[n],
            starts=first.starts + timedelta(minutes=n),
        )
        for n in range(number)
    ]
    built.works = works if as_works else [work]
    for n, purchase in enumerate(built.purchases):
        purchase.performance = built.performances[n % number]
    return built


@pytest.mark.parametrize(
    ("name", "as_works", "most"),
    [("eventbrite", False, 2 * 2), ("humanitix", True, 200)],
)
def test_nothing_changed_on_200_linked_events_asks_no_more_than_promised(
    sqlite, settings, name, as_works, most, frozen, monkeypatch
):
    """
    Eventbrite: two requests per organisation (there are two), whatever it holds.
    Humanitix: one per linked event.
    """
    habits, player = platforms.PLAYED[name]
    played = player(many_dates(habits, 200, as_works=as_works), limit=10**6)
    sandbox = server.Sandbox(world.build(today=TODAY, orders=10), others=(played,))
    sandbox.clock = lambda: clock.now().timestamp()
    monkeypatch.setattr("ticketsync.workflows.account_run.CallBudget", _Unlimited)
    monkeypatch.setenv("KEY", played.key)
    with server.serving(sandbox) as address:
        connect(sqlite, name, sandbox.url(address, name))
        sync.fetch_listing(sqlite, settings, [])
        adopt(sqlite)
        run(sqlite, settings)
        sandbox.log.clear()
        result = run(sqlite, settings)
    assert result.counts.created == result.counts.updated == 0
    listing = ("/events/?", "/users/me/", "/v1/events?")
    asked = [target for _, target, _ in sandbox.log]
    beside = [t for t in asked if not any(part in t for part in listing)]
    assert len(beside) == most
    with sqlite.read() as session:
        linked = [
            o for o in occurrences.list_occurrences(session) if o.show_id is not None
        ]
    assert len(linked) == 200
