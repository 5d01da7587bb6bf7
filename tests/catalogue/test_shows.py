"""
Our shows: adding many at once, and finding the one a person means.
"""

from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event
from support.listed_occurrences import listed_occurrence

from ticketsync.accounts import edits, state
from ticketsync.catalogue import new_shows, occurrences, saved_listing, selection, shows
from ticketsync.catalogue.new_shows import NewShow
from ticketsync.core import errors, records
from ticketsync.core.settings.config import Settings
from ticketsync.workflows.matching import match

SYDNEY = "Australia/Sydney"
FIRST_NIGHT = datetime(2026, 9, 1, 9, 30, tzinfo=UTC)


@contextmanager
def counted_statements():
    """
    Counts the statements of the block by their text.
    """
    counts = Counter()

    def count(_connection, _cursor, statement, *_):
        if not statement.startswith("BEGIN"):
            counts[statement] += 1

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield counts
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def new_show(title, night=0, **different):
    start = FIRST_NIGHT + timedelta(days=night)
    return NewShow(title, start, "The Lantern Room", SYDNEY, "AUD", **different)


def save_listing(database, account, size):
    """
    An account whose listing has that many occurrences, ten of each event.
    """
    events = [
        records.Event(
            f"event {n}",
            f"Production {n}",
            None,
            tuple(occurrence(f"event {n}", night) for night in range(10)),
        )
        for n in range(size // 10)
    ]
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", SYDNEY, "AUD")
        account_id = edits.add_account(
            connection,
            state.NewAccount(account, "ticket_tailor", None, "env", "KEY", "", None),
            FIRST_NIGHT,
        )
        listed = [saved_listing.ListedEvent(item, b"content") for item in events]
        saved_listing.save_listing(connection, account_id, listed)
    return account_id


def occurrence(event_id, night):
    return listed_occurrence(
        f"{event_id} night {night}",
        event_id,
        FIRST_NIGHT + timedelta(days=night),
        capacity=100,
    )


def test_adopting_many_occurrences_takes_no_more_statements_than_adopting_few(database):
    statements = {}
    for account, size in (("few", 10), ("many", 300)):
        account_id = save_listing(database, account, size)
        with counted_statements() as counts:
            made = match.adopt(database, Settings(), account_id)
        statements[account] = counts.total()
        assert made.links == size
    # The few shows are among the many: these have 10 fewer to add.
    assert made.shows == 290
    # On PostgreSQL one of them locks out whoever puts one of the shows on sale.
    assert statements["many"] <= statements["few"] + 1 < 51


@pytest.mark.parametrize("read", ["get_show", "find_show", "get_occurrence"])
def test_reading_one_row_reads_no_other(sqlite, read):
    account_id = save_listing(sqlite, "tt", 100)
    match.adopt(sqlite, Settings(), account_id)
    reads = {
        "get_show": lambda connection: shows.get_show(connection, 7),
        "find_show": lambda connection: selection.find_show(connection, "7"),
        "get_occurrence": lambda connection: occurrences.get_occurrence(connection, 7),
    }
    with sqlite.read() as connection, counted_statements() as counts:
        assert reads[read](connection).id == 7
    assert counts.total() == 1
    (statement,) = counts
    assert "WHERE" in statement


def test_the_same_show_twice_in_one_list_is_added_once(database):
    with database.write() as connection:
        first, again, other, by_reference = new_shows.add_shows(
            connection,
            [
                new_show("Hamlet"),
                new_show("Hamlet", capacity=180),
                new_show("Hamlet", 1, reference="H1"),
                new_show("Hamlet", 2, reference="H1", capacity=90),
            ],
        )
        found = shows.list_shows(connection)
    assert (first.is_new, again.is_new, other.is_new) == (True, False, True)
    assert first.id == again.id
    assert by_reference == new_shows.AddedShow(other.id, is_new=False)
    assert [(show.capacity, show.reference) for show in found] == [
        (180, None),
        (90, "H1"),
    ]


def test_a_show_added_again_has_its_capacity_and_reference_filled_in(database):
    with database.write() as connection:
        first = new_shows.add_show(connection, new_show("Hamlet", reference="H1"))
    with database.write() as connection:
        again = new_shows.add_show(connection, new_show("Hamlet", capacity=180))
        renamed = new_shows.add_show(connection, new_show("Hamlet", reference="H2"))
        # The old reference is free for another show by now.
        other = new_shows.add_show(connection, new_show("Hamlet", 5, reference="H1"))
        show = shows.get_show(connection, first.id)
    assert first.id == again.id == renamed.id != other.id
    assert (show.capacity, show.reference) == (180, "H2")


def test_a_show_is_found_by_what_a_person_writes(database):
    expected = {
        "1": "Ödipus",
        "R-2": "100 % Hamlet_",
        "r-ä": "Ödipus",
        "ödipus 2026-09-01 19:30": "Ödipus",
        "ödip": "Ödipus",
        "0 % h": "100 % Hamlet_",
        "HAMLET_ 2026": "100 % Hamlet_",
    }
    with database.write() as connection:
        new_shows.add_show(connection, new_show("Ödipus", reference="R-Ä"))
        new_shows.add_show(connection, new_show("100 % Hamlet_", 1, reference="R-2"))
        found = {
            text: selection.find_show(connection, text).production for text in expected
        }
    assert found == expected


def test_what_fits_no_show_is_not_found(database):
    with database.write() as connection:
        new_shows.add_show(connection, new_show("Hamlet"))
        new_shows.add_show(connection, new_show("Macbeth", 10))
        for text in ("7", "", "9" * 30, "%", "Ham_et", "é", "-7"):
            with pytest.raises(errors.NotFound, match="There is no show"):
                selection.find_show(connection, text)


def test_ids_that_no_row_can_have_are_not_found(database):
    with database.read() as connection:
        for number in (0, -1, 99, 10**30):
            with pytest.raises(errors.NotFound):
                shows.get_show(connection, number)
            with pytest.raises(errors.NotFound):
                occurrences.get_occurrence(connection, number)
            with pytest.raises(errors.NotFound):
                selection.find_occurrence(connection, str(number))
