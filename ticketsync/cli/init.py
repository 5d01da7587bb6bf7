"""
`ticketsync init`: the settings, the database and, in a conversation, the first figures.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from ticketsync.cli import (
    context,
    first_steps,
    questions,
    terminal,
    venue_correction,
)
from ticketsync.core.redact import safe

if TYPE_CHECKING:
    from ticketsync.catalogue.shows import VenueInfo
    from ticketsync.store.engine import Database

app = typer.Typer(rich_markup_mode=None)


@app.command()
def init(
    ctx: typer.Context,
    venue: Annotated[str, typer.Option(help="Name of your venue.")] = "",
    timezone: Annotated[str, typer.Option(help="Its time zone, or a city in it.")] = "",
    currency: Annotated[str, typer.Option(help="Its currency: AUD.")] = "",
    no_input: Annotated[bool, typer.Option("--no-input", help="Never prompt.")] = False,
) -> None:
    """
    Create the settings file and the database; asks what it is not given, and goes
    on to the first figures. Safe to repeat.

    Example: ticketsync init --venue "The Lantern Room" --timezone Australia/Sydney
    --currency AUD
    """
    app_context = context.get_context(ctx)
    answers = {"--venue": venue, "--timezone": timezone, "--currency": currency}
    missing = [flag for flag, value in answers.items() if not value]
    had_settings = app_context.settings_file().exists()
    asks = not no_input and context.is_terminal()
    if had_settings and not any(answers.values()) and not asks:
        _say_what_exists(app_context, missing, no_input=no_input)
        return
    if missing:
        _refuse_without_terminal(missing, no_input=no_input)
        terminal.echo(
            "ticketsync says what every show earned. A few questions first; the Enter "
            "key takes what is in [brackets].",
            err=True,
        )
    database = app_context.create_database()
    if not any(answers.values()) and (known := _known_venues(database)):
        terminal.echo(f"You have {known}.", err=True)
        if terminal.confirm("Is that right?", default=True):
            if terminal.confirm("Add another venue?", default=False):
                _add_venue(database, venue, timezone, currency)
        else:
            venue_correction.ask(app_context, database)
    else:
        known = _known_venues(database)
        added = _add_venue(database, venue, timezone, currency)
        is_added = _known_venues(database) != known
        if had_settings and not is_added:
            app_context.say(_stays(known))
        elif known and is_added:
            app_context.say(f"Venue     {safe(added.name)}, beside {known}")
            app_context.say(_how_to_correct(added))
    _say_places(app_context, database)
    if missing:
        first_steps.go_on(ctx, database)
    else:
        app_context.say("Next: ticketsync accounts add")


def _say_what_exists(
    app_context: context.AppContext, missing: list[str], *, no_input: bool
) -> None:
    """
    Nothing was asked for, and nobody can be asked: what there is stays. Raises
    `NeedsTerminal` where there is no venue yet, or no database.
    """
    from ticketsync.store import engine

    if not engine.exists(app_context.url()):
        _refuse_without_terminal(missing, no_input=no_input)
    database = app_context.database()
    known = _known_venues(database)
    if not known:
        _refuse_without_terminal(missing, no_input=no_input)
    app_context.say(_stays(known))
    _say_places(app_context, database)


def _stays(known: str) -> str:
    return f"There are settings already, and {known}: they stay as they are."


def _say_places(app_context: context.AppContext, database: Database) -> None:
    app_context.say(f"Settings  {app_context.settings_file()}")
    app_context.say(f"Database  {database.url}")


def _refuse_without_terminal(missing: list[str], *, no_input: bool) -> None:
    from ticketsync.core import errors

    if no_input or not context.is_terminal():
        raise errors.NeedsTerminal(
            f"init needs {', '.join(missing)}.",
            hint="Give them, or leave out --no-input."
            if no_input
            else "Give them, or run it on a terminal.",
        )


def _how_to_correct(added: VenueInfo) -> str:
    """
    How to go on where a name was to be corrected, and became another venue.
    """
    name = shlex.quote(safe(added.name))
    return (
        f"Was it a correction? `ticketsync venues remove {name}`, and then "
        "`ticketsync venues edit`"
    )


def _known_venues(database: Database) -> str:
    """
    The venues that there are already, in words.
    """
    from ticketsync.catalogue import shows

    with database.read() as connection:
        found = shows.list_venues(connection)
    return ", ".join(
        f"{safe(item.name)} ({item.timezone}, {item.currency})" for item in found
    )


def _add_venue(
    database: Database, name: str, timezone: str, currency: str
) -> VenueInfo:
    from ticketsync.catalogue import entered_values, shows, venue_defaults
    from ticketsync.workflows import new_installation

    name = name or questions.ask_until_valid(
        "Venue name", "--venue", entered_values.check_venue
    )
    zone = venue_defaults.one_zone(timezone) if timezone else _ask_time_zone()
    code = currency or questions.ask_until_valid(
        "Currency",
        "--currency",
        shows.check_currency,
        default=venue_defaults.currency_of(zone),
    )
    return new_installation.add_venue(database, name, zone, code)


def _ask_time_zone() -> str:
    from ticketsync.catalogue import venue_defaults

    return questions.ask_until_valid(
        "Time zone, or a city in it",
        "--timezone",
        venue_defaults.one_zone,
        default=venue_defaults.machine_zone(),
    )
