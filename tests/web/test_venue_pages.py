"""
Venues on the pages: the first one of a new installation, and their corrections.
"""

import re

import pytest

from ticketsync.catalogue import shows, venue_defaults
from ticketsync.core import errors
from ticketsync.reporting import audit_trail
from ticketsync.workflows import new_installation

LANTERN = {"name": "The Lantern Room", "place": "sydney", "currency": ""}


@pytest.fixture
def empty(sqlite):
    return sqlite


def venues(database):
    with database.read() as connection:
        return [(v.name, v.timezone, v.currency) for v in shows.list_venues(connection)]


def decisions(database):
    with database.read() as connection:
        found = audit_trail.list_entries(
            connection, audit_trail.AuditFilter(what="venue")
        )
    return [(entry.who, entry.action, entry.subject) for entry in found]


class TestFirstVenue:
    """
    A database without a venue.
    """

    @pytest.fixture
    def full(self, empty):
        return empty

    def test_the_first_page_asks_for_it_and_leads_on(self, full, enter):
        ruth = enter("manager", "Ruth")
        page = ruth.get("/").text
        assert "Four steps to the first figures" in page
        assert 'action="/venues"' in page

        after = ruth.post("/venues", data=LANTERN)

        assert after.url.path == "/connect"
        assert "The venue is saved." in after.text
        assert venues(full) == [("The Lantern Room", "Australia/Sydney", "AUD")]
        assert decisions(full) == [("Ruth (manager)", "add", "The Lantern Room")]
        page = ruth.get("/").text
        assert 'href="/connect">Connect</a>' in page
        assert 'action="/venues"' not in page

    def test_a_form_sent_twice_adds_one(self, full, enter):
        ruth = enter("manager")
        for _ in range(2):
            assert ruth.post("/venues", data=LANTERN).status_code == 200
        assert len(venues(full)) == len(decisions(full)) == 1

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"place": "Sidney"}, "is not a time zone"),
            ({"place": ""}, "is not a time zone"),
            ({"place": "Etc/UTC"}, "Enter it, such as AUD"),  # of no country
            ({"currency": "dollars"}, "is not an ISO 4217 currency"),
            ({"name": " "}, "The name of a venue cannot be empty."),
            ({"name": "x" * 300}, "The name of a venue has 200 characters at most."),
        ],
    )
    def test_a_mistake_is_said_and_what_was_typed_stays(self, full, enter, wrong, said):
        page = enter("manager").post("/venues", data={**LANTERN, **wrong})
        assert page.status_code == 400
        assert said in page.text
        kept = {**LANTERN, **wrong}["place"]
        assert f'name="place" class="long" value="{kept}"' in page.text
        assert (venues(full), decisions(full)) == ([], [])

    @pytest.mark.parametrize("role", ["viewer", "door"])
    def test_nobody_else_names_it(self, full, enter, role):
        client = enter(role)
        assert client.post("/venues", data=LANTERN).status_code == 403
        assert 'action="/venues"' not in client.get("/").text
        assert venues(full) == []

    def test_another_site_names_no_venue(self, full, enter):
        theirs = {"origin": "https://evil.example"}
        found = enter("manager").post("/venues", data=LANTERN, headers=theirs)
        assert found.status_code == 403
        assert venues(full) == []

    def test_every_other_page_opens_or_says_what_comes_first(self, enter):
        """
        None is a page that failed.
        """
        client = enter("manager")
        for path in (
            *("/accounts", "/connect", "/matching", "/discrepancies", "/runs"),
            *("/webhooks", "/people", "/events", "/door", "/venues"),
        ):
            assert client.get(path).status_code == 200, path
        for path in ("/calendar", "/money", "/money/refunds", "/shows/adopt"):
            page = client.get(path)
            assert page.status_code in (200, 400), path
            if page.status_code == 400:
                assert "There is no venue yet." in page.text
                assert "Back to the overview" in page.text


class TestVenues:
    """
    The page on which they are added and corrected.
    """

    def form_of(self, client, **changed):
        page = client.get("/venues/1").text
        values = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', page))
        return {**values, "keep": "clock", **changed}

    def test_another_one_is_added(self, full, enter):
        page = enter("manager").post(
            "/venues", data={"name": "Late Bar", "place": "Auckland", "currency": ""}
        )
        assert page.url.path == "/venues"
        assert venues(full)[1:] == [("Late Bar", "Pacific/Auckland", "NZD")]
        assert 'Edit<span class="hidden"> Late Bar' in page.text

    @pytest.mark.parametrize(
        "name", ["the lantern  room", "The Lantern-Room!", " THE LANTERN ROOM"]
    )
    @pytest.mark.thorough
    def test_a_name_that_differs_in_spelling_only_is_refused(self, full, enter, name):
        ruth = enter("manager")
        before = venues(full)
        typed = {"name": name, "place": "Sydney", "currency": ""}
        page = ruth.post("/venues", data=typed)
        assert page.status_code == 400
        assert "There is a venue &#39;The Lantern Room&#39; already." in page.text
        assert "make no other venue" in page.text
        assert venues(full) == before

        ruth.post("/venues", data={**typed, "name": "Late Bar"})
        before = venues(full)
        form = {"name": name, "place": "Sydney", "currency": "AUD", "keep": "clock"}
        page = ruth.post("/venues/2", data={**form, "confirmed": "yes"})
        assert page.status_code == 400
        assert "There is a venue &#39;The Lantern Room&#39; already." in page.text
        assert venues(full) == before

    def test_it_is_renamed_after_a_look_at_what_hangs_on_it(self, full, enter):
        ruth = enter("manager", "Ruth")
        form = self.form_of(ruth, name="The Lantern Hall")
        preview = ruth.post("/venues/1", data=form).text
        assert "The Lantern Room → The Lantern Hall" in preview
        assert venues(full)[0][0] == "The Lantern Room"

        page = ruth.post("/venues/1", data={**form, "confirmed": "yes"}).text

        assert "The venue is saved." in page
        assert venues(full)[0][0] == "The Lantern Hall"
        assert decisions(full)[0] == ("Ruth (manager)", "edit", "The Lantern Room")

    @pytest.mark.parametrize(
        ("keep", "starts"), [("clock", "same"), ("instant", "two hours later")]
    )
    def test_another_zone_moves_its_shows_as_was_chosen(
        self, full, enter, keep, starts
    ):
        """
        Perth is two hours behind Sydney in winter, three in summer.
        """

        def hours():
            with full.read() as connection:
                return [show.starts_local for show in shows.list_shows(connection)]

        ruth, before = enter("manager"), hours()
        form = self.form_of(ruth, place="Perth", keep=keep, confirmed="yes")
        assert ruth.post("/venues/1", data=form).status_code == 200
        assert venues(full)[0][1] == "Australia/Perth"
        assert (hours() == before) is (starts == "same")

    def test_the_currency_of_what_was_sold_stays(self, full, enter):
        ruth = enter("manager")
        page = ruth.post(
            "/venues/1", data=self.form_of(ruth, currency="NZD", confirmed="yes")
        )
        assert page.status_code == 400
        assert "sold in AUD" in page.text
        assert venues(full)[0][2] == "AUD"

    def test_of_two_tabs_the_second_sees_what_the_first_saved(self, full, enter):
        ruth = enter("manager")
        first = self.form_of(ruth, name="One", confirmed="yes")
        second = self.form_of(ruth, name="Two", confirmed="yes")
        ruth.post("/venues/1", data=first)
        page = ruth.post("/venues/1", data=second)
        assert page.status_code == 503
        assert "changed since you opened the form" in page.text
        assert venues(full)[0][0] == "One"


def test_only_an_empty_home_is_set_up_unasked(home, tmp_path):
    """
    Settings without their database may be those of a disk that is missing; and a
    PostgreSQL database is nobody's to make unasked.
    """
    settings, file = home / "config.yaml", tmp_path / "new.db"
    assert new_installation.is_empty(settings, str(file))
    assert not new_installation.is_empty(settings, "postgresql://localhost/other")
    file.touch()
    assert not new_installation.is_empty(settings, str(file))
    file.unlink()
    settings.write_text("# mine\n")
    assert not new_installation.is_empty(settings, str(file))
    new_installation.create(settings, "", lambda: str(file), "ticketsync").close()
    assert settings.read_text() == "# mine\n"


def test_cities_propose_their_zone_and_currency():
    known = {
        city: (zone, currency) for city, zone, currency in venue_defaults.list_cities()
    }
    assert known["Sydney"] == ("Australia/Sydney", "AUD")
    assert known["New York"] == ("America/New_York", "USD")
    assert venue_defaults.one_zone("sydney") == "Australia/Sydney"
    with pytest.raises(errors.UsageError, match="is not a time zone") as refused:
        venue_defaults.one_zone("sidney")
    assert refused.value.hint.startswith("Did you mean Sydney? Type a large city")
    with pytest.raises(errors.UsageError) as refused:
        venue_defaults.one_zone("Nowhere")
    assert refused.value.hint.startswith("Type a large city")
