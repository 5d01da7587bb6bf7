"""
Every other platform against its own truth: first read, nothing new, changes, a day.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from support.database_dump import dump
from support.dates import NOW, TODAY
from support.platform_accounts import (
    adopt,
    connect,
    expected,
    figures,
    run,
    same,
)

from ticketsync.catalogue import occurrences
from ticketsync.core import clock
from ticketsync.reporting import figures_of_shows
from ticketsync.sandbox import platforms, server, world
from ticketsync.workflows import integrity_check
from ticketsync.workflows.accounts import account_client
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.replay import replay


@pytest.mark.parametrize("name", ["eventbrite", "humanitix", "wix"])
def test_currencies_without_cents_and_with_three_digits(
    sqlite, settings, name, frozen, monkeypatch
):
    profile, platform_class = platforms.PLATFORMS[name]
    first, second = profile.production_ids
    odd = replace(profile, currencies={first: "JPY", second: "KWD"})
    fake_platform = platform_class(world.build(today=TODAY, orders=60, profile=odd))
    sandbox = server.Sandbox(
        world.build(today=TODAY, orders=10), others=(fake_platform,)
    )
    sandbox.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("KEY", fake_platform.key)
    with server.serving(sandbox) as address:
        connect(sqlite, name, sandbox.url(address, name))
        sync.fetch_listing(sqlite, settings, [])
        adopt(sqlite)
        run(sqlite, settings)
        world.change_some(fake_platform.world, 8, 6)
        fake_platform.world.now += 60
        run(sqlite, settings, full=True)
    same(figures(sqlite), expected(sandbox, name))
    with sqlite.read() as connection:
        found = {
            f.currency: f.as_json()["gross"]
            for f in figures_of_shows.figures(connection)
        }
    assert "." not in found["JPY"]
    assert len(found["KWD"].partition(".")[2]) == 3


def test_a_first_sync_is_the_truth(synced, fake_server, name):
    same(figures(synced), expected(fake_server, name))


def test_a_second_sync_changes_nothing(synced, settings):
    before = dump(synced)
    result = run(synced, settings)
    assert result.counts.updated == result.counts.created == 0
    assert dump(synced) == before


def test_changes_of_old_orders_arrive_without_a_sweep(
    synced, settings, fake_server, name, frozen
):
    fake_platform = fake_server.platform
    fake_platform.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    number = 12
    changed = world.change_some(fake_platform.world, number, 6)
    fake_platform.invalidate()
    fake_server.log.clear()
    result = run(synced, settings)
    assert result.swept is False
    assert result.counts.updated == len(changed)
    same(figures(synced), expected(fake_server, name))
    everything = figures(synced)
    run(synced, settings, full=True)
    assert figures(synced) == everything


def test_another_day_is_the_truth_again(synced, settings, fake_server, name, frozen):
    world.next_day(fake_server.platform.world)
    fake_server.platform.invalidate()
    frozen(NOW + timedelta(days=1))
    run(synced, settings)
    same(figures(synced), expected(fake_server, name))


def test_replaying_the_stored_versions_changes_no_figure(synced, settings):
    before = figures(synced)
    outcome = replay(synced, settings, [])
    assert outcome.exit_code == 0
    assert figures(synced) == before


@pytest.mark.sampled(4)
def test_after_changes_and_a_day_the_books_are_what_the_records_come_to(
    synced, settings, fake_server, name, frozen
):
    """
    A replay then finds nothing to write, whatever the orders went through.
    """
    fake_platform = fake_server.platform
    fake_platform.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    world.change_some(fake_platform.world, 12, 6)
    fake_platform.invalidate()
    run(synced, settings)
    world.next_day(fake_platform.world)
    fake_platform.invalidate()
    frozen(NOW + timedelta(days=1))
    run(synced, settings, full=True)

    assert integrity_check.check(synced, settings, deep=True).rows == ()
    before = dump(synced)
    (result,) = replay(synced, settings, []).results
    assert (result.counts.created, result.counts.updated) == (0, 0)
    assert result.counts.unchanged == result.counts.processed > 100
    assert dump(synced) == before


@pytest.mark.parametrize("name", ["eventbrite", "wix", "square"])
@pytest.mark.sampled(3)
def test_orders_of_an_account_that_had_none_arrive(
    database, settings, fake_server, name, frozen
):
    later = list(fake_server.platform.world.purchases)
    fake_server.platform.world.purchases.clear()
    connect(database, name, fake_server.address)
    sync.fetch_listing(database, settings, [])
    adopt(database)
    run(database, settings)
    fake_server.platform.world.purchases.extend(later)
    run(database, settings)
    same(figures(database), expected(fake_server, name))


@pytest.mark.parametrize("name", ["eventbrite", "humanitix", "wix", "square"])
def test_nothing_changed_asks_little(synced, settings, fake_server, name):
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
    fake_server.log.clear()
    run(synced, settings)
    asked = [target for _, target, _ in fake_server.log]
    beside = [t for t in asked if not any(part in t for part in listing)]
    most = {"eventbrite": 2 * 2, "humanitix": 2, "wix": 4, "square": 6}[name]
    assert 0 < len(beside) <= most, beside


@pytest.mark.parametrize("name", ["humanitix"])
def test_a_buyer_who_only_changes_a_name_is_read_once(synced, settings, fake_server):
    """
    Nothing of that is stored, so that no figure changes; the place where the next read
    goes on does.
    """
    purchases = fake_server.platform.world.purchases
    newest = max(purchases, key=lambda purchase: purchase.changed_at)
    newest.buyer += 1  # in the same second as the last change
    calls = []
    for _ in range(3):
        fake_server.log.clear()
        run(synced, settings)
        calls.append(len(fake_server.log))
    assert calls[0] > calls[1] == calls[2]


class _Unlimited:
    """
    A call budget without an end: what is counted here is calls, not minutes.
    """

    def __init__(self, *args, **options):
        pass

    def take(self, longest, stop=None):
        return True

    def close(self):
        pass


def many_dates(profile, number, *, as_productions):
    """
    A world of that many performances with one order each, of one production or of
    as many productions.
    """
    built = world.build(today=TODAY, orders=number, profile=profile)
    first = built.performances[-1]
    production = first.production
    productions = [
        replace(production, id=5000 + n) if as_productions else production
        for n in range(number)
    ]
    built.performances = [
        replace(
            first,
            id=60000 + n,
            production=productions[n],
            starts_at=first.starts_at + timedelta(minutes=n),
        )
        for n in range(number)
    ]
    built.productions = productions if as_productions else [production]
    for n, purchase in enumerate(built.purchases):
        purchase.performance = built.performances[n % number]
    return built


@pytest.mark.parametrize(
    ("name", "as_productions", "most"),
    [("eventbrite", False, 2 * 2), ("humanitix", True, 200)],
)
@pytest.mark.thorough
def test_nothing_changed_on_200_linked_events_asks_no_more_than_promised(
    sqlite, settings, name, as_productions, most, frozen, monkeypatch
):
    """
    Eventbrite: two requests per organisation (there are two), whatever it holds.
    Humanitix: one per linked event.
    """
    profile, platform_class = platforms.PLATFORMS[name]
    fake_platform = platform_class(
        many_dates(profile, 200, as_productions=as_productions), limit=10**6
    )
    sandbox = server.Sandbox(
        world.build(today=TODAY, orders=10), others=(fake_platform,)
    )
    sandbox.clock = lambda: clock.now().timestamp()
    monkeypatch.setattr(account_client, "CallBudget", _Unlimited)
    monkeypatch.setenv("KEY", fake_platform.key)
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
    with sqlite.read() as connection:
        linked = [
            o for o in occurrences.list_occurrences(connection) if o.show_id is not None
        ]
    assert len(linked) == 200
