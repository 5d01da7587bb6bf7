"""
Looking at pages does not touch the store of keys: to find it, a dummy is written there,
and a locked keyring may ask somebody or take seconds.
"""

import re
from datetime import timedelta

import pytest

from ticketsync.accounts import credentials
from ticketsync.core import clock
from ticketsync.web import key_places
from ticketsync.web.key_places import KeyPlaces

WITH_FIELD = ("/accounts/tt", "/connect?platform=eventbrite")
WITHOUT_FIELD = ("/", "/accounts", "/connect", "/money", "/matching", "/webhooks")


@pytest.fixture
def tries(monkeypatch):
    """
    The result of each try at the store, in a list that tests may look at; what comes
    next is in `tries.next`.
    """

    class Tries(list):
        next = ("keyring",)

    found = Tries()

    def find_places():
        found.append(found.next)
        return found.next

    monkeypatch.setattr(credentials, "find_places", find_places)
    return found


def test_a_page_without_a_field_for_keys_does_not_touch_their_store(enter, tries):
    ruth = enter("manager")
    for path in WITHOUT_FIELD:
        assert ruth.get(path).status_code == 200, path
    assert tries == []


def test_views_of_pages_with_a_field_try_it_once(enter, tries):
    """
    The control: without what is remembered each view would be a try.
    """
    ruth = enter("manager")
    for path in WITH_FIELD * 2:
        assert "in the keyring of the server" in ruth.get(path).text, path
    assert tries == [("keyring",)]


def test_a_key_that_is_sent_is_stored_where_it_was_tried_anew(enter, tries):
    """
    The keyring was locked since the page was opened: nothing is stored, and the page
    says so from then on.
    """
    ruth = enter("manager")
    page = ruth.get("/accounts/tt").text
    form = re.search(r'name="form" value="([\w-]+)"', page)[1]
    tries.next = ()

    refused = ruth.post("/accounts/tt/key", data={"form": form, "key": "sk_new"})

    assert "This server cannot store keys." in refused.text
    assert "This server may not keep keys." in ruth.get("/accounts/tt").text
    assert tries == [("keyring",), ()]


def test_what_was_found_is_believed_for_ten_minutes(monkeypatch, tries):
    now = clock.now()
    places = KeyPlaces()
    for minutes, number in ((0, 1), (9, 1), (11, 2), (12, 2)):
        at = now + timedelta(minutes=minutes)
        monkeypatch.setattr(key_places.clock, "now", lambda at=at: at)
        assert places.find() == ("keyring",)
        assert len(tries) == number
