"""
Ticket types are kept as they are listed, and their prices as they were.
"""

import dataclasses

import pytest
from msgspec.structs import replace
from support.saved_orders import instant, prepare

from ticketsync.catalogue import listed_prices, price_history, ticket_types
from ticketsync.core import tables
from ticketsync.core.records import TicketType, TicketTypeStatus

FIRST, SECOND, THIRD = (
    instant("2026-10-01T02:00"),
    instant("2026-10-05T08:15"),
    instant("2026-10-09T21:30"),
)
ADULT = TicketType(
    "tt_1",
    "Adult",
    3000,
    "AUD",
    TicketTypeStatus.ON_SALE,
    quantity=80,
    sold=12,
    available=68,
    sale_starts_at=instant("2026-09-01T00:00"),
)
GIFT = TicketType(
    "tt_2", "Pay what you like", 1000, "AUD", TicketTypeStatus.HIDDEN, is_minimum=True
)


@pytest.fixture
def venue_with_types(database):
    prepare(database)
    save(database, FIRST, [ADULT, GIFT])
    return database


def save(database, now, types, occurrence_id=1):
    with database.write() as connection:
        return ticket_types.save_ticket_types(connection, {occurrence_id: types}, now)


def listed(database, **chosen):
    with database.read() as connection:
        return listed_prices.list_prices(connection, **chosen)


def steps(database, number=0):
    found = listed(database)[number]
    return [
        (step.seen_at, None if step.price is None else step.price.text)
        for step in found.steps
    ]


def test_a_ticket_type_is_listed_as_the_platform_reported_it(venue_with_types):
    adult, gift = listed_prices.as_json(listed(venue_with_types))
    assert adult == {
        "account": "tt",
        "occurrence_id": "ev_1",
        "date_id": 1,
        "show_id": 1,
        "name": "Late Laughs",
        "starts_local": adult["starts_local"],
        "ticket_type_id": "tt_1",
        "ticket_type": "Adult",
        "price": "30.00",
        "currency": "AUD",
        "is_minimum": False,
        "quantity": 80,
        "sold": 12,
        "available": 68,
        "status": "on_sale",
        "sale_starts_at": "2026-09-01T00:00:00Z",
        "sale_ends_at": None,
        "prices": [
            {"seen_at": "2026-10-01T02:00:00Z", "price": "30.00", "currency": "AUD"}
        ],
    }
    assert (gift["price"], gift["is_minimum"], gift["status"]) == (
        *("10.00", True),
        "hidden",
    )
    assert (gift["quantity"], gift["sold"], gift["available"]) == (None, None, None)


def test_only_the_show_or_account_that_was_asked_for(venue_with_types):
    save(venue_with_types, FIRST, [ADULT], occurrence_id=2)
    assert len(listed(venue_with_types)) == 3
    assert [p.date_id for p in listed(venue_with_types, show_id=2)] == [2]
    assert len(listed(venue_with_types, account="tt")) == 3
    assert listed(venue_with_types, account="other") == []


def test_a_price_that_changes_is_a_further_step(venue_with_types):
    raised = replace(ADULT, price=3500, sold=20, available=60)
    assert save(venue_with_types, SECOND, [raised, GIFT]) == 1
    assert steps(venue_with_types) == [(FIRST, "30.00"), (SECOND, "35.00")]
    assert [step.price.text for step in listed(venue_with_types)[0].earlier] == [
        "30.00"
    ]
    # Sales alone are not a step, nor is what did not change.
    assert save(venue_with_types, THIRD, [replace(raised, sold=21), GIFT]) == 1
    assert save(venue_with_types, THIRD, [replace(raised, sold=21), GIFT]) == 0
    assert steps(venue_with_types) == [(FIRST, "30.00"), (SECOND, "35.00")]


def test_every_price_is_a_row_of_the_history(venue_with_types):
    save(venue_with_types, SECOND, [replace(ADULT, price=None), GIFT])
    rows = list(tables.records(listed_prices.steps_table(listed(venue_with_types))))
    assert [(row["ticket_type"], row["price"], row["seen_at"]) for row in rows] == [
        ("Adult", "30.00", "2026-10-01T02:00:00Z"),
        ("Adult", None, "2026-10-05T08:15:00Z"),
        ("Pay what you like", "10.00", "2026-10-01T02:00:00Z"),
    ]


def test_a_type_that_is_no_longer_listed_is_gone_until_it_returns(venue_with_types):
    save(venue_with_types, SECOND, [ADULT])
    assert [item.status for item in listed(venue_with_types)] == ["on_sale", "gone"]
    save(venue_with_types, THIRD, [ADULT, GIFT])
    assert [item.status for item in listed(venue_with_types)] == ["on_sale", "hidden"]
    assert steps(venue_with_types, 1) == [(FIRST, "10.00")]


def test_of_two_types_with_one_id_the_first_is_kept(database):
    prepare(database)
    save(database, FIRST, [ADULT, replace(ADULT, name="Twin", price=1)])
    assert [(p.ticket_type, p.price.text) for p in listed(database)] == [
        ("Adult", "30.00")
    ]


def test_prices_of_stored_records_come_before_those_that_are_held(sqlite, tmp_path):
    """
    After an upgrade the first price is as old as the first stored record of it.
    """
    from ticketsync.store import engine

    again = engine.create_database(str(tmp_path / "again.db"))
    for database in (sqlite, again):
        prepare(database)
    save(again, FIRST, [ADULT, GIFT])
    save(again, SECOND, [replace(ADULT, price=3500), GIFT])
    save(sqlite, THIRD, [replace(ADULT, price=3500, sold=40)])
    for changed in (2, 0):  # the second time changes nothing
        with again.read() as source, sqlite.write() as connection:
            assert price_history.bring_in(connection, source, 1) == changed
    assert steps(sqlite) == [(FIRST, "30.00"), (SECOND, "35.00")]
    assert steps(sqlite, 1) == [(FIRST, "10.00")]
    assert listed(sqlite)[0].sold == 40  # what is held is newer
    again.close()


def test_a_table_of_prices_has_the_columns_of_its_values():
    names = {field.name for field in dataclasses.fields(listed_prices.TicketPrice)}
    assert {column.name for column in listed_prices.PRICES} == names - {"steps"}
