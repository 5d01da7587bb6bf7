"""
Dates that their platforms move: which of them wait, where their show is then, and what
is said. All times are by hand.
"""

from datetime import datetime

import pytest
from sqlalchemy import insert, update
from support import hand_links

from ticketsync.catalogue import (
    link_settings,
    links,
    listed_dates,
    move_notes,
    moves,
    new_shows,
    occurrences,
    show_edits,
    shows,
)
from ticketsync.core import clock
from ticketsync.core.settings.config import Settings
from ticketsync.reporting.waiting import list_moved
from ticketsync.reporting.waiting_kinds import KINDS
from ticketsync.store.tables.accounts import accounts
from ticketsync.store.tables.boxoffice_shows import boxoffice_shows
from ticketsync.store.tables.catalogue import events
from ticketsync.store.tables.catalogue import occurrences as occurrences_table

ZONE = "Australia/Sydney"
DAY = "2027-04-18"


def at(time):
    """
    This time of the day of the show, or that of another day.
    """
    text = time if " " in time else f"{DAY} {time}"
    return clock.local_to_utc(datetime.fromisoformat(text), ZONE)


class Season:
    """
    A venue whose shows four platforms may sell.
    """

    def __init__(self, database):
        self.database = database
        with database.write() as connection:
            shows.add_venue(connection, "The Lantern Room", ZONE, "AUD")
            self.events = {
                name: self._account(connection, name)
                for name in ("eb", "sq", "tt", "wx")
            }

    def _account(self, connection, name):
        row = {"name": name, "provider": "eventbrite", "secret_source": "none"}
        row |= {"secret_reference": "", "secret_fingerprint": ""}
        made = connection.execute(
            insert(accounts).values(**row, created_at=clock.now())
        ).inserted_primary_key
        event = {"account_id": made.id, "provider_id": "e", "name": "Late Laughs"}
        return made.id, connection.execute(
            insert(events).values(**event)
        ).inserted_primary_key.id

    def show(self, time="19:30"):
        with self.database.write() as connection:
            new = new_shows.NewShow(
                *("Late Laughs", at(time), "The Lantern Room", ZONE, "AUD")
            )
            return new_shows.add_show(connection, new).id

    def date(self, account, show_id, time="19:30", decided_by="machine", part=""):
        account_id, event_id = self.events[account]
        with self.database.write() as connection:
            made = connection.execute(
                insert(occurrences_table).values(
                    account_id=account_id,
                    event_id=event_id,
                    provider_id=f"{show_id}{part}",
                    name="Late Laughs",
                    starts_at=at(time),
                    starts_local=shows.local_text(at(time), ZONE),
                    timezone=ZONE,
                    status="on_sale",
                    currency="AUD",
                    fingerprint="f",
                    content=b"",
                )
            ).inserted_primary_key
            pairs = [links.Pair(made.id, show_id, "linked")]
            links.save_links(
                *(connection, pairs),
                decided_by=decided_by,
                batch="b",
                now=clock.now(),
            )
            return made.id

    def list_at(self, time, *ids):
        """
        A platform lists these dates at another time; returns what moved.
        """
        starts_at = at(time)
        with self.database.write() as connection:
            connection.execute(
                update(occurrences_table)
                .where(occurrences_table.c.id.in_(ids))
                .values(
                    starts_at=starts_at, starts_local=shows.local_text(starts_at, ZONE)
                )
            )
            return moves.follow_moves(connection, dict.fromkeys(ids, starts_at))

    def notes(self, found):
        with self.database.read() as connection:
            return move_notes.describe_moves(connection, found)

    def starts(self, show_id):
        with self.database.read() as connection:
            return shows.get_show(connection, show_id).starts_local

    def waiting(self):
        """
        The dates that wait; the list and the page of each date say the same.
        """
        with self.database.read() as connection:
            listed = [int(item.key) for item in list_moved(connection)]
            dates = listed_dates.list_dates(occurrences.list_occurrences(connection))
        assert sorted(listed) == sorted(d.first.id for d in dates if d.is_moved)
        return listed


@pytest.fixture
def season(database):
    return Season(database)


@pytest.mark.parametrize("decided_by", ["machine", "person"])
@pytest.mark.parametrize("later", ["19:31", "20:00", "18:30", "2027-04-20 19:30"])
def test_a_date_of_your_own_show_waits_however_little_it_moved(
    season, decided_by, later
):
    show = season.show()
    moved = season.date("eb", show, decided_by=decided_by)
    season.date("tt", show, decided_by=decided_by)

    (note,) = season.notes(season.list_at(later, moved))

    local = later if " " in later else f"{DAY} {later}"
    assert season.starts(show) == f"{DAY} 19:30"
    assert season.waiting() == [moved]
    assert note == (
        f"eb lists Late Laughs at {local} now; your show, Late Laughs, stays at {DAY} "
        f"19:30, and is listed by tt at {DAY} 19:30. Correct the time at eb if it is "
        f'wrong, run `ticketsync shows edit {show} --starts-at "{local}"` if the show '
        f"has moved, or `ticketsync link {moved} {show}` if both times are right"
    )


def test_what_waits_offers_what_the_note_of_the_run_offers(season):
    show = season.show()
    moved = season.date("eb", show)
    (note,) = season.notes(season.list_at("20:00", moved))
    choices = (
        f"correct the time at eb if it is wrong, run `ticketsync shows edit {show} "
        f'--starts-at "{DAY} 20:00"` if the show has moved, or `ticketsync link '
        f"{moved} {show}` if both times are right"
    )
    with season.database.read() as connection:
        (item,) = list_moved(connection)
    assert item.action == choices
    assert note.endswith(f". C{choices[1:]}")
    assert KINDS["moved"].to_do == (
        "correct the time at its platform if it is wrong, run `ticketsync shows edit "
        'SHOW --starts-at "TIME"` if the show has moved, or `ticketsync link DATE '
        "SHOW` if both times are right"
    )


def test_a_date_that_lost_its_date_gives_its_show_no_other_time(season):
    show = season.show()
    moved = season.date("eb", show)
    with season.database.write() as connection:
        connection.execute(update(occurrences_table).values(is_dated=False))
    (note,) = season.notes(season.list_at("20:00", moved))
    choices = (
        "orrect the time at eb if it is wrong, or run `ticketsync link "
        f"{moved} {show}` if both times are right"
    )
    assert note.endswith(f". C{choices}")
    with season.database.read() as connection:
        assert [item.action for item in list_moved(connection)] == [f"c{choices}"]


def test_every_date_waits_where_all_platforms_moved_and_the_show_is_on_your_own_list(
    season,
):
    show = season.show()
    ids = [season.date(name, show) for name in ("eb", "tt", "wx")]
    for id_ in ids:
        season.list_at("20:00", id_)
    assert season.starts(show) == f"{DAY} 19:30"
    assert season.waiting() == ids


@pytest.mark.parametrize("sequence", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.thorough
def test_an_adopted_show_moves_with_the_last_platform_whichever_that_is(
    season, sequence
):
    """
    The one that was adopted, and two that the rule of matching linked.
    """
    show = season.show()
    ids = [season.date("tt", show, decided_by="adopted")]
    ids += [season.date("eb", show), season.date("wx", show)]
    found = []
    for number, place in enumerate(sequence):
        assert season.starts(show) == f"{DAY} 19:30"
        assert len(season.waiting()) == number
        found += season.list_at("20:00", ids[place])

    assert season.starts(show) == f"{DAY} 20:00"
    assert season.waiting() == []
    assert season.notes(found) == [
        f"eb, tt and wx list Late Laughs at {DAY} 20:00 now; your show, Late Laughs, "
        f"moved there with them, from {DAY} 19:30"
    ]


def test_nothing_is_said_of_a_date_that_was_taken_apart_meanwhile(season):
    show = season.show()
    moved = season.date("eb", show)
    found = season.list_at("20:00", moved)
    hand_links.unlink(season.database, Settings(), moved)
    assert season.notes(found) == []


def test_what_is_said_is_true_at_the_end_of_the_run(season):
    """
    While the first platform was read the second one had not moved yet.
    """
    show = season.show()
    ids = [season.date(name, show) for name in ("eb", "tt")]
    found = season.list_at("20:00", ids[0]) + season.list_at("20:00", ids[1])
    notes = season.notes(found)
    assert len(notes) == 2
    assert not any("is listed by" in note for note in notes)


def test_one_of_several_parts_waits_alone_and_the_others_with_it_later(season):
    show = season.show()
    parts = [season.date("sq", show, part=part) for part in "abc"]

    season.list_at("20:00", parts[1])
    assert season.waiting() == [parts[1]]

    found = season.list_at("20:00", parts[0], parts[2])
    assert season.waiting() == [parts[0]]  # the three are one date again
    assert len(season.notes(found)) == 1


def test_a_date_that_moves_back_waits_no_more(season):
    show = season.show()
    moved = season.date("eb", show)
    season.list_at("20:00", moved)
    season.list_at("20:15", moved)
    assert season.waiting() == [moved]

    (note,) = season.notes(season.list_at("19:30", moved))

    assert season.waiting() == []
    assert note == (
        f"eb lists Late Laughs at {DAY} 19:30 now, when your show, Late Laughs, starts"
    )


def test_a_difference_that_was_agreed_is_none_and_another_one_is(season):
    """
    The doors, half an hour before the show, linked by hand.
    """
    show = season.show()
    doors = season.date("eb", show, "19:00", decided_by="person")
    assert season.waiting() == []
    season.list_at("19:15", doors)
    assert season.waiting() == [doors]
    (note,) = season.notes(season.list_at("19:00", doors))
    assert season.waiting() == []
    assert note == (
        f"eb lists Late Laughs at {DAY} 19:00 now, as when it was linked; your show, "
        f"Late Laughs, stays at {DAY} 19:30"
    )


def test_each_show_is_decided_by_itself(season):
    adopted, listed, still = season.show(), season.show("15:00"), season.show("22:00")
    moved = season.date("tt", adopted, decided_by="adopted")
    other = season.date("tt", listed, "15:00")
    season.date("tt", still, "22:00", decided_by="adopted")

    found = season.list_at("20:00", moved) + season.list_at("15:30", other)

    assert [season.starts(id_) for id_ in (adopted, listed, still)] == [
        *(f"{DAY} 20:00", f"{DAY} 15:00", f"{DAY} 22:00"),
    ]
    assert season.waiting() == [other]
    assert [note.split(" now")[0] for note in season.notes(found)] == [
        f"tt lists Late Laughs at {DAY} 20:00",
        f"tt lists Late Laughs at {DAY} 15:30",
    ]


def test_a_confirmed_date_leaves_a_show_that_others_list_at_another_time(season):
    """
    More than a day later no show moves by itself.
    """
    show = season.show()
    later = "2027-04-20 20:00"
    ids = [season.date("tt", show, decided_by="adopted"), season.date("eb", show)]
    season.list_at(later, ids[0])
    first = hand_links.link(season.database, Settings(), ids[0], show)
    assert (first.was_at, first.show.starts_local) == ("", f"{DAY} 19:30")
    assert season.waiting() == []

    season.list_at(later, ids[1])
    assert season.waiting() == [ids[1]]


def test_what_one_confirms_settles_all_that_agree(season):
    show = season.show()
    later = "2027-04-20 20:00"
    ids = [season.date("tt", show, decided_by="adopted")]
    ids += [season.date(name, show) for name in ("eb", "wx")]
    for id_ in ids:
        season.list_at(later, id_)
    assert season.waiting() == [ids[0], ids[1], ids[2]]

    done = hand_links.link(season.database, Settings(), ids[1], show)

    assert (done.was_at, done.show.starts_local) == (f"{DAY} 19:30", later)
    assert not done.is_new
    assert season.starts(show) == later
    assert season.waiting() == []


def test_our_own_box_office_holds_no_show_back_and_never_waits(season):
    """
    It lists a show when that starts, as of its next run.
    """
    show = season.show()
    platform = season.date("tt", show, decided_by="adopted")
    own = season.date("wx", show)
    with season.database.write() as connection:
        account_id = season.events["wx"][0]
        connection.execute(
            insert(boxoffice_shows).values(
                show_id=show, account_id=account_id, occurrence_id=own
            )
        )

    season.list_at("20:00", platform)

    assert season.starts(show) == f"{DAY} 20:00"
    with season.database.write() as connection:
        later = datetime.fromisoformat(f"{DAY} 21:00")
        show_edits.edit_show(connection, show, show_edits.ShowEdit(starts_local=later))
    assert season.waiting() == [platform]


def test_a_date_that_moved_while_it_was_switched_off_waits_once_it_is_on(season):
    show = season.show()
    moved = season.date("eb", show)
    with season.database.write() as connection:
        link_settings.set_switches(connection, moved, enabled=False)
    assert season.list_at("20:00", moved) == []
    assert season.waiting() == []
    with season.database.read() as connection:
        occurrence = occurrences.get_occurrence(connection, moved)

    switch = {"ticket_sales": None, "types": {}}
    hand_links.configure(
        season.database, Settings(), occurrence, enabled=True, **switch
    )

    assert season.waiting() == [moved]
