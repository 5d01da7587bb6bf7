"""
Correcting a venue when `init` is run again: its name, time zone and currency, with the
present ones as defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketsync.cli import questions, terminal

if TYPE_CHECKING:
    from ticketsync.catalogue.shows import VenueInfo
    from ticketsync.catalogue.venue_edits import VenueEdit
    from ticketsync.cli.context import AppContext
    from ticketsync.store.engine import Database


def ask(app_context: AppContext, database: Database) -> None:
    """
    Ask what is wrong about a venue and change that.

    Raises: `UsageError` and `GuardRefused` as `catalogue.venue_edits.plan_edit`.
    """
    from ticketsync.workflows import catalogue_edits

    venue = _choose(database)
    edit = _ask_edit(database, venue)
    with database.read() as connection:
        seen = catalogue_edits.preview_venue(connection, venue.name, edit)
    if seen.changes_nothing:
        app_context.say("It already has these values: nothing was changed.")
        return
    catalogue_edits.edit_venue(database, app_context.settings(), venue.name, edit)
    for name, value in seen.after.items():
        app_context.say(f"  {name}: {seen.before.get(name)} → {value}")


def _choose(database: Database) -> VenueInfo:
    """
    The venue that is meant; without a question where there is one only.
    """
    from ticketsync.catalogue import shows

    with database.read() as connection:
        found = shows.list_venues(connection)
    if len(found) == 1:
        return found[0]
    chosen = questions.choose(
        "Which one", "venues edit", [(str(item.id), item.name) for item in found]
    )
    return next(item for item in found if str(item.id) == chosen)


def _ask_edit(database: Database, venue: VenueInfo) -> VenueEdit:
    from ticketsync.catalogue import (
        dependents,
        entered_values,
        show_edits,
        shows,
        venue_defaults,
    )
    from ticketsync.catalogue.venue_edits import VenueEdit

    name = questions.ask_until_valid(
        "Venue name", "venues edit", entered_values.check_venue, default=venue.name
    )
    zone = questions.ask_until_valid(
        "Time zone, or a city in it",
        "venues edit",
        venue_defaults.one_zone,
        default=venue.timezone,
    )
    code = questions.ask_until_valid(
        "Currency", "venues edit", shows.check_currency, default=venue.currency
    )
    if zone == venue.timezone:
        return VenueEdit(name, zone, code)
    with database.read() as connection:
        ids = show_edits.show_ids_of(connection, venue=venue.name)
        found = dependents.count_dependents(connection, ids)
    if not found.shows:
        return VenueEdit(name, zone, code)
    terminal.echo(f"It has {found}.", err=True)
    keeps_clock = terminal.confirm("Does a show at 19:30 stay at 19:30?", default=True)
    return VenueEdit(name, zone, code, "clock" if keeps_clock else "instant")
