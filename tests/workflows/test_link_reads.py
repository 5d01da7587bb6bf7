"""
When each linked occurrence was last read, what went wrong last, and what is left of it.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from support import hand_links
from support.dates import NOW

from ticketsync.catalogue import (
    availability,
    link_reads,
    occurrences,
    ticket_types,
)
from ticketsync.core import errors
from ticketsync.core.records import TicketType, TicketTypeStatus
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.sandbox.faults import Plan
from ticketsync.store.tables.catalogue import occurrences as occurrences_table
from ticketsync.store.tables.catalogue import show_links
from ticketsync.store.tables.webhooks import deliveries
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request
from ticketsync.workflows.webhooks import delivery_processing


def listed(database):
    with database.read() as connection:
        return occurrences.list_occurrences(connection)


def last_reads(database):
    """
    When each occurrence was last read, by the platform's id.
    """
    with database.read() as connection:
        found = occurrences.list_occurrences(connection)
        reads = link_reads.list_last_reads(connection, found)
    return {o.provider_occurrence_id: reads[o.id] for o in found}


def problems(database):
    return {o.provider_occurrence_id: o.problem for o in listed(database) if o.problem}


def announce(database, order_id):
    with database.write() as connection:
        connection.execute(
            insert(deliveries).values(
                account_id=1,
                key=order_id,
                event="ORDER.UPDATED",
                what="order",
                state="received",
                order_id=order_id,
                received_at=NOW,
                next_try_at=NOW,
            )
        )


def test_a_complete_run_is_the_last_read_of_every_date_and_writes_no_link(
    synced_once, settings, frozen
):
    later = NOW + timedelta(hours=1)
    frozen(later)
    sync.sync(synced_once, settings, Request())
    assert set(last_reads(synced_once).values()) == {later}
    with synced_once.read() as connection:
        query = select(show_links.c.last_read_at).distinct()
        assert connection.scalars(query).all() == [None]


def test_a_webhook_is_the_last_read_of_the_dates_of_its_order(
    synced_once, settings, sandbox, frozen
):
    """
    Also where the order is as it was before.
    """
    order = sandbox.world.purchases[0]
    announce(synced_once, f"or_{order.id}")
    later = NOW + timedelta(hours=2)
    frozen(later)
    delivery_processing.process_deliveries(synced_once, settings)
    reads = last_reads(synced_once)
    assert {id_ for id_, at in reads.items() if at == later} == {
        f"ev_{order.performance.id}"
    }


def test_a_run_that_does_not_finish_notes_what_it_read(adopted, settings, sandbox):
    """
    With one reader: beside others, the failure of one may come before the pages that
    the rest have read.
    """
    one_reader = replace(settings, sync=replace(settings.sync, workers=1))
    sandbox.faults.plan(Plan("status:503", "/orders", times=99, skip=2))
    assert sync.sync(adopted, one_reader, Request()).exit_code == 5
    reads = last_reads(adopted)
    assert NOW in reads.values()


def test_a_link_that_is_off_is_not_read_by_later_runs(synced_once, settings):
    date = next(o for o in listed(synced_once) if o.show_id)
    hand_links.configure(
        *(synced_once, settings, date), enabled=False, ticket_sales=None, types={}
    )
    assert last_reads(synced_once)[date.provider_occurrence_id] is None


@pytest.mark.thorough
def test_an_order_that_cannot_be_read_is_its_dates_problem_until_it_can(
    synced_once, settings, sandbox
):
    sandbox.faults.plan(
        Plan('records:10:status="part_transferred"', "/orders", times=99)
    )
    sync.sync(synced_once, settings, Request(full=True))
    found = problems(synced_once)
    assert found
    assert all("could not be read, or_" in said for said in found.values())
    first = {o.id: o.problem_at for o in listed(synced_once)}

    sync.sync(synced_once, settings, Request(full=True))
    assert {o.id: o.problem_at for o in listed(synced_once)} == first  # as it was

    sandbox.faults.clear()
    sync.sync(synced_once, settings, Request(full=True))
    assert problems(synced_once) == {}
    assert {o.problem_at for o in listed(synced_once)} == {None}


def test_a_list_of_orders_that_is_not_believed_is_the_problem_of_its_dates(
    synced_once, settings, sandbox
):
    sandbox.faults.plan(Plan("drop:0", "/orders", times=999))
    sync.sync(synced_once, settings, Request(full=True))
    said = set(problems(synced_once).values())
    assert said == {"its list of orders was incomplete and not believed"}
    sandbox.faults.clear()
    sync.sync(synced_once, settings, Request(full=True))
    assert problems(synced_once) == {}


def test_a_read_of_one_date_sets_and_clears_its_problem_too(
    synced_once, settings, sandbox
):
    date = max(listed(synced_once), key=lambda o: o.ordered or 0)
    only_this = Request(events=(date.provider_occurrence_id,))
    sandbox.faults.plan(Plan("drop:20", "/orders", times=999))
    sync.sync(synced_once, settings, only_this)
    said = "its list of orders was incomplete and not believed"
    assert problems(synced_once) == {date.provider_occurrence_id: said}
    sandbox.faults.clear()
    sync.sync(synced_once, settings, only_this)
    assert problems(synced_once) == {}


def test_orders_that_the_platform_refuses_are_a_problem_until_it_shows_them(
    synced_once, settings, sandbox, monkeypatch
):
    date = max(listed(synced_once), key=lambda o: o.ordered or 0)
    only_this = Request(events=(date.provider_occurrence_id,))

    def refuse(*_, **__):
        raise errors.Forbidden("no")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(TicketTailor, "fetch_orders", refuse)
        sync.sync(synced_once, settings, only_this)
    said = "the platform did not show its orders"
    assert problems(synced_once) == {date.provider_occurrence_id: said}
    sync.sync(synced_once, settings, only_this)
    assert problems(synced_once) == {}


# What is left


def left(database, kinds, *, capacity=None, issued=None, status="on_sale", gone=None):
    """
    What is left of the first date with these ticket types.
    """
    with database.write() as connection:
        date = occurrences.list_occurrences(connection)[0]
        connection.execute(
            update(occurrences_table)
            .where(occurrences_table.c.id == date.id)
            .values(capacity=capacity, issued=issued, status=status, gone_since=gone)
        )
        ticket_types.save_ticket_types(connection, {date.id: kinds}, NOW)
    with database.read() as connection:
        found = occurrences.list_occurrences(connection)
        return availability.list_available(connection, found)[date.id]


ON = TicketTypeStatus.ON_SALE


def kind(name, available, status=ON, sold=None):
    return TicketType(name, name, 1, "AUD", status, sold=sold, available=available)


@pytest.mark.parametrize(
    ("kinds", "numbers", "expected"),
    [
        ([("a", 10), ("b", 5)], {}, 15),
        ([("a", 10), ("b", None)], {}, None),
        ([("a", 10), ("b", None, TicketTypeStatus.HIDDEN)], {}, 10),
        ([("a", 10), ("b", 80, TicketTypeStatus.CLOSED)], {}, 10),
        ([("a", 80, TicketTypeStatus.CLOSED)], {}, 0),
        ([("a", 7, TicketTypeStatus.SCHEDULED)], {}, 7),
        ([("a", 0, TicketTypeStatus.SOLD_OUT), ("b", 3)], {}, 3),
        ([("a", None, TicketTypeStatus.UNKNOWN), ("b", 3)], {}, None),
        ([], {"capacity": 100, "issued": 3}, None),
        ([("a", 10), ("b", 5)], {"capacity": 100, "issued": 88}, 12),
        ([("a", 10)], {"capacity": 100, "issued": 120}, 0),
        ([("a", 10)], {"capacity": 5, "issued": None}, 5),
        ([("a", 223, ON, 17), ("b", 228, ON, 12)], {"capacity": 240}, 211),
    ],
)
def test_what_is_left_is_what_its_ticket_types_have_within_the_capacity(
    adopted, kinds, numbers, expected
):
    with adopted.write() as connection:
        ticket_types.delete_ticket_types(connection, 1)
    assert left(adopted, [kind(*k) for k in kinds], **numbers) == expected


def test_a_ticket_type_that_is_no_longer_listed_does_not_count(adopted):
    assert left(adopted, [kind("a", 10), kind("b", None)]) is None
    assert left(adopted, [kind("a", 10)]) == 10


@pytest.mark.parametrize(
    "now", [{"status": "cancelled"}, {"status": "closed"}, {"gone": NOW}]
)
def test_nothing_is_left_of_a_date_that_can_no_longer_be_bought(adopted, now):
    assert left(adopted, [kind("a", 10)]) == 10
    assert left(adopted, [kind("a", 10)], **now) == 0
