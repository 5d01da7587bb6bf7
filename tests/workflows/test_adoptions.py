"""
An adoption can be looked at before and undone afterwards.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select
from support import hand_links
from support.saved_orders import (
    BOUGHT,
    FIRST_DAY,
    OCCURRENCES,
    occurrence,
    order,
    save,
    ticket,
)

from ticketsync.accounts import edits, state
from ticketsync.catalogue import adopting, new_shows, occurrences, saved_listing, shows
from ticketsync.catalogue.new_shows import NewShow
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.core import errors, money, records
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import audit_trail, figures_of_shows
from ticketsync.store import row_digests
from ticketsync.store.tables.catalogue import productions
from ticketsync.store.tables.door import scans
from ticketsync.store.tables.past_links import past_show_links
from ticketsync.store.tables.sales import orders
from ticketsync.workflows import catalogue_edits
from ticketsync.workflows.matching import adoptions, match
from ticketsync.workflows.month_end import close

SETTINGS = Settings()
OWN = NewShow(
    *("Late Laughs", datetime(2026, 11, 6, 8, 30, tzinfo=UTC), "The Lantern Room"),
    *("Australia/Sydney", "AUD", 200, "L1"),
)


@pytest.fixture
def listed(database):
    """
    Two dates on sale, one of which is on the venue's own list; one ticket of 25.00 was
    sold for each.
    """
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
        edits.add_account(
            connection,
            state.NewAccount("tt", "ticket_tailor", None, "env", "TT_KEY", "", None),
            FIRST_DAY,
        )
        listing = [
            ListedEvent(
                records.Event(id_, "Late Laughs", None, (occurrence(id_, n),)), b""
            )
            for n, id_ in enumerate(OCCURRENCES)
        ]
        saved_listing.save_listing(connection, 1, listing)
        new_shows.add_show(connection, OWN)
    save(
        database,
        order(ticket(1, 2500), id_="or_1"),
        order(ticket(2, 2500, "ev_2"), id_="or_2"),
        at=FIRST_DAY,
    )
    return database


def state_of(database):
    """
    Our shows by reference, the linked occurrences, the gross of each show.
    """
    with database.read() as connection:
        return (
            [show.reference for show in shows.list_shows(connection)],
            [
                item.provider_occurrence_id
                for item in occurrences.list_occurrences(connection)
                if item.show_id is not None
            ],
            [item.gross.minor for item in figures_of_shows.figures(connection)],
        )


def test_an_adoption_is_planned_without_writing(listed):
    before = state_of(listed)
    with listed.read() as connection:
        found = occurrences.list_occurrences(connection, only_unlinked=True)
        plan = adopting.plan_adoption(connection, found)
    assert [(p.occurrence.provider_occurrence_id, p.show_id) for p in plan] == [
        ("ev_1", 1),
        ("ev_2", None),
    ]
    assert state_of(listed) == before
    assert match.adopt(listed, SETTINGS).shows == 1


def test_an_undone_adoption_leaves_what_was_there_before(listed):
    before = state_of(listed)
    match.adopt(listed, SETTINGS)
    assert state_of(listed) == (["L1", None], ["ev_1", "ev_2"], [2500, 2500])

    with listed.read() as connection:
        seen = adoptions.preview_undo(connection)
    undone = adoptions.undo(listed, SETTINGS, seen.batch)

    assert (undone.links, undone.shows, undone.scanned) == (2, 1, 0)
    assert undone == seen
    assert (seen.orders, seen.gross) == (2, (money.Money(5000, "AUD"),))
    assert state_of(listed) == before == (["L1"], [], [])
    with listed.read() as connection:
        assert connection.scalar(select(func.count()).select_from(orders)) == 2
        entries = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(kind="show")
        )
        assert connection.scalars(select(productions.c.title)).all() == ["Late Laughs"]
    assert [e.subject for e in entries if e.action == "remove"] == [
        "Late Laughs 2026-11-07 19:30"
    ]
    # The orders count again when the dates are adopted again.
    match.adopt(listed, SETTINGS)
    assert state_of(listed)[2] == [2500, 2500]


def test_the_past_of_an_undone_adoption_is_as_it_was_written(listed, frozen):
    """
    It was there for a day: both dates were linked then, one to a show of its own.
    """
    frozen(FIRST_DAY)
    match.adopt(listed, SETTINGS)
    frozen(FIRST_DAY + timedelta(days=1))
    with listed.read() as connection:
        seen = adoptions.preview_undo(connection)
    adoptions.undo(listed, SETTINGS, seen.batch)
    with listed.read() as connection:
        past = connection.execute(
            select(past_show_links.c.show_id).order_by(past_show_links.c.occurrence_id)
        )
        assert past.scalars().all() == [1, None]
        assert list(row_digests.find_changed(connection, [past_show_links])) == []


def test_shows_whose_guests_were_scanned_stay_linked(listed):
    match.adopt(listed, SETTINGS)
    scan = {
        "device": "a",
        "key": "1",
        "show_id": 2,
        "kind": "in",
        "door": "",
        "scanned_at": FIRST_DAY,
        "outcome": "unknown",
        "note": "",
    }
    with listed.write() as connection:
        connection.execute(insert(scans).values(**scan))
        seen = adoptions.preview_undo(connection)
    undone = adoptions.undo(listed, SETTINGS, seen.batch)
    assert (undone.links, undone.shows, undone.scanned) == (1, 0, 1)
    assert state_of(listed) == (["L1", None], ["ev_2"], [2500])


def test_shows_of_a_closed_month_stay_and_lose_their_links(listed, frozen):
    """
    Its lines have the id of the show, which SQLite would give to the next one.
    """
    frozen(FIRST_DAY)
    match.adopt(listed, SETTINGS)
    frozen(FIRST_DAY + timedelta(days=62))
    close.close(listed, SETTINGS, f"{BOUGHT:%Y-%m}")
    with listed.read() as connection:
        seen = adoptions.preview_undo(connection)
    undone = adoptions.undo(listed, SETTINGS, seen.batch)
    assert (seen.links, seen.shows, undone.links, undone.shows) == (2, 0, 2, 0)
    assert state_of(listed) == (["L1", None], [], [])
    with pytest.raises(
        errors.GuardRefused, match="1 line of a closed month"
    ) as refused:
        catalogue_edits.remove_show(listed, SETTINGS, 2)
    assert refused.value.word == "guard-books"


def test_a_show_that_something_else_feeds_by_now_stays(listed):
    match.adopt(listed, SETTINGS)
    hand_links.unlink(listed, SETTINGS, 1)
    hand_links.link(listed, SETTINGS, 1, 2)
    with listed.read() as connection:
        seen = adoptions.preview_undo(connection)
    undone = adoptions.undo(listed, SETTINGS, seen.batch)
    assert undone.shows == 0
    assert state_of(listed) == (["L1", None], ["ev_1"], [2500])


def test_a_show_of_ours_is_not_taken_for_one_that_was_made_earlier(listed):
    """
    Its id may be that of a show which an undone adoption had made.
    """
    match.adopt(listed, SETTINGS)
    with listed.read() as connection:
        first = adoptions.preview_undo(connection)
    adoptions.undo(listed, SETTINGS, first.batch)
    later = replace(OWN, starts_at=OWN.starts_at + timedelta(days=1), reference="L2")
    with listed.write() as connection:
        new_shows.add_show(connection, later)
    match.adopt(listed, SETTINGS)
    with listed.read() as connection:
        second = adoptions.preview_undo(connection)
    assert second.batch != first.batch
    assert adoptions.undo(listed, SETTINGS, second.batch).shows == 0
    assert state_of(listed) == (["L1", "L2"], [], [])


def test_there_is_nothing_to_undo(listed):
    with listed.read() as connection:
        with pytest.raises(errors.NotFound, match="no adoption to undo"):
            adoptions.preview_undo(connection)
        with pytest.raises(errors.NotFound, match="'adopt-1' to undo"):
            adoptions.preview_undo(connection, "adopt-1")
