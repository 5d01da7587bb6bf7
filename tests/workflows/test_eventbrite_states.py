"""
Eventbrite over whole syncs: orders that nobody has paid, attendees of an unknown
status, check-ins at the platform's own door.
"""

import json
from datetime import timedelta

import pytest
from conftest import TODAY
from test_platforms import expected, figures, run, same, set_up

from ticketsync.core import clock
from ticketsync.sales import quarantine
from ticketsync.sandbox import platforms, server, world
from ticketsync.sandbox.faults import Answer
from ticketsync.workflows import sync
from ticketsync.workflows.sync import Request


@pytest.fixture
def played(frozen, monkeypatch):
    player = platforms.others(today=TODAY, orders=120, names=["eventbrite"])[0]
    sandbox = server.Sandbox(world.build(today=TODAY, orders=10), others=(player,))
    sandbox.clock = lambda: clock.now().timestamp()
    sandbox.player = player
    monkeypatch.setenv("KEY", player.key)
    with server.serving(sandbox) as address:
        sandbox.address = sandbox.url(address, "eventbrite")
        yield sandbox


@pytest.fixture
def synced(sqlite, settings, played):
    set_up(sqlite, settings, played, "eventbrite", is_read=True)
    return sqlite


def later(played, frozen, seconds):
    played.player.world.now += seconds
    frozen(clock.now() + timedelta(seconds=seconds))


def in_state(played, state):
    return next(p for p in played.player.world.purchases if p.state == state)


@pytest.mark.parametrize("state", ["unpaid", "pending", "started"])
def test_an_unpaid_order_counts_once_it_is_paid_and_not_before(
    synced, settings, played, frozen, state
):
    purchase = in_state(played, state)
    night = f"88{purchase.performance.id}"
    before = figures(synced)
    same(before, expected(played, "eventbrite"))
    later(played, frozen, 600)
    world.pay(played.player.world, purchase)

    run(synced, settings)

    after = figures(synced)
    same(after, expected(played, "eventbrite"))
    sold = after[night]["tickets_sold"] - before[night]["tickets_sold"]
    assert sold == len(purchase.seats)


@pytest.mark.parametrize("state", ["unpaid", "pending", "started"])
def test_an_order_that_was_given_up_unpaid_never_counts(
    synced, settings, played, frozen, state
):
    before = figures(synced)
    later(played, frozen, 600)
    world.never_paid(played.player.world, in_state(played, state))

    run(synced, settings)

    assert figures(synced) == before


def test_f22_an_attendee_of_an_unknown_status_is_set_aside_and_the_rest_is_read(
    synced, settings, played, frozen
):
    before = figures(synced)
    later(played, frozen, 600)
    paid = [p for p in played.player.world.purchases if p.state == "completed"]
    transferred, other = paid[-1], paid[-2]
    for purchase in (transferred, other):
        purchase.touched = played.player.world.now
    spoil = played.faults.spoil

    def transfer(path, answer):
        body = json.loads(answer.body)
        for order in body.get("orders", ()):
            if order["id"] == str(transferred.id):
                order["attendees"][0]["status"] = "Transferred"
        return spoil(path, Answer(answer.status, json.dumps(body).encode()))

    played.faults.spoil = transfer

    result = sync.sync(synced, settings, Request()).results[0]

    assert (result.outcome, result.exit_code) == ("partial", 3)
    with synced.read() as session:
        (waiting,) = quarantine.list_unread(session, 1)
    assert (waiting.provider_id, waiting.word) == (
        str(transferred.id),
        "unknown-status",
    )
    assert "Transferred" in waiting.reason
    assert figures(synced) == before  # its counted version stays in force
    played.faults.spoil = spoil
    run(synced, settings, full=True)
    same(figures(synced), expected(played, "eventbrite"))


def test_a_check_in_that_shares_a_second_with_the_bookmark_is_read(
    synced, settings, played, frozen
):
    """
    Two guests in one second, the sync between them.
    """
    free = [
        p
        for p in played.player.world.purchases
        if p.state == "completed" and not p.seats[0].has_entered
    ]
    later(played, frozen, 600)
    world.check_in(played.player.world, free[0].seats[0])
    run(synced, settings)
    world.check_in(played.player.world, free[1].seats[0])

    run(synced, settings)

    same(figures(synced), expected(played, "eventbrite"))
    later(played, frozen, 3600)
    result = run(synced, settings)
    assert result.counts.updated == 0
