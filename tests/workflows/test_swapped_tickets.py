"""
Humanitix: tickets that were swapped to another night, and what a ticket is scanned by.
"""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import NOW, TODAY
from test_platforms import adopt, connect, figures, run, same, set_up

from ticketsync.catalogue import shows
from ticketsync.core import clock, digest
from ticketsync.door import attendees
from ticketsync.sales import quarantine
from ticketsync.sandbox import humanitix, server, world
from ticketsync.sandbox.faults import Answer
from ticketsync.store.tables.sales import RawRecordRow
from ticketsync.store.upsert import table_of
from ticketsync.workflows import checkin, sync
from ticketsync.workflows.sync import Request

FIRST, SECOND = f"{3001:024x}", f"{3002:024x}"


@pytest.fixture
def played(frozen, monkeypatch):
    """
    A Humanitix whose two events are sold in one currency.
    """
    habits = replace(humanitix.PROFILE, currencies={})
    player = humanitix.Humanitix(world.build(today=TODAY, orders=120, habits=habits))
    sandbox = server.Sandbox(world.build(today=TODAY, orders=10), others=(player,))
    sandbox.clock = lambda: clock.now().timestamp()
    sandbox.player = player
    monkeypatch.setenv("KEY", player.key)
    with server.serving(sandbox) as address:
        sandbox.address = sandbox.url(address, "humanitix")
        yield sandbox


@pytest.fixture
def synced(database, settings, played):
    set_up(database, settings, played, "humanitix", is_read=True, world="one currency")
    return database


def ahead(played, work):
    return [
        p
        for p in played.player.world.performances
        if p.work.id == work and p.starts.timestamp() > NOW.timestamp()
    ]


def single(played, work=3001):
    """
    A paid order of one ticket, for a night of that work.
    """
    return next(
        p
        for p in played.player.world.purchases
        if p.performance in ahead(played, work)
        and len(p.seats) == 1
        and p.total
        and p.state == "completed"
        and not p.returned
        and not p.seats[0].is_void
    )


def swapped(played, frozen, *, to=3002):
    """
    An order whose ticket was swapped to a night of another event, or of its own.
    """
    purchase = single(played)
    target = next(p for p in ahead(played, to) if p is not purchase.performance)
    played.player.world.now += 600
    world.swap(played.player.world, purchase, target)
    frozen(NOW + timedelta(seconds=600))
    return purchase, target


def expected(played):
    """
    The truth in the words of `figures`; fees of nights that sold something.
    """
    return {
        row["event_id"]: {
            name: row["gross"] if name == "fees" and row["fees"] is None else row[name]
            for name in (
                *("tickets_sold", "tickets_comp", "tickets_refunded", "checked_in"),
                *("face", "discounts", "gross", "refunded", "tax"),
                *("net_before_fees", "fees"),
            )
        }
        for row in played.truth("humanitix")
    }


def nights_of(database, number):
    """
    The nights, in UTC, on whose door list that ticket stands.
    """
    with database.read() as session:
        return {
            show.starts_at
            for show in shows.list_shows(session)
            for guest in attendees.list_guests(session, show.id)
            if guest.ticket_id == f"{number:024x}"
        }


@pytest.mark.parametrize("to", [3001, 3002])
@pytest.mark.parametrize("full", [False, True])
def test_a_swapped_ticket_is_at_the_door_of_its_new_night_with_its_money(
    synced, settings, played, frozen, to, full
):
    """
    39.00 or 29.00 and a fee of 1.50 leave one night for the other, to the cent.
    """
    before = figures(synced)
    purchase, target = swapped(played, frozen, to=to)

    run(synced, settings, full=full)

    after = figures(synced)
    same(after, expected(played))
    old = humanitix.PROFILE.named(purchase.performance)
    new = humanitix.PROFILE.named(target)
    assert after[old]["tickets_sold"] == before[old]["tickets_sold"] - 1
    assert after[new]["tickets_sold"] == before[new]["tickets_sold"] + 1
    seat = purchase.seats[0]
    assert nights_of(synced, seat.moved_id) == {target.starts}
    assert nights_of(synced, seat.id) == set()


def test_a_first_read_finds_a_swapped_ticket(database, settings, played, frozen):
    purchase, target = swapped(played, frozen)
    connect(database, "humanitix", played.address)
    sync.fetch_listing(database, settings, [])
    adopt(database)

    run(database, settings)

    same(figures(database), expected(played))
    assert nights_of(database, purchase.seats[0].moved_id) == {target.starts}


def test_what_happens_after_a_swap_arrives_too_and_stays(
    synced, settings, played, frozen
):
    purchase, _ = swapped(played, frozen)
    run(synced, settings)
    played.player.world.now += 600
    world.refund_seat(played.player.world, purchase)
    frozen(NOW + timedelta(seconds=1200))

    run(synced, settings)
    once = figures(synced)
    run(synced, settings, full=True)

    assert figures(synced) == once
    sync.replay(synced, settings, [])
    assert figures(synced) == once
    same(once, expected(played))


def test_a_swapped_ticket_whose_order_is_not_known_is_set_aside_by_name(
    synced, settings, played, frozen
):
    purchase, target = swapped(played, frozen)
    order = f"{purchase.id:024x}"
    spoil = played.faults.spoil

    def unknown(path, answer):
        if path.endswith(f"/orders/{order}"):
            return Answer(404, b'{"statusCode":404,"message":"Not Found"}')
        if f"{FIRST}/orders" in path:  # nor does its own event list it any more
            body = json.loads(answer.body)
            body["orders"] = [row for row in body["orders"] if row["_id"] != order]
            body["total"] = len(body["orders"])
            return Answer(200, json.dumps(body).encode())
        return spoil(path, answer)

    played.faults.spoil = unknown
    with synced.write() as session:
        # As if it had never been read.
        raw = table_of(RawRecordRow)
        session.connection().execute(raw.delete().where(raw.c.provider_id == order))

    result = sync.sync(synced, settings, Request(full=True)).results[0]

    assert result.outcome == "partial"
    with synced.read() as session:
        (waiting,) = quarantine.list_unread(session, 1)
    assert (waiting.provider_id, waiting.word) == (order, "order-missing")
    assert waiting.event_id in map(
        humanitix.PROFILE.named, (purchase.performance, target)
    )
    played.faults.spoil = spoil
    run(synced, settings, full=True)
    same(figures(synced), expected(played))


def test_two_changes_within_one_tick_of_the_clock_are_both_read(
    synced, settings, played, frozen
):
    """
    The order's `updatedAt` is the same before and after the second one.
    """
    purchase = single(played)
    played.player.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    world.refund_all(played.player.world, purchase)
    purchase.returned -= 100
    run(synced, settings)
    purchase.returned += 100

    run(synced, settings)

    same(figures(synced), expected(played))


def test_f12_a_change_from_the_future_does_not_hide_what_comes_after(
    synced, settings, played, frozen
):
    purchases = [
        p for p in played.player.world.purchases if p.performance.work.id == 3001
    ]
    purchases[0].touched = 32_472_144_000  # the year 2999
    run(synced, settings)
    purchases[0].touched = int(NOW.timestamp())
    played.player.world.now += 600
    frozen(NOW + timedelta(seconds=600))
    world.refund_all(played.player.world, single(played))

    run(synced, settings)

    same(figures(synced), expected(played))


# What a ticket is scanned by


@pytest.fixture
def guest(synced, played):
    """
    A ticket that has the venue's own code beside its QR code, and its door.
    """
    purchase = next(
        p
        for p in played.player.world.purchases
        if p.performance in ahead(played, 3001)
        and any(s.id % 3 == 0 and not s.is_void for s in p.seats)
    )
    seat = next(s for s in purchase.seats if s.id % 3 == 0 and not s.is_void)
    with synced.read() as session:
        (found,) = attendees.search_tickets(session, f"{seat.id:024x}", exact=True)
    return seat, found, checkin.at_show(synced, found.show_id, "Door A")


def scans(seat):
    qr, event = f"qr{seat.id}", FIRST
    return {
        "the QR code's id": qr,
        "the object": json.dumps({"_id": qr, "eventId": event}),
        "other key order": json.dumps({"eventId": event, "_id": qr}, indent=1),
        "the venue's own code": f"29{seat.id:012d}",
        "the ticket's number": f"{seat.id:024x}",
    }


@pytest.mark.parametrize("how", scans(world.Seat(1, None, 0, 0)))
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
    told = scans(seat)
    moments = ("2026-08-31T23:00:00Z", "2026-08-31T23:01:00Z")
    codes = (told["other key order"], told["the venue's own code"])
    file.write_text(
        "\n".join(
            json.dumps({"at": at_, "code": code})
            for at_, code in zip(moments, codes, strict=True)
        )
    )

    merged = checkin.merge(synced, at, file)

    assert merged.outcomes == {"admitted": 1, "already-in": 1}


def test_the_offline_list_has_both_digests_and_neither_code(synced, guest):
    seat, found, _ = guest

    assert found.code == digest.code(f"qr{seat.id}")
    assert found.second_code == digest.code(f"29{seat.id:012d}")
