"""
Processing the inbox: sales within seconds, and the same books whatever order, number
or lack of deliveries (F56–F58, F68, F70).
"""

import contextlib
import dataclasses
import json
import random
import shutil
import socket
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from support.database_dump import dump
from support.dates import NOW, TODAY
from support.ticket_tailor_account import COMPARED, connect, figures, truth

from ticketsync.accounts import credentials, edits, state
from ticketsync.catalogue import occurrences
from ticketsync.core import clock, errors
from ticketsync.core.redact import Secret
from ticketsync.net.webhook_signatures import Delivery, Forged, Stale
from ticketsync.providers import registry
from ticketsync.providers.base import Budget
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.reporting import compared_databases, figures_of_shows, run_history
from ticketsync.reporting import deliveries as received
from ticketsync.sandbox import deliveries, platforms, server, world
from ticketsync.sandbox.faults import Plan
from ticketsync.store import engine, lease
from ticketsync.store.tables.sales import orders
from ticketsync.web.webhook_receiver import new_delivery
from ticketsync.webhooks import inbox
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import listing
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request
from ticketsync.workflows.webhooks import delivery_processing, webhook_registration
from ticketsync.workflows.webhooks.webhook_endpoints import WebhookEndpoint

SECRET = "whsec_canary_99"
WIX_KEY, FORGED_KEY = (rsa.generate_private_key(65537, 2048) for _ in range(2))
WIX_PUBLIC = (
    WIX_KEY.public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
URL = "https://tickets.example.org/hooks/p"


@pytest.fixture
def synced(read_once):
    return read_once


def came(database, platform, order, event, number, *, account_id=1, **odd):
    """
    One delivery through verification into the inbox; whether it was believed.
    """
    arrived = checked(platform, order, event, number, account_id=account_id, **odd)
    if arrived is None:
        return False
    with database.write() as connection:
        inbox.store(connection, [arrived], clock.now())
    return True


def checked(platform, order, event, number, *, account_id=1, **odd):
    """
    A delivery as the receiver would keep it, `None` if it was not believed. An order of
    Wix is its number and its date.
    """
    kind = registry.sends_webhooks(platform)
    now = int((clock.now() + odd.get("off", timedelta(0))).timestamp())
    secret = odd.get("secret", SECRET)
    if platform == "wix":
        key = FORGED_KEY if secret != SECRET else WIX_KEY
        number_, occurrence = order
        headers, body = deliveries.delivery(
            *(platform, "wix.events.ticketing.events.OrderUpdated", number_),
            number=number,
            key=key,
            now=now,
            occurrence=occurrence,
        )
    else:
        headers, body = deliveries.delivery(
            *(platform, event, order), number=number, secret=secret, url=URL, now=now
        )
    lower = {name.lower(): value for name, value in headers.items()}
    delivery = Delivery(body, lower, URL, clock.now())
    trusted = WIX_PUBLIC if platform == "wix" else SECRET
    door = WebhookEndpoint(account_id, platform, "p", URL, kind, [Secret(trusted)])
    try:
        kind.verify(delivery, door.secrets)
    except (Forged, Stale):
        return None
    return new_delivery(door, delivery, kind.hint(delivery), "received", "")


def inbox_states(database):
    with database.read() as connection:
        return [
            item.state for item in received.list_deliveries(connection, limit=10**6)
        ]


def test_a_sale_arrives_by_its_delivery_alone(synced, settings, sandbox, frozen):
    sandbox.change(world.next_day)
    frozen(NOW + timedelta(hours=23))
    fresh = sandbox.world.purchases[-1]
    before = figures(synced)
    sandbox.log.clear()
    came(synced, "ticket_tailor", f"or_{fresh.id}", "ORDER.CREATED", 1)

    done = delivery_processing.process_deliveries(synced, settings)

    assert [r.outcome for r in done.results] == ["success"]
    event = f"ev_{fresh.performance.id}"
    assert figures(synced)[event] != before.get(event)
    assert len(sandbox.log) == 1  # one request: the order itself
    assert inbox_states(synced) == ["done"]
    with synced.read() as connection:
        (run,) = [r for r in run_history.list_runs(connection) if r.kind == "webhook"]
    assert run.started_by.endswith("@" + socket.gethostname() + " (webhook)")
    assert run.created == 1


def test_twice_is_once_and_the_next_sync_finds_nothing_left_out(
    synced, settings, sandbox
):
    changed = sandbox.change(lambda w: world.change_some(w, 12, 6))
    for number, order in enumerate(changed):
        came(synced, "ticket_tailor", f"or_{order}", "ORDER.UPDATED", number)
    delivery_processing.process_deliveries(synced, settings)
    by_hooks = figures(synced)
    before = dump(synced)

    assert by_hooks == truth(sandbox)
    assert delivery_processing.process_deliveries(synced, settings).deliveries == 0
    assert dump(synced) == before
    sync.sync(synced, settings, Request(full=True))
    assert figures(synced) == by_hooks


def test_f70_a_hint_at_what_we_do_not_hold_reads_the_listing_first(
    connected, settings, sandbox
):
    """
    Nothing was read of this account yet: its date is found, then the order kept.
    """
    order = sandbox.world.purchases[0]
    came(connected, "ticket_tailor", f"or_{order.id}", "ORDER.UPDATED", 1)

    delivery_processing.process_deliveries(connected, settings)

    assert inbox_states(connected) == ["done"]
    with connected.read() as connection:
        listed = {
            occurrence.provider_occurrence_id
            for occurrence in occurrences.list_occurrences(connection)
        }
        kept = connection.exec_driver_sql("SELECT provider_id FROM orders")
        assert [row.provider_id for row in kept] == [f"or_{order.id}"]
    assert f"ev_{order.performance.id}" in listed


def test_a_listing_that_a_guard_refuses_keeps_only_the_orders_of_its_dates(
    synced, settings, sandbox, monkeypatch
):
    """
    The first of six orders is of a date that we do not hold, and so is the fourth. The
    listing is read once and refused: these two wait for another attempt, the others
    take effect.
    """
    changed = sandbox.change(lambda w: world.change_some(w, 6, 3))
    unknown = {f"or_{changed[0]}", f"or_{changed[3]}"}
    for number, order in enumerate(changed):
        came(synced, "ticket_tailor", f"or_{order}", "ORDER.UPDATED", number)
    tailor, reads = TicketTailor.provider_occurrence_id_of, []

    def occurrence_of(raw):
        return "ev_new" if raw["id"] in unknown else tailor(raw)

    def refused(run):
        reads.append(run)
        raise errors.GuardRefused("It lists another account's dates.", word="guard-x")

    monkeypatch.setattr(
        TicketTailor, "provider_occurrence_id_of", staticmethod(occurrence_of)
    )
    monkeypatch.setattr(listing, "refresh", refused)
    (result,) = delivery_processing.process_deliveries(synced, settings).results
    assert (result.exit_code, result.word, len(reads)) == (7, "guard-x", 1)
    with synced.read() as connection:
        rows = received.list_deliveries(connection, limit=99)
    assert {row.order_id for row in rows if row.state == "received"} == unknown
    assert [row.state for row in rows].count("done") == 4
    assert {row.reason for row in rows if row.order_id in unknown} == {
        "It lists another account's dates."
    }


def test_an_order_that_is_not_there_is_ignored_alone(synced, settings, sandbox):
    changed = sandbox.change(lambda w: world.change_some(w, 3, 3))
    came(synced, "ticket_tailor", "or_404404", "ORDER.CREATED", 1)
    for number, order in enumerate(changed, start=2):
        came(synced, "ticket_tailor", f"or_{order}", "ORDER.UPDATED", number)
    delivery_processing.process_deliveries(synced, settings)
    assert sorted(inbox_states(synced)) == ["done", "done", "done", "ignored"]
    assert figures(synced) == truth(sandbox)


def test_f58_a_platform_that_is_down_is_asked_again_later(
    synced, settings, sandbox, frozen
):
    (changed,) = sandbox.change(lambda w: world.change_some(w, 1, 1))
    came(synced, "ticket_tailor", f"or_{changed}", "ORDER.UPDATED", 1)
    sandbox.faults.plan(Plan("status:503", times=99))
    delivery_processing.process_deliveries(synced, settings)
    assert inbox_states(synced) == ["received"]
    sandbox.faults.clear()
    assert (
        delivery_processing.process_deliveries(synced, settings).deliveries == 0
    )  # not yet
    frozen(NOW + timedelta(minutes=2))
    assert delivery_processing.process_deliveries(synced, settings).deliveries == 1
    assert inbox_states(synced) == ["done"]
    assert figures(synced) == truth(sandbox)


def test_a_busy_account_keeps_its_deliveries(synced, settings, sandbox):
    (changed,) = sandbox.change(lambda w: world.change_some(w, 1, 1))
    came(synced, "ticket_tailor", f"or_{changed}", "ORDER.UPDATED", 1)
    with synced.write() as connection:
        lease.take(
            connection, "account tt", lease.Holder("run-1", 1, "another machine"), NOW
        )
    done = delivery_processing.process_deliveries(synced, settings)
    assert [r.outcome for r in done.results] == ["skipped-busy"]
    assert inbox_states(synced) == ["received"]


# Convergence


PLATFORMS = ("ticket_tailor", "square", "eventbrite", "wix")
WIX_OPTIONS = '{"site_id": "5a1e0000-0000-4000-8000-000000000001"}'


@pytest.fixture
def venue_of(sqlite, settings, frozen, monkeypatch):
    """
    One venue on the four platforms that send webhooks, all synced.
    """
    stack = contextlib.ExitStack()

    def with_orders(number):
        others = platforms.build_others(today=TODAY, orders=number, names=PLATFORMS[1:])
        sandbox = server.Sandbox(world.build(today=TODAY, orders=number), others=others)
        sandbox.clock = lambda: clock.now().timestamp()
        monkeypatch.setenv("TT_KEY", sandbox.key)
        sandbox.platforms["square"].caches_records = True
        for fake_platform in sandbox.platforms.values():
            fake_platform.limit = 10**9
            spec = registry.provider(fake_platform.name).spec
            generous = dataclasses.replace(spec, budget=Budget(10**9, 1))
            monkeypatch.setattr(registry.provider(fake_platform.name), "spec", generous)
        url = stack.enter_context(server.serving(sandbox))
        connect(sqlite, url)
        for fake_platform in others:
            monkeypatch.setenv(f"KEY_{fake_platform.name.upper()}", fake_platform.key)
            address = sandbox.url(url, fake_platform.name)
            options = json.loads(WIX_OPTIONS) if fake_platform.name == "wix" else {}
            with sqlite.write() as connection:
                new = state.NewAccount(
                    *(fake_platform.name, fake_platform.name, address, "env"),
                    *(f"KEY_{fake_platform.name.upper()}", "", None, options),
                )
                edits.add_account(connection, new, clock.now())
        sync.fetch_listing(sqlite, settings, [])
        match.adopt(sqlite, settings)
        sync.sync(sqlite, settings, Request())
        return sqlite, sandbox

    with stack:
        yield with_orders


@dataclasses.dataclass
class Played:
    """
    What a run of deliveries came to: how many were sent, forged, stale and believed;
    for each order the last version that was delivered, and the real one.
    """

    sent: int = 0
    forged: int = 0
    stale: int = 0
    believed: int = 0
    by_payload: dict = dataclasses.field(default_factory=dict)
    newest: dict = dataclasses.field(default_factory=dict)


def play(venue, settings, frozen, seed, rounds, per_round):
    """
    Orders change, deliveries come, several for each change: shuffled, a third of them
    twice, those of some changes lost, some forged, some stale. A second database gets
    each of them once and in order; answered with what was played.
    """
    database, sandbox = venue
    copy = database.file.with_name("in-order.db")
    shutil.copy(database.file, copy)
    orderly = engine.open_database(str(copy))
    chance = random.Random(seed)
    fake_server = Played()
    with database.read() as connection:
        ids = {a.provider: a.id for a in state.list_accounts(connection)}
    number = 0
    for round_ in range(rounds):
        frozen(NOW + timedelta(minutes=10 * (round_ + 1)))
        lot = []
        for platform in PLATFORMS:
            fake_platform = sandbox.platforms[platform]
            fake_platform.world.now += 600
            for id_ in world.change_some(fake_platform.world, per_round, 20):
                fake_server.newest[platform, id_] = fake_platform.world.version
                order = _order_of(platform, id_, fake_platform.world)
                events = deliveries.EVENTS.get(platform, ("", "", ""))[:3]
                for event in events:
                    number += 1
                    lot.append(
                        (
                            platform,
                            id_,
                            order,
                            event,
                            number,
                            fake_platform.world.version,
                        )
                    )
            fake_platform.invalidate()
        keep(orderly, [checked(*i[:1], *i[2:5], account_id=ids[i[0]]) for i in lot])
        delivery_processing.process_deliveries(orderly, settings)
        changes = dict.fromkeys(item[:2] for item in lot)
        lost = {change for change in changes if chance.random() < 0.05}
        late = [item for item in lot if item[:2] not in lost]
        late += [item for item in late if chance.random() < 0.33]
        chance.shuffle(late)
        keep(database, [_sent(fake_server, chance, ids, item) for item in late])
        if round_ % 2:
            delivery_processing.process_deliveries(database, settings)
    delivery_processing.process_deliveries(database, settings)
    frozen(NOW + timedelta(hours=8))
    for each in (database, orderly):
        outcome = sync.sync(each, settings, Request(full=True))
        assert outcome.exit_code == 0
    return orderly, fake_server


def _sent(fake_server, chance, ids, item):
    platform, id_, order, event, number, version = item
    odd = {}
    if chance.random() < 0.02:
        odd = {"secret": "forged"}
        fake_server.forged += 1
    elif chance.random() < 0.01:
        odd = {"off": timedelta(minutes=-9)}
        fake_server.stale += 1
    fake_server.sent += 1
    arrived = checked(platform, order, event, number, account_id=ids[platform], **odd)
    if arrived is not None:
        fake_server.believed += 1
        fake_server.by_payload[platform, id_] = version
    return arrived


def keep(database, arrived):
    """
    As the receiver's writer does: whoever waits shares a transaction.
    """
    believed = [item for item in arrived if item is not None]
    for begin in range(0, len(believed), 50):
        with database.write() as connection:
            inbox.store(connection, believed[begin : begin + 50], clock.now())


def _order_of(platform, id_, there):
    if platform == "wix":
        purchase = next(p for p in there.purchases if p.id == id_)
        return f"LR{id_:06d}-WIX", there.profile.provider_occurrence_id(
            purchase.performance
        )
    return {"square": "O{}", "ticket_tailor": "or_{}"}.get(platform, "{}").format(id_)


def converged(venue, settings, frozen, seed, rounds, per_round):
    """
    Whether chaos and order end in the same books; and what was played.
    """
    database, sandbox = venue
    orderly, fake_server = play(venue, settings, frozen, seed, rounds, per_round)
    same = dump_of_books(database) == dump_of_books(orderly)
    orderly.close()
    # The control: whoever applies what deliveries say has lost changes for good.
    assert fake_server.by_payload != fake_server.newest
    assert figures_of_tt(database) == truth(sandbox)
    return same, fake_server


@pytest.mark.thorough
def test_g04_deliveries_converge_after_one_sync(venue_of, settings, frozen):
    same, fake_server = converged(venue_of(200), settings, frozen, 1, 4, 5)
    assert same
    assert fake_server.sent > 250
    assert fake_server.forged > 0


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(20))
def test_g04_ten_thousand_deliveries_converge(venue_of, settings, frozen, seed):
    same, fake_server = converged(venue_of(1200), settings, frozen, seed, 10, 67)
    print(
        f"seed {seed}: {fake_server.sent} sent, {fake_server.forged} forged, "
        f"{fake_server.stale} stale, {fake_server.believed} believed"
    )
    assert same
    assert fake_server.sent >= 10_000


def figures_of_tt(database):
    with database.read() as connection:
        dates = {
            occurrence.show_id: occurrence.provider_occurrence_id
            for occurrence in occurrences.list_occurrences(connection)
            if occurrence.account == "tt"
        }
        return {
            dates[item.show_id]: {name: item.as_json()[name] for name in COMPARED}
            for item in figures_of_shows.figures(connection)
            if item.account == "tt"
        }


def dump_of_books(database):
    """
    Every order, ticket, refund and fee, by whose it is; our own numbers of occurrences
    and the time at which we saw something are not compared.
    """
    ours = {"occurrence_id", "content", "seen_at", "on_day", "basis"}
    with database.read() as connection:
        return {
            (account.name, kind, *named(kind, key)): {
                name: value for name, value in values.items() if name not in ours
            }
            for account in state.list_accounts(connection)
            for kind in compared_databases.KINDS
            for key, values in compared_databases.read_rows(
                connection, account.id, kind
            )
        }


def named(kind, key):
    """
    A fee is known by its order and its name; its occurrence has a number of ours.
    """
    return [part for part in key if kind != "fee" or isinstance(part, str)]


# What an operator does about them


def test_replay_works_off_again_what_came_since_a_date(
    synced, settings, sandbox, frozen
):
    purchase = sandbox.world.purchases[0]
    hooked(synced)
    came(synced, "ticket_tailor", f"or_{purchase.id}", "ORDER.UPDATED", 1)
    delivery_processing.process_deliveries(synced, settings)
    before = dump(synced) | settled(synced)
    with synced.write() as connection:
        assert inbox.replay(connection, 1, NOW + timedelta(hours=1), NOW) == 0
        assert inbox.replay(connection, 1, NOW, NOW) == 1

    done = delivery_processing.process_deliveries(synced, settings)

    assert done.deliveries == 1
    # But for when, and by whom, it was replayed.
    assert dump(synced) | settled(synced) == before


def settled(database):
    """
    Deliveries as far as a replay leaves them as they were, and no audit trail.
    """
    with database.read() as connection:
        found = received.list_deliveries(connection)
    assert {row.replayed_at for row in found} <= {None, NOW}
    return {
        "deliveries": [dataclasses.replace(r, replayed_at=None) for r in found],
        "audit": [],
    }


def test_sales_that_nobody_announced_are_counted(synced, sandbox, settings, frozen):
    """
    Gap detection: of a day's new orders one was announced.
    """
    hooked(synced)
    sandbox.change(world.next_day)
    frozen(NOW + timedelta(hours=26))
    sync.sync(synced, settings, Request())
    with synced.read() as connection:
        fresh = [
            row.provider_id
            for row in connection.execute(
                orders.select().where(
                    orders.c.placed_at >= NOW + timedelta(hours=2),
                    orders.c.placed_at < clock.now() - received.LATE,
                )
            )
        ]
    assert len(fresh) > 1
    came(synced, "ticket_tailor", fresh[0], "ORDER.CREATED", 7)

    with synced.read() as connection:
        (gap,) = received.find_unannounced_orders(connection, clock.now())

    assert (gap.account, gap.orders, gap.of) == ("tt", len(fresh) - 1, len(fresh))


def test_an_account_without_an_address_has_no_gap(synced, sandbox, settings, frozen):
    sandbox.change(world.next_day)
    frozen(NOW + timedelta(hours=26))
    sync.sync(synced, settings, Request())

    with synced.read() as connection:
        assert received.find_unannounced_orders(connection, clock.now()) == []


def hooked(database):
    with database.write() as connection:
        inbox.get_or_create_path(connection, 1, clock.now())


@pytest.mark.parametrize(
    ("platform", "signed"), [("square", True), ("eventbrite", False)]
)
def test_our_address_is_registered_by_the_platforms_own_interface(
    sqlite, frozen, settings, monkeypatch, platform, signed
):
    others = platforms.build_others(today=TODAY, orders=5, names=[platform])
    fake_server = server.Sandbox(world.build(today=TODAY, orders=5), others=others)
    monkeypatch.setenv("KEY", fake_server.platforms[platform].key)
    with server.serving(fake_server) as address:
        with sqlite.write() as connection:
            new = state.NewAccount(
                *(
                    "a",
                    platform,
                    fake_server.url(address, platform),
                    "env",
                    "KEY",
                    "",
                    None,
                )
            )
            edits.add_account(connection, new, clock.now())
            path = inbox.get_or_create_path(connection, 1, clock.now())
        url = f"https://tickets.example.org/hooks/{path}"

        registered = webhook_registration.register(sqlite, settings, "a", url, "file")

    assert list(fake_server.platforms[platform].hooks) == [url]
    assert registered.id
    assert (registered.secret is not None) == signed
    with sqlite.read() as connection:
        (endpoint,) = inbox.list_endpoints(connection, clock.now())
    found = [
        credentials.read_secret("a/webhook", *place).reveal()
        for place in endpoint.secrets
    ]
    assert found == (["sq-signature-key-1"] if signed else [])


def test_where_it_cannot_be_kept_nothing_is_registered(
    sqlite, frozen, settings, monkeypatch
):
    """
    F113: this test's keyring fails; Square was not asked.
    """
    others = platforms.build_others(today=TODAY, orders=5, names=["square"])
    fake_server = server.Sandbox(world.build(today=TODAY, orders=5), others=others)
    monkeypatch.setenv("KEY", fake_server.platforms["square"].key)
    with server.serving(fake_server) as address:
        with sqlite.write() as connection:
            new = state.NewAccount(
                *(
                    "a",
                    "square",
                    fake_server.url(address, "square"),
                    "env",
                    "KEY",
                    "",
                    None,
                )
            )
            edits.add_account(connection, new, clock.now())

        with pytest.raises(errors.KeyringUnavailable):
            webhook_registration.register(sqlite, settings, "a", URL, "keyring")

    assert fake_server.platforms["square"].hooks == {}


def test_a_platform_that_takes_none_says_what_to_do_instead(
    connected, settings, sandbox
):
    with pytest.raises(
        errors.UsageError, match="does not let webhooks be registered"
    ) as refused:
        webhook_registration.register(connected, settings, "tt", URL, "file")

    assert "webhooks url tt" in refused.value.hint


def test_f66_a_replay_long_after_has_no_effect(synced, settings, sandbox, frozen):
    """
    F66: Square signs no time, so an old delivery verifies for ever. It is known by its
    number for as long as the books are kept, a year later too.
    """
    with synced.write() as connection:
        new = state.NewAccount("sq", "square", None, "env", "TT_KEY", "", None)
        edits.add_account(connection, new, clock.now())
    assert came(synced, "square", "O1", "order.updated", 5, account_id=2)
    with synced.write() as connection:
        inbox.settle(connection, [1], "done", clock.now())
    frozen(NOW + timedelta(days=365))

    assert came(synced, "square", "O1", "order.updated", 5, account_id=2)

    assert inbox_states(synced) == ["done"]
    assert delivery_processing.process_deliveries(synced, settings).deliveries == 0


def test_f68_what_came_while_we_were_down_for_days_is_found_by_the_next_sync(
    synced, settings, sandbox, frozen
):
    """
    F68: four days without the receiver, longer than any platform repeats itself; not
    one delivery of that time ever comes.
    """
    for day in range(1, 5):
        sandbox.change(world.next_day)
        frozen(NOW + timedelta(days=day))
    assert figures(synced) != truth(sandbox)

    sync.sync(synced, settings, Request())

    assert figures(synced) == truth(sandbox)


def test_the_health_of_an_accounts_deliveries(synced, frozen):
    """
    By hand: two took effect after 4 and 6 seconds, one failed, a test is not counted.
    """
    for number in range(1, 4):
        came(synced, "ticket_tailor", f"or_{number}", "ORDER.UPDATED", number)
    with synced.write() as connection:
        inbox.settle(connection, [1], "done", NOW + timedelta(seconds=4))
        inbox.settle(connection, [2], "done", NOW + timedelta(seconds=6))
        inbox.settle(connection, [3], "failed", NOW, reason="no luck")

    with synced.read() as connection:
        (health,) = received.read_delivery_health(connection)
        failed = received.list_deliveries(
            connection, platform="ticket_tailor", state="failed"
        )
        none = received.list_deliveries(connection, platform="square")

    assert health.states == {"done": 2, "failed": 1}
    assert (health.percent_done, health.seconds_to_effect) == (66, 5.0)
    assert health.last_at == NOW
    assert [item.order_id for item in failed] == ["or_3"]
    assert none == []
