"""
Editing, merging and removing shows, productions and venues: books are never lost, the
figures stay right, and the audit trail says who did it.
"""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from support.saved_orders import FIRST_DAY, order, prepare, save, ticket

from ticketsync.catalogue import (
    link_settings,
    new_shows,
    occurrences,
    show_edits,
    show_names,
    shows,
)
from ticketsync.catalogue.new_shows import NewShow
from ticketsync.catalogue.show_edits import ShowEdit
from ticketsync.catalogue.venue_edits import VenueEdit
from ticketsync.core import errors
from ticketsync.core.settings.config import Settings
from ticketsync.reporting import audit_trail, figures_of_shows
from ticketsync.store import row_digests
from ticketsync.store.tables.catalogue import production_links, productions, show_links
from ticketsync.store.tables.past_links import past_show_links
from ticketsync.workflows import catalogue_edits, recompute_figures

ZONE = "Australia/Sydney"
SETTINGS = Settings()


def add(database, title="Gala", *, day=20, venue="The Lantern Room", **more):
    """
    A show of ours at 19:30 in Sydney on a day of November 2026; returns its id.
    """
    starts_at = datetime(2026, 11, day, 8, 30, tzinfo=UTC)
    new = NewShow(title, starts_at, venue, ZONE, "AUD", **more)
    with database.write() as connection:
        return new_shows.add_show(connection, new).id


@pytest.fixture
def sold(database):
    """
    Two shows of Late Laughs, sold by one account: one ticket of 25.00 for the first.
    """
    prepare(database)
    save(database, order(ticket(1, 2500)), at=FIRST_DAY)
    recompute_figures.rebuild(database, SETTINGS)
    return database


def get(database, show_id):
    with database.read() as connection:
        return shows.get_show(connection, show_id)


def gross(database):
    with database.read() as connection:
        return {
            (item.production, item.venue, item.show_id): item.gross.minor
            for item in figures_of_shows.figures(connection)
        }


def actions(database, kind):
    """
    What was done to subjects of that kind since they were added.
    """
    with database.read() as connection:
        entries = audit_trail.list_entries(connection)
    return [
        (e.action, e.subject, e.before, e.after)
        for e in entries
        if e.kind == kind and e.action != "add"
    ]


# Shows


def test_a_show_gets_another_start_seats_and_reference(database):
    prepare(database)
    show_id = add(database, reference="G1")
    edit = ShowEdit(
        starts_local=datetime(2026, 11, 21, 20, 0), capacity=180, reference="G2"
    )
    catalogue_edits.edit_show(database, SETTINGS, show_id, edit)

    show = get(database, show_id)
    assert show.starts_at == datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert (show.starts_local, show.capacity) == ("2026-11-21 20:00", 180)
    assert show.reference == "G2"
    assert actions(database, "show") == [
        (
            "edit",
            "Gala 2026-11-20 19:30",
            {"capacity": None, "reference": "G1", "starts_local": "2026-11-20 19:30"},
            {"capacity": 180, "reference": "G2", "starts_local": "2026-11-21 20:00"},
        )
    ]
    catalogue_edits.edit_show(database, SETTINGS, show_id, edit)  # nothing changes
    assert len(actions(database, "show")) == 1


def test_an_edit_says_what_hangs_on_the_show_and_what_listings_say(sold):
    edit = ShowEdit(starts_local=datetime(2026, 11, 6, 20, 0))
    with sold.read() as connection:
        seen = catalogue_edits.preview_show(connection, 1, edit)
    assert str(seen.dependents) == "1 show, 1 link, 1 order, 1 ticket"
    assert seen.notes == ("tt sells it for 2026-11-06 19:30",)


def test_two_shows_never_become_one_by_an_edit(sold):
    edit = ShowEdit(starts_local=datetime(2026, 11, 7, 19, 30))
    with pytest.raises(errors.UsageError, match="Show 2 is the same performance"):
        catalogue_edits.edit_show(sold, SETTINGS, 1, edit)
    add(sold, reference="G1")
    with pytest.raises(errors.UsageError, match="'G1' is that of show 3"):
        catalogue_edits.edit_show(sold, SETTINGS, 1, ShowEdit(reference="G1"))


def test_a_show_moves_to_a_venue_in_another_zone_only_with_its_time(database):
    prepare(database)
    show_id = add(database)
    with database.write() as connection:
        shows.add_venue(connection, "Harbour Hall", "Pacific/Auckland", "NZD")
    with pytest.raises(errors.UsageError, match="is in Pacific/Auckland") as caught:
        catalogue_edits.edit_show(
            database, SETTINGS, show_id, ShowEdit(venue="Harbour Hall")
        )
    assert "--starts-at" in caught.value.hint
    edit = ShowEdit(venue="Harbour Hall", starts_local=datetime(2026, 11, 20, 19, 30))
    catalogue_edits.edit_show(database, SETTINGS, show_id, edit)
    show = get(database, show_id)
    assert (show.venue, show.timezone, show.currency) == (
        *("Harbour Hall", "Pacific/Auckland", "NZD"),
    )
    assert show.starts_at == datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def test_sales_do_not_move_to_a_venue_with_another_currency(sold):
    with sold.write() as connection:
        shows.add_venue(connection, "Harbour Hall", ZONE, "NZD")
    with pytest.raises(errors.GuardRefused, match="sells in NZD"):
        catalogue_edits.edit_show(sold, SETTINGS, 1, ShowEdit(venue="Harbour Hall"))


def test_a_show_takes_its_event_along_to_another_production(sold):
    with sold.write() as connection:
        wanted = shows.add_production(connection, "Comedy Night")
    catalogue_edits.edit_show(sold, SETTINGS, 1, ShowEdit(production="Comedy Night"))
    with sold.read() as connection:
        linked = connection.execute(
            select(production_links.c.event_id, production_links.c.production_id)
        )
        assert dict(map(tuple, linked))[1] == wanted
    assert gross(sold) == {
        ("Comedy Night", "The Lantern Room", 1): 2500,
        ("Late Laughs", "The Lantern Room", 2): 0,
    }


def test_an_unknown_name_is_not_added_but_asked_about(sold):
    with pytest.raises(errors.NotFound, match="Did you mean 'Late Laughs'"):
        catalogue_edits.edit_show(sold, SETTINGS, 1, ShowEdit(production="Late Lauhgs"))


def test_a_show_with_sales_is_not_removed_but_excluded(sold):
    with pytest.raises(errors.GuardRefused, match="1 order, 1 ticket") as caught:
        catalogue_edits.remove_show(sold, SETTINGS, 1)
    assert caught.value.word == "guard-books"
    assert "shows exclude 1" in caught.value.hint
    assert gross(sold)["Late Laughs", "The Lantern Room", 1] == 2500


def test_a_show_without_sales_is_removed_with_its_link_and_figures(sold):
    catalogue_edits.remove_show(sold, SETTINGS, 2)
    with sold.read() as connection:
        links = connection.scalar(select(func.count()).select_from(show_links))
        assert [show.id for show in shows.list_shows(connection)] == [1]
    assert links == 1
    assert list(gross(sold)) == [("Late Laughs", "The Lantern Room", 1)]
    assert actions(sold, "show")[0][:2] == ("remove", "Late Laughs 2026-11-07 19:30")


def test_a_show_moves_to_the_other_hour_of_a_night_that_repeats_one(sqlite):
    """
    On 4 April 2027 Sydney's clocks go from 3:00 (+11) back to 2:00 (+10): half past two
    is 15:30 UTC, and once more 16:30 UTC.
    """
    prepare(sqlite)
    for text, expected in (
        ("2027-04-04 02:30+11:00", datetime(2027, 4, 3, 15, 30, tzinfo=UTC)),
        ("2027-04-04 02:30+10:00", datetime(2027, 4, 3, 16, 30, tzinfo=UTC)),
    ):
        edit = ShowEdit(starts_local=show_edits.parse_start(text, ZONE))
        with sqlite.read() as connection:
            preview = catalogue_edits.preview_show(connection, 1, edit)
        assert "starts_local" in preview.after
        catalogue_edits.edit_show(sqlite, SETTINGS, 1, edit)
        show = get(sqlite, 1)
        assert (show.starts_at, show.starts_local) == (expected, "2027-04-04 02:30")
    assert preview.before["starts_local"] == "2027-04-04 02:30+11:00"
    assert preview.after["starts_local"] == "2027-04-04 02:30+10:00"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "2027-04-04 02:30",
            'Write which one: "2027-04-04 02:30+11:00" or "2027-04-04 02:30+10:00".',
        ),
        ("2026-10-04 02:30", "Choose another time."),
    ],
)
def test_a_time_that_is_no_single_instant_says_what_to_write(sqlite, text, hint):
    prepare(sqlite)
    edit = ShowEdit(starts_local=show_edits.parse_start(text, ZONE))
    with pytest.raises(errors.UsageError, match=text) as caught:
        catalogue_edits.edit_show(sqlite, SETTINGS, 1, edit)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("removes", "left"),
    [
        (lambda base: catalogue_edits.remove_show(base, SETTINGS, 2), 1),
        (
            lambda base: catalogue_edits.remove_production(
                base, SETTINGS, "Late Laughs"
            ),
            0,
        ),
    ],
    ids=["shows remove", "productions remove"],
)
def test_the_past_of_removed_shows_is_as_it_was_written(sqlite, frozen, removes, left):
    """
    Both shows were linked for a day. Their links of that day stay, without a show.
    """
    frozen(FIRST_DAY)
    prepare(sqlite)
    frozen(FIRST_DAY + timedelta(days=1))
    removes(sqlite)
    with sqlite.read() as connection:
        assert len(shows.list_shows(connection)) == left
        past = connection.execute(
            select(past_show_links.c.show_id, past_show_links.c.known_until)
        ).all()
        assert list(row_digests.find_changed(connection, [past_show_links])) == []
    assert len(past) == 2
    assert [row.known_until is None for row in past].count(True) == left
    assert [row.show_id for row in past].count(None) == 2 - left


# Productions


def title_of_shows(database):
    with database.read() as connection:
        return [show.production for show in shows.list_shows(connection)]


def test_a_production_is_renamed_everywhere(sold):
    catalogue_edits.rename_production(sold, "Late Laughs", "Late Laughs 2026")
    assert title_of_shows(sold) == ["Late Laughs 2026"] * 2
    assert actions(sold, "production") == [
        (
            "rename",
            "Late Laughs",
            {"title": "Late Laughs"},
            {"title": "Late Laughs 2026"},
        )
    ]


def test_a_title_is_not_given_twice(sold):
    add(sold)
    with pytest.raises(errors.UsageError, match="is a production 'Gala' already"):
        catalogue_edits.rename_production(sold, "Late Laughs", "Gala")


def test_a_merged_production_keeps_links_type_names_and_switches(sold):
    add(sold, "Comedy Night")
    with sold.write() as connection:
        link_settings.map_ticket_types(connection, 1, {"Adult": "Full price"})
        link_settings.set_switches(connection, 2, ticket_sales=False)
    catalogue_edits.merge_productions(sold, SETTINGS, "Late Laughs", "Comedy Night")

    assert title_of_shows(sold) == ["Comedy Night"] * 3
    with sold.read() as connection:
        types = connection.scalars(select(production_links.c.type_map)).all()
        switches = [
            item.sync_ticket_sales for item in occurrences.list_occurrences(connection)
        ]
        titles = connection.scalars(select(productions.c.title)).all()
    assert sorted(types) == ['{"Adult": "Full price"}', "{}"]
    assert switches == [True, False]
    assert titles == ["Comedy Night"]
    assert gross(sold)["Comedy Night", "The Lantern Room", 1] == 2500
    assert actions(sold, "production")[0][0] == "merge"


def test_productions_with_other_switches_are_not_merged_silently(sold):
    add(sold, "Comedy Night")
    with sold.write() as connection:
        connection.execute(
            update(productions)
            .where(productions.c.title == "Comedy Night")
            .values(sync_ticket_sales=False)
        )
    with pytest.raises(errors.UsageError, match="Comedy Night: sales off"):
        catalogue_edits.merge_productions(sold, SETTINGS, "Late Laughs", "Comedy Night")
    with pytest.raises(errors.UsageError, match="switches of the two productions"):
        catalogue_edits.edit_show(
            sold, SETTINGS, 1, ShowEdit(production="Comedy Night")
        )


def test_productions_that_both_play_at_one_time_are_not_merged(sold):
    add(sold, "Comedy Night", day=6)
    with pytest.raises(errors.UsageError, match=r"2026-11-06 19:30 \(shows 1 and 3\)"):
        catalogue_edits.merge_productions(sold, SETTINGS, "Late Laughs", "Comedy Night")


def test_a_production_is_removed_with_its_shows_unless_something_was_sold(sold):
    add(sold)
    catalogue_edits.remove_production(sold, SETTINGS, "Gala")
    assert title_of_shows(sold) == ["Late Laughs"] * 2
    with pytest.raises(errors.GuardRefused, match="One of these 2 shows has"):
        catalogue_edits.remove_production(sold, SETTINGS, "Late Laughs")
    assert [row[0] for row in actions(sold, "production")] == ["remove"]


# Venues


def test_a_venue_gets_another_name(sold):
    edit = VenueEdit(name="Lantern Room")
    catalogue_edits.edit_venue(sold, SETTINGS, "The Lantern Room", edit)
    assert get(sold, 1).venue == "Lantern Room"
    assert actions(sold, "venue") == [
        (
            "edit",
            "The Lantern Room",
            {"name": "The Lantern Room"},
            {"name": "Lantern Room"},
        )
    ]


@pytest.mark.parametrize(
    ("keep", "starts_at", "starts_local"),
    [
        ("clock", datetime(2026, 11, 20, 9, 30, tzinfo=UTC), "2026-11-20 19:30"),
        ("instant", datetime(2026, 11, 20, 8, 30, tzinfo=UTC), "2026-11-20 18:30"),
    ],
)
def test_shows_keep_their_clock_or_their_instant_in_a_new_zone(
    database, keep, starts_at, starts_local
):
    """
    Brisbane has no summer time: an hour behind Sydney in November.
    """
    prepare(database)
    show_id = add(database)
    edit = VenueEdit(timezone="Australia/Brisbane")
    with pytest.raises(errors.UsageError, match="local times"):
        catalogue_edits.edit_venue(database, SETTINGS, "The Lantern Room", edit)
    edit = VenueEdit(timezone="Australia/Brisbane", keep=keep)
    catalogue_edits.edit_venue(database, SETTINGS, "The Lantern Room", edit)
    show = get(database, show_id)
    assert (show.starts_at, show.starts_local) == (starts_at, starts_local)
    assert show.timezone == "Australia/Brisbane"


@pytest.mark.parametrize(("keep", "number"), [("clock", 2), ("instant", 0)])
def test_a_new_zone_names_the_listings_that_sell_another_time(sold, keep, number):
    edit = VenueEdit(timezone="Australia/Brisbane", keep=keep)
    with sold.read() as connection:
        seen = catalogue_edits.preview_venue(connection, "The Lantern Room", edit)
    found = [note for note in seen.notes if "sells it for" in note]
    assert len(found) == number


def test_a_venue_keeps_the_currency_of_its_sales(sold):
    with pytest.raises(errors.GuardRefused, match="1 order"):
        catalogue_edits.edit_venue(
            sold, SETTINGS, "The Lantern Room", VenueEdit(currency="NZD")
        )


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([20], "One production plays at both at 2026-11-20 19:30 (shows 3 and 4)."),
        (
            [21, 20, 22, 23],
            "One production plays at both at 2026-11-20 19:30 (shows 5 and 6), "
            "2026-11-21 19:30 (shows 3 and 4), 2026-11-22 19:30 (shows 7 and 8) ….",
        ),
    ],
)
def test_venues_where_one_production_plays_at_one_time_are_not_merged(
    sold, days, expected
):
    for day in days:
        add(sold, day=day, venue="Studio")
        add(sold, day=day)
    with pytest.raises(errors.UsageError) as refused:
        catalogue_edits.merge_venues(sold, SETTINGS, "Studio", "The Lantern Room")
    assert refused.value.message == expected


def test_venues_are_merged_and_the_empty_one_goes(sold):
    add(sold, venue="Lantern Rm")
    catalogue_edits.merge_venues(sold, SETTINGS, "Lantern Rm", "The Lantern Room")
    with sold.read() as connection:
        assert [venue.name for venue in shows.list_venues(connection)] == [
            "The Lantern Room"
        ]
    assert get(sold, 3).venue == "The Lantern Room"
    assert actions(sold, "venue")[0][0] == "merge"


def test_what_would_change_the_meaning_of_figures_is_refused(sold):
    with sold.write() as connection:
        shows.add_venue(connection, "Harbour Hall", "Pacific/Auckland", "NZD")
    with pytest.raises(errors.UsageError, match="Pacific/Auckland"):
        catalogue_edits.merge_venues(sold, SETTINGS, "Harbour Hall", "The Lantern Room")
    with pytest.raises(errors.UsageError, match="is the first venue"):
        catalogue_edits.remove_venue(sold, "The Lantern Room")
    add(sold, venue="Studio")
    with pytest.raises(errors.UsageError, match="is the first venue"):
        catalogue_edits.merge_venues(sold, SETTINGS, "The Lantern Room", "Studio")
    with pytest.raises(errors.UsageError, match="Studio has 1 show"):
        catalogue_edits.remove_venue(sold, "Studio")
    catalogue_edits.remove_venue(sold, "Harbour Hall")
    with sold.read() as connection, pytest.raises(errors.NotFound):
        show_names.get_venue(connection, "Harbour Hall")
