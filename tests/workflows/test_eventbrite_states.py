"""
Eventbrite over whole syncs: orders that nobody has paid, attendees of an unknown
status, check-ins at the platform's own door.
"""

import json
from datetime import timedelta

import pytest
from support.dates import TODAY
from support.platform_accounts import expected, figures, run, same, set_up

from ticketsync.core import clock
from ticketsync.sales import quarantine
from ticketsync.sandbox import platforms, server, world
from ticketsync.sandbox.faults import HttpResponse
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request


@pytest.fixture
def fake_server(frozen, monkeypatch):
    fake_platform = platforms.build_others(
        today=TODAY, orders=120, names=["eventbrite"]
    )[0]
    sandbox = server.Sandbox(
        world.build(today=TODAY, orders=10), others=(fake_platform,)
    )
    sandbox.clock = lambda: clock.now().timestamp()
    sandbox.platform = fake_platform
    monkeypatch.setenv("KEY", fake_platform.key)
    with server.serving(sandbox) as address:
        sandbox.address = sandbox.url(address, "eventbrite")
        yield sandbox


@pytest.fixture
def synced(sqlite, settings, fake_server):
    set_up(sqlite, settings, fake_server, "eventbrite", is_read=True)
    return sqlite


def later(fake_server, frozen, seconds):
    fake_server.platform.world.now += seconds
    frozen(clock.now() + timedelta(seconds=seconds))


def in_state(fake_server, state):
    return next(p for p in fake_server.platform.world.purchases if p.state == state)


@pytest.mark.parametrize("state", ["unpaid", "pending", "started"])
def test_an_unpaid_order_counts_once_it_is_paid_and_not_before(
    synced, settings, fake_server, frozen, state
):
    purchase = in_state(fake_server, state)
    night = f"88{purchase.performance.id}"
    before = figures(synced)
    same(before, expected(fake_server, "eventbrite"))
    later(fake_server, frozen, 600)
    world.mark_paid(fake_server.platform.world, purchase)

    run(synced, settings)

    after = figures(synced)
    same(after, expected(fake_server, "eventbrite"))
    sold = after[night]["tickets_sold"] - before[night]["tickets_sold"]
    assert sold == len(purchase.seats)


@pytest.mark.parametrize("state", ["unpaid", "pending", "started"])
def test_an_order_that_was_given_up_unpaid_never_counts(
    synced, settings, fake_server, frozen, state
):
    before = figures(synced)
    later(fake_server, frozen, 600)
    world.expire_unpaid(fake_server.platform.world, in_state(fake_server, state))

    run(synced, settings)

    assert figures(synced) == before


def test_f22_an_attendee_of_an_unknown_status_is_set_aside_and_the_rest_is_read(
    synced, settings, fake_server, frozen
):
    before = figures(synced)
    later(fake_server, frozen, 600)
    paid = [p for p in fake_server.platform.world.purchases if p.state == "completed"]
    transferred, other = paid[-1], paid[-2]
    for purchase in (transferred, other):
        purchase.changed_at = fake_server.platform.world.now
    spoil = fake_server.faults.apply

    def transfer(path, answer):
        body = json.loads(answer.body)
        for order in body.get("orders", ()):
            if order["id"] == str(transferred.id):
                order["attendees"][0]["status"] = "Transferred"
        return spoil(path, HttpResponse(answer.status, json.dumps(body).encode()))

    fake_server.faults.apply = transfer

    result = sync.sync(synced, settings, Request()).results[0]

    assert (result.outcome, result.exit_code) == ("partial", 3)
    with synced.read() as connection:
        (waiting,) = quarantine.list_unread(connection, 1)
    assert (waiting.provider_id, waiting.word) == (
        str(transferred.id),
        "unknown-status",
    )
    assert "Transferred" in waiting.reason
    assert figures(synced) == before  # its counted version stays in force
    fake_server.faults.apply = spoil
    run(synced, settings, full=True)
    same(figures(synced), expected(fake_server, "eventbrite"))


def test_a_check_in_that_shares_a_second_with_the_bookmark_is_read(
    synced, settings, fake_server, frozen
):
    """
    Two guests in one second, the sync between them.
    """
    free = [
        p
        for p in fake_server.platform.world.purchases
        if p.state == "completed" and not p.seats[0].is_checked_in
    ]
    later(fake_server, frozen, 600)
    world.check_in(fake_server.platform.world, free[0].seats[0])
    run(synced, settings)
    world.check_in(fake_server.platform.world, free[1].seats[0])

    run(synced, settings)

    same(figures(synced), expected(fake_server, "eventbrite"))
    later(fake_server, frozen, 3600)
    result = run(synced, settings)
    assert result.counts.updated == 0
