"""
F93: a show of ten seats is put on sale for the first time, and eight of them are sold,
while somebody else gives it the three seats that a platform lists, or a list of the
venue's own has. A show that was never on sale has no row of the box office to lock.
"""

from dataclasses import dataclass, replace

import pytest
from msgspec import structs
from sqlalchemy.exc import IntegrityError
from support.own_box_office import KEY, NOW, SHOW, STARTS
from support.races import Race
from support.saved_orders import occurrence

from ticketsync.accounts import edits, state
from ticketsync.boxoffice import fewer_seats, shows_on_sale
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.boxoffice.shows_on_sale import Terms
from ticketsync.catalogue import (
    adopted_batches,
    links,
    new_shows,
    occurrences,
    saved_listing,
    show_edits,
    shows,
)
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.core import errors, records
from ticketsync.core.settings.config import Settings
from ticketsync.store import audit, engine, row_locks
from ticketsync.workflows import catalogue_edits
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.boxoffice import availability, open_sale, sell
from ticketsync.workflows.boxoffice.box_office import BoxOffice
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.matching import (
    adoptions,
    match,
    match_decisions,
    match_session,
    match_sheet,
)

SETTINGS = Settings()
OURS = new_shows.NewShow(
    *("Late Laughs", STARTS, "The Lantern Room", "Australia/Sydney", "AUD"), capacity=10
)


@dataclass
class Venue:
    """
    Another show is on sale, so that the box office has its account; `listed` is our id
    of what the platform lists.
    """

    database: engine.Database
    listed: int

    def open_and_sell(self, show_id=SHOW, seats=8):
        """
        The refusal of the sale, or an empty text.
        """
        source = SecretSource("env", "BOX_KEY")
        tiers = [NewTier("Adult", 5500)]
        open_sale.open_show(self.database, SETTINGS, show_id, Terms(), tiers, source)
        try:
            office = BoxOffice(self.database, SETTINGS)
            sell.sell(office, show_id, {"Adult": seats}, Tender("cash"))
        except errors.SaleRefused as refused:
            return refused.word
        return ""

    def seats(self):
        """
        How many there are and how many are taken.
        """
        with self.database.read() as connection:
            found = availability.get_availability(connection, SHOW)
        return found.show.capacity, found.taken.total


@pytest.fixture
def venue(templates, frozen, monkeypatch):
    frozen(NOW)
    monkeypatch.setenv("BOX_KEY", KEY)
    with templates.copied("postgresql", "empty") as place:
        database = engine.open_database(place)
        with database.write() as connection:
            shows.add_venue(connection, OURS.venue, OURS.timezone, OURS.currency)
            assert new_shows.add_show(connection, OURS).id == SHOW
            other = new_shows.add_show(
                connection, new_shows.NewShow("Matinee", *_where(), capacity=10)
            )
            listed = _list(connection)
        made = Venue(database, listed)
        made.open_and_sell(other.id, 1)
        yield made
        database.close()


def _where():
    return (OURS.starts_at, OURS.venue, OURS.timezone, OURS.currency)


def _list(connection):
    new = state.NewAccount("tt", "ticket_tailor", None, "env", "TT_KEY", "", None)
    item = structs.replace(occurrence("ev_1", 0), starts_at=STARTS, capacity=3)
    event = records.Event("ev_1", OURS.production, None, (item,))
    account_id = edits.add_account(connection, new, NOW)
    saved_listing.save_listing(connection, account_id, [ListedEvent(event, b"")])
    return occurrences.get_occurrence_ids(connection, account_id)["ev_1"]


def adopt_all(venue):
    match.adopt(venue.database, SETTINGS)


def make_show(venue):
    match_decisions.make_show(
        venue.database, SETTINGS, [venue.listed], OURS.production, batch="test"
    )


def answer_sheet(venue):
    new = match_sheet.Decision("new", venue.listed, title=OURS.production)
    match_sheet.apply(venue.database, SETTINGS, [new])


def list_again(venue):
    with venue.database.write() as connection, fewer_seats.refusing(connection):
        again = replace(OURS, capacity=3)
        new_shows.add_show(connection, again)


ADOPT = [adopt_all, make_show, answer_sheet]
GIVE_SEATS = pytest.mark.parametrize("give_seats", [*ADOPT, list_again])


def pause_in(monkeypatch, race, module, name):
    """
    The first of the two stops before it calls this function.
    """
    real = getattr(module, name)

    def paused(*arguments, **options):
        race.pause()
        return real(*arguments, **options)

    monkeypatch.setattr(module, name, paused)


@GIVE_SEATS
@pytest.mark.sampled(4)
def test_f93_a_show_that_is_given_seats_is_opened_afterwards(
    venue, monkeypatch, give_seats
):
    race = Race(venue.database)
    pause_in(monkeypatch, race, new_shows, "add_productions")
    _, refused = race.run(lambda: give_seats(venue), venue.open_and_sell)
    assert (refused, venue.seats()) == ("event-full", (3, 0))


@pytest.mark.parametrize("give_seats", ADOPT)
@pytest.mark.sampled(3)
def test_f93_a_show_that_is_being_opened_keeps_its_seats(
    venue, monkeypatch, give_seats
):
    race = Race(venue.database)
    pause_in(monkeypatch, race, shows_on_sale, "put_on_sale")
    refused, _ = race.run(venue.open_and_sell, lambda: give_seats(venue))
    assert refused == ""
    assert venue.seats() == (10, 8)


@GIVE_SEATS
@pytest.mark.sampled(4)
def test_f93_control_without_the_lock_fewer_seats_than_are_sold(
    venue, monkeypatch, give_seats
):
    monkeypatch.setattr(row_locks, "lock_openings", lambda _: None)
    race = Race(venue.database)
    pause_in(monkeypatch, race, new_shows, "add_productions")
    race.run(lambda: give_seats(venue), venue.open_and_sell)
    assert venue.seats() == (3, 8)


def make_another(venue):
    """
    A show that is made of what the platform lists, and what takes it back.
    """
    session = match_session.MatchSession(venue.database, SETTINGS, "test")
    return session.new_show([venue.listed], "Encore"), session.take_back


def adopt_another(venue):
    catalogue_edits.remove_show(venue.database, SETTINGS, SHOW)
    match.adopt(venue.database, SETTINGS)
    with venue.database.read() as connection:
        batch = adopted_batches.get_batch(connection).batch
        (adopted,) = links.get_show_ids(connection, [venue.listed])
    return adopted, lambda: adoptions.undo(venue.database, SETTINGS, batch)


def remove_it(venue):
    return SHOW, lambda: catalogue_edits.remove_show(venue.database, SETTINGS, SHOW)


def remove_its_production(venue):
    return SHOW, lambda: catalogue_edits.remove_production(
        venue.database, SETTINGS, OURS.production
    )


REMOVE = pytest.mark.parametrize(
    "removing", [remove_it, remove_its_production, make_another, adopt_another]
)


def open_during_removal(venue, monkeypatch, removing):
    """
    What comes of the removal, and of a first opening meanwhile.
    """
    show_id, remove = removing(venue)
    with venue.database.write() as connection:
        seats = show_edits.ShowEdit(capacity=10)
        show_edits.edit_show(connection, show_id, seats)
    race = Race(venue.database)
    pause_in(monkeypatch, race, audit, "record")
    pause_in(monkeypatch, race, audit, "record_all")
    return race.run(remove, lambda: venue.open_and_sell(show_id))


@REMOVE
def test_a_show_that_is_being_removed_is_not_opened(venue, monkeypatch, removing):
    removed, opened = open_during_removal(venue, monkeypatch, removing)
    assert not isinstance(removed, Exception)
    assert isinstance(opened, errors.NotFound)


@REMOVE
@pytest.mark.sampled(4)
def test_control_without_the_lock_a_show_that_is_gone_is_opened(
    venue, monkeypatch, removing
):
    monkeypatch.setattr(row_locks, "lock_openings", lambda _: None)
    ended = open_during_removal(venue, monkeypatch, removing)
    # In the matching screen's order of locks each of the two waits for the other, and
    # the server stops either of them.
    assert any(isinstance(it, IntegrityError | errors.DatabaseError) for it in ended)


@pytest.mark.parametrize("removing", [remove_it, make_another])
def test_a_show_that_was_opened_is_not_removed(venue, removing):
    show_id, remove = removing(venue)
    with venue.database.write() as connection:
        seats = show_edits.ShowEdit(capacity=10)
        show_edits.edit_show(connection, show_id, seats)
    venue.open_and_sell(show_id, 1)
    with pytest.raises(errors.GuardRefused) as refused:
        remove()
    assert refused.value.word == "guard-books"
    with venue.database.read() as connection:
        assert shows.get_show(connection, show_id).id == show_id
