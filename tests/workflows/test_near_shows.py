"""
Adopting makes no second show beside one that the date may be.
"""

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import insert
from support.saved_orders import FIRST_DAY, occurrence

from ticketsync.accounts import edits, state
from ticketsync.catalogue import new_shows, occurrences, saved_listing, shows
from ticketsync.catalogue.new_shows import NewShow
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.core import records
from ticketsync.core.settings.config import Settings
from ticketsync.store.tables.catalogue import refusals
from ticketsync.workflows.matching import adoptions, match

SETTINGS = Settings()
ROOM, ZONE = "The Lantern Room", "Australia/Sydney"
EVENING = occurrence("x", 0).starts_at  # 6 November 2026, 19:30 in Sydney


@pytest.fixture
def venue(database):
    with database.write() as connection:
        shows.add_venue(connection, ROOM, ZONE, "AUD")
    return database


def own(database, minutes=0, title="Late Laughs", venue=ROOM):
    """
    A show of ours so many minutes after 19:30.
    """
    new = NewShow(title, EVENING + timedelta(minutes=minutes), venue, ZONE, "AUD")
    with database.write() as connection:
        return new_shows.add_show(connection, new).id


def listed(database, account, *minutes, title="Late Laughs"):
    """
    Dates that an account has on sale, so many minutes after 19:30.
    """
    dates = tuple(
        msgspec.structs.replace(
            occurrence(f"{account} {after}", 0),
            event_id=account,
            name=title,
            starts_at=EVENING + timedelta(minutes=after),
        )
        for after in minutes
    )
    with database.write() as connection:
        new = state.NewAccount(account, "ticket_tailor", None, "env", "K", "", None)
        account_id = edits.add_account(connection, new, FIRST_DAY)
        event = ListedEvent(records.Event(account, title, None, dates), b"")
        saved_listing.save_listing(connection, account_id, [event])


def plan(database, **options):
    with database.read() as connection:
        unlinked = occurrences.list_occurrences(connection, only_unlinked=True)
        return adoptions.plan_adoption(connection, SETTINGS, unlinked, **options)


def starts(database):
    with database.read() as connection:
        return [show.starts_local[11:] for show in shows.list_shows(connection)]


def test_a_date_15_minutes_beside_a_show_is_left_out_and_named(venue):
    show_id = own(venue)
    listed(venue, "tt", 15)
    (near,) = plan(venue).near
    assert near.show_id == show_id
    assert str(near) == (
        "tt: Late Laughs 2026-11-06 19:45 may be show 1 (Late Laughs 2026-11-06 19:30):"
        " show is 15 min earlier"
    )
    made = match.adopt(venue, SETTINGS)
    assert (made.shows, made.links) == (0, 0)
    assert starts(venue) == ["19:30"]


def test_a_person_may_say_that_it_is_another_show(venue):
    own(venue)
    listed(venue, "tt", 15)
    assert plan(venue, near_are_new=True).new_shows == 1
    assert match.adopt(venue, SETTINGS, near_are_new=True).shows == 1
    assert starts(venue) == ["19:30", "19:45"]


@pytest.mark.parametrize(
    ("minutes", "title"), [(90, "Late Laughs"), (-90, "Late Laughs"), (15, "Hamlet")]
)
def test_another_title_or_an_hour_and_a_half_is_another_show(venue, minutes, title):
    own(venue)
    listed(venue, "tt", minutes, title=title)
    assert plan(venue).near == ()


def test_two_shows_of_one_evening_on_one_account_are_two(venue):
    own(venue)
    listed(venue, "tt", 0, 60)
    assert plan(venue).near == ()
    assert match.adopt(venue, SETTINGS).links == 2


def test_two_accounts_15_minutes_apart_make_one_show(venue):
    listed(venue, "tt", 0)
    listed(venue, "hx", 15)
    (near,) = plan(venue).near
    assert (near.item.occurrence.account, near.show_id) == ("hx", None)
    assert "may be the new show (Late Laughs 2026-11-06 19:30)" in str(near)
    assert match.adopt(venue, SETTINGS).shows == 1
    (near,) = plan(venue).near  # then it is one that we have
    assert near.show_id == 1


def test_titles_spelled_in_two_ways_make_one_show(venue):
    listed(venue, "tt", 0)
    listed(venue, "hx", 0, title="Late Laughs!")
    assert len(plan(venue).near) == 1


def test_a_pair_that_a_person_refused_is_not_asked_about_again(venue):
    show_id = own(venue)
    listed(venue, "tt", 15)
    with venue.write() as connection:
        (item,) = occurrences.list_occurrences(connection)
        refused = {"occurrence_id": item.id, "show_id": show_id}
        connection.execute(insert(refusals).values(**refused, created_at=FIRST_DAY))
    assert plan(venue).near == ()


def test_a_show_at_another_venue_is_another_one(venue):
    with venue.write() as connection:
        shows.add_venue(connection, "Annexe", ZONE, "AUD")
    own(venue, venue="Annexe")
    listed(venue, "tt", 15)
    # The platform names no venue, so that it may be there.
    assert len(plan(venue).near) == 1
