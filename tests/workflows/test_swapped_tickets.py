"""
Humanitix: tickets that were swapped to another night, and what a ticket is scanned by.
"""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from support.dates import NOW, TODAY
from support.platform_accounts import (
    NUMBERS,
    adopt,
    connect,
    figures,
    run,
    same,
    set_up,
)

from ticketsync.catalogue import shows
from ticketsync.core import clock, digest
from ticketsync.door import attendees
from ticketsync.sales import quarantine
from ticketsync.sandbox import humanitix, season, server, world
from ticketsync.sandbox.faults import HttpResponse
from ticketsync.store.tables.sales import raw_records
from ticketsync.workflows.door import checkin, merge_scans
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.replay import replay
from ticketsync.workflows.sync.run import Request

FIRST, SECOND = f"{3001:024x}", f"{3002:024x}"


@pytest.fixture
def fake_server(frozen, monkeypatch):
    """
    A Humanitix whose two events are sold in one currency.
    """
    profile = replace(humanitix.PROFILE, currencies={})
    fake_platform = humanitix.Humanitix(
        world.build(today=TODAY, orders=120, profile=profile)
    )
    sandbox = server.Sandbox(
        world.build(today=TODAY, orders=10), others=(fake_platform,)
    )
    sandbox.clock = lambda: clock.now().timestamp()
    sandbox.platform = fake_platform
    monkeypatch.setenv("KEY", fake_platform.key)
    with server.serving(sandbox) as address:
        sandbox.address = sandbox.url(address, "humanitix")
        yield sandbox


@pytest.fixture
def synced(database, settings, fake_server):
    set_up(
        database, settings, fake_server, "humanitix", is_read=True, world="one currency"
    )
    return database


def ahead(fake_server, work):
    return [
        p
        for p in fake_server.platform.world.performances
        if p.production.id == work and p.starts_at.timestamp() > NOW.timestamp()
    ]


def single(fake_server, work=3001):
    """
    A paid order of one ticket, for a night of that work.
    """
    return next(
        p
        for p in fake_server.platform.world.purchases
        if p.performance in ahead(fake_server, work)
        and len(p.seats) == 1
        and p.total
        and p.state == "completed"
        and not p.refunded
        and not p.seats[0].is_void
    )


def swapped(fake_server, frozen, *, to=3002):
    """
    An order whose ticket was swapped to a night of another event, or of its own.
    """
    purchase = single(fake_server)
    target = next(p for p in ahead(fake_server, to) if p is not purchase.performance)
    fake_server.platform.world.now += 600
    world.swap(fake_server.platform.world, purchase, target)
    frozen(NOW + timedelta(seconds=600))
    return purchase, target


def expected(fake_server):
    """
    The truth in the words of `figures`; fees of nights that sold something.
    """
    return {
        row["event_id"]: {
            name: row["gross"] if name == "fees" and row["fees"] is None else row[name]
            for name in NUMBERS
        }
        for row in fake_server.truth("humanitix")
    }


def nights_of(database, number):
    """
    The nights, in UTC, on whose door list that ticket stands.
    """
    with database.read() as connection:
        return {
            show.starts_at
            for show in shows.list_shows(connection)
            for guest in attendees.list_guests(connection, show.id)
            if guest.ticket_id == f"{number:024x}"
        }


@pytest.mark.parametrize("to", [3001, 3002])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.sampled(4)
def test_a_swapped_ticket_is_at_the_door_of_its_new_night_with_its_money(
    synced, settings, fake_server, frozen, to, full
):
    """
    39.00 or 29.00 and a fee of 1.50 leave one night for the other, to the cent.
    """
    before = figures(synced)
    purchase, target = swapped(fake_server, frozen, to=to)

    run(synced, settings, full=full)

    after = figures(synced)
    same(after, expected(fake_server))
    old = humanitix.PROFILE.provider_occurrence_id(purchase.performance)
    new = humanitix.PROFILE.provider_occurrence_id(target)
    assert after[old]["tickets_sold"] == before[old]["tickets_sold"] - 1
    assert after[new]["tickets_sold"] == before[new]["tickets_sold"] + 1
    seat = purchase.seats[0]
    assert nights_of(synced, seat.swapped_id) == {target.starts_at}
    assert nights_of(synced, seat.id) == set()


def test_a_first_read_finds_a_swapped_ticket(database, settings, fake_server, frozen):
    purchase, target = swapped(fake_server, frozen)
    connect(database, "humanitix", fake_server.address)
    sync.fetch_listing(database, settings, [])
    adopt(database)

    run(database, settings)

    same(figures(database), expected(fake_server))
    assert nights_of(database, purchase.seats[0].swapped_id) == {target.starts_at}


def test_what_happens_after_a_swap_arrives_too_and_stays(
    synced, settings, fake_server, frozen
):
    purchase, _ = swapped(fake_server, frozen)
    run(synced, settings)
    fake_server.platform.world.now += 600
    world.refund_seat(fake_server.platform.world, purchase)
    frozen(NOW + timedelta(seconds=1200))

    run(synced, settings)
    once = figures(synced)
    run(synced, settings, full=True)

    assert figures(synced) == once
    replay(synced, settings, [])
    assert figures(synced) == once
    same(once, expected(fake_server))


def test_a_swapped_ticket_whose_order_is_not_known_is_set_aside_by_name(
    synced, settings, fake_server, frozen
):
    purchase, target = swapped(fake_server, frozen)
    order = f"{purchase.id:024x}"
    spoil = fake_server.faults.apply

    def unknown(path, answer):
        if path.endswith(f"/orders/{order}"):
            return HttpResponse(404, b'{"statusCode":404,"message":"Not Found"}')
        if f"{FIRST}/orders" in path:  # nor does its own event list it any more
            body = json.loads(answer.body)
            body["orders"] = [row for row in body["orders"] if row["_id"] != order]
            body["total"] = len(body["orders"])
            return HttpResponse(200, json.dumps(body).encode())
        return spoil(path, answer)

    fake_server.faults.apply = unknown
    with synced.write() as connection:
        # As if it had never been read.
        connection.execute(
            raw_records.delete().where(raw_records.c.provider_id == order)
        )

    result = sync.sync(synced, settings, Request(full=True)).results[0]

    assert result.outcome == "partial"
    with synced.read() as connection:
        (waiting,) = quarantine.list_unread(connection, 1)
    assert (waiting.provider_id, waiting.word) == (order, "order-missing")
    assert waiting.event_id in map(
        humanitix.PROFILE.provider_occurrence_id, (purchase.performance, target)
    )
    fake_server.faults.apply = spoil
    run(synced, settings, full=True)
    same(figures(synced), expected(fake_server))


def test_two_changes_within_one_tick_of_the_clock_are_both_read(
    synced, settings, fake_server, frozen
):
    """
    The order's `updatedAt` is the same before and after the second one.
    """
    purchase = single(fake_server)
    fake_server.platform.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    world.refund_all(fake_server.platform.world, purchase)
    purchase.refunded -= 100
    run(synced, settings)
    purchase.refunded += 100

    run(synced, settings)

    same(figures(synced), expected(fake_server))


def test_f12_a_change_from_the_future_does_not_hide_what_comes_after(
    synced, settings, fake_server, frozen
):
    purchases = [
        p
        for p in fake_server.platform.world.purchases
        if p.performance.production.id == 3001
    ]
    purchases[0].changed_at = 32_472_144_000  # the year 2999
    run(synced, settings)
    purchases[0].changed_at = int(NOW.timestamp())
    fake_server.platform.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    world.refund_all(fake_server.platform.world, single(fake_server))

    run(synced, settings)

    same(figures(synced), expected(fake_server))


# What a ticket is scanned by


@pytest.fixture
def guest(synced, fake_server):
    """
    A ticket that has the venue's own code beside its QR code, and its door.
    """
    purchase = next(
        p
        for p in fake_server.platform.world.purchases
        if p.performance in ahead(fake_server, 3001)
        and any(s.id % 3 == 0 and not s.is_void for s in p.seats)
    )
    seat = next(s for s in purchase.seats if s.id % 3 == 0 and not s.is_void)
    with synced.read() as connection:
        (found,) = attendees.search_tickets(connection, f"{seat.id:024x}", exact=True)
    return seat, found, checkin.find_scan_point(synced, found.show_id, "Door A")


def scans(seat):
    qr, event = f"qr{seat.id}", FIRST
    return {
        "the QR code's id": qr,
        "the object": json.dumps({"_id": qr, "eventId": event}),
        "other key order": json.dumps({"eventId": event, "_id": qr}, indent=1),
        "the venue's own code": f"29{seat.id:012d}",
        "the ticket's number": f"{seat.id:024x}",
    }


@pytest.mark.parametrize("how", scans(season.Seat(1, None, 0, 0)))
def test_a_humanitix_ticket_is_known_by_whatever_it_is_scanned_by(synced, guest, how):
    seat, found, at = guest

    answer = checkin.admit(synced, at, scans(seat)[how])

    assert answer.outcome == "admitted", answer
    assert [g.ticket_id for g in answer.guests] == [found.ticket_id]
    again = checkin.admit(synced, at, scans(seat)["the venue's own code"])
    assert again.outcome == "already-in"


def test_scans_of_an_offline_door_are_merged_by_either_code(synced, guest, tmp_path):
    seat, _, at = guest
    file = tmp_path / "door.jsonl"
    by_ticket = scans(seat)
    moments = ("2026-08-31T23:00:00Z", "2026-08-31T23:01:00Z")
    codes = (by_ticket["other key order"], by_ticket["the venue's own code"])
    file.write_text(
        "\n".join(
            json.dumps({"at": at_, "code": code})
            for at_, code in zip(moments, codes, strict=True)
        )
    )

    merged = merge_scans.merge_file(synced, at, file)

    assert merged.outcomes == {"admitted": 1, "already-in": 1}


def test_the_offline_list_has_both_digests_and_neither_code(synced, guest):
    seat, found, _ = guest

    assert found.code == digest.code(f"qr{seat.id}")
    assert found.second_code == digest.code(f"29{seat.id:012d}")
