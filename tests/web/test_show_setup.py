"""
The venue's own shows on the pages: a list is looked at before it is imported, listings
become shows, a show is edited.
"""

import re

import pytest
from sqlalchemy import text

from ticketsync.catalogue import occurrences, shows
from ticketsync.catalogue.season_list import import_file
from ticketsync.catalogue.season_list.import_file import ListOptions
from ticketsync.catalogue.show_edits import ShowEdit
from ticketsync.core import clock
from ticketsync.reporting import audit_trail
from ticketsync.web import pending_lists
from ticketsync.web.request_bodies import Upload
from ticketsync.workflows import catalogue_edits

LIST = b"Show,Date,Time,Cap\nGala,2031-02-01,19:30,80\nGala,2031-02-02,19:30,80\n"


@pytest.fixture
def ruth(enter):
    return enter("manager", "Ruth")


def upload(client, data, name="season.csv"):
    return client.post("/shows/import", files={"file": (name, data, "text/csv")})


def galas(database):
    with database.read() as connection:
        return [s for s in shows.list_shows(connection) if s.production == "Gala"]


def test_a_list_is_shown_first_and_imported_once(full, ruth):
    seen = upload(ruth, LIST)
    assert "2 new" in seen.text
    assert "Sat 01 Feb 2031, 19:30" in seen.text
    assert galas(full) == []

    save = f"{seen.url}/save"
    for _ in range(2):
        assert "The list is imported." in ruth.post(save).text

    found = galas(full)
    assert [(s.starts_local[:16], s.capacity) for s in found] == [
        ("2031-02-01 19:30", 80),
        ("2031-02-02 19:30", 80),
    ]
    with full.read() as connection:
        entries = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(what="gala")
        )
    assert [(e.who, e.action) for e in entries if e.kind == "show"] == [
        ("Ruth (manager)", "add")
    ] * 2


def test_an_invalid_row_is_imported_by_nobody_unless_it_is_skipped(full, ruth):
    seen = upload(ruth, LIST + b"Gala,someday,19:30,80\n")
    assert "Invalid rows" in seen.text
    assert ruth.post(f"{seen.url}/save").status_code == 400
    assert galas(full) == []
    ruth.post(f"{seen.url}/save", data={"skip": "yes"})
    assert len(galas(full)) == 2


def test_a_list_asks_for_the_order_of_its_dates_and_for_names(full, ruth):
    with full.read() as connection:
        (title, *_) = sorted(s.production for s in shows.list_shows(connection))
    nearly = title[:-1].encode()
    data = b"Show,Date,Time\n" + nearly + b",05/12/2031,19:30\n"
    seen = upload(ruth, data)
    if "Which comes first" in seen.text:
        seen = ruth.post(str(seen.url), data={"dates": "dmy"})
    assert "Some names may be others that you have" in seen.text
    assert ruth.post(f"{seen.url}/save").status_code == 400
    seen = ruth.post(str(seen.url), data={"name0": "0"})
    assert "1 new" in seen.text
    ruth.post(f"{seen.url}/save")
    with full.read() as connection:
        new = [s for s in shows.list_shows(connection) if s.starts_at.year == 2031]
    assert [(s.production, s.starts_local[:10]) for s in new] == [(title, "2031-12-05")]


@pytest.mark.parametrize("is_kept", [True, False])
def test_answers_on_names_are_kept_for_later_lists_if_a_person_says_so(
    full, ruth, is_kept
):
    with full.read() as connection:
        (title, *_) = sorted(s.production for s in shows.list_shows(connection))
    data = b"Show,Start\n" + title[:-1].encode() + b",2031-12-%s 19:30\n"
    seen = upload(ruth, data % b"05")
    assert "in later lists" not in seen.text
    seen = ruth.post(str(seen.url), data={"name0": "0"})
    assert "Read 1 name that you answered for the same way in later lists" in seen.text
    ruth.post(f"{seen.url}/save", data={"remember": "yes"} if is_kept else {})
    asks = "Some names may be others that you have" in upload(ruth, data % b"06").text
    assert asks is not is_kept


def test_a_list_asks_whether_a_name_is_a_room_or_a_venue(full, ruth):
    with full.read() as connection:
        venue, *others = [venue.name for venue in shows.list_venues(connection)]
    data = b"Show,Start,Room\nGala,2031-02-01 19:30,Foyer\n"
    data += b"Gala,2031-02-02 19:30,Studio 2\n"
    seen = upload(ruth, data)
    assert f"a room of {venue}" in seen.text
    assert ruth.post(f"{seen.url}/save").status_code == 400
    seen = ruth.post(str(seen.url), data={"name0": "0", "name1": "new"})
    assert "New venues: Studio 2" in seen.text
    assert f"&#34;Foyer&#34; is read as a room of {venue}" in seen.text
    ruth.post(f"{seen.url}/save")
    with full.read() as connection:
        names = [venue.name for venue in shows.list_venues(connection)]
    assert names == [venue, *others, "Studio 2"]
    assert [show.venue for show in galas(full)] == [venue, "Studio 2"]


def test_a_list_asks_whether_a_show_has_moved(full, ruth):
    ruth.post(f"{upload(ruth, LIST).url}/save")
    seen = upload(ruth, LIST.replace(b"02,19:30", b"02,20:00"))

    assert "Some of your shows are not in this list, and may have moved" in seen.text
    assert ruth.post(f"{seen.url}/save").status_code == 400
    seen = ruth.post(str(seen.url), data={"missing": "moved"})
    ruth.post(f"{seen.url}/save")
    assert [show.starts_local[:16] for show in galas(full)] == [
        "2031-02-01 19:30",
        "2031-02-02 20:00",
    ]


def test_what_changed_since_the_look_is_not_imported(full, ruth):
    seen = upload(ruth, LIST)
    upload_again = upload(ruth, LIST)
    ruth.post(f"{upload_again.url}/save")

    refused = ruth.post(f"{seen.url}/save")

    assert refused.status_code == 503
    assert len(galas(full)) == 2


@pytest.mark.parametrize(
    ("data", "name"), [(b"\0\1\2", "x.xlsx"), (b"nothing", "../../x.csv"), (b"", "x")]
)
def test_a_file_that_is_no_list_is_refused(ruth, data, name):
    assert upload(ruth, data, name).status_code == 400


def test_a_list_of_invalid_rows_alone_has_no_button(ruth):
    heading = LIST.splitlines()[0]
    page = upload(ruth, heading + b"\nnever,Late Laughs\n").text
    assert "There is no row to import." in page
    assert "Invalid rows" in page
    assert ">Import</button>" not in page


def test_of_many_invalid_rows_the_first_are_shown_and_held(full, ruth, site):
    """
    What is not shown is counted, and neither sent nor kept.
    """
    seen = upload(ruth, LIST + b"Gala,someday,19:30,80\n" * 250)

    invalid = seen.text.partition("Invalid rows</h2>")[2]
    assert invalid.count("someday") == pending_lists.SHOWN == 100
    assert "<p>and 150 more</p>" in invalid
    assert "Skip the 250 invalid rows below" in seen.text
    refused = ruth.post(f"{seen.url}/save")
    assert "250 problems, nothing was imported" in refused.text
    ruth.post(f"{seen.url}/save", data={"skip": "yes"})
    assert len(galas(full)) == 2


def test_of_many_notes_the_first_are_shown(ruth):
    page = upload(ruth, LIST + b"Gala,TBC,19:30,80\n" * 130).text
    notes = page.partition("<h2>Notes</h2>")[2]
    assert notes.count("is not confirmed") == 100
    assert "<p>and 30 more</p>" in notes


def test_a_held_list_is_as_small_as_its_page(full):
    many = LIST + b"Gala,someday,19:30,80\n" * 250
    pending = pending_lists.PendingLists().read(
        full, Upload("a.csv", many), ListOptions()
    )
    assert (len(pending.preview.problems), pending.problems) == (100, 250)


def test_lists_with_many_shows_make_room_for_the_newest(full, monkeypatch):
    monkeypatch.setattr(pending_lists, "MOST_ROWS", 5)
    lists = pending_lists.PendingLists()
    first, second, third = (
        lists.read(full, Upload("a.csv", LIST), ListOptions()).id for _ in range(3)
    )
    with pytest.raises(pending_lists.errors.NotFound):
        lists.get(first)
    assert lists.get(second).rows == lists.get(third).rows == 2


def test_more_names_than_can_be_compared_are_refused(ruth, monkeypatch):
    monkeypatch.setattr(import_file, "MOST_NAMES", 2)
    names = b"".join(b"Play %c,2031-03-01,19:30,80\n" % n for n in b"abc")
    refused = upload(ruth, b"Show,Date,Time,Cap\n" + names)
    assert refused.status_code == 400
    assert "3 different productions" in refused.text


def test_a_file_larger_than_a_request_may_be_is_refused(ruth):
    assert upload(ruth, b"x" * 600_000).status_code == 413


def test_only_the_newest_lists_are_kept(full):
    lists = pending_lists.PendingLists()
    ids = [
        lists.read(full, Upload("a.csv", LIST), ListOptions()).id
        for _ in range(pending_lists.KEPT + 1)
    ]
    with pytest.raises(pending_lists.errors.NotFound):
        lists.get(ids[0])
    assert lists.get(ids[-1]).preview is not None


def test_listings_become_shows_at_once(full, ruth):
    with full.read() as connection:
        found = occurrences.list_occurrences(connection)[:2]
    for item in found:
        ruth.post(f"/occurrences/{item.id}/unlink")

    assert "2 listings linked" in ruth.get("/shows/adopt").text
    ruth.post("/shows/adopt")

    with full.read() as connection:
        assert occurrences.list_occurrences(connection, only_unlinked=True) == []
    assert "Everything that is on sale has its show" in ruth.get("/shows/adopt").text


def test_an_edit_is_shown_before_it_is_made(full, ruth):
    with full.read() as connection:
        show = shows.list_shows(connection)[-1]
    address = f"/shows/{show.id}/edit"
    form = {"starts": show.starts_local[:16], "capacity": "77", "reference": "G-1"}

    seen = ruth.post(address, data=form)
    assert "→ 77" in seen.text
    with full.read() as connection:
        assert shows.get_show(connection, show.id) == show

    assert (
        "The show is changed."
        in ruth.post(address, data={**form, "confirmed": "yes"}).text
    )
    with full.read() as connection:
        now = shows.get_show(connection, show.id)
    assert (now.capacity, now.reference, now.starts_at) == (77, "G-1", show.starts_at)


def test_an_edit_does_not_take_back_what_somebody_else_changed(full, settings, ruth):
    """
    The form holds every field as it was when it was opened, and sent the old number of
    seats back over the new one.
    """
    with full.read() as connection:
        show = shows.list_shows(connection)[-1]
    address = f"/shows/{show.id}/edit"
    opened = re.search(r'name="opened" value="(\w+)"', ruth.get(address).text)[1]
    form = {"capacity": str(show.capacity or ""), "reference": "G-2", "opened": opened}
    assert "→ G-2" in ruth.post(address, data=form).text
    catalogue_edits.edit_show(full, settings, show.id, ShowEdit(capacity=78))

    statuses = [
        ruth.post(address, data={**form, **confirmed}).status_code
        for confirmed in ({}, {"confirmed": "yes"})
    ]

    assert statuses == [503, 503]
    with full.read() as connection:
        now = shows.get_show(connection, show.id)
    assert (now.capacity, now.reference) == (78, show.reference)


@pytest.mark.parametrize(
    "form", [{"capacity": "many"}, {"starts": "soon"}, {"venue": "Nowhere"}]
)
def test_an_edit_that_cannot_be_is_refused(ruth, form):
    assert ruth.post("/shows/1/edit", data=form).status_code in (400, 404)
    assert clock.now()


def test_a_list_of_past_shows_ends_where_they_are_to_be_seen(full, ruth):
    old = LIST.replace(b"2031", b"2019") + b"Gala,2019-02-03,19:30,80\n"
    seen = upload(ruth, old)
    page = ruth.post(f"{seen.url}/save")
    assert "3 shows imported, all past." in page.text
    assert "Include past shows" in page.text
    assert "Fri 01 Feb 2019" not in page.text
    assert "Fri 01 Feb 2019" in ruth.get("/calendar?past=1").text


def test_a_calendar_without_coming_shows_leads_to_the_past_ones(full, ruth):
    with full.write() as connection:
        connection.execute(text("DELETE FROM show_links"))
        connection.execute(
            text("UPDATE shows SET starts_at = '2019' || substr(starts_at, 5)")
        )
    page = ruth.get("/calendar").text
    assert 'No upcoming shows. <a href="?past=1">See the past ones</a>' in page


@pytest.mark.parametrize("number", ["", "0", "<b>3</b>", "9999999"])
def test_a_link_puts_no_words_into_the_notice_of_past_shows(full, ruth, number):
    page = ruth.get("/calendar", params={"notice": "imported-past", "shows": number})
    assert "imported, all past" not in page.text
