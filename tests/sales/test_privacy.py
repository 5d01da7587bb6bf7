"""
People: kept where an account says so, forgotten after their show, erased when they ask,
and never where nobody asked for them (F128, F129).
"""

import dataclasses
from datetime import timedelta

import pytest
from support.dates import NOW

from ticketsync.core import clock, errors
from ticketsync.core.records import OrderStatus
from ticketsync.core.settings.config import AccountSettings
from ticketsync.providers.ticket_tailor import spec as ticket_tailor_spec
from ticketsync.reporting import figures_of_shows, waiting_records
from ticketsync.sandbox.faults import Plan
from ticketsync.workflows import integrity_check, retention
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request


@pytest.fixture
def keeping(settings):
    """
    Settings that keep the people of account tt, for 90 days after their show.
    """
    return dataclasses.replace(
        settings, accounts={"tt": AccountSettings(keep_people=True)}
    )


@pytest.fixture
def synced(read_once):
    return read_once


def rows(database, query):
    with database.read() as connection:
        return connection.exec_driver_sql(query).all()


def kept(database):
    return rows(
        database,
        "SELECT count(*) FROM buyers WHERE email <> '' UNION ALL "
        "SELECT count(*) FROM attendees WHERE email <> ''",
    )


def figures(database):
    with database.read() as connection:
        figures_ = [item.as_json() for item in figures_of_shows.figures(connection)]
    timeless = {"last_synced_at": None, "last_complete_at": None}
    return [{**item, **timeless} for item in figures_]


@pytest.mark.thorough
def test_people_are_kept_only_where_the_account_says_so(connected, settings, sandbox):
    sync.fetch_listing(connected, settings, [])
    match.adopt(connected, settings)
    sync.sync(connected, settings, Request())
    assert [row[0] for row in kept(connected)] == [0, 0]


def test_buyer_and_attendee_of_every_order_are_who_the_platform_says(synced, sandbox):
    buyers = dict(
        rows(
            synced,
            "SELECT o.provider_id, b.name || '|' || b.email FROM buyers b "
            "JOIN orders o ON o.id = b.order_id",
        )
    )
    expected = {
        f"or_{p.id}": f"Guest {p.buyer}|guest{p.buyer}@example.com"
        for p in sandbox.world.purchases
    }
    assert buyers == expected
    assert kept(synced)[1][0] > len(expected)


@pytest.mark.thorough
def test_a_record_that_waited_does_not_take_its_people_away(
    synced, keeping, sandbox, monkeypatch
):
    """
    Quarantine keeps no people, so what comes out of it says nothing of them.
    """
    before = kept(synced)
    changed = 'records:10:status="part_transferred"'
    sandbox.faults.plan(Plan(changed, "/orders", times=99))
    waits = sync.sync(synced, keeping, Request(full=True))
    assert waits.results[0].counts.quarantined > 0
    sandbox.faults.clear()
    sandbox.faults.plan(Plan("status:503", "/orders", times=99))
    monkeypatch.setitem(
        ticket_tailor_spec.ORDER_STATUS, "part_transferred", OrderStatus.PAID
    )

    sync.sync(synced, keeping, Request())

    with synced.read() as connection:
        assert waiting_records.list_quarantined(connection) == []
    assert kept(synced) == before


@pytest.mark.thorough
def test_switching_it_on_later_needs_no_change_of_the_orders(
    connected, settings, keeping, sandbox
):
    sync.fetch_listing(connected, settings, [])
    match.adopt(connected, settings)
    sync.sync(connected, settings, Request())

    sync.sync(connected, keeping, Request(full=True))

    assert kept(connected)[0][0] == len(sandbox.world.purchases)


@pytest.mark.thorough
def test_f129_an_erased_person_stays_away_and_the_books_stay_as_they_are(
    synced, keeping, sandbox
):
    who = f"guest{sandbox.world.purchases[0].buyer}@example.com"
    before = figures(synced)
    found = retention.find_person(synced, who.upper())

    erased = retention.erase(synced, who)
    sync.sync(synced, keeping, Request(full=True))

    assert len(erased) == len(found) > 1
    with pytest.raises(errors.NotFound):
        retention.find_person(synced, who)
    assert figures(synced) == before
    assert integrity_check.check(synced, keeping).differences == ()


def test_a_dry_run_erases_nobody(synced, sandbox):
    who = f"guest{sandbox.world.purchases[0].buyer}@example.com"
    retention.erase(synced, who, dry_run=True)
    assert retention.find_person(synced, who)


def test_a_person_is_found_by_name_and_by_order(synced, sandbox):
    purchase = sandbox.world.purchases[0]
    by_name = retention.find_person(synced, f"guest {purchase.buyer}")
    by_order = retention.find_person(synced, f"or_{purchase.id}")
    assert {trace.email for trace in by_name} == {f"guest{purchase.buyer}@example.com"}
    assert {trace.order_id for trace in by_order} == {f"or_{purchase.id}"}


@pytest.mark.thorough
def test_f128_people_are_forgotten_some_time_after_their_show(
    synced, keeping, sandbox, frozen
):
    """
    The first show, 91 days later: its people are gone, those of later shows are not;
    at the end nobody is left, and another full read brings nobody back.
    """
    before = figures(synced)
    first = clock.local_to_utc(
        min(p.starts_at for p in sandbox.world.performances), "Australia/Sydney"
    )
    there = kept(synced)[0][0]

    frozen(first + timedelta(days=91))
    sync.sync(synced, keeping, Request())
    left = kept(synced)[0][0]
    frozen(NOW + timedelta(days=2000))
    sync.sync(synced, keeping, Request(full=True))

    assert 0 < left < there
    assert [row[0] for row in kept(synced)] == [0, 0]
    assert figures(synced) == before


def test_f128_no_byte_of_a_forgotten_person_is_left_in_the_file(
    sqlite, sandbox, keeping, frozen
):
    """
    Not in free pages either: what is deleted is overwritten.
    """
    from support.ticket_tailor_account import connect

    connect(sqlite, sandbox.url)
    sync.fetch_listing(sqlite, keeping, [])
    match.adopt(sqlite, keeping)
    sync.sync(sqlite, keeping, Request())
    canary = b"@example.com"
    assert canary in sqlite.file.read_bytes()

    frozen(NOW + timedelta(days=2000))
    assert retention.retain(sqlite, keeping, dry_run=True) > 0
    retention.retain(sqlite, keeping)

    left = b"".join(f.read_bytes() for f in sqlite.file.parent.glob("only.db*"))
    assert canary not in left
    assert b"Guest " not in left
