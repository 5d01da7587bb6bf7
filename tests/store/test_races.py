"""
Two processes at one moment on PostgreSQL, where writers run side by side. Each race is
run many times, and again without its protection, where it must be lost each time: so we
know that it is run at all. Leases and the locks of runs are in `test_lease_races.py`.

The first of two stops in the middle of its transaction until the second is done, or
waits for the first: the server says so, nobody sleeps.
"""

import sys
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import exc, func, insert, select, text
from support import hand_links
from support.races import Race, pausing

from ticketsync.accounts import edits, state
from ticketsync.catalogue import (
    link_settings,
    links,
    new_shows,
    occurrences,
    selection,
    show_edits,
    shows,
    undoing,
    venue_edits,
)
from ticketsync.catalogue.links import Pair
from ticketsync.core import clock, errors, records
from ticketsync.core.settings.config import AccountSettings, Settings
from ticketsync.door import recorded_scans
from ticketsync.door.recorded_scans import UNKNOWN, NewScan
from ticketsync.financials import recompute
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.sales import answers, privacy
from ticketsync.sales.compressed_records import pack
from ticketsync.sales.privacy import Trace
from ticketsync.store import engine, lease, row_locks
from ticketsync.store.tables.catalogue import (
    events,
    production_links,
    productions,
    show_links,
)
from ticketsync.store.tables.catalogue import occurrences as occurrences_table
from ticketsync.store.tables.catalogue import shows as shows_table
from ticketsync.store.tables.door import scans
from ticketsync.store.tables.financials import show_financials
from ticketsync.store.tables.sales import attendees, buyers, orders, tickets
from ticketsync.store.upsert import upsert
from ticketsync.workflows import catalogue_edits
from ticketsync.workflows.accounts.account_run import AccountRun
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync.parse import ParsedPage
from ticketsync.workflows.sync.save_page import OrderStore

ROUNDS = 10
CONTROLS = 3  # rounds without the protection; a deadlock takes a second, and is one
MANY = 50  # of both as a drill
NOW = datetime(2026, 9, 1, tzinfo=UTC)
TONIGHT = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)


@pytest.fixture(
    autouse=True,
    params=[ROUNDS, pytest.param(MANY, marks=pytest.mark.drill)],
    ids="{} rounds".format,
)
def rounds(request, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "ROUNDS", request.param)
    if request.param == MANY:
        monkeypatch.setattr(sys.modules[__name__], "CONTROLS", MANY)


@pytest.fixture
def venue(templates):
    """
    A show that two accounts sell, each by an event with one date; the ids are 1 and 2.
    """
    with templates.copied("postgresql", "empty") as place:
        database = engine.open_database(place)
        with database.write() as connection:
            shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
            new_shows.add_show(connection, show_at("Macbeth"))
            for name in ("one", "two"):
                account = state.NewAccount(
                    name, "ticket_tailor", None, "none", "", "", None
                )
                edits.add_account(connection, account, NOW)
            for number in (1, 2):
                connection.execute(insert(events).values(**event(number)))
                connection.execute(insert(occurrences_table).values(**date(number)))
        yield database
        database.close()


def show_at(title):
    return new_shows.NewShow(
        title, TONIGHT, "The Lantern Room", "Australia/Sydney", "AUD"
    )


def event(number):
    return {
        "id": number,
        "account_id": number,
        "provider_id": f"ev{number}",
        "name": "Macbeth",
    }


def date(number):
    return {
        "id": number,
        "account_id": number,
        "event_id": number,
        "provider_id": f"d{number}",
        "name": "Macbeth",
        "starts_at": TONIGHT,
        "starts_local": "2026-11-27 19:30",
        "timezone": "Australia/Sydney",
        "status": "on_sale",
        "currency": "AUD",
        "fingerprint": "",
        "content": b"",
    }


def linked(database, *dates):
    with database.write() as connection:
        links.save_links(
            connection,
            [Pair(number, 1, "") for number in dates],
            decided_by="person",
            batch="",
            now=NOW,
        )


def sell(connection, account, number):
    """
    One ticket for 20.00, as its order would be saved.
    """
    connection.execute(
        insert(tickets).values(
            account_id=account,
            provider_id=f"t{number}",
            occurrence_id=account,
            kind="admission",
            status="valid",
            type_id="",
            type_name="Full",
            currency="AUD",
            is_sold=True,
            is_comp=False,
            is_refunded=False,
            is_checked_in=False,
            face=2000,
            discount=0,
            charged=2000,
            refunded=0,
            tax=0,
            tax_remitted=0,
        )
    )


def sold(database):
    """
    Tickets sold as the figures of the show say.
    """
    with database.read() as connection:
        rows = connection.execute(select(show_financials))
        return sum(row.tickets_sold for row in rows)


def recompute_first(database):
    with database.write() as connection:
        recompute.recompute_shows(connection, [1], {}, NOW)


@pytest.fixture
def unlocked(monkeypatch):
    """
    The controls: nothing is locked.
    """
    for name in ("lock", "lock_keys", "lock_shared"):
        monkeypatch.setattr(row_locks, name, lambda *_: None)


# Two accounts recompute one show


def rounds_of_recomputing(venue, monkeypatch, rounds):
    """
    The first has read the tickets and not yet written the figures when the second one
    saves a ticket and recomputes. Returns in how many rounds a ticket was lost.
    """
    linked(venue, 1, 2)
    run = pausing(monkeypatch, recompute, "_replace")
    lost = 0
    for number in range(rounds):

        def second(number=number):
            with venue.write() as connection:
                sell(connection, 2, number)
            recompute_first(venue)

        assert run(venue, lambda: recompute_first(venue), second) == [None, None]
        lost += sold(venue) != number + 1
    return lost


def test_of_two_who_recompute_a_show_the_second_counts_all(venue, monkeypatch):
    assert rounds_of_recomputing(venue, monkeypatch, ROUNDS) == 0


def test_control_without_the_lock_a_ticket_is_lost(venue, monkeypatch, unlocked):
    assert rounds_of_recomputing(venue, monkeypatch, CONTROLS) == CONTROLS


def recomputed_from_both_ends(venue, monkeypatch, rounds):
    """
    Two recompute the same shows, which they name in opposite orders; the first stops
    when it has locked what it locks first. Returns what was raised.
    """
    with venue.write() as connection:
        numbers = [
            new_shows.add_show(connection, show_at(f"Hamlet {n}")).id for n in range(20)
        ]
    run = pausing(monkeypatch, row_locks, "_lock", after=True)

    def recompute_all(ids):
        with venue.write() as connection:
            recompute.recompute_shows(connection, ids, {}, NOW)

    found = []
    for _ in range(rounds):
        found += run(
            venue, lambda: recompute_all(numbers), lambda: recompute_all(numbers[::-1])
        )
    return [error for error in found if error is not None]


def test_many_shows_recomputed_from_both_ends_do_not_wait_for_each_other(
    venue, monkeypatch
):
    """
    Both lock by number, whatever the order in which they were named.
    """
    assert recomputed_from_both_ends(venue, monkeypatch, ROUNDS) == []


def test_control_shows_locked_one_by_one_as_named_end_in_a_deadlock(venue, monkeypatch):
    lock_all = row_locks.lock

    def lock_each(connection, table, ids):
        for id_ in ids:
            lock_all(connection, table, [id_])

    monkeypatch.setattr(row_locks, "lock", lock_each)
    # Each once, in the order named.
    monkeypatch.setattr(recompute, "sorted", list, raising=False)
    monkeypatch.setattr(recompute, "set", dict.fromkeys, raising=False)
    (error,) = recomputed_from_both_ends(venue, monkeypatch, 1)
    assert (error.word, error.exit_code) == ("db-locked", 9)


# A date is linked while its tickets are saved


def rounds_of_linking(venue, monkeypatch, rounds):
    """
    A person has linked the date and counted its tickets when a run saves another
    ticket, asks which shows it is linked to, and recomputes these.
    """
    run = pausing(monkeypatch, recompute, "_replace")
    lost = 0
    for number in range(rounds):

        def link():
            with venue.write() as connection:
                links.save_links(
                    connection, [Pair(1, 1, "")], decided_by="person", batch="", now=NOW
                )
                recompute.recompute_shows(connection, [1], {}, NOW)

        def save(number=number):
            with venue.write() as connection:
                sell(connection, 1, number)
                occurrences.lock_against_linking(connection, [1])
            with venue.read() as connection:
                linked_shows = links.get_show_ids(connection, [1])
            with venue.write() as connection:
                recompute.recompute_shows(connection, linked_shows, {}, NOW)

        assert run(venue, link, save) == [None, None]
        lost += sold(venue) != number + 1
        with venue.write() as connection:
            undoing.unlink_occurrence(connection, 1, clock.now())
    return lost


def test_a_ticket_saved_while_its_date_is_linked_counts(venue, monkeypatch):
    assert rounds_of_linking(venue, monkeypatch, ROUNDS) == 0


def test_control_without_the_lock_the_new_link_misses_it(venue, monkeypatch, unlocked):
    assert rounds_of_linking(venue, monkeypatch, CONTROLS) == CONTROLS


# An event or a production is switched off while a run recomputes its show


def rounds_of_switching(venue, monkeypatch, level, rounds):
    """
    A run has read which tickets count, and not yet written the figures, when a person
    switches them off. Returns in how many rounds they count all the same.
    """
    linked(venue, 1)
    with venue.write() as connection:
        sell(connection, 1, 0)
        event = selection.find_event(connection, "ev1")
    run = pausing(monkeypatch, recompute, "_replace")

    def switch(enabled):
        switches = {"enabled": enabled, "ticket_sales": None}
        if level == "event":
            match.configure_event(venue, Settings(), event, types={}, **switches)
        else:
            match.configure_production(venue, Settings(), "Macbeth", **switches)

    wrong = 0
    for _ in range(rounds):
        switch(True)
        assert sold(venue) == 1
        done = run(venue, lambda: recompute_first(venue), lambda: switch(False))
        assert done == [None, None]
        wrong += sold(venue) != 0
    return wrong


@pytest.mark.parametrize("level", ["event", "production"])
def test_what_is_switched_off_while_a_run_recomputes_does_not_count(
    venue, monkeypatch, level
):
    assert rounds_of_switching(venue, monkeypatch, level, ROUNDS) == 0


@pytest.mark.parametrize("level", ["event", "production"])
def test_control_without_the_lock_what_is_switched_off_counts(
    venue, monkeypatch, unlocked, level
):
    assert rounds_of_switching(venue, monkeypatch, level, CONTROLS) == CONTROLS


# Decisions of people


def rounds_of_naming(venue, monkeypatch, rounds):
    """
    Two people name one ticket type each. Returns how often only one name is left.
    """
    linked(venue, 1)
    run = pausing(monkeypatch, link_settings.json, "dumps")
    lost = 0

    def name(theirs, ours):
        with venue.write() as connection:
            link_settings.map_ticket_types(connection, 1, {theirs: ours})

    for number in range(rounds):
        done = run(
            venue,
            lambda n=number: name("GA", f"Adult {n}"),
            lambda n=number: name("CON", f"Concession {n}"),
        )
        assert done == [None, None]
        with venue.read() as connection:
            query = select(production_links.c.type_map)
            saved = link_settings.json.loads(connection.scalar(query))
        lost += saved != {"GA": f"Adult {number}", "CON": f"Concession {number}"}
    return lost


def test_names_that_two_people_give_at_once_both_stay(venue, monkeypatch):
    assert rounds_of_naming(venue, monkeypatch, ROUNDS) == 0


def test_control_without_the_lock_one_name_is_lost(venue, monkeypatch, unlocked):
    assert rounds_of_naming(venue, monkeypatch, CONTROLS) == CONTROLS


KEEPING = Settings(accounts={"one": AccountSettings(keep_people=True)})


def one_of_two_dates_is_set_up(venue, monkeypatch, fields):
    """
    A person sets up the first of an event's dates; meanwhile tickets of the second one
    are saved, and the figures of both brought up to date. Returns what the two raised.
    """
    second = {**date(1), "id": 3, "provider_id": "d3"}
    with venue.write() as connection:
        connection.execute(insert(occurrences_table).values(**second))
    linked(venue, 1, 3)
    run = pausing(monkeypatch, link_settings, "map_ticket_types")

    def set_up():
        with venue.read() as connection:
            first = occurrences.get_occurrence(connection, 1)
        hand_links.configure(
            *(venue, KEEPING, first),
            enabled=None,
            ticket_sales=False,
            types={},
            fields=fields,
        )

    def save():
        with venue.write() as connection:
            occurrences.lock_against_linking(connection, [3])
            recompute.recompute_shows(connection, [1], {}, NOW)

    return [error for error in run(venue, set_up, save) if error is not None]


@pytest.mark.parametrize("fields", [{}, {"Dietary": "diet"}])
def test_who_sets_up_a_date_does_not_stop_who_saves_another_of_its_event(
    venue, monkeypatch, fields
):
    assert one_of_two_dates_is_set_up(venue, monkeypatch, fields) == []


def test_control_dates_locked_one_after_the_other_end_in_a_deadlock(venue, monkeypatch):
    monkeypatch.setattr(links, "lock_occurrences", lambda *_: None)
    names = {"Dietary": "diet"}
    (error,) = one_of_two_dates_is_set_up(venue, monkeypatch, names)
    assert (error.word, error.exit_code) == ("db-locked", 9)


def rounds_of_linking_twice(venue, monkeypatch, rounds):
    """
    Two people link one date, each to another show; the first has done so and not yet
    said which production its event is. Returns what the two met, round by round.
    """
    run = pausing(monkeypatch, links, "_link_productions")
    with venue.write() as connection:
        other = new_shows.add_show(connection, show_at("Hamlet")).id

    def link(show):
        with venue.write() as connection:
            pair = Pair(1, show, "")
            links.save_links(connection, [pair], decided_by="person", batch="", now=NOW)

    found = []
    for _ in range(rounds):
        found.append(run(venue, lambda: link(1), lambda: link(other)))
        with venue.write() as connection:
            assert undoing.unlink_occurrence(connection, 1, clock.now()) == 1
    return found


def test_of_two_who_link_one_date_to_two_shows_the_second_is_refused(
    venue, monkeypatch
):
    for first, second in rounds_of_linking_twice(venue, monkeypatch, ROUNDS):
        assert first is None
        assert isinstance(second, errors.UsageError)
        assert second.word == "linked-already"


def test_control_without_the_lock_only_the_database_refuses_the_second(
    venue, monkeypatch, unlocked
):
    found = rounds_of_linking_twice(venue, monkeypatch, CONTROLS)
    assert [first for first, _ in found] == [None] * CONTROLS
    assert {type(second) for _, second in found} == {exc.IntegrityError}


def rounds_of_unlinking(venue, monkeypatch, rounds):
    """
    One of an event's dates is linked, and its event not yet said to be of that
    production, when the only other one is taken away. Returns in how many rounds the
    event ends up without a production.
    """
    with venue.write() as connection:
        second = {**date(1), "id": 3, "provider_id": "d3"}
        connection.execute(insert(occurrences_table).values(**second))
    run = pausing(monkeypatch, links, "_link_productions", after=True)
    lost = 0
    for _ in range(rounds):
        linked(venue, 1)

        def unlink():
            with venue.write() as connection:
                undoing.unlink_occurrence(connection, 1, clock.now())

        assert run(venue, lambda: linked(venue, 3), unlink) == [None, None]
        with venue.write() as connection:
            rows = connection.execute(select(production_links)).all()
            lost += [row.event_id for row in rows] != [1]
            undoing.unlink_occurrence(connection, 3, clock.now())
    return lost


def test_two_who_unlink_and_link_dates_of_one_event_keep_its_production(
    venue, monkeypatch
):
    """
    Without a date that is linked to a show an event belongs to no production any more;
    here one date is taken away while another is linked.
    """
    assert rounds_of_unlinking(venue, monkeypatch, ROUNDS) == 0


def test_control_without_the_lock_an_event_with_a_linked_date_has_no_production(
    venue, monkeypatch, unlocked
):
    assert rounds_of_unlinking(venue, monkeypatch, CONTROLS) == CONTROLS


def rounds_of_adding(venue, monkeypatch, is_production_new, rounds):
    """
    Two people add one show, of a production that is there already or is new, too; the
    first is about to insert it. Returns what the two have, round by round.
    """
    run = pausing(monkeypatch, new_shows, "_as_row")
    found = []
    for number in range(rounds):
        title = f"Lear {number}"
        if not is_production_new:
            with venue.write() as connection:
                shows.add_production(connection, title)

        def add(title=title):
            with venue.write() as connection:
                return new_shows.add_show(connection, show_at(title))

        found.append(run(venue, add, add))
    return found


@pytest.mark.parametrize("is_production_new", [False, True])
def test_two_who_add_the_same_show_add_one(venue, monkeypatch, is_production_new):
    """
    A new production keeps the second one waiting; else it is the one that adds.
    """
    found = rounds_of_adding(venue, monkeypatch, is_production_new, ROUNDS)
    for first, second in found:
        assert first.id == second.id
        assert (first.is_new, second.is_new) == (is_production_new, not first.is_new)
    with venue.read() as connection:
        titles = connection.scalars(select(productions.c.title)).all()
        added = connection.scalar(select(func.count()).select_from(shows_table))
    assert len(titles) == len(set(titles)) == added == ROUNDS + 1


@pytest.mark.parametrize("is_production_new", [False, True])
def test_control_who_inserts_whatever_is_there_adds_no_show(
    venue, monkeypatch, is_production_new
):
    for module in (shows, new_shows):
        monkeypatch.setattr(module, "insert_all_new", insert_whatever_is_there)
    found = rounds_of_adding(venue, monkeypatch, is_production_new, CONTROLS)
    loser = 1 if is_production_new else 0
    assert {type(ended[loser]) for ended in found} == {exc.IntegrityError}


def insert_whatever_is_there(connection, table, rows, *, returning=()):
    columns = [table.c[name] for name in returning or ("id",)]
    return list(connection.execute(insert(table).returning(*columns), rows))


def rounds_of_merging_productions(venue, monkeypatch, rounds):
    """
    A date is linked to a show whose production becomes part of another one at that
    moment. Returns what was raised.
    """
    run = pausing(monkeypatch, links, "_link_productions")
    found = []
    for number in range(rounds):
        title, other = f"Lear {number}", f"King {number}"
        tomorrow = replace(show_at(other), starts_at=TONIGHT + timedelta(days=1))
        with venue.write() as connection:
            shown = new_shows.add_shows(connection, [show_at(title), tomorrow])[0].id

        def link(shown=shown):
            with venue.write() as connection:
                pair = Pair(1, shown, "")
                links.save_links(
                    connection, [pair], decided_by="person", batch="", now=NOW
                )

        def merge(title=title, other=other):
            catalogue_edits.merge_productions(venue, Settings(), title, other)

        found += [error for error in run(venue, link, merge) if error is not None]
        if not found:
            with venue.write() as connection:
                query = select(productions.c.title).join(production_links)
                assert connection.scalars(query).all() == [other]
                undoing.unlink_occurrence(connection, 1, clock.now())
    return found


def test_a_date_is_linked_while_the_production_of_its_show_is_merged(
    venue, monkeypatch
):
    assert rounds_of_merging_productions(venue, monkeypatch, ROUNDS) == []


def test_control_productions_locked_before_their_shows_end_in_a_deadlock(
    venue, monkeypatch
):
    monkeypatch.setattr(show_edits, "lock_shows", lambda *_: None)
    (error,) = rounds_of_merging_productions(venue, monkeypatch, 1)
    assert (error.word, error.exit_code) == ("db-locked", 9)


def rounds_of_merging_venues(venue, monkeypatch, rounds):
    """
    A list gives a show its capacity and adds another one at a venue that becomes part
    of another one at that moment. Returns what was raised.
    """
    run = pausing(monkeypatch, new_shows, "_as_row")
    found = []
    for number in range(rounds):
        room = f"Room {number}"
        tonight = replace(show_at(f"Lear {number}"), venue=room)
        tomorrow = replace(tonight, starts_at=TONIGHT + timedelta(days=1))
        with venue.write() as connection:
            new_shows.add_show(connection, tonight)

        def add(tonight=tonight, tomorrow=tomorrow):
            with venue.write() as connection:
                wanted = [replace(tonight, capacity=99), tomorrow]
                new_shows.add_shows(connection, wanted)

        def merge(room=room):
            catalogue_edits.merge_venues(venue, Settings(), room, "The Lantern Room")

        found += [error for error in run(venue, add, merge) if error is not None]
    return found


def test_a_show_is_added_at_a_venue_while_that_is_merged(venue, monkeypatch):
    """
    The merge sees that there is a show more, and has to be run again.
    """
    found = rounds_of_merging_venues(venue, monkeypatch, ROUNDS)
    assert {error.word for error in found} == {"busy"}


def test_control_a_venue_locked_before_its_shows_ends_in_a_deadlock(venue, monkeypatch):
    monkeypatch.setattr(venue_edits, "lock_shows", lambda *_: None)
    (error,) = rounds_of_merging_venues(venue, monkeypatch, 1)
    assert (error.word, error.exit_code) == ("db-locked", 9)


# People, doors, failures


def rounds_of_erasing(venue, monkeypatch, rounds):
    """
    A run has read what is kept of a buyer and is about to write her new address when
    she is erased. Returns how often she came back.
    """
    run = pausing(monkeypatch, privacy, "upsert")
    back = 0
    for number in range(rounds):
        with venue.write() as connection:
            order = order_of(connection, number)
        ann = records.Person("Ann", f"ann{number}@example.org", "")
        moved = records.Person("Ann", f"new{number}@example.org", "")

        def keep(person, number=number):
            with venue.write() as connection:
                people = {f"o{number}": records.People(person, {})}
                privacy.save_people(connection, 1, people, NOW - timedelta(days=400))

        def erase(order=order):
            with venue.write() as connection:
                trace = Trace("buyer", order, "", "", "", "", "", NOW, "", "", "", {})
                privacy.erase_people(connection, [trace], NOW)

        keep(ann)
        assert run(venue, lambda m=moved: keep(m), erase) == [None, None]
        with venue.read() as connection:
            query = select(buyers).where(buyers.c.order_id == order)
            row = connection.execute(query).one()
        back += (row.name, row.email, row.erased_at) != ("", "", NOW)
    return back


def rounds_of_unnaming(venue, monkeypatch, rounds):
    """
    A run has read under which name an answer is kept and is about to write it when a
    person removes the name, and with it all answers. Returns how often one was left.
    """
    linked(venue, 1)
    run = pausing(monkeypatch, answers, "as_text")
    with venue.read() as connection:
        account = state.get_account(connection, "one")
        first = occurrences.get_occurrence(connection, 1)
    at_work = AccountRun(
        *(venue, KEEPING, account, TicketTailor, None, "run"),
        *(lease.Holder("run"), NOW),
        prolonged=float("inf"),
    )
    store = OrderStore(at_work, {"d1": 1})
    left = 0
    for number in range(rounds):
        with venue.write() as connection:
            order_of(connection, number)
            sell(connection, 1, number)
            link_settings.map_fields(connection, 1, {"Dietary": "diet"})
        said = {f"t{number}": {"Dietary": "vegan"}}
        people = {f"o{number}": records.People(records.Person(), {}, said)}
        page = ParsedPage([], [], pack([]), [], "", people, [], None)

        def save(page=page):
            store.save([page], is_retry=True)

        def unname():
            hand_links.configure(
                *(venue, KEEPING, first),
                enabled=None,
                ticket_sales=None,
                types={},
                fields={"Dietary": ""},
            )

        assert run(venue, save, unname) == [None, None]
        with venue.read() as connection:
            query = select(attendees.c.answers).where(
                attendees.c.ticket_id == ticket_numbered(venue, number)
            )
            left += connection.scalar(query) != "{}"
    return left


def test_answers_saved_while_their_name_is_removed_are_deleted(
    venue, monkeypatch, frozen
):
    assert rounds_of_unnaming(venue, monkeypatch, ROUNDS) == 0


def test_control_without_the_lock_an_answer_stays_that_nobody_keeps(
    venue, monkeypatch, frozen, unlocked
):
    assert rounds_of_unnaming(venue, monkeypatch, CONTROLS) == CONTROLS


def order_of(connection, number):
    return connection.scalar(
        insert(orders)
        .values(
            account_id=1,
            provider_id=f"o{number}",
            status="paid",
            placed_at=NOW,
            currency="AUD",
            total=0,
            charged=0,
            refunded=0,
            credited=0,
            content=b"",
        )
        .returning(orders.c.id)
    )


def test_who_is_erased_while_a_run_writes_stays_erased(venue, monkeypatch):
    assert rounds_of_erasing(venue, monkeypatch, ROUNDS) == 0


def test_control_a_plain_upsert_brings_the_person_back(venue, monkeypatch):
    def plain(*args, unless, **kwargs):
        upsert(*args, **kwargs)

    monkeypatch.setattr(privacy, "upsert", plain)
    assert rounds_of_erasing(venue, monkeypatch, CONTROLS) == CONTROLS


def rounds_of_scanning_twice(venue, monkeypatch, is_known, rounds):
    """
    A phone that hears no answer sends again while its first scan, of one of our tickets
    or of something else, is saved and not committed. Returns the answers, round by
    round.
    """
    linked(venue, 1)
    run = pausing(monkeypatch, recorded_scans, "_insert", after=True)
    found = []
    for number in range(rounds):
        with venue.write() as connection:
            sell(connection, 1, number)
        ticket = ticket_numbered(venue, number) if is_known else None
        scan = NewScan("phone", f"key {number}", 1, ticket, NOW)

        def admit(scan=scan):
            with venue.write() as connection:
                return recorded_scans.record_scan(connection, scan).outcome

        found.append(run(venue, admit, admit))
    return found


@pytest.mark.parametrize(("is_known", "answer"), [(True, "admitted"), (False, UNKNOWN)])
def test_a_scan_that_arrives_twice_at_once_is_one_scan(
    venue, monkeypatch, is_known, answer
):
    found = rounds_of_scanning_twice(venue, monkeypatch, is_known, ROUNDS)
    assert found == [[answer, answer]] * ROUNDS
    with venue.read() as connection:
        assert len(connection.execute(select(scans)).all()) == ROUNDS


@pytest.mark.parametrize("is_known", [True, False])
def test_control_who_inserts_whatever_is_there_answers_the_second_scan_with_an_error(
    venue, monkeypatch, is_known
):
    def look(connection, ticket_id):
        query = select(tickets).where(tickets.c.id == ticket_id)
        return connection.execute(query).one()

    def insert_it(connection, table, row):
        return insert_whatever_is_there(connection, table, [row])

    monkeypatch.setattr(recorded_scans, "_lock_ticket", look)
    monkeypatch.setattr(recorded_scans, "insert_new", insert_it)
    found = rounds_of_scanning_twice(venue, monkeypatch, is_known, CONTROLS)
    assert {type(second) for _, second in found} == {exc.IntegrityError}


def ticket_numbered(database, number):
    with database.read() as connection:
        query = select(tickets.c.id).where(tickets.c.provider_id == f"t{number}")
        return connection.scalar(query)


def both_merge(venue, monkeypatch, rounds):
    """
    Two doors merge the same two tickets, each in its own order, in one transaction.
    """
    linked(venue, 1)
    real = recorded_scans.get_verdict
    raised = []
    for number in range(rounds):
        with venue.write() as connection:
            sell(connection, 1, f"{number}a")
            sell(connection, 1, f"{number}b")
        tickets = [ticket_numbered(venue, f"{number}{letter}") for letter in "ab"]
        race = Race(venue)

        def known(*args, race=race):
            race.pause()
            return real(*args)

        monkeypatch.setattr(recorded_scans, "get_verdict", known)

        def merge(device, ids, number=number):
            with venue.write() as connection:
                recorded_scans.lock_tickets(connection, ids)
                for id_ in ids:
                    scan = NewScan(device, f"{number} {id_}", 1, id_, NOW)
                    recorded_scans.record_scan(connection, scan)

        done = race.run(
            lambda t=tickets: merge("one", t), lambda t=tickets: merge("two", t[::-1])
        )
        raised += [error for error in done if error is not None]
    return raised


def test_two_doors_that_merge_the_same_tickets_do_not_stop_each_other(
    venue, monkeypatch
):
    assert both_merge(venue, monkeypatch, ROUNDS) == []


def test_control_tickets_locked_one_by_one_end_in_a_deadlock(
    venue, monkeypatch, unlocked
):
    (error,) = both_merge(venue, monkeypatch, 1)
    assert (error.word, error.exit_code) == ("db-locked", 9)


# Readers


@contextmanager
def read_committed(database):
    with database._engine.connect() as connection:
        yield connection


def states_seen(database, opened):
    """
    A page asks twice, and between its questions somebody moves a link.
    """
    query = select(show_links.c.reason)
    odd = 0
    for number in range(ROUNDS):
        with opened() as page:
            before = page.scalar(query)
            with database.write() as connection:
                connection.execute(show_links.update().values(reason=str(number)))
            odd += page.scalar(query) != before
    return odd


def test_one_page_shows_one_state(venue):
    linked(venue, 1)
    assert states_seen(venue, venue.read) == 0


def test_control_a_reader_of_the_default_kind_sees_two_states(venue):
    linked(venue, 1)
    assert states_seen(venue, lambda: read_committed(venue)) == ROUNDS


def test_one_page_shows_one_state_on_sqlite(sqlite, monkeypatch):
    """
    With a write-ahead log the writer goes on and the reader does not see it; with a
    rollback journal the writer must wait for the reader.
    """
    sqlite.close()
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.01)
    database = engine.open_database(str(sqlite.file))
    with database.write() as connection:
        shows.add_production(connection, "Macbeth")
    query = select(productions.c.title)
    with database.read() as page:
        before = page.scalars(query).all()
        with suppress(errors.DatabaseError), database.write() as connection:
            shows.add_production(connection, "Hamlet")
        assert page.scalars(query).all() == before == ["Macbeth"]
    database.close()


def test_a_reader_cannot_write(venue):
    with pytest.raises(exc.DBAPIError, match="read-only"), venue.read() as connection:
        connection.execute(text("DELETE FROM leases"))
