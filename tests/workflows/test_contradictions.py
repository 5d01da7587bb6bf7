"""
Platforms that say two times of one show contradict each other: the show stays, and
waits for a person.
"""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert
from support import hand_links

from ticketsync.catalogue import (
    links,
    move_notes,
    moves,
    new_shows,
    new_starts,
    occurrences,
    show_edits,
    shows,
)
from ticketsync.core import clock
from ticketsync.reporting.waiting import list_moved
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.catalogue import events
from ticketsync.store.tables.catalogue import occurrences as occurrences_table

HOUR = timedelta(hours=1)


@pytest.fixture
def shared(adopted):
    """
    A show adopted from one platform that a second one sells at the same time: the
    database, both occurrences and the show.
    """
    with adopted.write() as connection:
        first = occurrences.list_occurrences(connection)[0]
        account = connection.execute(
            insert(accounts).values(
                name="eb",
                provider="eventbrite",
                secret_source="none",
                secret_reference="",
                secret_fingerprint="",
                created_at=clock.now(),
            )
        ).inserted_primary_key
        event = connection.execute(
            insert(events).values(
                account_id=account.id, provider_id="77", name=first.event
            )
        ).inserted_primary_key
        other = connection.execute(
            insert(occurrences_table).values(
                account_id=account.id,
                event_id=event.id,
                provider_id="77",
                name=first.event,
                starts_at=first.starts_at,
                starts_local=first.starts_local,
                timezone=first.timezone,
                status="on_sale",
                currency="AUD",
                fingerprint="f",
                content=b"",
            )
        ).inserted_primary_key
        made = links.save_links(
            connection,
            [links.Pair(other.id, first.show_id, "adopted from the listing")],
            decided_by="adopted",
            batch="b",
            now=clock.now(),
        )
        assert made == 1
        return adopted, first.id, other.id, first.show_id


def move(database, occurrence_id, by):
    """
    A platform says another time; returns what is noted about it.
    """
    with database.write() as connection:
        occurrence = occurrences.get_occurrence(connection, occurrence_id)
        starts_at = occurrence.starts_at + by
        connection.execute(
            occurrences_table.update()
            .where(occurrences_table.c.id == occurrence_id)
            .values(
                starts_at=starts_at,
                starts_local=shows.local_text(starts_at, occurrence.timezone),
            )
        )
        found = moves.follow_moves(connection, {occurrence_id: starts_at})
        return move_notes.describe_moves(connection, found)


def standing(database, show_id, *occurrence_ids):
    """
    When the show starts, and the status of these links.
    """
    with database.read() as connection:
        found = {o.id: o.link_status for o in occurrences.list_occurrences(connection)}
        return (
            shows.get_show(connection, show_id).starts_at,
            *(found[id_] for id_ in occurrence_ids),
        )


def test_an_adopted_show_stays_while_its_platforms_contradict_each_other(shared):
    database, first, other, show_id = shared
    before, *_ = standing(database, show_id, first, other)

    (note,) = move(database, first, HOUR / 2)

    assert "stays at" in note
    assert "and is listed by eb at" in note
    assert standing(database, show_id, first, other) == (before, "conflict", "pending")


def test_it_moves_when_the_last_platform_says_so_too(shared):
    database, first, other, show_id = shared
    before, *_ = standing(database, show_id, first, other)
    move(database, first, HOUR / 2)

    (note,) = move(database, other, HOUR / 2)

    assert "stays" not in note
    assert standing(database, show_id, first, other) == (
        *(before + HOUR / 2, "synced", "synced"),
    )


def test_a_platform_that_moves_back_settles_it(shared):
    database, first, other, show_id = shared
    before, *_ = standing(database, show_id, first, other)
    move(database, first, HOUR / 2)
    move(database, first, -HOUR / 2)
    assert standing(database, show_id, first, other)[:2] == (before, "synced")


def test_a_person_may_insist_and_the_show_stays_while_they_differ(shared, settings):
    database, first, other, show_id = shared
    before, *_ = standing(database, show_id, first, other)
    move(database, first, HOUR / 2)
    hand_links.link(database, settings, first, show_id)
    assert standing(database, show_id, first, other)[:2] == (before, "synced")


def test_a_show_that_one_platform_sells_moves_along_and_far_moves_once_confirmed(
    adopted, settings
):
    with adopted.read() as connection:
        occurrence = occurrences.list_occurrences(connection)[0]
    move(adopted, occurrence.id, HOUR)
    moved, status = standing(adopted, occurrence.show_id, occurrence.id)
    assert moved == occurrence.starts_at + HOUR
    assert status == "synced"

    move(adopted, occurrence.id, timedelta(days=3))
    assert standing(adopted, occurrence.show_id, occurrence.id) == (moved, "conflict")
    hand_links.link(adopted, settings, occurrence.id, occurrence.show_id)
    assert standing(adopted, occurrence.show_id, occurrence.id) == (
        *(moved + timedelta(days=3), "synced"),
    )


def test_a_show_does_not_move_onto_another_one(adopted):
    """
    Two shows of one production at one venue cannot start together.
    """
    with adopted.write() as connection:
        occurrence = occurrences.list_occurrences(connection)[0]
        mine = shows.get_show(connection, occurrence.show_id)
        new_shows.add_show(
            connection,
            new_shows.NewShow(
                *(mine.production, mine.starts_at + HOUR, mine.venue),
                *(mine.timezone, mine.currency),
            ),
        )
    (note,) = move(adopted, occurrence.id, HOUR)
    assert "another show of yours starts then" in note
    assert standing(adopted, occurrence.show_id, occurrence.id) == (
        mine.starts_at,
        "conflict",
    )


# A person moves the show


def reschedule(database, show_id, by):
    with database.write() as connection:
        show = shows.get_show(connection, show_id)
        starts_at = show.starts_at + by
        new_starts.reschedule_shows(connection, [new_starts.NewStart(show, starts_at)])


def waits(database):
    with database.read() as connection:
        return [str(item.text) for item in list_moved(connection)]


def test_dates_that_stay_behind_wait_for_a_person(shared):
    database, first, other, show_id = shared
    before, *_ = standing(database, show_id, first, other)
    assert waits(database) == []

    reschedule(database, show_id, 20 * HOUR)

    assert standing(database, show_id, first, other) == (
        *(before + 20 * HOUR, "conflict", "conflict"),
    )
    assert len(waits(database)) == 2
    assert all(
        " is now " in text and "; its show, " in text for text in waits(database)
    )


def test_a_platform_that_moves_along_settles_it(shared):
    database, first, other, show_id = shared
    before, *_ = standing(database, show_id, first, other)
    reschedule(database, show_id, 20 * HOUR)

    move(database, first, 20 * HOUR)

    assert standing(database, show_id, first, other) == (
        *(before + 20 * HOUR, "synced", "conflict"),
    )
    move(database, other, 20 * HOUR)
    assert waits(database) == []


def test_a_person_may_confirm_that_it_is_the_same_show(shared):
    database, first, other, show_id = shared
    reschedule(database, show_id, 20 * HOUR)
    with database.write() as connection:
        moves.confirm_move(connection, first)
        moves.confirm_move(connection, other)
    assert waits(database) == []


def test_a_show_that_is_moved_to_the_time_of_its_dates_is_at_peace(shared):
    database, first, other, show_id = shared
    before, *_ = standing(database, show_id, first, other)
    reschedule(database, show_id, 20 * HOUR)
    reschedule(database, show_id, -20 * HOUR)
    assert standing(database, show_id, first, other) == (before, "synced", "synced")


def test_an_edit_says_the_same(shared):
    database, first, other, show_id = shared
    with database.write() as connection:
        show = shows.get_show(connection, show_id)
        later = datetime.fromisoformat(show.starts_local) + 20 * HOUR
        edit = show_edits.ShowEdit(starts_local=later)
        show_edits.edit_show(connection, show_id, edit)
    assert standing(database, show_id, first, other)[1:] == ("conflict", "conflict")
