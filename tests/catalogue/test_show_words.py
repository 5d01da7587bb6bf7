"""
Which show a person means by a word, the beginning of a name, or a day.
"""

from datetime import UTC, datetime

import pytest

from ticketsync.catalogue import new_shows, selection, shows
from ticketsync.core import errors

# 27 November 2026, 18:00 in Sydney, and the small hours of the next day there.
EVENING = datetime(2026, 11, 27, 7, tzinfo=UTC)
SMALL_HOURS = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)
STARTS = {
    "Opera": datetime(2026, 11, 26, 8, 30, tzinfo=UTC),  # the evening before
    "Late Laughs": datetime(2026, 11, 27, 8, 30, tzinfo=UTC),  # 19:30
    "Grand Gala": datetime(2026, 12, 3, 8, 30, tzinfo=UTC),
    "Gala": datetime(2026, 12, 4, 8, 30, tzinfo=UTC),
}


@pytest.fixture
def season(database, frozen):
    frozen(EVENING)
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", "Australia/Sydney", "AUD")
        for title, starts_at in STARTS.items():
            show = new_shows.NewShow(
                production=title,
                starts_at=starts_at,
                venue="The Lantern Room",
                timezone="Australia/Sydney",
                currency="AUD",
            )
            new_shows.add_show(connection, show)
    return database


def test_a_show_is_found_by_a_word_or_the_beginning_of_its_name(season):
    expected = {
        "next": "Late Laughs",
        "TONIGHT": "Late Laughs",
        "yesterday": "Opera",
        "gala": "Gala",  # begins so, where "Grand Gala" only contains it
        "gran": "Grand Gala",
        "2026-12-04/ga": "Gala",
        "2026-11-27/late-laughs": "Late Laughs",
        "laughs": "Late Laughs",
    }
    with season.read() as connection:
        found = {
            text: selection.find_show(connection, text).production for text in expected
        }
    assert found == expected


def test_the_evening_lasts_into_the_small_hours(season, frozen):
    frozen(SMALL_HOURS)
    with season.read() as connection:
        assert selection.find_show(connection, "tonight").production == "Late Laughs"
        assert selection.find_show(connection, "next").production == "Grand Gala"


def test_an_excluded_show_is_not_the_next_one(season):
    with season.write() as connection:
        show = selection.find_show(connection, "tonight")
        shows.set_excluded(connection, show.id, True, "private")
        assert selection.find_show(connection, "next").production == "Grand Gala"
        with pytest.raises(errors.NotFound, match="No show plays tonight"):
            selection.find_show(connection, "tonight")


def test_what_fits_several_shows_is_a_list_and_exit_code_2(season):
    with season.read() as connection, pytest.raises(errors.NotFound) as caught:
        selection.find_show(connection, "a")
    assert caught.value.exit_code == 2
    assert caught.value.heading == "4 shows match 'a'."
    assert caught.value.details[0] == "1  Opera 2026-11-26 19:30"
    assert len(caught.value.details) == 4


def test_a_file_is_not_guessed_at(season):
    """
    A cell of a spreadsheet means the same on every day, and never one of two.
    """
    with season.read() as connection:
        for text in ("next", "tonight", "gala", "2026-12-04/ga"):
            with pytest.raises(errors.NotFound):
                selection.find_named_show(connection, text)
