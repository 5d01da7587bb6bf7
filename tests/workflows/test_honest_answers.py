"""
A platform that is honest is not refused for ever: what looks like a list that is not
whole ends with a person's word, or with the next read of everything.
"""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from support import platform_accounts as accounts
from support.dates import NOW, TODAY
from support.ticket_tailor_account import connect

from ticketsync.core import clock
from ticketsync.sales import stored_orders
from ticketsync.sandbox import platforms, server, ticket_tailor, world
from ticketsync.sandbox.fake_platform import json_response
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request


def attempt(database, settings, **options):
    return sync.sync(database, settings, Request(**options)).exit_code


@pytest.mark.thorough
def test_an_event_that_counts_more_orders_than_it_lists_is_accepted_once(
    sqlite, sandbox, settings, monkeypatch
):
    """
    The event counts three times the orders that its list shows. A person accepts that;
    it is not requested again, but a list that then loses orders is refused.
    """
    plain = ticket_tailor.TicketTailor._event

    def counting(self, performance, *arguments, **options):
        event = plain(self, performance, *arguments, **options)
        return {**event, "total_orders": 3 * event["total_orders"]}

    monkeypatch.setattr(ticket_tailor.TicketTailor, "_event", counting)
    connect(sqlite, sandbox.url)
    sync.fetch_listing(sqlite, settings, [])
    accounts.adopt(sqlite)
    assert attempt(sqlite, settings) == 7
    assert attempt(sqlite, settings) == 7
    assert attempt(sqlite, settings, accept_shrink=True) == 0
    assert attempt(sqlite, settings) == 0
    assert attempt(sqlite, settings, full=True) == 0
    first = max(
        sandbox.world.performances,
        key=lambda p: sum(o.performance is p for o in sandbox.world.purchases),
    )
    kept = [p for p in sandbox.world.purchases if p.performance is first][:1]
    others = [p for p in sandbox.world.purchases if p.performance is not first]
    sandbox.world.purchases[:] = kept + others
    sandbox.ticket_tailor.invalidate()
    assert attempt(sqlite, settings, full=True) == 7


@pytest.mark.parametrize("name", ["eventbrite", "square"])
@pytest.mark.thorough
def test_a_platform_that_shows_no_change_is_read_whole_by_the_next_run(
    name, sqlite, frozen, monkeypatch, settings
):
    """
    The newest order was deleted: nothing shows a change since. That run says so; the
    next one reads everything and is right, and the one after it asks for changes again.
    """
    (fake_platform,) = platforms.build_others(today=TODAY, orders=60, names=[name])
    small = server.Sandbox(world.build(today=TODAY, orders=1), others=(fake_platform,))
    small.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("KEY", fake_platform.key)
    with server.serving(small) as url:
        accounts.connect(sqlite, name, small.url(url, name))
        sync.fetch_listing(sqlite, settings, [])
        accounts.adopt(sqlite)
        assert attempt(sqlite, settings) == 0
        purchases = fake_platform.world.purchases
        newest = max(max(p.changed_at, p.placed_at) for p in purchases)
        edge = newest - 3600
        fake_platform.world.purchases[:] = [
            p for p in purchases if max(p.changed_at, p.placed_at) < edge
        ]
        ended = [attempt(sqlite, settings) for _ in range(3)]
    assert ended[0] == 6
    assert ended[-1] == 0


# A second list that names what the list of orders has no more


@pytest.fixture
def database(sqlite):
    """
    What a platform lists has nothing to do with the kind of database.
    """
    return sqlite


def more_attendees(request, page):
    """
    Eventbrite counts three times the attendees that orders have.
    """
    if "/organizations/" in request.path and not request.get("changed_since"):
        page["pagination"]["object_count"] *= 3


def guests_of_deleted_orders(request, page):
    """
    Wix still has the guests of orders that were deleted: two of each that is there.
    """
    if request.body["query"].get("filter") is None:
        page["guests"] += [
            {**row, "id": f"{n}{row['id']}", "orderNumber": f"{n}{row['orderNumber']}"}
            for row in page["guests"]
            if row.get("orderNumber")
            for n in (1, 2)
        ]


def payments_of_unlisted_orders(request, page):
    """
    Square lists payments of orders that no search finds: two of each that it finds.
    """
    if not request.get("updated_at_begin_time"):
        page["payments"] += [
            {"id": f"{n}{row['id']}", "order_id": f"{n}{row.get('order_id')}"}
            for row in page["payments"]
            for n in (1, 2)
        ]


SECOND_LISTS = {
    "eventbrite": ("/attendees/", more_attendees),
    "wix": ("/guests/query", guests_of_deleted_orders),
    "square": ("/v2/payments", payments_of_unlisted_orders),
}


def name_more(fake_server, monkeypatch, name):
    """
    Let the platform's second list name three times what its list of orders has.
    """
    path, add = SECOND_LISTS[name]
    respond = fake_server.platform.respond

    def naming(request):
        answer = respond(request)
        if not request.path.endswith(path) or answer.status != 200:
            return answer
        page = json.loads(answer.body)
        add(request, page)
        return json_response(page)

    monkeypatch.setattr(fake_server.platform, "respond", naming)


@pytest.mark.parametrize("name", SECOND_LISTS)
@pytest.mark.sampled(3)
def test_a_second_list_that_names_more_is_accepted_once(
    synced, settings, fake_server, name, monkeypatch
):
    before = accounts.figures(synced)
    name_more(fake_server, monkeypatch, name)
    refused = accounts.attempt(synced, settings, full=True)
    assert (refused.exit_code, refused.word) == (7, "guard-shrink")
    assert f"ticketsync sync {name} --accept-shrink" in refused.hint
    assert accounts.attempt(synced, settings).exit_code == 7
    assert accounts.attempt(synced, settings, accept_shrink=True).exit_code == 0
    assert accounts.attempt(synced, settings).exit_code == 0
    assert accounts.attempt(synced, settings, full=True).exit_code == 0
    assert accounts.figures(synced) == before


@pytest.mark.parametrize("name", ["wix"])
def test_what_was_accepted_is_forgotten_once_the_lists_agree(
    synced, settings, fake_server, name, monkeypatch
):
    with monkeypatch.context() as patch:
        name_more(fake_server, patch, name)
        options = {"full": True, "accept_shrink": True}
        assert accounts.attempt(synced, settings, **options).exit_code == 0
    assert accounts.attempt(synced, settings, full=True).exit_code == 0
    name_more(fake_server, monkeypatch, name)
    assert accounts.attempt(synced, settings, full=True).exit_code == 7


@pytest.mark.parametrize("name", [*SECOND_LISTS, "humanitix"])
@pytest.mark.sampled(4)
def test_orders_that_were_deleted_are_accepted_once(
    synced, settings, fake_server, name
):
    """
    Four of five, by the venue itself; also after a read that only asked for all of
    them once.
    """
    before = accounts.figures(synced)
    fake_server.platform.world.purchases[:] = fake_server.platform.world.purchases[::5]
    fake_server.platform.invalidate()
    assert accounts.attempt(synced, settings, full=True).exit_code == 7
    assert accounts.attempt(synced, settings, accept_shrink=True).exit_code == 0
    assert accounts.attempt(synced, settings).exit_code == 0
    assert accounts.attempt(synced, settings, full=True).exit_code == 0
    assert accounts.figures(synced) == before


@pytest.mark.parametrize("name", ["humanitix", "wix"])
def test_the_command_of_the_message_accepts_deleted_orders_of_a_date_long_over(
    synced, settings, fake_server, name
):
    """
    Humanitix is read date by date, and an ordinary run reads none that is long over.
    """
    settings = replace(settings, sync=replace(settings.sync, days_back=5))
    there = fake_server.platform.world
    over = {p.id for p in there.performances if (NOW - p.starts_at).days > 5}
    there.purchases[:] = [p for p in there.purchases if p.performance.id not in over]
    fake_server.platform.invalidate()
    refused = accounts.attempt(synced, settings, full=True)
    assert (refused.exit_code, refused.word) == (7, "guard-shrink")
    full = {"humanitix": "--full ", "wix": ""}[name]
    assert f"run `ticketsync sync {name} {full}--accept-shrink` once" in refused.hint
    options = {"full": bool(full), "accept_shrink": True}
    assert accounts.attempt(synced, settings, **options).exit_code == 0
    for read in ({}, {"full": True}):
        assert accounts.attempt(synced, settings, **read).exit_code == 0


@pytest.mark.parametrize("name", ["wix"])
def test_deleted_orders_that_guests_and_payments_still_name_are_named(
    synced, settings, fake_server, name, monkeypatch, frozen
):
    """
    On a quiet site: four orders changed and were deleted, and nothing else happened.
    """
    before = accounts.figures(synced)
    fake_platform = fake_server.platform
    there = fake_platform.world
    there.now += 600
    frozen(NOW + timedelta(seconds=600))
    changed = set(world.change_some(there, 4, 20))
    left = [p for p in there.purchases if p.id not in changed]
    respond = fake_platform.respond

    def lacking(request):
        if "/orders" not in request.path:
            return respond(request)
        whole, there.purchases = there.purchases, left
        try:
            return respond(request)
        finally:
            there.purchases = whole

    monkeypatch.setattr(fake_platform, "respond", lacking)
    outcome = sync.sync(synced, settings, Request())
    assert outcome.exit_code == 0
    assert outcome.notes == (
        f"{fake_platform.name}: 4 orders are no longer listed; they still count, see "
        "`status`",
    )
    assert sync.sync(synced, settings, Request()).notes == ()
    with synced.read() as connection:
        assert len(stored_orders.list_delisted_orders(connection, 1)) == 4
    assert accounts.figures(synced) == before
