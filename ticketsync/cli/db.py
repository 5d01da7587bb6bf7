"""
`ticketsync db …`.
"""

from __future__ import annotations

import typer

from ticketsync.cli import context

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Look after the database."
)


@app.callback()
def db() -> None:
    """
    Look after the database.
    """


@app.command("upgrade")
def upgrade(ctx: typer.Context) -> None:
    """
    Bring an existing database to the schema of this version.
    """
    from ticketsync.core import errors
    from ticketsync.store import engine, schema

    here = context.of(ctx)
    if not engine.exists(here.url()):
        raise errors.DatabaseError(
            "There is no database to upgrade.",
            hint="Run `ticketsync init`.",
            word="no-database",
        )
    engine.create_database(here.url())
    here.say(f"The database has schema {schema.PRESENT}.")
