"""
Working off the inbox: sales within seconds, and the same books whatever order, number
or lack of deliveries (F56–F58, F68, F70).
"""

import random
import shutil
from datetime import timedelta

import pytest
from conftest import NOW, TODAY, connect
from test_sync import dump, figures, truth

from ticketsync.accounts import credentials, state
from ticketsync.catalogue import offers
from ticketsync.core import clock, errors
from ticketsync.core.redact import Secret
from ticketsync.net.hooks import Delivery, Forged, Stale
from ticketsync.providers import registry
from ticketsync.reporting import books, runs
from ticketsync.reporting import deliveries as told
from ticketsync.sandbox import deliveries, platforms, server, world
from ticketsync.sandbox.faults import Plan
from ticketsync.store import engine, lease
from ticketsync.store.tables.sales import Order
from ticketsync.store.upsert import table_of
from ticketsync.web.receiver import Door, _arrived
from ticketsync.webhooks import inbox
from ticketsync.workflows import connect as connect_job
from ticketsync.workflows import match, receive, sync
from ticketsync.workflows.sync import Request

SECRET = "whsec_canary_99"
URL = "https://tickets.example.org/hooks/p"


@pytest.fixture
def synced(connected, settings):
    sync.fetch_listing(connected, settings, [])
    match.adopt(connected, settings)
    sync.sync(connected, settings, Request())
    return connected


def came(database, platform, order, event, number, *, account_id=1, **odd):
    """
    One delivery through verification into the inbox; whether it was believed.
    """
    kind = registry.sends_webhooks(platform)
    now = clock.now() + odd.get("off", timedelta(0))
    headers, body = deliveries.delivery(
        *(platform, event, order),
        number=number,
        secret=odd.get("secret", SECRET),
        url=URL,
        now=int(now.timestamp()),
    )
    lower = {name.lower(): value for name, value in headers.items()}
    delivery = Delivery(body, lower, URL, clock.now())
    door = Door(account_id, platform, "p", URL, kind, [Secret(SECRET)])
    try:
        kind.verify(delivery, door.secrets)
    except (Forged, Stale):
        return False
    arrived = _arrived(door, delivery, kind.hint(delivery), "received", "")
    with database.write() as session:
        inbox.keep(session, [arrived], clock.now())
    return True


def inbox_states(database):
    with database.read() as session:
        return [item.state for item in told.received(session, limit=10**6)]


def test_a_sale_arrives_by_its_delivery_alone(synced, settings, sandbox, frozen):
    sandbox.change(world.next_day)
    frozen(NOW + timedelta(hours=23))
    fresh = sandbox.world.purchases[-1]
    before = figures(synced)
    sandbox.log.clear()
    came(synced, "ticket_tailor", f"or_{fresh.id}", "ORDER.CREATED", 1)

    done = receive.work_off(synced, settings)

    assert [r.outcome for r in done.results] == ["success"]
    event = f"ev_{fresh.performance.id}"
    assert figures(synced)[event] != before.get(event)
    assert len(sandbox.log) == 1  # one request: the order itself
    assert inbox_states(synced) == ["done"]
    with synced.read() as session:
        (run,) = [r for r in runs.runs(session) if r.kind == "webhook"]
    assert (run.started_by, run.created) == ("webhook", 1)


def test_twice_is_once_and_the_next_sync_finds_nothing_left_out(
    synced, settings, sandbox
):
    changed = sandbox.change(lambda w: world.change_some(w, 12, 6))
    for number, order in enumerate(changed):
        came(synced, "ticket_tailor", f"or_{order}", "ORDER.UPDATED", number)
    receive.work_off(synced, settings)
    by_hooks = figures(synced)
    before = dump(synced)

    assert by_hooks == truth(sandbox)
    assert receive.work_off(synced, settings).deliveries == 0
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

    receive.work_off(connected, settings)

    assert inbox_states(connected) == ["done"]
    with connected.read() as session:
        listed = {offer.occurrence_id for offer in offers.all_offers(session)}
        kept = session.connection().exec_driver_sql("SELECT provider_id FROM orders")
        assert [row.provider_id for row in kept] == [f"or_{order.id}"]
    assert f"ev_{order.performance.id}" in listed


def test_an_order_that_is_not_there_fails_alone(synced, settings, sandbox):
    changed = sandbox.change(lambda w: world.change_some(w, 3, 3))
    came(synced, "ticket_tailor", "or_404404", "ORDER.CREATED", 1)
    for number, order in enumerate(changed, start=2):
        came(synced, "ticket_tailor", f"or_{order}", "ORDER.UPDATED", number)
    receive.work_off(synced, settings)
    assert sorted(inbox_states(synced)) == ["done", "done", "done", "failed"]
    assert figures(synced) == truth(sandbox)


def test_f58_a_platform_that_is_down_is_asked_again_later(
    synced, settings, sandbox, frozen
):
    (changed,) = sandbox.change(lambda w: world.change_some(w, 1, 1))
    came(synced, "ticket_tailor", f"or_{changed}", "ORDER.UPDATED", 1)
    sandbox.faults.plan(Plan("status:503", times=99))
    receive.work_off(synced, settings)
    assert inbox_states(synced) == ["received"]
    sandbox.faults.clear()
    assert receive.work_off(synced, settings).deliveries == 0  # not yet
    frozen(NOW + timedelta(minutes=2))
    assert receive.work_off(synced, settings).deliveries == 1
    assert inbox_states(synced) == ["done"]
    assert figures(synced) == truth(sandbox)


def test_a_busy_account_keeps_its_deliveries(synced, settings, sandbox):
    (changed,) = sandbox.change(lambda w: world.change_some(w, 1, 1))
    came(synced, "ticket_tailor", f"or_{changed}", "ORDER.UPDATED", 1)
    with synced.write() as session:
        lease.take(session, "account tt", "run-1 (process 1 on another machine)", NOW)
    done = receive.work_off(synced, settings)
    assert [r.outcome for r in done.results] == ["skipped-busy"]
    assert inbox_states(synced) == ["received"]


# Convergence


@pytest.fixture
def three(sqlite, settings, frozen, monkeypatch):
    """
    One venue on three platforms that send webhooks, all synced.
    """
    others = platforms.others(today=TODAY, orders=600, names=["square", "eventbrite"])
    sandbox = server.Sandbox(world.build(today=TODAY, orders=600), others=others)
    sandbox.clock = lambda: clock.now().timestamp()
    monkeypatch.setenv("TT_KEY", sandbox.key)
    with server.serving(sandbox) as url:
        connect(sqlite, url)
        for player in others:
            monkeypatch.setenv(f"KEY_{player.name.upper()}", player.key)
            address = sandbox.url(url, player.name)
            with sqlite.write() as session:
                new = state.NewAccount(
                    *(player.name, player.name, address, "env"),
                    *(f"KEY_{player.name.upper()}", "", None),
                )
                state.add(session, new, clock.now())
        sync.fetch_listing(sqlite, settings, [])
        match.adopt(sqlite, settings)
        sync.sync(sqlite, settings, Request())
        sandbox.played = {player.name: player for player in others}
        yield sqlite, sandbox


def play(three, settings, frozen, seed, rounds, per_round=8):
    """
    Orders change, deliveries come: shuffled, a third of them twice, some lost, some
    forged, some stale. A second database gets each of them once and in order. Answers
    that database, how many deliveries were believed, and what payloads would have made
    of it all: for each order the last version that was delivered, and the real one.
    """
    database, sandbox = three
    copy = database.file.with_name("in-order.db")
    shutil.copy(database.file, copy)
    orderly = engine.open_database(str(copy))
    chance = random.Random(seed)
    square, eventbrite = (sandbox.played[name] for name in ("square", "eventbrite"))
    worlds = {
        "ticket_tailor": (sandbox.world, sandbox),
        "square": (square.world, square),
        "eventbrite": (eventbrite.world, eventbrite),
    }
    with database.read() as session:
        ids = {a.provider: a.id for a in state.all_accounts(session)}
    number = believed = 0
    by_payload, newest = {}, {}
    for round_ in range(rounds):
        frozen(NOW + timedelta(minutes=10 * (round_ + 1)))
        lot = []
        for platform, (there, player) in worlds.items():
            there.now += 600
            for id_ in world.change_some(there, per_round, 20):
                newest[platform, id_] = there.version
                lot.append((platform, id_, _order_of(platform, id_), there.version))
            if platform != "ticket_tailor":
                player.forget()
        sandbox.change(lambda _: None)  # what it rendered before is forgotten
        for place, (platform, _, order, _) in enumerate(lot):
            came(
                *(orderly, platform, order, deliveries.EVENTS[platform][1]),
                10**6 * (round_ + 1) + place,
                account_id=ids[platform],
            )
        receive.work_off(orderly, settings)
        late = [item for item in lot if chance.random() >= 0.05]  # the rest is lost
        late += [item for item in late if chance.random() < 0.33]
        chance.shuffle(late)
        for platform, id_, order, version in late:
            number += 1
            odd = {}
            if chance.random() < 0.02:
                odd = {"secret": "forged"}
            elif chance.random() < 0.01:
                odd = {"off": timedelta(minutes=-9)}
            event = deliveries.EVENTS[platform][1]
            is_believed = came(
                *(database, platform, order, event, number),
                account_id=ids[platform],
                **odd,
            )
            believed += is_believed
            if is_believed:
                by_payload[platform, id_] = version
        if round_ % 2:
            receive.work_off(database, settings)
    receive.work_off(database, settings)
    frozen(NOW + timedelta(hours=8))
    for each in (database, orderly):
        sync.sync(each, settings, Request(full=True))
    return orderly, believed, by_payload, newest


def _order_of(platform, id_):
    return {"square": "O{}", "ticket_tailor": "or_{}"}.get(platform, "{}").format(id_)


def converged(three, settings, frozen, seed, rounds):
    """
    Whether chaos and order end in the same books; and how many deliveries it took.
    """
    database, sandbox = three
    orderly, believed, by_payload, newest = play(three, settings, frozen, seed, rounds)
    same = dump_of_books(database) == dump_of_books(orderly)
    orderly.close()
    # The control: whoever applies what deliveries say has lost changes for good.
    assert by_payload != newest
    assert figures_of_tt(database) == truth(sandbox)
    return same, believed


def test_g04_deliveries_converge_after_one_sync(three, settings, frozen):
    same, believed = converged(three, settings, frozen, seed=1, rounds=4)
    assert same
    assert believed > 100


@pytest.mark.drill
@pytest.mark.parametrize("seed", range(20))
def test_g04_twenty_seeds_converge(three, settings, frozen, seed):
    same, believed = converged(three, settings, frozen, seed, rounds=5)
    assert same
    assert believed >= 120


def figures_of_tt(database):
    return {
        event: numbers
        for event, numbers in figures(database).items()
        if event[:3] == "ev_"
    }


def dump_of_books(database):
    """
    Every order and ticket with its money, by whose it is.
    """
    with database.read() as session:
        return {
            key: {
                name: value
                for name, value in values.items()
                if name not in ("occurrence_id", "content")
            }
            for key, values in books.rows(session)
        }


# What an operator does about them


def test_replay_works_off_again_what_came_since_a_date(
    synced, settings, sandbox, frozen
):
    purchase = sandbox.world.purchases[0]
    hooked(synced)
    came(synced, "ticket_tailor", f"or_{purchase.id}", "ORDER.UPDATED", 1)
    receive.work_off(synced, settings)
    before = dump(synced)
    with synced.write() as session:
        assert inbox.replay(session, 1, NOW + timedelta(hours=1), NOW) == 0
        assert inbox.replay(session, 1, NOW, NOW) == 1

    done = receive.work_off(synced, settings)

    assert done.deliveries == 1
    assert dump(synced) == before


def test_sales_that_nobody_announced_are_counted(synced, sandbox, settings, frozen):
    """
    Gap detection: of a day's new orders one was announced.
    """
    hooked(synced)
    sandbox.change(world.next_day)
    frozen(NOW + timedelta(hours=26))
    sync.sync(synced, settings, Request())
    with synced.read() as session:
        fresh = [
            row.provider_id
            for row in session.connection().execute(
                table_of(Order)
                .select()
                .where(
                    table_of(Order).c.placed_at >= NOW + timedelta(hours=2),
                    table_of(Order).c.placed_at < clock.now() - told.LATE,
                )
            )
        ]
    assert len(fresh) > 1
    came(synced, "ticket_tailor", fresh[0], "ORDER.CREATED", 7)

    with synced.read() as session:
        (gap,) = told.gaps(session, clock.now())

    assert (gap.account, gap.orders, gap.of) == ("tt", len(fresh) - 1, len(fresh))


def test_an_account_without_an_address_has_no_gap(synced, sandbox, settings, frozen):
    sandbox.change(world.next_day)
    frozen(NOW + timedelta(hours=26))
    sync.sync(synced, settings, Request())

    with synced.read() as session:
        assert told.gaps(session, clock.now()) == []


def hooked(database):
    with database.write() as session:
        inbox.endpoint(session, 1, clock.now())


@pytest.mark.parametrize(
    ("platform", "signed"), [("square", True), ("eventbrite", False)]
)
def test_a_platform_is_told_our_address_by_its_own_interface(
    sqlite, frozen, settings, monkeypatch, platform, signed
):
    others = platforms.others(today=TODAY, orders=5, names=[platform])
    played = server.Sandbox(world.build(today=TODAY, orders=5), others=others)
    monkeypatch.setenv("KEY", played.players[platform].key)
    with server.serving(played) as address:
        with sqlite.write() as session:
            new = state.NewAccount(
                *("a", platform, played.url(address, platform), "env", "KEY", "", None)
            )
            state.add(session, new, clock.now())
            path = inbox.endpoint(session, 1, clock.now())
        url = f"https://tickets.example.org/hooks/{path}"

        registered = connect_job.register(sqlite, settings, "a", url, "file")

    assert list(played.players[platform].hooks) == [url]
    assert registered.id
    assert (registered.secret is not None) == signed
    with sqlite.read() as session:
        (endpoint,) = inbox.endpoints(session, clock.now())
    found = [
        credentials.read("a/webhook", *place).reveal() for place in endpoint.secrets
    ]
    assert found == (["sq-signature-key-1"] if signed else [])


def test_where_it_cannot_be_kept_nothing_is_registered(
    sqlite, frozen, settings, monkeypatch
):
    """
    F113: this test's keyring fails; Square was not asked.
    """
    others = platforms.others(today=TODAY, orders=5, names=["square"])
    played = server.Sandbox(world.build(today=TODAY, orders=5), others=others)
    monkeypatch.setenv("KEY", played.players["square"].key)
    with server.serving(played) as address:
        with sqlite.write() as session:
            new = state.NewAccount(
                *("a", "square", played.url(address, "square"), "env", "KEY", "", None)
            )
            state.add(session, new, clock.now())

        with pytest.raises(errors.KeyringUnavailable):
            connect_job.register(sqlite, settings, "a", URL, "keyring")

    assert played.players["square"].hooks == {}


def test_a_platform_that_takes_none_says_what_to_do_instead(
    connected, settings, sandbox
):
    with pytest.raises(errors.UsageError, match="takes no webhooks") as refused:
        connect_job.register(connected, settings, "tt", URL, "file")

    assert "webhooks url tt" in refused.value.hint
