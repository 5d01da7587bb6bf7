"""
`ticketsync init`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from ticketsync.cli import context

app = typer.Typer(rich_markup_mode=None)

SETTINGS = """\
# ticketsync settings. `ticketsync config example` explains every one of them.
# Secrets do not belong here: see `ticketsync accounts add --help`.

database: "{database}"

sync:
  days_back: 30
  sweep_hours: 24

matching:
  tolerance_minutes: 120
"""


@app.command()
def init(
    ctx: typer.Context,
    venue: Annotated[str, typer.Option(help="Name of your venue.")] = "",
    timezone: Annotated[
        str, typer.Option(help="Its time zone: Australia/Sydney.")
    ] = "",
    currency: Annotated[str, typer.Option(help="Its currency: AUD.")] = "",
    no_input: Annotated[bool, typer.Option("--no-input", help="Never prompt.")] = False,
) -> None:
    """
    Create the settings file and the database. Safe to repeat.

    Example: ticketsync init --venue "The Lantern Room" --timezone Australia/Sydney
    --currency AUD
    """
    from ticketsync.catalogue import shows
    from ticketsync.core import errors
    from ticketsync.store import engine

    app_context = context.get_context(ctx)
    answers = {"--venue": venue, "--timezone": timezone, "--currency": currency}
    missing = [flag for flag, value in answers.items() if not value]
    if no_input and missing:
        raise errors.NeedsTerminal(
            f"init needs {', '.join(missing)}.",
            hint="Give them, or leave out --no-input.",
        )
    name = venue or context.ask("Venue name", "--venue")
    zone = shows.check_time_zone(timezone or context.ask("Time zone", "--timezone"))
    code = shows.check_currency(currency or context.ask("Currency", "--currency"))
    file = _write_settings(app_context)
    database = engine.create_database(app_context.url(), command=app_context.command)
    with database.write() as connection:
        shows.add_venue(connection, name, zone, code)
    app_context.say(f"Settings  {file}")
    app_context.say(f"Database  {database.url}")
    app_context.say("Next: ticketsync accounts add")


def _write_settings(app_context: context.AppContext) -> str:
    """
    Create the settings file if there is none; returns its path.
    """
    import os
    from pathlib import Path

    from ticketsync.core import paths

    file = Path(app_context.config) if app_context.config else paths.config_file()
    if file.exists():
        return str(file)
    paths.private_folder(file.parent)
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(SETTINGS.format(database=app_context.database_url))
    return str(file)
