"""
Orders of dates that are linked to no show: named beside the figures, by the choice that
the figures are of.
"""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import delete, insert, select, update
from support.saved_orders import FIRST_DAY, order, prepare, save, ticket

from ticketsync.catalogue import matching_input, occurrences, shows
from ticketsync.core.money import Money
from ticketsync.core.periods import ALWAYS, Period
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import (
    grouped_figures,
    listed_parts,
    order_money,
    sales,
    waiting,
)
from ticketsync.reporting.figure_filter import EVERYTHING, FigureFilter
from ticketsync.reporting.unlinked_orders import find_unlinked
from ticketsync.store.tables import catalogue
from ticketsync.workflows import recompute_figures


@pytest.fixture
def sold(database):
    """
    Two dates, each with one order; the first one, of 25.00, is linked to no show.
    """
    prepare(database)
    save(database, order(ticket(1, 2500)), at=FIRST_DAY)
    recompute_figures.rebuild(database, Settings())
    return database


def unlink_all(database):
    with database.write() as connection:
        connection.execute(delete(catalogue.show_links))
    recompute_figures.rebuild(database, Settings())


def find(database, chosen=EVERYTHING):
    with database.read() as connection:
        return find_unlinked(connection, chosen)


def test_linked_orders_are_not_named(sold):
    assert find(sold) is None


def test_orders_without_a_show_are_named_with_their_money(sold):
    unlink_all(sold)
    found = find(sold)
    assert (found.orders, found.dates) == (1, 1)
    assert found.charged == (Money(2500, "AUD"),)
    assert str(found) == (
        "1 order (25.00 AUD) belongs to 1 date that is linked to no show, and is in no "
        "line"
    )


def test_the_parts_of_one_date_are_one_date(sold):
    """
    As Square lists each ticket type of a night: two occurrences of one event that start
    in the same minute.
    """
    save(sold, order(ticket(2, 1700, "ev_2"), id_="or_2"), at=FIRST_DAY)
    unlink_all(sold)
    assert (find(sold).orders, find(sold).dates) == (2, 2)

    with sold.write() as connection:
        first = connection.execute(
            select(catalogue.occurrences.c.event_id, catalogue.occurrences.c.starts_at)
        ).first()
        connection.execute(update(catalogue.occurrences).values(first._asdict()))

    assert (find(sold).orders, find(sold).dates) == (2, 1)
    assert find(sold).charged == (Money(4200, "AUD"),)


@pytest.mark.parametrize(
    ("values", "can_match"),
    [({}, True), ({"is_dated": False}, False), ({"gone_since": FIRST_DAY}, False)],
)
def test_matching_is_named_only_where_it_asks(sold, values, can_match):
    """
    What has no date, as drinks, and what is no longer listed is linked by hand.
    """
    unlink_all(sold)
    with sold.write() as connection:
        connection.execute(
            update(catalogue.occurrences).values(**values or {"is_dated": True})
        )
        offered = matching_input.build_occurrence_candidates(
            connection, occurrences.list_occurrences(connection, only_unlinked=True)
        )
    found = find(sold)
    assert found.orders == 1
    assert found.can_match is can_match is bool(offered)
    assert (found.next_step == "ticketsync match") is can_match
    assert ("events list --unlinked" in found.next_step) is not can_match


def test_it_is_what_worksheets_and_status_say_as_well(sold):
    unlink_all(sold)
    with sold.read() as connection:
        (left_out,) = order_money.list_left_out(connection, "UTC", ALWAYS)
        of_status = waiting.list_unmatched(connection)
        lines = grouped_figures.grouped_table(connection, "show", EVERYTHING)
        assert [*lines.loaded().rows] == []
    found = find(sold)
    assert left_out.why == "unlinked"
    assert (left_out.orders, left_out.charged) == (found.orders, 2500)
    with sold.read() as connection:
        with_orders = {
            str(item.id) for item in occurrences.list_occurrences(connection)
        }
    assert {item.key for item in of_status} <= with_orders
    assert len(of_status) >= found.dates


def test_a_date_that_a_person_refused_is_not_named_again(sold):
    unlink_all(sold)
    with sold.write() as connection:
        listed = occurrences.list_occurrences(connection)
        connection.execute(
            insert(catalogue.refusals),
            [
                {"occurrence_id": item.id, "show_id": None, "created_at": FIRST_DAY}
                for item in listed
            ],
        )
    assert find(sold) is None


def start_of(database):
    with database.read() as connection:
        return occurrences.list_occurrences(connection)[0]


def test_every_filter_is_that_of_the_figures(sold):
    unlink_all(sold)
    first = start_of(sold)
    day = date.fromisoformat(first.starts_local[:10])
    wanted = {
        "account": (first.account, "another"),
        "currency": ("AUD", "NZD"),
        "period": (Period(day, day), Period(date(2031, 1, 1), date(2031, 1, 31))),
        "begins_from": (
            datetime(2020, 1, 1, tzinfo=UTC),
            datetime.max.replace(tzinfo=UTC),
        ),
        "begins_before": (
            datetime(2040, 1, 1, tzinfo=UTC),
            datetime(2020, 1, 1, tzinfo=UTC),
        ),
    }
    for name, (having, lacking) in wanted.items():
        assert find(sold, FigureFilter(**{name: having})) is not None, name
        assert find(sold, FigureFilter(**{name: lacking})) is None, name


def test_a_date_of_another_production_or_venue_is_not_meant(sold):
    unlink_all(sold)
    with sold.write() as connection:
        titles = [title for _, title, _ in shows.list_productions(connection)]
        shows.add_production(connection, "Another")
        shows.add_venue(connection, "Annexe", "Australia/Sydney", "AUD")
        ours = shows.list_venues(connection)[0].name
        connection.execute(update(catalogue.occurrences).values(venue=ours))
    assert find(sold, FigureFilter(production=titles[0])) is not None
    assert find(sold, FigureFilter(production="Another")) is None
    assert find(sold, FigureFilter(venue=ours)) is not None
    assert find(sold, FigureFilter(venue="Annexe")) is None
    with sold.write() as connection:
        connection.execute(delete(catalogue.production_links))
        connection.execute(update(catalogue.occurrences).values(venue="Somewhere"))
    assert find(sold, FigureFilter(production="Another")) is not None
    assert find(sold, FigureFilter(venue="Annexe")) is not None


def test_a_date_without_a_known_start_may_be_in_any_period(sold):
    unlink_all(sold)
    with sold.write() as connection:
        connection.execute(update(catalogue.occurrences).values(is_dated=False))
    later = Period(date(2031, 1, 1), date(2031, 1, 31))
    whole = (
        "1 order (25.00 AUD) belongs to 1 date that is linked to no show, and is in no "
        "line"
    )
    of_period = find(sold, FigureFilter(period=later))
    assert str(of_period) == (
        f"{whole}. This date has no known day: it is named for every period"
    )
    assert str(find(sold)) == whole


def test_a_period_counts_only_the_dates_in_it_and_says_which_have_no_day(sold):
    """
    By hand: 25.00 on the first date, whose day is not known, 40.00 and 9.00 on the
    second one, which is in no later period.
    """
    save(
        sold,
        order(ticket(1, 2500)),
        order(ticket(2, 4000, "ev_2"), id_="or_2"),
        order(ticket(3, 900, "ev_2"), id_="or_3"),
        at=FIRST_DAY,
    )
    unlink_all(sold)
    with sold.read() as connection:
        first, second = occurrences.list_occurrences(connection)
    with sold.write() as connection:
        connection.execute(
            update(catalogue.occurrences)
            .where(catalogue.occurrences.c.id == first.id)
            .values(is_dated=False)
        )
    day = date.fromisoformat(second.starts_local[:10])
    both = find(sold, FigureFilter(period=Period(day, day)))
    assert str(both) == (
        "3 orders (74.00 AUD) belong to 2 dates that are linked to no show, and are in "
        "no line. 1 of these dates has no known day: it is named for every period"
    )
    later = find(sold, FigureFilter(period=Period(date(2031, 1, 1), date(2031, 1, 31))))
    assert (later.orders, later.dates, later.charged) == (1, 1, (Money(2500, "AUD"),))


@pytest.mark.on_both_databases
def test_the_part_without_a_show_comes_first_on_both_databases(database):
    """
    SQLite puts what is not there first, PostgreSQL last, where nobody says which.
    """
    prepare(database)
    both = order(ticket(1, 2500), ticket(2, 3000, date="ev_2"))
    save(database, both, at=FIRST_DAY)
    with database.write() as connection:
        connection.execute(
            delete(catalogue.show_links).where(
                catalogue.show_links.c.occurrence_id == 2
            )
        )
    recompute_figures.rebuild(database, Settings())

    with database.read() as connection:
        table = sales.sales_table(connection).loaded()
        (parts,) = listed_parts.parts_by_order(connection, [1]).values()

    show, charged = table.position("show_id"), table.position("charged")
    assert [(row[show], row[charged]) for row in table.rows] == [
        (None, 3000),
        (1, 2500),
    ]
    assert [part.show_id for part in parts] == [None, 1]
