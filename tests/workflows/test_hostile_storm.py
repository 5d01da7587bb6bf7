"""
A storm of deliveries among which some are hostile in every way that was found: over
real sockets into the receiver, and processed while it lasts.
"""

import asyncio
import dataclasses
import gc
import json
import random
import tracemalloc
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from support.dates import NOW, TODAY
from support.ticket_tailor_account import COMPARED, connect
from support.web_server import running

from ticketsync.accounts import edits, state
from ticketsync.catalogue import occurrences
from ticketsync.core import clock
from ticketsync.core.redact import Secret
from ticketsync.providers.base import Budget
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.reporting import deliveries as report
from ticketsync.reporting import figures_of_shows
from ticketsync.sandbox import deliveries, platforms, server, world
from ticketsync.web import webhook_receiver
from ticketsync.webhooks import unsigned
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request
from ticketsync.workflows.webhooks import delivery_processing
from ticketsync.workflows.webhooks.webhook_endpoints import WebhookEndpoint

SECRET = "whsec_canary_3"
TAILOR, EVENTBRITE = "t" * 43, "e" * 43
ROUND_SECONDS = 30  # between two lots of deliveries
JSON = {"Content-Type": "application/json"}
EB_URL = "https://www.eventbriteapi.com/v3/orders/{}/"


# How each way is answered, by hand. What a platform signed, or what anybody may say at
# Eventbrite's address, is stored with 200 and has no effect; else it would come again.
ANSWERS = {
    "forged": 400,
    "empty secret": 400,
    "stale": 400,
    "ahead": 400,
    "unsigned": 400,
    "long id": 413,
    "odd id": 200,
    "half a pair": 200,
    "not there": 200,
    "breaks our code": 200,
    "deep": 200,
    "not JSON": 200,
    "too large": 413,
    "odd type": 415,
    "unknown address": 404,
    "somebody else's address": 200,
    "knock at nothing": 200,
    "knock at a listing": 200,
    "odd event": 200,
    "odd delivery id": 200,
    "recorded": 200,
}


@dataclasses.dataclass(frozen=True)
class Plan:
    """
    How many orders each platform has, and of each of so many lots how many deliveries
    are Ticket Tailor's, Eventbrite's and hostile.
    """

    orders: int
    lots: int
    tailor: int
    eventbrite: int
    hostile: int


@dataclasses.dataclass
class Storm:
    """
    What is played, and what came of it: the status of each good and hostile delivery,
    and how often a good one was answered 503 before.
    """

    sandbox: server.Sandbox
    chance: random.Random
    numbers: int = 0
    good: list = dataclasses.field(default_factory=list)
    hostile: Counter = dataclasses.field(default_factory=Counter)
    busy: int = 0
    recorded: list = dataclasses.field(default_factory=list)

    def number(self):
        self.numbers += 1
        return self.numbers

    def tailor(self, order, *, secret=SECRET, off=0, event="ORDER.UPDATED"):
        now = int(clock.now().timestamp()) + off
        return TAILOR, *deliveries.delivery(
            *("ticket_tailor", event, order),
            number=self.number(),
            secret=secret,
            now=now,
        )

    def knock(self, url, action="order.updated", **more):
        payload = {"config": {"action": action}, "api_url": url, "n": self.number()}
        return EVENTBRITE, JSON | more, json.dumps(payload).encode()

    def good_ones(self, tailor, eventbrite):
        for platform, count in (("ticket_tailor", tailor), ("eventbrite", eventbrite)):
            fake_platform = self.sandbox.platforms[platform]
            fake_platform.world.now += 5
            changed = world.change_some(fake_platform.world, min(count, 3), 20)
            fake_platform.invalidate()
            for n in range(count):
                order = changed[n % len(changed)]
                yield (
                    self.tailor(f"or_{order}")
                    if platform == "ticket_tailor"
                    else self.knock(EB_URL.format(order))
                )

    def hostile_ones(self):
        """
        Each way once: its name and the delivery. `ANSWERS` says how each is answered.
        """
        unknown = 10**12 + self.number()
        deep = b'{"a":' * 5000 + b"1" + b"}" * 5000
        yield "forged", self.tailor("or_1", secret="another")
        yield "empty secret", self.tailor("or_1", secret="")
        yield "stale", self.tailor("or_1", off=-900)
        yield "ahead", self.tailor("or_1", off=900)
        yield "unsigned", (TAILOR, JSON, b'{"event":"ORDER.CREATED"}')
        yield "long id", self.tailor("or_" + "a" * 200_000)
        yield "odd id", self.tailor("or_\u0665\u0666/../x")
        yield "half a pair", self.tailor("or_1", event="ORDER.\ud800\0")
        yield "not there", self.tailor(f"or_{unknown}")
        yield "breaks our code", self.tailor("or_666")
        yield "deep", (EVENTBRITE, JSON, deep)
        yield "not JSON", (EVENTBRITE, JSON, b"\xff\x00{")
        yield "too large", (EVENTBRITE, JSON, b"x" * (256 * 1024 + 1))
        yield "odd type", (EVENTBRITE, {"Content-Type": "text/xml"}, b"<x/>")
        yield "unknown address", ("q" * 43, JSON, b"{}")
        yield "somebody else's address", self.knock("https://evil.example/v3/orders/1/")
        yield "knock at nothing", self.knock(EB_URL.format(unknown))
        yield (
            "knock at a listing",
            self.knock(EB_URL[:34] + "events/1/", "event.updated"),
        )
        yield "odd event", self.knock(EB_URL.format(1), "order.\u202e\x1b[2J\ud800")
        yield (
            "odd delivery id",
            self.knock(EB_URL.format(2), **{"X-Eventbrite-Delivery": "d" * 5000}),
        )
        if self.recorded:
            yield "recorded", self.chance.choice(self.recorded)


async def send_all(address, storm, lot):
    """
    Twenty at a time; good ones are sent again without an answer or after a 503, as
    platforms do. Status 0: the receiver closed the connection of what was too large.
    """
    gate = asyncio.Semaphore(20)
    async with httpx.AsyncClient(timeout=60) as client:

        async def send(name, delivery):
            path, headers, body = delivery
            async with gate:
                for _ in range(50):
                    url = f"{address}/hooks/{path}"
                    try:
                        answer = await client.post(url, headers=headers, content=body)
                        status = answer.status_code
                    except httpx.TransportError:
                        status = 0
                    if name or status not in (0, 503):
                        break
                    storm.busy += status == 503
            if name:
                storm.hostile[name, status] += 1
            else:
                storm.good.append(status)

        await asyncio.gather(*(send(name, delivery) for name, delivery in lot))


@pytest.fixture
def venue(sqlite, settings, frozen, monkeypatch):
    """
    Ticket Tailor and Eventbrite, connected and read, with so many orders each.
    """
    stack = []

    def with_orders(number):
        others = platforms.build_others(
            today=TODAY, orders=number, names=["eventbrite"]
        )
        sandbox = server.Sandbox(world.build(today=TODAY, orders=number), others=others)
        sandbox.clock = lambda: clock.now().timestamp()
        monkeypatch.setenv("TT_KEY", sandbox.key)
        monkeypatch.setenv("EB_KEY", others[0].key)
        for kind in (TicketTailor, Eventbrite):
            spec = dataclasses.replace(kind.spec, budget=Budget(10**9, 1))
            monkeypatch.setattr(kind, "spec", spec)
        for fake_platform in sandbox.platforms.values():
            fake_platform.limit = 10**9
        serving = server.serving(sandbox)
        address = serving.__enter__()
        stack.append(serving)
        connect(sqlite, address)
        with sqlite.write() as connection:
            url = sandbox.url(address, "eventbrite")
            new = state.NewAccount("eb", "eventbrite", url, "env", "EB_KEY", "", None)
            edits.add_account(connection, new, clock.now())
        sync.fetch_listing(sqlite, settings, [])
        match.adopt(sqlite, settings)
        assert sync.sync(sqlite, settings, Request()).exit_code == 0
        return sqlite, sandbox

    yield with_orders
    for serving in stack:
        serving.__exit__(None, None, None)


def break_on(monkeypatch, order):
    """
    Reading this order fails in a way that nobody foresaw.
    """
    fetch = TicketTailor.fetch_order

    def fetch_or_break(self, order_id, occurrence_id):
        if order_id == order:
            raise httpx.InvalidURL("an id that makes no address")
        return fetch(self, order_id, occurrence_id)

    monkeypatch.setattr(TicketTailor, "fetch_order", fetch_or_break)


def figures(database, account):
    with database.read() as connection:
        dates = {
            occurrence.show_id: occurrence.provider_occurrence_id
            for occurrence in occurrences.list_occurrences(connection)
            if occurrence.account == account
        }
        return {
            dates[item.show_id]: {name: item.as_json()[name] for name in COMPARED}
            for item in figures_of_shows.figures(connection)
            if item.account == account
        }


def truth(sandbox, platform):
    return {
        row["event_id"]: {name: row[name] for name in COMPARED}
        for row in sandbox.truth(platform)
    }


def calls(sandbox):
    return Counter(
        "eb" if "/eventbrite/" in target else "tt" for _, target, _ in sandbox.log
    )


def play(venue, settings, frozen, monkeypatch, plan):
    """
    So many lots, hostile deliveries of each kind among them in turn; then what waits is
    processed as time goes on. Returns the storm and how much memory is in use after
    each lot, where that is measured.
    """
    database, sandbox = venue(plan.orders)
    break_on(monkeypatch, "or_666")
    monkeypatch.setattr(webhook_receiver, "REFRESH_SECONDS", 10**9)
    endpoints = [
        WebhookEndpoint(1, "tt", TAILOR, "", TicketTailor, [Secret(SECRET)]),
        WebhookEndpoint(2, "eb", EVENTBRITE, "", Eventbrite, []),
    ]
    storm = Storm(sandbox, random.Random(7))
    sandbox.log.clear()
    ways = []
    size = []
    application = webhook_receiver.application(
        webhook_receiver.Receiver(database, lambda: endpoints)
    )
    with running(application) as address:
        for lot in range(plan.lots):
            frozen(NOW + timedelta(seconds=ROUND_SECONDS * lot))
            good = list(storm.good_ones(plan.tailor, plan.eventbrite))
            storm.recorded = good[:3]
            hostile = []
            while len(hostile) < plan.hostile:
                ways = ways or list(storm.hostile_ones())
                hostile.append(ways.pop())
            mixed = [*(("", it) for it in good), *hostile]
            storm.chance.shuffle(mixed)
            asyncio.run(send_all(address, storm, mixed))
            delivery_processing.process_deliveries(database, settings)
            if tracemalloc.is_tracing():
                gc.collect()  # what waits for the collector is not held
                size.append(tracemalloc.get_traced_memory()[0])
    for _ in range(12):  # what is to be tried again, and the last sync of its span
        frozen(clock.now() + timedelta(minutes=20))
        delivery_processing.process_deliveries(database, settings)
    return database, storm, size


def check(database, storm, plan, sync_cost):
    """
    All good ones took effect, none was affected, and requests are bounded.
    """
    good = plan.lots * (plan.tailor + plan.eventbrite)
    minutes = -(-plan.lots * ROUND_SECONDS // 60)
    assert Counter(storm.good) == {200: good}
    assert figures(database, "tt") == truth(storm.sandbox, "ticket_tailor")
    assert figures(database, "eb") == truth(storm.sandbox, "eventbrite")
    with database.read() as connection:
        rows = report.list_deliveries(connection, limit=10**6)
        accounts = state.list_accounts(connection)
    assert {account.state for account in accounts} == {"active"}
    assert not any(account.breaker_until for account in accounts)
    # Only what breaks our own code fails; nothing waits.
    failed = {row.order_id for row in rows if row.state == "failed"}
    assert failed <= {"or_666"}
    assert not [row for row in rows if row.state == "received"]
    eventbrite = [row for row in rows if row.account == "eb" and row.state == "done"]
    syncs = len({row.settled_at for row in eventbrite if row.what != "order"})
    by_account = calls(storm.sandbox)
    assert by_account["eb"] <= unsigned.BUDGET * minutes + syncs * sync_cost["eb"]
    tailor_syncs = len(
        {r.settled_at for r in rows if r.account == "tt" and r.what == "account"}
    )
    assert by_account["tt"] <= good + tailor_syncs * sync_cost["tt"]
    assert storm.busy <= good // 20  # twenty at a time find the receiver free
    answered = {(name, status or 413) for name, status in storm.hostile}
    assert answered == {(name, ANSWERS[name]) for name, _ in storm.hostile}
    sent = sum(storm.hostile.values())
    assert sent == plan.lots * plan.hostile
    print(
        f"{good} good deliveries, {sent} hostile ones in "
        f"{len({name for name, _ in storm.hostile})} ways, 0 successes; requests: "
        f"{by_account}, {storm.busy} good ones answered 503, "
        f"{tailor_syncs} + {syncs} syncs of {sync_cost}"
    )


def cost_of_syncs(database, settings, sandbox):
    """
    What an ordinary sync with nothing new, and one of everything, may cost.
    """
    spent = sandbox.log.copy()
    sandbox.log.clear()
    sync.sync(database, settings, Request(full=True))
    cost = calls(sandbox)
    sandbox.log[:] = spent
    return cost


@pytest.mark.thorough
def test_a_storm_with_hostile_deliveries(venue, settings, frozen, monkeypatch):
    plan = Plan(orders=120, lots=11, tailor=6, eventbrite=4, hostile=2)
    database, storm, _ = play(venue, settings, frozen, monkeypatch, plan)
    check_all(database, settings, storm, plan)
    assert {name for name, _ in storm.hostile} == ANSWERS.keys()


@pytest.mark.drill
def test_two_thousand_deliveries_a_hundred_of_them_hostile(
    venue, settings, frozen, monkeypatch
):
    plan = Plan(orders=600, lots=20, tailor=70, eventbrite=25, hostile=5)
    tracemalloc.start()
    database, storm, size = play(venue, settings, frozen, monkeypatch, plan)
    tracemalloc.stop()
    check_all(database, settings, storm, plan)
    grown = size[-1] - size[5]
    print(f"memory grew by {grown / 1024:.0f} KiB after the first quarter")
    assert grown < 8 << 20


def check_all(database, settings, storm, plan):
    """
    Nothing is left for an ordinary sync to find, and what `check` says.
    """
    found = figures(database, "tt"), figures(database, "eb")
    cost = cost_of_syncs(database, settings, storm.sandbox)
    assert found == (figures(database, "tt"), figures(database, "eb"))
    check(database, storm, plan, cost)
