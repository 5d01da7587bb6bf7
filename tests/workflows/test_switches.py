"""
The switches of an event and of a production: they hold for all their dates, also for
those that are linked later, and are on record.
"""

import pytest
from sqlalchemy import func, select
from support import hand_links

from ticketsync.catalogue import occurrences, selection
from ticketsync.core import errors
from ticketsync.reporting import audit_trail, figures_of_shows
from ticketsync.store.tables.catalogue import production_links
from ticketsync.store.tables.financials import show_financials
from ticketsync.workflows.matching import match

SET = {"enabled": None, "ticket_sales": None}


def listed(database, **wanted):
    with database.read() as connection:
        return occurrences.list_occurrences(connection, **wanted)


def event_of(database, occurrence):
    with database.read() as connection:
        return selection.find_event(connection, occurrence.provider_event_id)


def production_of(database, occurrence):
    return event_of(database, occurrence).production


def gross(database, show_ids):
    with database.read() as connection:
        return sum(
            item.gross.minor
            for show_id in show_ids
            for item in figures_of_shows.figures(connection, show_id)
        )


def rows(database):
    with database.read() as connection:
        query = select(func.count()).select_from(show_financials)
        return connection.execute(query).scalar_one()


def latest(database):
    with database.read() as connection:
        entry = audit_trail.list_entries(connection, limit=1)[0]
    return entry.action, entry.kind, entry.subject, entry.before, entry.after


def test_sales_switched_off_for_an_event_leave_the_figures_of_all_its_shows(
    synced_once, settings
):
    first = next(o for o in listed(synced_once) if o.show_id)
    dates = [o for o in listed(synced_once) if o.event_id == first.event_id]
    show_ids = {o.show_id for o in dates}
    event = event_of(synced_once, first)
    before, others = gross(synced_once, show_ids), rows(synced_once)
    assert before > 0

    done = match.configure_event(
        synced_once, settings, event, **{**SET, "ticket_sales": False}, types={}
    )

    assert done.note == "sales off for the whole event"
    assert gross(synced_once, show_ids) == 0
    assert 0 < rows(synced_once) < others  # other events keep theirs
    notes = {o.switch_note for o in listed(synced_once) if o.show_id in show_ids}
    assert notes == {"sales off for the whole event"}
    assert latest(synced_once) == (
        *("switch", "event", event.name),
        {"sync_ticket_sales": True},
        {"sync_ticket_sales": False},
    )

    match.configure_event(
        synced_once, settings, event, **{**SET, "ticket_sales": True}, types={}
    )
    assert gross(synced_once, show_ids) == before


def test_a_production_that_is_switched_off_brings_neither_sales_nor_guests(
    synced_once, settings
):
    first = next(o for o in listed(synced_once) if o.show_id)
    title = production_of(synced_once, first)
    dates = listed(synced_once, production=title)
    show_ids = {o.show_id for o in dates}
    before = gross(synced_once, show_ids)

    done = match.configure_production(
        synced_once, settings, title, enabled=False, ticket_sales=None
    )

    assert done.note == "off for the whole production: no sales, no guests"
    assert gross(synced_once, show_ids) == 0
    assert not any(o.is_followed for o in listed(synced_once, production=title))
    assert {o.switch_note for o in listed(synced_once, production=title)} == {
        "off for the whole production: no sales, no guests"
    }
    assert latest(synced_once) == (
        *("switch", "production", title),
        {"sync_enabled": True},
        {"sync_enabled": False},
    )

    match.configure_production(
        synced_once, settings, title, enabled=True, ticket_sales=None
    )
    assert gross(synced_once, show_ids) == before


def test_a_date_that_is_linked_later_follows_the_switch_of_its_production(
    synced_once, settings
):
    later = next(o for o in listed(synced_once) if o.show_id)
    title = production_of(synced_once, later)
    hand_links.unlink(synced_once, settings, later.id)
    match.configure_production(
        synced_once, settings, title, enabled=None, ticket_sales=False
    )

    hand_links.link(synced_once, settings, later.id, later.show_id)

    assert gross(synced_once, [later.show_id]) == 0
    with synced_once.read() as connection:
        found = occurrences.get_occurrence(connection, later.id)
    assert found.sync_ticket_sales  # its own switch was never touched
    assert found.switch_note == "sales off for the whole production"


@pytest.mark.parametrize(
    "setting",
    [{"ticket_sales": False}, {"enabled": False}, {"types": {"Adult": "Full price"}}],
)
@pytest.mark.sampled(3)
def test_what_is_set_for_an_event_stays_while_none_of_its_dates_is_linked(
    synced_once, settings, setting
):
    date = next(o for o in listed(synced_once) if o.show_id)
    event = event_of(synced_once, date)
    dates = [
        o for o in listed(synced_once) if o.event_id == date.event_id and o.show_id
    ]
    chosen = {**SET, "types": {}, **setting}
    match.configure_event(synced_once, settings, event, **chosen)
    with synced_once.read() as connection:
        before = connection.execute(select(production_links)).all()

    for one in dates:
        hand_links.unlink(synced_once, settings, one.id)
    for one in dates:
        hand_links.link(synced_once, settings, one.id, one.show_id)

    with synced_once.read() as connection:
        assert connection.execute(select(production_links)).all() == before


def test_a_date_that_is_on_says_which_level_switched_it_off(synced_once, settings):
    date = next(o for o in listed(synced_once) if o.show_id)
    hand_links.configure(
        synced_once, settings, date, **{**SET, "ticket_sales": False}, types={}
    )
    event = event_of(synced_once, date)
    match.configure_event(
        synced_once, settings, event, **{**SET, "enabled": False}, types={}
    )
    done = hand_links.configure(
        synced_once, settings, date, **{**SET, "ticket_sales": True}, types={}
    )
    assert done.note == "off for the whole event: no sales, no guests"


def test_setting_what_is_set_decides_nothing(synced_once, settings):
    date = next(o for o in listed(synced_once) if o.show_id)
    event = event_of(synced_once, date)
    for _ in range(2):
        match.configure_event(
            synced_once, settings, event, **{**SET, "enabled": False}, types={}
        )
    with synced_once.read() as connection:
        entries = audit_trail.list_entries(connection, limit=100)
    assert [e.action for e in entries].count("switch") == 1


def test_an_event_is_found_by_either_id_and_only_once_it_feeds_a_show(
    synced_once, settings
):
    date = next(o for o in listed(synced_once) if o.show_id)
    with synced_once.read() as connection:
        theirs = selection.find_event(connection, date.provider_event_id)
        assert selection.find_event(connection, str(date.event_id)) == theirs
        with pytest.raises(errors.NotFound, match="is not the id of an event"):
            selection.find_event(connection, "nothing")
