"""
Seats do not become fewer than what is sold or held of them, by whichever command.
"""

from dataclasses import replace

import pytest
from support.own_box_office import ADULT, CHILD, NOW, SHOW, STARTS, put_on_sale

from ticketsync.boxoffice import fewer_seats
from ticketsync.boxoffice.selling import NewTier, Terms
from ticketsync.catalogue import new_shows
from ticketsync.catalogue.show_edits import ShowEdit
from ticketsync.core import errors
from ticketsync.workflows import availability, catalogue_edits, open_sale, sell
from ticketsync.workflows.connect import SecretSource
from ticketsync.workflows.sell import Tender

CASH = Tender("cash")


@pytest.fixture(autouse=True)
def evening(frozen):
    frozen(NOW)
    return frozen


@pytest.fixture
def office(database):
    office = put_on_sale(database, ADULT, CHILD)
    sell.sell(office, SHOW, {"Adult": 2, "Child": 1}, CASH)
    sell.hold(office, SHOW, {"Adult": 1})
    return office


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
