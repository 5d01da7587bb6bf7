"""
What the counter sold is for its show and admits to it, whatever a person links or takes
back of the platforms' dates.
"""

from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from support import hand_links
from support.listed_occurrences import listed_occurrence
from support.own_box_office import (
    ADULT,
    SHOW,
    STARTS,
    copied_office,
    put_another_on_sale,
)

from ticketsync.accounts import edits, state
from ticketsync.boxoffice.shows_on_sale import Terms
from ticketsync.catalogue import links, occurrences, saved_listing, undoing
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.core import clock, errors, records
from ticketsync.door import attendees
from ticketsync.reporting import figures_of_shows
from ticketsync.store.tables.catalogue import show_links
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.boxoffice import open_sale, sell
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.matching import adoptions, match, match_sheet

CASH = Tender("cash")


@pytest.fixture
def office(templates, evening):
    """
    Two adults in Late Laughs, 110.00 by hand.
    """
    with copied_office(templates, "sqlite") as office:
        sell.sell(office, SHOW, {"Adult": 2}, CASH)
        yield office


def list_date(office, title="Late Laughs"):
    """
    A platform lists something for the same evening; returns our id of its date.
    """
    with office.database.write() as connection:
        account = edits.add_account(
            connection,
            state.NewAccount("tt", "ticket_tailor", None, "env", "TT_KEY", "", None),
            clock.now(),
        )
        date = listed_occurrence("ev_1", "ev_1", STARTS, name=title)
        event = records.Event("ev_1", title, None, (date,))
        saved_listing.save_listing(connection, account, [ListedEvent(event, b"")])
        (listed,) = occurrences.list_occurrences(connection, account)
    return listed.id


def what_counts(office):
    with office.database.read() as connection:
        gross = {
            item.show_id: item.gross.minor
            for item in figures_of_shows.figures(connection)
        }
        guests = len(attendees.list_guests(connection, SHOW))
    return gross, guests


def own_date(office):
    with office.database.read() as connection:
        found = occurrences.list_occurrences(connection, office.account.id)
        return next(item.id for item in found if item.show_id == SHOW)


def test_an_undo_leaves_what_the_counter_sells(office):
    """
    Opening the sale was no decision about a date: the one before it is taken back.
    """
    listed = list_date(office)
    hand_links.link(office.database, office.settings, listed, SHOW)
    put_another_on_sale(office, "Late Gala", datetime(2026, 12, 4, 8, 30, tzinfo=UTC))
    undone = match.undo(office.database, office.settings)
    assert undone.taken_back == (
        "tt: Late Laughs 2026-11-27 19:30, Late Laughs 2026-11-27 19:30",
    )
    assert what_counts(office) == ({1: 11000, 2: 0}, 2)
    assert match.undo(office.database, office.settings) is None
    assert what_counts(office) == ({1: 11000, 2: 0}, 2)
    with office.database.read() as connection:
        assert undoing.list_recent(connection) == []


def test_an_own_date_is_neither_unlinked_nor_linked_to_another_show(office):
    starts_at = datetime(2026, 12, 4, 8, 30, tzinfo=UTC)
    other = put_another_on_sale(office, "Late Gala", starts_at)
    date = own_date(office)
    for act in (
        lambda: hand_links.unlink(office.database, office.settings, date),
        lambda: hand_links.link(office.database, office.settings, date, other),
    ):
        with pytest.raises(errors.GuardRefused, match="is for show 1 alone") as caught:
            act()
        assert caught.value.word == "guard-books"
        assert "boxoffice close 1" in caught.value.hint
    hand_links.link(office.database, office.settings, date, SHOW)  # as it is
    assert what_counts(office)[0] == {1: 11000, 2: 0}


def test_an_undone_adoption_leaves_a_show_that_the_counter_sells(office):
    """
    Its own date had lost its link, as an undo could do until now.
    """
    list_date(office, "Gala")
    assert match.adopt(office.database, office.settings).shows == 1
    open_sale.open_show(
        *(office.database, office.settings, 2, Terms(capacity=10), (ADULT,)),
        SecretSource("env", "BOX_KEY"),
    )
    with office.database.write() as connection:
        is_own = (show_links.c.show_id == 2, show_links.c.batch.startswith("match-"))
        assert links.remove_links(connection, *is_own) == [2]
    with office.database.read() as connection:
        batch = adoptions.preview_undo(connection).batch
    undone = adoptions.undo(office.database, office.settings, batch)
    assert (undone.links, undone.shows) == (1, 0)


def lose_link(office):
    """
    As an undo could do until now.
    """
    with office.database.write() as connection:
        assert links.remove_links(connection, show_links.c.show_id == SHOW) == [SHOW]


def test_a_sheet_links_an_own_date_that_lost_its_link_to_its_show_alone(office):
    starts_at = datetime(2026, 12, 4, 8, 30, tzinfo=UTC)
    other = put_another_on_sale(office, "Late Gala", starts_at)
    date = own_date(office)
    lose_link(office)
    for decision in (
        match_sheet.Decision("link", date, other),
        match_sheet.Decision("new", date, title="Another"),
    ):
        with pytest.raises(errors.GuardRefused, match="is for show 1 alone") as caught:
            match_sheet.apply(office.database, office.settings, [decision])
        assert caught.value.word == "guard-books"
    right = match_sheet.Decision("link", date, SHOW)
    match_sheet.apply(office.database, office.settings, [right])
    assert what_counts(office) == ({1: 11000, 2: 0}, 2)


def test_an_adoption_that_gave_an_own_date_its_link_back_keeps_it(office):
    """
    Undoing it would take what the counter sold out of the figures again.
    """
    lose_link(office)
    list_date(office, "Gala")
    assert match.adopt(office.database, office.settings).links == 2
    with office.database.read() as connection:
        batch = adoptions.preview_undo(connection).batch
    undone = adoptions.undo(office.database, office.settings, batch)
    assert (undone.links, undone.shows) == (1, 1)
    assert what_counts(office) == ({1: 11000}, 2)
    with office.database.read() as connection, pytest.raises(errors.NotFound):
        adoptions.preview_undo(connection)


def test_an_own_date_that_feeds_a_wrong_show_is_put_right(office):
    """
    Until now it could be linked to any show once its link was gone.
    """
    starts_at = datetime(2026, 12, 4, 8, 30, tzinfo=UTC)
    other = put_another_on_sale(office, "Late Gala", starts_at)
    date = own_date(office)
    with office.database.write() as connection:
        is_own = show_links.c.occurrence_id == date
        connection.execute(update(show_links).where(is_own).values(show_id=other))
    with pytest.raises(errors.UsageError, match=f"is linked to show {other} already"):
        hand_links.link(office.database, office.settings, date, SHOW)
    hand_links.unlink(office.database, office.settings, date)  # as that error says
    hand_links.link(office.database, office.settings, date, SHOW)
    assert what_counts(office) == ({1: 11000, 2: 0}, 2)
