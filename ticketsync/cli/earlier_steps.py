"""
What several commands say where there is nothing to do because a step before is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from ticketsync.cli.context import AppContext
    from ticketsync.store.engine import Database


def say_nothing_is_known(app_context: AppContext, database: Database) -> bool:
    """
    Whether no platform has listed anything yet, which is said.
    """
    from ticketsync.catalogue import occurrences

    with database.read() as connection:
        if occurrences.is_any_known(connection):
            return False
    app_context.say("No dates of platforms are known yet.")
    app_context.say("Next: ticketsync events fetch")
    return True


def has_shows(database: Database) -> bool:
    """
    Whether a show is there for dates to belong to.
    """
    from ticketsync.catalogue import matching_input

    with database.read() as connection:
        return bool(matching_input.list_matchable_shows(connection))


def say_without_shows(app_context: AppContext, database: Database) -> None:
    """
    Say how shows are made, where no show is there for dates to belong to.
    """
    from ticketsync.catalogue import shows

    if has_shows(database):
        return
    with database.read() as connection:
        excluded = len(shows.list_shows(connection))
    if excluded:
        all_ = "Your only show is" if excluded == 1 else "All of your shows are"
        app_context.say(f"{all_} excluded, and dates belong to none of them.")
        app_context.say("Next: ticketsync shows include SHOW, or shows import FILE")
        return
    app_context.say("You have no shows yet that these dates could belong to.")
    app_context.say("Next: ticketsync shows adopt --all, or shows import FILE")


def find_step_to_figures(connection: Connection) -> str:
    """
    What to do where there are no figures at all, as commands.
    """
    from ticketsync.reporting import first_steps

    steps = first_steps.read_first_steps(connection)
    if not steps.has_accounts:
        return "ticketsync accounts add"
    if not steps.has_listing:
        return "ticketsync events fetch"
    if not steps.has_links:
        return "ticketsync shows adopt --all, or ticketsync match"
    return "ticketsync status" if steps.has_orders else "ticketsync sync"
