"""
Former and other names of productions and venues: a list that has them means the ones
that we have, whatever was renamed, merged or removed since.
"""

from datetime import UTC, datetime

import pytest
from support.listed_occurrences import listed_occurrence
from support.saved_orders import FIRST_DAY

from ticketsync.accounts import edits, state
from ticketsync.catalogue import (
    adopting,
    matching_input,
    new_shows,
    occurrences,
    other_names,
    production_edits,
    saved_listing,
    shows,
    venue_edits,
)
from ticketsync.catalogue.known_names import NameAnswers, OtherName
from ticketsync.catalogue.new_shows import NewShow
from ticketsync.catalogue.saved_listing import ListedEvent
from ticketsync.catalogue.season_list import import_file
from ticketsync.catalogue.season_list.import_file import ListOptions
from ticketsync.catalogue.season_list.missing_shows import MissingAnswers
from ticketsync.catalogue.season_list.planned_changes import Change
from ticketsync.catalogue.venue_edits import VenueEdit
from ticketsync.core import errors, records
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import audit_trail
from ticketsync.web import page_words
from ticketsync.workflows import catalogue_edits, season_list

SETTINGS = Settings()
ZONE = "Australia/Sydney"
CSV = (
    "production,starts_at,venue\n"
    "Late Laughs,2030-12-05 19:30,The Lantern Room\n"
    "Late Laughs,2030-12-06 19:30,The Lantern Room\n"
)
ENTRY = """\
BEGIN:VEVENT
UID:{uid}
DTSTART;TZID=Australia/Sydney:203012{day:02}T193000
LOCATION:The Lantern Room
SUMMARY:{title}
END:VEVENT
"""


def calendar(*entries):
    """
    A calendar of entries: UID, day of December 2030, title.
    """
    listed = "".join(ENTRY.format(uid=u, day=d, title=t) for u, d, t in entries)
    return (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n"
        + listed
        + "END:VCALENDAR\n"
    )


@pytest.fixture
def venue(database):
    with database.write() as connection:
        shows.add_venue(connection, "The Lantern Room", ZONE, "AUD")
    return database


def write(tmp_path, text, name="season.csv"):
    file = tmp_path / name
    file.write_text(text)
    return file


def look(database, file, **options):
    with database.read() as connection:
        return season_list.preview(connection, file, ListOptions(**options))


def run(database, file, *, remember=False, **options):
    seen = look(database, file, **options)
    import_file.refuse_problems(seen, file)
    season_list.apply(database, SETTINGS, seen, remember=remember)
    return seen


def ours(database):
    with database.read() as connection:
        return [
            (show.production, show.venue, show.starts_local[5:])
            for show in shows.list_shows(connection)
        ]


def names(database, kind="production"):
    with database.read() as connection:
        found = other_names.list_names(connection, kind)
    return [(other.name, other.known, other.origin) for other in found]


def rename(database, title, new_title):
    catalogue_edits.rename_production(database, title, new_title)


def add(database, title, *, day=20, venue="The Lantern Room"):
    starts_at = datetime(2030, 12, day, 8, 30, tzinfo=UTC)
    new = NewShow(title, starts_at, venue, ZONE, "AUD")
    with database.write() as connection:
        return new_shows.add_show(connection, new).id


BOTH = [
    ("Later Laughs", "The Lantern Room", "12-05 19:30"),
    ("Later Laughs", "The Lantern Room", "12-06 19:30"),
]


def test_an_old_list_finds_a_renamed_production(venue, tmp_path):
    file = write(tmp_path, CSV)
    run(venue, file)
    rename(venue, "Late Laughs", "Later Laughs")

    seen = run(venue, file)

    assert [item.change for item in seen.plan.shows] == [Change.SAME, Change.SAME]
    assert any('"Late Laughs" is called "Later Laughs" now' in n for n in seen.notes)
    assert ours(venue) == BOTH


def test_an_old_calendar_excludes_nothing_of_a_renamed_production(venue, tmp_path):
    file = write(
        tmp_path,
        calendar(("a@x", 5, "Late Laughs"), ("b@x", 6, "Late Laughs")),
        "season.ics",
    )
    run(venue, file)
    rename(venue, "Late Laughs", "Later Laughs")

    seen = run(venue, file, missing=MissingAnswers("cancelled"))

    assert seen.problems == ()
    assert [item.change for item in seen.plan.shows] == [Change.SAME, Change.SAME]
    with venue.read() as connection:
        assert not any(show.is_excluded for show in shows.list_shows(connection))


def test_an_old_list_finds_a_renamed_venue_in_any_spelling(venue, tmp_path):
    run(venue, write(tmp_path, CSV))
    catalogue_edits.edit_venue(
        venue, SETTINGS, "The Lantern Room", VenueEdit(name="Studio One")
    )
    again = write(tmp_path, CSV.replace("The Lantern Room", "THE LANTERN-ROOM"))

    seen = run(venue, again)

    assert [item.change for item in seen.plan.shows] == [Change.SAME, Change.SAME]
    assert any('--room "THE LANTERN-ROOM=new"' in note for note in seen.notes)
    own = run(venue, again, names=NameAnswers(rooms={"The Lantern Room": "new"}))
    assert own.new_venues == ("THE LANTERN-ROOM",)
    assert len(ours(venue)) == 4


def test_several_renames_lead_to_the_title_of_today(venue, tmp_path):
    file = write(tmp_path, CSV)
    run(venue, file)
    rename(venue, "Late Laughs", "Laughs")
    rename(venue, "Laughs", "Later Laughs")
    assert names(venue) == [
        ("Late Laughs", "Later Laughs", "former"),
        ("Laughs", "Later Laughs", "former"),
    ]
    run(venue, file)
    assert ours(venue) == BOTH
    rename(
        venue, "Later Laughs", "Late Laughs"
    )  # back: it is not a former one any more
    assert names(venue) == [
        ("Later Laughs", "Late Laughs", "former"),
        ("Laughs", "Late Laughs", "former"),
    ]


def test_a_title_in_other_letters_only_is_no_former_one(venue):
    add(venue, "Late Laughs")
    rename(venue, "Late Laughs", "LATE LAUGHS!")
    assert names(venue) == []


def test_whoever_gets_a_former_name_has_it_from_then_on(venue, tmp_path):
    """
    Renamed to it, added under it, or imported under it as another one.
    """
    add(venue, "Gala", day=1)
    add(venue, "Quiz", day=2)
    rename(venue, "Gala", "Winter Gala")
    with venue.read() as connection:
        seen = catalogue_edits.preview_rename(connection, SETTINGS, "Quiz", "GALA")
    assert seen.notes == (
        "lists that say 'GALA' mean this one then, not 'Winter Gala'",
    )
    rename(venue, "Quiz", "GALA")
    assert names(venue) == [("Quiz", "GALA", "former")]
    with venue.write() as connection:
        production_edits.add_production(connection, "Quiz")
    assert names(venue) == []
    run(venue, write(tmp_path, "show,start\nGala,2030-12-09 19:30\n"))
    assert ("GALA", "The Lantern Room", "12-09 19:30") in ours(venue)


def test_a_merged_production_is_found_by_all_its_names(venue):
    for day, title in enumerate(("Gala", "Quiz", "Cabaret"), 1):
        add(venue, title, day=day)
    rename(venue, "Gala", "Winter Gala")
    catalogue_edits.merge_productions(venue, SETTINGS, "Winter Gala", "Quiz")
    assert names(venue) == [
        ("Gala", "Quiz", "former"),
        ("Winter Gala", "Quiz", "former"),
    ]
    catalogue_edits.merge_productions(venue, SETTINGS, "Quiz", "Cabaret")
    assert {known for _, known, _ in names(venue)} == {"Cabaret"}
    catalogue_edits.remove_production(venue, SETTINGS, "Cabaret")
    assert names(venue) == []


def test_a_merged_venue_is_found_by_its_name(venue, tmp_path):
    add(venue, "Gala", venue="Lantern Rm")
    catalogue_edits.merge_venues(venue, SETTINGS, "Lantern Rm", "The Lantern Room")
    assert names(venue, "venue") == [("Lantern Rm", "The Lantern Room", "former")]
    seen = run(
        venue, write(tmp_path, "show,start,room\nGala,2030-12-20 19:30,Lantern Rm\n")
    )
    assert [item.change for item in seen.plan.shows] == [Change.SAME]


def test_a_former_name_is_forgotten_on_request(venue, tmp_path):
    file = write(tmp_path, CSV)
    run(venue, file)
    rename(venue, "Late Laughs", "Quiz Night")
    with venue.write() as connection:
        other = other_names.forget_name(connection, "production", "late laughs")
    assert other == OtherName("Late Laughs", "Quiz Night", "former")
    assert look(venue, file).new_productions == ("Late Laughs",)
    with (
        venue.write() as connection,
        pytest.raises(errors.NotFound, match="not another"),
    ):
        other_names.forget_name(connection, "production", "Quiz Night")
    with venue.read() as connection:
        newest = audit_trail.list_entries(connection)[0]
    assert (newest.action, newest.subject) == ("forget name", "Quiz Night")


def test_editing_by_a_former_name_says_the_present_one(venue):
    add(venue, "Gala")
    rename(venue, "Gala", "Quiz")
    catalogue_edits.edit_venue(
        venue, SETTINGS, "The Lantern Room", VenueEdit(name="Studio")
    )
    with venue.read() as connection:
        with pytest.raises(errors.NotFound, match="Did you mean 'Quiz'"):
            production_edits.find_production(connection, "Gala")
        with pytest.raises(errors.NotFound, match="Did you mean 'Studio'"):
            venue_edits.plan_edit(connection, "The Lantern Room", VenueEdit())


# The same reference


def test_a_reference_is_its_show_whatever_the_title(venue, tmp_path):
    run(venue, write(tmp_path, calendar(("a@x", 5, "Late Laughs")), "one.ics"))
    renamed = write(tmp_path, calendar(("a@x", 7, "The Big Night")), "two.ics")

    seen = run(venue, renamed)

    assert [item.change for item in seen.plan.shows] == [Change.MOVED]
    assert ours(venue) == [("Late Laughs", "The Lantern Room", "12-07 19:30")]
    (note,) = [note for note in seen.notes if "The Big Night" in note]
    assert "productions rename 'Late Laughs' 'The Big Night'" in note
    on_page = page_words.without_commands(note)
    assert on_page.endswith('is read as "Late Laughs", whose references it has.')


def test_a_new_title_that_comes_with_new_shows_too_is_asked_about(venue, tmp_path):
    run(venue, write(tmp_path, calendar(("a@x", 5, "Late Laughs")), "one.ics"))
    renamed = write(
        tmp_path,
        calendar(("a@x", 5, "The Big Night"), ("n@x", 9, "The Big Night")),
        "two.ics",
    )
    (question,) = look(venue, renamed).parsed.questions
    assert str(question) == (
        'production "The Big Night": its reference "a@x" is a show of "Late Laughs". '
        "Did you mean that?"
    )
    same = NameAnswers(same={("production", "The Big Night"): "Late Laughs"})
    run(venue, renamed, names=same, remember=True)
    assert ours(venue) == [
        ("Late Laughs", "The Lantern Room", "12-05 19:30"),
        ("Late Laughs", "The Lantern Room", "12-09 19:30"),
    ]
    assert names(venue) == [("The Big Night", "Late Laughs", "confirmed")]
    assert look(venue, renamed).parsed.questions == ()


def test_a_number_of_last_season_moves_no_show_into_this_one(venue, tmp_path):
    run(venue, write(tmp_path, "show,start,ref\nGala,2029-12-05 19:30,1\n"))
    seen = look(venue, write(tmp_path, "show,start,ref\nQuiz,2030-12-05 19:30,1\n"))
    (problem,) = seen.problems
    assert '"Quiz" is at quite another time' in problem.reason
    assert seen.plan.shows == ()


def test_a_reference_of_another_production_of_ours_is_a_problem(venue, tmp_path):
    add(venue, "Quiz")
    run(venue, write(tmp_path, "show,start,ref\nGala,2030-12-05 19:30,1\n"))
    seen = look(venue, write(tmp_path, "show,start,ref\nQuiz,2030-12-05 19:30,1\n"))
    (problem,) = seen.problems
    assert 'whose production is "Gala", not "Quiz"' in problem.reason


# Answers that are kept


ROOMS = "show,start,room\nGala,2030-12-{day:02} 19:30,Main Hall\n"
IS_ROOM = NameAnswers(rooms={"Main Hall": "The Lantern Room"})


def test_a_room_is_kept_with_consent_only(venue, tmp_path):
    first = write(tmp_path, ROOMS.format(day=5))
    run(venue, first, names=IS_ROOM)
    assert look(venue, first).parsed.questions
    run(venue, first, names=IS_ROOM, remember=True)
    assert names(venue, "venue") == [("Main Hall", "The Lantern Room", "room")]

    seen = run(venue, write(tmp_path, ROOMS.format(day=6)))

    assert '"Main Hall" is read as a room of The Lantern Room' in seen.notes
    assert [show[1] for show in ours(venue)] == ["The Lantern Room"] * 2


def test_two_rooms_at_once_are_still_a_problem(venue, tmp_path):
    run(venue, write(tmp_path, ROOMS.format(day=5)), names=IS_ROOM, remember=True)
    both = (
        "show,start,room\nGala,2030-12-09 19:30,Main Hall\n"
        "Gala,2030-12-09 19:30,Foyer\n"
    )
    foyer = NameAnswers(rooms={"Foyer": "The Lantern Room"})
    seen = look(venue, write(tmp_path, both), names=foyer)
    assert 'in "Foyer" instead of "Main Hall"' in seen.problems[0].reason


def test_an_answer_counts_before_what_was_kept(venue, tmp_path):
    with venue.write() as connection:
        shows.add_venue(connection, "Annexe", ZONE, "AUD")
    file = write(tmp_path, ROOMS.format(day=5))
    run(venue, file, names=IS_ROOM, remember=True)
    there = NameAnswers(rooms={"main hall": "Annexe"})
    run(venue, file, names=there, remember=True)
    assert names(venue, "venue") == [("Main Hall", "Annexe", "room")]


# Listings of platforms


def listed(database, event, venue_name):
    """
    One occurrence of a platform on 20 December 2030 at 19:30.
    """
    starts_at = datetime(2030, 12, 20, 8, 30, tzinfo=UTC)
    occurrence = listed_occurrence(
        "n1",
        "e1",
        starts_at,
        name=event,
        capacity=100,
        venue=venue_name,
    )
    item = records.Event(id="e1", name=event, url=None, occurrences=(occurrence,))
    with database.write() as connection:
        account = state.NewAccount("tt", "ticket_tailor", None, "env", "K", "", None)
        account_id = edits.add_account(connection, account, FIRST_DAY)
        saved_listing.save_listing(
            connection, account_id, [ListedEvent(item, b"content")]
        )


def test_a_listing_under_former_names_is_that_of_the_present_ones(venue):
    with venue.write() as connection:
        shows.add_venue(connection, "Annexe", ZONE, "AUD")
    show_id = add(venue, "Gala", venue="Annexe")
    rename(venue, "Gala", "Quiz Night")
    catalogue_edits.edit_venue(venue, SETTINGS, "Annexe", VenueEdit(name="Studio"))
    listed(venue, "Gala", "Annexe")
    with venue.read() as connection:
        unlinked = occurrences.list_occurrences(connection, only_unlinked=True)
        (planned,) = adopting.plan_adoption(connection, unlinked)
        (candidate,) = matching_input.build_occurrence_candidates(connection, unlinked)
    assert (planned.show_id, planned.new.venue) == (show_id, "Studio")
    assert (candidate.known_as, candidate.known_at) == ("Quiz Night", "Studio")
