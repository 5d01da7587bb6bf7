"""
What a person dismissed is these records as they are. Another one, or another content of
one of them, waits; what is left of them does not.
"""

import copy
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update
from support import sandbox_providers
from support.saved_orders import FIRST_DAY, prepare

from ticketsync.accounts import dismissals
from ticketsync.core.records import Unread
from ticketsync.core.settings.config import Settings
from ticketsync.net import exact_json
from ticketsync.providers import registry
from ticketsync.reporting import audit_trail
from ticketsync.sales import quarantine
from ticketsync.sandbox.world import check_in
from ticketsync.store.tables.sales import quarantine as quarantined
from ticketsync.store.tables.webhooks import deliveries
from ticketsync.workflows import waiting

SETTINGS = Settings()
HELD = "quarantine:tt"


@pytest.fixture
def opened(sqlite, frozen):
    frozen(FIRST_DAY)
    return prepare(sqlite)


def set_aside(database, *records, at=FIRST_DAY):
    """
    Orders that cannot be read: id, what stands there, why not.
    """
    with database.write() as connection:
        unread = [
            Unread("order", id_, "ev_1", data, "unreadable", reason)
            for id_, data, reason in records
        ]
        quarantine.save_unread(connection, 1, unread, at)


def release(database, *ids):
    with database.write() as connection:
        quarantine.release(connection, 1, "order", ids)


def what_waits(database):
    with database.read() as connection:
        items = waiting.everything(connection, SETTINGS, FIRST_DAY)
    return {item.id: item.count for item in items if item.kind != "unmatched"}


ONE, TWO, THREE = [(f"or_{n}", b"{}", "status is 'lost'") for n in (1, 2, 3)]


def test_another_order_waits_that_takes_the_number_of_one_that_was_read(opened):
    """
    SQLite gives the number of the last row again once that is deleted.
    """
    set_aside(opened, ONE)
    waiting.dismiss(opened, SETTINGS, [HELD])
    assert what_waits(opened) == {}
    with opened.read() as connection:
        before = connection.scalar(select(quarantined.c.id))

    release(opened, "or_1")
    set_aside(opened, TWO)

    with opened.read() as connection:
        assert connection.scalar(select(quarantined.c.id)) == before
    assert what_waits(opened) == {HELD: 1}


def test_the_same_order_waits_again_after_it_was_read(opened):
    set_aside(opened, ONE)
    waiting.dismiss(opened, SETTINGS, [HELD])
    release(opened, "or_1")
    set_aside(opened, ONE, at=FIRST_DAY + timedelta(hours=1))
    assert what_waits(opened) == {HELD: 1}


@pytest.mark.parametrize(
    "changed",
    [
        ("or_1", b'{"refunded": 4500}', "status is 'lost'"),
        ("or_1", b"{}", "currency is 'XXQ'"),
    ],
    ids=["refunded", "another reason"],
)
def test_an_order_waits_again_once_it_is_another_at_its_platform(opened, changed):
    set_aside(opened, ONE, TWO)
    waiting.dismiss(opened, SETTINGS, [HELD])
    set_aside(opened, ONE, at=FIRST_DAY + timedelta(hours=1))
    assert what_waits(opened) == {}
    set_aside(opened, changed, at=FIRST_DAY + timedelta(hours=2))
    assert what_waits(opened) == {HELD: 2}


@pytest.mark.parametrize("released", ["or_1", "or_2", "or_3"])
def test_what_is_left_of_dismissed_orders_stays_dismissed(opened, released):
    set_aside(opened, ONE, TWO, THREE)
    waiting.dismiss(opened, SETTINGS, [HELD], reason="known")
    release(opened, released)
    assert what_waits(opened) == {}
    with opened.read() as connection:
        (dismissed,) = dismissals.list_dismissals(connection)
        chosen = audit_trail.AuditFilter(kind="waiting")
        (entry,) = audit_trail.list_entries(connection, chosen)
    assert len(dismissed.version.split()) == 3
    assert entry.after["reason"] == "known"


# Webhooks


def deliver(connection, key, state, *, at=FIRST_DAY):
    row = {"account_id": 1, "key": key, "state": state, "received_at": at}
    connection.execute(insert(deliveries), row | {"next_try_at": at})


def test_a_delivery_waits_that_failed_after_a_later_one_was_dismissed(opened):
    """
    The first was still tried when the second had failed for good.
    """
    with opened.write() as connection:
        deliver(connection, "first", "received")
        deliver(connection, "second", "failed")
    waiting.dismiss(opened, SETTINGS, ["failed-delivery:tt"])
    assert what_waits(opened) == {}
    with opened.write() as connection:
        first = deliveries.c.key == "first"
        connection.execute(update(deliveries).where(first).values(state="failed"))
    assert what_waits(opened) == {"failed-delivery:tt": 2}


def test_a_failed_delivery_waits_that_takes_the_number_of_a_deleted_one(opened):
    with opened.write() as connection:
        deliver(connection, "first", "failed")
    waiting.dismiss(opened, SETTINGS, ["failed-delivery:tt"])
    with opened.write() as connection:
        connection.execute(delete(deliveries))
        deliver(connection, "second", "failed")
    assert what_waits(opened) == {"failed-delivery:tt": 1}


# Scans at the platform's own door


def order_of(*tickets, **more):
    found = {"id": "or_1", "status": "lost", "refund_amount": 0, **more}
    return exact_json.encode({**found, "issued_tickets": list(tickets)})


OUTSIDE = {"id": "it_1", "checked_in": "false", "updated_at": 1_790_000_000}
INSIDE = {**OUTSIDE, "checked_in": "true", "updated_at": 1_790_700_000}


def test_a_dismissed_order_does_not_wait_again_when_a_guest_is_scanned(opened):
    set_aside(opened, ("or_1", order_of(OUTSIDE), "status is 'lost'"))
    waiting.dismiss(opened, SETTINGS, [HELD])
    set_aside(opened, ("or_1", order_of(INSIDE), "status is 'lost'"))
    assert what_waits(opened) == {}
    again = ("or_1", order_of(INSIDE, refund_amount=4500), "status is 'lost'")
    set_aside(opened, again)
    assert what_waits(opened) == {HELD: 1}


@pytest.mark.parametrize(
    "before", [b"[" * 600 + b"]" * 600, b'{"a":' * 600 + b"1" + b"}" * 600]
)
def test_what_is_nested_deeply_waits_like_any_other_order(opened, before):
    set_aside(opened, ("or_1", before, "status is 'lost'"))
    assert what_waits(opened) == {HELD: 1}
    waiting.dismiss(opened, SETTINGS, [HELD])
    assert what_waits(opened) == {}


def test_a_damaged_order_waits_like_any_other(opened):
    set_aside(opened, ONE)
    waiting.dismiss(opened, SETTINGS, [HELD])
    with opened.write() as connection:
        connection.execute(update(quarantined).values(record=b"not compressed"))
    assert what_waits(opened) == {HELD: 1}


def orders_of(fake):
    with sandbox_providers.connected(fake) as provider:
        dates = sandbox_providers.read_dates(provider)
        raws = sandbox_providers.raw_orders(provider, dates)
    return {raw["id"]: copy.deepcopy(raw) for raw in raws}


def a_guest_outside(world):
    return next(
        seat
        for purchase in world.purchases
        if purchase.state == "completed" and not purchase.rare_state
        for seat in purchase.seats
        if not (seat.is_void or seat.is_checked_in or seat.has_no_order)
    )


@pytest.mark.parametrize("name", ["ticket_tailor", "eventbrite", "humanitix", "wix"])
def test_each_platform_says_which_of_its_fields_a_scan_changes(name):
    """
    As the sandbox shows them. A ticket that is voided is another record.
    """
    fake = sandbox_providers.fake_platform(name)
    world = fake.world
    seat = a_guest_outside(world)
    before = orders_of(fake)
    world.now += 3600
    check_in(world, seat)
    scanned = orders_of(fake)
    seat.is_void = True
    voided = orders_of(fake)

    without_scans = registry.provider(name).spec.without_scans
    (id_,) = [id_ for id_ in before if before[id_] != scanned[id_]]
    assert without_scans(before[id_]) == without_scans(scanned[id_])
    assert without_scans(scanned[id_]) != without_scans(voided[id_])
