"""
What is read, decided from the listing and from what was read before: pure functions.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from ticketsync.catalogue.occurrences import LinkedOccurrence
from ticketsync.providers.eventbrite import Eventbrite
from ticketsync.providers.humanitix import Humanitix
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.sales.stored_orders import HeldCounts
from ticketsync.workflows.sync import plan
from ticketsync.workflows.sync.plan import Bookmarks, Mark, ReadMode, Unit

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def occurrence(number, **more):
    """
    One that starts in ten days, linked, with 100 orders listed since ten days ago.
    """
    values = dict.fromkeys(LinkedOccurrence.__slots__)
    values |= {
        "id": number,
        "provider_event_id": f"series_{number % 2}",
        "provider_occurrence_id": f"ev_{number}",
        "starts_at": NOW + timedelta(days=10),
        "listed_at": NOW - timedelta(days=10),
        "fingerprint": f"print {number}",
        "ordered": 100,
        "is_dated": True,
        "is_followed": True,
    }
    return LinkedOccurrence(**values | more)


LISTED = [occurrence(number) for number in range(4)]
READ = {o.provider_occurrence_id: Mark(o.fingerprint, True).as_text() for o in LISTED}


def provider(kind):
    return kind(SimpleNamespace(), {})


def planned(kind, held, listed=LISTED, *, is_full=False, is_sweep_due=False):
    return plan.plan_orders(
        provider(kind),
        listed,
        held,
        is_full=is_full,
        is_sweep_due=is_sweep_due,
        since=NOW - timedelta(days=7),
    )


@pytest.mark.parametrize(
    ("held", "options", "way", "is_sweep"),
    [
        (Bookmarks(newest="2026"), {}, ReadMode.FEED, False),
        (Bookmarks(), {}, ReadMode.WHOLE, False),
        (Bookmarks(newest="2026"), {"is_sweep_due": True}, ReadMode.WHOLE, True),
        (Bookmarks(newest="2026"), {"is_full": True}, ReadMode.WHOLE, True),
        (Bookmarks(newest="2026", must_read_all=True), {}, ReadMode.WHOLE, True),
        (Bookmarks(newest="2026", unfinished="here"), {}, ReadMode.WHOLE, True),
    ],
)
def test_a_platform_with_a_feed_is_read_whole_only_when_that_is_due(
    held, options, way, is_sweep
):
    found = planned(Eventbrite, held, **options)
    assert (found.mode, found.is_sweep) == (way, is_sweep)


@pytest.mark.parametrize(
    ("spec", "way"),
    [
        ({"changes": "none"}, ReadMode.BY_OCCURRENCE),
        ({"reads": "per_occurrence"}, ReadMode.BY_OCCURRENCE),
        ({}, ReadMode.FEED),
    ],
)
def test_a_feed_is_what_the_spec_says_and_not_a_method_that_is_there(
    spec, way, monkeypatch
):
    monkeypatch.setattr(Eventbrite, "spec", replace(Eventbrite.spec, **spec))
    assert planned(Eventbrite, Bookmarks(newest="2026")).mode is way


def test_a_platform_whose_orders_cannot_be_read_is_asked_for_none(monkeypatch):
    unread = replace(TicketTailor.spec, reads="none")
    monkeypatch.setattr(TicketTailor, "spec", unread)
    assert planned(TicketTailor, Bookmarks(), is_full=True).window == ()


def test_without_a_feed_a_sweep_walks_all_orders_where_that_takes_fewer_requests():
    """
    Four occurrences of 10 orders: one page for all and one to see its end, or four.
    """
    few = [replace(o, ordered=10) for o in LISTED]
    assert planned(TicketTailor, Bookmarks(), few, is_full=True).mode is ReadMode.WHOLE
    one = few[:1]
    assert planned(TicketTailor, Bookmarks(), one, is_full=True).mode is (
        ReadMode.BY_OCCURRENCE
    )
    assert planned(TicketTailor, Bookmarks(), few).mode is ReadMode.BY_OCCURRENCE


def test_what_is_over_gone_or_not_followed_is_outside_the_window():
    over = occurrence(4, starts_at=NOW - timedelta(days=8))
    undated = occurrence(5, starts_at=NOW - timedelta(days=8), is_dated=False)
    gone = occurrence(6, gone_since=NOW)
    ignored = occurrence(7, is_followed=False)
    listed = [*LISTED, over, undated, gone, ignored]
    window = planned(Eventbrite, Bookmarks(newest="2026"), listed).window
    assert [o.id for o in window] == [0, 1, 2, 3, 5]
    window = planned(Eventbrite, Bookmarks(newest="2026"), listed, is_full=True).window
    assert [o.id for o in window] == [0, 1, 2, 3, 4, 5]


def test_read_again_is_what_changed_what_is_new_and_what_did_not_agree():
    marks = {
        "ev_0": Mark("print 0", True).as_text(),
        "ev_1": Mark("another", True).as_text(),
        "ev_2": Mark("print 2", False).as_text(),
    }
    assert [o.id for o in plan.stale(LISTED, marks)] == [1, 2, 3]
    usual = planned(TicketTailor, Bookmarks())
    found = plan.to_read(provider(TicketTailor), usual, READ, {"ev_2"})
    assert [o.id for o in found] == [2]
    sweep = planned(TicketTailor, Bookmarks(), LISTED[:1], is_full=True)
    assert plan.to_read(provider(TicketTailor), sweep, READ, set()) == sweep.window
    by_event = planned(Humanitix, Bookmarks())  # which says what changed in each
    assert plan.to_read(provider(Humanitix), by_event, READ, set()) == by_event.window


def test_a_feed_covers_what_it_touched_and_what_had_no_mark():
    marks = {id_: mark for id_, mark in READ.items() if id_ != "ev_3"}
    found = plan.covered_by_feed(LISTED, LISTED, {1}, marks)
    assert [o.id for o in found] == [1, 3]


def test_an_event_is_asked_for_changes_once_all_its_occurrences_were_read():
    held = Bookmarks(
        read={id_: READ[id_] for id_ in ("ev_0", "ev_2", "ev_1")},
        changed={"series_0": "since 0", "series_1": "since 1"},
    )
    found = plan.units(provider(Humanitix), LISTED[:2], LISTED, held, is_sweep=False)
    even, odd = LISTED[::2], LISTED[1::2]
    assert found == [
        Unit("series_0", tuple(even), "since 0"),
        Unit("series_1", tuple(odd), None),  # ev_3 was never read
    ]


def test_a_sweep_reads_an_event_whole_unless_it_has_come_to_it_already():
    held = Bookmarks(
        read=READ,
        changed={"series_0": "since 0", "series_1": "since 1"},
        swept={"series_1"},
    )
    found = plan.units(provider(Humanitix), LISTED, LISTED, held, is_sweep=True)
    assert [(unit.id, unit.since) for unit in found] == [
        ("series_0", None),
        ("series_1", "since 1"),
    ]


def test_the_instants_part_the_orders_equally():
    """
    Sold evenly over ten days until now: two halves meet after five days.
    """
    one = [occurrence(1)]
    extent = plan.extent(one, 2, NOW)
    begins = (NOW - timedelta(days=10)).timestamp()
    middle = (NOW - timedelta(days=5)).timestamp()
    assert extent.orders == 100
    assert extent.cuts == [begins, pytest.approx(middle, abs=2)]
    assert plan.extent(one, 1, NOW).cuts == []


@pytest.mark.parametrize(
    ("counted", "issued"), [("sold", 10), ("valid", 12), ("existing", 15)]
)
def test_a_listing_that_counts_more_than_the_orders_hold_may_have_loose_tickets(
    counted, issued
):
    """
    10 tickets admit, 12 are valid with the unpaid ones, 15 exist.
    """
    held = HeldCounts(frozenset({5}), 10, 12, 15, 0)
    fits, more = occurrence(1, issued=issued), occurrence(1, issued=issued + 1)
    assert not plan.may_have_loose_tickets(fits, held, counted)
    assert plan.may_have_loose_tickets(more, held, counted)


@pytest.mark.parametrize(
    ("issued", "held", "is_possible"),
    [
        (None, HeldCounts(frozenset({5}), 10, 12, 15, 0), True),  # nothing is counted
        (0, None, False),
        (1, None, True),
        (10, HeldCounts(frozenset({5}), 10, 12, 15, 0), False),
        (10, HeldCounts(frozenset({5}), 10, 12, 15, 1), True),  # one is held already
        (11, HeldCounts(frozenset({5}), 10, 12, 15, 0), True),
    ],
)
def test_tickets_without_an_order_are_looked_for_where_the_counts_allow_them(
    issued, held, is_possible
):
    found = plan.may_have_loose_tickets(occurrence(1, issued=issued), held, "sold")
    assert found is is_possible


def test_counts_agree_under_any_way_of_counting_and_never_without_counts():
    held = HeldCounts(frozenset({100, 98}), 10, 12, 15, 0)
    assert plan.agrees(occurrence(1, issued=15), held)
    assert not plan.agrees(occurrence(1, issued=14), held)
    assert not plan.agrees(occurrence(1, issued=15, ordered=99), held)
    assert not plan.agrees(occurrence(1, issued=None), held)
    assert plan.agrees(occurrence(1, issued=0, ordered=0), None)
