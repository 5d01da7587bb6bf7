"""
What all pages write: moments in the zone of the business, foreign text that turns
nothing around, numbers of things in words.
"""

import re

import pytest
from support.page_list import PAGES, SHOW

from ticketsync.store.tables.accounts import sync_runs
from ticketsync.store.tables.catalogue import events, occurrences, productions, venues
from ticketsync.store.tables.sales import tickets

OVERRIDE = "Gala\u202eala\u2066x"
UTC_MOMENT = re.compile(r"\bUTC\b|\d\d:\d\d(?::\d\d)?Z\b")


def text_of(page):
    return re.sub(r"<[^>]*>", " ", page.text)


@pytest.fixture
def pages(enter):
    """
    Address and page of all of them, as a manager sees them.
    """

    def read():
        manager = enter("manager", "Ruth")
        return {path: manager.get(path) for path in PAGES}

    return read


@pytest.mark.thorough
def test_no_page_shows_a_moment_in_utc(full, pages):
    """
    The foot of each page names the zone, once.
    """
    for path, page in pages().items():
        text = text_of(page)
        assert UTC_MOMENT.findall(text) == [], path
        if not path.startswith("/door/"):
            assert text.count("All times are Australia/Sydney") == 1, path


@pytest.mark.parametrize("moment", ["2026-09-01 00:00 UTC", "2026-09-01T00:00:00Z"])
def test_a_moment_in_utc_would_be_found(moment):
    assert UTC_MOMENT.findall(moment)


@pytest.mark.thorough
def test_no_text_turns_the_direction_of_a_page(full, pages, enter):
    with full.write() as connection:
        for table in (venues, events, occurrences):
            connection.execute(table.update().values(name=OVERRIDE))
        connection.execute(tickets.update().values(type_name=OVERRIDE))
        connection.execute(sync_runs.update().values(started_by=OVERRIDE))
        connection.execute(
            productions.update().where(productions.c.id == 1).values(title=OVERRIDE)
        )
    read = pages()
    for path, page in read.items():
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", page.text), path
    assert "Gala\\u202eala\\u2066x" in read["/calendar"].text
    assert "\u202e" not in enter("door").get(f"/door/{SHOW}/guests").text


def test_a_show_that_is_left_out_says_since_when_by_whom_why_and_how_to_undo_it(enter):
    ruth, reader = enter("manager", "Ruth"), enter("viewer")
    ruth.post(f"/shows/{SHOW}/exclude", data={"reason": "hire\u202e by the film club"})

    for page in (ruth.get(f"/shows/{SHOW}"), reader.get(f"/shows/{SHOW}")):
        text = " ".join(text_of(page).split())
        # The clock stands on 1 September 2026, 00:00 UTC.
        assert (
            "It has been left out of the figures since 01 Sep 10:00 (Sydney time) by "
            "Ruth (manager): hire\\u202e by the film club." in text
        )
        assert "not counted" in text
        assert "No figures yet" not in text
        assert not re.search(r"\b0/\d+", text)
    assert "Count it again" in ruth.get(f"/shows/{SHOW}").text
    assert "A manager can count it again here." in reader.get(f"/shows/{SHOW}").text
