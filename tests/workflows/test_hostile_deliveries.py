"""
Deliveries that are meant to harm: to their account, to the other accounts, to their
neighbours, to the platform's limit of requests. Each protection has its control, which
shows the harm without it.
"""

import dataclasses
import json
from datetime import timedelta

import pytest
from support import platform_accounts
from support.dates import NOW, TODAY
from support.ticket_tailor_account import connect, figures, truth

from ticketsync.accounts import edits, state
from ticketsync.core import clock, errors
from ticketsync.net.webhook_signatures import Delivery
from ticketsync.providers.base import Budget
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.reporting import deliveries as report
from ticketsync.reporting import run_history
from ticketsync.sandbox import platforms, server, world
from ticketsync.sandbox.faults import Plan
from ticketsync.store import lease
from ticketsync.store.tables.webhooks import deliveries as table
from ticketsync.web.webhook_receiver import new_delivery
from ticketsync.webhooks import attempts, expiry, inbox, unsigned
from ticketsync.webhooks.new_delivery import NewDelivery
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request
from ticketsync.workflows.webhooks import delivery_expiry, delivery_processing
from ticketsync.workflows.webhooks.webhook_endpoints import WebhookEndpoint

API = "https://www.eventbriteapi.com/v3/"


def hint(order, *, account=1, number=0, what="order"):
    """
    A delivery of a platform that signs, as it is stored.
    """
    key = f"{order[:40]} {number}"
    return NewDelivery(account, key, "ORDER.UPDATED", what, "received", order)


def knock(path, *, number=0, account=1, action="order.updated"):
    """
    A delivery at Eventbrite's address, which anybody may have sent.
    """
    payload = {"config": {"action": action}, "api_url": API + path}
    header = {"x-eventbrite-delivery": f"d{number}"}
    arrived = Delivery(json.dumps(payload).encode(), header, "", clock.now())
    endpoint = WebhookEndpoint(account, "eb", "p", "", Eventbrite, [])
    return new_delivery(endpoint, arrived, Eventbrite.hint(arrived), "received", "")


def store(database, *new):
    with database.write() as connection:
        inbox.store(connection, list(new), clock.now())


def rows(database):
    with database.read() as connection:
        return report.list_deliveries(connection, limit=10**6)


def states(database):
    return {row.order_id: row.state for row in rows(database)}


def accounts(database):
    with database.read() as connection:
        return {account.name: account for account in state.list_accounts(connection)}


@pytest.fixture
def synced(full):
    return full


@pytest.fixture
def eventbrite(monkeypatch, frozen):
    """
    A sandbox with Eventbrite beside Ticket Tailor.
    """
    others = platforms.build_others(today=TODAY, orders=60, names=["eventbrite"])
    sandbox = server.Sandbox(world.build(today=TODAY, orders=40), others=others)
    sandbox.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("TT_KEY", sandbox.key)
    monkeypatch.setenv("EB_KEY", others[0].key)
    for kind in (TicketTailor, Eventbrite):
        generous = dataclasses.replace(kind.spec, budget=Budget(10**9, 1))
        monkeypatch.setattr(kind, "spec", generous)
    with server.serving(sandbox) as address:
        sandbox.url_ = address
        sandbox.eventbrite = others[0]
        yield sandbox


@pytest.fixture
def both(sqlite, settings, eventbrite):
    """
    Both platforms connected and read: account 1 is Ticket Tailor, 2 Eventbrite. Made
    once and copied.
    """
    address = eventbrite.url(eventbrite.url_, "eventbrite")
    if not platform_accounts.copied(sqlite, __name__):
        connect_both(sqlite, eventbrite.url_, address)
        sync.fetch_listing(sqlite, settings, [])
        match.adopt(sqlite, settings)
        assert sync.sync(sqlite, settings, Request()).exit_code == 0
        platform_accounts.keep(sqlite, __name__)
    platform_accounts.point(sqlite, {"tt": eventbrite.url_, "eb": address})
    eventbrite.log.clear()
    return sqlite


def connect_both(database, tailor, address):
    connect(database, tailor)
    with database.write() as connection:
        new = state.NewAccount("eb", "eventbrite", address, "env", "EB_KEY", "", None)
        edits.add_account(connection, new, clock.now())


def orders_of(sandbox, number):
    """
    The ids of so many of Eventbrite's orders.
    """
    return [str(p.id) for p in sandbox.eventbrite.world.purchases[:number]]


# Isolation


def failing(monkeypatch, kind, orders, error):
    """
    Reading these orders fails in a way that nobody foresaw; the others are read.
    """
    fetch = kind.fetch_order

    def fetch_or_fail(self, order_id, occurrence_id):
        if order_id in orders:
            raise error
        return fetch(self, order_id, occurrence_id)

    monkeypatch.setattr(kind, "fetch_order", fetch_or_fail)


def test_a_delivery_that_fails_unforeseen_fails_alone(
    read_once, settings, sandbox, frozen, monkeypatch
):
    synced = read_once
    changed = sandbox.change(lambda w: world.change_some(w, 6, 6))
    hostile = f"or_{changed[2]}"
    failing(monkeypatch, TicketTailor, {hostile}, ZeroDivisionError("nobody foresaw"))
    good = [f"or_{order}" for order in changed if f"or_{order}" != hostile]
    store(synced, *(hint(f"or_{order}") for order in changed))
    sandbox.log.clear()

    done = delivery_processing.process_deliveries(synced, settings)

    assert [(r.outcome, r.exit_code) for r in done.results] == [("partial", 1)]
    assert states(synced) == {hostile: "received", **dict.fromkeys(good, "done")}
    assert len(sandbox.log) == len(good)
    # It is not tried again before its time, and eight times in all.
    assert delivery_processing.process_deliveries(synced, settings).deliveries == 0
    tried = 1
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60, 60):
        frozen(clock.now() + timedelta(minutes=minutes))
        tried += delivery_processing.process_deliveries(synced, settings).deliveries
    assert tried == 8
    (failed,) = [row for row in rows(synced) if row.order_id == hostile]
    assert (failed.state, failed.attempts) == ("failed", 8)
    assert "ZeroDivisionError" in failed.reason
    # The control: without it, nobody's delivery is done.
    store(synced, *(hint(f"or_{order}", number=1) for order in changed))
    monkeypatch.setattr(delivery_processing, "_read_isolated", not_isolated)
    delivery_processing.process_deliveries(synced, settings)
    assert [row.state for row in rows(synced)].count("received") == len(changed)


def not_isolated(run, orders, read, pair, ids):
    orders.read_again(*pair)
    read.done += ids


def test_an_account_that_fails_unforeseen_does_no_harm_to_another(
    both, settings, eventbrite, monkeypatch
):
    """
    Whatever fails in Eventbrite's account, before or during the work, Ticket Tailor's
    delivery is done; it is the later of the two.
    """
    (changed,) = eventbrite.change(lambda w: world.change_some(w, 1, 1))
    broken = ValueError("nobody foresaw")

    def fail(*arguments):
        raise broken

    monkeypatch.setattr(
        delivery_processing, "_work", fail_for("eb", delivery_processing._work, fail)
    )
    store(both, knock("orders/1/", account=2), hint(f"or_{changed}"))

    done = delivery_processing.process_deliveries(both, settings)

    assert [r.outcome for r in done.results] == ["failed", "success"]
    assert states(both) == {"1": "received", f"or_{changed}": "done"}
    assert delivery_processing.process_deliveries(both, settings).deliveries == 0
    with both.read() as connection:
        closed = [
            r.outcome for r in run_history.list_runs(connection) if r.kind == "webhook"
        ]
    assert sorted(closed) == ["failed", "success"]


def fail_for(account, work, fail):
    def work_or_fail(run, items):
        return (fail if run.account.name == account else work)(run, items)

    return work_or_fail


def test_an_attempt_that_ends_the_process_is_counted(
    synced, settings, frozen, monkeypatch
):
    """
    The worker dies with it each time: the eighth time was the last.
    """
    store(synced, hint("or_1"))
    died = []

    def die(*arguments, **options):
        died.append(clock.now())
        raise SystemExit(137)

    monkeypatch.setattr(delivery_processing, "run_account", die)
    for _ in range(40):
        try:
            delivery_processing.process_deliveries(synced, settings)
        except SystemExit:
            # `serve` is started again at once, and polls every two seconds.
            assert (
                delivery_processing.process_deliveries(synced, settings).deliveries == 0
            )
        frozen(clock.now() + timedelta(minutes=30))
    assert len(died) == attempts.MAX_ATTEMPTS
    (row,) = rows(synced)
    assert (row.state, row.reason) == ("failed", attempts.GIVEN_UP)


def test_an_account_that_is_busy_costs_no_attempt(synced, settings, frozen):
    store(synced, hint("or_1"))
    holder = lease.Holder("run-1", 1, "another machine")
    with synced.write() as connection:
        lease.take(connection, "account tt", holder, clock.now())
    for _ in range(attempts.MAX_ATTEMPTS + 1):
        done = delivery_processing.process_deliveries(synced, settings)
        assert [r.outcome for r in done.results] == ["skipped-busy"]
        assert delivery_processing.process_deliveries(synced, settings).deliveries == 0
        frozen(clock.now() + attempts.BUSY)
    (row,) = rows(synced)
    assert (row.state, row.attempts) == ("received", 0)


def test_a_paused_accounts_deliveries_keep_nobody_waiting(both, settings, monkeypatch):
    """
    There are more of them than are taken at once.
    """
    monkeypatch.setattr(attempts, "LIMIT", 3)
    store(both, *(hint(f"or_{n}") for n in range(5)))
    store(both, knock("orders/1/", account=2))
    with both.write() as connection:
        edits.park_account(connection, 1, "its key is refused")
    done = delivery_processing.process_deliveries(both, settings)
    assert ([r.account for r in done.results], done.deliveries) == (["eb"], 1)


def test_what_was_done_before_the_platform_went_away_has_its_effect(
    synced, settings, sandbox, frozen
):
    changed = sandbox.change(lambda w: world.change_some(w, 4, 4))
    store(synced, *(hint(f"or_{order}") for order in changed))
    sandbox.faults.plan(Plan("status:503", times=99, skip=2))
    delivery_processing.process_deliveries(synced, settings)
    assert sorted(states(synced).values()) == ["done", "done", "received", "received"]
    sandbox.faults.clear()
    frozen(NOW + timedelta(minutes=20))
    assert [
        r.outcome
        for r in delivery_processing.process_deliveries(synced, settings).results
    ] in ([["success"], []])
    assert figures(synced) == truth(sandbox)


# What does not exist, or belongs to somebody else


def test_an_order_of_somebody_else_parks_nobody(both, settings, eventbrite):
    """
    Eventbrite answers 403 for it (NOT_AUTHORIZED: the token is fine, the object is not
    yours). Until now whoever knew the address could park the account with one.
    """
    (ours,) = orders_of(eventbrite, 1)
    eventbrite.faults.plan(Plan("status:403", path="/orders/777/"))
    store(both, knock("orders/777/", account=2, number=1))
    store(both, knock(f"orders/{ours}/", account=2, number=2))
    done = delivery_processing.process_deliveries(both, settings)
    assert [r.outcome for r in done.results] == ["success"]
    assert states(both) == {"777": "ignored", ours: "done"}
    assert accounts(both)["eb"].state == "active"
    # The control: a key that is refused for everything parks the account as before.
    eventbrite.faults.plan(Plan("status:401", times=9))
    store(both, knock("orders/778/", account=2, number=3))
    delivery_processing.process_deliveries(both, settings)
    assert accounts(both)["eb"].state == "parked"


def asked_for(sandbox, order):
    return sum(f"/orders/{order}" in str(line) for line in sandbox.log)


@pytest.mark.thorough
def test_an_id_that_was_not_there_is_forgotten_for_an_hour(
    both, settings, eventbrite, frozen
):
    for minute in (0, 10, 40, 59, 61):
        frozen(NOW + timedelta(minutes=minute))
        store(both, knock("orders/404404/", account=2, number=minute))
        delivery_processing.process_deliveries(both, settings)
        assert asked_for(eventbrite, 404404) == (1 if minute < 60 else 2)
    assert {row.state for row in rows(both)} == {"ignored"}
    assert {row.reason for row in rows(both)} == {
        *(attempts.NO_SUCH_OBJECT, attempts.ASKED_BEFORE),
    }


def test_what_a_platform_signed_is_asked_for_each_time(synced, settings, sandbox):
    """
    The platform's own copies may lag behind: what it signs is not forgotten.
    """
    for number in range(3):
        store(synced, hint("or_404404", number=number))
        delivery_processing.process_deliveries(synced, settings)
    assert asked_for(sandbox, "or_404404") == 3


# The budget of those who do not sign


def test_knocks_cost_no_more_than_the_budget(both, settings, eventbrite, frozen):
    """
    Two hundred forged knocks in a minute, each with another body: ten are read, and one
    sync covers what else they may be about, good ones among them.
    """
    changed = eventbrite.eventbrite.world
    changed.now += 600
    (order,) = world.change_some(changed, 1, 1)
    eventbrite.eventbrite.invalidate()
    for lot in range(0, 200, 20):
        numbers = range(lot, lot + 20)
        knocks = [knock(f"orders/{10**6 + n}/", account=2, number=n) for n in numbers]
        store(both, *knocks)
        delivery_processing.process_deliveries(both, settings)
    store(both, knock(f"orders/{order}/", account=2, number=999))
    delivery_processing.process_deliveries(both, settings)
    assert len(eventbrite.log) == unsigned.BUDGET
    assert len(rows(both)) == unsigned.BUDGET + 1
    (sync_,) = [row for row in rows(both) if row.state == "received"]
    assert (sync_.what, sync_.reason) == ("account", unsigned.BEYOND)
    eventbrite.log.clear()

    frozen(NOW + timedelta(seconds=unsigned.SYNC_SECONDS))
    done = delivery_processing.process_deliveries(both, settings)

    assert [(r.outcome, r.counts.updated) for r in done.results] == [("success", 1)]
    assert {row.state for row in rows(both)} == {"ignored", "done"}
    one_sync = len(eventbrite.log)
    eventbrite.log.clear()
    sync.sync(both, settings, Request(("eb",)))
    assert one_sync <= len(eventbrite.log) + 2


def test_the_control_without_a_budget(both, settings, eventbrite, monkeypatch):
    monkeypatch.setattr(unsigned, "BUDGET", 10**6)
    for number in range(15):
        store(both, knock(f"orders/{10**6 + number}/", account=2, number=number))
    delivery_processing.process_deliveries(both, settings)
    assert len(eventbrite.log) == 15


def test_hints_at_the_whole_account_share_one_sync(both, settings, eventbrite, frozen):
    """
    Every attendee and listing of Eventbrite's is one: sixty within five minutes are one
    sync at their end, and not one every two seconds.
    """
    for minute in range(5):
        frozen(NOW + timedelta(minutes=minute))
        for number in range(12):
            path = f"events/9/attendees/{minute}{number}/"
            store(both, knock(path, account=2, number=number + 100 * minute))
            delivery_processing.process_deliveries(both, settings)
    assert len(eventbrite.log) == 0
    frozen(NOW + timedelta(minutes=5))
    done = delivery_processing.process_deliveries(both, settings)
    assert [r.outcome for r in done.results] == ["success"]
    assert {row.state for row in rows(both)} == {"done"}
    assert len(rows(both)) == 5 * unsigned.BUDGET + 1
    assert delivery_processing.process_deliveries(both, settings).deliveries == 0


def test_signed_deliveries_and_repeated_ones_have_no_budget(both):
    store(both, *(hint(f"or_{number}") for number in range(40)))
    same = knock("orders/5/", account=2)
    for _ in range(40):
        store(both, same)
    assert [row.account for row in rows(both)].count("tt") == 40
    assert [row.account for row in rows(both)].count("eb") == 1


def test_what_has_no_effect_is_bounded_too(both):
    tests = [
        dataclasses.replace(
            knock("orders/5/", account=2, number=number), state="test", what="test"
        )
        for number in range(100)
    ]
    store(both, *tests)
    assert [row.state for row in rows(both)] == ["test"] * unsigned.BUDGET


def test_the_inbox_works_alike_on_both_databases(database, frozen):
    """
    By hand: two attempts, one of them not made, the eighth, a missing order, a budget
    of ten, one that is old.
    """
    connect_both(database, None, None)
    store(database, *(hint(f"or_{number}") for number in range(3)))
    with database.write() as connection:
        assert attempts.list_due_accounts(connection, NOW) == {1}
        claimed = attempts.claim(connection, 1, NOW)
        assert [(c.order_id, c.attempts) for c in claimed] == [
            *(("or_0", 1), ("or_1", 1), ("or_2", 1)),
        ]
        assert attempts.claim(connection, 1, NOW) == []
        attempts.give_back(connection, claimed[:1], NOW)
        attempts.note_failure(connection, claimed[1:2], NOW, "no luck")
        inbox.settle(
            *(connection, [claimed[2].id], "ignored", NOW),
            reason=attempts.NO_SUCH_OBJECT,
        )
        assert attempts.list_missing_orders(connection, 1, NOW) == set()
        before = NOW - timedelta(seconds=1)
        assert attempts.list_missing_orders(connection, 1, before) == {("or_2", "")}
        later = NOW + timedelta(seconds=59)
        assert [c.order_id for c in attempts.claim(connection, 1, later)] == ["or_0"]
    for number in range(30):
        store(database, knock(f"orders/{number}/", account=2, number=number))
    assert len([row for row in rows(database) if row.account == "eb"]) == 11
    for number in range(3, attempts.MAX_ATTEMPTS + 3):
        frozen(NOW + timedelta(days=number))
        with database.write() as connection:
            attempts.claim(connection, 1, clock.now())
    by_order = {row.order_id: row for row in rows(database)}
    found = by_order["or_1"]
    assert (found.state, found.attempts) == ("failed", attempts.MAX_ATTEMPTS)
    assert found.reason == attempts.GIVEN_UP
    frozen(NOW + timedelta(days=200))
    with database.write() as connection:
        assert expiry.delete_old(connection, [2], clock.now()) == 0
        assert expiry.delete_old(connection, [1], clock.now()) == 3


# Old deliveries


def test_old_deliveries_are_deleted_unless_they_could_be_sent_again(
    both, settings, frozen, monkeypatch
):
    """
    By hand: of each platform one is settled and one waits. Square signs no time, so a
    recorded delivery verifies for ever; it is known by its row (F66).
    """
    monkeypatch.setattr(expiry, "BATCH", 1)
    with both.write() as connection:
        new = state.NewAccount("sq", "square", None, "env", "TT_KEY", "", None)
        edits.add_account(connection, new, clock.now())
    for account in (1, 2, 3):
        store(both, hint("or_1", account=account), hint("or_2", account=account))
    with both.write() as connection:
        settled = table.c.order_id == "or_1"
        connection.execute(
            table.update().where(settled).values(state="done", settled_at=NOW)
        )
    frozen(NOW + timedelta(days=90))
    assert delivery_expiry.delete_old(both) == 0
    frozen(NOW + timedelta(days=91))
    assert delivery_expiry.delete_old(both) == 2
    assert delivery_expiry.delete_old(both) == 0
    kept = sorted((row.account, row.state) for row in rows(both))
    assert kept == [
        *(("eb", "received"), ("sq", "done"), ("sq", "received"), ("tt", "received")),
    ]
    # The control: without its row the recorded delivery would be processed again.
    monkeypatch.setattr(delivery_expiry, "_may_forget", lambda provider: True)
    assert delivery_expiry.delete_old(both) == 1


def test_an_error_of_the_database_is_no_fault_of_a_delivery(
    synced, settings, monkeypatch
):
    """
    It ends the attempt of the account, and its result says so.
    """
    store(synced, hint("or_1"))

    def full(*arguments):
        raise errors.DatabaseError("the disk is full", word="disk-full")

    monkeypatch.setattr(delivery_processing, "_read_isolated", full)
    done = delivery_processing.process_deliveries(synced, settings)
    assert [(r.word, r.exit_code) for r in done.results] == [("disk-full", 9)]
    assert [row.state for row in rows(synced)] == ["received"]
