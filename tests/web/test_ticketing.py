"""
The ticketing of a production on the pages: links, switches, names of ticket types, and
shows that are left out; each by a manager, each on record.
"""

import pytest

from ticketsync.catalogue import occurrences, shows
from ticketsync.door import attendees
from ticketsync.reporting import audit_trail, figures_of_shows

SHOW = 12


@pytest.fixture
def ruth(enter):
    return enter("manager", "Ruth")


@pytest.fixture
def date(full):
    """
    The listing that is linked to the show.
    """
    with full.read() as connection:
        (found,) = occurrences.list_occurrences(connection, show_id=SHOW)
    return found


@pytest.fixture
def gross(full):
    def read():
        with full.read() as connection:
            return [
                item.gross.text for item in figures_of_shows.totals(connection, SHOW)
            ]

    return read


def newest(database):
    with database.read() as connection:
        entry = audit_trail.list_entries(connection, limit=1)[0]
    return entry.who, entry.action, entry.kind


def test_a_listing_is_unlinked_found_by_a_search_and_linked_again(
    full, ruth, date, gross
):
    before = gross()
    assert before

    gone = ruth.post(f"/occurrences/{date.id}/unlink")
    assert "It is unlinked" in gone.text
    assert gross() == []
    assert newest(full) == ("Ruth (manager)", "unlink", "occurrence")

    with full.read() as connection:
        show = shows.get_show(connection, SHOW)
    words = f"{show.production.split()[0].lower()} {show.starts_local[:10]}"
    found = ruth.get(f"/occurrences/{date.id}", params={"q": words}).text
    assert f'name="show" value="{SHOW}"' in found
    assert found.count('name="show"') < 4
    again = ruth.post(f"/occurrences/{date.id}/link", data={"show": SHOW})
    assert "It is linked" in again.text
    assert gross() == before
    assert newest(full)[:2] == ("Ruth (manager)", "link")


def test_a_switch_takes_sales_out_and_leaves_the_guests(full, ruth, date, gross):
    before = gross()
    with full.read() as connection:
        guests = len(attendees.list_guests(connection, SHOW))

    ruth.post(f"/occurrences/{date.id}/switches", data={"enabled": "on"})
    assert gross() == []
    with full.read() as connection:
        assert len(attendees.list_guests(connection, SHOW)) == guests > 0
    assert newest(full)[:2] == ("Ruth (manager)", "switch")
    ruth.post(f"/occurrences/{date.id}/switches", data={"enabled": "on", "sales": "on"})
    assert gross() == before


@pytest.mark.parametrize("level", ["event", "production"])
@pytest.mark.thorough
def test_the_switches_above_a_date_hold_for_all(full, ruth, date, gross, level):
    with full.read() as connection:
        title = shows.get_show(connection, SHOW).production
        production = shows.get_production_id(connection, title)
    address = {
        "event": f"/events/{date.event_id}",
        "production": f"/productions/{production}",
    }[level]
    before = gross()

    ruth.post(f"{address}/switches", data={})
    assert gross() == []
    assert newest(full) == ("Ruth (manager)", "switch", level)
    page = ruth.get(address)
    assert page.status_code == 200
    assert 'name="enabled">' in page.text
    ruth.post(f"{address}/switches", data={"enabled": "on", "sales": "on"})
    assert gross() == before
    assert 'name="enabled" checked>' in ruth.get(address).text


def test_a_ticket_type_gets_the_venues_name_and_loses_it(full, ruth, date):
    with full.read() as connection:
        theirs = figures_of_shows.by_type(connection, SHOW)[0].type_name
    address = f"/events/{date.event_id}/types"

    page = ruth.post(address, data={"theirs": theirs, "ours": "Lantern seat"})
    assert "is called <strong>Lantern seat</strong>" in page.text
    assert "Lantern seat" in ruth.get(f"/shows/{SHOW}").text
    assert newest(full)[:2] == ("Ruth (manager)", "map types")
    ruth.post(address, data={"theirs": theirs, "ours": ""})
    assert "Lantern seat" not in ruth.get(f"/shows/{SHOW}").text


def test_a_show_is_left_out_with_a_reason_and_counts_again(full, ruth, gross):
    before = gross()

    page = ruth.post(f"/shows/{SHOW}/exclude", data={"reason": "a private evening"})
    assert "left out of the figures" in page.text
    assert "a private evening" in page.text
    assert gross() == []
    assert newest(full) == ("Ruth (manager)", "exclude", "show")
    ruth.post(f"/shows/{SHOW}/include")
    assert gross() == before
    assert newest(full)[1] == "include"


def test_a_second_reason_to_leave_a_show_out_says_that_it_replaces_the_first(
    full, ruth
):
    address = f"/shows/{SHOW}/exclude"
    replaced = "Your reason replaces the one before."
    first = ruth.post(address, data={"reason": "a private evening"})
    assert replaced not in first.text
    again = ruth.post(address, data={"reason": ""})
    assert replaced not in again.text
    assert "a private evening" in again.text
    assert replaced not in ruth.post(address, data={"reason": "a private evening"}).text
    second = ruth.post(address, data={"reason": "the film club"})
    assert replaced in second.text
    assert "the film club" in second.text


def test_a_listing_that_is_none_of_our_shows_becomes_one(full, ruth, date):
    ruth.post(f"/occurrences/{date.id}/unlink")
    page = ruth.post(f"/occurrences/{date.id}/show", data={"title": "Quiet Nights"})
    assert "<h1>Quiet Nights</h1>" in page.text
    with full.read() as connection:
        found = occurrences.get_occurrence(connection, date.id)
        assert shows.get_show(connection, found.show_id).production == "Quiet Nights"


@pytest.mark.parametrize(
    "back", ["https://evil.example", "//evil.example/shows/1", "/leave", "/shows/1?x=1"]
)
def test_a_form_leads_back_to_pages_of_ours_only(enter, date, back):
    client = enter("manager")
    client.follow_redirects = False
    response = client.post(f"/occurrences/{date.id}/unlink", data={"back": back})
    assert response.headers["location"].startswith(f"/occurrences/{date.id}?notice=")


def test_all_that_is_on_sale_is_listed_for_readers(enter, full):
    viewer = enter("viewer")
    with full.read() as connection:
        number = len(occurrences.list_occurrences(connection))
    assert viewer.get("/events").text.count("<tr>") == number + 1
    assert viewer.get("/events?unlinked=1").text.count("Nothing is listed") == 1
    assert "/occurrences/" not in viewer.get("/events").text
