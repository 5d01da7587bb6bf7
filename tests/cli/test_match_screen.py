"""
The matching screen, driven by keys on a real terminal.
"""

import itertools
import json
import os
from datetime import datetime
from types import SimpleNamespace

import pexpect
import pytest
from support.commands import run, talk
from support.dates import NOW
from support.listed_occurrences import listed_occurrence

from ticketsync.accounts import edits, state
from ticketsync.catalogue import new_shows, occurrences, saved_listing, shows
from ticketsync.core import clock, records
from ticketsync.store import engine

SYDNEY = "Australia/Sydney"


def links(venue):
    rows = json.loads(venue("events", "list", "--json"))
    return [row["show_id"] for row in rows if row["show_id"]]


KEYS = {"enter": "\r", "down": "\x1b[B"}


def press(screen, key, then):
    """
    Press a key and wait for the text that must follow.
    """
    screen.send(KEYS.get(key, key))
    screen.expect(then)


def answer(screen, key, then):
    """
    Choose an entry of the menu by its key, which acts at once.
    """
    press(screen, key, then)


def leave(screen, said):
    answer(screen, "q", said)
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0


def test_matching_asks_only_what_is_unsure_and_keeps_each_answer(venue):
    screen = talk("match", env=venue.environment)
    screen.expect(r"Link the 2 certain pairs\?")
    press(screen, "y", "38 open")
    screen.expect("nearest show is 100 min later")
    screen.expect(r"1\).*#3: show is 100 min later")
    answer(screen, "1", "37 open")
    answer(screen, "1", "36 open")
    leave(screen, "4 linked, 36 left")

    assert links(venue) == [1, 2, 3, 4]


@pytest.mark.thorough
def test_an_answer_can_be_undone_and_an_occurrence_refused_permanently(venue):
    screen = talk("match", env=venue.environment)
    screen.expect("certain pairs")
    press(screen, "y", "38 open")
    answer(screen, "n", "37 open")
    leave(screen, "2 linked, 37 left")
    assert links(venue) == [1, 2]
    left = json.loads(venue("match", "--dry-run", "--json"))["left"]

    undone = json.loads(venue("match", "--undo", "--json"))

    assert left == 37
    assert (undone["links"], undone["refusals"]) == (2, 1)
    assert links(venue) == []


@pytest.mark.thorough
def test_back_and_undo_revert_answers_one_by_one(venue):
    screen = talk("match", env=venue.environment)
    screen.expect("certain pairs")
    press(screen, "y", "38 open")
    answer(screen, "s", "37 open")  # the first is skipped
    answer(screen, "1", "36 open")  # the second linked
    answer(screen, "s", "35 open")
    answer(screen, "u", "Undone: 1 of your answers")
    screen.expect("36 open")  # skipped ones stay skipped
    answer(screen, "b", "37 open")
    answer(screen, "b", "38 open")
    answer(screen, "b", "Link|40 open")  # and the certain pairs are open again
    leave(screen, "0 linked")

    assert links(venue) == []


@pytest.mark.thorough
def test_a_show_is_found_by_search_and_a_new_one_created(venue):
    screen = talk("match", env=venue.environment)
    screen.expect("certain pairs")
    press(screen, "y", "38 open")
    answer(screen, "f", "empty to go back")
    screen.send("#4")
    screen.expect(r"#4 ")
    screen.send(KEYS["down"])
    press(screen, "enter", "37 open")
    answer(screen, "m", "Its production")
    press(screen, "enter", "Show 5 was created")
    screen.expect("36 open")
    answer(screen, "u", "Undone")
    leave(screen, "3 linked")

    assert sorted(links(venue)) == [1, 2, 4]
    shows = json.loads(venue("shows", "list", "--json"))
    assert len(shows) == 4  # undo removed the new show


@pytest.mark.thorough
def test_ctrl_c_in_the_matching_screen_keeps_what_was_answered(venue):
    screen = talk("match", env=venue.environment)
    screen.expect("certain pairs")
    press(screen, "y", "38 open")
    screen.sendcontrol("c")
    screen.expect(pexpect.EOF)
    screen.close()

    assert screen.exitstatus == 130
    assert links(venue) == [1, 2]


@pytest.fixture
def listings(home, templates):
    """
    An empty venue: `put(account, title, [starts])` lists occurrences on a platform,
    `show(title, starts)` adds a show of ours.
    """
    place = templates.copy("sqlite", "empty", home / "ticketsync.db")
    database = engine.open_database(place)
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    count = itertools.count(1)

    def put(account, title, starts):
        with database.write() as connection:
            known = {a.name: a.id for a in state.list_accounts(connection)}
            row = known.get(account) or edits.add_account(
                connection,
                state.NewAccount(account, "ticket_tailor", None, "none", "", "", None),
                NOW,
            )
            event = f"ev{next(count)}"
            dates = tuple(
                listed_occurrence(
                    f"oc{next(count)}",
                    event,
                    clock.local_to_utc(datetime.fromisoformat(text), SYDNEY),
                    name=title,
                    capacity=120,
                    venue="The Lantern Room",
                )
                for text in starts
            )
            listed = records.Event(event, title, None, dates)
            saved_listing.save_listing(
                connection, row, [saved_listing.ListedEvent(listed, event.encode())]
            )

    def show(title, starts):
        with database.write() as connection:
            venue = shows.add_venue(connection, "The Lantern Room", SYDNEY, "AUD")
            new = new_shows.NewShow(
                production=title,
                starts_at=clock.local_to_utc(datetime.fromisoformat(starts), SYDNEY),
                venue=venue.name,
                timezone=SYDNEY,
                currency="AUD",
                capacity=120,
            )
            return new_shows.add_show(connection, new).id

    def pairs():
        with database.read() as connection:
            return {
                (occurrence.account, occurrence.starts_local): occurrence.show_id
                for occurrence in occurrences.list_occurrences(connection)
            }

    venue = SimpleNamespace(
        put=put, show=show, pairs=pairs, environment=environment, database=database
    )
    yield venue
    database.close()


def test_f33_a_double_bill_listed_a_quarter_late_is_not_swapped(listings):
    early = listings.show("Late Laughs", "2027-03-05 19:00")
    late = listings.show("Late Laughs", "2027-03-05 20:30")
    listings.put("tt", "Late Laughs", ["2027-03-05 20:45", "2027-03-05 19:15"])

    screen = talk("match", env=listings.environment)
    screen.expect("2 open · Fri 05 Mar 2027 19:15")
    screen.expect(rf"1\).*19:00.*#{early}:")
    answer(screen, "1", "1 open · Fri 05 Mar 2027 20:45")
    screen.expect(rf"1\).*20:30.*#{late}:")
    answer(screen, "1", "2 linked, 0 left")

    assert listings.pairs() == {
        ("tt", "2027-03-05 19:15"): early,
        ("tt", "2027-03-05 20:45"): late,
    }


def test_f34_a_show_moved_to_another_day_is_offered_and_never_linked(listings):
    number = listings.show("Gala", "2027-03-05 19:00")
    listings.put("tt", "Gala", ["2027-03-09 19:00"])

    screen = talk("match", env=listings.environment)
    screen.expect("1 open · Tue 09 Mar 2027 19:00")
    screen.expect("no show of yours within the tolerance")
    screen.expect(rf"1\).*05 Mar.*#{number}: show is 4 days earlier")
    answer(screen, "1", "1 linked, 0 left")

    assert listings.pairs() == {("tt", "2027-03-09 19:00"): number}


@pytest.mark.thorough
def test_f33_a_listing_an_hour_off_is_named_before_anything_is_asked(listings):
    """
    The platform confused daylight saving with standard time: all are an hour late.
    """
    nights = [f"2027-03-{day:02d} 19:00" for day in (5, 6, 12)]
    ours = [listings.show("Gala", night) for night in nights]
    listings.put("tt", "Gala", [night.replace("19:", "20:") for night in nights])

    plan = talk("match", "--dry-run", env=listings.environment)
    plan.expect("looks-like-timezone")
    plan.expect("1 h later")
    plan.expect("0 would be linked, 3 left")
    screen = talk("match", env=listings.environment)
    screen.expect("looks-like-timezone")
    screen.expect("3 open")
    screen.expect("the whole listing seems shifted")
    answer(screen, "1", "2 open")  # a person may link it anyway
    answer(screen, "1", "1 open")
    answer(screen, "1", "3 linked")

    assert sorted(listings.pairs().values()) == ours


def test_three_platforms_feed_one_show_and_the_screen_says_who_does(listings):
    number = listings.show("Gala", "2027-03-05 19:00")
    listings.put("tt", "Gala", ["2027-03-05 19:00"])
    listings.put("eb", "Gala at the Lantern", ["2027-03-05 19:00"])
    listings.put("hx", "Big Night Out", ["2027-03-05 19:00"])

    screen = talk("match", env=listings.environment)
    screen.expect("2 certain pairs")
    press(screen, "y", "1 open")
    screen.expect("same minute, but titles only")
    screen.expect("also on eb,")
    answer(screen, "1", "3 linked, 0 left")

    assert set(listings.pairs().values()) == {number}


def test_what_a_title_was_is_known_next_season(listings):
    listings.show("Gala", "2027-03-05 19:00")
    listings.put("tt", "Big Night Out", ["2027-03-05 19:00"])
    screen = talk("match", env=listings.environment)
    screen.expect("1 open")
    answer(screen, "1", "1 linked")
    number = listings.show("Gala", "2027-09-05 19:00")
    listings.put("tt", "BIG NIGHT out", ["2027-09-05 19:00"])

    plan = json.loads(run_json(listings, "match", "--yes", "--json"))

    assert [pair["reason"] for pair in plan["certain"]] == [
        "same minute, title known from before, capacity 120 = 120"
    ]
    assert listings.pairs()["tt", "2027-09-05 19:00"] == number


def test_an_undone_pair_no_longer_influences_matching(listings):
    listings.show("Gala", "2027-03-05 19:00")
    listings.put("tt", "Open Mic", ["2027-03-05 19:00", "2027-03-06 19:00"])
    screen = talk("match", env=listings.environment)
    screen.expect("2 open")
    answer(screen, "1", "1 open")
    leave(screen, "1 linked")
    run_json(listings, "match", "--undo")
    listings.show("Open Mic", "2027-03-06 19:00")

    plan = json.loads(run_json(listings, "match", "--dry-run", "--json"))

    assert [pair["reason"] for pair in plan["certain"]] == [
        "same minute, titles 100 % alike, capacity 120 = 120"
    ]


def run_json(venue, *arguments):
    return run(*arguments, env=venue.environment, check=True).stdout
