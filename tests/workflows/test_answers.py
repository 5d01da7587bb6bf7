"""
What guests answered to a platform's questions: kept only under the venue's own names,
only where people are kept, and gone with the person.
"""

import json
from dataclasses import asdict
from types import SimpleNamespace

import msgspec
import pytest
from sqlalchemy import func, select, update
from support import hand_links

from ticketsync.accounts import bookmarks, state, streams
from ticketsync.catalogue import occurrences, selection
from ticketsync.core import clock, errors
from ticketsync.core.settings.config import AccountSettings, Settings
from ticketsync.door import attendees
from ticketsync.providers.ticket_tailor import TicketTailor
from ticketsync.reporting import audit_trail
from ticketsync.sales import answers, privacy
from ticketsync.store.tables.catalogue import occurrences as occurrences_table
from ticketsync.store.tables.sales import attendees as attendees_table
from ticketsync.workflows import retention
from ticketsync.workflows.accounts import people_switch
from ticketsync.workflows.matching import match
from ticketsync.workflows.sync import run as sync
from ticketsync.workflows.sync.run import Request

KEEPING = Settings(accounts={"tt": AccountSettings(keep_people=True)})
SAID = {"Dietary  requirements": "vegan", "Shoe size": "43", "Access": " "}
SET = {"enabled": None, "ticket_sales": None, "types": {}}


def marks(database):
    """
    What was read completely, and where new orders begin.
    """
    with database.read() as connection:
        return [
            bookmarks.get_bookmarks(connection, 1, stream)
            for stream in (streams.READ, streams.NEWEST)
        ]


@pytest.fixture
def form(monkeypatch):
    """
    Every ticket's form has these questions and answers.
    """
    original = TicketTailor.parse_people

    def parse(raw):
        people = original(raw)
        return msgspec.structs.replace(
            people, answers=dict.fromkeys(people.attendees, SAID)
        )

    monkeypatch.setattr(TicketTailor, "parse_people", staticmethod(parse))


@pytest.fixture
def date(read_once):
    """
    The next date that sold a ticket of an order.
    """
    with read_once.read() as connection:
        return next(
            o
            for o in occurrences.list_occurrences(connection)
            if o.starts_at > clock.now()
            and any(g.order_id for g in attendees.list_guests(connection, o.show_id))
        )


def guests(database, show_id):
    with database.read() as connection:
        return [g for g in attendees.list_guests(connection, show_id) if g.order_id]


def name_field(database, date, **fields):
    return hand_links.configure(database, KEEPING, date, **SET, fields=fields)


def stored(database):
    """
    How many attendees have an answer.
    """
    with database.read() as connection:
        query = select(func.count()).select_from(attendees_table)
        return connection.scalar(query.where(attendees_table.c.answers != "{}"))


def test_answers_come_under_the_venues_name_when_the_shows_to_come_are_read_again(
    read_once, date, form
):
    done = hand_links.configure(
        read_once, KEEPING, date, **SET, fields={"dietary requirements": "diet"}
    )
    assert done.fields == {"dietary requirements": "diet"}
    assert stored(read_once) == 0

    outcome = sync.sync(read_once, KEEPING, Request())

    assert any("tt: from now on other answers are kept" in n for n in outcome.notes)
    found = guests(read_once, date.show_id)
    assert found
    assert all(g.answers == {"diet": "vegan"} for g in found)
    again = sync.sync(read_once, KEEPING, Request())
    assert not any("answers" in note for note in again.notes)


@pytest.mark.thorough
def test_a_read_of_one_show_leaves_reading_again_to_the_next_run_of_the_account(
    read_once, date, form
):
    name_field(read_once, date, **{"dietary requirements": "diet"})
    before = marks(read_once)
    assert all(before)

    sync.sync(read_once, KEEPING, Request(shows=(str(date.show_id),)))

    assert marks(read_once) == before
    outcome = sync.sync(read_once, KEEPING, Request())
    assert any("tt: from now on other answers are kept" in n for n in outcome.notes)


def test_only_the_mapped_event_keeps_answers(read_once, date, form):
    name_field(read_once, date, **{"dietary requirements": "diet"})
    sync.sync(read_once, KEEPING, Request(full=True))
    with read_once.read() as connection:
        others = [
            guest
            for o in occurrences.list_occurrences(connection)
            if o.event_id != date.event_id
            for guest in attendees.list_guests(connection, o.show_id)
        ]
    assert others
    assert not any(guest.answers for guest in others)


def test_an_empty_name_removes_the_answers_at_once(read_once, date, form):
    name_field(
        read_once, date, **{"dietary requirements": "diet", "shoe size": "shoes"}
    )
    sync.sync(read_once, KEEPING, Request())
    assert guests(read_once, date.show_id)[0].answers == {
        "diet": "vegan",
        "shoes": "43",
    }
    name_field(read_once, date, **{"dietary requirements": ""})
    assert all(g.answers == {"shoes": "43"} for g in guests(read_once, date.show_id))
    with read_once.read() as connection:
        entry = audit_trail.list_entries(connection, limit=1)[0]
    assert (entry.action, entry.kind) == ("map fields", "event")
    both = {"dietary requirements": "diet", "shoe size": "shoes"}
    assert entry.before == {"fields": both}
    assert entry.after == {"fields": {"shoe size": "shoes"}}


def test_an_event_is_mapped_by_its_own_id_too(read_once, date, form):
    with read_once.read() as connection:
        event = selection.find_event(connection, date.provider_event_id)
    done = match.configure_event(
        read_once, KEEPING, event, **SET, fields={"Shoe size": "shoes"}
    )
    assert done.fields == {"Shoe size": "shoes"}


def test_an_account_that_keeps_no_people_keeps_no_answers(read_once, date, form):
    with pytest.raises(errors.UsageError, match="tt keeps no people") as refused:
        hand_links.configure(
            read_once, Settings(), date, **SET, fields={"Shoe size": "s"}
        )
    assert "accounts set tt people=true" in refused.value.hint
    assert (
        hand_links.configure(
            read_once, Settings(), date, **SET, fields={"Shoe size": ""}
        ).fields
        == {}
    )


def test_other_answers_wait_to_be_read(read_once):
    """
    So that a run does not take its account for unchanged.
    """
    with read_once.write() as connection:
        account = state.get_account(connection, "tt")
        bookmarks.save_bookmarks(
            connection, account.id, people_switch.READ, {"": people_switch.YES}
        )
    provider = object.__new__(TicketTailor)
    run = SimpleNamespace(
        database=read_once, account=account, provider=provider, settings=KEEPING
    )
    assert not people_switch.is_pending(run)
    with read_once.write() as connection:
        people_switch.request_answers(connection, account.id)
    assert people_switch.is_pending(run)


def test_answers_are_reported_erased_and_not_brought_back(read_once, date, form):
    name_field(read_once, date, **{"dietary requirements": "diet"})
    sync.sync(read_once, KEEPING, Request())
    guest = guests(read_once, date.show_id)[0]

    (trace,) = [
        t
        for t in retention.find_person(read_once, guest.ticket_id)
        if t.kind == "attendee"
    ]
    assert asdict(trace)["answers"] == {"diet": "vegan"}
    retention.erase(read_once, guest.ticket_id)
    sync.sync(read_once, KEEPING, Request(full=True))

    (found,) = [
        g for g in guests(read_once, date.show_id) if g.ticket_id == guest.ticket_id
    ]
    assert found.answers == {}
    with read_once.read() as connection:
        row = connection.execute(
            select(attendees_table).where(attendees_table.c.ticket_id == guest.id)
        ).one()
    assert (row.answers, row.erased_at is not None) == ("{}", True)


def test_answers_leave_with_the_people_of_past_shows(read_once, date, form):
    name_field(read_once, date, **{"dietary requirements": "diet"})
    sync.sync(read_once, KEEPING, Request())
    kept = stored(read_once)
    assert kept > 0
    with read_once.write() as connection:
        before = KEEPING.forget_before(clock.now())
        connection.execute(
            update(occurrences_table)
            .where(occurrences_table.c.event_id == date.event_id)
            .values(starts_at=before.replace(year=before.year - 1))
        )
        privacy.delete_expired(connection, before)
    assert stored(read_once) == 0


def test_answers_to_one_name_are_joined_and_empty_ones_left_out():
    names = json.dumps({"Diet": "needs", "access needs": "needs", "Shoe": "shoe"})
    said = {"diet": "vegan", "Access  Needs": "ramp", "Shoe": " ", "Other": "x"}
    assert answers.mapped(names, said) == {"needs": "vegan, ramp"}
    assert answers.mapped(None, said) == {}
