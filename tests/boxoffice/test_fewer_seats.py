"""
Seats do not become fewer than what is sold or held of them, by whichever command.
"""

from dataclasses import replace

import pytest
from msgspec import structs
from support.own_box_office import ADULT, CHILD, NOW, SHOW, STARTS
from support.saved_orders import occurrence

from ticketsync.accounts import edits, state
from ticketsync.boxoffice import fewer_seats
from ticketsync.boxoffice.price_tiers import NewTier
from ticketsync.boxoffice.shows_on_sale import Terms
from ticketsync.catalogue import links, new_shows, occurrences, saved_listing
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.catalogue.season_list.import_file import ListOptions
from ticketsync.catalogue.season_list.planned_changes import Change
from ticketsync.catalogue.show_edits import ShowEdit
from ticketsync.core import errors, records
from ticketsync.workflows import catalogue_edits, season_list
from ticketsync.workflows.accounts.connect import SecretSource
from ticketsync.workflows.boxoffice import availability, open_sale, sell
from ticketsync.workflows.boxoffice.sell import Tender
from ticketsync.workflows.matching import match, match_decisions, match_sheet

CASH = Tender("cash")

pytestmark = pytest.mark.usefixtures("evening")


@pytest.fixture
def office(office_of, evening):
    return office_of(then=sell_and_hold)


def sell_and_hold(office):
    sell.sell(office, SHOW, {"Adult": 2, "Child": 1}, CASH)
    sell.hold(office, SHOW, {"Adult": 1})


def change(office, *tiers, **terms):
    source = SecretSource("env", "BOX_KEY")
    open_sale.open_show(
        *(office.database, office.settings, SHOW, Terms(**terms), tiers, source)
    )


def edit(office, capacity):
    catalogue_edits.edit_show(
        office.database, office.settings, SHOW, ShowEdit(capacity=capacity)
    )


def add_again(office, capacity):
    with office.database.write() as connection, fewer_seats.refusing(connection):
        new_shows.add_show(
            connection,
            new_shows.NewShow(
                *("Late Laughs", STARTS, "The Lantern Room", "Australia/Sydney", "AUD"),
                capacity=capacity,
            ),
        )


def capacity_of(office):
    with office.database.read() as connection:
        return availability.get_availability(connection, SHOW).show.capacity


def refused(function, *arguments, **options):
    with pytest.raises(errors.GuardRefused) as caught:
        function(*arguments, **options)
    assert (caught.value.word, caught.value.exit_code) == ("seats-taken", 7)
    return caught.value.message


@pytest.mark.parametrize(
    "lower",
    [lambda office, n: change(office, capacity=n), edit, add_again],
    ids=["open", "edit", "add"],
)
def test_f93_a_show_keeps_the_seats_that_are_sold_or_held(office, lower):
    message = refused(lower, office, 3)
    assert message == (
        "4 seats are sold or held of Late Laughs 2026-11-27 19:30: 3 seats would be "
        "too few."
    )
    assert capacity_of(office) == 10
    assert "1 seat would be too few" in refused(lower, office, 1)
    lower(office, 4)
    assert capacity_of(office) == 4


def test_f93_the_reserve_is_not_taken_from_what_is_sold(office):
    assert "beside those in reserve" in refused(change, office, held_back=7)
    change(office, held_back=6)
    refused(change, office, capacity=9)
    change(office, capacity=9, held_back=5)


def test_f93_a_tier_keeps_the_seats_that_are_sold_or_held(office):
    assert refused(change, office, replace(ADULT, capacity=2)) == (
        "3 seats are sold or held of 'Adult': 2 seats would be too few."
    )
    assert "1 seat is sold or held of 'Child': 0 seats" in refused(
        change, office, replace(CHILD, capacity=0)
    )
    change(office, replace(ADULT, capacity=3))


def test_what_a_platform_sold_beyond_the_capacity_stops_no_other_change(office):
    with office.database.write() as connection:
        connection.exec_driver_sql("UPDATE shows SET capacity = 3")
    change(office, NewTier("Late", 1000))
    edit(office, 5)
    refused(edit, office, 3)


def preview_edit(office, _tmp_path, capacity, **other):
    with office.database.read() as connection:
        edit_ = ShowEdit(capacity=capacity, **other)
        return catalogue_edits.preview_show(connection, SHOW, edit_)


def preview_list(office, tmp_path, capacity):
    file = tmp_path / "season.csv"
    heading = "production,starts_at,capacity"
    file.write_text(f"{heading}\nLate Laughs,2026-11-27 19:30,{capacity}\n")
    with office.database.read() as connection:
        return season_list.preview(connection, file, ListOptions())


@pytest.mark.parametrize("preview", [preview_edit, preview_list])
def test_f93_a_preview_refuses_what_the_change_would_be_refused(
    office, tmp_path, preview
):
    assert "3 seats would be too few" in refused(preview, office, tmp_path, 3)
    preview(office, tmp_path, 4)
    change(office, capacity=6)  # the box office's own: the show's is free
    preview(office, tmp_path, 3)
    edit(office, 3)


def test_a_preview_of_no_limit_or_of_the_list_s_change_is_shown(office, tmp_path):
    seen = preview_edit(office, tmp_path, None, has_no_capacity=True)
    assert seen.after == {"capacity": None}
    assert preview_list(office, tmp_path, 4).number(Change.UPDATED) == 1


@pytest.fixture
def listed(office):
    """
    A platform lists the show with three seats; returns our id of the occurrence.
    """
    item = structs.replace(occurrence("ev_1", 0), starts_at=STARTS, capacity=3)
    event = records.Event("ev_1", "Late Laughs", None, (item,))
    new = state.NewAccount("tt", "ticket_tailor", None, "env", "TT_KEY", "", None)
    with office.database.write() as connection:
        account_id = edits.add_account(connection, new, NOW)
        saved_listing.save_listing(connection, account_id, [ListedEvent(event, b"")])
        return occurrences.get_occurrence_ids(connection, account_id)["ev_1"]


def adopt_all(office, _listed):
    match.adopt(office.database, office.settings)


def make_show(office, listed):
    match_decisions.make_show(
        office.database, office.settings, [listed], "Late Laughs", batch="test"
    )


def answer_sheet(office, listed):
    new = match_sheet.Decision("new", listed, title="Late Laughs")
    match_sheet.apply(office.database, office.settings, [new])


@pytest.mark.parametrize("adopt", [adopt_all, make_show, answer_sheet])
def test_f93_a_platform_s_listing_leaves_the_seats_of_a_show_on_sale(
    office, listed, adopt
):
    adopt(office, listed)
    with office.database.read() as connection:
        assert links.get_show_ids(connection, [listed]) == {SHOW}
    assert capacity_of(office) == 10
    sell.sell(office, SHOW, {"Adult": 1}, CASH)
